"""The lifecycles of collateral as tables: which act leads from which state to which, and what it does to the ledger.

A transition that is not listed is refused. The specification's delegation (§3) is two tables here, for settlement
changes what stands in a compartment: what is delegated and what is recalled later are different amounts, so
`requested … active` is one movement and `requested … released` another.
"""

from collections.abc import Iterator

from custody.states import Act, Actor, Entry, Guard, Lifecycle, State, Transition

_ASKED = (State.APPROVED, State.BLOCKED)
_UNCONFIRMED = (State.OBSERVED, State.CONFIRMING)
_PENDING = (State.PENDING_VENUE,)
_LEAVING = (State.RECALL_REQUESTED,)


def _asked(reserved: State) -> tuple[Transition, ...]:
    """How every movement begins that needs signatures and then a hold in the ledger."""
    return (
        Transition((State.NEW,), Act.REQUEST, Actor.OWNER, State.REQUESTED),
        Transition((State.REQUESTED,), Act.APPROVE, Actor.SIGNERS, State.APPROVED),
        Transition((State.REQUESTED,), Act.DECLINE, Actor.CUSTODIAN, State.REFUSED),
        Transition((State.REQUESTED,), Act.TIME_OUT, Actor.CLOCK, State.EXPIRED),
        Transition(_ASKED, Act.RESERVE, Actor.CUSTODIAN, State.REFUSED, Guard.UNSOUND),
        Transition((State.APPROVED,), Act.RESERVE, Actor.CUSTODIAN, State.BLOCKED, Guard.BLOCKED),
        Transition(_ASKED, Act.RESERVE, Actor.CUSTODIAN, reserved, Guard.FREE, Entry.HOLD),
        Transition((State.BLOCKED,), Act.TIME_OUT, Actor.CLOCK, State.EXPIRED),
    )


def _let_go(target: State, entry: Entry) -> tuple[Transition, ...]:
    """How collateral leaves a compartment.

    A venue has no veto: what it is owed is a lien, which blocks; its silence beyond that releases (§3, Exit).
    """
    return (
        Transition(_LEAVING, Act.RELEASE, Actor.VENUE, State.BLOCKED, Guard.BLOCKED, Entry.VOID),
        Transition(_LEAVING, Act.RELEASE, Actor.VENUE, target, Guard.ALWAYS, entry),
        Transition(_LEAVING, Act.TIME_OUT, Actor.CLOCK, State.BLOCKED, Guard.BLOCKED, Entry.VOID),
        Transition(_LEAVING, Act.TIME_OUT, Actor.CLOCK, target, Guard.ALWAYS, entry),
    )


_DEPOSIT = (
    Transition((State.NEW,), Act.OBSERVE, Actor.CHAIN, State.OBSERVED, entry=Entry.HOLD),
    Transition(_UNCONFIRMED, Act.CONFIRM, Actor.CHAIN, State.CREDITED, Guard.DEEP_ENOUGH, Entry.POST),
    Transition(_UNCONFIRMED, Act.CONFIRM, Actor.CHAIN, State.CONFIRMING, Guard.DEEPER),
    Transition(_UNCONFIRMED, Act.DROP, Actor.CHAIN, State.REORGANISED, entry=Entry.VOID),
    Transition(_UNCONFIRMED, Act.DECLINE, Actor.CUSTODIAN, State.REFUSED, entry=Entry.VOID),
    # If it is mined after all, it is another inclusion, and so another deposit with another id.
    Transition(_UNCONFIRMED, Act.TIME_OUT, Actor.CLOCK, State.EXPIRED, entry=Entry.VOID),
)

_DELEGATION = (
    *_asked(State.PENDING_VENUE),
    Transition(_PENDING, Act.ACKNOWLEDGE, Actor.VENUE, State.ACTIVE, entry=Entry.POST),
    Transition(_PENDING, Act.REFUSE, Actor.VENUE, State.REFUSED, entry=Entry.VOID),
    Transition(_PENDING, Act.TIME_OUT, Actor.CLOCK, State.EXPIRED, entry=Entry.VOID),
)

_RECALL = (*_asked(State.RECALL_REQUESTED), *_let_go(State.RELEASED, Entry.POST))

