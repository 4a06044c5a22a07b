"""Every fill once, in any order; unsettled P&L against a slow recount that shares no code with the mirror."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.instruments import Instrument, Kind
from settlement.batch import Change
from settlement.mirror import FUND, HOUSE, Fill, FillError, Mirror, Payment, deltas

VENUES = ("harbour", "quay")
LISTED = {
    1: Instrument(1, "harbour", "BTC-PERP", Kind.PERP, "BTC", 1_000, 10_000),
    2: Instrument(2, "harbour", "ETH-CALL", Kind.CALL, "ETH", 100, 10_000, 3_000_000_000, 1_772_000_000),
    3: Instrument(3, "quay", "XAG-PERP", Kind.PERP, "XAG", 10, 1_000),
}
PARTIES = (HOUSE, "hedger", "maker", "treasury")
FIRST = Fill("harbour", 1, 1, "hedger", HOUSE, 2_000, 90_000_000_000, 100, "order")


def prices(number: int) -> st.SearchStrategy[int]:
    """On the tick, from nearly nothing to ten million dollars."""
    return st.integers(1, 10**13 // LISTED[number].tick_e6).map(lambda ticks: ticks * LISTED[number].tick_e6)


@st.composite
def fill_lists(draw: st.DrawFn) -> list[Fill]:
    """Fills of all venues with a running number each, as the venues would report them."""
    fills = []
    for sequence in range(1, draw(st.integers(1, 12)) + 1):
        number = draw(st.sampled_from(sorted(LISTED)))
        buyer, seller = draw(st.permutations(PARTIES))[:2]
        lots, price_e6 = draw(st.integers(1, 10**6)), draw(prices(number))
        fills.append(Fill(LISTED[number].venue, sequence, number, buyer, seller, lots, price_e6, 100, "order"))
    return fills


marks = st.fixed_dictionaries({number: prices(number) for number in LISTED})


def booked(fills: list[Fill]) -> Mirror:
    mirror = Mirror(LISTED)
    assert all(mirror.book(fill) for fill in fills)
    return mirror


def content(mirror: Mirror) -> tuple[object, ...]:
    """All that a mirror says, without the order in which it heard it."""
    held = {(venue, party): mirror.holdings(venue, party) for venue in VENUES for party in mirror.parties(venue)}
    return held, dict(mirror.cash_units), dict(mirror.traded_units)


def recounted(fills: list[Fill], venue: str, party: str, marks_e6: dict[int, int]) -> Fraction:
    """Σ q (p − p̂) over a party's own trades, q in coins, exact: a list, a loop and fractions."""
    total = Fraction(0)
    for fill in fills:
        if fill.venue == venue:
            coins = Fraction(fill.lots, LISTED[fill.instrument_id].lots_per_coin)
            gain = coins * (marks_e6[fill.instrument_id] - fill.price_e6)
            total += gain if fill.buyer == party else -gain if fill.seller == party else 0
    return total


# -- one fill ----------------------------------------------------------------------------------------------------------


def test_two_coins_bought_at_ninety_thousand_and_marked_at_ninety_five() -> None:
    mirror = booked([FIRST])
    assert mirror.holdings("harbour", "hedger") == {1: 2_000}
    assert mirror.holdings("harbour", HOUSE) == {1: -2_000}
    assert mirror.cash_units["harbour", "hedger"] == -180_000_000_000
    assert mirror.dues("harbour", {1: 95_000_000_000}) == {"hedger": 10_000_000_000, HOUSE: -10_000_000_000}
    assert mirror.profit_units("harbour", "hedger", 1, 95_000_000_000) == 10_000_000_000
    assert mirror.dues("quay", {}) == {}


def test_the_same_fill_heard_twice_is_one_fill() -> None:
    mirror = booked([FIRST])
    before = content(mirror)
    assert mirror.book(FIRST) is False
    assert mirror.book(replace(FIRST, cause="heard of it elsewhere")) is False
    assert content(mirror) == before


