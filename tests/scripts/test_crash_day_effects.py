"""Events are effects, not captions: with one of them and without it, the same few hours come out differently.

Each event is the packaged one, moved into a window of four hours in which nothing else is due; what it must do to the
clients is worked out here from the event's own figures.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from custody.delegation import Standing
from margin.scenarios.bridge import build_paths
from margin.scenarios.events import DepthChanged, MarginStepped, OpeningDelayed, RatesMoved
from margin.scenarios.prices import Point
from margin.scenarios.scenario import Scenario, packaged
from scripts.walkthrough.cast import CLIENTS, DELEVERAGE_BPS, LME_RECEIPT_UNITS, SETTING, millions
from scripts.walkthrough.day import CrashDay
from scripts.walkthrough.opening import BEFORE_S
from settlement.devnet import Anvil
from settlement.happenings import Happening
from settlement.node import Node

if TYPE_CHECKING:
    from tests.scripts.conftest import Cut

NOON_S = 1_770_033_600  # Monday 2 February 2026, 12:00 UTC
COLLECTED_S = NOON_S + 9_000  # 14:30, when brokers collect for a step that takes effect that evening
LME_S = 1_769_734_800  # Friday 30 January 2026, 01:00 UTC
CLOSE_S = 1_770_238_800  # Wednesday 4 February 2026, 21:00 UTC
BPS = 10_000


@dataclass
class Played:
    """A window that has been played: everything that was told, prices by moment, and the day as it ended."""

    day: CrashDay
    told: dict[Standing, list[Happening]]
    prices_e6: dict[int, dict[str, int]]

    def of(self, kind: str, client: str = "", standing: Standing = Standing.SEGREGATED) -> list[Happening]:
        return [one for one in self.told[standing] if one.kind == kind and client in ("", one.party)]


Play = Callable[[Scenario], Played]
E = TypeVar("E", RatesMoved, MarginStepped, DepthChanged)


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with ExitStack() as stack:
        numbers = count()

        def played(scenario: Scenario) -> Played:
            anvil = stack.enter_context(Anvil(genesis_s=scenario.start_s - BEFORE_S))
            node = stack.enter_context(Node.of_anvil(anvil))
            folder = tmp_path_factory.mktemp(f"day{next(numbers)}")
            day = stack.enter_context(closing(CrashDay(scenario, build_paths(scenario, 2026), node, Path(folder))))
            found = Played(day, {standing: [] for standing in Standing}, {})
            for moment in day.run():
                found.prices_e6.setdefault(moment.at_s, moment.prices_e6)
                for standing, happenings in moment.happenings.items():
                    found.told[standing] += happenings
            return found

        yield played


def stated(kind: type[E], **facts: object) -> E:
    """The packaged event of a kind with these facts."""
    (found,) = (
        event for event in packaged("feb_2026").events
        if isinstance(event, kind) and all(getattr(event, name) == value for name, value in facts.items())
    )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def quiet(cut: "Cut", play: Play) -> Played:
    """Monday, 12:00 to 16:00, without news."""
    return play(cut("2026-02-02T12:00", "2026-02-02T16:00", events=False))


NEWS = (
    replace(stated(RatesMoved), at_s=NOON_S + 600),
    replace(stated(MarginStepped, asset="XAG", to_bps=1_500), at_s=NOON_S + 600),
    # Steeper than it was, so that reserve and spare collateral cannot meet it and something must be sold.
    replace(stated(MarginStepped, asset="XAU", to_bps=800), at_s=NOON_S + 600, to_bps=3_000),
)
THIN = replace(stated(DepthChanged, depth_bps=7_000), at_s=NOON_S + 1_200)


@pytest.fixture(scope="module")
def loud(quiet: Played, play: Play) -> Played:
    """The same hours with the bonds' fall and both margin steps."""
    return play(replace(quiet.day.scenario, events=NEWS))


@pytest.fixture(scope="module")
def thin(quiet: Played, play: Play) -> Played:
    """And with the market makers gone from the book."""
    return play(replace(quiet.day.scenario, events=(*NEWS, THIN)))


def test_without_news_nobody_pays_elsewhere(quiet: Played) -> None:
    for standing in Standing:
        assert {one.kind for one in quiet.told[standing]} == {"opened", "cycle_proposed", "cycle_settled"}


