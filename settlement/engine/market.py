"""What a transaction costs now, as the node tells it: fees once a block, gas by running the call."""

from collections.abc import Sequence

from settlement.abi import Artifact
from settlement.engine.chain_errors import RefusedError, RevertedError
from settlement.engine.endpoint import Endpoint
from settlement.engine.fees import FeePolicy, Fees, first_offer, with_margin
from settlement.engine.heads import Header
from settlement.receipts import Call, asked_of, sentence_of

HISTORY_BLOCKS = 10
"""Of how many blocks the tips are looked at before one is offered."""


class Market:
    """Asks one node under one policy."""

    def __init__(self, endpoint: Endpoint, policy: FeePolicy, artifacts: Sequence[Artifact]) -> None:
        self._endpoint, self._policy, self._artifacts = endpoint, policy, artifacts
        self._asked_at, self._offer = "", Fees(0, 0)

    async def first_offer(self, top: Header) -> Fees:
        """What to offer for a transaction that follows on this block."""
        if self._policy.always is not None:
            return self._policy.always
        if self._asked_at != top.hash:
            told = await self._endpoint.rpc("eth_feeHistory", hex(HISTORY_BLOCKS), "latest", [50])
            base_fees = [int(fee, 16) for fee in told["baseFeePerGas"]]
            tips = [int(tip, 16) for of_block in told.get("reward") or () for tip in of_block]
            self._asked_at, self._offer = top.hash, first_offer(self._policy, base_fees, tips)
        return self._offer

    async def gas(self, sender: str, call: Call, top: Header) -> int:
        """Gas for a call after all that waits, with the policy's margin.

        Raises RevertedError in the contract's words, RefusedError in the node's.
        """
        answer = await self._endpoint.answer("eth_estimateGas", asked_of(sender, call, 0), "pending")
        if error := answer.get("error"):
            kind = RevertedError if "revert" in str(error.get("message", "")) or error.get("data") else RefusedError
            raise kind(f"{call.purpose}: {sentence_of(error, self._artifacts)}")
        return with_margin(self._policy, int(answer["result"], 16), top.gas_limit)
