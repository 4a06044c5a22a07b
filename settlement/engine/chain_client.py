"""A sender on a chain that may fail it in every way, and loses, doubles and forgets nothing.

The rules are in `nonces`, `fees`, `heads` and `inflight`; here they are given a node. One task follows the chain's end
and tends what was sent; whoever sends and waits only looks at what it has found.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from custody.signers import Signer
from settlement.abi import Artifact
from settlement.devnet import Anvil
from settlement.engine.admission import require, require_still
from settlement.engine.chain_errors import RevertedError
from settlement.engine.endpoint import GIVE_UP_S, TIMEOUT_S, Answer, Endpoint, tells_blocks
from settlement.engine.expected import Expected
from settlement.engine.fees import FeePolicy
from settlement.engine.heads import KEPT, Header, Move
from settlement.engine.inflight import InFlight
from settlement.engine.market import Market
from settlement.engine.nonces import Nonces
from settlement.engine.nudging import Nudging, is_anvil
from settlement.engine.reading import Read, ReadAt, read, read_many
from settlement.engine.sender import Sender, counts
from settlement.engine.tending import Tending
from settlement.engine.watch import Watch, first_heads
from settlement.receipts import Call, Receipt, asked_of, receipt_of, sentence_of, succeeded

__all__ = ["ChainClient", "Read", "ReadAt", "Sent"]

OWN_POLL_S, FOREIGN_POLL_S, TOLD_POLL_S = 0.003, 0.5, 2
"""Between two looks at an anvil of our own, at somebody else's node, and at one that tells of its blocks by itself."""


