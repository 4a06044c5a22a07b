"""Every difference is named with its effect, and the effects add up to what the dues differ by, to the unit."""

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from margin.instruments import Instrument, Kind
from settlement import dispute
from settlement.dispute import Difference, Report, Statement, differences, dues
from settlement.mirror import HOUSE, Fill

LISTED = {
    1: Instrument(1, "harbour", "BTC-PERP", Kind.PERP, "BTC", 1_000, 10_000),
    2: Instrument(2, "harbour", "ETH-PERP", Kind.PERP, "ETH", 100, 10_000),
}
FIRST = Fill("harbour", 1, 1, "hedger", HOUSE, 2_000, 90_000_000_000, 100, "trade")
SECOND = Fill("harbour", 2, 2, "maker", "hedger", 300, 3_000_000_000, 110, "trade")
THIRD = Fill("harbour", 3, 1, HOUSE, "maker", 1_000, 91_000_000_000, 120, "trade")
OWN = Statement((FIRST, SECOND, THIRD), {1: 92_000_000_000, 2: 3_010_000_000}, {1: 5}, {"hedger": 7, HOUSE: -7})


def compared(**changed: object) -> Report:
    return differences(replace(OWN, **changed), OWN, LISTED)


def the_only(report: Report) -> Difference:
    (found,) = report.differences
    return found


def test_equal_statements_can_be_signed() -> None:
    report = compared()
    assert (report.differences, report.disputed) == ((), {})
    assert sum(report.expected_dues.values()) == 0


def test_a_price_that_is_stated_otherwise_is_shown_on_both_sides_with_its_effect() -> None:
    """Two coins sold to the hedger for 90,010 instead of 90,000: twenty dollars less for it."""
    found = the_only(compared(fills=(replace(FIRST, price_e6=90_010_000_000), SECOND, THIRD)))
    assert found == Difference(
        dispute.Kind.FILL_STATED_OTHERWISE, "1", "price_e6 90000000000", "price_e6 90010000000",
        {"hedger": -20_000_000, HOUSE: 20_000_000},
    )  # fmt: skip


def test_fills_that_only_one_side_has_and_one_that_is_stated_twice() -> None:
    invented = replace(SECOND, sequence=4, lots=100)
    omitted, extra, twice = (
        the_only(compared(fills=fills)) for fills in ((FIRST, THIRD), (*OWN.fills, invented), (*OWN.fills, SECOND))
    )
    assert [one.kind for one in (omitted, extra, twice)] == ["fill_not_stated", "fill_not_known", "fill_stated_twice"]
    # Three ether that gained 10 dollars each.
    assert omitted.effect_units == {"hedger": 30_000_000, "maker": -30_000_000}
    assert extra.effect_units == {"hedger": -10_000_000, "maker": 10_000_000}
    assert twice.effect_units == {"hedger": -30_000_000, "maker": 30_000_000}
    assert omitted.stated == extra.expected == "nothing"
    assert extra.stated.startswith("venue harbour, sequence 4")
    assert twice.stated.startswith("2 times venue harbour, sequence 2")


def test_marks_funding_and_what_was_settled() -> None:
    mark = the_only(compared(marks_e6={1: 92_000_000_000, 2: 3_020_000_000}))
    assert (mark.kind, mark.reference, mark.stated) == ("mark", "2", "3020000000e-6 USD")
    assert mark.effect_units == {"hedger": -30_000_000, "maker": 30_000_000}
    funding = the_only(compared(funding_units={1: 6}))
    assert (funding.kind, funding.effect_units) == ("funding", {"hedger": -2_000, "maker": 1_000, HOUSE: 1_000})
    settled = the_only(compared(settled_units={HOUSE: -7, "hedger": 3}))
    assert (settled.kind, settled.reference, settled.effect_units) == ("settled", "hedger", {"hedger": 4})


def test_the_first_differing_trade_comes_first_whatever_its_number() -> None:
    early = replace(THIRD, occurred_at_s=90, lots=1)
    report = differences(
        replace(OWN, fills=(replace(FIRST, lots=1), SECOND, early), marks_e6={1: 10_000, 2: 3_010_000_000}),
        replace(OWN, fills=(FIRST, SECOND, replace(early, lots=2))), LISTED,
    )  # fmt: skip
    assert [one.reference for one in report.differences] == ["3", "1", "1"]
    assert [one.kind for one in report.differences][-1] == "mark"


def test_what_is_held_covers_either_outcome() -> None:
    report = Report((), {"hedger": -5, "maker": 9}, {"hedger": 3, "maker": 4})
    assert report.disputed == {"hedger": -8, "maker": 5}
    assert report.held_units("hedger") == (5, 3)
    assert report.held_units("maker") == (0, 9)


parties = st.sampled_from(("hedger", "maker", "treasury", HOUSE))
prices = st.integers(1, 10**7).map(lambda ticks: ticks * 10_000)


@st.composite
def statements(draw: st.DrawFn) -> tuple[Statement, Statement]:
    fills = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        buyer, seller = draw(st.permutations(("hedger", "maker", "treasury", HOUSE)))[:2]
        at_s = draw(st.integers(0, 50))
        listed = draw(st.sampled_from((1, 2)))
        fills.append(Fill("harbour", number, listed, buyer, seller, draw(st.integers(1, 999)), draw(prices), at_s, ""))
    per_instrument = st.fixed_dictionaries({1: prices, 2: prices})
    funding = st.fixed_dictionaries({1: st.integers(-9, 9), 2: st.integers(-9, 9)})
    own = Statement(tuple(fills), draw(per_instrument), draw(funding), {})
    told = []
    for fill in fills:
        change = draw(st.sampled_from(("none", "none", "drop", "twice", "lots", "price", "seller")))
        changed = {
            "lots": replace(fill, lots=fill.lots + 1),
            "price": replace(fill, price_e6=fill.price_e6 + 10_000),
            "seller": replace(fill, seller="stranger"),
        }.get(change, fill)
        told += {"drop": [], "twice": [fill, fill]}.get(change, [changed])
    marks = draw(st.one_of(st.just(own.marks_e6), per_instrument))
    return Statement(tuple(told), marks, draw(st.one_of(st.just(own.funding_units), funding)), {}), own


@settings(max_examples=150, deadline=None)
@given(statements())
def test_effects_add_up_to_what_the_dues_differ_by(pair: tuple[Statement, Statement]) -> None:
    stated, own = pair
    report = differences(stated, own, LISTED)
    added: Counter[str] = Counter()
    for one in report.differences:
        assert sum(one.effect_units.values()) == 0
        assert one.expected != one.stated
        for party, units in one.effect_units.items():
            added[party] += units
    expected, told = dues(own, LISTED), dues(stated, LISTED)
    assert sum(told.values()) == 0
    for party in added.keys() | expected.keys() | told.keys():
        assert added[party] == told.get(party, 0) - expected.get(party, 0)
    same = Counter(map(repr, stated.fills)) == Counter(map(repr, own.fills))
    same = same and (stated.marks_e6, stated.funding_units) == (own.marks_e6, own.funding_units)
    assert bool(report.differences) != same
