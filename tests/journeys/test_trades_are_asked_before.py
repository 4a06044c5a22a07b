"""A client's own trade is asked before it is booked: what adds risk needs initial margin after it, with its impact."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from custody.delegation import Standing
from margin.calls import Verdict
from margin.fixed import Fixed
from margin.gate import Objection
from margin.instruments import Instrument, Kind

if TYPE_CHECKING:
    from tests.journeys.conftest import Harbour

USD, PERP = 10**6, 1


@pytest.fixture
def ready(open_harbour: Callable[[Standing], "Harbour"]) -> "Harbour":
    """147,000 dollars after the haircut, ten coins at 100,000: initial margin takes 100,000 of them."""
    harbour = open_harbour(Standing.SEGREGATED)
    harbour.bring("hedger", 200_000, 150_000)
    harbour.trade("hedger", 10)
    return harbour


def asked(harbour: "Harbour", lots: int) -> Objection | None:
    world = harbour.world
    before = harbour.picture()
    found = harbour.desk.trading.objection("hedger", world.setting.instruments[PERP], lots)
    assert harbour.changed_since(before) == {}, "asking changes nothing"
    return found


def test_what_adds_risk_needs_initial_margin_after_it(ready: "Harbour") -> None:
    """147,000 bear 14.7 coins but for what moves: the price that they cost, and the mark that all are valued at."""
    free = [lots for lots in range(4_690, 4_711) if asked(ready, lots) is None]
    assert free == list(range(4_690, free[-1] + 1))
    assert free[-1] < 4_710
    most = ready.world.setting.instruments[PERP]
    ready.desk.trading.at_market(most, "hedger", free[-1], "order")
    tested = ready.desk.margin.assessment("hedger", "harbour")
    assert 0 <= tested.equity_units - tested.requirement.initial_units < 110 * USD


def test_what_lowers_risk_is_never_in_the_way(ready: "Harbour") -> None:
    ready.see(600, 90_000)  # 47,000 against 90,000: far from initial margin
    assert asked(ready, 1) is Objection.MARGIN_NOT_MET
    assert asked(ready, -1) is None
    assert asked(ready, -10_000) is None
    assert asked(ready, -30_000) is Objection.MARGIN_NOT_MET, "through zero and out on the other side"


def test_nobody_trades_while_it_is_liquidated(ready: "Harbour") -> None:
    ready.desk.margin.liquidating["hedger", "harbour"] = Verdict.LIQUIDATE_EXPIRED
    assert asked(ready, -1) is Objection.IN_AUCTION


def test_little_confidence_lets_nobody_add_risk_and_calls_nobody_into_maintenance(ready: "Harbour") -> None:
    world = ready.world
    sure = ready.desk.margin.assessment("hedger", "harbour").requirement
    ready.desk.see(world.now_s, world.index_e6, Fixed.of("0.5"), confidence={"BTC": Fixed.of("0.5")})
    doubtful = ready.desk.margin.assessment("hedger", "harbour").requirement
    assert doubtful.maintenance_units == sure.maintenance_units
    assert doubtful.initial_units == sure.initial_units + 500_000 * USD
    assert asked(ready, 1) is Objection.MARGIN_NOT_MET


def test_an_option_bought_takes_its_premium_out_of_margin(ready: "Harbour") -> None:
    """Marked each cycle, so no cash leaves; but what it is worth is needed, as where it is paid."""
    listed = Instrument(
        9, "harbour", "BTC-C", Kind.CALL, "BTC", 1_000, 10_000, 100_000 * USD, ready.world.now_s + 86_400
    )
    world = ready.world
    world.setting = replace(
        world.setting,
        instruments={**world.setting.instruments, 9: listed},
        depth_units={**world.setting.depth_units, 9: 10**9 * USD},
    )
    ready.see(0, 100_000)
    coin = world.marks_e6[9]
    fits = 47_000 * USD * 1_000 // coin
    assert ready.desk.trading.objection("hedger", listed, fits - fits // 20) is None
    assert ready.desk.trading.objection("hedger", listed, fits + fits // 20) is Objection.MARGIN_NOT_MET
