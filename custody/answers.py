"""What a custodian serves, and what it answers."""

from dataclasses import dataclass, field

from custody.collateral import Schedule
from custody.declined import Declined
from custody.delegation import Standing
from custody.movements import Event, Movement, Terms
from custody.refusals import MovementRefusal


@dataclass(frozen=True, slots=True)
class Agreement:
    """Eligible assets with their haircuts, venues, how collateral stands there, and how long everybody may take."""

    schedule: Schedule
    venues: frozenset[str]
    standing: Standing = Standing.SEGREGATED
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call came to: the movement as it stands now, and what happened to it; or why nothing did.

    `repeated`: it was done before, nothing happened now. `declined`: why the signatures were not enough; also of a
    movement that is on record and waits for more of them.
    """

    movement: Movement | None = None
    events: tuple[Event, ...] = ()
    refusal: MovementRefusal | None = None
    detail: str = ""
    repeated: bool = False
    declined: Declined | None = None

    @property
    def ok(self) -> bool:
        """Whether what was told is on record."""
        return self.refusal is None

    @property
    def retry_may_succeed(self) -> bool:
        """Whether the very same call could be accepted later."""
        if self.declined is not None:
            return self.declined.refusal.retry_may_succeed
        return self.refusal is not None and self.refusal.retry_may_succeed
