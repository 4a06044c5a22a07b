"""A movement of collateral: its intent, which never changes, and the state that it has come to.

With what is agreed (`Terms`), what the books and others say at a moment (`Facts`), what somebody does (`Said`), and
what follows from all of them (`Stepped`, `Refused`). The rule is in `steps`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from custody.coverage import Coverage
from custody.intents import Intent
from custody.refusals import MovementRefusal
from custody.states import Act, State
from custody.transfers import Transfer


class Block(StrEnum):
    """What has to end before collateral may leave a venue, or enter it; the earlier member is named first."""

    SETTLEMENT_PENDING = "settlement_pending"
    CALL_OPEN = "call_open"
    MARGIN_WOULD_BREACH = "margin_would_breach"
    OBLIGATION_UNPAID = "obligation_unpaid"
    VENUE_HALTED = "venue_halted"


class Unsound(StrEnum):
    """Why a movement ends as refused; where several hold, the earlier member is the reason."""

    EXCEEDS_AVAILABLE = "exceeds_available"
    EXCEEDS_COMPARTMENT = "exceeds_compartment"
    WOULD_DELEGATE_TWICE = "would_delegate_twice"
    WOULD_UNCOVER_DELEGATIONS = "would_uncover_delegations"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a custodian and those that it works for have agreed. Waits in seconds, each more than 0 but for the delay.

    `confirmations` that a deposit needs; how long it waits for a quorum (`quorum_s`), for a block to end (`block_s`),
    for a venue to take (`venue_s`) or to release (`release_s`) collateral, for the custodian to send (`send_s`), and
    for the chain (`chain_s`). A move counts at its second venue `move_delay_s` after the first let go, not before.
    """

    confirmations: int = 12
    quorum_s: int = 86_400
    block_s: int = 86_400
    venue_s: int = 3_600
    release_s: int = 14_400
    send_s: int = 14_400
    chain_s: int = 14_400
    move_delay_s: int = 0

    def wait_s(self, state: State) -> int:
        """How long a movement may be in a state that waits."""
        return {
            State.OBSERVED: self.chain_s,
            State.CONFIRMING: self.chain_s,
            State.REQUESTED: self.quorum_s,
            State.APPROVED: self.send_s,
            State.BLOCKED: self.block_s,
            State.PENDING_VENUE: self.move_delay_s + self.venue_s,
            State.RECALL_REQUESTED: self.release_s,
            State.SENT: self.chain_s,
        }[state]


@dataclass(frozen=True, slots=True)
class Facts:
    """What holds at this moment, in ledger units.

    `compartment_units`: what stands in the compartment that is left, less what movements hold to leave it;
    `kept_units`: what has to stay in it, and why; `is_halted`: whether the venue that would be entered takes nothing.
    """

    coverage: Coverage
    compartment_units: int = 0
    kept_units: Mapping[Block, int] = field(default_factory=dict)
    is_halted: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """An act as it was told. `reference` is its evidence or its reason: a digest, a transaction, a venue's word.

    `by`: the party that says it, `custody.speaking` knows whose it is; "" where the custodian's own rules lead there.
    """

    act: Act
    reference: str = ""
    confirmations: int = 0
    by: str = ""

    @property
    def evidence(self) -> str:
        """What tells it from the same act with other words."""
        return self.reference or (f"{self.confirmations} confirmations" if self.confirmations else "")


@dataclass(frozen=True, slots=True)
class Movement:
    """An intent and where it stands. Times are UTC seconds; `deadline_s` is 0 where nothing is waited for.

    `holds` counts how often it was held in the ledger; `reason` says why it is blocked or was refused.
    """

    id: str
    intent: Intent
    state: State = State.NEW
    entered_at_s: int = 0
    deadline_s: int = 0
    holds: int = 0
    confirmations: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One change of state, as it is told to whoever listens; `name` is such as `delegation.active`.

    `reference` is what was said, `reason` why the movement is blocked or has ended. `occurred_at_s`: UTC seconds.
    """

    movement_id: str
    name: str
    act: Act
    source: State
    state: State
    reference: str
    reason: str
    occurred_at_s: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """What an act leads to: the movement after it, the transfers and the event to be written with it."""

    movement: Movement
    transfers: tuple[Transfer, ...]
    event: Event


@dataclass(frozen=True, slots=True)
class Refused:
    """An act that leads nowhere from here; `detail` says what would."""

    refusal: MovementRefusal
    detail: str = ""
