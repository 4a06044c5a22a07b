"""The benchmark measures what it says: medians of rounds in turn, every measure with its baseline, nothing refused."""

import json
from collections.abc import Callable

import pytest

from scripts.bench import ledger
from scripts.bench.command import bench
from scripts.bench.measure import against, alone, per_second, report

TINY = {
    "accounts": 5, "single": 3, "callers": 20, "few_callers": 4, "few_rounds": 2, "postgres_callers": 6, "bulk": 50,
    "batches": 2, "journal": 2_000, "stream": 3_000,
}  # fmt: skip


class Clock:
    """A clock that the works themselves move."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr("scripts.bench.measure.time.perf_counter", lambda: self.now)


def test_the_ratio_is_the_median_of_the_rounds_and_both_run_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, order, pauses = Clock(monkeypatch), list[str](), iter([4.0, 6.0, 40.0])

    def work() -> Callable[[], int]:
        clock.now += 100.0  # what is made ready is not timed

        def timed() -> int:
            order.append("work")
            clock.now += 2.0
            return 10

        return timed

    def baseline() -> Callable[[], int]:
        def timed() -> int:
            order.append("baseline")
            clock.now += next(pauses)
            return 10

        return timed

    measured = against("name", work, "rival", baseline, rounds=3)
    assert order == ["work", "baseline"] * 3
    assert (measured.ratio_least, measured.ratio, measured.ratio_most) == pytest.approx((2.0, 3.0, 20.0))
    assert (measured.value, measured.baseline_value) == pytest.approx((5.0, 10 / 6))


def test_a_figure_counts_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)

    def work() -> int:
        clock.now += 0.5
        return 100

    assert per_second(lambda: work) == 200
    assert alone("name", lambda: work).baseline == "none"


def test_every_measure_of_the_ledger_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ledger, "SIZES", TINY)
    assert bench("ledger", json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sizes"] == TINY
    assert "cores" in told["machine"]
    names = [one["measure"] for one in told["measures"]]
    assert names == [
        "single_vs_orm",
        "single_vs_bare",
        "concurrent_sqlite_vs_orm",
        "concurrent_sqlite_vs_orm_32",
        "bulk_vs_orm",
        "bulk_vs_bare",
        "hot_over_cold",
        "verify_per_s",
        "concurrent_postgres_vs_orm",
        "bulk_postgres_vs_orm",
        "stream_growth_mb",
        "stream_verified_growth_mb",
    ]
    for one in told["measures"]:
        assert one["value"] > 0 or one["unit"].startswith("MB")
        assert (one["ratio"] > 0) == (one["baseline"] != "none")


def test_the_table_names_every_measure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(ledger, "SIZES", TINY)
    assert bench("ledger") == 0
    table = capsys.readouterr().out
    assert "single_vs_orm" in table
    assert "verify_per_s" in table
    assert report(TINY, [])["measures"] == []
