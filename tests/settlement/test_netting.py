"""Who pays what: zero-sum per asset, nobody beyond what it holds or gained, and no shortfall without its payers."""

from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from custody.collateral import Eligible
from custody.money import Asset
from settlement.mirror import FUND, HOUSE
from settlement.netting import VENUE_CAPITAL, NettingError, PaymentPlan, Shortfall, Terms, plan_payments

USDC, BTC, ETH = Asset("USDC", 6, 6), Asset("BTC", 8, 8), Asset("ETH", 9, 18)
SCHEDULE = {"USDC": Eligible(USDC, 200), "BTC": Eligible(BTC, 1_000), "ETH": Eligible(ETH, 1_500)}
TERMS = Terms(SCHEDULE, "USDC", 10, 0)
PRICES_E6 = {"USDC": 10**6, "BTC": 80_000 * 10**6, "ETH": 2_500 * 10**6}
CLIENTS = ("carry", "hedger", "maker", "miner", "treasury")
DOLLAR = 10**6

Holdings = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Case:
    """One cycle's input."""

    dues: dict[str, int]
    holdings: Holdings
    prices_e6: dict[str, int]
    terms: Terms

    def plan(self) -> PaymentPlan:
        return plan_payments(self.dues, self.holdings, self.prices_e6, self.terms)

    def holds(self, party: str, asset: str) -> int:
        return self.holdings.get(party, {}).get(asset, 0)


amounts = st.one_of(st.just(0), st.integers(0, 100), st.integers(0, 10**13))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Dues of both signs that the house balances; debtors with too much, too little and nothing, in any asset."""
    clients = draw(st.lists(st.sampled_from(CLIENTS), unique=True))
    dues = {client: draw(st.integers(-(10**13), 10**13)) for client in clients}
    fund = draw(amounts)
    dues[FUND] = draw(st.one_of(amounts, st.integers(-fund, 0)))
    dues[HOUSE] = -sum(dues.values())
    assets = st.dictionaries(st.sampled_from(sorted(SCHEDULE)), amounts)
    holdings = {client: draw(assets) for client in clients}
    holdings[FUND] = {"USDC": fund}
    prices_e6 = {asset: draw(st.integers(1, 10**12)) for asset in SCHEDULE}
    terms = replace(TERMS, conversion_spread_bps=draw(st.integers(0, 500)), skin_units=draw(amounts))
    return Case(dues, holdings, prices_e6, terms)


def owed(plan: PaymentPlan) -> dict[tuple[str, str], int]:
    return {(row.party, row.asset): row.units for row in plan.obligations}


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_a_debtor_with_cash_pays_in_cash() -> None:
    plan = plan_payments({"hedger": -70, "maker": 50, HOUSE: 20}, {"hedger": {"USDC": 100}}, PRICES_E6, TERMS)
    assert owed(plan) == {("hedger", "USDC"): -70, (HOUSE, "USDC"): 20, ("maker", "USDC"): 50}
    assert plan.shortfalls == ()
    assert [row.asset for row in plan.obligations] == ["USDC"] * 3


def test_a_debtor_without_cash_pays_in_kind_to_the_venue_which_pays_the_winner() -> None:
    """1,000 dollars at 80,000 less 0.1% are 0.01251251…  coins, rounded up: the last unit is the debtor's."""
    dues = {"miner": -1_000 * DOLLAR, "maker": 1_000 * DOLLAR, HOUSE: 0}
    plan = plan_payments(dues, {"miner": {"BTC": 10**8}}, PRICES_E6, TERMS)
    assert owed(plan) == {
        ("miner", "BTC"): -1_251_252,
        (HOUSE, "BTC"): 1_251_252,
        (HOUSE, "USDC"): -1_000 * DOLLAR,
        ("maker", "USDC"): 1_000 * DOLLAR,
    }
    assert plan.shortfalls == ()


def test_what_has_no_price_is_not_taken_and_the_debt_is_a_shortfall() -> None:
    dues = {"miner": -70 * DOLLAR, HOUSE: 70 * DOLLAR}
    plan = plan_payments(dues, {"miner": {"BTC": 10**8}}, {"USDC": 10**6}, TERMS)
    assert plan.of("miner", "BTC") == 0
    assert [(short.debtor, short.units) for short in plan.shortfalls] == [("miner", 70 * DOLLAR)]