@pytest.mark.parametrize("other", [
    {"venue": "quay"}, {"sequence": 2}, {"instrument_id": 2}, {"buyer": "maker"}, {"seller": "maker"}, {"lots": 2_001},
    {"price_e6": 90_000_010_000}, {"occurred_at_s": 101},
])  # fmt: skip
def test_a_fill_that_differs_in_any_fact_is_another_fill(other: dict[str, object]) -> None:
    assert replace(FIRST, **other).id != FIRST.id


IMPOSSIBLE = {
    "no lots": ({"lots": 0}, "0 lots from house to hedger"),
    "fewer than no lots": ({"lots": -5}, "-5 lots from house to hedger"),
    "one party on both sides": ({"seller": "hedger"}, "2000 lots from hedger to hedger"),
    "nobody lists it": ({"instrument_id": 9}, "harbour lists no instrument 9"),
    "another venue lists it": ({"venue": "quay"}, "quay lists no instrument 1"),
    "off the tick": ({"price_e6": 90_000_000_001}, "90000000001e-6 USD is not on the tick"),
    "for nothing": ({"price_e6": 0}, "at a price of 0"),
    "for less than nothing": ({"price_e6": -10_000}, "at a price of -10000"),
}


@pytest.mark.parametrize(("other", "told"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_an_impossible_fill_is_refused_and_changes_nothing(other: dict[str, object], told: str) -> None:
    mirror = booked([FIRST])
    before, bad = content(mirror), replace(FIRST, **{"sequence": 2, **other})
    for _ in range(2):  # refused again, not taken for known
        with pytest.raises(FillError, match=f"fill {bad.id}: .*{told}"):
            mirror.book(bad)
    assert content(mirror) == before


# -- many fills --------------------------------------------------------------------------------------------------------


@given(fill_lists(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_mirror(fills: list[Fill], order: Random) -> None:
    shuffled = [*fills, *fills[::2]]
    order.shuffle(shuffled)
    mirror = Mirror(LISTED)
    assert Counter(map(mirror.book, shuffled)) == Counter({True: len(fills), False: len(fills[::2])})
    assert content(mirror) == content(booked(fills))


@given(fill_lists(), marks)
def test_unsettled_profit_is_zero_sum_and_what_a_slow_recount_says(fills: list[Fill], marks_e6: dict[int, int]) -> None:
    mirror = booked(fills)
    for venue in VENUES:
        dues = mirror.dues(venue, marks_e6)
        assert sum(dues.values()) == 0
        assert dues == {party: recounted(fills, venue, party, marks_e6) for party in dues}
        assert all(recounted(fills, venue, party, marks_e6) == 0 for party in set(PARTIES) - set(dues))
    assert mirror.zero_sum_breaks() == {}


@given(fill_lists(), fill_lists(), marks, marks)
def test_a_settlement_starts_again_from_its_marks(
    earlier: list[Fill], later: list[Fill], old_e6: dict[int, int], new_e6: dict[int, int]
) -> None:
    """After it only the move of the marks counts for old positions, and new fills count from their own price."""
    mirror = booked(earlier)
    other = content(mirror)[0], mirror.dues("quay", old_e6)
    mirror.settle("harbour", mirror.dues("harbour", old_e6))
    assert set(mirror.dues("harbour", old_e6).values()) <= {0}
    assert (content(mirror)[0], mirror.dues("quay", old_e6)) == other, "positions and other venues stay"

    later = [replace(fill, sequence=fill.sequence + 100) for fill in later]
    assert all(map(mirror.book, later))
    for party in mirror.parties("harbour"):
        moved = recounted(earlier, "harbour", party, new_e6) - recounted(earlier, "harbour", party, old_e6)
        assert mirror.unsettled_units("harbour", party, new_e6) == moved + recounted(later, "harbour", party, new_e6)


@given(fill_lists(), marks, marks)
def test_profit_since_the_first_fill_does_not_care_about_settlements(
    fills: list[Fill], old_e6: dict[int, int], new_e6: dict[int, int]
) -> None:
    mirror = booked(fills)
    mirror.settle("harbour", mirror.dues("harbour", old_e6))
    for party in PARTIES:
        by_instrument = sum(mirror.profit_units("harbour", party, number, new_e6[number]) for number in (1, 2))
        assert by_instrument == recounted(fills, "harbour", party, new_e6)


@given(fill_lists(), marks)
def test_what_goes_to_the_chain_is_lots_and_cash_of_the_fills_and_nothing_even(
    fills: list[Fill], marks_e6: dict[int, int]
) -> None:
    """With every instrument's lots at its mark the cash is the P&L: the chain says no less than the mirror."""
    net, mirror = deltas(LISTED, fills), booked(fills)
    assert Change(0, 0) not in net.values()
    held = content(mirror)[0]
    assert isinstance(held, dict)
    assert {(number, party): change.lots for (number, party), change in net.items() if change.lots} == {
        (number, party): lots for (_, party), by_number in held.items() for number, lots in by_number.items()
    }
    for number, instrument in LISTED.items():
        own = {party: change for (at, party), change in net.items() if at == number}
        assert sum(change.lots for change in own.values()) == sum(change.cash_units for change in own.values()) == 0
        for party, change in own.items():
            profit = change.cash_units + instrument.value_units(change.lots, marks_e6[number])
            assert profit == mirror.profit_units(instrument.venue, party, number, marks_e6[number])
    back = [replace(fill, buyer=fill.seller, seller=fill.buyer) for fill in fills]
    assert deltas(LISTED, [*fills, *back]) == {}


def test_a_round_trip_leaves_cash_and_a_penalty_is_cash_alone() -> None:
    dearer = replace(FIRST, sequence=2, buyer=HOUSE, seller="hedger", price_e6=91_000_000_000)
    penalty = Payment(1, "hedger", FUND, 7)
    assert deltas(LISTED, [FIRST, dearer], [penalty]) == {
        (1, "hedger"): Change(0, 2_000_000_000 - 7),
        (1, HOUSE): Change(0, -2_000_000_000),
        (1, FUND): Change(0, 7),
    }


def test_the_random_fills_do_cross_and_flatten() -> None:
    """The control: without flat parties and both signs of profit the properties above would prove little."""
    seen: Counter[str] = Counter()

    @settings(max_examples=100, derandomize=True)
    @given(fill_lists(), marks)
    def look(fills: list[Fill], marks_e6: dict[int, int]) -> None:
        mirror = booked(fills)
        dues = mirror.dues("harbour", marks_e6).values()
        seen.update(gain=any(due > 0 for due in dues), several=len(fills) > 5, both_venues=len(fills) > 1)
        seen["crossed"] += any(
            len({fill.buyer == party for fill in fills if party in (fill.buyer, fill.seller)}) == 2 for party in PARTIES
        )

    look()
    assert min(seen[word] for word in ("gain", "several", "both_venues", "crossed")) > 20


# -- penalties and breaks ----------------------------------------------------------------------------------------------


def test_a_penalty_is_due_with_the_next_settlement_and_only_once() -> None:
    mirror = booked([FIRST])
    mirror.owe("harbour", "hedger", FUND, 7)
    assert mirror.dues("harbour", {1: FIRST.price_e6}) == {FUND: 7, "hedger": -7, HOUSE: 0}
    assert mirror.profit_units("harbour", "hedger", 1, FIRST.price_e6) == 0, "a penalty is no trading loss"
    mirror.settle("harbour", mirror.dues("harbour", {1: FIRST.price_e6}))
    assert mirror.dues("harbour", {1: FIRST.price_e6}) == {FUND: 0, "hedger": 0, HOUSE: 0}


def test_a_fill_booked_on_one_side_only_is_a_break_with_its_instrument() -> None:
    mirror = booked([FIRST])
    mirror.positions["harbour", "hedger"][1] += 5
    assert mirror.zero_sum_breaks() == {1: 5}
