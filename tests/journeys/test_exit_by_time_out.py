"""The operator falls silent: a client leaves alone, by the time-out, on a real chain; the books follow later."""

from collections.abc import Callable

import pytest

from custody.delegation import Standing
from custody.movements import Block
from settlement.chain import Chain
from settlement.chain_cycle import ChainCycle, legs_of
from settlement.contracts import ALL, EXIT_DELAY_S, SETTLEMENT
from settlement.desk import DeskError
from settlement.desk.auditing import InvariantError
from settlement.desk.exiting import ExitRoom
from settlement.exits import Leaving
from settlement.happenings import Happening
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from tests.journeys.conftest import SETTING, STEP_S, USD, USDC, VENUE, Harbour

HEDGER = signer_of("client/hedger")
DAY_S = 86_400


@pytest.fixture
def silent(open_harbour: Callable[[Standing], Harbour]) -> Harbour:
    """A desk that has worked, with every client's collateral in compartments and one cycle paid; it works no more."""
    harbour = open_harbour(Standing.SEGREGATED)
    for client in ("bystander", "hedger", "maker"):
        harbour.bring(client, 300_000, 150_000)
    harbour.trade("hedger", 10)
    harbour.trade("maker", -4)
    harbour.work()
    harbour.settle(99_000)
    harbour.trade("hedger", -10)
    harbour.settle(99_000)
    harbour.desk.audit.after_act()
    return harbour


@pytest.fixture
def hedger(node: Node) -> Chain:
    """The client with an address of its own, and ether to pay for transactions."""
    node.rpc("anvil_setBalance", HEDGER.address, hex(10**20))
    return Chain(node, HEDGER, ALL)


@pytest.fixture
def trading(silent: Harbour) -> Harbour:
    """The same, with the hedger's ten coins still open; settled at 99,000."""
    silent.trade("hedger", 10)
    silent.settle(99_000)
    return silent


def leaving(harbour: Harbour) -> Leaving:
    return Leaving(harbour.world.contracts, USDC, HEDGER.address, harbour.world.venue_address(VENUE))


def leave(harbour: Harbour, holder: Chain, *, redeem: bool) -> None:
    """Request, time-out, exit; and on to the redemption address."""
    way = leaving(harbour)
    holder.send_together([way.requested()])
    wait(harbour, EXIT_DELAY_S)
    holder.send_together([way.left()])
    if redeem:
        holder.send_together([way.withdrawn(way.free_units(), harbour.world.contracts.minter)])


def look(harbour: Harbour) -> list[Happening]:
    """The desk looks at the chain, whatever the hour; what it tells."""
    harbour.world.happenings.clear()
    harbour.desk.exits.look()
    told = list(harbour.world.happenings)
    harbour.world.happenings.clear()
    return told


def wait(harbour: Harbour, seconds: int) -> None:
    harbour.node.move_to(harbour.node.block_time() + seconds)


def test_a_client_leaves_alone_and_the_books_follow(silent: Harbour, hedger: Chain) -> None:
    before, way = silent.picture(), leaving(silent)
    held = before["chain USDC hedger"]
    assert held == before["USDC/client/hedger/delegated/harbour"] > 0

    hedger.send_together([way.requested()])
    assert way.ready_at_s() == silent.node.block_time() + EXIT_DELAY_S
    wait(silent, EXIT_DELAY_S - 10)
    with pytest.raises(ChainError, match=r"compartment exited: exit not ready \(readyAt \d+, timestamp \d+\)"):
        hedger.send_together([way.left()])
    wait(silent, 10)
    hedger.send_together([way.left()])
    assert silent.changed_since(before) == {"chain USDC hedger": -held}, "nobody else's, and the books know nothing"
    assert way.free_units() == held

    with pytest.raises(ChainError, match="claims withdrawn: transfer destination not allowed"):
        hedger.send_together([way.withdrawn(held, HEDGER.address)])
    redemption = silent.world.contracts.minter
    hedger.send_together([way.withdrawn(held, redemption)])
    assert way.free_units() == 0

    # The operator is back.
    told = look(silent)
    assert [one.kind for one in told] == ["exit_requested", "exited", "exit_redeemed"]
    assert all(one.tx_hash and one.party == "hedger" for one in told)
    assert told[2].postings[1] >= told[2].postings[0] > told[1].postings[1] > 0
    assert silent.changed_since(before) == {
        "USDC/client/hedger/available": held,
        "USDC/client/hedger/delegated/harbour": -held,
        "chain USDC hedger": -held,
    }
    assert look(silent) == [], "once"
    silent.desk.audit.after_act()
    silent.desk.audit.at_the_end()
    names = [told.event.name for told in silent.desk.audit.custodian.events(limit=1_000)]
    assert names[-2:] == ["exit.observed", "delegation.released"]


