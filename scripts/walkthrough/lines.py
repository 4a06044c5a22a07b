"""From two desks' happenings to lines: what both did is said once, what differs side by side, trifles in sum."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from difflib import SequenceMatcher

from custody.delegation import Standing
from scripts.walkthrough.phrases import QUIET, phrase, weight_units
from settlement.happenings import Happening

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")

SMALL_UNITS = 250_000 * 10**6
"""Calls below this are counted, not told."""

SMALL_ELSEWHERE_UNITS = 750_000 * 10**6
"""Calls by brokers elsewhere below this are routine."""

EPISODE = frozenset(
    {"top_up_sent", "top_up_arrived", "call_met", "call_expired"}
    | {"liquidation_started", "liquidation_slice", "liquidation_closed"}
)
"""What belongs to a call, and is left out with it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, and the happening behind it under each regime that it holds for.

    `nearly`: its figures are the pooled regime's, and the segregated one's differ by less than a hundredth.
    """

    text: str
    proofs: dict[Standing, Happening]
    nearly: bool = False


@dataclass(slots=True)
class Quiet:
    """One regime's trifles of a day: small calls with what follows from them, and settled cycles."""

    hidden: set[tuple[str, str]] = field(default_factory=set)
    calls: int = 0
    cycles: int = 0
    paid_units: int = 0
    last_tx: str = ""

    def takes(self, happening: Happening) -> bool:
        """Whether a happening is left to the day's sum."""
        if happening.kind in QUIET:
            if happening.kind == "cycle_settled":
                self.cycles += 1
                self.paid_units += int(happening.facts["paid_units"])
                self.last_tx = happening.tx_hash
            return True
        where, weight = (happening.party, happening.venue), weight_units(happening)
        if happening.kind == "external_call" and weight is not None and weight < SMALL_ELSEWHERE_UNITS:
            return True
        if happening.kind == "call_opened" and weight is not None and weight < SMALL_UNITS:
            self.hidden.add(where)
            self.calls += 1
            return True
        if happening.kind == "liquidation_started" and weight is not None and weight < SMALL_UNITS:
            self.hidden.add(where)
        if where not in self.hidden or happening.kind not in EPISODE:
            return False
        if happening.kind in ("call_met", "liquidation_closed"):
            self.hidden.discard(where)
        return True

    def new_day(self) -> None:
        self.calls = self.cycles = self.paid_units = 0


def lines_of(happenings: dict[Standing, tuple[Happening, ...]], quiet: dict[Standing, Quiet]) -> list[Line]:
    """The lines of one moment, in order; what both regimes did, to within a hundredth, becomes one line."""
    told = {
        standing: [(phrase(h), h) for h in _joined([h for h in happenings[standing] if not quiet[standing].takes(h)])]
        for standing in Standing
    }
    pooled, segregated = told[Standing.POOLED], told[Standing.SEGREGATED]
    ours, theirs = ([NUMBER.sub("#", text) for text, _ in side] for side in (pooled, segregated))
    lines: list[Line] = []
    for what, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if what == "equal":
            for one, other in zip(pooled[a:b], segregated[c:d], strict=True):
                lines += _side_by_side(one, other)
            continue
        lines += [Line(text, {Standing.POOLED: happening}) for text, happening in pooled[a:b]]
        lines += [Line(text, {Standing.SEGREGATED: happening}) for text, happening in segregated[c:d]]
    return lines


def _side_by_side(pooled: tuple[str, Happening], segregated: tuple[str, Happening]) -> list[Line]:
    """One line for sentences that say the same, or differ in figures by less than a hundredth; two otherwise."""
    (ours, first), (theirs, second) = pooled, segregated
    both = {Standing.POOLED: first, Standing.SEGREGATED: second}
    if ours == theirs:
        return [Line(ours, both)]
    if all(_close(one, other) for one, other in zip(NUMBER.findall(ours), NUMBER.findall(theirs), strict=True)):
        return [Line(ours, both, nearly=True)]
    return [Line(ours, {Standing.POOLED: first}), Line(theirs, {Standing.SEGREGATED: second})]


def _close(one: str, other: str) -> bool:
    a, b = (Decimal(number.replace(",", "")) for number in (one, other))
    return abs(a - b) * 100 <= max(abs(a), abs(b))


def _joined(happenings: Sequence[Happening]) -> list[Happening]:
    """Slices of one liquidation that follow on one another, as one."""
    joined: list[Happening] = []
    for happening in happenings:
        last = joined[-1] if joined else None
        if last is not None and _same_liquidation(last, happening):
            joined[-1] = _added(last, happening)
        else:
            joined.append(happening)
    return joined


def _same_liquidation(last: Happening, happening: Happening) -> bool:
    if last.kind != "liquidation_slice" or happening.kind != "liquidation_slice":
        return False
    return (last.party, last.venue, last.facts["instrument"]) == (
        happening.party,
        happening.venue,
        happening.facts["instrument"],
    )


def _added(last: Happening, happening: Happening) -> Happening:
    summed = {
        fact: int(last.facts[fact]) + int(happening.facts[fact]) for fact in ("lots", "worth_units", "penalty_units")
    }
    return replace(last, facts={**last.facts, **summed, "price_e6": happening.facts["price_e6"]})
