"""A break: where two records of the same thing differ, whose record has to be explained, since when, and for how much.

The types are those of the specification (§5). A break is a value; what becomes of it is `lifecycle`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class BreakType(StrEnum):
    """In order of precedence: of one record that differs in several ways, the first is told."""

    UNKNOWN_ACCOUNT = "unknown_account"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    STATUS = "status"
    SIDE = "side"
    AMOUNT = "amount"
    PRICE = "price"
    MARK = "mark"
    TIMING = "timing"
    ROUNDING = "rounding"


class Source(StrEnum):
    """Who says so: the custodian's books and mirror, the venue's statement, the chain."""

    LEDGER = "ledger"
    VENUE = "venue"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True)
class Break:
    """`said`: what each record states, in the smallest unit of what is compared (of a token its base units, of a
    position lots, of a price 1e-6 USD). `first`: the first record that differs, since when (UTC seconds).

    `effect_e6`: what the difference is worth at the marks, in 1e-6 USD, never understated. `step`: the smallest units
    in one ledger unit, where `place` is an account of the ledger; else 0.
    """

    type: BreakType
    what: str
    place: str
    owner: Source
    said: Mapping[Source, int]
    first: str = ""
    since_s: int = 0
    effect_e6: int = 0
    step: int = 0

    @property
    def id(self) -> str:
        """The same for as long as the same thing is broken in the same way: a second run finds the break, not another.

        Of a record that has a name of its own, the name is in it; two of them are two breaks.
        """
        return "/".join(filter(None, (self.type, self.what, self.place, self.first)))

    def age_s(self, now_s: int) -> int:
        """Seconds since the first record that differs; 0 where that has no time."""
        return max(0, now_s - self.since_s) if self.since_s else 0

    def __str__(self) -> str:
        said = ", ".join(f"{source} {amount:,}" for source, amount in self.said.items())
        first = f"; first: {self.first}" if self.first else ""
        return f"{self.type} {self.what} of {self.place} ({self.owner}'s): {said}{first}"


@dataclass(frozen=True, slots=True)
class Explained:
    """A difference that what is on its way accounts for, to the unit: no break, but told. `by`: what is in flight."""

    what: str
    place: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a comparison found. `compared` counts the records: an empty comparison is not a clean one."""

    breaks: tuple[Break, ...] = ()
    explained: tuple[Explained, ...] = ()
    compared: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        explained = self.explained + other.explained
        return Outcome(self.breaks + other.breaks, explained, self.compared + other.compared)

    @property
    def reconciled(self) -> bool:
        """True only after something was compared and all records agree, or say why they do not yet."""
        return self.compared > 0 and not self.breaks
