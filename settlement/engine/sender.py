"""One sender's transactions, from their signing until they are too deep to be taken back.

What is given to a node is written down before. A call keeps its nonce: lost answers are followed by the same bytes,
late ones by a better offer under the same nonce, and only what nobody can have gives its nonce back.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from eth_utils.crypto import keccak

from custody.signers import Signer
from settlement.abi import Artifact
from settlement.engine.chain_errors import DroppedError, RefusedError, RevertedError, SharedKeyError
from settlement.engine.endpoint import Endpoint
from settlement.engine.fees import FeePolicy, Fees, first_offer, replacement, with_margin
from settlement.engine.heads import Move
from settlement.engine.inflight import InFlight, Offer, Place, Step, next_step
from settlement.engine.node_words import Meaning, meaning
from settlement.engine.nonces import Nonces
from settlement.engine.watch import Watch
from settlement.receipts import Call, asked_of, sentence_of
from settlement.transaction import Transaction

HISTORY_BLOCKS = 10
"""Of how many blocks the tips are looked at before one is offered."""
EMPTY_GAS = 21_000
"""What a transaction costs that does nothing: such a one fills a gap that nobody else does."""


class Sender:
    """Signs, numbers, sends and tends. `flights` are all that might still be taken back, by nonce."""

    def __init__(
        self,
        endpoint: Endpoint,
        watch: Watch,
        signer: Signer,
        artifacts: Sequence[Artifact],
        policy: FeePolicy,
        chain_id: int,
        nonces: Nonces,
        now_s: Callable[[], float],
    ) -> None:
        self._endpoint, self._watch, self._signer, self._artifacts = endpoint, watch, signer, artifacts
        self._policy, self._chain_id, self._nonces, self._now_s = policy, chain_id, nonces, now_s
        self.flights: dict[int, InFlight] = {}
        self._by_hash: dict[str, InFlight] = {}
        self._numbering = asyncio.Lock()
        self._market_at: tuple[str, Fees] = ("", Fees(0, 0))
        self._interruptions = endpoint.interruptions

    @property
    def is_busy(self) -> bool:
        """Whether anything is in no block yet."""
        return any(one.place is None for one in self.flights.values())

    # -- sending -------------------------------------------------------------------------------------------------------

    async def send(self, call: Call, gas_limit: int) -> InFlight:
        """Give a call to the node; returns once it has it. `gas_limit` 0 lets the node estimate."""
        gas = gas_limit or await self._estimated(call)
        fees = await self._market()
        async with self._numbering:
            nonce = self._nonces.take()
            one = self.flights[nonce] = InFlight(nonce, call, self._now_s(), self._watch.heads.top.number)
            try:
                offer = await self._signed(one, fees, gas)
            except BaseException:
                self._free(one)
                raise
        while (await self._given(one, offer)).may_succeed_later:
            await self._watch.turn.wait()
            fees = await self._market()
            if fees.max_fee_wei > offer.fees.max_fee_wei:
                offer = await self._signed(one, fees, gas)
        self._watch.ring()
        return one

    async def _given(self, one: InFlight, offer: Offer) -> Meaning:
        """Give an offer to the node, and see what it means to do. Raises RefusedError and SharedKeyError."""
        if offer.tx_hash not in self._by_hash:
            one.offers.append(offer)
            self._by_hash[offer.tx_hash] = one
        answer = await self._endpoint.answer("eth_sendRawTransaction", offer.raw)
        error = answer.get("error")
        said = meaning(error)
        if said in (Meaning.TAKEN, Meaning.ALREADY_KNOWN):
            one.since_s, one.since_block, one.in_doubt = self._now_s(), self._watch.heads.top.number, False
            return said
        if said.may_succeed_later or await self._is_known(one):
            return said
        if said is Meaning.REFUSED:
            self._free(one)
            raise RefusedError(f"{one.call.purpose}: {sentence_of(error or {}, self._artifacts)}")
        if len(one.offers) == 1 or said is Meaning.NONCE_TOO_LOW:
            await self._shared(one)
            raise one.failure or SharedKeyError(one.call.purpose)
        return said

    async def _is_known(self, one: InFlight) -> bool:
        """Whether the node has any offer, in a block or waiting for one: an answer may have been lost before this."""
        asked = [("eth_getTransactionByHash", (tx_hash,)) for tx_hash in one.hashes]
        return any(await self._endpoint.results(asked))

    async def _estimated(self, call: Call) -> int:
        """Gas for a call, with the policy's margin. Raises RevertedError in the contract's words."""
        asked = asked_of(self._signer.address, call, 0)
        answer = await self._endpoint.answer("eth_estimateGas", asked, "pending")
        if error := answer.get("error"):
            raise RevertedError(f"{call.purpose}: {sentence_of(error, self._artifacts)}")
        return with_margin(self._policy, int(answer["result"], 16), self._watch.heads.top.gas_limit)

    async def _market(self) -> Fees:
        """What a first offer would be now; the node is asked once a block."""
        top = self._watch.heads.top.hash
        if self._policy.always is not None or self._market_at[0] != top:
            self._market_at = top, first_offer(self._policy, *await self._history())
        return self._market_at[1]

    async def _history(self) -> tuple[list[int], list[int]]:
        if self._policy.always is not None:
            return [], []
        told = await self._endpoint.rpc("eth_feeHistory", hex(HISTORY_BLOCKS), "latest", [50])
        return [int(fee, 16) for fee in told["baseFeePerGas"]], [
            int(tip, 16) for tips in told.get("reward") or () for tip in tips
        ]

    async def _signed(self, one: InFlight, fees: Fees, gas: int) -> Offer:
        """In a thread: 400 KB take 11 ms to hash, and a hardware token takes its time."""
        made = Transaction(self._chain_id, one.nonce, fees.tip_wei, fees.max_fee_wei, gas, one.call.to, one.call.data)

        def sign() -> Offer:
            signature = self._signer.sign_digest(made.digest())
            return Offer(made, signature, "0x" + keccak(made.signed(signature)).hex())

        return await asyncio.to_thread(sign)

    # -- tending -------------------------------------------------------------------------------------------------------

    async def take_in(self, move: Move) -> None:
        """Note which of ours the chain has taken back, and which it has taken in."""
        gone = {header.hash for header in move.unwound}
        for one in self.flights.values():
            if one.place is not None and one.place.block_hash in gone:
                one.place, one.in_doubt = None, True
        for header in move.new:
            for tx_hash in header.transactions:
                if found := self._by_hash.get(tx_hash):
                    found.place, found.in_doubt = Place(header.number, header.hash, tx_hash), False
        lowest = self._watch.heads.lowest
        for one in [one for one in self.flights.values() if one.place and one.place.number < lowest]:
            self._forget(one)

    async def tend(self) -> None:
        """Look after those that are late or in doubt: resend, replace, or report."""
        if self._interruptions != self._endpoint.interruptions:
            self._interruptions = self._endpoint.interruptions
            for one in self.flights.values():
                one.in_doubt = True
        now_s, top = self._now_s(), self._watch.heads.top
        wanting = [one for one in self.flights.values() if one.wants_attention(self._policy, now_s, top.number)]
        if not wanting:
            return
        asked: list[tuple[str, Sequence[object]]] = [
            ("eth_getTransactionCount", (self._signer.address, {"blockHash": top.hash}))
        ]
        asked += [("eth_getTransactionByHash", (tx_hash,)) for one in wanting for tx_hash in one.hashes]
        count, *found = await self._endpoint.answers(asked)
        if "error" in count:
            return  # that block is not the node's any more
        known = {answer["result"]["hash"] for answer in found if answer.get("result")}
        for one in sorted(wanting, key=lambda one: one.nonce):
            one.looked_s, one.looked_block, one.in_doubt = now_s, top.number, False
            has = not known.isdisjoint(one.hashes)
            step = next_step(one, self._policy, now_s, top.number, count=int(count["result"], 16), known=has)
            await self._do(step, one)
        await self._fill_gap(now_s, top.number)

    async def _do(self, step: Step, one: InFlight) -> None:
        match step:
            case Step.REPORT_SHARED_KEY:
                await self._shared(one)
            case Step.REPORT_DROPPED:
                self._free(one)
                one.failure = DroppedError(f"{one.call.purpose}: given to the node {one.resends} times, and lost again")
                self._watch.turned()
            case Step.RESEND:
                said = await self._tried(one, one.offers[-1])
                one.resends += said is Meaning.TAKEN
                if said.wants_more:
                    await self._replace(one)
            case Step.REPLACE:
                await self._replace(one)

    async def _replace(self, one: InFlight) -> None:
        last = one.offers[-1]
        if fees := replacement(self._policy, last.fees, await self._market()):
            await self._tried(one, await self._signed(one, fees, last.transaction.gas_limit))

    async def _tried(self, one: InFlight, offer: Offer) -> Meaning:
        """Given to the node by nobody's leave: what fails is told to whoever waits for it."""
        try:
            return await self._given(one, offer)
        except (RefusedError, SharedKeyError) as why:
            one.failure = why
            self._watch.turned()
            return Meaning.REFUSED

    async def _fill_gap(self, now_s: float, block: int) -> None:
        """If one is late behind a gap that nothing else has filled, fill it with a transaction that does nothing."""
        late = [
            nonce
            for nonce, one in self.flights.items()
            if one.place is None and one.is_late(self._policy, now_s, block)
        ]
        if self._nonces.gaps and late and self._nonces.gaps[0] < max(late):
            await self.send(Call(self._signer.address, b"", "gap filled"), EMPTY_GAS)

    async def _shared(self, one: InFlight) -> None:
        """Another sender has used this nonce; take the nonces from the node anew."""
        self._forget(one)
        latest, pending = await self.counts(self._endpoint, self._signer.address)
        self._nonces.synchronise(latest, pending)
        one.failure = SharedKeyError(
            f"{one.call.purpose}: nonce {one.nonce} of {self._signer.address} carries a transaction that is not ours: "
            "another sender uses the same key"
        )
        self._watch.turned()

    @staticmethod
    async def counts(endpoint: Endpoint, address: str) -> tuple[int, int]:
        """How many transactions of a sender are in blocks, and how many with those that wait."""
        asked: list[Any] = [("eth_getTransactionCount", (address, tag)) for tag in ("latest", "pending")]
        latest, pending = await endpoint.results(asked)
        return int(latest, 16), int(pending, 16)

    def _free(self, one: InFlight) -> None:
        self._forget(one)
        self._nonces.give_back(one.nonce)

    def _forget(self, one: InFlight) -> None:
        self.flights.pop(one.nonce, None)
        for tx_hash in one.hashes:
            self._by_hash.pop(tx_hash, None)
