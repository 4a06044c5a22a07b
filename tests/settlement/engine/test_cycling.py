"""Cycles through the engine, on a real node and a real ledger: whatever breaks, each is paid once or not at all."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from custody.hardware import TokenLostError
from settlement.cycle_states import State
from settlement.engine.simulation import VENUE
from settlement.keys import signer_of
from settlement.mirror import HOUSE
from settlement.triggers import Thresholds
from tests.settlement.engine.cycle_world import HEDGER, HOUSE_ACCOUNT, MAKER, QUICK, USD, World, world_in

PATH = [
    State.OPEN, State.CUT_OFF, State.COMPUTED, State.PROPOSED, State.AGREED, State.WINDOW, State.FINAL, State.PAID,
    State.CONFIRMED,
]  # fmt: skip
BEFORE = {"hedger": 1_000, "maker": 1_000, "treasury": 1_000, HOUSE: 10_000}
AFTER = {"hedger": 1_100, "maker": 900, "treasury": 1_000, HOUSE: 10_000}
"""A hundred dollars have gone from maker to hedger."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_in(tmp_path) as made:
        yield made


async def test_a_process_that_ends_between_any_two_states_settles_once(world: World) -> None:
    world.crash_at = set(PATH)
    world.moved(HEDGER, MAKER, 100)
    async with world.running():
        while world.crash_at:
            await world.until_so(lambda: not world.crash_at or world.simulation.cycles is not None)
            if world.simulation.cycles is not None:
                world.simulation.cycles.demanded.set()
            await world.until_so(lambda: not world.crash_at or world.simulation.cycles is None)
        await world.demanded()
    assert world.starts >= len(PATH)
    assert world.walked() == PATH
    assert world.ledger() == world.on_chain() == AFTER
    assert len(world.events("settlement.paid")) == 1


async def test_a_venue_that_says_nothing_ends_the_cycle_and_the_next_one_pays_all_of_it(tmp_path: Path) -> None:
    with world_in(tmp_path, replace(QUICK, venue_s=2)) as world:
        world.simulation.edge.is_silent = True
        world.moved(HEDGER, MAKER, 60)
        async with world.running():
            await world.demanded()
            await world.until(State.FAILED)
            assert world.ledger() == world.on_chain() == BEFORE
            world.simulation.edge.is_silent = False
            world.moved(HEDGER, MAKER, 40)
            await world.demanded()
            await world.until(State.CONFIRMED, 2)
        assert world.walked()[-2:] == [State.COMPUTED, State.FAILED]
        assert world.paid(2) == {"hedger": 100, "maker": -100}
        assert world.ledger() == world.on_chain() == AFTER


async def test_a_late_fill_is_settled_with_the_next_cycle_and_told_as_a_break(world: World) -> None:
    world.moved(HEDGER, MAKER, 60)
    async with world.running():
        await world.demanded()
        await world.until(State.CONFIRMED)
        late = world.filled(HEDGER, MAKER, 40, at_ms=1000 * (world.cycle().cut_off_s - 2))
        world.venue.publish()
        await world.demanded()
        await world.until(State.CONFIRMED, 2)
    assert (world.paid(), world.paid(2)) == ({"hedger": 60, "maker": -60}, {"hedger": 40, "maker": -40})
    (told,) = world.events("reconciliation.break_opened")
    assert (told.facts["sequence"], told.facts["belongs_to"], told.facts["settles_in"]) == (
        late, f"{VENUE}/1", f"{VENUE}/2"
    )  # fmt: skip
    assert world.ledger() == world.on_chain() == AFTER


async def test_a_reorganisation_that_takes_a_final_cycle_back_voids_it_and_it_is_proposed_again(tmp_path: Path) -> None:
    """Found here: the payment that was given again came before the new window's end, failed, and was waited for."""
    with world_in(tmp_path, replace(QUICK, confirmations=60)) as world:
        world.moved(HEDGER, MAKER, 100)
        async with world.running():
            await world.demanded()
            await world.until(State.FINAL)
            assert world.pending() == {"maker": 100}
            world.node.rpc("anvil_reorg", world.blocks_since_proposal(), [])
            await world.until(State.CONFIRMED, seconds=40)
        assert State.VOIDED in world.walked()
        assert world.walked().count(State.FINAL) == 2
        assert world.ledger() == world.on_chain() == AFTER
        assert len(world.events("settlement.paid")) == 1


async def test_a_proposal_that_the_contract_refuses_waits_longer_each_time(tmp_path: Path) -> None:
    """The engine's clock is ahead: the cut-off lies in the chain's future, and the contract says so."""
    with world_in(tmp_path) as world:
        world.ahead_s = 60
        world.moved(HEDGER, MAKER, 100)
        async with world.running():
            await world.demanded()
            await world.until(State.CONFIRMED, seconds=40)
        refused = world.events("settlement.voided")
        times = [told.occurred_at_s for told in refused]
        assert "cut off in future" in str(refused[0].facts["reason"]).lower()
        assert 2 <= len(refused) <= 5
        assert all(later - sooner >= 2 << at for at, (sooner, later) in enumerate(pairwise(times)))
        assert world.ledger() == world.on_chain() == AFTER


class LostToken:
    """The custodian's key lies on a token that answers nobody."""

    address = signer_of("custodian").address

    def sign_digest(self, digest: bytes) -> bytes:
        raise TokenLostError("the token does not answer")


