"""A deployment asked through its one door: claims minted, released and settled, each with what the caller believes."""

from dataclasses import replace

import pytest

from custody.money import Asset, MoneyError
from custody.signers import LocalSigner
from settlement.batch import GENESIS
from settlement.chain_cycle import ChainCycle, legs_of
from settlement.contracts import TOKEN, Contracts
from settlement.keys import holder_of, role_of, signer_of
from settlement.mirror import FUND, HOUSE
from settlement.node import ChainError, Node
from settlement.postings import OMNIBUS
from tests.settlement.sole_minter import PLENTY, as_the_minter

USDC, ETH = Asset("USDC", 6, 6), Asset("ETH", 9, 18)
FAR_S = 1_900_000_000
HARBOUR, QUAY = signer_of("venue/harbour"), signer_of("venue/quay")
CUSTODIAN = signer_of("custodian")
HEDGER, MAKER = signer_of("client/hedger"), signer_of("client/maker")


def chain_now_s(node: Node) -> int:
    return int(node.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


def cycle_of(contracts: Contracts, *rows: tuple[str, str, int]) -> ChainCycle:
    return ChainCycle(HARBOUR.address, 1, GENESIS, chain_now_s(contracts.chain.node), GENESIS, legs_of(rows))


def propose(
    contracts: Contracts, cycle: ChainCycle, venue: LocalSigner = HARBOUR, custodian: LocalSigner = CUSTODIAN
) -> None:
    digest = cycle.digest(contracts.settlement_domain)
    contracts.chain.send_together([contracts.proposal(cycle, digest, venue, custodian)])


def finalize(contracts: Contracts, cycle: ChainCycle) -> None:
    contracts.chain.send_together([contracts.finality(cycle)])


def compartments(contracts: Contracts) -> dict[tuple[str, str], int]:
    holders, venues = {"hedger": HEDGER, "maker": MAKER}, {"harbour": HARBOUR, "quay": QUAY}
    return {
        (who, where): contracts.compartment(USDC, holder.address, venue.address)
        for who, holder in holders.items()
        for where, venue in venues.items()
    }


def test_a_credit_mints_into_one_compartment_and_no_other(contracts: Contracts) -> None:
    contracts.credit(USDC, HEDGER.address, HARBOUR.address, 70, PLENTY)
    contracts.credit(USDC, MAKER.address, HARBOUR.address, 5, PLENTY)
    assert compartments(contracts) == {
        ("hedger", "harbour"): 70, ("hedger", "quay"): 0, ("maker", "harbour"): 5, ("maker", "quay"): 0,
    }  # fmt: skip
    assert contracts.total_supply(USDC) == 75
    assert contracts.total_supply(ETH) == 0


def test_ledger_units_become_chain_units_and_come_back(contracts: Contracts) -> None:
    contracts.credit(ETH, HEDGER.address, HARBOUR.address, 3, PLENTY)
    token = contracts.tokens["ETH"]
    assert contracts.chain.read(TOKEN, token, "totalSupply") == 3 * 10**9
    assert contracts.compartment(ETH, HEDGER.address, HARBOUR.address) == contracts.total_supply(ETH) == 3
    as_the_minter(contracts, "ETH", TOKEN.call("mint", MAKER.address, 1))
    with pytest.raises(MoneyError, match="leave 1 below one ledger unit"):
        contracts.total_supply(ETH)


def test_a_release_needs_its_holder_and_burns_what_left(contracts: Contracts) -> None:
    contracts.credit(USDC, HEDGER.address, HARBOUR.address, 70, PLENTY)
    contracts.release(USDC, HEDGER, HARBOUR.address, 30, FAR_S)
    contracts.release(USDC, HEDGER, HARBOUR.address, 10, FAR_S)
    assert compartments(contracts)["hedger", "harbour"] == contracts.total_supply(USDC) == 30
    told = r"exceeds compartment \(holder 0x\w+, venue 0x\w+, token 0x\w+, balance 30, amount 31\)"
    with pytest.raises(ChainError, match=told):
        contracts.release(USDC, HEDGER, HARBOUR.address, 31, FAR_S)
    contracts.release(USDC, HEDGER, HARBOUR.address, 30, FAR_S)  # a refused one has used up no nonce
    assert contracts.total_supply(USDC) == contracts.supply["USDC"] == 0


def test_a_release_after_its_deadline_is_refused_with_both_times(contracts: Contracts) -> None:
    contracts.credit(USDC, HEDGER.address, HARBOUR.address, 70, PLENTY)
    now_s = chain_now_s(contracts.chain.node)
    with pytest.raises(ChainError, match=rf"signature expired \(deadline {now_s - 1}, timestamp \d+\)"):
        contracts.release(USDC, HEDGER, HARBOUR.address, 1, now_s - 1)


def test_supply_that_changed_behind_our_back_stops_the_next_mint_and_burn(contracts: Contracts) -> None:
    contracts.credit(USDC, HEDGER.address, HARBOUR.address, 70, PLENTY)
    as_the_minter(contracts, "USDC", TOKEN.call("mint", MAKER.address, 5))
    with pytest.raises(ChainError, match=r"claims minted: supply mismatch \(actualSupply 75, estimatedSupply 70\)"):
        contracts.credit(USDC, HEDGER.address, HARBOUR.address, 1, PLENTY)
    with pytest.raises(ChainError, match=r"claims burned: supply mismatch \(actualSupply 75, estimatedSupply 70\)"):
        contracts.release(USDC, HEDGER, HARBOUR.address, 1, FAR_S)


def test_a_cycle_pays_after_its_window_and_holds_releases_back_until_then(contracts: Contracts) -> None:
    for holder in (HEDGER, MAKER):
        contracts.credit(USDC, holder.address, HARBOUR.address, 70, PLENTY)
    before, token = compartments(contracts), contracts.tokens["USDC"]
    cycle = cycle_of(contracts, (HEDGER.address, token, -40), (MAKER.address, token, 40))
    propose(contracts, cycle)
    with pytest.raises(ChainError, match=r"cycle settled: window open \(ends \d+, timestamp \d+\)"):
        finalize(contracts, cycle)
    with pytest.raises(ChainError, match=f"settlement pending .venue {HARBOUR.address.lower()}"):
        contracts.release(USDC, HEDGER, HARBOUR.address, 1, FAR_S)
    assert compartments(contracts) == before
    contracts.chain.node.move_to(chain_now_s(contracts.chain.node) + 300)
    finalize(contracts, cycle)
    assert compartments(contracts) == {**before, ("hedger", "harbour"): 30, ("maker", "harbour"): 110}
    assert contracts.total_supply(USDC) == 140
    with pytest.raises(ChainError, match=r"cycle settled: wrong digest \(expected 0x0{64}, given 0x"):
        finalize(contracts, cycle)
    assert compartments(contracts)["hedger", "harbour"] == 30, "paid once"


def test_a_cycle_takes_no_more_from_a_compartment_than_it_holds_and_the_rest_from_the_venue(
    contracts: Contracts,
) -> None:
    """The ring fence: neither another venue's compartment nor another client's makes up for it."""
    contracts.credit(USDC, HEDGER.address, HARBOUR.address, 30, PLENTY)
    contracts.credit(USDC, HEDGER.address, QUAY.address, 1_000, PLENTY)
    contracts.credit(USDC, MAKER.address, HARBOUR.address, 1_000, PLENTY)
    contracts.credit(USDC, HARBOUR.address, HARBOUR.address, 9, PLENTY)
    before, token = compartments(contracts), contracts.tokens["USDC"]
    cycle = cycle_of(contracts, (HEDGER.address, token, -40), (MAKER.address, token, 40))
    propose(contracts, cycle)
    contracts.chain.node.move_to(chain_now_s(contracts.chain.node) + 300)
    with pytest.raises(ChainError, match=r"shortfall not covered \(.*missing 10, available 9\)"):
        finalize(contracts, cycle)
    assert compartments(contracts) == before
    contracts.credit(USDC, HARBOUR.address, HARBOUR.address, 1, PLENTY)
    finalize(contracts, cycle)
    assert compartments(contracts) == {**before, ("hedger", "harbour"): 0, ("maker", "harbour"): 1_040}
    assert contracts.compartment(USDC, HARBOUR.address, HARBOUR.address) == 0


@pytest.mark.parametrize(("venue", "custodian", "told"), [
    (QUAY, signer_of("custodian"), "wrong venue signature"),
    (HARBOUR, HARBOUR, "wrong custodian signature"),
])  # fmt: skip
def test_a_cycle_needs_both_signatures(
    contracts: Contracts, venue: LocalSigner, custodian: LocalSigner, told: str
) -> None:
    cycle = cycle_of(contracts)
    with pytest.raises(ChainError, match=f"cycle proposed: {told}"):
        propose(contracts, cycle, venue, custodian)
    propose(contracts, cycle)
    with pytest.raises(ChainError, match=r"cycle proposed: cycle open \(venue 0x\w+, sequence 1\)"):
        propose(contracts, replace(cycle, cut_off_s=cycle.cut_off_s - 1))


def test_every_party_at_a_venue_has_a_compartment_of_its_own() -> None:
    assert role_of(HOUSE, "harbour") == "venue/harbour"
    assert role_of(FUND, "harbour") == "fund/harbour"
    assert role_of(OMNIBUS, "harbour") == "omnibus/harbour"
    assert role_of("hedger", "harbour") == role_of("hedger", "quay") == "client/hedger"
    holders = {holder_of(party, venue).address for party in (HOUSE, FUND, OMNIBUS, "hedger") for venue in ("a", "b")}
    assert len(holders) == 7