_MOVE = (
    *_asked(State.RECALL_REQUESTED),
    *_let_go(State.PENDING_VENUE, Entry.NONE),
    Transition(_PENDING, Act.ACKNOWLEDGE, Actor.VENUE, State.ACTIVE, Guard.DELAY_IS_OVER, Entry.POST_AND_DELEGATE),
    # The first venue has let go: where the second does not take it, it is the client's own again.
    Transition(_PENDING, Act.REFUSE, Actor.VENUE, State.RELEASED, entry=Entry.POST),
    Transition(_PENDING, Act.TIME_OUT, Actor.CLOCK, State.RELEASED, entry=Entry.POST),
)

_WITHDRAWAL = (
    Transition((State.NEW,), Act.REQUEST, Actor.OWNER, State.REQUESTED),
    Transition((State.REQUESTED,), Act.APPROVE, Actor.SIGNERS, State.REFUSED, Guard.UNSOUND),
    Transition((State.REQUESTED,), Act.APPROVE, Actor.SIGNERS, State.APPROVED, Guard.ALWAYS, Entry.HOLD),
    Transition((State.REQUESTED,), Act.DECLINE, Actor.CUSTODIAN, State.REFUSED),
    Transition((State.REQUESTED,), Act.TIME_OUT, Actor.CLOCK, State.EXPIRED),
    Transition((State.APPROVED,), Act.SEND, Actor.CUSTODIAN, State.SENT),
    Transition((State.APPROVED,), Act.DECLINE, Actor.CUSTODIAN, State.REFUSED, entry=Entry.VOID),
    Transition((State.APPROVED,), Act.TIME_OUT, Actor.CLOCK, State.EXPIRED, entry=Entry.VOID),
    Transition((State.SENT,), Act.CONFIRM, Actor.CHAIN, State.CONFIRMED, entry=Entry.POST),
    Transition((State.SENT,), Act.FAIL, Actor.CHAIN, State.FAILED, entry=Entry.VOID),
    # What was sent may still be mined: were the hold voided, the same asset could be paid out twice.
    Transition((State.SENT,), Act.TIME_OUT, Actor.CLOCK, State.SENT),
)

_EXIT = (
    # It has happened: neither liens nor halts are asked. Until its claims are redeemed it is at nobody's disposal.
    Transition((State.NEW,), Act.OBSERVE, Actor.CHAIN, State.OBSERVED, entry=Entry.HOLD),
    Transition((State.OBSERVED,), Act.CONFIRM, Actor.CHAIN, State.RELEASED, entry=Entry.POST),
    Transition((State.OBSERVED,), Act.DROP, Actor.CHAIN, State.REORGANISED, entry=Entry.VOID),
    # A holder may keep its claims for as long as it likes; were the hold voided, they would be there twice.
    Transition((State.OBSERVED,), Act.TIME_OUT, Actor.CLOCK, State.OBSERVED),
)

MACHINES: dict[Lifecycle, tuple[Transition, ...]] = {
    Lifecycle.DEPOSIT: _DEPOSIT,
    Lifecycle.DELEGATION: _DELEGATION,
    Lifecycle.RECALL: _RECALL,
    Lifecycle.MOVE: _MOVE,
    Lifecycle.WITHDRAWAL: _WITHDRAWAL,
    Lifecycle.EXIT: _EXIT,
}


def from_state(lifecycle: Lifecycle, state: State) -> tuple[Transition, ...]:
    """The rows that begin in a state, in the order in which their guards are asked; none for a final state."""
    return tuple(row for row in MACHINES[lifecycle] if state in row.sources)


def allows(lifecycle: Lifecycle, state: State, act: Act) -> bool:
    """Whether an act is listed from a state."""
    return any(row.act is act for row in from_state(lifecycle, state))


def is_final(lifecycle: Lifecycle, state: State) -> bool:
    """Whether nothing can follow."""
    return not from_state(lifecycle, state)


def waits(lifecycle: Lifecycle, state: State) -> bool:
    """Whether the state waits on somebody, and so has a deadline with a defined outcome."""
    return allows(lifecycle, state, Act.TIME_OUT)


def described(lifecycle: Lifecycle) -> Iterator[str]:
    """The table as Markdown, a line at a time: what documents and commands show is what is run."""
    yield "| from | act | by | if | to | ledger | event | again |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in MACHINES[lifecycle]:
        sources = ", ".join(row.sources)
        event = row.event(lifecycle)
        words = (sources, row.act, row.actor, row.guard, row.target, row.entry, event, row.retry)
        yield f"| {' | '.join(words)} |"
