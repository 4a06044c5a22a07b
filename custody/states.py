"""The words of the lifecycles: states, acts, actors, guards and entries, and what one row of a table is made of.

States have the names of specs/off_exchange_settlement.md §3.
"""

from dataclasses import dataclass
from enum import StrEnum


class Lifecycle(StrEnum):
    """What kind of movement it is."""

    DEPOSIT = "deposit"
    DELEGATION = "delegation"
    RECALL = "recall"
    MOVE = "move"
    WITHDRAWAL = "withdrawal"
    EXIT = "exit"


class State(StrEnum):
    """Where a movement stands. NEW is never stored: it is the state before the first act."""

    NEW = "new"
    OBSERVED = "observed"
    CONFIRMING = "confirming"
    CREDITED = "credited"
    REORGANISED = "reorganised"
    REQUESTED = "requested"
    APPROVED = "approved"
    BLOCKED = "blocked"
    PENDING_VENUE = "pending_venue"
    ACTIVE = "active"
    RECALL_REQUESTED = "recall_requested"
    RELEASED = "released"
    SENT = "sent"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    REFUSED = "refused"
    EXPIRED = "expired"


class Act(StrEnum):
    """What somebody does. RESERVE and TIME_OUT are the custodian's own: nobody tells it to."""

    OBSERVE = "observe"
    REQUEST = "request"
    APPROVE = "approve"
    RESERVE = "reserve"
    CONFIRM = "confirm"
    DROP = "drop"
    ACKNOWLEDGE = "acknowledge"
    RELEASE = "release"
    REFUSE = "refuse"
    DECLINE = "decline"
    SEND = "send"
    FAIL = "fail"
    TIME_OUT = "time_out"


class Actor(StrEnum):
    """Who acts. OWNER is the client, or the venue where the collateral is its own."""

    OWNER = "owner"
    SIGNERS = "signers"
    CUSTODIAN = "custodian"
    VENUE = "venue"
    CHAIN = "chain"
    CLOCK = "clock"


class Guard(StrEnum):
    """When a row applies. Of the rows for one act in one state, the first whose guard holds is taken."""

    ALWAYS = "always"
    UNSOUND = "unsound"
    """It breaks a rule that no waiting mends: more than there is, or a double delegation."""
    BLOCKED = "blocked"
    """Something has to end first: a settlement, a call, a debt, a venue's halt."""
    FREE = "free"
    """Neither unsound nor blocked."""
    DEEP_ENOUGH = "deep_enough"
    """As many confirmations as the terms ask for."""
    DEEPER = "deeper"
    """More confirmations than are known."""
    DELAY_IS_OVER = "delay_is_over"
    """The move's delay has passed since the venue that it leaves let go."""


class Entry(StrEnum):
    """What happens in the ledger, in the same database transaction as the change of state."""

    NONE = "-"
    HOLD = "hold"
    """Pending transfers, linked."""
    POST = "post"
    """What was held is moved."""
    VOID = "void"
    """What was held is where it was."""
    POST_AND_DELEGATE = "post, delegate"
    """What was held comes back and goes to the next venue, as one linked set: both or neither."""


class Retry(StrEnum):
    """What whoever waits for an outcome may do."""

    SAME_ANSWER = "the same call has the same answer"
    BY_ITSELF = "tried again at every tick until the deadline"
    NEW_ID = "ask again under a new id"


SIDE_EXITS = frozenset({State.REFUSED, State.EXPIRED, State.FAILED, State.REORGANISED})

_OF_THE_DELEGATION = frozenset({State.ACTIVE, State.RELEASED, State.BLOCKED})
_FAILED = frozenset({State.REFUSED, State.EXPIRED})
_DELEGATES = frozenset({Lifecycle.DELEGATION, Lifecycle.RECALL, Lifecycle.MOVE, Lifecycle.EXIT})


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of a table: in any of `sources`, `act` by `actor` leads to `target` if `guard` holds."""

    sources: tuple[State, ...]
    act: Act
    actor: Actor
    target: State
    guard: Guard = Guard.ALWAYS
    entry: Entry = Entry.NONE

    @property
    def retry(self) -> Retry:
        """What follows from where it leads: a side exit is final, a block is looked at again."""
        if self.target is State.BLOCKED:
            return Retry.BY_ITSELF
        return Retry.NEW_ID if self.target in SIDE_EXITS else Retry.SAME_ANSWER

    def event(self, lifecycle: Lifecycle) -> str:
        """The name of what is told to whoever listens, such as `delegation.active`: the specification's (§4).

        What becomes of a delegation has one name, whichever movement brings it about: a recall ends with
        `delegation.released`, and so does an exit. A movement that comes to nothing has failed; its state says how. One
        that stays where it is because the other side is silent is late.
        """
        if lifecycle in _DELEGATES and self.target in _OF_THE_DELEGATION:
            return f"{Lifecycle.DELEGATION}.{self.target}"
        if lifecycle in _DELEGATES and self.target in _FAILED:
            return f"{lifecycle}.failed"
        is_late = self.act is Act.TIME_OUT and self.target in self.sources
        return f"{lifecycle}.{'late' if is_late else self.target}"
