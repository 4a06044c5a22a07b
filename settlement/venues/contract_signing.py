"""Contracts that sign actions, asked on a real chain at one block (ERC-1271)."""

from custody.signatories import Question
from settlement.contract_signatures import ask
from settlement.node import Node
from settlement.venues.derive_verification import ContractSigns


class UnaskedError(Exception):
    """The node would not run the question, so whether the contract has signed is not known."""


def asked_on_chain(node: Node, block: int) -> ContractSigns:
    """For a `Verifier`: what contracts answer at this block. It raises UnaskedError where they could not be asked, and
    ChainError where the node does not answer: neither is a no.
    """

    def signs(address: str, digest: bytes, signature: bytes) -> bool:
        question = Question(address, digest, signature)
        answer = ask(node, [question], block).get(question)
        if answer is None:
            raise UnaskedError(f"{address} could not be asked at block {block}")
        return answer

    return signs
