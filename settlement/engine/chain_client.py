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
from settlement.engine.chain_errors import NodeLostStateError, RevertedError, WrongNodeError
from settlement.engine.endpoint import GIVE_UP_S, TIMEOUT_S, Answer, Endpoint, Request
from settlement.engine.expected import Expected, mismatch
from settlement.engine.fees import FeePolicy
from settlement.engine.heads import KEPT, Header, Move
from settlement.engine.inflight import InFlight
from settlement.engine.nonces import Nonces
from settlement.engine.sender import Sender
from settlement.engine.watch import Watch, first_heads, header_of
from settlement.node import ChainError
from settlement.receipts import Call, Receipt, asked_of, receipt_of, sentence_of, succeeded

OWN_POLL_S, FOREIGN_POLL_S = 0.003, 0.5
"""How long to wait between two looks at an anvil of our own, and at somebody else's node."""


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


@dataclass(frozen=True, slots=True)
class Read:
    """A view function to be called."""

    artifact: Artifact
    to: str
    function: str
    arguments: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadAt:
    """What several view functions returned, all of them after one block."""

    block: Header
    values: tuple[Any, ...]


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
            await _require(endpoint, expect)
            pause = poll_s or (FOREIGN_POLL_S if isinstance(node, str) else OWN_POLL_S)
            watch = Watch(endpoint, await first_heads(endpoint, kept), pause)
            latest, pending = await Sender.counts(endpoint, signer.address)
            nonces = Nonces(max(latest, pending))
            sender = Sender(endpoint, watch, signer, artifacts, policy, expect.chain_id, nonces, now_s)

            async def take_in(move: Move) -> None:
                if move.unwound:
                    await _require_still(endpoint, expect)
                await sender.take_in(move)

            following = asyncio.create_task(watch.run(take_in, sender.tend, lambda: sender.is_busy))
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
        self._require_sound()
        flight = await self._sender.send(call, gas_limit)
        return Sent(flight.nonce, flight.offers[0].transaction.digest(), flight)

    async def confirmed(self, sent: Sent) -> Receipt:
        """The receipt, once it is deep enough; waits through replacements and reorganisations.

        Raises RevertedError in the contract's words, DroppedError, SharedKeyError, NodeLostStateError.
        """
        flight = sent.flight
        while True:
            self._require_sound()
            turn = self._watch.turn
            if flight.failure is not None:
                raise flight.failure
            if answer := await self._deep_enough(flight):
                if succeeded(answer):
                    return receipt_of(answer)
                raise RevertedError(await self._why(flight.call, answer), answer["transactionHash"])
            await turn.wait()

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
        asked = Read(artifact, to, function, arguments)
        method, parameters = _asked(asked, block)
        return self._value(asked, await self._endpoint.answer(method, *parameters))

    async def read_many(self, reads: Sequence[Read], block: str = "latest") -> ReadAt:
        """The results of several, all of them after one block: the given (by hash), or the latest that there is."""
        method = "eth_getBlockByHash" if block.startswith("0x") else "eth_getBlockByNumber"
        found = await self._endpoint.rpc(method, block, False)
        if found is None:
            raise ChainError(f"{self._endpoint.name} has no block {block}")
        at = header_of(found)
        answers = await self._endpoint.answers([_asked(one, at.hash) for one in reads])
        return ReadAt(at, tuple(self._value(one, answer) for one, answer in zip(reads, answers, strict=True)))

    def _value(self, one: Read, answer: Answer) -> Any:
        if "error" in answer:
            raise ChainError(f"{one.artifact.name}.{one.function}: {sentence_of(answer['error'], self._artifacts)}")
        return one.artifact.result(one.function, bytes.fromhex(answer["result"][2:]))

    @property
    def head(self) -> Header:
        """The chain's last block as it was last seen."""
        return self._watch.heads.top

    def heads(self) -> AsyncIterator[Move]:
        """Every step of the chain's end from now on: blocks taken back, blocks that came. Raises what ends it all."""
        return self._watch.moves()

    def _require_sound(self) -> None:
        if self._watch.failure is not None:
            raise self._watch.failure


def _asked(one: Read, block: str) -> Request:
    call = {"to": one.to, "data": "0x" + one.artifact.call(one.function, *one.arguments).hex()}
    return "eth_call", (call, {"blockHash": block} if block.startswith("0x") else block)


async def _require(endpoint: Endpoint, expect: Expected) -> None:
    chain_id = await endpoint.rpc("eth_chainId")
    if int(chain_id, 16) != expect.chain_id:
        raise WrongNodeError(f"{endpoint.name} is on chain {int(chain_id, 16)}, not on {expect.chain_id}")
    codes = await endpoint.results([("eth_getCode", (address, "latest")) for address in expect.code])
    for (address, artifact), code in zip(expect.code.items(), codes, strict=True):
        if why := mismatch(bytes.fromhex(code[2:]), artifact):
            raise WrongNodeError(f"{address} on {endpoint.name} {why}")


async def _require_still(endpoint: Endpoint, expect: Expected) -> None:
    try:
        await _require(endpoint, expect)
    except WrongNodeError as why:
        raise NodeLostStateError(f"the node has lost its state: {why}") from why
