"""What is asked of a chain and what it answers: calls, receipts, and a node's refusals as sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from settlement.abi import Artifact, explain_revert


@dataclass(frozen=True, slots=True)
class Call:
    """Calldata for a contract; `purpose` names its gas in the sums and the transaction in errors."""

    to: str
    data: bytes
    purpose: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that succeeded; `logs` as the node answers them. `block_hash` says on which history."""

    tx_hash: str
    block: int
    gas_used: int
    contract: str
    logs: tuple[Mapping[str, Any], ...] = ()
    block_hash: str = ""


def succeeded(answer: Mapping[str, Any]) -> bool:
    """Whether a receipt, as a node gives it, is that of a transaction that did not revert."""
    return int(answer["status"], 16) == 1


def receipt_of(answer: Mapping[str, Any]) -> Receipt:
    """A receipt, as a node gives it, with its numbers read."""
    created = answer.get("contractAddress")
    return Receipt(
        answer["transactionHash"],
        int(answer["blockNumber"], 16),
        int(answer["gasUsed"], 16),
        to_checksum_address(created) if created else "",
        tuple(answer["logs"]),
        answer["blockHash"],
    )


def asked_of(sender: str, call: Call, gas_limit: int) -> dict[str, Any]:
    """The call as eth_call and eth_estimateGas take it; a creation where `to` is empty. No limit if that is 0."""
    limit = {"gas": hex(gas_limit)} if gas_limit else {}
    return {"from": sender, "to": call.to or None, "data": "0x" + call.data.hex(), **limit}


def sentence_of(error: Mapping[str, Any], artifacts: Sequence[Artifact]) -> str:
    """A node's error as a sentence: the contract's own where it carries one, else the node's words."""
    revert = error.get("data")
    if isinstance(revert, str) and revert.startswith("0x"):
        return explain_revert(bytes.fromhex(revert[2:]), artifacts)
    return str(error.get("message", "the transaction failed"))
