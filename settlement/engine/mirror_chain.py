"""The chain as the mirror needs it: what the contract has been told, and a way to tell it more.

The contract's own head is the acknowledgement: each batch names the one before it, so one number and one digest, read
after a block that is deep enough, say of every batch whether it is mirrored. Receipts are not needed, and after a crash
or a reorganisation the same question gives the right answer.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from custody.signers import Signer
from settlement.abi import explain_revert
from settlement.batch import MirrorBatch
from settlement.chain import MAX_FEE_WEI, TIP_WEI, Call
from settlement.contracts import ALL, POSITIONS
from settlement.node import ChainError, Node
from settlement.transaction import Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """The last batch that the contract has mirrored; 0 and zeros before the first."""

    sequence: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Look:
    """What the contract has been told after the last block, and after the last that is deep enough."""

    latest: Told
    deep: Told


class MirrorChain(Protocol):
    """One sender of batches to one book. Faults of the node are ChainErrors: ask again."""

    async def look(self) -> Look: ...

    async def send(self, batch: MirrorBatch) -> None:
        """Sign and send; returns as soon as the node has it. Batches go in order, without waiting for each other."""
        ...

    async def forget(self) -> None:
        """What was sent is not coming: the next batch is sent as if nothing had been."""
        ...

    async def objection(self, batch: MirrorBatch) -> str:
        """What the contract would say to a batch now, in a sentence; "" if it would mirror it."""
        ...

    async def turn(self) -> None:
        """Wait until there may be something new to see."""
        ...


def mirror_call(book: str, batch: MirrorBatch) -> Call:
    """The call that mirrors a batch in the book at an address."""
    return Call(book, POSITIONS.call("mirror", *batch.arguments()), "positions mirrored")


@dataclass(slots=True)
class NodeChain:
    """The simplest such sender: one connection, fixed fees, blocks counted by number (`depth` 1 is the last block).

    It relies on the node's pool; fees that rise and transactions that get stuck are for the chain client.
    """

    node: Node
    sender: Signer
    book: str
    gas_limit: int
    depth: int = 1
    poll_s: float = 0.002
    _nonce: int = -1
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(self) -> Look:
        return await self._alone(self._look)

    async def send(self, batch: MirrorBatch) -> None:
        await self._alone(lambda: self._send(batch))

    async def forget(self) -> None:
        self._nonce = -1

    async def objection(self, batch: MirrorBatch) -> str:
        return await self._alone(lambda: self._objection(batch))

    async def turn(self) -> None:
        await asyncio.sleep(self.poll_s)

    async def _alone(self, work: Callable[[], T]) -> T:
        """One request at a time: the connection has one line."""
        async with self._turn:
            return await asyncio.to_thread(work)

    def _look(self) -> Look:
        if self.depth == 1:
            told = self._told("latest")
            return Look(told, told)
        top = self.node.block_number()
        return Look(self._told(hex(top)), self._told(hex(max(top - self.depth + 1, 0))))

    def _told(self, block: str) -> Told:
        answer = self.node.answer("eth_call", ({"to": self.book, "data": "0x" + POSITIONS.call("head").hex()}, block))
        if "error" in answer:
            raise ChainError(f"head: {answer['error'].get('message')}")
        if answer["result"] == "0x":
            return Told(0, bytes(32))  # from before the book was there
        return Told(*POSITIONS.result("head", bytes.fromhex(answer["result"][2:])))

    def _send(self, batch: MirrorBatch) -> None:
        if self._nonce < 0:
            self._nonce = int(self.node.rpc("eth_getTransactionCount", self.sender.address, "pending"), 16)
        call = mirror_call(self.book, batch)
        made = Transaction(self.node.chain_id, self._nonce, TIP_WEI, MAX_FEE_WEI, self.gas_limit, call.to, call.data)
        self.node.rpc("eth_sendRawTransaction", "0x" + made.signed(self.sender.sign_digest(made.digest())).hex())
        self._nonce += 1

    def _objection(self, batch: MirrorBatch) -> str:
        call = mirror_call(self.book, batch)
        asked: dict[str, Any] = {"from": self.sender.address, "to": call.to, "data": "0x" + call.data.hex(),
                                 "gas": hex(self.gas_limit)}  # fmt: skip
        answer = self.node.answer("eth_call", (asked, "latest"))
        if "error" not in answer:
            return ""
        revert = answer["error"].get("data")
        words = explain_revert(bytes.fromhex(revert[2:]), ALL) if isinstance(revert, str) else ""
        return words or str(answer["error"].get("message", "refused"))