def test_assets_are_drawn_in_the_order_of_the_schedule() -> None:
    """40 dollars in cash, then all bitcoin (0.0005 at 79,920 = 39.96), then ether for the 20.04 that are left."""
    held = {"carry": {"ETH": 10**9, "USDC": 40 * DOLLAR, "BTC": 50_000}}
    plan = plan_payments({"carry": -100 * DOLLAR, HOUSE: 100 * DOLLAR}, held, PRICES_E6, TERMS)
    assert owed(plan) == {
        ("carry", "USDC"): -40 * DOLLAR,
        ("carry", "BTC"): -50_000,
        ("carry", "ETH"): -8_024_025,
        (HOUSE, "USDC"): 40 * DOLLAR,
        (HOUSE, "BTC"): 50_000,
        (HOUSE, "ETH"): 8_024_025,
    }


def test_a_shortfall_goes_up_the_waterfall_and_every_payer_is_named() -> None:
    """100 missing: the fund has 30, the venue gives 20, and the winners go without 50 in proportion to 300 and 100."""
    dues = {"hedger": -400, "maker": 300, "treasury": 100, HOUSE: 0}
    plan = plan_payments(dues, {"hedger": {"USDC": 300}, FUND: {"USDC": 30}}, PRICES_E6, replace(TERMS, skin_units=20))
    assert plan.shortfalls == (
        Shortfall("hedger", 100, ((FUND, 30), (VENUE_CAPITAL, 20)), (("maker", 38), ("treasury", 12))),
    )
    assert owed(plan) == {
        ("hedger", "USDC"): -300,
        (FUND, "USDC"): -30,
        (HOUSE, "USDC"): -20,
        ("maker", "USDC"): 262,
        ("treasury", "USDC"): 88,
    }


def test_the_fund_is_spent_once_however_many_default() -> None:
    dues = {"carry": -50, "hedger": -50, "maker": 100, HOUSE: 0}
    plan = plan_payments(dues, {FUND: {"USDC": 60}}, PRICES_E6, TERMS)
    assert plan.shortfalls == (
        Shortfall("carry", 50, ((FUND, 50),), ()),
        Shortfall("hedger", 50, ((FUND, 10),), (("maker", 40),)),
    )


def test_a_client_without_gain_or_debt_bears_nothing_of_anothers_default() -> None:
    held = {"treasury": {"USDC": 10**9, "BTC": 10**9}}
    plan = plan_payments({"hedger": -100, "maker": 100, "treasury": 0, HOUSE: 0}, held, PRICES_E6, TERMS)
    assert owed(plan) == {}
    assert plan.shortfalls == (Shortfall("hedger", 100, (), (("maker", 100),)),)


def test_nothing_due_is_nothing_paid() -> None:
    assert plan_payments({}, {}, PRICES_E6, TERMS) == PaymentPlan((), ())


@pytest.mark.parametrize("off", [-1, 1, 10**15])
def test_dues_that_do_not_balance_are_a_fault(off: int) -> None:
    with pytest.raises(NettingError, match=f"dues sum to {off}, not to zero"):
        plan_payments({"hedger": -70, HOUSE: 70 + off}, {}, PRICES_E6, TERMS)


def test_a_fund_that_owes_does_not_pay_with_the_same_units_twice() -> None:
    dues = {FUND: -40, "hedger": -100, "maker": 140, HOUSE: 0}
    plan = plan_payments(dues, {FUND: {"USDC": 60}}, PRICES_E6, TERMS)
    assert plan.of(FUND, "USDC") == -60
    assert plan.shortfalls == (Shortfall("hedger", 100, ((FUND, 20),), (("maker", 80),)),)


# -- whatever the input ------------------------------------------------------------------------------------------------


@given(cases())
@example(Case({}, {}, PRICES_E6, TERMS))
def test_obligations_sum_to_zero_in_every_asset(case: Case) -> None:
    plan = case.plan()
    sums: Counter[str] = Counter()
    for row in plan.obligations:
        sums[row.asset] += row.units
        assert row.units != 0
    assert set(sums.values()) <= {0}
    keys = [(row.asset, row.party) for row in plan.obligations]
    assert keys == sorted(set(keys)), "sorted, and one row for each asset and party"