def test_the_silver_step_calls_what_the_new_rate_lacks(loud: Played) -> None:
    fund = next(client for client in CLIENTS if client.name == "silver_fund")
    (book,) = fund.brokers
    was, now = (loud.prices_e6[at_s]["XAG"] for at_s in (NOON_S, COLLECTED_S))
    equity = -(-book.units * was * book.rate_bps // BPS) + book.units * (now - was)
    lacking = -(-book.units * now * 1_500 // BPS) - equity
    for standing in Standing:
        (call,) = loud.of("external_call", "silver_fund", standing)
        assert (call.at_s, call.facts["units"], call.facts["why"]) == (COLLECTED_S, lacking, "XAG")
        (step,) = loud.of("margin_stepped", "silver_fund", standing)
        assert (step.facts["to_bps"], step.facts["exchange"], step.facts["units"]) == (1_500, "CME", lacking)


def test_the_fall_of_the_bonds_calls_the_carry_fund(quiet: Played, loud: Played) -> None:
    """$120m of duration 14 lose 19.5 bp; a yen 20 bp weaker takes $0.2m off the loan of $100m."""
    for standing in Standing:
        (call,) = loud.of("external_call", "carry_fund", standing)
        assert (call.at_s, call.facts["units"]) == (NOON_S + 600, millions("3.276") - millions("0.2"))
        spared, left = (day.day.desks[standing].world.available("carry_fund")["USDC"] for day in (quiet, loud))
        assert 0 < spared - left == call.facts["from_reserve_units"]


def test_a_thin_book_costs_the_seller_ten_sevenths_of_the_impact(loud: Played, thin: Played) -> None:
    """The gold step makes the macro fund sell what is open: the same lots into 70% of the depth."""
    mark_e6 = loud.prices_e6[COLLECTED_S]["BTC"]
    (deep,), (shallow,) = (
        [one for one in day.of("traded", "macro_fund") if one.facts["instrument"] == "BTC-PERP"] for day in (loud, thin)
    )
    fund = next(client for client in CLIENTS if client.name == "macro_fund")
    lots = fund.positions[1] * SETTING.instruments[1].lots_per_coin * DELEVERAGE_BPS // BPS
    assert deep.facts["lots"] == shallow.facts["lots"] == -lots
    impact, more = (mark_e6 - int(one.facts["price_e6"]) for one in (deep, shallow))
    assert impact > 0
    assert more * 7 == pytest.approx(impact * 10, rel=0.01)


def test_market_makers_take_their_collateral_home_when_the_book_thins(loud: Played, thin: Played) -> None:
    for standing in Standing:
        assert not loud.of("recalled", "", standing)
        recalled = thin.of("recalled", "market_maker", standing)
        assert {one.venue for one in recalled} == set(SETTING.venues)
        home = sum(int(one.facts["units"]) for one in recalled)
        before, after = (day.day.desks[standing].world.available("market_maker")["USDC"] for day in (loud, thin))
        assert after - before == home > millions(1)
        assert thin.day.desks[standing].world.depth_bps == 7_000


def test_the_late_opening_delays_the_receipt_by_the_hour(cut: "Cut", play: Play) -> None:
    late, punctual = (play(cut("2026-01-30T00:00", "2026-01-30T04:00", events=events)) for events in (True, False))
    assert [event.opens_at_s for event in late.day.scenario.events if isinstance(event, OpeningDelayed)] == [LME_S]
    for standing in Standing:
        (at_last,) = late.of("late_receipt", "commodity_house", standing)
        (on_time,) = punctual.of("receipt", "commodity_house", standing)
        assert (on_time.at_s, at_last.at_s) == (LME_S, LME_S + 3_600)
        assert on_time.facts["units"] == at_last.facts["units"] == LME_RECEIPT_UNITS
        assert not late.of("receipt", "", standing)
        assert not punctual.of("late_receipt", "", standing)


def test_the_fall_of_the_shares_calls_the_macro_fund_at_the_close(cut: "Cut", play: Play) -> None:
    falling = cut("2026-02-04T18:00", "2026-02-04T22:00", events=False)
    flat = replace(falling, points=tuple(_level(point, falling) for point in falling.points))
    day, still = play(falling), play(flat)
    fund = next(client for client in CLIENTS if client.name == "macro_fund")
    book = next(book for book in fund.brokers if book.asset == "NDX")
    was, now = (day.prices_e6[at_s]["NDX"] for at_s in (falling.start_s, CLOSE_S))
    assert now < was
    lost = book.units * (was - now)
    released = book.units * was * book.rate_bps // BPS - book.units * now * book.rate_bps // BPS
    (call,) = [one for one in day.of("external_call", "macro_fund") if one.facts["why"] == "NDX"]
    assert call.at_s == CLOSE_S
    assert int(call.facts["units"]) == pytest.approx(lost - released, abs=2)
    assert not [one for one in still.of("external_call", "macro_fund") if one.facts["why"] == "NDX"]


def _level(point: Point, scenario: Scenario) -> Point:
    first = next(one for one in scenario.points if one.asset == point.asset)
    return replace(point, price_e6=first.price_e6)


# -- equal footing -----------------------------------------------------------------------------------------------------


def test_both_regimes_start_with_the_same_and_it_is_what_the_cast_says(cut: "Cut", tmp_path: Path) -> None:
    scenario = cut("2026-02-02T12:00", "2026-02-02T16:00")
    with Anvil(genesis_s=scenario.start_s - BEFORE_S) as anvil, Node.of_anvil(anvil) as node:
        day = CrashDay(scenario, build_paths(scenario, 2026), node, tmp_path)
        with closing(day):
            next(day.run())
            pooled, segregated = (day.desks[standing] for standing in Standing)
            assert pooled.margin.mandates == segregated.margin.mandates
            assert pooled.world.marks_e6 == segregated.world.marks_e6
            assert pooled.world.setting is segregated.world.setting
            for client in CLIENTS:
                assert pooled.margin.mandates[client.name] == millions(client.mandate_millions)
                for desk in (pooled, segregated):
                    held = desk.world.available(client.name)
                    stands = {venue: desk.world.collateral(client.name, venue) for venue in SETTING.venues}
                    for holding in client.holdings:
                        assert held[holding.asset.symbol] == holding.reserve_units
                        at = {venue: units[holding.asset.symbol] for venue, units in stands.items()}
                        assert at == {venue: holding.units_at.get(venue, 0) for venue in SETTING.venues}
                    lots = {
                        number: lots for venue in SETTING.venues
                        for number, lots in desk.world.mirror.holdings(venue, client.name).items()
                    }  # fmt: skip
                    assert lots == {
                        number: coins * SETTING.instruments[number].lots_per_coin
                        for number, coins in client.positions.items()
                    }
