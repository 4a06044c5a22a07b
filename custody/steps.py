"""The one rule that carries a movement on: `step` reads the table and answers what follows.

A refusal writes nothing. A movement that is unsound or blocked ends or waits in a state of its own, so that whoever
asked for it can see it and read why.
"""

from collections.abc import Mapping
from dataclasses import replace

from custody.holds import transfers_of
from custody.lifecycles import from_state, waits
from custody.movements import Block, Event, Facts, Movement, Refused, Said, Stepped, Terms, Unsound
from custody.refusals import MovementRefusal
from custody.states import Act, Entry, Guard, Lifecycle, State, Transition

LEAVES = frozenset({Lifecycle.RECALL, Lifecycle.MOVE})
"""Whatever takes collateral out of a compartment."""
LEAVING = frozenset({State.RECALL_REQUESTED, State.PENDING_VENUE})
"""The states in which it holds what it takes."""
_ENTERS = frozenset({Lifecycle.DELEGATION, Lifecycle.MOVE})
_WORD_OF_MOUTH = frozenset({Act.REFUSE, Act.DECLINE, Act.DROP, Act.FAIL})
"""Acts whose reference is the reason why the movement ends."""


def step(movement: Movement, said: Said, now_s: int, facts: Facts, terms: Terms) -> Stepped | Refused:
    """Carry a movement on by one act at `now_s` (UTC seconds).

    At its deadline silence has decided: whoever calls lets it time out first, so that no answer depends on when the
    custodian last looked at its clock.
    """
    rows = [row for row in from_state(movement.intent.lifecycle, movement.state) if row.act is said.act]
    is_due = 0 < movement.deadline_s <= now_s
    if is_due and said.act is not Act.TIME_OUT:
        return Refused(MovementRefusal.DEADLINE_HAS_PASSED, f"at {movement.deadline_s}")
    if not rows:
        return Refused(MovementRefusal.ACT_IS_NOT_LISTED, allowed(movement))
    if said.act is Act.TIME_OUT and not is_due:
        return Refused(MovementRefusal.DEADLINE_HAS_NOT_PASSED, f"before {movement.deadline_s}")
    holds = _guards(movement, said, now_s, facts, terms)
    row = next((row for row in rows if holds[row.guard]), None)
    if row is None:
        return _nothing_holds(said, movement, facts)
    return _along(row, movement, said, now_s, facts, terms)


def allowed(movement: Movement) -> str:
    """What can be done next, in words."""
    acts = dict.fromkeys(row.act for row in from_state(movement.intent.lifecycle, movement.state))
    return f"{movement.state} allows {', '.join(acts) or 'nothing'}"


def unsound(movement: Movement, facts: Facts) -> Unsound | None:
    """The rule that the movement would break, whatever is waited for."""
    intent, coverage = movement.intent, facts.coverage
    match intent.lifecycle:
        case Lifecycle.DELEGATION | Lifecycle.WITHDRAWAL if intent.units > coverage.available_units:
            return Unsound.EXCEEDS_AVAILABLE
        case Lifecycle.RECALL | Lifecycle.MOVE if intent.units > facts.compartment_units + held_units(movement):
            return Unsound.EXCEEDS_COMPARTMENT
        case Lifecycle.DELEGATION if intent.units > coverage.delegable_units:
            return Unsound.WOULD_DELEGATE_TWICE
        case Lifecycle.MOVE if coverage.excess_units:
            return Unsound.WOULD_DELEGATE_TWICE
        case Lifecycle.WITHDRAWAL if intent.units > coverage.withdrawable_units:
            return Unsound.WOULD_UNCOVER_DELEGATIONS
    return None


def block(movement: Movement, facts: Facts) -> Block | None:
    """What has to end before the movement may go on."""
    intent = movement.intent
    if intent.lifecycle in LEAVES:
        kept_units = sum(facts.kept_units.values())
        if kept_units and facts.compartment_units + held_units(movement) - intent.units < kept_units:
            return next(reason for reason in Block if facts.kept_units.get(reason))
    # What a halted venue brings itself is how it pays what it owes.
    is_others = intent.lifecycle in _ENTERS and not intent.is_venues_own
    return Block.VENUE_HALTED if is_others and facts.is_halted else None


def held_units(movement: Movement) -> int:
    """What the movement itself holds in the compartment that it leaves."""
    is_held = movement.state in LEAVING and movement.intent.lifecycle in LEAVES
    return movement.intent.units if is_held else 0


def _guards(movement: Movement, said: Said, now_s: int, facts: Facts, terms: Terms) -> Mapping[Guard, bool]:
    is_unsound, is_blocked = unsound(movement, facts) is not None, block(movement, facts) is not None
    return {
        Guard.ALWAYS: True,
        Guard.UNSOUND: is_unsound,
        Guard.BLOCKED: is_blocked,
        Guard.FREE: not (is_unsound or is_blocked),
        Guard.DEEP_ENOUGH: said.confirmations >= terms.confirmations,
        Guard.DEEPER: said.confirmations > movement.confirmations,
        Guard.DELAY_IS_OVER: now_s >= movement.entered_at_s + terms.move_delay_s,
    }


def _along(row: Transition, movement: Movement, said: Said, now_s: int, facts: Facts, terms: Terms) -> Stepped:
    holds = movement.holds + (row.entry is Entry.HOLD)
    after = replace(
        movement,
        state=row.target,
        entered_at_s=now_s,
        deadline_s=now_s + terms.wait_s(row.target) if waits(movement.intent.lifecycle, row.target) else 0,
        holds=holds,
        confirmations=max(movement.confirmations, said.confirmations),
        reason=_reason(row, movement, said, facts),
    )
    # Silence decides at the deadline, whenever it is noticed.
    occurred_at_s = movement.deadline_s if row.act is Act.TIME_OUT else now_s
    name = row.event(movement.intent.lifecycle)
    return Stepped(
        after,
        transfers_of(movement.id, movement.intent, holds, row.entry, occurred_at_s),
        Event(movement.id, name, row.act, movement.state, row.target, said.evidence, after.reason, occurred_at_s),
    )


def _reason(row: Transition, movement: Movement, said: Said, facts: Facts) -> str:
    match row.guard:
        case Guard.UNSOUND:
            return str(unsound(movement, facts))
        case Guard.BLOCKED:
            return str(block(movement, facts))
    return said.reference if row.act in _WORD_OF_MOUTH else ""


def _nothing_holds(said: Said, movement: Movement, facts: Facts) -> Refused:
    match said.act:
        case Act.CONFIRM:
            known = f"{movement.confirmations} are known"
            return Refused(MovementRefusal.CONFIRMATIONS_ARE_NOT_MORE, known)
        case Act.ACKNOWLEDGE:
            return Refused(MovementRefusal.DELAY_IS_NOT_OVER, f"since {movement.entered_at_s}")
    return Refused(MovementRefusal.IS_STILL_BLOCKED, str(block(movement, facts)))
