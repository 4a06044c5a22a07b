"""What a cycle's step says of others: calls on the venue, its standing, the custodian's, limits. Pure.

A venue whose collateral is short is called for it, as a client is: the call is met by a proposal that is covered, and
expires with the cycle; a venue that let it expire takes nothing more until it has paid a cycle.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from settlement.cycle_record import CycleRecord
from settlement.cycle_states import Act, State
from settlement.triggers import MEASURED

PENDING = frozenset({State.PROPOSED, State.AGREED, State.WINDOW, State.LATE, State.VOIDED, State.FINAL})
"""While the venue has signed and nobody has been paid: the vault may release nothing there."""
SETTLED = frozenset({State.CONFIRMED, State.PARTIALLY_COMPLETED})
HALTED, DEGRADED, OUTAGE = "venue.halted", "venue.degraded", "custodian.outage"


@dataclass(frozen=True, slots=True)
class Tiding:
    """An event of an object that has no lifecycle of its own here. `ends`: told only if its last event is one of these.

    Where `ends` is empty it is told always.
    """

    object_id: str
    name: str
    facts: Mapping[str, int | str]
    ends: frozenset[str] = frozenset()


def tidings(before: CycleRecord, after: CycleRecord, act: Act) -> Iterator[Tiding]:
    """What to tell of besides the cycle itself; in order."""
    venue, call = f"venue/{after.venue}", f"call/{after.id}"
    facts: dict[str, int | str] = {"venue": after.venue, "cycle": after.id}
    if act is Act.CUT_OFF and after.reason in [str(one) for one in MEASURED]:
        yield Tiding(f"limit/{after.venue}", "limit.breached", facts | {"limit": after.reason})
    is_late = after.state is State.LATE and after.short_units > 0
    if is_late and before.state is not State.LATE:
        owed = {"amount_units": after.short_units, "penalty_units": after.penalty_units}
        yield Tiding(call, "call.opened", facts | owed | {"deadline_s": after.deadline_s})
    was_called = before.state is State.LATE and before.short_units > 0
    if was_called and after.state in (State.PROPOSED, State.FINAL):
        yield Tiding(call, "call.met", facts | {"amount_units": before.short_units})
    if was_called and after.state is State.FAILED:
        yield Tiding(call, "call.expired", facts | {"amount_units": before.short_units})
        yield Tiding(venue, HALTED, facts | {"why": "venue_short", "amount_units": before.short_units})
    if act is Act.DISPUTE:
        yield Tiding(venue, DEGRADED, facts | {"why": "cycle_disputed"})
    if act is Act.TIME_OUT and after.state is State.FAILED and before.state in (State.COMPUTED, State.DISPUTED):
        yield Tiding(venue, DEGRADED, facts | {"why": "venue_silent"})
    if act is Act.TIME_OUT and after.state is State.FAILED and before.state is State.PROPOSED:
        yield Tiding(f"custodian/{after.venue}", OUTAGE, facts | {"why": "not_signed"})
    if act is Act.AGREE:
        yield Tiding(f"custodian/{after.venue}", "custodian.recovered", facts, frozenset({OUTAGE}))
    if after.state in SETTLED:
        yield Tiding(venue, "venue.recovered", facts, frozenset({HALTED, DEGRADED}))
