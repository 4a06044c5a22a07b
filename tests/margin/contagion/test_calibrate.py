"""The search for February: distances, generations by name, the identified set, and what October is predicted from."""

from dataclasses import replace

import numpy as np
import pytest

from margin.contagion.assumptions import Assumptions
from margin.contagion.calibrate import SPANS, Point, Span, between, distance, generation, identified, noise
from margin.contagion.engine import Inputs, begun, run
from margin.contagion.moments import FEBRUARY, gaps, measured, most_within, under_count
from margin.contagion.october import DEPTH_OVER_FEBRUARY, FALL, changed_for, october_path, scored, tallied
from margin.contagion.path import Path

TARGETS = {one.name: one.target for one in FEBRUARY}


def start() -> dict[str, float]:
    return {span.name: span.value(0.5) for span in SPANS}


def points(count: int) -> list[Point]:
    """Vectors whose distance falls with the first parameter alone."""
    made = []
    for vector in generation(3, 0, count, start(), []):
        moments = TARGETS | {"long_share": 0.82 + 0.06 * SPANS[0].part(vector[SPANS[0].name])}
        made.append(Point(vector, moments, distance(moments)))
    return made


def test_the_distance_is_zero_at_the_targets_and_one_where_each_is_off_by_its_uncertainty() -> None:
    assert distance(TARGETS) == 0
    off = {
        one.name: one.target / float(np.exp(one.uncertainty)) if one.in_logs else one.target - one.uncertainty
        for one in FEBRUARY
    }
    assert distance(off) == pytest.approx(1.0)
    assert between(off, TARGETS) == pytest.approx(1.0)


def dollars(factor: float) -> dict[str, float]:
    """The targets, with so many times the dollars that tallies have."""
    return {one.name: one.target * (factor if one.tallied else 1.0) for one in FEBRUARY}


def test_tallies_are_a_lower_bound_up_to_ten_times() -> None:
    assert [under_count(dollars(factor)) for factor in (0.5, 1.0, 1.6, 40.0)] == pytest.approx([1.0, 1.0, 1.6, 10.0])
    assert distance(dollars(1.6)) == pytest.approx(0.0)
    assert between(dollars(1.6), dollars(3.0)) == pytest.approx(0.0), "what was not counted tells nothing apart"
    assert distance(dollars(0.5)) > 1.0, "no tally counts twice"
    assert distance(dollars(40.0)) > 1.0


def test_one_under_count_is_for_all_tallies() -> None:
    uneven = dollars(2.0) | {"low_4h_usd": TARGETS["low_4h_usd"]}
    by_low = (0.2 / 0.3) ** 2  # the weight of the four hours, whose target is less sure
    assert under_count(uneven) == pytest.approx(2.0 ** (1.0 / (1.0 + by_low)))
    found = gaps(uneven)
    assert found["liquidated_24h_usd"] > 0.0 > found["low_4h_usd"]


def test_what_is_not_fitted_has_no_part_in_the_distance() -> None:
    assert distance(TARGETS | {"largest_hour_usd": 9e9, "largest_order_usd": 1.0}) == 0


@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.name)
def test_a_span_gives_back_its_ends_and_its_parts(span: Span) -> None:
    assert (span.value(0.0), span.value(1.0)) == (pytest.approx(span.low), pytest.approx(span.high))
    assert span.part(span.value(0.37)) == pytest.approx(0.37, abs=1e-4)


def test_a_generation_is_drawn_by_name_and_closes_in_on_the_best() -> None:
    so_far = points(40)
    again = list(generation(1, 1, 8, start(), so_far))
    assert again == list(generation(1, 1, 8, start(), so_far))
    assert again != list(generation(2, 1, 8, start(), so_far))
    first = SPANS[0]
    drawn = np.mean([first.part(one[first.name]) for one in again])
    assert drawn < np.mean([first.part(one.vector[first.name]) for one in so_far])


def test_the_identified_set_says_what_is_open() -> None:
    tried = points(40)
    known = identified(tried, 0.3)
    assert 0 < len(known.near_best) < len(tried)
    assert min(tried, key=lambda point: point.distance) in known.near_best
    assert len(known.open_alone) > len(SPANS) // 2  # they have no part in any distance
    assert identified(tried, 1e-9).near_targets == ()


def test_noise_falls_with_the_number_of_seeds() -> None:
    rows = [TARGETS | {"long_share": 0.82 + 0.01 * k} for k in range(-4, 5)]
    assert noise(rows, 8) < noise(rows, 1)
    assert noise([TARGETS] * 3, 2) == 0


def test_the_most_within_a_window() -> None:
    assert most_within(np.array([1.0, 5.0, 2.0, 4.0, 0.0]), 3) == 11
    assert most_within(np.array([1.0, 5.0]), 60) == 6


def test_those_who_enter_hold_nothing_before_and_books_stay_balanced(inputs: Inputs) -> None:
    enters = inputs.population.clients.enters
    assert 0.2 < (enters > 0).mean() < 0.5
    made = begun(inputs, audited=True)
    waiting = len(made.entries.position)
    held = np.count_nonzero(made.books.rows.lots[made.entries.position])
    assert (waiting > 1_000, held) == (True, 0)
    for _ in range(200):
        made.advance()
    due = made.entries.step <= 200
    assert np.count_nonzero(made.books.rows.lots[made.entries.position[due]]) > 0.8 * due.sum()
    assert not made.books.rows.lots[made.entries.position[~due]].any()


def test_without_entries_a_falling_day_liquidates_hardly_any_shorts(inputs: Inputs) -> None:
    nobody = replace(inputs.population.clients, enters=np.zeros(len(inputs.population.clients)))
    without = run(replace(inputs, population=replace(inputs.population, clients=nobody)))
    assert measured(run(inputs))["long_share"] < measured(without)["long_share"]


def test_a_scaled_path_keeps_its_start_and_its_shape(crash: Path) -> None:
    half = crash.scaled(0.5)
    assert crash.scaled(1.0) is crash
    assert np.array_equal(half.units[0], crash.units[0])
    assert np.allclose(np.log(half.units / half.units[0]), 0.5 * np.log(crash.units / crash.units[0]), atol=1e-5)


def test_october_changes_path_and_depth_alone(assumptions: Assumptions) -> None:
    vector = {"market.depth_multiple": 2.0, "population.entry_share": 0.3}
    assert changed_for(vector) == vector | {"market.depth_multiple": 2.0 * DEPTH_OVER_FEBRUARY}
    path = october_path(assumptions, 1)
    assert np.log(path.units[:, 0].min() / path.units[0, 0]) == pytest.approx(FALL, abs=0.02)


def test_misses_are_scored_and_kept() -> None:
    days = [{"liquidated_24h_usd": 1e9 * k, "accounts_liquidated": 1e6, "long_share": 0.87} for k in (1, 2, 3)]
    scores = {one.moment.name: one for one in scored([tallied(day, 1.0) for day in days])}
    assert (scores["long_share"].covered, scores["liquidated_24h_usd"].covered) == (True, False)
    assert scores["liquidated_24h_usd"].score > 19.13e9
    half = {one.moment.name: one for one in scored([tallied(day, 2.0) for day in days])}
    assert [half[name].median for name in ("liquidated_24h_usd", "mean_usd", "accounts_liquidated")] == [1e9, 1e3, 1e6]
