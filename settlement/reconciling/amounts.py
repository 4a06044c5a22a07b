"""Amounts that two or three records state: compartments, positions, supplies. Who differs from both others owns it.

What has been sent and not yet confirmed may be on the chain or not. It was sent in an order and one nonce after the
other, so the chain has the first so many of it, never a later one without an earlier: a difference that is exactly
the sum of such a beginning is explained, any other is broken.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from settlement.reconciling.breaks import Break, BreakType, Explained, Outcome, Source

LEDGER, VENUE, CHAIN = Source


@dataclass(frozen=True, slots=True)
class InFlight:
    """A change that is sent and not confirmed: its name, and what it adds to the chain's amount."""

    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Worth:
    """`price_e6`: 1e-6 USD for `of` smallest units."""

    price_e6: int
    of: int = 1

    def effect_e6(self, amount: int) -> int:
        """Rounded up: an effect is never understated."""
        return -(-abs(amount) * self.price_e6 // self.of)


@dataclass(frozen=True, slots=True)
class Line:
    """One amount and what each record that was asked says of it; None where a record does not know the account.

    `step`: how many smallest units are the least that every record can state; a difference below is rounding.
    `first`, `since_s`: the record that last moved it, where one is known. `is_account`: `place` is one.
    """

    what: str
    place: str
    said: Mapping[Source, int | None]
    step: int = 1
    in_flight: tuple[InFlight, ...] = ()
    worth: Worth = field(default=Worth(0))
    first: str = ""
    since_s: int = 0
    is_account: bool = False


def compare_lines(lines: Iterable[Line]) -> Outcome:
    """Every line judged."""
    total = Outcome()
    for line in lines:
        total += _judged(line)
    return total


def _judged(line: Line) -> Outcome:
    stated = {source: amount or 0 for source, amount in line.said.items()}
    if len(set(stated.values())) == 1:
        return Outcome(compared=1)
    arrived = _arrived(line, stated)
    if arrived:
        return Outcome((), (Explained(line.what, line.place, arrived),), 1)
    owner, apart = _odd(stated)
    kind = _type(line, apart)
    effect = line.worth.effect_e6(apart)
    found = Break(
        kind, line.what, line.place, owner, stated, line.first, line.since_s, effect, line.step * line.is_account
    )
    return Outcome((found,), (), 1)


def _arrived(line: Line, stated: Mapping[Source, int]) -> tuple[str, ...]:
    """The names of what the chain already has, if that is all that differs. The venue stands with either of the two."""
    if LEDGER not in stated or CHAIN not in stated:
        return ()
    ledger, chain = stated[LEDGER], stated[CHAIN]
    if stated.get(VENUE, ledger) not in (ledger, chain):
        return ()
    sums = accumulate(one.amount for one in line.in_flight)
    reached = next((count for count, total in enumerate(sums, 1) if ledger + total == chain), 0)
    return tuple(one.name for one in line.in_flight[:reached])


def _odd(stated: Mapping[Source, int]) -> tuple[Source, int]:
    """Whose amount differs from what the others agree on, and by how much.

    Where there are two, or three that all differ, nobody is outvoted: the first record named is what the last is held
    against, and the last has to be explained.
    """
    sources, amounts = list(stated), list(stated.values())
    for at, source in enumerate(sources):
        rest = amounts[:at] + amounts[at + 1 :]
        if len(rest) == 2 and rest[0] == rest[1]:
            return source, amounts[at] - rest[0]
    return sources[-1], amounts[-1] - amounts[0]


def _type(line: Line, apart: int) -> BreakType:
    absent = [source for source, amount in line.said.items() if amount is None]
    if LEDGER in absent:
        return BreakType.UNKNOWN_ACCOUNT
    if absent:
        return BreakType.MISSING
    if abs(apart) < line.step:
        return BreakType.ROUNDING
    amounts = [amount or 0 for amount in line.said.values()]
    if len({abs(amount) for amount in amounts}) == 1:
        return BreakType.SIDE
    return BreakType.AMOUNT
