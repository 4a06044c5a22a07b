"""The engine of one schedule, started again whenever it ends: within this process, or as one that is killed.

Within this process it ends at a step: `Fuse` raises an error that the engine knows nothing of, and nothing that the
engine had in memory is used again. What was not committed is rolled back, as it would be without the process.
"""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from custody.accounts import Chart
from custody.transfers import Kind, Reason, Transfer
from scripts.faults.ground import START_MS, Ground
from scripts.faults.schedule import Step
from settlement.abi import Artifact
from settlement.batch import MirrorBatch
from settlement.contracts import ALL, POSITIONS
from settlement.engine.chain_client import ChainClient
from settlement.engine.client_chain import ClientChain
from settlement.engine.engine import Beside, Engine, Settings, nothing
from settlement.engine.expected import Expected
from settlement.engine.fees import FeePolicy
from settlement.engine.mirror_chain import Look
from settlement.engine.packing import Limits
from settlement.engine.stored import Outgoing
from settlement.keys import signer_of
from settlement.reports import VenueFeed

CHAIN_ID = 31_337
FEE_UNITS = 7
CHART = Chart("USDC")
POLICY = FeePolicy(patience_s=0.3)
PATIENCE_S, AGAIN_S, POLL_S = 0.6, 0.02, 0.005
TIMEOUT_S, GIVE_UP_S = 1.0, 0.5


class CrashError(Exception):
    """The process ends here."""


@dataclass(slots=True)
class Fuse:
    """Ends the engine at the `left`-th time that it comes to `step`."""

    step: Step | None = None
    left: int = 0
    blown: Counter[Step] = field(default_factory=Counter)

    def set(self, step: Step, left: int) -> None:
        self.step, self.left = step, left

    def at(self, step: Step) -> None:
        if step is self.step:
            self.left -= 1
            if self.left <= 0:
                self.step = None
                self.blown[step] += 1
                raise CrashError(step)


@dataclass(slots=True)
class FusedChain:
    """A `MirrorChain` that ends with its engine."""

    chain: ClientChain
    fuse: Fuse

    async def look(self) -> Look:
        look = await self.chain.look()
        self.fuse.at(Step.AFTER_LOOKING)
        return look

    async def send(self, batch: MirrorBatch) -> None:
        self.fuse.at(Step.BEFORE_SENDING)
        await self.chain.send(batch)
        self.fuse.at(Step.AFTER_SENDING)

    async def forget(self) -> None:
        await self.chain.forget()

    async def objection(self, batch: MirrorBatch) -> str:
        return await self.chain.objection(batch)

    async def turn(self) -> None:
        await self.chain.turn()


@dataclass(slots=True)
class Engines:
    """One engine after the other on one place. `confirmed`: the last batch; `covered`: the last entry in it."""

    ground: Ground
    place: str
    url: str
    depth: int
    feeds: Sequence[VenueFeed]
    fuse: Fuse = field(default_factory=Fuse)
    jumped_s: int = 0
    confirmed: int = 0
    covered: int = 0
    starts: int = 0
    is_down: bool = False
    beside: Beside = nothing
    until: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared while nobody may start: another has the database."""

    def __post_init__(self) -> None:
        self.until.set()

    async def run(self) -> None:
        """Until cancelled. Raises what no engine survives."""
        while True:
            self.is_down = True
            await self.until.wait()
            self.is_down = False
            self.starts += 1
            try:
                await self.engine().run()
            except* CrashError:
                await asyncio.sleep(0.01)

    def engine(self, chain: Any = None) -> Engine:
        """A new one, with nothing in memory."""
        book, limits = self.ground.contracts.positions, Limits()
        mirror = ClientChain(lambda: self.opens("operator", {book: POSITIONS}), book, limits.gas, 0.02)
        settings = Settings(self.place, self.ground.domain, self.ground.roster, limits=limits, patience_s=PATIENCE_S,
                            again_s=AGAIN_S, checkpoint_every=4)  # fmt: skip
        return Engine(settings, self.feeds, FusedChain(mirror, self.fuse), self._now_ms, self._fee, self._said,
                      beside=self.beside)  # fmt: skip

    def opens(self, role: str, code: Mapping[str, Artifact | None]) -> AbstractAsyncContextManager[ChainClient]:
        """A client of the node, through the proxy, for a role's key."""
        return ChainClient.open(
            self.url, signer_of(role), ALL, policy=POLICY, depth=self.depth, expect=Expected(CHAIN_ID, code),
            poll_s=POLL_S, timeout_s=TIMEOUT_S, give_up_s=GIVE_UP_S,
        )  # fmt: skip

    def _now_ms(self) -> int:
        self.fuse.at(Step.BEFORE_WRITING)
        return START_MS + 1_000 * self.jumped_s

    def _fee(self, out: Outgoing) -> list[Transfer]:
        self.fuse.at(Step.WITHIN_WRITING)
        payer, fees = CHART.available("fund").id, CHART.fees().id
        return [Transfer(f"fee/{out.batch.sequence}", payer, fees, FEE_UNITS, Reason.TRADE_FEE, Kind.PENDING)]

    def _said(self, out: Outgoing) -> None:
        self.confirmed, self.covered = out.batch.sequence, max([*out.covers.values(), 0])
        self.fuse.at(Step.AFTER_CONFIRMING)


@dataclass(slots=True)
class Processes:
    """The same as a process of its own, by `python -m settlement.engine`."""

    file: Path
    confirmed: int = 0
    covered: int = 0
    starts: int = 0
    complaint: str = ""
    _process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Until cancelled; whoever is killed is started again. Raises RuntimeError if one ends by itself."""
        try:
            while True:
                self.starts += 1
                command = [sys.executable, "-m", "settlement.engine", str(self.file)]
                self._process = await asyncio.create_subprocess_exec(
                    *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
                )
                await self._listen(self._process)
        finally:
            if self._process is not None:
                with suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        out, err = process.stdout, process.stderr
        if out is None or err is None:
            raise RuntimeError("the process was started without pipes")
        async for line in out:
            words = line.decode().split()
            if words[0] == "confirmed":
                self.confirmed = int(words[1])
                self.covered = max([int(word.partition("=")[2]) for word in words[2:]], default=0)
        said = (await err.read()).decode()
        if await process.wait() != -signal.SIGKILL:
            raise RuntimeError(f"the engine ended by itself: {said[-3_000:]}")

    async def kill(self) -> None:
        """SIGKILL, as soon as there is somebody to kill."""
        while self._process is None:
            await asyncio.sleep(0.01)
        with suppress(ProcessLookupError):
            self._process.kill()


@asynccontextmanager
async def going(work: Any) -> Any:
    """Run beside what is within; a failure of either ends both, and is raised."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
