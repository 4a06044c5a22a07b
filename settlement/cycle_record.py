"""A cycle on record: what it settles, which never changes once it is proposed, and the state that it has come to.

With what is agreed (`CycleTerms`), what somebody does (`Said`), and what follows (`Stepped`, `Refused`). The rule is in
`cycle_steps`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from custody.transfers import Transfer
from settlement.cycle_states import Act, Actor, State
from settlement.netting import Obligation


@dataclass(frozen=True, slots=True)
class CycleTerms:
    """What venue and custodian have agreed. Waits in seconds, each more than 0.

    `schedule_s` from one cut-off to the next; then how long computing, the venue, the custodian, a dispute, a top-up,
    the chain, whoever finalises after the window, another try with the same digest and reconciling may take.
    `confirmations` until the books post; `penalty_bps` of what is short, owed with the next cycle.
    """

    schedule_s: int = 14_400
    compute_s: int = 300
    venue_s: int = 900
    custodian_s: int = 900
    dispute_s: int = 3_600
    top_up_s: int = 3_600
    chain_s: int = 600
    finalize_s: int = 600
    retry_s: int = 3_600
    reconcile_s: int = 900
    confirmations: int = 12
    penalty_bps: int = 10

    def wait_s(self, state: State) -> int:
        """How long a cycle may be in a state that waits; of WINDOW, how long after its window has ended."""
        return {
            State.OPEN: self.schedule_s,
            State.CUT_OFF: self.compute_s,
            State.COMPUTED: self.venue_s,
            State.PROPOSED: self.custodian_s,
            State.DISPUTED: self.dispute_s,
            State.LATE: self.top_up_s,
            State.AGREED: self.chain_s,
            State.WINDOW: self.finalize_s,
            State.VOIDED: self.retry_s,
            State.FINAL: self.chain_s,
            State.PAID: self.reconcile_s,
        }[state]

    def penalty_units(self, short_units: int) -> int:
        """What being late with so much costs, rounded up."""
        return -(-short_units * self.penalty_bps // 10_000)


@dataclass(frozen=True, slots=True)
class CycleRecord:
    """One venue's cycle. Times are UTC seconds; `deadline_s` is 0 where nothing is waited for.

    `obligations` and `digest` are what was last computed and signed, `excluded` the clients left out, `holds` how often
    it was held in the books, `window_ends_s` what the chain says. `short_units` and `penalty_units` (1e-6 USD) are what
    a late payer has yet to bring and what that costs; `reason` why the cycle was cut off, is late or has ended.
    """

    id: str
    venue: str
    number: int
    state: State = State.OPEN
    entered_at_s: int = 0
    deadline_s: int = 0
    cut_off_s: int = 0
    fills_digest: str = ""
    marks_digest: str = ""
    digest: str = ""
    obligations: tuple[Obligation, ...] = ()
    excluded: tuple[str, ...] = ()
    holds: int = 0
    is_held: bool = False
    window_ends_s: int = 0
    confirmations: int = 0
    short_units: int = 0
    penalty_units: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """An act as it was told, with what it brings: each member belongs to the acts that its name suggests.

    `by`: who says it. `reference`: its evidence or reason. `digest` is what a signature or the chain's event is about.
    `short_units`: by how much the venue's collateral misses what it owes, 0 where it is covered.
    """

    act: Act
    by: Actor
    reference: str = ""
    digest: str = ""
    fills_digest: str = ""
    marks_digest: str = ""
    obligations: tuple[Obligation, ...] = ()
    excluded: tuple[str, ...] = ()
    short_units: int = 0
    window_ends_s: int = 0
    confirmations: int = 0


class CycleActRefusal(StrEnum):
    """Why an act changed nothing; where several hold, the earlier member is the answer."""

    CYCLE_NOT_FOUND = "cycle_not_found"
    SAYS_ANOTHER_DIGEST = "says_another_digest"
    DEADLINE_HAS_PASSED = "deadline_has_passed"
    ACT_IS_NOT_LISTED = "act_is_not_listed"
    IS_NOT_THE_SPEAKERS_TO_SAY = "is_not_the_speakers_to_say"
    DEADLINE_HAS_NOT_PASSED = "deadline_has_not_passed"
    OBLIGATIONS_NOT_BALANCED = "obligations_not_balanced"
    CONFIRMATIONS_ARE_TOO_FEW = "confirmations_are_too_few"
    VENUE_IS_SHORT = "venue_is_short"
    NOBODY_IS_EXCLUDED = "nobody_is_excluded"
    NOTHING_IS_HELD = "nothing_is_held"
    BOOKS_REFUSED = "books_refused"

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same call could be accepted later, once something else has happened."""
        return self in _RETRY_MAY_SUCCEED


_RETRY_MAY_SUCCEED = frozenset({
    CycleActRefusal.CYCLE_NOT_FOUND,
    CycleActRefusal.DEADLINE_HAS_NOT_PASSED,
    CycleActRefusal.CONFIRMATIONS_ARE_TOO_FEW,
    CycleActRefusal.VENUE_IS_SHORT,
    CycleActRefusal.BOOKS_REFUSED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """A change of state as it is told; `facts` are figures and names, units last in the name."""

    object_id: str
    name: str
    act: Act
    source: str
    state: str
    occurred_at_s: int
    facts: Mapping[str, int | str | list[str]]


@dataclass(frozen=True, slots=True)
class Stepped:
    """What an act leads to: the cycle after it, the transfers and the event to be written with it."""

    cycle: CycleRecord
    transfers: tuple[Transfer, ...]
    event: Event


@dataclass(frozen=True, slots=True)
class Refused:
    """An act that leads nowhere from here; `detail` says what would."""

    refusal: CycleActRefusal
    detail: str = ""
