"""View functions called on a node: one, or many of them after one and the same block."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from settlement.abi import Artifact
from settlement.engine.endpoint import Answer, Endpoint, Request
from settlement.engine.heads import Header
from settlement.engine.watch import header_of
from settlement.node import ChainError
from settlement.receipts import sentence_of


@dataclass(frozen=True, slots=True)
class Read:
    """A view function to be called."""

    artifact: Artifact
    to: str
    function: str
    arguments: tuple[object, ...] = ()

    def request(self, block: str) -> Request:
        """The question, after a block by its hash (an object, as EIP-1898 has it) or by a tag such as `latest`."""
        call = {"to": self.to, "data": "0x" + self.artifact.call(self.function, *self.arguments).hex()}
        return "eth_call", (call, {"blockHash": block} if block.startswith("0x") else block)


@dataclass(frozen=True, slots=True)
class ReadAt:
    """What several view functions returned, all of them after one block."""

    block: Header
    values: tuple[Any, ...]


async def read(endpoint: Endpoint, artifacts: Sequence[Artifact], one: Read, block: str) -> Any:
    """What a view function returns. Raises ChainError in the contract's or the node's words."""
    method, parameters = one.request(block)
    return _value(one, await endpoint.answer(method, *parameters), artifacts)


async def read_many(endpoint: Endpoint, artifacts: Sequence[Artifact], reads: Sequence[Read], block: str) -> ReadAt:
    """What several return after one block. Raises ChainError, also if the block is not (or no longer) the node's."""
    method = "eth_getBlockByHash" if block.startswith("0x") else "eth_getBlockByNumber"
    found = await endpoint.rpc(method, block, False)
    if found is None:
        raise ChainError(f"{endpoint.name} has no block {block}")
    at = header_of(found)
    answers = await endpoint.answers([one.request(at.hash) for one in reads])
    return ReadAt(at, tuple(_value(one, answer, artifacts) for one, answer in zip(reads, answers, strict=True)))


def _value(one: Read, answer: Answer, artifacts: Sequence[Artifact]) -> Any:
    if "error" in answer:
        raise ChainError(f"{one.artifact.name}.{one.function}: {sentence_of(answer['error'], artifacts)}")
    if answer["result"] == "0x":  # what a call to an address without code returns: no view function returns nothing
        raise ChainError(f"{one.artifact.name}.{one.function}: there is no code at {one.to}")
    return one.artifact.result(one.function, bytes.fromhex(answer["result"][2:]))
