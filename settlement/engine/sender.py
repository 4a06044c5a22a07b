"""One sender's transactions, from their signing until they are too deep to be taken back.

What is given to a node is written down before. A call keeps its nonce: lost answers are followed by the same bytes,
late ones by a better offer under the same nonce (see `tending`), and only what nobody can have gives its nonce back.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from eth_utils.crypto import keccak

from custody.signers import Signer
from settlement.abi import Artifact
from settlement.engine.chain_errors import RefusedError, SharedKeyError
from settlement.engine.endpoint import Endpoint
from settlement.engine.fees import Fees
from settlement.engine.heads import Move
from settlement.engine.inflight import InFlight, Offer, Place
from settlement.engine.market import Market
from settlement.engine.node_words import Meaning, meaning
from settlement.engine.nonces import Nonces
from settlement.engine.watch import Watch
from settlement.receipts import Call, sentence_of
from settlement.transaction import Transaction


async def counts(endpoint: Endpoint, address: str) -> tuple[int, int]:
    """How many transactions of a sender are in blocks, and how many with those that wait."""
    asked = [("eth_getTransactionCount", (address, tag)) for tag in ("latest", "pending")]
    latest, pending = await endpoint.results(asked)
    return int(latest, 16), int(pending, 16)


@dataclass(slots=True)
class Sender:
    """Numbers, signs and sends. `flights` are all that might still be taken back, by nonce."""

    endpoint: Endpoint
    watch: Watch
    market: Market
    signer: Signer
    artifacts: Sequence[Artifact]
    chain_id: int
    nonces: Nonces
    now_s: Callable[[], float]
    flights: dict[int, InFlight] = field(default_factory=dict)
    _by_hash: dict[str, InFlight] = field(default_factory=dict)
    _numbering: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_busy(self) -> bool:
        """Whether anything is in no block yet."""
        return any(one.place is None for one in self.flights.values())

    async def send(self, call: Call, gas_limit: int) -> InFlight:
        """Give a call to the node; returns once it has it. `gas_limit` 0 lets the node estimate.

        What the node finds too cheap is offered again with every block. Raises as ChainClient.send does.
        """
        top = self.watch.heads.top
        gas = gas_limit or await self.market.gas(self.signer.address, call, top)
        one, offer = await self.numbered(call, await self.market.first_offer(top), gas)
        while (said := await self.give(one, offer)).may_succeed_later:
            await self._turned()
            fees = await self.market.first_offer(self.watch.heads.top)
            if fees.max_fee_wei > offer.fees.max_fee_wei:
                offer = await self.signed(one, fees, gas)
        self.watch.ring()
        while said is Meaning.NONCE_TOO_LOW and one.place is None:
            if one.failure is not None:
                raise one.failure
            await self._turned()
        return one

    async def _turned(self) -> None:
        """Wait for the chain to move. The watch may have ended before this, and then no turn comes any more."""
        if self.watch.failure is None:
            await self.watch.wait(self.watch.turn)
        if self.watch.failure is not None:
            raise self.watch.failure

    async def numbered(self, call: Call, fees: Fees, gas: int) -> tuple[InFlight, Offer]:
        """The next nonce and its signed bytes. One after another, so that they leave in the order of their nonces."""
        async with self._numbering:
            nonce = self.nonces.take()
            one = self.flights[nonce] = InFlight(nonce, call, self.now_s(), self.watch.heads.top.number)
            try:
                return one, await self.signed(one, fees, gas)
            except BaseException:
                self.free(one)
                raise

    async def signed(self, one: InFlight, fees: Fees, gas: int) -> Offer:
        """Another offer for a call. In a thread: 400 KB take 11 ms to hash, and a hardware token takes its time."""
        made = Transaction(self.chain_id, one.nonce, fees.tip_wei, fees.max_fee_wei, gas, one.call.to, one.call.data)

        def sign() -> Offer:
            digest = made.digest()
            signature = self.signer.sign_digest(digest)
            return Offer(made, digest, signature, "0x" + keccak(made.signed(signature)).hex())

        return await asyncio.to_thread(sign)

    async def give(self, one: InFlight, offer: Offer) -> Meaning:
        """Give an offer to the node, and see what became of it. Raises RefusedError, SharedKeyError, ChainError.

        A nonce that is too low is ours, if an answer was lost, or a stranger's; which, only the blocks can tell: a node
        may for a moment have a transaction neither among those that wait nor in a block.
        """
        if offer.tx_hash not in self._by_hash:
            one.offers.append(offer)
            self._by_hash[offer.tx_hash] = one
        answer = await self.endpoint.answer("eth_sendRawTransaction", offer.raw)
        said = meaning(answer.get("error"))
        if said.is_held:
            one.since_s, one.since_block, one.in_doubt = self.now_s(), self.watch.heads.top.number, False
            return said
        if said is Meaning.NONCE_TOO_LOW:
            one.in_doubt = True
            return said
        if said.may_succeed_later or await self._is_known(one):
            return said
        if said is Meaning.REFUSED:
            self.free(one)
            raise RefusedError(f"{one.call.purpose}: {sentence_of(answer['error'], self.artifacts)}")
        if len(one.offers) == 1:
            raise await self.outrun(one)
        return said

    async def _is_known(self, one: InFlight) -> bool:
        """Whether the node has any offer, in a block or waiting for one: an answer may have been lost before this."""
        asked = [("eth_getTransactionByHash", (tx_hash,)) for tx_hash in one.hashes]
        return any(await self.endpoint.results(asked))

    async def outrun(self, one: InFlight) -> SharedKeyError:
        """Somebody else has used this nonce. Takes the nonces from the node anew, and tells whoever waits."""
        self.forget(one)
        self.nonces.synchronise(*await counts(self.endpoint, self.signer.address))
        why = SharedKeyError(
            f"{one.call.purpose}: nonce {one.nonce} of {self.signer.address} carries a transaction that is not ours: "
            "another sender uses the same key"
        )
        self.fail(one, why)
        return why

    def fail(self, one: InFlight, why: Exception) -> None:
        """It will not happen: tell whoever waits for it."""
        one.failure = why
        self.watch.turned()

    async def take_in(self, move: Move) -> None:
        """Note which of ours the chain has taken back, and which it has taken in."""
        gone = {header.hash for header in move.unwound}
        for one in self.flights.values():
            if one.place is not None and one.place.block_hash in gone:
                one.place, one.in_doubt = None, True
        for header in move.new:
            for tx_hash in header.transactions:
                if found := self._by_hash.get(tx_hash):
                    found.place = Place(header.number, header.hash, tx_hash)
                    found.in_doubt, found.resends = False, 0
        lowest = self.watch.heads.lowest
        for one in [one for one in self.flights.values() if one.place and one.place.number < lowest]:
            self.forget(one)

    def free(self, one: InFlight) -> None:
        """Nobody has it: its nonce is for another. Once: who sends and who tends may both be told so by the node."""
        if self.flights.get(one.nonce) is one:
            self.forget(one)
            self.nonces.give_back(one.nonce)

    def forget(self, one: InFlight) -> None:
        """It is nobody's concern any more, whether it happened or not."""
        self.flights.pop(one.nonce, None)
        for tx_hash in one.hashes:
            self._by_hash.pop(tx_hash, None)
