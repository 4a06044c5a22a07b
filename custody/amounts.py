"""An amount that a person signs, written whole: "2500.000000 USDC" shows all places, so the text says the scale too."""

import re
from dataclasses import dataclass
from typing import Self

from custody.money import Asset, MoneyError
from custody.shapes import FieldError, Text

_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,18})(?:\.([0-9]{1,9}))? ([A-Za-z0-9.]{1,16})")


@dataclass(frozen=True, slots=True)
class Amount(Text):
    """So many ledger units of an asset, 1..2^63−1; `scale` (0..9) is the number of places of a ledger unit.

    Raises FieldError for anything else.
    """

    units: int
    asset: str
    scale: int

    def __post_init__(self) -> None:
        try:
            Asset(self.asset, self.scale, self.scale).to_chain(self.units)
        except MoneyError as why:
            raise FieldError("", str(why)) from None
        if self.units == 0:
            raise FieldError("", "an amount is positive")

    def __str__(self) -> str:
        digits = str(self.units).rjust(self.scale + 1, "0")
        whole = len(digits) - self.scale
        return f"{digits[:whole]}{'.' if self.scale else ''}{digits[whole:]} {self.asset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The way back from the text, which has one spelling. FieldError otherwise."""
        found = _AMOUNT.fullmatch(text)
        if found is None:
            raise FieldError("", f"{text[:60]!r} is no amount such as 2500.000000 USDC")
        fraction = found[2] or ""
        return cls(int(found[1] + fraction), found[3], len(fraction))