@given(cases())
def test_nobody_pays_more_than_it_holds_or_loses_more_than_it_gained(case: Case) -> None:
    plan = case.plan()
    for party, due in case.dues.items():
        if party == HOUSE:
            continue
        for asset in SCHEDULE:
            moved = plan.of(party, asset)
            if due >= 0 and party != FUND:
                assert 0 <= moved <= (due if asset == "USDC" else 0), "a winner keeps what it holds"
            else:
                assert -case.holds(party, asset) <= moved <= max(due, 0)


@given(cases())
def test_every_shortfall_is_what_was_not_paid_and_is_covered_to_the_unit(case: Case) -> None:
    plan = case.plan()
    short = {shortfall.debtor: shortfall for shortfall in plan.shortfalls}
    assert len(short) == len(plan.shortfalls)
    for shortfall in plan.shortfalls:
        parts = [*shortfall.paid_by, *shortfall.unpaid_to]
        assert shortfall.units == sum(units for _, units in parts) > 0
        assert all(units > 0 for _, units in parts)
        assert case.dues[shortfall.debtor] < 0
    drawn = Counter({FUND: 0, VENUE_CAPITAL: 0})
    unpaid: Counter[str] = Counter()
    for shortfall in plan.shortfalls:
        drawn.update(dict(shortfall.paid_by))
        unpaid.update(dict(shortfall.unpaid_to))
    assert drawn[FUND] <= case.holds(FUND, "USDC")
    assert drawn[VENUE_CAPITAL] <= case.terms.skin_units
    assert all(units <= case.dues[party] for party, units in unpaid.items())
    if unpaid:
        left = case.holds(FUND, "USDC") + min(case.dues[FUND], 0)
        assert drawn == {FUND: left, VENUE_CAPITAL: case.terms.skin_units}, "winners come last"
    for party in (*CLIENTS, FUND):
        if case.dues.get(party, 0) > 0:
            assert plan.of(party, "USDC") == case.dues[party] - unpaid[party] - drawn[party]


@given(cases())
def test_a_debtor_pays_its_debt_or_everything_and_in_kind_never_less_than_it_is_worth(case: Case) -> None:
    """Recounted in fractions: what is given in kind covers what it stands for, and by less than one unit more."""
    plan = case.plan()
    short = {shortfall.debtor: shortfall.units for shortfall in plan.shortfalls}
    share = Fraction(10_000 - case.terms.conversion_spread_bps, 10_000)
    for party in set(case.dues) - {HOUSE, FUND}:
        if case.dues[party] >= 0:
            continue
        settled = -case.dues[party] - short.get(party, 0)
        in_cash = -plan.of(party, "USDC")
        in_kind, unit = Fraction(0), Fraction(0)
        for asset in ("BTC", "ETH"):
            worth = case.prices_e6[asset] * share / 10 ** SCHEDULE[asset].asset.scale
            in_kind += -plan.of(party, asset) * worth
            unit += worth + 1 if plan.of(party, asset) else 0
        assert 0 <= in_cash <= settled
        assert settled - in_cash <= in_kind, "the venue is never given too little"
        assert in_kind < settled - in_cash + unit or in_kind == 0, "nor the debtor asked for a whole unit too much"
        if party in short:
            assert all(plan.of(party, asset) == -case.holds(party, asset) for asset in SCHEDULE), "it gave everything"


@given(cases())
def test_the_venue_is_paid_in_kind_exactly_what_debtors_give(case: Case) -> None:
    plan = case.plan()
    for asset in ("BTC", "ETH"):
        assert plan.of(HOUSE, asset) == -sum(plan.of(party, asset) for party in case.dues if party != HOUSE) >= 0
        assert plan.of(FUND, asset) == 0


def test_the_random_cycles_do_convert_and_fall_short() -> None:
    """The control: each way of paying must have been met, or the properties above say nothing about it."""
    seen: Counter[str] = Counter()

    @settings(max_examples=200, derandomize=True)
    @given(cases())
    def look(case: Case) -> None:
        plan = case.plan()
        payers = [payer for shortfall in plan.shortfalls for payer, _ in shortfall.paid_by]
        seen.update(
            converted=any(row.asset != "USDC" for row in plan.obligations),
            several_short=len(plan.shortfalls) > 1,
            fund_paid=FUND in payers,
            venue_paid=VENUE_CAPITAL in payers,
            winners_paid=any(shortfall.unpaid_to for shortfall in plan.shortfalls),
            nobody_short=bool(plan.obligations) and not plan.shortfalls,
        )

    look()
    assert min(seen.values()) > 10, seen
    assert len(seen) == 6