def test_a_desk_that_begins_anew_hears_the_whole_story_and_does_nothing_twice(silent: Harbour, hedger: Chain) -> None:
    leave(silent, hedger, redeem=True)
    look(silent)
    before, known = silent.picture(), silent.desk.exits
    anew = ExitRoom(silent.world, known.instructing, known.hands)
    anew.look()
    assert {one.kind for one in silent.world.happenings} == {"exit_requested"}
    assert silent.changed_since(before, but="") == {}
    silent.desk.audit.after_act()


def test_what_has_left_and_is_not_redeemed_is_a_break_until_it_is_seen_and_available_to_nobody(
    silent: Harbour, hedger: Chain
) -> None:
    before = silent.picture()
    held = before["chain USDC hedger"]
    leave(silent, hedger, redeem=False)
    told = f"compartment on chain of USDC of hedger at harbour: expected {held:,}, found 0"
    with pytest.raises(InvariantError, match=told):
        silent.desk.audit.after_act()
    assert [one.kind for one in look(silent)] == ["exit_requested", "exited"]
    assert silent.changed_since(before) == {
        "USDC/client/hedger/delegated/harbour held": held,
        "chain USDC hedger": -held,
    }
    silent.desk.audit.after_act()
    hedger.send_together([leaving(silent).withdrawn(held - 1, silent.world.contracts.minter)])
    assert look(silent) == [], "a dollar's millionth is missing: it is redeemed whole"
    hedger.send_together([leaving(silent).withdrawn(1, silent.world.contracts.minter)])
    assert [one.kind for one in look(silent)] == ["exit_redeemed"]
    silent.desk.audit.after_act()


def test_no_lien_of_an_open_call_stops_it(trading: Harbour, hedger: Chain) -> None:
    """Who asks to leave is called for what backs its positions, and leaves all the same."""
    held = trading.picture()["chain USDC hedger"]
    assert trading.desk.margin.spare_units("hedger", VENUE) > 0
    hedger.send_together([leaving(trading).requested()])
    trading.see(STEP_S, 99_000)
    trading.desk.exits.look()
    assert trading.desk.margin.spare_units("hedger", VENUE) < 0, "it backs nothing new"
    assert [one.kind for one in trading.work()] == ["exit_requested", "call_opened"]
    kept = trading.desk.audit.custodian.kept_units("client/hedger", VENUE, "USDC")
    assert kept[Block.CALL_OPEN] == held
    with pytest.raises(DeskError, match="call_open"):
        trading.desk.recalls.recall("hedger", VENUE, "USDC", 1)

    wait(trading, EXIT_DELAY_S)
    hedger.send_together([leaving(trading).left()])
    hedger.send_together([leaving(trading).withdrawn(held, trading.world.contracts.minter)])
    assert [one.kind for one in look(trading)] == ["exited", "exit_redeemed"]
    assert trading.picture()["USDC/client/hedger/delegated/harbour"] == 0
    trading.desk.audit.after_act()


def test_who_stays_after_all_is_called_no_longer(trading: Harbour, hedger: Chain) -> None:
    hedger.send_together([leaving(trading).requested()])
    look(trading)
    trading.see(STEP_S, 99_000)
    assert [one.kind for one in trading.work()] == ["call_opened"]
    hedger.send_together([leaving(trading).cancelled()])
    assert [one.kind for one in look(trading)] == ["exit_cancelled"]
    trading.see(STEP_S, 99_000)
    assert [one.kind for one in trading.work()] == ["call_met"]


