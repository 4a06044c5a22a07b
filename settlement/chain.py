"""Signed transactions with their receipts, and calls; reverts as sentences.

One `Chain` per sender keeps its own nonce and adds up its gas. Fees are fixed so that transaction hashes repeat; the
client that bumps fees, follows depth and survives reorganisations comes with the settlement engine.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils.address import to_checksum_address

from custody.signers import Signer
from settlement.abi import Artifact, explain_revert
from settlement.node import ChainError, Node
from settlement.transaction import Transaction

MAX_FEE_WEI, TIP_WEI = 10**12, 1
GAS_LIMIT = 16_000_000
"""Below the cap that the Osaka upgrade sets on one transaction (2^24)."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that succeeded; `logs` as the node answers them."""

    tx_hash: str
    block: int
    gas_used: int
    contract: str
    logs: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """Calldata for a contract; `purpose` names its gas in the sums and the transaction in errors."""

    to: str
    data: bytes
    purpose: str


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
        if int(receipt["status"], 16) != 1:
            raise ChainError(f"{call.purpose}: {self._why_reverted(call.to, call.data, receipt['blockNumber'])}")
        gas = int(receipt["gasUsed"], 16)
        self.gas_used[call.purpose] += gas
        self.transactions += 1
        created = receipt.get("contractAddress")
        contract = to_checksum_address(created) if created else ""
        return Receipt(
            receipt["transactionHash"], int(receipt["blockNumber"], 16), gas, contract, tuple(receipt["logs"])
        )

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

    def _why_reverted(self, to: str, data: bytes, block: str) -> str:
        """Ask again without sending, at the same block: the receipt of a failed transaction carries no reason."""
        call = {"from": self.sender.address, "to": to or None, "data": "0x" + data.hex(), "gas": hex(GAS_LIMIT)}
        again = self.node.answer("eth_call", (call, block))
        return self._explain(again) if "error" in again else "the transaction reverted; asked again, it would not"

    def _explain(self, answer: dict[str, Any]) -> str:
        error = answer.get("error", {})
        data = error.get("data")
        if isinstance(data, str) and data.startswith("0x"):
            return explain_revert(bytes.fromhex(data[2:]), self.artifacts)
        return str(error.get("message", "the transaction failed"))
