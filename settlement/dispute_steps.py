"""The rule that carries a dispute on. What is disputed is held; a ruling says what the named next cycle settles.

A dispute is about one client's due in one cycle. Both computations stay on record, whatever is ruled.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from custody.accounts import Account, Chart
from custody.delegation import Order, Standing, cancel, collateral_account, pending
from custody.transfers import Reason, Transfer, linked
from settlement.cycle_record import Event
from settlement.cycle_states import Act, Actor, DisputeState, Entry, Transition, event_name, from_state, waits
from settlement.cycle_table import DISPUTE
from settlement.dispute import Report


@dataclass(frozen=True, slots=True)
class DisputeTerms:
    """How long a dispute may wait, in seconds: to be reviewed, to be ruled on, to be settled."""

    open_s: int = 3_600
    review_s: int = 14_400
    settle_s: int = 86_400

    def wait_s(self, state: DisputeState) -> int:
        return {DisputeState.OPENED: self.open_s, DisputeState.UNDER_REVIEW: self.review_s}.get(state, self.settle_s)


@dataclass(frozen=True, slots=True)
class Dispute:
    """A client's due in dispute, 1e-6 USD: as the venue states it, as the custodian expects it, and as was ruled.

    `held_units` ledger units of the settlement asset are held, of the client's (`party_holds`) or else of the venue's,
    while nobody knows who owes whom. `settles_in`: the cycle that settles it; `opener`: who disputes.
    """

    id: str
    cycle_id: str
    venue: str
    party: str
    stated_units: int
    expected_units: int
    opener: str = "custodian"
    state: DisputeState = DisputeState.NEW
    ruled_units: int = 0
    held_units: int = 0
    settles_in: str = ""
    report: str = ""
    reason: str = ""
    entered_at_s: int = 0
    deadline_s: int = 0

    @property
    def party_holds(self) -> bool:
        """Whether it is the client's collateral that is held: where either side says that it owes."""
        return min(self.stated_units, self.expected_units) < 0

    @property
    def wanted_units(self) -> int:
        """What would have to be held for either outcome to be paid."""
        low, high = sorted((self.stated_units, self.expected_units))
        return -low if low < 0 else high


@dataclass(frozen=True, slots=True)
class DisputeSaid:
    """An act on a dispute. `units`: what an adjustment settles; `settles_in`: where; `spendable_units`: what of what is
    wanted there is to hold.
    """

    act: Act
    by: str
    reference: str = ""
    units: int = 0
    settles_in: str = ""
    spendable_units: int = 0


