"""A top-up covers what is needed or uses up its sources, in their order and with the fewest units of each."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.collateral import Eligible
from custody.money import Asset
from custody.valuation import value
from margin.topup import Source, plan_top_up

SCHEDULE = {
    "USDC": Eligible(Asset("USDC", 6, 6), 200),
    "BTC": Eligible(Asset("BTC", 8, 8), 1_000),
    "ETH": Eligible(Asset("ETH", 9, 18), 1_500),
    "WORTHLESS": Eligible(Asset("WORTHLESS", 6, 6), 10_000),
}
PRICES_E6 = {"USDC": 10**6, "BTC": 60_000 * 10**6, "ETH": 2_000 * 10**6, "WORTHLESS": 10**6}
CASH = Source("", "USDC", 1_000 * 10**6)  # counts for $980
COINS = Source("", "BTC", 10**7)  # a tenth of a coin: $5,400
ELSEWHERE = Source("halyard", "USDC", 500 * 10**6)  # $490


@pytest.mark.parametrize(
    ("needed", "expected"),
    [
        (-5, ()),
        (0, ()),
        (1, (Source("", "USDC", 2),)),  # one unit of it counts for 0.98
        (98, (Source("", "USDC", 100),)),
        (980 * 10**6, (CASH,)),
        (980 * 10**6 + 1, (CASH, Source("", "BTC", 1))),  # one satoshi counts for 540
        (980 * 10**6 + 541, (CASH, Source("", "BTC", 2))),
        (6_380 * 10**6, (CASH, COINS)),
        (6_380 * 10**6 + 49, (CASH, COINS, Source("halyard", "USDC", 50))),
        (6_870 * 10**6, (CASH, COINS, ELSEWHERE)),
        (10**15, (CASH, COINS, ELSEWHERE)),
    ],
)
def test_sources_are_drawn_in_turn(needed: int, expected: tuple[Source, ...]) -> None:
    assert plan_top_up(needed, (CASH, COINS, ELSEWHERE), SCHEDULE, PRICES_E6) == expected


@pytest.mark.parametrize(
    "source", [Source("", "BTC", 0), Source("", "WORTHLESS", 10**9), Source("", "USDC", 1)], ids=lambda s: s.asset
)
def test_a_source_that_counts_for_nothing_is_passed_over(source: Source) -> None:
    assert plan_top_up(98, (source, CASH), SCHEDULE, PRICES_E6) == (Source("", "USDC", 100),)


def test_an_asset_without_a_price_today_gives_nothing() -> None:
    assert plan_top_up(98, (COINS, CASH), SCHEDULE, {**PRICES_E6, "BTC": 0}) == (Source("", "USDC", 100),)


def test_an_asset_that_is_not_eligible_is_a_fault() -> None:
    with pytest.raises(KeyError, match="DOGE"):
        plan_top_up(98, (Source("", "DOGE", 5),), SCHEDULE, PRICES_E6)


def test_without_sources_nothing_is_invented() -> None:
    assert plan_top_up(98, (), SCHEDULE, PRICES_E6) == ()


LIMITED = SCHEDULE | {
    "BTC": Eligible(Asset("BTC", 8, 8), 1_000, most_units=10**7),
    "ETH": Eligible(Asset("ETH", 9, 18), 1_500, most_share_bps=5_000),
}
ETHER = Source("", "ETH", 10**10)  # ten, which count for $17,000


@pytest.mark.parametrize(
    ("needed", "held", "expected"),
    [
        (100 * 10**6, {}, (Source("", "USDC", 102_040_817),)),  # half of nothing: ether adds nothing, and is not sent
        (100 * 10**6, {"USDC": 10**9}, (Source("", "ETH", 58_823_530),)),  # $100 at 0.85, as without a limit
        (980 * 10**6, {"USDC": 10**9}, (Source("", "ETH", 576_470_589),)),  # the limit, to the unit
        (990 * 10**6, {"USDC": 10**9}, (Source("", "ETH", 576_470_589), Source("", "USDC", 10_204_082))),
        # Already over. That each dollar of cash frees another of ether is not counted on.
        (100 * 10**6, {"USDC": 10**9, "ETH": 10**10}, (Source("", "USDC", 102_040_817),)),
        (540 * 10**6, {"BTC": 9 * 10**6}, (Source("", "ETH", 317_647_059),)),
    ],
)
def test_what_is_over_a_limit_is_not_sent(needed: int, held: dict[str, int], expected: tuple[Source, ...]) -> None:
    assert plan_top_up(needed, (ETHER, CASH), LIMITED, PRICES_E6, held) == expected


def test_a_limit_in_units_counts_what_is_there_already() -> None:
    coins = Source("", "BTC", 10**8)
    assert plan_top_up(10**12, (coins,), LIMITED, PRICES_E6, {"BTC": 9 * 10**6}) == (Source("", "BTC", 10**6),)
    assert plan_top_up(10**12, (coins,), LIMITED, PRICES_E6, {"BTC": 10**7}) == ()


def adds(there: Mapping[str, int], asset: str, units: int) -> int:
    """What units of an asset add to what is there, never more than they count for alone (1e-6 USD)."""
    before = value(LIMITED, there, PRICES_E6).collateral_units
    after = value(LIMITED, {**there, asset: there.get(asset, 0) + units}, PRICES_E6).collateral_units
    return min(after - before, LIMITED[asset].collateral_units(units, PRICES_E6[asset]))


def test_under_limits_too_what_adds_something_is_sent_until_the_need_is_covered() -> None:
    reached: Counter[str] = Counter()
    assets = st.sampled_from(list(LIMITED))
    offers = st.lists(st.tuples(assets, st.integers(0, 10**11)), max_size=4)

    @settings(derandomize=True)
    @given(st.integers(1, 10**11), offers, st.dictionaries(assets, st.integers(0, 10**10)))
    def holds(needed: int, rows: list[tuple[str, int]], held: dict[str, int]) -> None:
        sources = [Source(str(place), asset, units) for place, (asset, units) in enumerate(rows)]
        plan = plan_top_up(needed, sources, LIMITED, PRICES_E6, held)
        drawn = {source.place: source.units for source in plan}
        there, missing, left = Counter(held), needed, 0
        for source in sources:
            most = adds(there, source.asset, source.units)
            sent = drawn.get(source.place, 0)
            assert adds(there, source.asset, sent) >= min(missing, most)
            assert sent == 0 or adds(there, source.asset, sent - 1) < min(missing, most)
            missing -= min(missing, most)
            left += source.units - sent
            there[source.asset] += sent
        counts = value(LIMITED, there, PRICES_E6)
        assert counts.collateral_units - value(LIMITED, held, PRICES_E6).collateral_units >= needed - missing
        reached["covered"] += not missing
        reached["nothing to add"] += missing > 0 and left > 0
        reached["a limit met"] += any(line.over_units or line.over_share_units for line in counts.lines)

    holds()
    assert min(reached[what] for what in ("covered", "nothing to add", "a limit met")) >= 5


def test_the_need_is_covered_or_all_is_sent_and_one_unit_less_would_not_do() -> None:
    reached: Counter[str] = Counter()
    assets = st.sampled_from(["USDC", "BTC", "ETH"])
    holdings = st.lists(st.tuples(assets, st.integers(0, 10**10)), max_size=4)
    shares_bps = st.sampled_from([0, 1, 2_500, 9_000, 9_999, 10_000, 15_000])

    @settings(derandomize=True)
    @given(shares_bps, st.integers(0, 2), holdings, st.integers(1, 200_000 * 10**6))
    def holds(share_bps: int, more: int, rows: list[tuple[str, int]], coin_e6: int) -> None:
        prices = {"USDC": 10**6, "BTC": coin_e6, "ETH": coin_e6 // 30 + 1}
        sources = [Source(str(place), asset, units) for place, (asset, units) in enumerate(rows)]

        def counts_for(source: Source, units: int) -> int:
            return SCHEDULE[source.asset].collateral_units(units, prices[source.asset])

        everything = sum(counts_for(source, source.units) for source in sources)
        needed = everything * share_bps // 10_000 + more
        plan = plan_top_up(needed, sources, SCHEDULE, prices)
        offered = {source.place: source for source in sources}
        assert [drawn.place for drawn in plan] == sorted(drawn.place for drawn in plan)
        sent = 0
        for drawn in plan:
            source = offered[drawn.place]
            assert (drawn.asset, 0 < drawn.units <= source.units) == (source.asset, True)
            part = min(counts_for(source, source.units), needed - sent)
            assert counts_for(drawn, drawn.units - 1) < part <= counts_for(drawn, drawn.units)
            sent += counts_for(drawn, drawn.units)
        assert sent >= needed or sent == everything
        reached["covered by several"] += len(plan) > 1 and sent >= needed
        reached["used up"] += 0 < sent < needed
        reached["a source spared"] += bool(plan) and plan[-1].units < offered[plan[-1].place].units

    holds()
    assert min(reached[what] for what in ("covered by several", "used up", "a source spared")) >= 5
