"""What the venues see: the claims in many compartments, asked in one request and therefore read at one block.

`eth_simulateV1` runs a list of calls on top of a block, of which nothing stays. Asked one by one the calls cost about
fourteen times as much, and a block could come in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from custody.money import Asset
from settlement.contracts import VAULT, Contracts
from settlement.node import ChainError

WORD = len("0x") + 64
"""The length of one word in hex, which is what a balance is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A compartment on chain in one asset; `holder` and `venue` are addresses."""

    holder: str
    venue: str
    asset: Asset


def claims_in(contracts: Contracts, places: Sequence[Place]) -> list[int]:
    """The ledger units in each compartment at the latest block, in the order asked.

    ChainError where the node cannot run calls together, or a call fails; MoneyError for a balance that is no whole
    number of ledger units.
    """
    if not places:
        return []
    calls = [_question(contracts.vault, place.holder, place.venue, contracts.tokens[place.asset.symbol])
             for place in places]  # fmt: skip
    (block,) = contracts.chain.node.rpc("eth_simulateV1", {"blockStateCalls": [{"calls": calls}]}, "latest")
    return [_units(place.asset, answer) for place, answer in zip(places, block["calls"], strict=True)]


@cache
def _question(vault: str, holder: str, venue: str, token: str) -> dict[str, str]:
    """The call; it is the same at every settlement, and its encoding would cost more than the answer."""
    return {"to": vault, "data": "0x" + VAULT.call("balanceOf", holder, venue, token).hex()}


def _units(asset: Asset, answer: dict[str, str]) -> int:
    word = answer["returnData"]
    if answer["status"] != "0x1" or len(word) != WORD:
        raise ChainError(f"balanceOf of a compartment in {asset.symbol}: the call failed, or no vault answered it")
    return asset.from_chain(int(word, 16))
