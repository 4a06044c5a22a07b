"""A ledger, the real contracts on a real node, and the file that says where everything stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from custody.accounts import Account, Chart
from custody.books import Books
from custody.database import Database
from custody.money import Asset
from custody.shapes import plain
from custody.transfers import Kind, Reason, Transfer
from settlement.batch import GENESIS, Change, Mark, MirrorBatch
from settlement.contracts import POSITIONS, Contracts
from settlement.keys import signer_of
from settlement.node import Node
from settlement.reconciling.at_block import AtBlock
from settlement.reconciling.breaks import Outcome
from settlement.reconciling.comparing import compare
from settlement.reconciling.in_books import in_books
from settlement.reconciling.positions import NOTHING, Beside
from settlement.reconciling.whereabouts import CompartmentAt, ContractAt, TokenAt, Whereabouts, WrapperAt
from tests.settlement.sole_minter import PLENTY

USDC = Asset("USDC", 6, 6)
USD = 10**6
CHART = Chart("USDC")
PARTIES = ("hedger", "maker")
START_UNITS = 100
HARBOUR = signer_of("venue/harbour")
LISTED = 1
LOT_E18 = 10**15


@dataclass
class Ground:
    """Everything that is compared."""

    contracts: Contracts
    database: Database
    wrappers: tuple[WrapperAt, ...] = ()
    holders: dict[str, str] = field(
        default_factory=lambda: {one: signer_of(f"client/{one}").address for one in PARTIES}
    )

    @property
    def node(self) -> Node:
        return self.contracts.chain.node

    @property
    def books(self) -> Books:
        return Books(self.database)

    @property
    def where(self) -> Whereabouts:
        contracts = self.contracts
        names = {
            "CollateralVault": contracts.vault, "PositionBook": contracts.positions, "MarkFeed": contracts.marks,
            "AttestedMinter": contracts.minter, "SettlementBook": contracts.settlement,
        }  # fmt: skip
        token = TokenAt("USDC", 6, 6, contracts.tokens["USDC"], USD)
        compartments = [CompartmentAt(account(one).id, holder, HARBOUR.address) for one, holder in self.holders.items()]
        return Whereabouts(
            self.node.name, self.node.chain_id, contracts.vault, contracts.positions,
            tuple(ContractAt(*one) for one in names.items()), (token,), tuple(compartments), self.wrappers,
        )  # fmt: skip

    def outcome(self, beside: Beside = NOTHING) -> Outcome:
        with self.database.snapshot() as reader:
            return compare(AtBlock.of(self.node), in_books(reader, self.books), self.where, beside)

    def post(self, name: str, debit: Account, credit: Account, units: int, kind: Kind = Kind.POSTED) -> None:
        (answer,) = self.books.post([Transfer(name, debit.id, credit.id, units, Reason.DEPOSIT, kind)], 1)
        assert answer.ok, answer

    def mirror(self, changes: Mapping[tuple[int, str], Change]) -> None:
        """The next batch of positions."""
        sequence, digest = self.contracts.head()
        marks = {LISTED: Mark(90_000 * USD)}
        batch = MirrorBatch.of(sequence + 1, digest or GENESIS, self.node.block_time(), marks, changes)
        call = self.contracts.mirroring(batch)
        self.contracts.chain.send(call.to, call.data, call.purpose)

    def written(self, folder: Path, rpc_url: str) -> Path:
        """The file, for a node at a URL."""
        file = folder / "chain.json"
        file.write_text(json.dumps({**plain(self.where), "rpc_url": rpc_url}))
        return file


def slot_read_by(ground: Ground, to: str, call: bytes) -> str:
    """The one slot of storage, holding something, that a view function reads of a contract, as the node tells."""
    asked = {"to": to, "data": "0x" + call.hex()}
    listed = ground.node.rpc("eth_createAccessList", asked, "latest")["accessList"]
    (keys,) = [one["storageKeys"] for one in listed if one["address"].lower() == to.lower()]
    (slot,) = [key for key in keys if int(ground.node.rpc("eth_getStorageAt", to, key, "latest"), 16)]
    return str(slot)


def add_to_slot(ground: Ground, to: str, call: bytes, added: int) -> None:
    """Change what a view function reads behind everybody's back, which only a node of one's own allows."""
    slot = slot_read_by(ground, to, call)
    value = int(ground.node.rpc("eth_getStorageAt", to, slot, "latest"), 16) + added
    ground.node.rpc("anvil_setStorageAt", to, slot, "0x" + value.to_bytes(32).hex())
    ground.node.rpc("evm_mine")


def _address_of(party: str) -> str:
    return signer_of(f"client/{party}").address


def account(party: str) -> Account:
    return CHART.delegated(party, "harbour")


def ground_on(contracts: Contracts, database: Database) -> Ground:
    """Two clients with the same in their books and compartments, long and short of one another."""
    ground = Ground(contracts, database)
    ground.books.open_accounts([CHART.vault(), CHART.suspense(), *map(account, PARTIES)])
    for party, holder in ground.holders.items():
        ground.post(f"start/{party}", CHART.vault(), account(party), START_UNITS)
        contracts.credit(USDC, holder, HARBOUR.address, START_UNITS, PLENTY)
    listing = POSITIONS.call("listInstrument", "0x" + "11" * 20, 0, LOT_E18)
    contracts.chain.send(contracts.positions, listing, "listing")
    long, short = ground.holders.values()
    ground.mirror({(LISTED, long.lower()): Change(10, -900 * USD), (LISTED, short.lower()): Change(-10, 900 * USD)})
    return ground
