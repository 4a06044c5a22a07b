"""Tiers of maintenance: what a file may say, and that all ways to compute what is asked agree."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.contagion.assumptions import MICRO, Assumptions
from margin.contagion.inputs.venue_file import packaged_venues, venue_in
from margin.contagion.scan import NOTHING_ABOVE, PPM, Prices, Rows, standings
from margin.contagion.tiered import TierError, Tiers, needed_units, tiers_in
from margin.fixed import Fixed
from margin.tiers import maintenance, tiers_of

LOWEST_PPM = 4_000
TABLE: Tiers = ((50_000 * MICRO, 5_000), (250_000 * MICRO, 10_000), (1_000_000 * MICRO, 25_000))
tables = st.lists(st.tuples(st.integers(1, 10**15), st.integers(2, 10**5)), max_size=5).map(
    lambda found: tuple(
        zip(sorted({above for above, _ in found}), np.cumsum([ppm for _, ppm in found]).tolist(), strict=False)
    )
)
"""Any number of tiers, each at a rate above that of the one before."""
notionals = st.integers(0, 10**16)


def asked(lowest_ppm: int, tiers: Tiers, held: Sequence[int]) -> int:
    """By the engine's loop: one account with these notionals in instruments of a price of one µ$."""
    count = len(held)
    rows = Rows(
        np.array([0, count], np.int32), np.arange(count, dtype=np.int8), np.array(held, np.int64),
        np.zeros(1, np.int8), np.zeros(1, np.int64), np.zeros(1, np.int64),
    )  # fmt: skip
    rates = np.diff([lowest_ppm, *(ppm for _, ppm in tiers)])
    one = np.ones(count, np.int64)
    above = np.array([above for above, _ in tiers] + [NOTHING_ABOVE], np.int64)
    prices = Prices(
        one, one[None], one[None] * lowest_ppm, np.tile(above, (1, count, 1)), np.tile([*rates, 0], (1, count, 1))
    )
    return int(standings(np.zeros(1, np.int32), rows, prices)[1][0])


@settings(deadline=None)
@given(tables, st.lists(notionals, min_size=1, max_size=3), st.sampled_from([-1, 1]))
def test_the_engine_asks_what_whole_numbers_do(tiers: Tiers, held: list[int], side: int) -> None:
    expected = sum(needed_units(notional, 1, tiers) for notional in held)
    assert asked(1, tiers, [side * notional for notional in held]) == expected


@settings(deadline=None)
@given(st.integers(0, 10**10))
def test_and_what_exchanges_write_as_a_share_less_an_amount(dollars: int) -> None:
    """Of whole dollars: there is nothing to round."""
    edges = [(0, LOWEST_PPM), *((above // MICRO, ppm) for above, ppm in TABLE)]
    written = tiers_of([(Fixed.of(above), Fixed.of(ppm) / Fixed.of(PPM)) for above, ppm in edges])
    expected = maintenance(written, Fixed.of(dollars)) * Fixed.of(MICRO)
    assert Fixed.of(asked(LOWEST_PPM, TABLE, [dollars * MICRO])) == expected


def test_the_packaged_table_asks_what_binance_has_published(assumptions: Assumptions) -> None:
    """Announcement of 18 March 2021: the amounts that its tiers take off."""
    assert packaged_venues() == ("binance_2021",)
    own, replaced = venue_in("binance_2021", assumptions)
    assert (replaced, own.fund_units, own.capital_units) == ("venue_1", None, None)
    lowest, tiers = own.asks(0, assumptions.instruments[0])
    every = [(0, lowest), *tiers]
    amounts = [0, 50, 1_300, 16_300, 266_300, 1_266_300, 2_516_300, 5_016_300, 25_016_300, 100_016_300]
    for (above, ppm), amount in zip(every, amounts, strict=True):
        notional = above + 50_000 * MICRO
        assert asked(lowest, tiers, [notional]) == notional // PPM * ppm - amount * MICRO
    others = [(one.maintenance_ppm, one.maintenance_tiers) for one in assumptions.instruments[1:]]
    assert [own.asks(which, assumptions.instruments[which]) for which in range(1, 5)] == others


@settings(deadline=None)
@given(tables, notionals, st.integers(0, 10**15))
def test_it_rises_bends_upwards_and_is_never_below_the_lowest_rate(tiers: Tiers, notional: int, more: int) -> None:
    low, middle, high = (needed_units(notional + step * more, 1, tiers) for step in range(3))
    assert low <= middle <= high
    assert high - middle >= middle - low - 2 * (len(tiers) + 1), "but for roundings"
    assert needed_units(notional, 1, ()) <= low <= notional


@settings(deadline=None)
@given(tables.filter(bool))
def test_at_an_edge_nothing_jumps(tiers: Tiers) -> None:
    for above, _ in tiers:
        before, at, after = (needed_units(above + step, 1, tiers) for step in (-1, 0, 1))
        assert at - before <= len(tiers) + 1
        assert after - at <= len(tiers) + 1


def test_without_tiers_it_is_one_rate_rounded_up() -> None:
    assert [asked(LOWEST_PPM, (), [notional]) for notional in (0, 1, 250, 251)] == [0, 1, 1, 2]


def test_pairs_of_a_file_are_taken_exactly() -> None:
    assert tiers_in([["50000", 50], ["0.000001", 100]][:1], LOWEST_PPM) == TABLE[:1]
    assert tiers_in([["0.000001", 41], ["50000.5", 10_000]], LOWEST_PPM) == ((1, 4_100), (50_000_500_000, 1_000_000))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([], []),
        ("none", "none"),
        ([["50000"]], ["50000"]),
        ([[50_000, 50]], [50_000, 50]),
        ([["50000", "50"]], ["50000", "50"]),
        ([["50000", True]], ["50000", True]),
        ([["50000", 50.0]], ["50000", 50.0]),
        ([["5e4", 50]], ["5e4", 50]),
        ([["0", 50]], ["0", 50]),
        ([["-1", 50]], ["-1", 50]),
        ([["0.0000001", 50]], ["0.0000001", 50]),
        ([["50000", 40]], ["50000", 40]),
        ([["50000", 10_001]], ["50000", 10_001]),
        ([["50000", 50], ["50000", 60]], ["50000", 60]),
        ([["50000", 50], ["60000", 50]], ["60000", 50]),
        ([["9" * 13, 50]], ["9" * 13, 50]),
    ],
)
def test_what_is_no_tier_is_shown(value: object, found: object) -> None:
    with pytest.raises(TierError, match="pairs like") as raised:
        tiers_in(value, LOWEST_PPM)
    assert raised.value.found == found
