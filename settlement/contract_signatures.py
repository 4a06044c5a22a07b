"""Signatures of contracts: the chain is asked by ERC-1271, at one block, and only the one right answer is a yes.

`isValidSignature(bytes32,bytes)` answers 0x1626ba7e, in a word of its own (https://eips.ethereum.org/EIPS/eip-1271). A
revert, another word, a short answer, no code at that address, or more gas than a wallet needs: all are a no.
"""

from collections.abc import Iterable
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from custody.signatories import Answers, Question
from settlement.node import Node

_SELECTOR = keccak(text="isValidSignature(bytes32,bytes)")[:4]
YES = _SELECTOR.ljust(32, b"\x00")
"""The magic value is the function's own selector, padded as the ABI pads bytes4."""

MOST_GAS = 1_000_000
"""What one question may cost the node. A wallet recovers one key per owner, some 6,000 gas each with all around it."""

_FAILED = ("revert", "evm error", "out of gas", "invalid opcode", "invalid jump", "stack underflow", "stack limit")
"""How anvil and geth say that the contract failed, and not that they could not run it; there is no common code."""


def ask(node: Node, questions: Iterable[Question], block: int) -> Answers:
    """What contracts say to these questions at one block, as `approvals.decide` takes it.

    A question that the node would not run, such as for a block that it does not have, is left out: it could not be
    asked. Raises ChainError where the node does not answer at all.
    """
    answers: dict[Question, bool] = {}
    for question in questions:
        said = _said(node, question, block)
        if said is not None:
            answers[question] = said
    return answers


def _said(node: Node, question: Question, block: int) -> bool | None:
    call = {"to": question.contract, "data": f"0x{_calldata(question).hex()}", "gas": hex(MOST_GAS)}
    answer = node.answer("eth_call", (call, hex(block)))
    if "error" in answer:
        return False if _contract_failed(answer["error"]) else None
    return _returned(answer["result"])[:32] == YES


def _calldata(question: Question) -> bytes:
    return _SELECTOR + encode(("bytes32", "bytes"), (question.digest, question.signature))


def _returned(result: Any) -> bytes:
    """What a call returned; nothing where the node's answer is no hex."""
    try:
        return bytes.fromhex(str(result).removeprefix("0x"))
    except ValueError:
        return b""


def _contract_failed(error: dict[str, Any]) -> bool:
    said = str(error.get("message", "")).lower()
    return error.get("code") == 3 or any(word in said for word in _FAILED)
