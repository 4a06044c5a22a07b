"""The one rule that carries a cycle on: `step` reads the table and answers what follows. A refusal writes nothing."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from custody.accounts import Account, Chart
from custody.delegation import Order, Standing, cancel
from custody.transfers import Reason, Transfer
from settlement.cycle_record import CycleActRefusal, CycleRecord, CycleTerms, Event, Refused, Said, Stepped
from settlement.cycle_states import Act, Actor, Entry, Guard, State, Transition, event_name, from_state, waits
from settlement.cycle_table import CYCLE
from settlement.netting import Obligation
from settlement.postings import Postings, party_account, postings


@dataclass(frozen=True, slots=True)
class Ground:
    """What a cycle is settled on: how collateral stands, the charts of its assets, and what is agreed."""

    standing: Standing
    charts: Mapping[str, Chart]
    terms: CycleTerms


_SIGNED = frozenset({Act.AGREE, Act.MINE, Act.FINALIZE, Act.EXPIRE, Act.RESEND})
"""Acts that are about a digest."""

_BRINGS: Mapping[Act, tuple[str, ...]] = {
    Act.COMPUTE: ("fills_digest", "marks_digest"),
    Act.PROPOSE: ("digest", "obligations", "excluded", "short_units"),
    Act.MINE: ("window_ends_s",),
    Act.REVERT: ("short_units",),
    Act.DEEPEN: ("confirmations",),
}
"""What an act writes on the cycle's record."""


def step(cycle: CycleRecord, said: Said, now_s: int, ground: Ground) -> Stepped | Refused:
    """Carry a cycle on by one act at `now_s` (UTC seconds).

    At its deadline silence has decided, but never against the chain: what is mined has happened, however late.
    """
    if refused := next(_objections(cycle, said, now_s), None):
        return refused
    rows = _rows(cycle, said)
    holds = _guards(cycle, said, ground.terms)
    row = next((row for row in rows if holds[row.guard]), None)
    return _nothing_holds(rows[0], said, ground.terms) if row is None else _along(row, cycle, said, now_s, ground)


def allowed(cycle: CycleRecord) -> str:
    """What can be done next, in words."""
    acts = dict.fromkeys(row.act for row in from_state(CYCLE, cycle.state))
    return f"{cycle.state} allows {', '.join(acts) or 'nothing'}"


def is_repeated(cycle: CycleRecord, said: Said, last: str | None) -> bool:
    """Whether an act was said before, with nothing else in it, and is what brought the cycle here; `last`: that act."""
    if said.act is Act.TIME_OUT or said.act != last or _rows(cycle, said):
        return False
    names = ("digest", *_BRINGS.get(said.act, ())) if said.act in _SIGNED else _BRINGS.get(said.act, ())
    return all(getattr(cycle, name) == getattr(said, name) for name in names)


def halves(cycle: CycleRecord, ground: Ground) -> Postings:
    """What the cycle's last hold is made of, and what is paid when it is final: derived, so nothing is remembered."""
    name = f"cycle/{cycle.id}:hold{cycle.holds}"
    order = Order(name, 0, cycle.cut_off_s, Reason.SETTLEMENT, cycle.id)
    return postings(ground.standing, ground.charts, cycle.venue, cycle.obligations, order)


def _rows(cycle: CycleRecord, said: Said) -> list[Transition]:
    return [row for row in from_state(CYCLE, cycle.state) if row.act is said.act]


def _objections(cycle: CycleRecord, said: Said, now_s: int) -> Iterator[Refused]:
    rows, is_due, is_silence = _rows(cycle, said), 0 < cycle.deadline_s <= now_s, said.act is Act.TIME_OUT
    if said.act in _SIGNED and said.digest != cycle.digest:
        yield Refused(CycleActRefusal.SAYS_ANOTHER_DIGEST, f"{said.digest}, on record {cycle.digest or 'none'}")
    if is_due and not is_silence and said.by is not Actor.CHAIN:
        yield Refused(CycleActRefusal.DEADLINE_HAS_PASSED, f"at {cycle.deadline_s}")
    if not rows:
        yield Refused(CycleActRefusal.ACT_IS_NOT_LISTED, allowed(cycle))
    elif said.by is not rows[0].actor:
        yield Refused(CycleActRefusal.IS_NOT_THE_SPEAKERS_TO_SAY, f"{said.act} is the {rows[0].actor}'s")
    if is_silence and not is_due:
        yield Refused(CycleActRefusal.DEADLINE_HAS_NOT_PASSED, f"before {cycle.deadline_s}")
    if unbalanced := _unbalanced(said.obligations):
        yield Refused(CycleActRefusal.OBLIGATIONS_NOT_BALANCED, unbalanced)


