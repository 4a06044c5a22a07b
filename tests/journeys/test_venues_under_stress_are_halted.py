"""A venue whose cycle is disputed, or that cannot bring what it owes, takes nothing more until it has paid."""

from dataclasses import replace

import pytest

from custody.register import Register
from settlement.desk import DeskError
from settlement.mirror import HOUSE
from tests.journeys.conftest import STEP_S, USD, USDC, VENUE, Harbour


def halts(harbour: Harbour) -> list[str]:
    """The venues that take nothing, by the custodian's own record."""
    register = Register(harbour.world.database, harbour.desk.collateral.instructing.agreement)
    return [halt.venue for halt in register.halts()]


def disputed(harbour: Harbour) -> list[str]:
    """The venue says something else of one due; what is told."""
    harbour.world.venue_books[VENUE].owe(VENUE, "hedger", HOUSE, 25)
    harbour.see(STEP_S, 98_000)
    return [told.kind for told in harbour.work(cut_off=True)]


def test_a_disputed_venue_takes_nothing_and_keeps_nothing_back(busy: Harbour) -> None:
    assert disputed(busy) == ["cycle_disputed", "venue_halted"]
    assert halts(busy) == [VENUE]
    before = busy.picture()
    with pytest.raises(DeskError, match=r"pending_venue was expected of the custodian, .* blocked: venue_halted"):
        busy.delegate("bystander", 1_000)
    assert busy.changed_since(before) == {}
    busy.desk.recalls.recall("bystander", VENUE, "USDC", 1_000 * USD)
    assert busy.changed_since(before)["USDC/client/bystander/available"] == 1_000 * USD


def test_it_takes_again_once_it_has_paid(busy: Harbour) -> None:
    disputed(busy)
    busy.see(STEP_S, 98_000)
    assert [told.kind for told in busy.work(cut_off=True)] == ["cycle_disputed"], "still, and told once"
    busy.world.venue_books[VENUE].owe(VENUE, HOUSE, "hedger", 25)
    busy.see(STEP_S, 98_000)
    assert busy.work(cut_off=True)[-1].kind == "cycle_proposed"
    assert halts(busy) == [VENUE], "a proposal is no payment"
    busy.see(STEP_S, 98_000)
    assert [told.kind for told in busy.work()] == ["cycle_settled", "venue_resumed"]
    assert halts(busy) == []
    busy.delegate("bystander", 1_000)
    busy.desk.audit.after_act()


def test_a_venue_that_agrees_and_pays_is_never_halted(busy: Harbour) -> None:
    """The control."""
    kinds = [told.kind for told in busy.settle(98_000)]
    assert "cycle_settled" in kinds
    assert not {"venue_halted", "venue_resumed"} & set(kinds)
    assert halts(busy) == []


def test_no_top_up_goes_to_a_halted_venue(busy: Harbour) -> None:
    busy.desk.margin.mandates["hedger"] = 100_000 * USD
    disputed(busy)
    busy.see(STEP_S, 90_500)
    assert [told.kind for told in busy.work()] == ["call_opened"]
    assert busy.desk.margin.mandates["hedger"] == 100_000 * USD


def test_a_venue_that_cannot_bring_what_it_owes_proposes_nothing_and_pays_when_it_can(harbour: Harbour) -> None:
    """600,000 are owed and 500,000 posted; the custodian has said that reserves are missing, so nothing is minted."""
    harbour.bring("hedger", 300_000, 150_000)
    harbour.trade("hedger", 10)
    harbour.work()
    contracts, reserves = harbour.world.contracts, harbour.world.reserves("USDC")
    contracts.attest(USDC, replace(reserves, units=contracts.total_supply(USDC) - 1))
    harbour.see(STEP_S, 160_000)
    before = harbour.picture()
    told = harbour.work(cut_off=True)
    assert [one.kind for one in told] == ["venue_short", "venue_halted"]
    assert told[0].facts == {"units": 100_000 * USD, "why": "reserves_fell_short"}
    assert harbour.changed_since(before) == {}
    assert halts(harbour) == [VENUE]
    contracts.attest(USDC, reserves)
    assert [one.kind for one in harbour.settle(160_000)] == ["cycle_settled", "venue_resumed"]
    assert "venue_topped_up" in {one.kind for one in harbour.heard}, "its own is taken though it is halted"
    harbour.desk.audit.after_act()
