"""What the vault tells of holders who leave alone and of payers who fell short: its events, read as values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from eth_abi.abi import decode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from settlement.node import Node

Log = Mapping[str, Any]
"""As a node answers it."""


class Kind(StrEnum):
    """The events that are read, by their signatures."""

    EXIT_REQUESTED = "ExitRequested(address,address,address,uint256)"
    EXIT_CANCELLED = "ExitCancelled(address,address,address)"
    COMPARTMENT_EXITED = "CompartmentExited(address,address,address,uint256)"
    FREE_WITHDRAWN = "FreeWithdrawn(address,address,uint256,address)"
    SHORTFALL_COVERED = "ShortfallCovered(address,uint64,address,address,uint256,uint256)"


_KINDS = {"0x" + keccak(text=kind).hex(): kind for kind in Kind}
SHORT = tuple(topic for topic, kind in _KINDS.items() if kind is Kind.SHORTFALL_COVERED)
LEAVING = tuple(topic for topic, kind in _KINDS.items() if kind is not Kind.SHORTFALL_COVERED)


@dataclass(frozen=True, slots=True)
class VaultEvent:
    """One event; addresses with checksums, `venue` "" where claims are at no venue any more.

    `amount`: base units of the token that left, were withdrawn, or were missing and paid by the venue's own
    compartment; of a request, the chain time from which on it may be carried out. `to`: where a withdrawal went.
    """

    kind: Kind
    holder: str
    venue: str
    token: str
    amount: int
    tx_hash: str
    index: int
    to: str = ""


def leaving_since(node: Node, vault: str, block: int) -> list[VaultEvent]:
    """Everything about leaving alone from a block's number on, in order."""
    asked = {"address": vault, "topics": [LEAVING], "fromBlock": hex(block), "toBlock": "latest"}
    return [_read(log) for log in node.rpc("eth_getLogs", asked)]


def shortfalls_in(logs: Iterable[Log], vault: str) -> list[VaultEvent]:
    """Whose part of a payment the venue's own compartment paid, from a receipt's logs."""
    found = (log for log in logs if log["address"].lower() == vault.lower())
    return [_read(log) for log in found if _KINDS.get(log["topics"][0]) is Kind.SHORTFALL_COVERED]


def _read(log: Log) -> VaultEvent:
    kind, indexed, body = _KINDS[log["topics"][0]], log["topics"][1:], bytes.fromhex(log["data"][2:])
    where = log["transactionHash"], int(log["logIndex"], 16)
    match kind:
        case Kind.FREE_WITHDRAWN:
            amount, to = decode(("uint256", "address"), body)
            return VaultEvent(kind, _address(indexed[0]), "", _address(indexed[1]), amount, *where, _address(to))
        case Kind.SHORTFALL_COVERED:
            token, owed, paid = decode(("address", "uint256", "uint256"), body)
            return VaultEvent(kind, _address(indexed[2]), _address(indexed[0]), _address(token), owed - paid, *where)
    holder, venue, token = map(_address, indexed)
    return VaultEvent(kind, holder, venue, token, int.from_bytes(body), *where)


def _address(word: str) -> str:
    return str(to_checksum_address("0x" + word[-40:]))
