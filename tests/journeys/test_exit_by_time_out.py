"""The operator falls silent: a client leaves alone, by the time-out, on a real chain; the books follow later."""

from collections.abc import Callable

import pytest

from custody.delegation import Standing
from settlement.chain import Chain
from settlement.chain_cycle import ChainCycle, legs_of
from settlement.contracts import ALL, EXIT_DELAY_S, SETTLEMENT
from settlement.desk.auditing import InvariantError
from settlement.exits import Leaving
from settlement.keys import signer_of
from settlement.node import ChainError, Node
from tests.journeys.conftest import USD, USDC, VENUE, Harbour

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


def leaving(harbour: Harbour) -> Leaving:
    return Leaving(harbour.world.contracts, USDC, HEDGER.address, harbour.world.venue_address(VENUE))


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
    span, tx_hash = silent.desk.collateral.follow_exit("hedger", VENUE, "USDC")
    assert tx_hash
    assert span[1] >= span[0] > 0
    assert silent.changed_since(before) == {
        "USDC/client/hedger/available": held,
        "USDC/client/hedger/delegated/harbour": -held,
        "chain USDC hedger": -held,
    }
    assert silent.desk.collateral.follow_exit("hedger", VENUE, "USDC") == ((0, 0), ""), "once"
    silent.desk.audit.after_act()
    silent.desk.audit.at_the_end()


def test_what_has_left_and_is_not_redeemed_is_a_break_by_name_and_not_available_twice(
    silent: Harbour, hedger: Chain
) -> None:
    way, before = leaving(silent), silent.picture()
    hedger.send_together([way.requested()])
    wait(silent, EXIT_DELAY_S)
    hedger.send_together([way.left()])
    assert silent.desk.collateral.follow_exit("hedger", VENUE, "USDC") == ((0, 0), "")
    held = before["chain USDC hedger"]
    told = f"compartment on chain of USDC of hedger at harbour: expected {held:,}, found 0"
    with pytest.raises(InvariantError, match=told):
        silent.desk.audit.after_act()


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
