"""The custodian says that it lacks something: nothing more is minted, nobody loses what is minted, all else goes on."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from settlement.desk import DeskError
from settlement.mirror import FUND, HOUSE
from settlement.node import ChainError
from settlement.reserve_attestation import MintRefusal
from tests.journeys.conftest import CLIENTS, QUAY, USDC, VENUE

if TYPE_CHECKING:
    from tests.journeys.conftest import Harbour

USD = 10**6


@pytest.fixture
def short(busy: "Harbour") -> "Harbour":
    """One unit fewer is held than is claimed, and the custodian says so."""
    contracts, supply = busy.world.contracts, busy.world.contracts.total_supply(USDC)
    contracts.attest(USDC, replace(busy.world.reserves("USDC"), units=supply - 1))
    return busy


def test_the_next_delegation_is_refused_its_hold_voided_and_nothing_else_moves(short: "Harbour") -> None:
    before = short.picture()
    short.delegate("hedger", 10_000, ready_s=600)
    held = {key for key in short.changed_since(before) if key.endswith(" held")}
    assert held, "it is held until the venue can be told"
    short.see(600, 99_000)
    (told,) = short.work()
    assert (told.kind, told.party, told.facts["why"]) == ("delegation_refused", "hedger", "reserves_fell_short")
    assert short.changed_since(before, but="") == {}, "the hold is voided, and not even a message was sent"
    short.desk.audit.after_act()
    short.desk.audit.at_the_end()
    last = short.desk.audit.custodian.events()[-1].event
    assert (last.name, last.reference) == ("delegation.failed", MintRefusal.RESERVES_FELL_SHORT)


def test_the_chain_would_have_refused_it_too(short: "Harbour") -> None:
    world = short.world
    supply, at = world.contracts.total_supply(USDC), world.venue_address("harbour")
    told = rf"claims minted: exceeds reserves \(token 0x\w+, reserves {supply - 1}, expectedSupply {supply}, amount 1\)"
    with pytest.raises(ChainError, match=told):
        world.contracts.credit(USDC, world.holder_address("hedger", "harbour"), at, 1, world.reserves("USDC"))


def test_holders_leave_and_cycles_are_paid_all_the_same(short: "Harbour") -> None:
    before = short.picture()
    short.desk.recalls.recall("bystander", "harbour", "USDC", 150_000 * USD)
    assert short.changed_since(before)["USDC/client/bystander/available"] == 150_000 * USD
    assert short.world.contracts.total_supply(USDC) == short.world.contracts.supply["USDC"]
    kinds = [told.kind for told in short.settle(98_000)]
    assert "cycle_settled" in kinds
    short.desk.audit.after_act()


def test_once_the_custodian_holds_enough_again_delegations_arrive(short: "Harbour") -> None:
    contracts, reserves = short.world.contracts, short.world.reserves("USDC")
    assert contracts.refuses(USDC, 1, reserves) is MintRefusal.RESERVES_FELL_SHORT
    contracts.attest(USDC, reserves)
    before = short.picture()
    short.delegate("hedger", 10_000)
    assert short.changed_since(before)["USDC/client/hedger/available"] == -10_000 * USD
    short.desk.audit.after_act()


def test_it_attests_when_a_cycle_has_passed_or_more_was_brought_and_not_for_each_mint(busy: "Harbour") -> None:
    contracts = busy.world.contracts
    attested = contracts.attested["USDC"]
    busy.delegate("hedger", 1_000)
    assert contracts.attested["USDC"] == attested, "fresh, and enough"
    busy.see(contracts.plan.attestation_age_s, 99_000)
    busy.delegate("hedger", 1_000)
    again = contracts.attested["USDC"]
    assert again.sequence == attested.sequence + 1
    for client in CLIENTS:
        busy.bring(client, 2_000_000, 1_500_000)
    largest = contracts.attested["USDC"]
    assert largest.sequence > again.sequence
    assert largest.reserves == busy.world.reserves("USDC").units
    vault = busy.world.books.balance("USDC/vault")
    assert largest.reserves == -vault, "what the books hold, to the unit"


def say_what_is_missing(harbour: "Harbour", units: int) -> None:
    contracts, supply = harbour.world.contracts, harbour.world.contracts.total_supply(USDC)
    contracts.attest(USDC, replace(harbour.world.reserves("USDC"), units=supply - units))


def test_a_top_up_that_is_turned_away_gives_the_mandate_back(harbour: "Harbour") -> None:
    harbour.bring("hedger", 300_000, 150_000, mandate=100_000)
    harbour.trade("hedger", 10)
    harbour.work()
    harbour.see(600, 91_000)
    kinds = [told.kind for told in harbour.work()]
    assert kinds == ["call_opened", "top_up_sent"]
    mandates = harbour.desk.margin.mandates
    assert mandates["hedger"] == 57_500 * USD, "the control: it is used while it is on its way"
    say_what_is_missing(harbour, 1)
    before = harbour.picture()
    harbour.see(1_200, 91_000)
    told = harbour.work()
    assert told[0].kind == "delegation_refused"
    sent_again = [one for one in told if one.kind == "top_up_sent"]
    assert len(sent_again) == 1, "the call is still open, and all of the mandate is there to meet it"
    assert mandates["hedger"] == 57_500 * USD
    assert harbour.changed_since(before, but="") == {}, "one hold in the place of another"
    harbour.desk.audit.after_act()


def test_a_move_that_is_turned_away_leaves_the_first_venue_and_comes_home(two_venues: "Harbour") -> None:
    """The first venue has let go and its claims are burned; the second takes nothing without claims of its own."""
    two_venues.bring("hedger", 300_000, 150_000)
    say_what_is_missing(two_venues, 100_000 * USD)
    before, units = two_venues.picture(), 40_000 * USD
    now_s = two_venues.world.now_s
    two_venues.desk.collateral.move("hedger", VENUE, QUAY, "USDC", units, now_s + 3_600)
    assert two_venues.changed_since(before) == {"USDC/client/hedger/delegated/harbour held": units}
    two_venues.see(3_600, 100_000)
    (told,) = two_venues.work()
    assert (told.kind, told.venue, told.facts["why"]) == ("delegation_refused", QUAY, "reserves_fell_short")
    assert two_venues.changed_since(before) == {
        "USDC/client/hedger/delegated/harbour": -units,
        "USDC/client/hedger/available": units,
        "chain USDC hedger": -units,
    }
    two_venues.desk.audit.after_act()
    two_venues.desk.audit.at_the_end()


def test_a_move_arrives_where_nothing_is_missing(two_venues: "Harbour") -> None:
    """The control."""
    two_venues.bring("hedger", 300_000, 150_000)
    before, units = two_venues.picture(), 40_000 * USD
    two_venues.desk.collateral.move("hedger", VENUE, QUAY, "USDC", units, two_venues.world.now_s + 3_600)
    two_venues.see(3_600, 100_000)
    assert [told.kind for told in two_venues.work()] == ["top_up_arrived"]
    assert two_venues.changed_since(before) == {
        "USDC/client/hedger/delegated/harbour": -units,
        "USDC/client/hedger/delegated/quay": units,
        "chain USDC hedger": -units,
    }
    two_venues.desk.audit.after_act()


@pytest.mark.parametrize("party", [HOUSE, FUND])
def test_what_a_venue_brings_and_cannot_have_minted_is_refused_and_nothing_is_written(
    short: "Harbour", party: str
) -> None:
    before, heads = short.picture(), short.world.books.head()
    assert short.desk.collateral.funding.bring(party, VENUE, 1_000 * USD) is MintRefusal.RESERVES_FELL_SHORT
    assert (short.changed_since(before, but=""), short.world.books.head()) == ({}, heads)


def test_no_venue_opens_without_its_claims(short: "Harbour") -> None:
    with pytest.raises(DeskError, match="harbour cannot post its house: no claims are minted for it, reserves_fell"):
        short.desk.collateral.funding.open_venue(VENUE, {HOUSE: 1, FUND: 1})
