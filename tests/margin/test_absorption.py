"""Every venue's path to the last payer: each unit of a loss is paid by a name, or unpaid to a name."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from margin.absorption import Purses, run
from margin.adl import AdlPrice, AdlRank, AdlTerms, Candidate
from margin.default_waterfall import Custody, Means, Step, Waterfall
from margin.insurance_fund import Balance
from margin.liquidation_rule import LiquidationRule
from margin.waterfall_file import named, profiles

PURSES = {
    Means.OWN_COLLATERAL: 100, Means.OWN_TOP_UP: 10, Means.BACKSTOP: 50, Means.GUARANTEE_LINE: 30,
    Means.VENUE_CAPITAL: 20,
}  # fmt: skip
GAINS = {"hedger": 600, "maker": 300, "bank": 99}
CLAIMS = {"hedger": 500, "maker": 400, "bank": 0, "holder": 100}
# The maker has the higher rank: 300 of 400 against 450 of 900.
OTHERS = (Candidate("hedger", 5, 450, 900, 5_000), Candidate("maker", 5, 300, 400, 3_000))


def purses(fund: int = 200) -> Purses:
    return Purses(PURSES, GAINS, (Balance(0, fund),), 10, OTHERS, True, CLAIMS)


# own 100, fund 200 (of which OKX pays 60 before it has fallen by 30%), as the steps of each venue have them
LOSSES = """
venue       loss paid
segregated  0    -
segregated  100  own_collateral:100
segregated  115  own_collateral:100,own_top_up:10,guarantee_line:5
segregated  160  own_collateral:100,own_top_up:10,guarantee_line:30,venue_capital:20
segregated  161  own_collateral:100,own_top_up:10,guarantee_line:30,venue_capital:20,unpaid:1
pooled      320  own_collateral:100,insurance_fund:200,venue_capital:20
pooled      321  own_collateral:100,insurance_fund:200,venue_capital:20,adl:1
pooled      999  own_collateral:100,insurance_fund:200,venue_capital:20,adl:679
deribit     400  own_collateral:100,insurance_fund:200,winners:100
derive      400  own_collateral:100,insurance_fund:200,claims:100
hyperliquid 400  own_collateral:100,backstop:50,adl:250
hyperliquid 999  own_collateral:100,backstop:50,adl:750,unpaid:99
binance     999  own_collateral:100,insurance_fund:200,adl:699
dydx        400  own_collateral:100,insurance_fund:200,adl:100
okx         160  own_collateral:100,insurance_fund:60
okx         290  own_collateral:100,insurance_fund:190
okx         301  own_collateral:100,insurance_fund:200,unpaid:1
"""


@pytest.mark.parametrize("row", LOSSES.strip().splitlines()[1:], ids=lambda row: "_".join(row.split()[:2]))
def test_who_pays_at_each_venue(row: str) -> None:
    venue, loss, paid = row.split()
    found = run(named(venue), int(loss), purses())
    by_means = {f"{means}": found.paid_by(means) for means in Means if found.paid_by(means)}
    unpaid = sum(found.unpaid.values())
    expected = dict(part.split(":") for part in paid.split(",") if part != "-")
    assert {name: f"{units}" for name, units in (by_means | ({"unpaid": unpaid} if unpaid else {})).items()} == expected


def test_every_venue_is_in_the_table() -> None:
    assert {row.split()[0] for row in LOSSES.strip().splitlines()[1:]} == set(profiles())


def test_each_payer_is_named_and_steps_beyond_the_loss_are_not_reached() -> None:
    found = run(named("okx"), 200, purses())
    assert [(payment.means.value, payment.payer, payment.units) for payment in found.payments] == [
        ("own_collateral", "the account", 100),
        ("insurance_fund", "the insurance fund, until it has fallen too fast", 60),
        ("insurance_fund", "the rest of the insurance fund", 40),
    ]
    queue = [(payment.payer, payment.units) for payment in run(named("binance"), 700, purses()).payments[2:]]
    assert queue == [("maker", 300), ("hedger", 100)]


def test_an_empty_purse_is_listed_and_those_who_are_unpaid_have_names() -> None:
    found = run(named("segregated"), 10, Purses({}, GAINS))
    assert [payment.units for payment in found.payments] == [0, 0, 0, 0]
    assert found.unpaid == {"bank": 1, "hedger": 6, "maker": 3}  # of 999 gained


def test_what_deleveraging_takes_is_not_taken_again() -> None:
    """After the queue the maker has nothing left to share, and the hedger 150 of its 600."""
    found = run(named("pooled"), 320 + 750 + 10 - 81, Purses(PURSES, GAINS, (Balance(0, 119),), 10, OTHERS, True))
    assert found.paid_by(Means.ADL) == 750
    shared = {payment.payer: payment.units for payment in found.payments if payment.means is Means.WINNERS}
    assert shared == {"bank": 4, "hedger": 6}
    assert not found.unpaid


def test_a_surplus_of_whole_positions_is_told() -> None:
    terms = AdlTerms(AdlRank.PROFIT_TIMES_LEVERAGE, AdlPrice.BANKRUPTCY, whole_positions=True)
    venue = Waterfall("x", "x", Custody.POOLED, "", "", LiquidationRule(), (Step(Means.ADL, "q", "", "A", adl=terms),))
    found = run(venue, 310, purses())
    assert (found.paid_by(Means.ADL), found.surplus_units, found.unpaid) == (750, 440, {})


@pytest.mark.parametrize(
    ("loss", "given", "why"),
    [
        (-1, Purses({}, {}), "non-negative"),
        (0, Purses({Means.BACKSTOP: -1}, {}), "non-negative"),
        (0, Purses({}, {"a": -1}), "non-negative"),
        (0, Purses({}, {}, (Balance(0, -1),)), "non-negative"),
        (0, Purses({}, {}, claims={"a": -1}), "non-negative"),
        (2, Purses({}, {"a": 1}), "not in the books"),
        (0, Purses({}, {"a": 1}, candidates=(Candidate("a", 1, 2, 1, 1),)), "not among the gains"),
    ],
)
def test_figures_that_make_no_sense_are_a_fault(loss: int, given: Purses, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        run(named("pooled"), loss, given)


# -- properties --------------------------------------------------------------------------------------------------------

amounts = st.one_of(st.integers(0, 9), st.integers(0, 10**13))


purse = st.one_of(st.integers(0, 3), st.integers(0, 10**12))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[int, Purses]:
    gains = {name: draw(amounts) for name in "abcd"}
    equity, notional = st.integers(-5, 10**13), st.integers(1, 10**14)
    profits = {name: draw(st.integers(0, gains[name])) for name in "abc"}
    candidates = tuple(Candidate(name, 1, profit, draw(equity), draw(notional)) for name, profit in profits.items())
    fund = tuple(Balance(at_s, draw(purse)) for at_s in (0, 20_000, 40_000))
    claims = {name: draw(amounts) for name in "abcdef"}
    of_means = {means: draw(purse) for means in Means if means.of_one_payer}
    loss = draw(st.integers(0, sum(gains.values())))
    return loss, Purses(of_means, gains, fund, 45_000, candidates, draw(st.booleans()), claims)


def test_no_unit_of_a_loss_disappears_at_any_venue() -> None:
    reached: Counter[str] = Counter()
    venues = [named(venue) for venue in profiles()]

    def check(venue: Waterfall, loss: int, there: Purses) -> None:
        found = run(venue, loss, there)
        paid = sum(payment.units for payment in found.payments)
        assert paid + sum(found.unpaid.values()) == loss + found.surplus_units
        assert min((payment.units for payment in found.payments), default=0) >= 0
        for means in Means:
            if means is Means.INSURANCE_FUND:
                assert found.paid_by(means) <= there.fund[-1].units
            elif means.of_one_payer:
                assert found.paid_by(means) <= there.of_means[means]
        for party, gained in there.gains.items():
            # Nobody gives up, or is left without, more than it has gained; principal only where a step says so.
            given = sum(one.units for one in found.payments if one.payer == party and one.means is not Means.CLAIMS)
            assert given + found.unpaid.get(party, 0) <= gained
            lost = sum(one.units for one in found.payments if one.payer == party and one.means is Means.CLAIMS)
            assert lost <= there.claims[party]
        reached.update({payment.means.value for payment in found.payments})
        reached["unpaid"] += bool(found.unpaid)

    @settings(derandomize=True, max_examples=100, deadline=None)
    @given(worlds())
    def holds(world: tuple[int, Purses]) -> None:
        for venue in venues:
            check(venue, *world)

    holds()
    assert min(reached[key] for key in (*Means, "unpaid")) > 5, reached
