"""The chain as a cycle needs it: what it says of digests, and whatever somebody has to send now, sent once.

What was sent is remembered only to be patient with it. Whether it has happened the chain is asked first, by digest.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from settlement.chain import Call
from settlement.chain_cycle import ChainCycle, legs_of
from settlement.chain_hearing import TOPICS, Duty, Standing, standings
from settlement.contracts import SETTLEMENT, VAULT
from settlement.cycle_record import CycleRecord
from settlement.engine.chain_client import ChainClient, Read
from settlement.engine.chain_errors import RevertedError
from settlement.vault_events import SHORT, VaultEvent, shortfalls_in

_MISSING = re.compile(r"missing (\d+), available (\d+)")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the settlement book and the vault are, since which block, and the domain of what both sides sign.

    `token`: of the settlement asset; `grace_s`: how long after its window a cycle may be paid.
    """

    settlement: str
    vault: str
    token: str
    domain: bytes
    grace_s: int = 86_400
    from_block: int = 0


@dataclass(slots=True)
class CycleChain:
    """One client's view of one settlement book. `patience_s`: when what was sent and has not shown is sent again."""

    client: ChainClient
    at: Deployment
    patience_s: int = 60
    _sent: dict[tuple[str, int, Duty], int] = field(default_factory=dict)
    """By digest, attempt and duty: when to lose patience."""

    async def standings(self) -> Mapping[str, Standing]:
        """What the chain says now of every digest that it knows."""
        return standings(await self.client.logs(self.at.settlement, tuple(TOPICS), self.at.from_block))

    async def made(self, cycle: CycleRecord, venue: str, holders: Mapping[str, str], batch: bytes) -> ChainCycle:
        """The cycle as both sides sign it, behind the venue's last one on chain; `holders`: addresses by party."""
        sequence, previous, _ = await self.client.read(SETTLEMENT, self.at.settlement, "headOf", venue)
        legs = legs_of((holders[row.party], self.at.token, row.units) for row in cycle.obligations)
        return ChainCycle(venue, sequence + 1, previous, cycle.cut_off_s, batch, legs)

    def propose_call(self, cycle: ChainCycle, venue_says: bytes, custodian_says: bytes) -> bytes:
        return SETTLEMENT.call("propose", cycle.arguments(), venue_says, custodian_says)

    def finalize_call(self, cycle: ChainCycle) -> bytes:
        return SETTLEMENT.call("finalize", cycle.arguments())

    async def send(self, cycle: CycleRecord, duty: Duty, calldata: bytes, now_s: int) -> int:
        """Send what is due, unless it is on its way; what is missing (ledger units) where the venue cannot cover it.

        A cycle that the books hold anew is another attempt: what a reorganisation gave to the chain again may have
        failed there, a payment before its window's new end.

        Raises ChainError, and RevertedError for any other objection of the contract's.
        """
        attempt = cycle.digest, cycle.holds, duty
        if now_s < self._sent.get(attempt, 0):
            return 0
        try:
            await self.client.send(Call(self.at.settlement, calldata, f"cycle: {duty}"))
        except RevertedError as why:
            if found := _MISSING.search(str(why)):
                return int(found[1]) - int(found[2])
            raise
        self._sent[attempt] = now_s + self.patience_s
        return 0

    async def shortfalls(self, venue: str, block: int) -> list[VaultEvent]:
        """Whose part of a payment the venue's own compartment paid in a block; a venue has one final cycle in it."""
        logs = await self.client.logs(self.at.vault, SHORT, block)
        found = shortfalls_in((log for log in logs if int(log["blockNumber"], 16) == block), self.at.vault)
        return [event for event in found if event.venue.lower() == venue.lower()]

    async def claims(self, venue: str, holders: Sequence[str]) -> list[int]:
        """What stands in these compartments, all after one block."""
        asked = [Read(VAULT, self.at.vault, "balanceOf", (holder, venue, self.at.token)) for holder in holders]
        return list((await self.client.read_many(asked)).values)
