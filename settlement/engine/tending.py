"""What has been sent is looked after until it is in a block: given again, offered better, or reported as lost."""

from settlement.engine.chain_errors import DroppedError, RefusedError, SharedKeyError
from settlement.engine.endpoint import Request
from settlement.engine.fees import FeePolicy, replacement
from settlement.engine.heads import Header
from settlement.engine.inflight import InFlight, Offer, Step, next_step
from settlement.engine.node_words import Meaning
from settlement.engine.sender import Sender
from settlement.receipts import Call

EMPTY_GAS = 21_000
"""What a transaction costs that does nothing: such a one fills a gap that nobody else does."""


class Tending:
    """Looks after one sender's transactions, by the rule `next_step`."""

    def __init__(self, sender: Sender, policy: FeePolicy) -> None:
        self._sender, self._policy = sender, policy
        self._interruptions = sender.endpoint.interruptions

    async def tend(self) -> None:
        """Do what is due, for those that are late or in doubt. Raises ChainError if the node does not answer."""
        sender, top = self._sender, self._sender.watch.heads.top
        self._doubt_after_interruptions()
        now_s = sender.now_s()
        wanting = [one for one in sender.flights.values() if one.wants_attention(self._policy, now_s, top.number)]
        if not wanting:
            return
        asked: list[Request] = [("eth_getTransactionCount", (sender.signer.address, {"blockHash": top.hash}))]
        asked += [("eth_getTransactionByHash", (tx_hash,)) for one in wanting for tx_hash in one.hashes]
        told, *found = await sender.endpoint.answers(asked)
        if "error" in told:
            return  # the node has another block by now; with that, this is looked at again
        known = {answer["result"]["hash"] for answer in found if answer.get("result")}
        count = int(told["result"], 16)
        for one in sorted(wanting, key=lambda one: one.nonce):
            one.looked_s, one.looked_block, one.in_doubt = now_s, top.number, False
            holds = not known.isdisjoint(one.hashes)
            await self._do(next_step(one, self._policy, now_s, top.number, count=count, known=holds), one, top)
        if count in sender.nonces.gaps:
            await self._fill_gap(top)

    def _doubt_after_interruptions(self) -> None:
        """A node that did not answer may have been another one's absence: it may have forgotten what waited."""
        if self._interruptions != self._sender.endpoint.interruptions:
            self._interruptions = self._sender.endpoint.interruptions
            for one in self._sender.flights.values():
                one.in_doubt = True

    async def _do(self, step: Step, one: InFlight, top: Header) -> None:
        one.is_suspect = step is Step.SUSPECT
        match step:
            case Step.SUSPECT:
                one.in_doubt = True
            case Step.REPORT_SHARED_KEY:
                await self._sender.outrun(one)
            case Step.REPORT_DROPPED:
                self._sender.free(one)
                words = f"{one.call.purpose}: given to the node {one.resends} times more, and lost every time"
                self._sender.fail(one, DroppedError(words))
            case Step.RESEND:
                said = await self._given(one, one.offers[-1])
                one.resends += said is Meaning.TAKEN
                if said.wants_more:
                    await self._replace(one, top)
            case Step.REPLACE:
                await self._replace(one, top)

    async def _fill_gap(self, top: Header) -> None:
        """The lowest gap holds up what is late: fill it with a transaction that does nothing."""
        nothing = Call(self._sender.signer.address, b"", "gap filled")
        fees = await self._sender.market.first_offer(top)
        await self._given(*await self._sender.numbered(nothing, fees, EMPTY_GAS))

    async def _replace(self, one: InFlight, top: Header) -> None:
        last = one.offers[-1]
        if fees := replacement(self._policy, last.fees, await self._sender.market.first_offer(top)):
            await self._given(one, await self._sender.signed(one, fees, last.transaction.gas_limit))

    async def _given(self, one: InFlight, offer: Offer) -> Meaning:
        """Given to the node while nobody waits for its answer: whoever waits for the receipt is told what fails."""
        try:
            return await self._sender.give(one, offer)
        except (RefusedError, SharedKeyError) as why:
            self._sender.fail(one, why)
            return Meaning.REFUSED
