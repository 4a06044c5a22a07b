"""The custodian's attestations of reserves as the minter has taken them: told once each, once they are deep enough."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from eth_abi.abi import decode
from eth_utils.crypto import keccak

from custody.database import Database
from settlement.chain_hearing import Log
from settlement.engine.chain_client import ChainClient
from settlement.engine.settler import Beside
from settlement.engine.telling import last_name, tell_of
from settlement.engine.threads import on_thread
from settlement.node import ChainError

TOPIC = "0x" + keccak(text="ReservesAttested(address,uint64,uint256,uint64,bytes32,uint64)").hex()
PUBLISHED = "attestation.published"


@dataclass(frozen=True, slots=True)
class Attested:
    """An attestation on chain: reserves in base units of the token; `as_of_s` is what the custodian says."""

    token: str
    sequence: int
    reserves: int
    journal_position: int
    as_of_s: int
    block: int


def attested_in(logs: Iterable[Log]) -> list[Attested]:
    """The attestations in a minter's logs, in order."""
    found = []
    for log in logs:
        reserves, position, _, as_of_s = decode(
            ("uint256", "uint64", "bytes32", "uint64"), bytes.fromhex(log["data"][2:])
        )
        token, sequence = "0x" + log["topics"][1][-40:], int(log["topics"][2], 16)
        found.append(Attested(token, sequence, reserves, position, as_of_s, int(log["blockNumber"], 16)))
    return found


@dataclass(slots=True)
class Attestations:
    """One minter's, as long as this process leads. `fence` raises where somebody else writes by now."""

    client: ChainClient
    minter: str
    database: Database
    fence: Beside
    now_s: Callable[[], int]
    pause_s: float = 0.5
    _from_block: int = 0

    async def run(self) -> None:
        """Until cancelled. A node that does not answer is asked again."""
        while True:
            with suppress(ChainError):
                await self.hear()
            await asyncio.sleep(self.pause_s)

    async def hear(self) -> None:
        """Tell of all that has become deep enough since the last look; what was told before is not told again."""
        deep = self.client.head.number - self.client.depth + 1
        logs = await self.client.logs(self.minter, [TOPIC], self._from_block)
        fresh = [one for one in attested_in(logs) if one.block <= deep]
        if fresh:
            await on_thread(self._tell, fresh)
        self._from_block = max(deep + 1, self._from_block)

    def _tell(self, fresh: Iterable[Attested]) -> None:
        now_s = self.now_s()
        with self.database.transaction() as tx:
            self.fence(tx)
            for one in fresh:
                name = f"attestation/{one.token}/{one.sequence}"
                if last_name(tx, name):
                    continue
                facts = {"token": one.token, "sequence": one.sequence, "reserves": str(one.reserves),
                         "journal_position": one.journal_position, "as_of_s": one.as_of_s}  # fmt: skip
                tell_of(tx, name, PUBLISHED, facts, (one.as_of_s, now_s))
