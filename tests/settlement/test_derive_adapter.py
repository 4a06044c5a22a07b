"""A cycle through sub-accounts: claims minted, wrapped, paid inside, unwrapped, burned; and a burn at the wrapper."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.database import open_database
from settlement.chain import Call, Chain
from settlement.contracts import MINTER, TOKEN, Contracts
from settlement.derive_abi import SUB_ACCOUNTS
from settlement.derive_adapter import AdapterError, DeriveVenue, Holding, pairs, positions
from settlement.keys import signer_of
from settlement.node import ChainError
from settlement.reconciling.at_block import AtBlock
from settlement.reconciling.breaks import BreakType, Source
from settlement.reconciling.whereabouts import SubAccountAt, WrapperAt
from settlement.venues.registry import Registry, Terms
from tests.settlement.derive_stand_in import compiled, opened, venue_on
from tests.settlement.reconciling.ground import (
    CHART,
    PARTIES,
    START_UNITS,
    USDC,
    Ground,
    ground_on,
)
from tests.settlement.sole_minter import PLENTY, as_the_minter

PERP, OPTIONS = "0x" + "aa" * 20, "0x" + "bb" * 20
CALL_SUB_ID = 39614083834112546398585885568
LISTED = Registry.of("derive", (
    Terms(7, "ETH-PERP", PERP, 100, 10_000),
    Terms(8, "ETH-20270625-6000-C", OPTIONS, 100, 10_000),
))  # fmt: skip


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return compiled(tmp_path_factory.mktemp("derive"))


@dataclass
class Inside:
    """Two clients with claims inside the venue, each in a sub-account of its own and in the ledger."""

    ground: Ground
    venue: DeriveVenue
    numbers: dict[str, int]

    @property
    def state(self) -> AtBlock:
        return AtBlock.of(self.ground.node)

    def sends(self, party: str, *calls: Call) -> None:
        signer, chain = signer_of(f"client/{party}"), self.ground.contracts.chain
        self.ground.node.rpc("anvil_setBalance", signer.address, hex(10**20))
        theirs = Chain(self.ground.node, signer, chain.artifacts)
        for call in calls:
            theirs.send(call.to, call.data, call.purpose)

    def balances(self) -> dict[str, int]:
        held = self.venue.backing(self.state).credited_e18
        return {party: held.get(number, 0) // 10**12 for party, number in self.numbers.items()}

    def pays(self, due_units: dict[str, int]) -> None:
        call = self.venue.payment({self.numbers[party]: units for party, units in due_units.items()})
        self.ground.contracts.chain.send(call.to, call.data, call.purpose)
        for party, units in due_units.items():
            other = CHART.suspense()
            mine = CHART.delegated(party, "derive")
            debit, credit = (other, mine) if units > 0 else (mine, other)
            self.ground.post(f"cycle/{party}", debit, credit, abs(units))


@pytest.fixture
def inside(contracts: Contracts, code: dict[str, bytes], tmp_path: Path) -> Iterator[Inside]:
    with closing(open_database(tmp_path / "ledger.sqlite")) as database:
        ground, chain = ground_on(contracts, database), contracts.chain
        token = contracts.tokens["USDC"]
        venue = venue_on(chain, code, token)
        chain.send(contracts.minter, MINTER.call("setDestinationAllowed", token, venue.wrapper, True), "opened")
        numbers = {party: opened(chain, venue, ground.holders[party]) for party in PARTIES}
        made = Inside(ground, venue, numbers)
        ground.books.open_accounts([CHART.delegated(party, "derive") for party in PARTIES])
        for party in PARTIES:
            mint = MINTER.call("mint", token, ground.holders[party], 50, contracts.supply["USDC"])
            contracts.attest(USDC, PLENTY)
            chain.send(contracts.minter, mint, "claims minted")
            contracts.supply["USDC"] += 50
            made.sends(party, *venue.deposit(numbers[party], 50))
            ground.post(f"wrapped/{party}", CHART.vault(), CHART.delegated(party, "derive"), 50)
        held = tuple(SubAccountAt(CHART.delegated(party, "derive").id, numbers[party]) for party in PARTIES)
        ground.wrappers = (WrapperAt("USDC", venue.wrapper, venue.sub_accounts, held),)
        yield made


def test_a_cycle_is_paid_inside_and_everything_agrees(inside: Inside) -> None:
    assert inside.ground.outcome().reconciled
    inside.pays({"hedger": -20, "maker": 20})
    assert inside.balances() == {"hedger": 30, "maker": 70}
    assert inside.ground.outcome().reconciled


def test_a_payment_that_one_cannot_make_is_not_made_at_all(inside: Inside) -> None:
    call = inside.venue.payment({inside.numbers["hedger"]: -51, inside.numbers["maker"]: 51})
    with pytest.raises(ChainError, match="cycle settled"):
        inside.ground.contracts.chain.send(call.to, call.data, call.purpose)
    assert inside.balances() == {"hedger": 50, "maker": 50}


def test_what_is_taken_out_can_be_burned_and_the_books_agree(inside: Inside) -> None:
    contracts, ground = inside.ground.contracts, inside.ground
    inside.sends("maker", inside.venue.withdrawal(inside.numbers["maker"], 15, contracts.minter))
    contracts.redeem(USDC, 15, bytes(32))
    ground.post("out", CHART.delegated("maker", "derive"), CHART.vault(), 15)
    assert inside.balances()["maker"] == 35
    assert ground.outcome().reconciled


def test_a_withdrawal_to_where_the_token_is_closed_is_refused(inside: Inside) -> None:
    with pytest.raises(ChainError, match="transfer destination not allowed"):
        inside.sends("maker", inside.venue.withdrawal(inside.numbers["maker"], 15, inside.ground.holders["maker"]))


def test_a_burn_at_the_wrapper_that_leaves_sub_accounts_credited_is_found(inside: Inside) -> None:
    burned = TOKEN.call("adminBurn", inside.venue.wrapper, 60)
    as_the_minter(inside.ground.contracts, "USDC", burned)
    assert inside.balances() == {"hedger": 50, "maker": 50}, "nobody inside has heard of it"
    found = {one.what: one for one in inside.ground.outcome().breaks}
    assert set(found) == {"burn at a wrapper", "backing", "token supply"}
    backing, burn = found["backing"], found["burn at a wrapper"]
    assert (backing.type, backing.owner, backing.effect_e6) == (BreakType.AMOUNT, Source.CHAIN, 60)
    assert backing.said == {Source.VENUE: 100 * 10**12, Source.CHAIN: 40 * 10**12}
    assert (burn.type, burn.effect_e6, burn.first) == (BreakType.STATUS, 60, backing.first)
    assert len(bytes.fromhex(burn.first[2:])) == 32, "the transaction that burned"


def test_a_burn_is_a_break_even_where_enough_is_left(inside: Inside) -> None:
    token, contracts = inside.ground.contracts.tokens["USDC"], inside.ground.contracts
    as_the_minter(contracts, "USDC", TOKEN.call("mint", inside.venue.wrapper, 60))
    as_the_minter(contracts, "USDC", TOKEN.call("adminBurn", inside.venue.wrapper, 60))
    assert inside.state.read(TOKEN, token, "balanceOf", inside.venue.wrapper) == 100
    assert [one.what for one in inside.ground.outcome().breaks] == ["burn at a wrapper"]


def test_a_sub_account_that_moved_without_a_cycle_is_found(inside: Inside) -> None:
    call = inside.venue.payment({inside.numbers["hedger"]: -1, inside.numbers["maker"]: 1})
    inside.ground.contracts.chain.send(call.to, call.data, call.purpose)
    found = inside.ground.outcome().breaks
    assert [(one.what, one.owner, one.effect_e6) for one in found] == [("sub-account", Source.VENUE, 1)] * 2


def test_what_stands_in_a_sub_account_that_no_file_names_counts_and_is_told(inside: Inside) -> None:
    """The named sub-accounts alone would be backed: only with the one left out is there less than is owed."""
    ground, (named, left_out) = inside.ground, inside.ground.wrappers[0].held
    ground.wrappers = (replace(ground.wrappers[0], held=(named,)),)
    as_the_minter(ground.contracts, "USDC", TOKEN.call("adminBurn", inside.venue.wrapper, 20))
    found = {one.what: one for one in ground.outcome().breaks}
    assert found["backing"].said == {Source.VENUE: 100 * 10**12, Source.CHAIN: 80 * 10**12}
    assert (found["sub-account"].type, found["sub-account"].effect_e6) == (BreakType.UNKNOWN_ACCOUNT, 50)
    assert found["sub-account"].place == f"{left_out.number} at {inside.venue.wrapper}"


# -- positions ---------------------------------------------------------------------------------------------------------


def test_positions_are_read_by_asset_and_sub_id(inside: Inside) -> None:
    long, short = inside.numbers["hedger"], inside.numbers["maker"]
    rows = [(short, long, PERP, 0, 5 * 10**16, bytes(32)), (long, short, OPTIONS, CALL_SUB_ID, 10**18, bytes(32))]
    data = SUB_ACCOUNTS.call("submitTransfers", rows, b"")
    inside.ground.contracts.chain.send(inside.venue.sub_accounts, data, "trade")
    held = inside.venue.holdings(inside.state, inside.numbers.values())
    assert positions(held, LISTED, inside.venue.wrapper) == {
        (long, 7): 5, (long, 8): -100, (short, 7): -5, (short, 8): 100,
    }  # fmt: skip


@pytest.mark.parametrize(("holding", "told"), [
    (Holding(1, PERP, 1, 10**18), "which nobody has listed"),
    (Holding(1, "0x" + "cc" * 20, 0, 10**18), "which nobody has listed"),
    (Holding(1, PERP, 0, 10**16 + 1), "are no whole lots"),
])  # fmt: skip
def test_what_is_no_position_of_ours_is_refused(holding: Holding, told: str) -> None:
    with pytest.raises(AdapterError, match=told):
        positions([holding], LISTED, "0x")
    assert positions([replace(holding, asset="0xw")], LISTED, "0xW") == {}


@settings(max_examples=60)
@given(st.lists(st.integers(-50, 50), min_size=1, max_size=8))
def test_pairs_pay_exactly_what_is_due_in_fewer_payments_than_parties(dues: list[int]) -> None:
    due = dict(enumerate([*dues, -sum(dues)]))
    paid = pairs(due)
    net = dict.fromkeys(due, 0)
    for payer, payee, units in paid:
        assert units > 0
        net[payer] -= units
        net[payee] += units
    assert net == due
    assert len(paid) < max(len(due), 1)


def test_dues_that_do_not_sum_to_zero_are_refused() -> None:
    with pytest.raises(AdapterError, match="dues sum to 1, expected 0"):
        pairs({1: -4, 2: 5})


def test_the_ground_has_what_the_tests_suppose(inside: Inside) -> None:
    """The control: real wrapped claims on the chain, and as many in the ledger."""
    assert inside.balances() == {"hedger": 50, "maker": 50}
    supply = AtBlock.of(inside.ground.node).read(TOKEN, inside.venue.token, "totalSupply")
    assert supply == 2 * (START_UNITS + 50)