class DisputeRefusal(StrEnum):
    """Why an act changed nothing; where several hold, the earlier member is the answer."""

    DISPUTE_NOT_FOUND = "dispute_not_found"
    DEADLINE_HAS_PASSED = "deadline_has_passed"
    ACT_IS_NOT_LISTED = "act_is_not_listed"
    IS_NOT_THE_SPEAKERS_TO_SAY = "is_not_the_speakers_to_say"
    DEADLINE_HAS_NOT_PASSED = "deadline_has_not_passed"
    NOTHING_DIFFERS = "nothing_differs"
    ADJUSTMENT_IS_OUTSIDE_BOTH = "adjustment_is_outside_both"
    NEXT_CYCLE_IS_NOT_NAMED = "next_cycle_is_not_named"
    SETTLES_IN_ANOTHER_CYCLE = "settles_in_another_cycle"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same call could be accepted later."""
        return self in (DisputeRefusal.DISPUTE_NOT_FOUND, DisputeRefusal.DEADLINE_HAS_NOT_PASSED)


@dataclass(frozen=True, slots=True)
class Refused:
    """An act that leads nowhere from here."""

    refusal: DisputeRefusal
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Stepped:
    """What an act leads to: the dispute after it, the transfers and the event to be written with it."""

    dispute: Dispute
    transfers: tuple[Transfer, ...]
    event: Event


@dataclass(frozen=True, slots=True)
class DisputeGround:
    """What is held in, how collateral stands, and how long everybody may take."""

    standing: Standing
    chart: Chart
    terms: DisputeTerms


_RULINGS = frozenset({Act.ADJUST, Act.UPHOLD, Act.RETRACT})


def disputes_of(report: Report, cycle_id: str, venue: str, as_json: str) -> tuple[Dispute, ...]:
    """One dispute for each client whose due differs, by name; `as_json` is the report, kept with each."""
    return tuple(
        Dispute(
            f"{cycle_id}/{party}", cycle_id, venue, party, report.stated_dues.get(party, 0),
            report.expected_dues.get(party, 0), report=as_json,
        )
        for party in report.disputed
    )  # fmt: skip


def step(dispute: Dispute, said: DisputeSaid, now_s: int, ground: DisputeGround) -> Stepped | Refused:
    """Carry a dispute on by one act at `now_s` (UTC seconds); at its deadline silence has decided."""
    if refused := next(_objections(dispute, said, now_s), None):
        return refused
    row = next(row for row in from_state(DISPUTE, dispute.state) if row.act is said.act)
    at_s = dispute.deadline_s if said.act is Act.TIME_OUT else now_s
    target = DisputeState(row.target)
    deadline_s = at_s + ground.terms.wait_s(target) if waits(DISPUTE, target) else 0
    after = replace(
        _ruled(dispute, said, row), state=target, entered_at_s=at_s, deadline_s=deadline_s,
        reason=said.reference or (str(said.act) if said.act is Act.TIME_OUT else ""),
    )  # fmt: skip
    event = Event(dispute.id, event_name(row, "dispute"), row.act, dispute.state, target, at_s, _facts(after))
    return Stepped(after, _transfers(row.entry, after, at_s, ground), event)


def hold_of(dispute: Dispute, at_s: int, ground: DisputeGround) -> tuple[Transfer, ...]:
    """What is held while nobody knows who is right; nothing where there was nothing to hold."""
    if not dispute.held_units:
        return ()
    chart, settlement = ground.chart, ground.chart.venue_settlement(dispute.venue)
    order = Order(f"dispute/{dispute.id}", dispute.held_units, at_s, Reason.SETTLEMENT, dispute.id)
    return linked(pending(order, account_held(dispute, ground.standing, chart), settlement))


def account_held(dispute: Dispute, standing: Standing, chart: Chart) -> Account:
    """Whose collateral is held: the client's where it may owe, otherwise the venue's."""
    if dispute.party_holds:
        return collateral_account(standing, chart, dispute.party, dispute.venue)
    return chart.venue_collateral(dispute.venue)


def _objections(dispute: Dispute, said: DisputeSaid, now_s: int) -> Iterator[Refused]:
    rows = [row for row in from_state(DISPUTE, dispute.state) if row.act is said.act]
    is_due, is_silence = 0 < dispute.deadline_s <= now_s, said.act is Act.TIME_OUT
    if is_due and not is_silence:
        yield Refused(DisputeRefusal.DEADLINE_HAS_PASSED, f"at {dispute.deadline_s}")
    if not rows:
        acts = dict.fromkeys(row.act for row in from_state(DISPUTE, dispute.state))
        yield Refused(DisputeRefusal.ACT_IS_NOT_LISTED, f"{dispute.state} allows {', '.join(acts) or 'nothing'}")
    elif said.by != _speaker(rows[0], dispute):
        yield Refused(DisputeRefusal.IS_NOT_THE_SPEAKERS_TO_SAY, f"{said.act} is the {_speaker(rows[0], dispute)}'s")
    if is_silence and not is_due:
        yield Refused(DisputeRefusal.DEADLINE_HAS_NOT_PASSED, f"before {dispute.deadline_s}")
    low, high = sorted((dispute.stated_units, dispute.expected_units))
    if low == high:
        yield Refused(DisputeRefusal.NOTHING_DIFFERS)
    if said.act is Act.ADJUST and not low <= said.units <= high:
        yield Refused(DisputeRefusal.ADJUSTMENT_IS_OUTSIDE_BOTH, f"{said.units}, from {low} to {high}")
    if said.act in _RULINGS and not said.settles_in:
        yield Refused(DisputeRefusal.NEXT_CYCLE_IS_NOT_NAMED)
    if said.act is Act.SETTLE and dispute.settles_in not in ("", said.settles_in):
        yield Refused(DisputeRefusal.SETTLES_IN_ANOTHER_CYCLE, dispute.settles_in)


def _speaker(row: Transition, dispute: Dispute) -> str:
    """Who may say it: whoever opened it, the other side, or whom the table names."""
    others = {"custodian": "venue", "venue": "custodian"}
    return {Actor.PARTY: dispute.opener, Actor.REVIEWER: others[dispute.opener]}.get(row.actor, str(row.actor))


def _ruled(dispute: Dispute, said: DisputeSaid, row: Transition) -> Dispute:
    if row.entry is Entry.HOLD:
        return replace(dispute, held_units=min(dispute.wanted_units, max(said.spendable_units, 0)))
    claimed, denied = dispute.expected_units, dispute.stated_units
    if dispute.opener == "venue":
        claimed, denied = denied, claimed
    rulings = {
        DisputeState.ADJUSTED: said.units,
        DisputeState.UPHELD: claimed,
        DisputeState.RETRACTED: denied,
    }
    if row.target not in rulings:
        return dispute
    return replace(dispute, ruled_units=rulings[DisputeState(row.target)], settles_in=said.settles_in)


def _transfers(entry: Entry, dispute: Dispute, at_s: int, ground: DisputeGround) -> tuple[Transfer, ...]:
    match entry:
        case Entry.HOLD:
            return hold_of(dispute, at_s, ground)
        case Entry.VOID:
            return cancel(hold_of(dispute, at_s, ground), at_s)
    return ()


def _facts(dispute: Dispute) -> Mapping[str, int | str | list[str]]:
    names = ("cycle_id", "venue", "party", "stated_units", "expected_units", "ruled_units", "held_units", "settles_in")
    facts: dict[str, int | str | list[str]] = {name: getattr(dispute, name) for name in names}
    return facts | {name: value for name in ("deadline_s", "reason") if (value := getattr(dispute, name))}
