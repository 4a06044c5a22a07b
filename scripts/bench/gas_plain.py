"""What storing alone costs: a contract that writes every pair of words it is sent, a slot and its value, unchecked."""

from scripts.bench.gas_measure import GasMeasured, marginal
from settlement.contracts import Contracts
from settlement.node import Node

COUNT = 32
CODE = bytes.fromhex("5f5b368110156017578060200135813555604001600156" + "5b00")
"""From the first word on, two at a time, until the calldata ends: sstore(word, next word)."""
CREATION = bytes.fromhex(f"60{len(CODE):02x}600a5f3960{len(CODE):02x}5ff3") + CODE
VALUE = int.from_bytes(b"\x10\x4c\x53\x5c\x40\x0f\x42\x40\x69\x84\x5d\x0a", "big")
"""As many bytes as a price, a confidence and a time have."""


def measure(node: Node, contracts: Contracts) -> list[GasMeasured]:
    """New slots and changed ones."""
    chain = contracts.chain
    place = chain.send("", CREATION, "deployment").contract

    def store(count: int, value: int) -> int:
        words = b"".join(slot.to_bytes(32, "big") + value.to_bytes(32, "big") for slot in range(count))
        return chain.send(place, words, "stored").gas_used

    empty = store(0, 0)
    new, update = store(COUNT, VALUE), store(COUNT, VALUE + 1)
    note = f"a slot each, stored without any check, marginal in {COUNT}"
    return [
        GasMeasured("plain_new", marginal(new, empty, COUNT), f"{note}: new"),
        GasMeasured("plain_update", marginal(update, empty, COUNT), f"{note}: an update"),
    ]
