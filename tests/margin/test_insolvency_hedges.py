"""Which hedges a default leaves open: never more than was lost, and nobody's who lost nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from margin.insolvency.hedges import Exposure, open_hedges


def held(party: str, venue: str, instrument: str, units: int) -> Exposure:
    return Exposure(party, venue, instrument, instrument.partition("-")[0], units)


CLOSED = held("fund", "north", "BTC-PERP", 90)


def told(*positions: Exposure) -> list[tuple[str, int, str, str, int]]:
    return [
        (one.party, one.lost_units, one.venue, one.instrument, one.units)
        for one in open_hedges((CLOSED, *positions), "fund", "north")
    ]


@pytest.mark.parametrize(
    ("positions", "hedges"),
    [
        # The maker sold what the fund bought, and bought it elsewhere.
        ([held("maker", "north", "BTC-PERP", -90), held("maker", "south", "BTC-PERP", 90)],
         [("maker", -90, "south", "BTC-PERP", 90)]),
        # No more than was lost of a larger hedge, and no more than there is of a smaller one.
        ([held("maker", "north", "BTC-PERP", -90), held("maker", "south", "BTC-PERP", 200)],
         [("maker", -90, "south", "BTC-PERP", 90)]),
        ([held("maker", "north", "BTC-PERP", -90), held("maker", "south", "BTC-PERP", 40)],
         [("maker", -90, "south", "BTC-PERP", 40)]),
        # Two hedges in the order given; an option at the same venue is one.
        ([held("maker", "north", "BTC-PERP", -90), held("maker", "north", "BTC-C", 50),
          held("maker", "south", "BTC-PERP", 60)],
         [("maker", -90, "north", "BTC-C", 50), ("maker", -90, "south", "BTC-PERP", 40)]),
        # Two counterparties lose in proportion: 60 and 30.
        ([held("maker", "north", "BTC-PERP", -120), held("writer", "north", "BTC-PERP", -60),
          held("writer", "south", "BTC-PERP", 60), held("maker", "south", "BTC-PERP", 120)],
         [("maker", -60, "south", "BTC-PERP", 60), ("writer", -30, "south", "BTC-PERP", 30)]),
        # The same way round, another underlying, no counterparty, the same side: nothing is left open.
        ([held("maker", "north", "BTC-PERP", -90), held("maker", "south", "BTC-PERP", -90)], []),
        ([held("maker", "north", "BTC-PERP", -90), held("maker", "south", "ETH-PERP", 90)], []),
        ([held("maker", "south", "BTC-PERP", 90)], []),
        ([held("maker", "north", "BTC-PERP", 90), held("maker", "south", "BTC-PERP", -90)], []),
        ([], []),
    ],
)  # fmt: skip
def test_hedges_that_lose_what_they_hedged(
    positions: list[Exposure], hedges: list[tuple[str, int, str, str, int]]
) -> None:
    assert told(*positions) == hedges


def test_what_is_closed_both_ways_is_lost_only_by_the_difference() -> None:
    positions = [
        held("fund", "north", "BTC-C", -30),
        held("maker", "north", "BTC-PERP", -90),
        held("maker", "north", "BTC-C", 30),
        held("maker", "south", "BTC-PERP", 60),
    ]
    assert told(*positions) == [("maker", -60, "south", "BTC-PERP", 60)]


def test_what_remains_of_a_leg_can_be_a_hedge() -> None:
    """The maker's calls were 50, of which 30 are closed: the other 20 had offset a part of its short."""
    positions = [
        held("fund", "north", "BTC-C", -30),
        held("maker", "north", "BTC-PERP", -90),
        held("maker", "north", "BTC-C", 50),
    ]
    assert told(*positions) == [("maker", -60, "north", "BTC-C", 20)]


def test_a_position_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="a position is given twice"):
        open_hedges((CLOSED, CLOSED), "fund", "north")


places = st.tuples(
    st.sampled_from(("fund", "maker", "writer")),
    st.sampled_from(("north", "south")),
    st.sampled_from(("BTC-PERP", "BTC-C", "ETH-PERP")),
)


@given(st.dictionaries(places, st.integers(-1_000, 1_000)))
def test_nothing_is_listed_beyond_what_was_lost_or_is_held_and_nothing_is_left_out(
    book: dict[tuple[str, str, str], int],
) -> None:
    hedges = open_hedges([held(*place, units) for place, units in book.items()], "fund", "north")
    listed = {(one.party, one.venue, one.instrument): one.units for one in hedges}
    assert len(listed) == len(hedges)
    for place, units in listed.items():
        assert 0 < units <= book[place] or book[place] <= units < 0
        assert place[0] != "fund"
    for one in hedges:
        same = [two for two in hedges if (two.party, two.underlying) == (one.party, one.underlying)]
        assert {two.lost_units for two in same} == {one.lost_units}
        offset = sum(two.units for two in same)
        assert 0 < -offset <= one.lost_units or one.lost_units <= -offset < 0
        if offset != -one.lost_units:  # all that there is elsewhere is listed whole
            for (party, venue, instrument), units in book.items():
                if (party, venue) == (one.party, "south") and instrument.startswith(one.underlying):
                    assert units * one.units <= 0 or listed[party, venue, instrument] == units


def test_what_counterparties_lose_sums_to_what_is_closed() -> None:
    sold = {f"maker{number}": units for number, units in enumerate((7, 11, 13, 100))}
    positions = [CLOSED, *(held(party, "north", "BTC-PERP", -units) for party, units in sold.items())]
    positions += [held(party, "south", "BTC-PERP", 1_000) for party in sold]
    hedges = open_hedges(positions, "fund", "north")
    assert sum(one.units for one in hedges) == 90
    assert all(one.units <= sold[one.party] for one in hedges)
