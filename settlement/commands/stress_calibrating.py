"""The work of `bulkhead stress calibrate`: search, identified set, and October 2025 with nothing but path and depth
changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from margin.contagion.calibrate import SPANS, Identified, Point, distance, generation, identified, noise
from margin.contagion.moments import FEBRUARY, averaged, gaps, under_count
from margin.contagion.october import OCTOBER, Score, changed_for, october_path, scored, tallied
from margin.contagion.trial import Record, digest_of
from settlement.commands.stress_page import page, section, table, words
from settlement.commands.stress_setting import Setting, kept

REGIME = "pooled_instant"
"""February was what it was under the usual exchange's rules."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What a search has found."""

    points: tuple[Point, ...]
    identified: Identified
    october: tuple[Score, ...]

    @property
    def best(self) -> Point:
        return min(self.points, key=lambda point: point.distance)


def calibrated(world: Setting, *, generations: int, members: int, seed: int, most_vectors: int = 8) -> Calibrated:
    """Search, then run the best vector on other seeds for the threshold, and the identified set on October."""
    start = {span.name: 1.0 if span.name == "market.depth_multiple" else world.base[span.name] for span in SPANS}
    points = [_point(start, world.by_seed([world.jobs(start, REGIME)])[0])]
    for number in range(generations):
        vectors = list(generation(seed, number, members, start, points))
        records = world.by_seed([world.jobs(one, REGIME) for one in vectors])
        points += [_point(one, rows) for one, rows in zip(vectors, records, strict=True)]
    best = min(points, key=lambda point: point.distance)
    more = Setting(world.base, world.bench, world.accounts, max(world.seeds * 3, 6), world.paths)
    at_truth = more.by_seed([more.jobs(best.vector, REGIME)])[0]
    found = identified(points, noise(at_truth, world.seeds))
    return Calibrated(tuple(points), found, _october(world, found, most_vectors))


def _point(vector: Mapping[str, float], rows: Sequence[Record]) -> Point:
    means = averaged(rows)
    return Point(vector, means, distance(means))


def _october(world: Setting, found: Identified, most: int) -> tuple[Score, ...]:
    """Intervals cover the identified set, not only the seeds."""
    chosen = sorted(found.near_best, key=lambda point: point.distance)[:most]
    paths = [october_path(world.base, seed) for seed in range(1, world.paths + 1)]
    asked = [world.jobs(changed_for(point.vector), REGIME, paths=paths) for point in chosen]
    records = zip(chosen, world.by_seed(asked), strict=True)
    return scored([tallied(row, under_count(point.moments)) for point, rows in records for row in rows])


def report(world: Setting, found: Calibrated, results: str) -> None:
    """JSON and page; as columns every vector that was tried, with its moments."""
    best, known = found.best, found.identified
    document = {
        "assumptions": digest_of(world.base), "accounts": world.accounts, "seeds": world.seeds,
        "best": {"vector": dict(best.vector), "moments": dict(best.moments), "distance": best.distance,
                 "under_count": under_count(best.moments)},
        "threshold": known.threshold, "tried": len(found.points),
        "near_targets": [dict(point.vector) for point in known.near_targets],
        "near_best": [dict(point.vector) for point in known.near_best],
        "ranges": {name: list(ends) for name, ends in known.ranges.items()},
        "not_identified_alone": list(known.open_alone),
        "not_identified_separately": [list(one) for one in known.together],
        "october": [
            {"moment": one.moment.name, "observed": one.moment.target, "low": one.low, "high": one.high,
             "median": one.median, "interval_score": one.score, "covered": one.covered} for one in found.october
        ],
    }  # fmt: skip
    columns = [
        {**point.vector, **{f"moment.{name}": value for name, value in point.moments.items()},
         "under_count": under_count(point.moments), "distance": point.distance, "near_best": point in known.near_best}
        for point in found.points
    ]  # fmt: skip
    kept(results, "calibration", document, _page(world, found), columns)


def _page(world: Setting, found: Calibrated) -> str:
    best, known = found.best, found.identified
    apart = gaps(best.moments)
    moments = [
        (
            one.name + ("" if one.fitted else " (not fitted)"), f"{one.target:,.4g}", f"{best.moments[one.name]:,.4g}",
            f"{apart[one.name]:+.1f}", one.mark, one.source,
        )
        for one in FEBRUARY
    ]  # fmt: skip
    ranges = [
        (name, f"{best.vector[name]:g}", f"{low:g} to {high:g}", "no" if name in known.open_alone else "yes")
        for name, (low, high) in known.ranges.items()
    ]
    reached = "none: the model misses more than noise explains" if not known.near_targets else len(known.near_targets)
    return page(
        "Calibration to 5 and 6 February 2026",
        words(f"{len(found.points)} vectors, {world.accounts:,} accounts, {world.seeds} seeds each."),
        section("October 2025, predicted by path and depth alone: misses first", _october_table(found.october)),
        section("Moments", table(
            f"Gaps in uncertainties, dollars as tallies would count them that miss all but one in "
            f"{under_count(best.moments):.2f}; distance {best.distance:.2f}",
            ("moment", "target", "simulated", "gap", "mark", "source"), moments)),
        section(
            "Identified set",
            words(f"Threshold {known.threshold:.2f}. Within it of the targets: {reached}. "
                  f"Not to be told from the best: {len(known.near_best)}."),
            table("Ranges of what cannot be told from the best", ("parameter", "best", "range", "identified alone"),
                  ranges),
            table("Not identified separately", ("one", "other", "correlation"),
                  [(one, other, f"{tie:+.2f}") for one, other, tie in known.together]),
        ),
    )  # fmt: skip


def _october_table(scores: Sequence[Score]) -> str:
    ordered = sorted(scores, key=lambda one: (one.covered, -one.score))
    rows = [
        (one.moment.name, f"{one.moment.target:,.4g}", f"{one.median:,.4g}", f"{one.low:,.4g} to {one.high:,.4g}",
         "yes" if one.covered else "MISSED", f"{one.score:,.3g}") for one in ordered
    ]  # fmt: skip
    share = sum(one.covered for one in scores) / len(scores)
    return table(
        f"Coverage {share:.0%} of {len(OCTOBER)} totals (95% was promised)",
        ("total", "observed", "median", "95% interval", "covered", "interval score"), rows,
    )  # fmt: skip
