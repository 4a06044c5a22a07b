"""An instruction in words, before a key signs it: one sentence, then every field as a wallet shows it.

Whatever is hashed is shown, whole, by the names and texts that are hashed; and no character of it can move a cursor or
hide another. The sentence is ours; what counts are the fields.
"""

from collections.abc import Iterator
from typing import Any

from custody.instructions import Instruction
from custody.policies import Operation
from custody.shapes import plain
from custody.signed import SignedInstruction
from settlement.commands.printing import date, printable

SENTENCES: dict[Operation, str] = {
    Operation.DELEGATE: "{it.party} delegates {it.amount} to venue {it.venue}",
    Operation.RECALL: "{it.party} recalls {it.amount} from venue {it.venue}",
    Operation.MOVE: "{it.party} moves {it.amount} from venue {it.from_venue} to venue {it.to_venue}",
    Operation.WITHDRAW: "{it.party} withdraws {it.amount} to {it.destination}",
    Operation.ALLOW_DESTINATION: "{it.party} lets {it.asset} go to {it.destination}, once its policy's notice is over",
    Operation.REMOVE_DESTINATION: "{it.party} lets {it.asset} no longer go to {it.destination}, at once",
    Operation.CHANGE_POLICY: "{it.party} replaces its policy, once the notice of the one in force is over",
    Operation.ADD_KEY: "{it.party} lets the {it.new_key.kind} key {it.new_key.value} speak for {it.signer}, at once",
    Operation.ROTATE_KEY: "{it.party} replaces the key {it.old_key} by the {it.new_key.kind} key {it.new_key.value}",
    Operation.REVOKE_KEY: "{it.party} silences the key {it.old_key}, at once",
    Operation.ADMIT: "the custodian takes in {it.party}, with these keys and this policy",
}
"""What the custodian is told, by operation."""


def sentence(instruction: Instruction) -> str:
    """The instruction as one sentence."""
    return printable(SENTENCES[instruction.operation].format(it=instruction))


def shown(signed: SignedInstruction) -> Iterator[str]:
    """The instruction, line by line: the sentence, where it is good, its fields, the digest."""
    kind = type(signed.instruction).__name__
    yield sentence(signed.instruction)
    for line in (*_lines("domain", signed.domain.members()), *_lines(kind, plain(signed.instruction))):
        yield f"  {printable(line)}"
    yield f"  digest: 0x{signed.digest().hex()}"


def _lines(name: str, value: Any) -> Iterator[str]:
    """A field, and those inside it, each on a line of its own."""
    if isinstance(value, dict):
        yield f"{name}:"
        for inner, one in value.items():
            yield from (f"  {line}" for line in _lines(inner, one))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _lines(f"{name}[{index}]", one)
    else:
        is_time = name.endswith(("_at_s", "_from_s")) and value != "0"
        yield f"{name}: {value}{f' ({date(int(value))})' if is_time else ''}"
