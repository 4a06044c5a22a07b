"""Every public case of Derive's own tests: within the tolerance that it states, and as near as doubles can tell.

The cases were computed in doubles or in 1e-18 fixed point. What is left between them and the engine is rounding of the
notional that an account holds, whatever comes to little after long and short have met.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from margin.fixed import SCALE, Fixed
from tests.margin.answering import VECTORS, answers, exactly, expectations, flat

FAMILIES = {
    "srm_cases": 28, "srm_portfolio": 42, "pmrm_portfolio": 44, "pmrm_verify": 21, "pmrm2_portfolio": 138,
    "liquidation": 6, "cash_interest": 1, "black76": 7, "svi": 12,
}  # fmt: skip

OTHERWISE = {
    # A confidence of 0.4 − 1e-18 is stored as 0.3999999999.
    "srm_portfolio/test_short_call_low_vol_and_fwd_confidence": Fraction(1, 10**7),
    # Asserted upstream to a USD; time passed there is not whole days.
    "cash_interest/sequence": Fraction(1, 10**3),
    # Stored with six decimals, the rest cut off.
    "svi/capped_2000000": Fraction(1, 10**6),
    "svi/capped_1": Fraction(1, 10**6),
    "svi/max_var": Fraction(1, 10**6),
}
"""Cases that are less exact than doubles, with what separates them."""


@pytest.fixture(scope="module")
def cases() -> list[Any]:
    if not VECTORS.is_file():
        pytest.skip("the shared margin vectors are not beside this checkout")
    document: list[Any] = exactly(VECTORS.read_text())["cases"]
    return document


def test_all_families_are_there(cases: list[Any]) -> None:
    counted = {family: sum(case["family"] == family for case in cases) for family in FAMILIES}
    assert counted == FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_every_case_within_its_tolerance_and_far_nearer(cases: list[Any], family: str) -> None:
    for case in cases:
        if case["family"] != family:
            continue
        got = dict(answers(case))
        compared = 0
        for name, want in flat(expectations(case)):
            assert is_within(case, name, exact(got[name]), Fraction(want)), (case["id"], name)
            compared += 1
        for name, want in flat(case.get("expected_contract", expectations(case))):
            error = abs(exact(got[name]) - Fraction(want))
            assert error <= room(case, Fraction(want)), (case["id"], name, float(error))
        assert compared >= 1


def exact(number: Fixed) -> Fraction:
    return Fraction(number.units, SCALE)


def is_within(case: Any, name: str, got: Fraction, want: Fraction) -> bool:
    """The rule of §14 for the kind of tolerance that the case states."""
    tolerance, error = case["tolerance"], abs(got - want)
    if tolerance["kind"] == "trunc_int":
        slack = Fraction(1, 10**6)
        away = got if want >= 0 else -got
        return abs(want) - slack < away < abs(want) + 1 + slack if want else error < 1 + slack
    if tolerance["kind"] == "abs":
        return error <= Fraction(tolerance["util_abs"] if name.endswith("util") else tolerance["value"])
    near_nothing = min(abs(want), abs(got)) < Fraction(1, 10**10)
    if name == "collateral_mtm" or (name.startswith("scenario_pnl") and near_nothing):
        return error <= Fraction(1, 10**8)
    return error <= Fraction(tolerance["value"]) * abs(want) or error < Fraction(1, 10**10)


def room(case: Any, want: Fraction) -> Fraction:
    """1e-12 of the figure and 1e-14 of the notional held; more only where the case itself is less exact."""
    return OTHERWISE.get(case["id"], Fraction(1, 10**12) * abs(want) + Fraction(1, 10**14) * (1 + notional(case)))


def notional(case: Any) -> Fraction:
    if "input" in case:
        return Fraction(case["input"].get("forward", 0)) + Fraction(case["input"]["strike"])
    start = case.get("start", case)
    portfolio = start.get("portfolio", {})
    markets = portfolio.get("markets", {"": portfolio}).items()
    feeds = start.get("feeds", {})
    by_market = feeds.get("markets", {"": feeds})
    total = sum(abs(Fraction(one)) for one in [portfolio.get("cash", 0)])
    for name, held in markets:
        spot = by_market[name].get("spot", Decimal(0))
        for one in held.get("options", []):
            total += abs(Fraction(one["amount"])) * (Fraction(spot) + Fraction(one["strike"]))
        for one in held.get("collaterals", []):
            total += Fraction(one["amount"]) * Fraction(one["price"])
        total += (abs(Fraction(held.get("perp", 0))) + Fraction(held.get("base", 0))) * Fraction(spot)
    return total
