"""The words of settlement's lifecycles: states, acts, actors, guards and entries, and one row of a table.

States have the names of specs/off_exchange_settlement.md §3. A row serves cycles and disputes alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a cycle stands."""

    OPEN = "open"
    CUT_OFF = "cut_off"
    COMPUTED = "computed"
    PROPOSED = "proposed"
    AGREED = "agreed"
    WINDOW = "window"
    FINAL = "final"
    PAID = "paid"
    CONFIRMED = "confirmed"
    PARTIALLY_COMPLETED = "partially_completed"
    """Confirmed for all but the clients that it names."""
    DISPUTED = "disputed"
    VOIDED = "voided"
    """The chain has it no more; its signatures are good, so the same digest may be sent again."""
    LATE = "late"
    """Somebody has not paid, or nobody has finalised: how much, until when and at what penalty is on record."""
    FAILED = "failed"


class DisputeState(StrEnum):
    """Where a dispute stands. NEW is never stored."""

    NEW = "new"
    OPENED = "opened"
    UNDER_REVIEW = "under_review"
    ADJUSTED = "adjusted"
    """Settled at an amount of the reviewer's."""
    UPHELD = "upheld"
    """Settled at what the party that disputes expects."""
    RETRACTED = "retracted"
    """Settled at what was stated."""
    CLOSED = "closed"


class Act(StrEnum):
    """What somebody does. TIME_OUT is silence: what follows when a deadline has come and nothing else has."""

    CUT_OFF = "cut_off"
    COMPUTE = "compute"
    PROPOSE = "propose"
    AGREE = "agree"
    DISPUTE = "dispute"
    MINE = "mine"
    REVERT = "revert"
    REORGANISE = "reorganise"
    RESEND = "resend"
    FINALIZE = "finalize"
    EXPIRE = "expire"
    DEEPEN = "deepen"
    RECONCILE = "reconcile"
    OPEN = "open"
    REVIEW = "review"
    ADJUST = "adjust"
    UPHOLD = "uphold"
    RETRACT = "retract"
    SETTLE = "settle"
    TIME_OUT = "time_out"


class Actor(StrEnum):
    """Who acts. The chain speaks by events at a block; a party is the venue or the custodian."""

    OPERATOR = "operator"
    VENUE = "venue"
    CUSTODIAN = "custodian"
    PARTY = "party"
    REVIEWER = "reviewer"
    CHAIN = "chain"
    CLOCK = "clock"


class Guard(StrEnum):
    """When a row applies. Of the rows for one act in one state, the first whose guard holds is taken."""

    ALWAYS = "always"
    SHORT = "short"
    """The venue's own collateral does not cover what it owes."""
    COVERED = "covered"
    UNHELD = "covered, nothing is held"
    """As COVERED, and the cycle is not on its way to the chain: both may still sign another."""
    EXCLUDES = "excludes"
    """Those in dispute are left out, by name."""
    HELD = "held"
    """The books hold what is owed: the chain may pay it at any time."""
    NOT_HELD = "nothing is held"
    DEEP_ENOUGH = "deep_enough"
    WHOLE = "whole"
    PARTIAL = "partial"
    """Some clients were excluded."""


class Entry(StrEnum):
    """What happens in the ledger, in the same database transaction as the change of state."""

    NONE = "-"
    HOLD = "hold"
    """What payers owe is pending, linked."""
    POST = "post"
    """What was held is paid, and receivers with it."""
    VOID = "void"
    """What was held is where it was."""


class Retry(StrEnum):
    """What whoever waits for an outcome may do."""

    NEXT_CYCLE = "what is due goes into the next cycle"
    SAME_DIGEST = "sent again with the same digest"
    SAME_ANSWER = "the same call has the same answer"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of a table: in any of `sources`, `act` by `actor` leads to `target` if `guard` holds."""

    sources: tuple[StrEnum, ...]
    act: Act
    actor: Actor
    target: StrEnum
    guard: Guard = Guard.ALWAYS
    entry: Entry = Entry.NONE

    @property
    def retry(self) -> Retry:
        """What follows from where it leads."""
        if self.target is State.FAILED:
            return Retry.NEXT_CYCLE
        return Retry.SAME_DIGEST if self.target is State.VOIDED or self.is_silence else Retry.SAME_ANSWER

    @property
    def is_silence(self) -> bool:
        """Whether a deadline passes without a change of state: what is awaited is asked for again."""
        return self.act is Act.TIME_OUT and self.target in self.sources


def from_state(rows: Sequence[Transition], state: StrEnum) -> tuple[Transition, ...]:
    """The rows that begin in a state, in the order in which their guards are asked; none for a final state."""
    return tuple(row for row in rows if state in row.sources)


def waits(rows: Sequence[Transition], state: StrEnum) -> bool:
    """Whether the state waits on somebody, and so has a deadline with a defined outcome."""
    return any(row.act is Act.TIME_OUT for row in from_state(rows, state))


def described(rows: Sequence[Transition], noun: str) -> Iterator[str]:
    """The table as Markdown, a line at a time: what documents and commands show is what is run."""
    yield "| from | act | by | if | to | ledger | event | again |"
    yield "|---|---|---|---|---|---|---|---|"
    for row in rows:
        words = (", ".join(row.sources), row.act, row.actor, row.guard, row.target, row.entry)
        yield f"| {' | '.join((*words, event_name(row, noun), row.retry))} |"


def event_name(row: Transition, noun: str) -> str:
    """What is told to whoever listens: `settlement.proposed`; what stays where it is, being waited for, is late."""
    return f"{noun}.late" if row.is_silence else f"{noun}.{row.target}"
