"""The mirror's whole history, read back from a node by somebody who trusts nobody: events, calldata, nothing stored.

Events say which transactions carried batches and what each digest was; the batches themselves are those transactions'
calldata, and are taken only if they hash to their digests.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak

from settlement.batch import MirrorBatch
from settlement.node import Node
from settlement.replica import Replica

MIRROR_ARGUMENTS = ("(uint64,bytes32,uint64)", "bytes", "bytes")
MIRROR = keccak(text=f"mirror({','.join(MIRROR_ARGUMENTS)})")[:4]
BATCH_MIRRORED = "0x" + keccak(text="BatchMirrored(uint64,bytes32,uint64,uint256)").hex()
INSTRUMENT_LISTED = "0x" + keccak(text="InstrumentListed(uint32,address,uint96,uint128)").hex()


class RebuildError(Exception):
    """The node's events and transactions do not tell one history; the text says where."""


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument as the chain lists it. `lot_size_e18` in coins."""

    asset: str
    sub_id: int
    lot_size_e18: int


def listings(node: Node, book: str, up_to: str = "latest") -> dict[int, Listing]:
    """Every instrument of a book by its number; `up_to` a block, as a node is told one."""
    found = {}
    for log in _logs(node, book, INSTRUMENT_LISTED, up_to):
        sub_id, lot_size_e18 = decode(("uint96", "uint128"), _bytes(log["data"]))
        found[int(log["topics"][1], 16)] = Listing("0x" + log["topics"][2][-40:], sub_id, lot_size_e18)
    return found


def batches(node: Node, book: str, up_to: str = "latest") -> Iterator[MirrorBatch]:
    """Every batch of a book in order, each equal to its digest. Raises RebuildError."""
    for log in _logs(node, book, BATCH_MIRRORED, up_to):
        digest, _, _ = decode(("bytes32", "uint64", "uint256"), _bytes(log["data"]))
        batch = _batch(node, book, log["transactionHash"])
        if batch.digest() != digest:
            raise RebuildError(f"{log['transactionHash']} does not hash to the digest of its event, {digest.hex()}")
        yield batch


def rebuilt(node: Node, book: str, up_to: str = "latest") -> Replica:
    """Positions, cash and marks after the last batch, nothing of them settled. Raises RebuildError, ReplicaError."""
    replica = Replica({number: listing.lot_size_e18 for number, listing in listings(node, book, up_to).items()})
    for batch in batches(node, book, up_to):
        replica.apply(batch)
    return replica


def _batch(node: Node, book: str, tx_hash: str) -> MirrorBatch:
    transaction = node.rpc("eth_getTransactionByHash", tx_hash)
    if transaction is None:
        raise RebuildError(f"{tx_hash} is in an event, and the node does not have it")
    data = _bytes(transaction["input"])
    if (transaction["to"] or "").lower() != book.lower() or data[:4] != MIRROR:
        raise RebuildError(f"{tx_hash} mirrored a batch through another contract: it is not in its calldata")
    try:
        (sequence, previous, as_of_s), marks, runs = decode(MIRROR_ARGUMENTS, data[4:])
    except DecodingError as why:
        raise RebuildError(f"{tx_hash} has calldata that nobody could have mirrored: {why}") from why
    return MirrorBatch(sequence, previous, as_of_s, marks, runs)


def _logs(node: Node, book: str, topic: str, up_to: str) -> list[dict[str, str]]:
    wanted = {"address": book, "topics": [topic], "fromBlock": "0x0", "toBlock": up_to}
    return list(node.rpc("eth_getLogs", wanted))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
