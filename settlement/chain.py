"""Signed transactions with their receipts, and calls; reverts as sentences.

One `Chain` per sender keeps its own nonce and adds up its gas. This is the deterministic face: one thing at a time,
fees fixed, so that transaction hashes repeat. `settlement.engine.chain_client` sends the same transactions and reads
the same receipts for whoever must live with lost answers, rising fees and reorganisations.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from custody.signers import Signer
from settlement.abi import Artifact
from settlement.node import ChainError, Node
from settlement.receipts import Call, Receipt, asked_of, receipt_of, sentence_of, succeeded
from settlement.transaction import Transaction

__all__ = ["Call", "Chain", "Receipt"]

MAX_FEE_WEI, TIP_WEI = 10**12, 1
GAS_LIMIT = 16_000_000
"""Below the cap that the Osaka upgrade sets on one transaction (2^24)."""


@dataclass(slots=True)
class Chain:
    """One sender on one node. `artifacts` are the contracts whose errors it can explain."""

    node: Node
    sender: Signer
    artifacts: Sequence[Artifact]
    gas_used: Counter[str] = field(default_factory=Counter)
    transactions: int = 0
    _nonce: int = -1

    def send(self, to: str, data: bytes, purpose: str) -> Receipt:
        """Sign, send, wait for the receipt. `purpose` names the gas in the sums. Raises ChainError on a revert."""
        self._know_nonce()
        self.node.apply_time()
        raw = self._signed(to, data)
        answer = self.node.answer("eth_sendRawTransactionSync", (raw,))
        if "error" in answer:
            raise ChainError(f"{purpose}: {self._explain(answer)}")
        self._nonce += 1
        return self._noted(Call(to, data, purpose), answer["result"])

    def _know_nonce(self) -> None:
        if self._nonce < 0:
            self._nonce = int(self.node.rpc("eth_getTransactionCount", self.sender.address, "latest"), 16)

    def _noted(self, call: Call, receipt: dict[str, Any]) -> Receipt:
        """A receipt taken into the sums; ChainError with the reason if it says that the transaction reverted."""
        if not succeeded(receipt):
            raise ChainError(f"{call.purpose}: {self._why_reverted(call, receipt['blockNumber'])}")
        noted = receipt_of(receipt)
        self.gas_used[call.purpose] += noted.gas_used
        self.transactions += 1
        return noted

    def send_together(self, calls: Sequence[Call]) -> list[Receipt]:
        """Send several, in order, into one block: a block costs anvil more than what is in it. Receipts in order.

        What does not fit into one block goes into the next. Raises ChainError for the first that reverted; those behind
        it have happened.
        """
        if len(calls) == 1:
            return [self.send(calls[0].to, calls[0].data, calls[0].purpose)]
        self._know_nonce()
        self.node.rpc("evm_setAutomine", False)
        try:
            sent = []
            for call in calls:
                sent.append(self.node.rpc("eth_sendRawTransaction", self._signed(call.to, call.data)))
                self._nonce += 1
            self.node.apply_time()
            receipts = [self._mined(name) for name in sent]
        except Exception:
            # Not for an interrupt: it may have come between a question and its answer, which would then be read here.
            self.node.rpc("evm_setAutomine", True)
            raise
        self.node.rpc("evm_setAutomine", True)
        return [self._noted(call, receipt) for call, receipt in zip(calls, receipts, strict=True)]

    def _mined(self, tx_hash: str) -> dict[str, Any]:
        """A receipt, after a block more if the transaction is in none yet: of a full block it is the first left out."""
        for mine in (False, True):
            if mine:
                self.node.rpc("evm_mine")
            if receipt := self.node.rpc("eth_getTransactionReceipt", tx_hash):
                return dict(receipt)
        raise ChainError(f"{self.node.name} has put {tx_hash} into no block")

    def read(self, artifact: Artifact, to: str, function: str, *arguments: object) -> Any:
        """The result of a view function at the latest block."""
        call = {"to": to, "data": "0x" + artifact.call(function, *arguments).hex()}
        answer = self.node.answer("eth_call", (call, "latest"))
        if "error" in answer:
            raise ChainError(f"{artifact.name}.{function}: {self._explain(answer)}")
        return artifact.result(function, bytes.fromhex(answer["result"][2:]))

    def _signed(self, to: str, data: bytes) -> str:
        made = Transaction(self.node.chain_id, self._nonce, TIP_WEI, MAX_FEE_WEI, GAS_LIMIT, to, data)
        return "0x" + made.signed(self.sender.sign_digest(made.digest())).hex()

    def _why_reverted(self, call: Call, block: str) -> str:
        """Ask again without sending, at the same block: the receipt of a failed transaction carries no reason."""
        again = self.node.answer("eth_call", (asked_of(self.sender.address, call, GAS_LIMIT), block))
        return self._explain(again) if "error" in again else "the transaction reverted; asked again, it would not"

    def _explain(self, answer: dict[str, Any]) -> str:
        return sentence_of(answer["error"], self.artifacts)