def accounts_of(cycle: CycleRecord, ground: Ground) -> tuple[Account, ...]:
    """Every account that a cycle's transfers may touch; whoever posts them opens them first."""
    found: dict[str, Account] = {}
    for row in cycle.obligations:
        chart = ground.charts[row.asset]
        own = [party_account(ground.standing, chart, cycle.venue, row.party), chart.venue_settlement(cycle.venue)]
        if ground.standing is Standing.POOLED:
            own += [chart.omnibus(cycle.venue), chart.pool(cycle.venue)]
        found |= {account.id: account for account in own}
    return tuple(found.values())


def _unbalanced(obligations: tuple[Obligation, ...]) -> str:
    sums: dict[str, int] = defaultdict(int)
    for row in obligations:
        sums[row.asset] += row.units
    return ", ".join(f"{asset} sums to {units}" for asset, units in sorted(sums.items()) if units)


def _guards(cycle: CycleRecord, said: Said, terms: CycleTerms) -> Mapping[Guard, bool]:
    is_covered = said.short_units == 0
    return {
        Guard.ALWAYS: True,
        Guard.SHORT: not is_covered,
        Guard.COVERED: is_covered,
        Guard.UNHELD: is_covered and not cycle.is_held,
        Guard.EXCLUDES: is_covered and bool(said.excluded),
        Guard.HELD: cycle.is_held,
        Guard.NOT_HELD: not cycle.is_held,
        Guard.DEEP_ENOUGH: said.confirmations >= terms.confirmations,
        Guard.WHOLE: not cycle.excluded,
        Guard.PARTIAL: bool(cycle.excluded),
    }


def _along(row: Transition, cycle: CycleRecord, said: Said, now_s: int, ground: Ground) -> Stepped:
    # Silence decides at the deadline, whenever it is noticed.
    at_s = cycle.deadline_s if said.act is Act.TIME_OUT else now_s
    before = _told(cycle, said, at_s)
    target = State(row.target)
    held = replace(before, holds=before.holds + 1) if row.entry is Entry.HOLD else before
    after = replace(
        held,
        state=target,
        entered_at_s=at_s,
        is_held=row.entry is Entry.HOLD or (cycle.is_held and row.entry is Entry.NONE),
        deadline_s=_deadline_s(held, target, at_s, now_s, ground.terms),
        reason=said.reference or (str(Act.TIME_OUT) if said.act is Act.TIME_OUT else ""),
    )
    if target is State.LATE and not after.penalty_units:
        after = replace(after, penalty_units=ground.terms.penalty_units(after.short_units))
    event = Event(cycle.id, event_name(row, "settlement"), row.act, cycle.state, target, at_s, _facts(after, row))
    return Stepped(after, _transfers(row.entry, held, at_s, ground), event)


def _told(cycle: CycleRecord, said: Said, at_s: int) -> CycleRecord:
    """The cycle with what an act brings."""
    if cycle.state is State.OPEN:
        return replace(cycle, cut_off_s=at_s)
    return replace(cycle, **{name: getattr(said, name) for name in _BRINGS.get(said.act, ())})


def _deadline_s(cycle: CycleRecord, target: State, at_s: int, now_s: int, terms: CycleTerms) -> int:
    if not waits(CYCLE, target):
        return 0
    if target is State.WINDOW:
        return max(cycle.window_ends_s, at_s) + terms.wait_s(target)
    if target is cycle.state:  # asked again: whatever time went by unnoticed is not asked for one by one
        return now_s + terms.wait_s(target)
    return at_s + terms.wait_s(target)


def _transfers(entry: Entry, cycle: CycleRecord, at_s: int, ground: Ground) -> tuple[Transfer, ...]:
    match entry:
        case Entry.HOLD:
            return halves(cycle, ground).holds
        case Entry.POST:
            return halves(cycle, ground).when_final(at_s)
        case Entry.VOID:
            return cancel(halves(cycle, ground).holds, at_s)
    return ()


def _facts(cycle: CycleRecord, row: Transition) -> Mapping[str, int | str | list[str]]:
    facts: dict[str, int | str | list[str]] = {"venue": cycle.venue, "number": cycle.number}
    members = ("cut_off_s", "digest", "deadline_s", "window_ends_s", "short_units", "penalty_units", "reason")
    facts |= {name: value for name in members if (value := getattr(cycle, name))}
    return facts | ({"excluded": list(cycle.excluded)} if cycle.excluded else {})


def _nothing_holds(row: Transition, said: Said, terms: CycleTerms) -> Refused:
    if row.guard is Guard.DEEP_ENOUGH:
        known = f"{said.confirmations} of {terms.confirmations}"
        return Refused(CycleActRefusal.CONFIRMATIONS_ARE_TOO_FEW, known)
    if said.act is Act.PROPOSE and said.short_units:
        return Refused(CycleActRefusal.VENUE_IS_SHORT, f"by {said.short_units}")
    if row.guard is Guard.EXCLUDES:
        return Refused(CycleActRefusal.NOBODY_IS_EXCLUDED)
    return Refused(CycleActRefusal.NOTHING_IS_HELD)