def pause_s(node: str | Anvil) -> float:
    """How long to wait between two looks, unless somebody knows better."""
    if not isinstance(node, str):
        return OWN_POLL_S
    return TOLD_POLL_S if tells_blocks(node) else FOREIGN_POLL_S


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that a node has been given: under which nonce, and what was signed first, which names it for good."""

    nonce: int
    digest: bytes
    flight: InFlight = field(repr=False, compare=False)

    @property
    def tx_hashes(self) -> tuple[str, ...]:
        """All that was ever sent for it: whichever is mined counts."""
        return self.flight.hashes


class ChainClient:
    """Made by `open`. Sends in order without waiting; receipts count at `depth` blocks, their own included."""

    def __init__(
        self,
        endpoint: Endpoint,
        watch: Watch,
        sender: Sender,
        signer: Signer,
        artifacts: Sequence[Artifact],
        depth: int,
    ) -> None:
        self._endpoint, self._watch, self._sender, self._signer = endpoint, watch, sender, signer
        self._artifacts, self.depth = artifacts, depth

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        node: str | Anvil,
        signer: Signer,
        artifacts: Sequence[Artifact],
        *,
        policy: FeePolicy,
        depth: int,
        expect: Expected,
        poll_s: float = 0,
        kept: int = KEPT,
        timeout_s: float = TIMEOUT_S,
        give_up_s: float = GIVE_UP_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> AsyncIterator["ChainClient"]:
        """Connect, and check that the node is the one expected before anything can be written.

        depth: blocks from which a receipt counts, its own included: 1 counts with the first
        kept: headers kept; a reorganisation that goes deeper is a node that has lost its state
        poll_s: pause between two looks at the chain's end; 0 takes one by whose node it is
        now_s: a clock that never goes back, by which a transaction is late

        Raises WrongNodeError, ChainError; ValueError for a depth that is not in 1..kept.
        """
        if not 1 <= depth <= kept:
            raise ValueError(f"a depth is 1 to {kept} blocks, not {depth}")
        endpoint = Endpoint.of(node, timeout_s=timeout_s, give_up_s=give_up_s)
        try:
            await require(endpoint, expect)
            watch = Watch(endpoint, await first_heads(endpoint, kept), poll_s or pause_s(node))
            nonces = Nonces(max(await counts(endpoint, signer.address)))
            market = Market(endpoint, policy, artifacts)
            sender = Sender(endpoint, watch, market, signer, artifacts, expect.chain_id, nonces, now_s)

            tending, nudging = Tending(sender, policy), Nudging(sender, await is_anvil(endpoint))

            async def tend() -> None:
                await tending.tend()
                await nudging.nudge()

            async def take_in(move: Move) -> None:
                if move.unwound:
                    await require_still(endpoint, expect)
                await sender.take_in(move)

            following = asyncio.create_task(watch.run(take_in, tend, lambda: sender.is_busy))
            try:
                yield cls(endpoint, watch, sender, signer, artifacts, depth)
            finally:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following
        finally:
            await endpoint.close()

    async def send(self, call: Call, gas_limit: int = 0) -> Sent:
        """Sign and send; returns as soon as the node has it. `gas_limit` 0 lets the node estimate, which costs a run.

        Raises RevertedError if the estimate reverts and RefusedError if the node will not have it: nothing was sent.
        LostConnectionError, and a cancelled send, leave it open whether it happens: it is tended to like any other, so
        ask the chain before sending the same again. Raises SharedKeyError, NodeLostStateError.
        """
        self.require_sound()
        flight = await self._sender.send(call, gas_limit)
        return Sent(flight.nonce, flight.offers[0].digest, flight)

    async def confirmed(self, sent: Sent) -> Receipt:
        """The receipt, once it is deep enough; waits through replacements and reorganisations.

        Raises RevertedError in the contract's words, DroppedError, SharedKeyError, NodeLostStateError.
        """
        flight = sent.flight
        while True:
            self.require_sound()
            turn = self._watch.turn
            if flight.failure is not None:
                raise flight.failure
            if answer := await self._deep_enough(flight):
                if succeeded(answer):
                    return receipt_of(answer)
                raise RevertedError(await self._why(flight.call, answer), answer["transactionHash"])
            await self._watch.wait(turn)

    async def _deep_enough(self, flight: InFlight) -> Answer | None:
        place = flight.place
        if place is None or self._watch.heads.depth(place.number, place.block_hash) < self.depth:
            return None
        answer: Answer | None = await self._endpoint.rpc("eth_getTransactionReceipt", place.tx_hash)
        return answer if answer and answer["blockHash"] == place.block_hash else None

    async def _why(self, call: Call, answer: Answer) -> str:
        """Ask again without sending, after the same block: the receipt of a failed transaction carries no reason."""
        asked = asked_of(self._signer.address, call, 0)
        again = await self._endpoint.answer("eth_call", asked, {"blockHash": answer["blockHash"]})
        if "error" in again:
            return f"{call.purpose}: {sentence_of(again['error'], self._artifacts)}"
        return f"{call.purpose}: the transaction reverted; asked again, it would not"

    async def read(self, artifact: Artifact, to: str, function: str, *arguments: object, block: str = "latest") -> Any:
        """The result of a view function after a block, by its hash or as `latest`. Raises ChainError in its words."""
        return await read(self._endpoint, self._artifacts, Read(artifact, to, function, arguments), block)

    async def read_many(self, reads: Sequence[Read], block: str = "latest") -> ReadAt:
        """The results of several, all of them after one block: the given (by hash), or the latest that there is."""
        return await read_many(self._endpoint, self._artifacts, reads, block)

    async def logs(self, address: str, topics: Sequence[str], from_block: int = 0) -> Sequence[Answer]:
        """What a contract has told from a block's number on, of these kinds of events, in order."""
        asked = {"address": address, "topics": [list(topics)], "fromBlock": hex(from_block), "toBlock": "latest"}
        found: Sequence[Answer] = await self._endpoint.rpc("eth_getLogs", asked)
        return found

    @property
    def head(self) -> Header:
        """The chain's last block as it was last seen."""
        return self._watch.heads.top

    def header_at(self, number: int) -> Header | None:
        """The block of this number on the chain as it was last seen; None if it is too old, or has not come."""
        return self._watch.heads.at(number)

    def heads(self) -> AsyncIterator[Move]:
        """Every step of the chain's end from now on: blocks taken back, blocks that came. Raises what ends it all."""
        return self._watch.moves()

    def require_sound(self) -> None:
        """Raises what has ended this client for good, if anything has: open another, and ask the chain what it has."""
        if self._watch.failure is not None:
            raise self._watch.failure
