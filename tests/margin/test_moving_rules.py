"""Rates that move: announced steps with their notice, and rates that follow volatility."""

import json
import pathlib
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from typing import Any

import pytest

from margin.fixed import ONE, ZERO, Fixed
from margin.moving_rules import (
    Damping,
    Ewma,
    MovingRuleError,
    Steps,
    call_of,
    margin_units,
    notice_s,
    steps_of,
)
from margin.procyclicality import breaches, largest_call, largest_rise, peak_to_trough
from margin.scenarios.events import MarginStepped
from margin.scenarios.scenario import packaged

PAPERS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "vectors" / "papers.json"
F = Fixed.of
DAY_S, CENTS = 86_400, 100


def paper(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(inputs, expected) of a published case."""
    if not PAPERS.is_file():
        pytest.skip("the shared cases from papers are not beside this checkout")
    case = next(case for case in json.loads(PAPERS.read_text())["vectors"] if case["id"] == name)
    return case["inputs"], case["expected"]


def step(at_s: int, effective_at_s: int, from_bps: int, to_bps: int) -> MarginStepped:
    return MarginStepped(at_s, f"to {to_bps}", "", "", "", "A", "A", "CME", "XAG", from_bps, to_bps, effective_at_s)


STEPS = Steps((step(100, 200, 900, 1_100), step(150, 300, 1_100, 1_500)))


@pytest.mark.parametrize(
    ("now_s", "owed", "known"),
    [(99, 900, 900), (100, 900, 1_100), (149, 900, 1_100), (150, 900, 1_500), (200, 1_100, 1_500),
     (299, 1_100, 1_500), (300, 1_500, 1_500)],
)  # fmt: skip
def test_a_step_is_known_before_it_is_owed(now_s: int, owed: int, known: int) -> None:
    assert (STEPS.rate_bps(now_s), STEPS.known_rate_bps(now_s)) == (owed, known)
    assert [one.to_bps for one in STEPS.known(now_s)] == [rate for rate in (1_100, 1_500) if owed < rate <= known]


def test_the_silver_margin_of_february() -> None:
    """9 → 11 → 15 → 18% with notices of a day, three days and a day, owed after the close; gold beside it."""
    events = packaged("feb_2026").events
    silver = steps_of(events, "CME", "XAG")
    assert [(one.from_bps, one.to_bps) for one in silver.steps] == [(900, 1_100), (1_100, 1_500), (1_500, 1_800)]
    assert [notice_s(one) // 1_800 for one in silver.steps] == [47, 143, 47]
    assert silver.shortest_notice_s == 47 * 1_800
    gold = steps_of(events, "CME", "XAU")
    assert [(one.from_bps, one.to_bps) for one in gold.steps] == [(600, 800), (800, 900)]
    with pytest.raises(MovingRuleError, match="no steps"):
        steps_of(events, "LME", "XAG")


def test_margins_and_calls_in_dollars() -> None:
    inputs, expected = paper("cme_silver_margin_dollars")
    priced = zip(inputs["silver_price"], inputs["rate"], strict=True)
    silver = [margin_units(round(price * 5_000 * CENTS), round(rate * 10_000)) for price, rate in priced]
    assert silver == [round(dollars * CENTS) for dollars in expected["silver"]]
    priced = zip(inputs["gold_price"], inputs["gold_rate"], strict=True)
    gold = [margin_units(round(price * 100 * CENTS), round(rate * 10_000)) for price, rate in priced]
    assert gold == [round(dollars * CENTS) for dollars in expected["gold"]]
    ratios = [1_500 / 1_100, 1_800 / 1_500, 1_800 / 900]
    assert ratios == pytest.approx(expected["rate_step"], abs=1e-6)
    assert call_of(step(0, 1, 1_100, 1_500), round(78.53 * 5_000 * CENTS)) == silver[2] - silver[1]
    assert call_of(step(0, 1, 1_500, 1_100), 10_001) == 1_101 - 1_501


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ((), "no steps"),
        ((step(5, 4, 900, 1_100),), "before it is announced"),
        ((step(1, 2, 900, 1_100), step(1, 3, 1_000, 1_500)), "does not begin where"),
        ((step(1, 3, 900, 1_100), step(1, 3, 1_100, 1_500)), "does not take effect after"),
        ((step(1, 2, 900, 1_100), replace(step(1, 3, 1_100, 1_500), asset="XAU")), "does not begin where"),
    ],
)
def test_steps_that_do_not_follow_are_a_fault(steps: tuple[MarginStepped, ...], why: str) -> None:
    with pytest.raises(MovingRuleError, match=why):
        Steps(steps)


# -- rates that follow volatility --------------------------------------------------------------------------------------


def test_the_impulse_response_and_its_measures_as_published() -> None:
    inputs, expected = paper("ewma_margin_impulse_response")
    before, after, quantile = (F(str(inputs[key])) for key in ("sigma0", "sigma1", "z"))
    calm = Ewma(F(str(inputs["lam"])), before * before)
    rates = [calm.expected_after(days, after * after).rate(quantile) for days in range(400)]
    for days, rate in expected["margin_rate"].items():
        assert float(rates[int(days)]) == pytest.approx(rate, abs=1e-7)
    assert float(largest_rise(rates, 5)) == pytest.approx(expected["max_5day_call_ratio"], abs=1e-6)
    assert float(peak_to_trough(rates)) == pytest.approx(expected["peak_to_trough"], abs=1e-4)


def test_returns_of_the_new_size_follow_the_expected_path() -> None:
    calm, move = Ewma(F("0.94"), F("0.0001")), F("0.03")
    path = list(accumulate([move] * 30, Ewma.after, initial=calm))
    for days, seen in enumerate(path):
        assert abs(seen.variance - calm.expected_after(days, move * move).variance) < Fixed(100)
    assert calm.after(ZERO).variance == F("0.000094")
    assert calm.after(-move) == calm.after(move)
    assert Ewma(ONE, calm.variance).after(move) == Ewma(ONE, calm.variance)


def test_a_floor_and_stressed_days_make_it_less_procyclical_and_dearer() -> None:
    rates = [F(text) for text in ("0.02", "0.03", "0.06")]
    damping = Damping(floor=F("0.025"), stressed=F("0.06"), stressed_weight=F("0.25"))
    damped = [damping.damped(rate) for rate in rates]
    assert damped == [F("0.03"), F("0.0375"), F("0.06")]
    assert [Damping(floor=F("0.025")).damped(rate) for rate in rates] == [F("0.025"), F("0.03"), F("0.06")]
    assert [Damping().damped(rate) for rate in rates] == rates
    assert (peak_to_trough(rates), peak_to_trough(damped)) == (3, 2)


# -- measures ----------------------------------------------------------------------------------------------------------

MARGINS = [F(text) for text in ("4", "2", "3", "6", "5")]


@pytest.mark.parametrize(("days", "rise", "call"), [(1, "2", "3"), (2, "3", "4"), (3, "2.5", "3"), (4, "1.25", "1")])
def test_how_fast_it_moves(days: int, rise: str, call: str) -> None:
    assert (largest_rise(MARGINS, days), largest_call(MARGINS, days)) == (Fraction(rise), F(call))


def test_how_far_it_moves_and_what_it_does_not_cover() -> None:
    assert peak_to_trough(MARGINS) == 3
    assert largest_rise([F(4), F(2)], 1) == Fraction(1, 2)
    assert largest_call([F(4), F(2)], 1) == 0
    assert breaches(MARGINS, [F(text) for text in ("4", "3", "-9", "6.1", "0")]) == 2


@pytest.mark.parametrize(("margins", "days"), [([], 0), ([F(1)], 1), ([F(1), ZERO], 1), ([F(-1), F(1)], 0)])
def test_too_few_margins_or_none_above_zero_are_a_fault(margins: list[Fixed], days: int) -> None:
    for measure in (largest_rise, largest_call):
        with pytest.raises(ValueError, match="above zero"):
            measure(margins, days)
