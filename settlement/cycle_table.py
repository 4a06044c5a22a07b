"""The lifecycles of a settlement cycle and of a dispute, as tables: the only ways from one state to another.

Whatever is signed and sent may be mined, so where the books hold something only the chain's own word voids it: silence
then leads nowhere but to another attempt. Before that silence ends the cycle, and what is due goes into the next one.
"""

from settlement.cycle_states import Act, Actor, DisputeState, Entry, Guard, State, Transition

_ON_CHAIN = (State.WINDOW, State.LATE)

CYCLE: tuple[Transition, ...] = (
    Transition((State.OPEN,), Act.CUT_OFF, Actor.OPERATOR, State.CUT_OFF),
    Transition((State.OPEN,), Act.TIME_OUT, Actor.CLOCK, State.CUT_OFF),
    Transition((State.CUT_OFF,), Act.COMPUTE, Actor.OPERATOR, State.COMPUTED),
    Transition((State.CUT_OFF,), Act.TIME_OUT, Actor.CLOCK, State.FAILED),
    # A venue that owes more than it has posted brings it by a deadline, or the cycle fails and the venue is halted.
    Transition((State.COMPUTED,), Act.PROPOSE, Actor.VENUE, State.LATE, Guard.SHORT),
    Transition((State.COMPUTED,), Act.PROPOSE, Actor.VENUE, State.PROPOSED, Guard.COVERED),
    Transition((State.LATE,), Act.PROPOSE, Actor.VENUE, State.PROPOSED, Guard.UNHELD),
    Transition((State.COMPUTED,), Act.TIME_OUT, Actor.CLOCK, State.FAILED),
    Transition((State.PROPOSED,), Act.AGREE, Actor.CUSTODIAN, State.AGREED, entry=Entry.HOLD),
    Transition((State.PROPOSED,), Act.DISPUTE, Actor.CUSTODIAN, State.DISPUTED),
    Transition((State.PROPOSED,), Act.TIME_OUT, Actor.CLOCK, State.FAILED),
    Transition((State.DISPUTED,), Act.PROPOSE, Actor.VENUE, State.PROPOSED, Guard.EXCLUDES),
    Transition((State.DISPUTED,), Act.TIME_OUT, Actor.CLOCK, State.FAILED),
    Transition((State.AGREED,), Act.MINE, Actor.CHAIN, State.WINDOW),
    Transition((State.AGREED,), Act.REVERT, Actor.CHAIN, State.VOIDED, entry=Entry.VOID),
    Transition((State.AGREED,), Act.TIME_OUT, Actor.CLOCK, State.AGREED),
    Transition(_ON_CHAIN, Act.DISPUTE, Actor.CHAIN, State.DISPUTED, Guard.HELD, Entry.VOID),
    Transition(_ON_CHAIN, Act.FINALIZE, Actor.CHAIN, State.FINAL, Guard.HELD),
    Transition(_ON_CHAIN, Act.REORGANISE, Actor.CHAIN, State.VOIDED, Guard.HELD, Entry.VOID),
    Transition((State.WINDOW,), Act.REVERT, Actor.CHAIN, State.LATE),
    Transition((State.WINDOW,), Act.TIME_OUT, Actor.CLOCK, State.LATE),
    Transition(_ON_CHAIN, Act.EXPIRE, Actor.CHAIN, State.FAILED, Guard.HELD, Entry.VOID),
    Transition((State.LATE,), Act.TIME_OUT, Actor.CLOCK, State.LATE, Guard.HELD),
    Transition((State.LATE,), Act.TIME_OUT, Actor.CLOCK, State.FAILED, Guard.NOT_HELD),
    # Its signatures are public: whoever sends it, it is the same cycle again.
    Transition((State.VOIDED,), Act.RESEND, Actor.OPERATOR, State.AGREED, entry=Entry.HOLD),
    Transition((State.VOIDED,), Act.MINE, Actor.CHAIN, State.WINDOW, entry=Entry.HOLD),
    Transition((State.VOIDED,), Act.TIME_OUT, Actor.CLOCK, State.FAILED),
    Transition((State.FINAL,), Act.DEEPEN, Actor.CHAIN, State.PAID, Guard.DEEP_ENOUGH, Entry.POST),
    Transition((State.FINAL,), Act.REORGANISE, Actor.CHAIN, State.WINDOW),
    Transition((State.FINAL,), Act.TIME_OUT, Actor.CLOCK, State.FINAL),
    Transition((State.PAID,), Act.RECONCILE, Actor.CUSTODIAN, State.CONFIRMED, Guard.WHOLE),
    Transition((State.PAID,), Act.RECONCILE, Actor.CUSTODIAN, State.PARTIALLY_COMPLETED, Guard.PARTIAL),
    Transition((State.PAID,), Act.TIME_OUT, Actor.CLOCK, State.PAID),
)

_RULED = (DisputeState.ADJUSTED, DisputeState.UPHELD, DisputeState.RETRACTED)
_ASKED = (DisputeState.OPENED, DisputeState.UNDER_REVIEW)

DISPUTE: tuple[Transition, ...] = (
    Transition((DisputeState.NEW,), Act.OPEN, Actor.PARTY, DisputeState.OPENED, entry=Entry.HOLD),
    Transition((DisputeState.OPENED,), Act.REVIEW, Actor.REVIEWER, DisputeState.UNDER_REVIEW),
    Transition((DisputeState.UNDER_REVIEW,), Act.ADJUST, Actor.REVIEWER, DisputeState.ADJUSTED),
    Transition((DisputeState.UNDER_REVIEW,), Act.UPHOLD, Actor.REVIEWER, DisputeState.UPHELD),
    Transition(_ASKED, Act.RETRACT, Actor.PARTY, DisputeState.RETRACTED),
    # Who disputes has shown evidence; a reviewer that says nothing against it has let it stand.
    Transition(_ASKED, Act.TIME_OUT, Actor.CLOCK, DisputeState.UPHELD),
    # What was held is free in the very transaction in which the named cycle holds what the ruling makes of it.
    Transition(_RULED, Act.SETTLE, Actor.CUSTODIAN, DisputeState.CLOSED, entry=Entry.VOID),
    Transition(_RULED, Act.TIME_OUT, Actor.CLOCK, DisputeState.CLOSED, entry=Entry.VOID),
)

TABLES = {"settlement": CYCLE, "dispute": DISPUTE}
"""By the noun of their events."""

NEXT: dict[State, frozenset[State]] = {
    state: frozenset(State(row.target) for row in CYCLE if state in row.sources and row.target is not state)
    for state in State
}
"""Which states may follow each."""
