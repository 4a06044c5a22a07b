"""What an auction would offer as time passes: the worked bid of specs/derive_margin.md §16, and both kinds."""

from dataclasses import replace

import pytest

from margin.auction import AuctionParameters, solvent_bid
from margin.auction_schedule import schedule
from margin.fixed import ONE, ZERO, Fixed
from margin.parameter_file import read_parameters
from margin.result import Margin

F = Fixed.of


def parameters() -> AuctionParameters:
    found = read_parameters("tests").auction
    assert found is not None
    return found


def test_the_first_offer_is_the_worked_bid() -> None:
    after_fee = Margin(ZERO, F("-103.09061949052965"), F("119.30633018077472"))
    found = schedule(replace(parameters(), liquidator_fee_rate=ZERO), after_fee)
    assert found is not None
    first = found.offers[0]
    assert (found.is_solvent, found.fee, first.elapsed_s, first.discount) == (True, 0, 0, F("0.98"))
    assert abs(first.share - F("0.5579412854255694")) < F("1e-12")
    assert abs(first.cash - F("65.23460867605947")) < F("1e-12")


def test_the_fee_is_taken_before_the_first_offer_and_every_offer_is_a_bid() -> None:
    numbers, margin = parameters(), Margin(F(-300), F(-100), F(120))
    found = schedule(numbers, margin)
    assert found is not None
    fee = numbers.fee(margin)
    assert found.fee == fee > 0
    left = Margin(margin.initial - fee, margin.maintenance - fee, margin.mark_to_market - fee)
    for one in found.offers:
        bid = solvent_bid(numbers, left, ONE, one.elapsed_s, ZERO)
        assert bid is not None
        assert (bid.share, bid.cash) == (one.share, one.cash)
    fast, slow = numbers.fast_auction_length_sec, numbers.slow_auction_length_sec
    # At the end of the slow phase nothing is paid, and such a bid is refused.
    wanted = [fast * part // 4 for part in range(4)] + [fast + slow * part // 4 for part in range(4)]
    assert [one.elapsed_s for one in found.offers] == wanted


def test_an_insolvent_account_pays_its_bidder_ever_more() -> None:
    found = schedule(parameters(), Margin(F(-300), F(-200), F(-40)))
    assert found is not None
    assert (found.is_solvent, found.fee) == (False, 0)
    assert [one.elapsed_s for one in found.offers] == [0, 150, 300, 450, 600]
    assert [one.cash for one in found.offers] == [-40, -80, -120, -160, -200]
    assert {one.share for one in found.offers} == {ONE}


@pytest.mark.parametrize("maintenance", [0, 5])
def test_no_auction_where_maintenance_margin_is_met(maintenance: int) -> None:
    assert schedule(parameters(), Margin(F(-1), F(maintenance), F(10))) is None
