"""The way to a node: requests, signed transactions with their receipts, calls; errors as sentences.

One `Chain` per sender keeps its own nonce and adds up its gas. Fees are fixed so that transaction hashes repeat; the
client that bumps fees, follows depth and survives reorganisations comes with the settlement engine.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address

from custody.signers import LocalSigner
from settlement.abi import Artifact, explain_revert
from settlement.devnet import Anvil

if TYPE_CHECKING:
    from web3.providers.base import JSONBaseProvider

MAX_FEE_WEI, TIP_WEI = 10**12, 1
GAS_LIMIT = 16_000_000
"""Below the cap that the Osaka upgrade sets on one transaction (2^24)."""
TIMEOUT_S = 20
DYING_S = 0.5


class ChainError(Exception):
    """The node did not answer, answered wrongly, or a transaction reverted; the text names what and why."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that succeeded."""

    tx_hash: str
    block: int
    gas_used: int
    contract: str


class Node:
    """One connection to a node, by IPC to an anvil of our own or by URL to somebody's."""

    def __init__(
        self, provider: "JSONBaseProvider", name: str, close: Callable[[], None], anvil: Anvil | None = None
    ) -> None:
        self._provider, self.name, self.close, self._anvil = provider, name, close, anvil
        self._wanted_s = 0
        try:
            self.chain_id = self._checked_chain_id()
        except ChainError:
            self.close()
            raise

    @classmethod
    def of_anvil(cls, anvil: Anvil) -> Self:
        from web3 import IPCProvider

        provider = IPCProvider(anvil.ipc_path, timeout=TIMEOUT_S)

        def close() -> None:
            # The provider keeps its socket for good and offers no way to let go of it.
            held = getattr(provider._socket, "sock", None)
            if held is not None:
                held.close()

        node = cls(provider, "anvil", close, anvil)
        # Left alone, anvil adds the wall clock's seconds between two blocks: a slow run would have other hashes.
        node.rpc("anvil_setBlockTimestampInterval", 1)
        return node

    @classmethod
    def at_url(cls, url: str) -> Self:
        from requests import Session
        from web3 import HTTPProvider

        session = Session()
        provider = HTTPProvider(
            url, request_kwargs={"timeout": TIMEOUT_S}, session=session, exception_retry_configuration=None
        )
        return cls(provider, url, session.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def rpc(self, method: str, *params: object) -> Any:
        """The result of one request. Raises ChainError with the node's words, or that it is gone."""
        answer = self.answer(method, params)
        if "error" in answer:
            raise ChainError(f"{self.name} refused {method}: {answer['error'].get('message', answer['error'])}")
        return answer["result"]

    def answer(self, method: str, params: Sequence[object]) -> dict[str, Any]:
        """The whole JSON-RPC answer, an error of the node's included; ChainError only when there is none."""
        from web3._utils.threads import Timeout
        from web3.types import RPCEndpoint

        self._require_running()
        try:
            answer = self._provider.make_request(RPCEndpoint(method), params)
        except (OSError, Timeout, json.JSONDecodeError, UnicodeDecodeError) as why:
            # A node that was just killed breaks the connection a moment before it can be asked how it ended.
            self._require_running(DYING_S)
            raise ChainError(f"no JSON-RPC answer from {self.name} to {method}: {type(why).__name__} {why}") from why
        told: dict[str, Any] = dict(answer) if isinstance(answer, dict) else {}
        if told.get("error") is None:
            # The first JSON-RPC gave both, one of them null; many servers still do.
            told.pop("error", None)
        if not (isinstance(told["error"], dict) if "error" in told else "result" in told):
            raise ChainError(f"{self.name} answers {method}, but not in JSON-RPC: {str(answer)[:120]}")
        return told

    def _require_running(self, patience_s: float = 0) -> None:
        if self._anvil is not None and not self._anvil.is_running(patience_s):
            raise ChainError(f"the node stopped by itself: {self._anvil.last_words()}")

    def _checked_chain_id(self) -> int:
        answer = self.rpc("eth_chainId")
        try:
            return int(answer, 16)
        except (TypeError, ValueError):
            raise ChainError(f"{self.name} gives {answer!r} as its chain id: is this an Ethereum node?") from None

    def client(self) -> str:
        return str(self.rpc("web3_clientVersion"))

    def block_number(self) -> int:
        return int(self.rpc("eth_blockNumber"), 16)

    def block_time(self) -> int:
        """The latest block's time, UTC seconds."""
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def move_to(self, at_s: int) -> None:
        """Let the next block carry this time (UTC seconds), and later ones a second more each; anvil only."""
        self._wanted_s = at_s

    def apply_time(self) -> None:
        """Tell the node before a block is made; most moments of a day make none."""
        if self._wanted_s:
            self.rpc("evm_setNextBlockTimestamp", self._wanted_s)
            self._wanted_s = 0


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
    sender: LocalSigner
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
        return Receipt(receipt["transactionHash"], int(receipt["blockNumber"], 16), gas, contract)

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
        finally:
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
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": self.node.chain_id,
            "nonce": self._nonce,
            "to": to,
            "value": 0,
            "gas": GAS_LIMIT,
            "maxFeePerGas": MAX_FEE_WEI,
            "maxPriorityFeePerGas": TIP_WEI,
            "data": "0x" + data.hex(),
        }
        v, r, s = self.sender.sign_transaction_hash(bytes(TypedTransaction.from_dict(fields).hash()))
        return "0x" + bytes(TypedTransaction.from_dict({**fields, "v": v, "r": r, "s": s}).encode()).hex()

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
