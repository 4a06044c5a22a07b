"""Whether contracts have signed an instruction: the chain is asked once that is all that is missing, at one block.

The custodian judges first without the chain. So a node is needed by those instructions alone that a contract signed and
that nothing else stands against; and where it is away, nothing was done that would have to be taken back.
"""

from dataclasses import replace

from custody.answers import Answer
from custody.custodian import Custodian
from custody.database import Database
from custody.declined import Refusal
from custody.signatories import questions
from custody.signed import SignedInstruction
from settlement.commands.node_opening import opened_node
from settlement.contract_signatures import ask


def submitted(database: Database, custodian: Custodian, signed: SignedInstruction, rpc_url: str, now_s: int) -> Answer:
    """What the custodian answers, contracts having been asked by the node at `rpc_url`, or by none where it is "".

    Raises ChainError where the node is away or of another chain than the custodian's; then nothing is written.
    """
    answer = custodian.submit(signed, now_s)
    if not _lacks_a_contracts_word(answer):
        return answer
    with database.transaction() as tx:
        state = custodian.log.state(tx)
    chain_id = state.terms.domain.chain_id
    if not rpc_url:
        return _advised(answer, f"name a node of chain {chain_id} in --rpc-url, to have it asked")
    with opened_node(rpc_url, chain_id) as node:
        block = node.block_number()
        answers = ask(node, questions(state, signed), block)
    again = custodian.submit(signed, now_s, answers)
    if not _lacks_a_contracts_word(again):
        return again
    return _advised(again, f"the node did not ask it at block {block}; try again, or by another node")


def _lacks_a_contracts_word(answer: Answer) -> bool:
    return answer.declined is not None and answer.declined.refusal is Refusal.CONTRACT_CANNOT_BE_ASKED


def _advised(answer: Answer, advice: str) -> Answer:
    """The answer with what to do behind its reason."""
    if answer.declined is None:
        return answer
    words = f", is a contract's to confirm: {advice}"
    declined = replace(answer.declined, detail=answer.declined.detail + words)
    return replace(answer, detail=answer.detail + words, declined=declined)
