"""The fields of a case that somebody wrote down, each read strictly and named where it is wrong."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from settlement.venues.derive_amounts import E18, scaled

_WHOLE = re.compile(r"\d{1,78}", re.ASCII)


class CaseError(ValueError):
    """A case that says too little, or what no action can; the text names the field."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object in a case and where it stands."""

    value: Any
    path: str

    def __getitem__(self, name: str) -> Any:
        if not isinstance(self.value, Mapping) or name not in self.value:
            raise CaseError(f"{self.path}.{name} is missing")
        return self.value[name]

    def below(self, name: str) -> "Place":
        return Place(self[name], f"{self.path}.{name}")

    def each(self, name: str) -> "list[Place]":
        return [Place(one, f"{self.path}.{name}[{at}]") for at, one in enumerate(self._of(name, list, "a list"))]

    def text(self, name: str) -> str:
        return str(self._of(name, str, "a text"))

    def flag(self, name: str) -> bool:
        return bool(self._of(name, bool, "true or false"))

    def whole(self, name: str) -> int:
        """A number that is a whole one, or its digits in a text; anything else may have lost some already."""
        value = self[name]
        if isinstance(value, bool) or not (
            isinstance(value, int) or (isinstance(value, str) and _WHOLE.fullmatch(value))
        ):
            raise CaseError(f"{self.path}.{name} is a whole number, in digits, not {value!r}")
        return int(value)

    def amount(self, name: str, decimals: int = E18, *, exact: bool = False) -> int:
        """A decimal text, times 10^decimals, cut off below; or, if `exact`, ActionError for what would be cut off."""
        return scaled(self.text(name), decimals, exact=exact)

    def choice(self, name: str, yes: str, no: str) -> bool:
        if self[name] not in (yes, no):
            raise CaseError(f"{self.path}.{name} is {yes!r} or {no!r}, not {self[name]!r}")
        return bool(self[name] == yes)

    def bytes(self, name: str, length: int) -> bytes:
        """0x and two hex digits a byte."""
        try:
            found = bytes.fromhex(self.text(name).removeprefix("0x"))
        except ValueError:
            found = b""
        if len(found) != length:
            raise CaseError(f"{self.path}.{name} is 0x and {2 * length} hex digits")
        return found

    def _of(self, name: str, kind: type, called: str) -> Any:
        if not isinstance(self[name], kind):
            raise CaseError(f"{self.path}.{name} is {called}, not {self[name]!r}")
        return self[name]