async def test_a_custodian_that_does_not_sign_ends_the_cycle_and_signs_the_next_when_it_is_back(tmp_path: Path) -> None:
    with world_in(tmp_path, replace(QUICK, custodian_s=2)) as world:
        world.simulation.custodian = LostToken()
        world.moved(HEDGER, MAKER, 100)
        async with world.running():
            await world.demanded()
            await world.until(State.FAILED)
        assert world.walked()[-2:] == [State.PROPOSED, State.FAILED]
        assert world.ledger() == world.on_chain() == BEFORE
        world.simulation.custodian = signer_of("custodian")
        async with world.running():
            await world.demanded()
            await world.until(State.CONFIRMED, 2)
        assert world.ledger() == world.on_chain() == AFTER
        assert [told.name for told in world.events("custodian.")] == ["custodian.outage", "custodian.recovered"]


async def test_a_venue_that_is_short_is_called_brings_it_and_pays_its_penalty_with_the_next_cycle(world: World) -> None:
    world.moved(HEDGER, HOUSE_ACCOUNT, 12_000)
    async with world.running():
        await world.demanded()
        await world.until(State.LATE)
    late = world.cycle()
    assert (late.short_units, late.penalty_units) == (2_000 * USD, 2 * USD)
    assert world.ledger() == world.on_chain() == BEFORE
    world.funded(HOUSE, 2_500)
    async with world.running():
        await world.until(State.CONFIRMED)
        assert world.paid() == {"hedger": 12_000, HOUSE: -12_000}
        await world.demanded()
        await world.until(State.CONFIRMED, 2)
    assert world.paid(2) == {"hedger": 2, HOUSE: -2}
    assert world.ledger() == world.on_chain() == {**BEFORE, "hedger": 13_002, HOUSE: 498}
    assert [told.name for told in world.events("call.")] == ["call.opened", "call.met"]


async def test_a_venue_that_stays_short_fails_the_cycle_is_halted_and_takes_again_once_it_has_paid(
    tmp_path: Path,
) -> None:
    with world_in(tmp_path, replace(QUICK, top_up_s=2)) as world:
        world.moved(HEDGER, HOUSE_ACCOUNT, 12_000)
        async with world.running():
            await world.demanded()
            await world.until(State.FAILED)
        assert (world.is_halted(), world.liens()) == (True, {})
        assert world.ledger() == world.on_chain() == BEFORE
        assert [told.name for told in world.events("call.")] == ["call.opened", "call.expired"]
        world.funded(HOUSE, 3_000)
        async with world.running():
            await world.demanded()
            await world.until(State.CONFIRMED, 2)
        assert world.paid(2) == {"hedger": 12_002, HOUSE: -12_002}
        assert world.is_halted() is False
        assert [told.name for told in world.events("venue.")] == ["venue.halted", "venue.recovered"]


async def test_nothing_leaves_a_compartment_while_its_cycle_is_pending(tmp_path: Path) -> None:
    with world_in(tmp_path, window_s=40) as world:
        world.moved(HEDGER, MAKER, 100)
        async with world.running():
            await world.demanded()
            await world.until(State.WINDOW)
            assert world.liens() == {
                "client/hedger": 1_000, "client/maker": 1_000, "client/treasury": 1_000, f"venue/{VENUE}": 10_000,
            }  # fmt: skip
            await world.until(State.CONFIRMED)
        assert world.liens() == {}
        assert world.ledger() == world.on_chain() == AFTER


async def test_a_limit_that_is_breached_cuts_off_and_is_told(world: World) -> None:
    world.simulation.thresholds = Thresholds(client_bps=900, venue_bps=0, volatility_e6=0, cool_down_s=1)
    world.moved(HEDGER, MAKER, 100)
    async with world.running():
        await world.until(State.CONFIRMED)
    (told,) = world.events("limit.")
    assert (told.name, told.facts["limit"], told.facts["cycle"]) == ("limit.breached", "client_exposure", f"{VENUE}/1")


async def test_what_the_venue_pays_for_a_payer_is_an_advance_in_the_books_and_due_with_the_next_cycle(
    world: World,
) -> None:
    """Claims have left the payer's compartment, and the books have not heard of it yet."""
    world.left("maker", 600)
    world.moved(HEDGER, MAKER, 900)
    async with world.running():
        await world.demanded()
        await world.until(State.PAID)
    assert world.ledger() == {"hedger": 1_900, "maker": 600, "treasury": 1_000, HOUSE: 9_500}
    assert world.on_chain() == {"hedger": 1_900, "maker": 0, "treasury": 1_000, HOUSE: 9_500}
    (told,) = world.events("waterfall.")
    assert (told.name, told.facts["debtor"], told.facts["units"]) == ("waterfall.layer_used", "maker", 500 * USD)
    world.booked_as_left("maker", 600)
    world.funded("maker", 700)
    async with world.running():
        await world.until(State.CONFIRMED)
        await world.demanded()
        await world.until(State.CONFIRMED, 2)
    assert world.paid(2) == {"maker": -500, HOUSE: 500}
    assert world.ledger() == world.on_chain() == {**BEFORE, "hedger": 1_900, "maker": 200}


async def test_an_attestation_that_the_minter_has_taken_is_told_once(world: World) -> None:
    for _ in range(2):
        async with world.running():
            await world.until_so(lambda: bool(world.events("attestation.")))
            await asyncio.sleep(1)
    told = world.events("attestation.")
    assert [(one.name, one.facts["sequence"]) for one in told] == [("attestation.published", 1)]
    assert world.simulation.contracts.attested["USDC"].reserves == int(told[0].facts["reserves"])