def test_nobody_is_liquidated_for_a_request_before_its_call_runs_out(trading: Harbour, hedger: Chain) -> None:
    hedger.send_together([leaving(trading).requested()])
    look(trading)
    by_step: list[list[str]] = []
    for _ in range(SETTING.calls.grace_s // STEP_S + 1):
        trading.see(STEP_S, 99_000)
        by_step.append([one.kind for one in trading.work()])
    assert by_step[0] == ["call_opened"]
    assert not any(by_step[1:-1])
    assert "liquidation_started" in by_step[-1]


def test_a_client_that_exits_in_front_of_a_payment_owes_the_venue_what_it_paid_instead(
    trading: Harbour, hedger: Chain
) -> None:
    """Its time-out was over before the cycle was proposed, so the cycle cannot keep it; the venue's own pays."""
    hedger.send_together([leaving(trading).requested()])
    trading.see(EXIT_DELAY_S + STEP_S, 98_000)
    before = trading.picture()
    held, due = before["chain USDC hedger"], 10_000 * USD
    assert before["due hedger"] == -due
    trading.desk.settlement.cut_off()
    hedger.send_together([leaving(trading).left()])
    assert trading.picture()["USDC/client/hedger/delegated/harbour held"] == due
    trading.world.happenings.clear()
    trading.see(STEP_S, 98_000)
    told = {one.kind: one for one in trading.work()}
    owes = told["shortfall_covered"]
    assert (owes.party, owes.facts) == ("hedger", {"asset": "USDC", "units": due, "creditor": "house"})
    changed = trading.changed_since(before)
    assert changed["chain USDC hedger"] == -held
    assert "USDC/client/hedger/delegated/harbour" not in changed, "all of it is still a claim in its hand"
    assert changed["USDC/client/hedger/delegated/harbour held"] == held, "and held as such"
    kept = trading.desk.audit.custodian.kept_units("client/hedger", VENUE, "USDC")
    assert kept[Block.OBLIGATION_UNPAID] == due
    trading.desk.audit.after_act()

    hedger.send_together([leaving(trading).withdrawn(held, trading.world.contracts.minter)])
    assert [one.kind for one in look(trading)] == ["exit_redeemed"]
    trading.desk.audit.after_act()
    trading.desk.audit.at_the_end()


def test_a_client_that_is_there_pays_itself(trading: Harbour, hedger: Chain) -> None:
    """The control: the same loss and the same request, and nobody leaves before the payment."""
    hedger.send_together([leaving(trading).requested()])
    trading.see(EXIT_DELAY_S + STEP_S, 98_000)
    before = trading.picture()
    trading.desk.settlement.cut_off()
    trading.see(STEP_S, 98_000)
    assert "shortfall_covered" not in {one.kind for one in trading.work()}
    assert trading.changed_since(before)["USDC/client/hedger/delegated/harbour"] == -10_000 * USD
    trading.desk.audit.after_act()


def test_a_cycle_signed_before_the_time_out_is_waited_for_and_expired_by_the_client_itself(
    silent: Harbour, hedger: Chain
) -> None:
    """Venue and custodian sign, at the last moment, a cycle that nobody can pay, and then say nothing more."""
    contracts, way = silent.world.contracts, leaving(silent)
    held = silent.picture()["chain USDC hedger"]
    hedger.send_together([way.requested()])
    wait(silent, EXIT_DELAY_S - 60)
    _propose_unpayable(silent)
    wait(silent, EXIT_DELAY_S)
    with pytest.raises(ChainError, match="compartment exited: settlement pending"):
        hedger.send_together([way.left()])
    wait(silent, DAY_S)
    hedger.send(contracts.settlement, SETTLEMENT.call("expire", silent.world.venue_address(VENUE)), "cycle expired")
    hedger.send_together([way.left()])
    assert way.free_units() == held


def test_a_request_signed_off_line_is_sent_by_anybody(silent: Harbour, node: Node) -> None:
    way, passer_by = leaving(silent), signer_of("passer-by")
    node.rpc("anvil_setBalance", passer_by.address, hex(10**20))
    chain = Chain(node, passer_by, ALL)
    held = silent.picture()["chain USDC hedger"]
    request = way.requested_by(HEDGER, node.block_time() + DAY_S)
    chain.send_together([request])
    with pytest.raises(ChainError, match=r"exit requested: wrong nonce \(expected 1, given 0\)"):
        chain.send_together([request])
    wait(silent, EXIT_DELAY_S)
    chain.send_together([way.left()])
    assert way.free_units() == held
    with pytest.raises(ChainError, match="claims withdrawn: exceeds free"):
        chain.send_together([way.withdrawn(1, passer_by.address)])


def test_a_client_that_stays_after_all_has_not_moved(silent: Harbour, hedger: Chain) -> None:
    way, before = leaving(silent), silent.picture()
    hedger.send_together([way.requested()])
    hedger.send_together([way.cancelled()])
    assert way.ready_at_s() == 0
    wait(silent, EXIT_DELAY_S)
    with pytest.raises(ChainError, match="compartment exited: no exit requested"):
        hedger.send_together([way.left()])
    assert silent.changed_since(before) == {}


def _propose_unpayable(harbour: Harbour) -> None:
    contracts, venue = harbour.world.contracts, harbour.world.contracts.plan.venues[VENUE]
    sequence, digest, _ = contracts.chain.read(SETTLEMENT, contracts.settlement, "headOf", venue.address)
    maker, bystander = (signer_of(f"client/{name}").address for name in ("maker", "bystander"))
    amount = 10**6 * USD
    legs = legs_of([(maker, contracts.tokens["USDC"], -amount), (bystander, contracts.tokens["USDC"], amount)])
    cycle = ChainCycle(venue.address, sequence + 1, digest, harbour.node.block_time(), bytes(32), legs)
    signed = cycle.digest(contracts.settlement_domain)
    contracts.chain.send_together([contracts.proposal(cycle, signed, venue, contracts.plan.custodian)])
