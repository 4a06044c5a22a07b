"""A net is a function of the gross table alone, and equal to what the mirror says of the same fills."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.gross import Cause, Gross, Period, bilateral, gross, multilateral, without
from settlement.mirror import HOUSE, Fill, Mirror, Payment
from tests.settlement.test_mirror import LISTED, fill_lists, marks

payments = st.lists(
    st.tuples(st.permutations((HOUSE, "hedger", "maker")), st.integers(1, 10**6)).map(
        lambda drawn: Payment(1, drawn[0][0], drawn[0][1], drawn[1])
    ),
    max_size=3,
)


def test_a_cycle_by_hand() -> None:
    rows = (
        Gross("hedger", HOUSE, 70, Cause.FILL, "f1"),
        Gross(HOUSE, "hedger", 30, Cause.REVALUATION, "1"),
        Gross("maker", "hedger", 5, Cause.FILL, "f2"),
    )
    assert bilateral(rows) == {("hedger", "house"): 40, ("hedger", "maker"): -5}
    assert multilateral(bilateral(rows)) == {"hedger": -35, HOUSE: 40, "maker": -5}


@settings(max_examples=60, deadline=None)
@given(fill_lists(), fill_lists(), marks, marks, payments)
def test_net_is_a_function_of_gross_and_equal_to_the_mirror_over_two_cycles(
    first: list[Fill], second: list[Fill], before: dict[int, int], after: dict[int, int], owed: list[Payment]
) -> None:
    mirror = Mirror(LISTED)
    at_harbour = [[fill for fill in fills if fill.venue == "harbour"] for fills in (first, second)]
    opening: dict[tuple[str, int], int] = {}
    for reported, marked, then, paid in ((at_harbour[0], before, {}, []), (at_harbour[1], after, before, owed)):
        fills = [fill for fill in reported if mirror.book(fill)]
        for one in paid:
            mirror.owe("harbour", one.debtor, one.creditor, one.units)
        period = Period(opening, then, tuple(fills), tuple(paid), marked)
        rows = gross(period, LISTED)
        net = multilateral(bilateral(rows))
        assert sum(net.values()) == 0
        added: dict[str, int] = defaultdict(int)
        for row in rows:
            assert row.units > 0
            added[row.debtor] -= row.units
            added[row.creditor] += row.units
        assert {party: units for party, units in net.items() if units} == {p: u for p, u in added.items() if u}
        dues = mirror.dues("harbour", marked)
        assert {party: units for party, units in dues.items() if units} == {p: u for p, u in net.items() if u}
        mirror.settle("harbour", dues)
        opening = period.closing()


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(-99, 99)), st.sets(st.sampled_from("abcdef")))
def test_the_house_takes_over_what_the_excluded_leave_open(dues: dict[str, int], excluded: set[str]) -> None:
    whole = {**dues, HOUSE: -sum(dues.values())}
    kept = without(whole, excluded)
    assert sum(kept.values()) == 0
    assert not kept.keys() & excluded
    assert all(kept[party] == units for party, units in dues.items() if party not in excluded)
