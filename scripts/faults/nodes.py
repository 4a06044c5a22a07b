"""The node of one schedule, which can be killed, replaced, reorganised and starved, behind the proxy that fails it."""

import asyncio
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.faults.faulty_node import FaultyNode
from scripts.faults.ground import GENESIS_S
from settlement.devnet import Anvil
from settlement.keys import signer_of
from settlement.node import ChainError, Node

BLOCK_EVERY_S = 0.03
GWEI = 10**9
NO_ROOM = 100_000
"""Gas a block: enough to be asked what is, too little for any batch."""
ROOM = 30_000_000
EMPTY_FOR_S = 0.25


@dataclass(slots=True)
class Chains:
    """Whatever node there is now. Requests are one at a time, and never through the proxy."""

    proxy: FaultyNode
    folder: Path
    start: Path
    anvil: Anvil = field(init=False)
    node: Node = field(init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    clock_s: int = 0
    """UTC seconds of the world, one a block."""
    _floor: int = 0
    """The last block from before the node was started."""
    written_to_empty: int = 0
    """Transactions of ours that a node without our contracts was sent."""

    def __post_init__(self) -> None:
        shutil.copy(self.start, self._state)
        self._up(self._state)
        self.clock_s = self.node.block_time()

    @property
    def _state(self) -> Path:
        return self.folder / "state.json"

    def _up(self, state: Path | None) -> None:
        self.anvil = Anvil(genesis_s=GENESIS_S, state=state)
        self.node = Node.of_anvil(self.anvil)
        self._floor = self._height()
        self.proxy.target = self.anvil.url

    def _height(self) -> int:
        return int(self.node.rpc("eth_blockNumber"), 16)

    def close(self) -> None:
        self.node.close()
        self.anvil.stop()

    async def rpc(self, method: str, *params: object) -> Any:
        async with self._turn:
            return await asyncio.to_thread(self.node.rpc, method, *params)

    async def mine_on(self) -> None:
        """Blocks go on, whatever happens, until cancelled."""
        while True:
            await asyncio.sleep(BLOCK_EVERY_S)
            self.clock_s += 1
            with suppress(ChainError):  # a chain that is ahead of the clock waits for it
                await self.rpc("evm_mine", self.clock_s)

    async def restart(self, older: bool = False) -> None:
        """The node ends and another takes its place, with what it had, or with what there was at the start."""
        async with self._turn:
            await asyncio.to_thread(self.close)
            if older:
                shutil.copy(self.start, self._state)
            self._up(self._state)

    async def lose_all(self) -> None:
        """For a while the node at this address knows nothing; then somebody finds its state."""
        async with self._turn:
            await asyncio.to_thread(self.close)
            self._up(None)
            await asyncio.sleep(EMPTY_FOR_S)
            sender = signer_of("operator").address
            self.written_to_empty += int(self.node.rpc("eth_getTransactionCount", sender, "pending"), 16)
            await asyncio.to_thread(self.close)
            self._up(self._state)

    async def reorganise(self, depth: int) -> None:
        """Other blocks take the place of the last, but of none from before a restart.

        Those anvil cannot take back: asked to, it undoes what they did, keeps them, and mines what was in them again.
        """
        missing = self._floor + depth + 1 - int(await self.rpc("eth_blockNumber"), 16)
        if missing > 0:
            await self.rpc("anvil_mine", hex(missing))
        await self.rpc("anvil_reorg", depth, [])

    async def spike(self, gwei: int) -> None:
        await self.rpc("anvil_setNextBlockBaseFeePerGas", hex(gwei * GWEI))
        await self.rpc("evm_mine")

    async def fill_up(self, seconds: float) -> None:
        """Blocks without room for a batch."""
        await self.rpc("evm_setBlockGasLimit", hex(NO_ROOM))
        await asyncio.sleep(seconds)
        await self.make_room()

    async def make_room(self) -> None:
        """Blocks as they were; also after a reorganisation, when anvil goes on as the last full block had it."""
        await self.rpc("evm_setBlockGasLimit", hex(ROOM))

    async def cut_off(self, seconds: float) -> None:
        self.proxy.is_cut = True
        await asyncio.sleep(seconds)
        self.proxy.is_cut = False
