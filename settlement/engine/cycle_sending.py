"""What a cycle has to send, and what follows when the contract will not have it.

A proposal that the contract refuses voids what the books hold for it, and is sent again with the same digest, ever more
rarely: once the next attempt would come after the deadline, silence ends the cycle, and what is due goes into the next.
"""

from dataclasses import dataclass

from settlement.chain_hearing import Duty, Standing, duty
from settlement.cycle_record import CycleRecord, Said
from settlement.cycle_states import Act, Actor, State
from settlement.engine.chain_errors import RevertedError
from settlement.engine.cycle_chain import CycleChain
from settlement.engine.cycle_reading import OnRecord
from settlement.engine.threads import on_thread

FIRST_PAUSE_S = 2
"""Before a voided cycle is sent again; twice as long after each attempt that failed."""


def pause_s(attempts: int) -> int:
    """How long a voided cycle waits after so many attempts, 1 or more."""
    return FIRST_PAUSE_S << min(max(attempts, 1) - 1, 30)


def may_resend(cycle: CycleRecord, now_s: int) -> bool:
    """Whether a voided cycle has waited long enough; its attempts are how often the books have held it."""
    return now_s >= cycle.entered_at_s + pause_s(cycle.holds)


@dataclass(frozen=True, slots=True)
class Sending:
    """One venue's cycles on their way to the chain."""

    chain: CycleChain
    record: OnRecord

    async def sent(self, cycle: CycleRecord, standing: Standing, now_s: int) -> Said | None:
        """Send what is due now; the act on the cycle that this comes to, if it does. Raises ChainError."""
        if cycle.state is State.VOIDED and not standing.told:
            again = Said(Act.RESEND, Actor.OPERATOR, digest=cycle.digest)
            return again if may_resend(cycle, now_s) else None
        now_s = max(now_s, self.chain.client.head.time_s)
        due = duty(cycle, standing, now_s, self.chain.at.grace_s)
        calldata = None if due is Duty.NONE else await on_thread(self.record.message, cycle.digest, str(due))
        if calldata is None:
            return None
        try:
            missing = await self.chain.send(cycle, due, calldata, now_s)
        except RevertedError as why:
            if due is Duty.PROPOSE:
                return Said(Act.REVERT, Actor.CHAIN, str(why)[:200])
            raise
        if missing and cycle.state is State.WINDOW:
            return Said(Act.REVERT, Actor.CHAIN, "shortfall not covered", short_units=missing)
        return None
