"""Everything read of a chain for one reconciliation is read at one block, by its hash: no two answers of two moments.

A node that has thrown the block away meanwhile answers with an error, never with another block's state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from settlement.abi import Artifact
from settlement.node import ChainError, Node
from settlement.receipts import sentence_of


@dataclass(frozen=True, slots=True)
class Block:
    """Its number, hash (0x and 64 digits) and time (UTC seconds)."""

    number: int
    hash: str
    at_s: int


@dataclass(frozen=True, slots=True)
class AtBlock:
    """A node's state behind one block."""

    node: Node
    block: Block

    @classmethod
    def of(cls, node: Node, number: int | None = None) -> Self:
        """The block of this number, the latest without one. Raises ChainError where there is none."""
        asked = "latest" if number is None else hex(number)
        told = node.rpc("eth_getBlockByNumber", asked, False)
        if told is None:
            raise ChainError(f"{node.name} has no block {asked}")
        return cls(node, Block(int(told["number"], 16), told["hash"], int(told["timestamp"], 16)))

    @property
    def up_to(self) -> str:
        """The block as logs are asked for up to it; whoever does calls `require_kept` behind all of them."""
        return hex(self.block.number)

    def read(self, artifact: Artifact, to: str, function: str, *arguments: object) -> Any:
        """The result of a view function. Raises ChainError with the contract's reason."""
        call = {"to": to, "data": "0x" + artifact.call(function, *arguments).hex()}
        answer = self.node.answer("eth_call", (call, self._tag()))
        if "error" in answer:
            raise ChainError(f"{artifact.name}.{function}: {sentence_of(answer['error'], (artifact,))}")
        return artifact.result(function, bytes.fromhex(answer["result"][2:]))

    def code(self, address: str) -> bytes:
        """The code that stands at an address."""
        return bytes.fromhex(self.node.rpc("eth_getCode", address, self._tag())[2:])

    def logs(self, address: str, topics: Sequence[object]) -> list[dict[str, Any]]:
        """A contract's events from the first block up to this one, in order."""
        asked = {"address": address, "topics": list(topics), "fromBlock": "0x0", "toBlock": self.up_to}
        return list(self.node.rpc("eth_getLogs", asked))

    def require_kept(self) -> None:
        """Raises ChainError if the chain has another block in this one's place by now."""
        told = self.node.rpc("eth_getBlockByNumber", self.up_to, False)
        if told is None or told["hash"] != self.block.hash:
            raise ChainError(f"block {self.block.number} was replaced while it was read; reconcile again")

    def _tag(self) -> dict[str, object]:
        return {"blockHash": self.block.hash, "requireCanonical": True}
