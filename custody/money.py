"""Money is an int of the asset's smallest ledger unit; text and chain amounts convert exactly or are refused.

Sixty-four bits at eighteen decimals end at 9.2 ETH, so the books keep their own, coarser scale (at most nine places)
and say exactly how many chain units one ledger unit is worth. A Decimal is never needed: text is split at its point.
Whoever divides says in the name of the function who gains the last unit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_UNITS = 2**63 - 1  # the largest amount that SQLite, PostgreSQL's BIGINT and NumPy's int64 hold exactly
MAX_SCALE = 9

_AMOUNT = re.compile(r"([0-9]{1,40})(?:\.([0-9]{1,40}))?")
_SYMBOL = re.compile(r"[A-Za-z0-9.]{1,16}")


class MoneyError(ValueError):
    """An amount that the asset cannot hold exactly, or a division that has no meaning."""


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset and its two scales; both are chosen on day one and never changed.

    `scale` is the number of decimal places of a ledger unit (0..9), `chain_decimals` that of the token on chain
    (never coarser than the ledger's). Raises MoneyError for other scales or a symbol that could not stand in an id.
    """

    symbol: str
    scale: int
    chain_decimals: int

    def __post_init__(self) -> None:
        if not _SYMBOL.fullmatch(self.symbol):
            raise MoneyError(f"asset symbol {self.symbol!r}: expected 1 to 16 letters, digits or points")
        if not 0 <= self.scale <= MAX_SCALE:
            raise MoneyError(f"{self.symbol}: scale {self.scale} is outside 0..{MAX_SCALE}")
        if self.chain_decimals < self.scale:
            raise MoneyError(f"{self.symbol}: {self.chain_decimals} chain decimals cannot hold scale {self.scale}")

    def parse(self, text: str) -> int:
        """Ledger units of a plain decimal such as "1.5": no sign, exponent, separator or place beyond the scale."""
        match = _AMOUNT.fullmatch(text)
        if match is None:
            raise MoneyError(f"{text!r} is not a plain decimal amount of {self.symbol}, such as 1234.5")
        whole, fraction = match[1], match[2] or ""
        if len(fraction) > self.scale:
            raise MoneyError(f"{text!r} has {len(fraction)} places; {self.symbol} has {self.scale}")
        return self._within(int(whole + fraction.ljust(self.scale, "0")))

    def format(self, units: int, places: int | None = None) -> str:
        """Text with thousands separators, "1,234.500000"; for people, so `parse` does not read the separators.

        `places` (0..scale) shows fewer places and drops the rest toward zero: a display, not an amount to act on.
        """
        shown = self.scale if places is None else places
        if not 0 <= shown <= self.scale:
            raise MoneyError(f"{shown} places of {self.symbol}: expected 0..{self.scale}")
        kept = abs(units) // 10 ** (self.scale - shown)
        whole, fraction = divmod(kept, 10**shown)
        sign = "-" if units < 0 and kept else ""
        return f"{sign}{whole:,}" + (f".{fraction:0{shown}d}" if shown else "")

    def to_chain(self, units: int) -> int:
        """Chain units of an amount in ledger units: an exact multiplication."""
        return self._within(units) * self._chain_units_per_unit

    def from_chain(self, amount: int) -> int:
        """Ledger units of an amount in chain units; a remainder below one ledger unit is refused, never dropped."""
        units, dust = divmod(amount, self._chain_units_per_unit)
        if dust:
            raise MoneyError(f"{amount} chain units of {self.symbol} leave {dust} below one ledger unit")
        return self._within(units)

    @property
    def _chain_units_per_unit(self) -> int:
        power: int = 10 ** (self.chain_decimals - self.scale)
        return power

    def _within(self, units: int) -> int:
        if not 0 <= units <= MAX_UNITS:
            raise MoneyError(f"{units} units of {self.symbol} are outside 0..{MAX_UNITS}")
        return units


def mul_div_down(a: int, b: int, c: int) -> int:
    """The largest integer at or below a·b/c (toward −∞); MoneyError unless c > 0."""
    return a * b // _positive(c)


def mul_div_up(a: int, b: int, c: int) -> int:
    """The smallest integer at or above a·b/c (toward +∞); MoneyError unless c > 0."""
    return -(-a * b // _positive(c))


def allocate(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `total` units in proportion to `weights`; the parts always sum to the whole.

    Largest remainder (Hamilton's method): every part is first rounded down, and the units left over go to the largest
    remainders, ties to the earlier index. MoneyError for a negative total or weight, or weights without any sum.
    """
    if total < 0:
        raise MoneyError(f"cannot allocate a negative total, {total}")
    if any(weight < 0 for weight in weights):
        raise MoneyError(f"cannot allocate by a negative weight, {min(weights)}")
    whole = sum(weights)
    if whole == 0:
        raise MoneyError("cannot allocate: the weights sum to zero")
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -(total * weights[index] % whole))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return tuple(parts)


def _positive(divisor: int) -> int:
    if divisor <= 0:
        raise MoneyError(f"cannot divide by {divisor}: expected a positive divisor")
    return divisor
