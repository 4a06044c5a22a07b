"""The benchmark of contagion: every measure with its baseline, marks as the rule says, rivals that fail are said."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from scripts.bench import contagion
from scripts.bench.command import bench
from scripts.bench.contagion_marks import ENTRY_UNITS, RATE_PPM, Book, passed
from scripts.bench.contagion_rivals import FLOX, Rival, RivalError, installed, run_by

TINY = {
    "accounts": 3_000, "marks": 8, "mark_rounds": 1, "own_passes": 1, "day_accounts": 500, "day_steps": 900,
    "day_rounds": 1, "scan_rounds": 1, "crowd_accounts": 500, "crowd_steps": 3, "trials": 2, "trial_accounts": 500,
    "sweep_rounds": 1,
}  # fmt: skip


@contextmanager
def unreachable(rival: Rival) -> Iterator[Path]:
    raise RivalError(f"{rival.name}: no index")
    yield Path()


def test_what_needs_no_rival_is_measured_and_a_missing_rival_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contagion, "SIZES", TINY)
    monkeypatch.setattr(contagion, "installed", unreachable)
    assert bench("contagion", json=True) == 0
    said = capsys.readouterr()
    measures = {one["measure"]: one for one in json.loads(said.out)["measures"]}
    assert list(measures) == ["day_s", "day_over_scan", "crowd_gib", "two_over_one"]
    assert all(measures[name]["ratio"] > 0 for name in ("day_over_scan", "two_over_one"))
    assert 0 < measures["crowd_gib"]["value"] < 12
    assert "vs_flox is left out: flox-py 0.10.1: no index" in said.err


def test_our_marks_close_whom_the_rule_closes() -> None:
    book = Book.drawn(5_000, 32)
    done, is_open, counts = passed(book), np.ones(5_000, bool), []
    for mark in book.marks:
        equity = book.cash_units + book.lots * (mark - ENTRY_UNITS)
        below = is_open & (equity * 1_000_000 < np.abs(book.lots) * mark * RATE_PPM)
        counts.append(int(below.sum()))
        is_open &= ~below
    assert (done.closed, done.who) == (counts, np.flatnonzero(~is_open).tolist())
    assert len(done.who) > 30


def test_a_rival_that_closes_others_stops_the_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contagion, "SIZES", TINY)
    monkeypatch.setattr(contagion, "WARM_ACCOUNTS", 500)

    @contextmanager
    def there(rival: Rival) -> Iterator[Path]:
        yield Path("python")

    monkeypatch.setattr(contagion, "installed", there)
    monkeypatch.setattr(contagion, "run_by", lambda python, rival, book: passed(Book.drawn(1_500, 8)))
    with pytest.raises(RuntimeError, match=r"flox-py 0\.10\.1 closes others"):
        contagion.measures(lambda text: None)


def test_an_installer_that_fails_is_an_error_of_the_rival(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(command: list[str], **_: object) -> None:
        raise subprocess.CalledProcessError(2, command, stderr="no such package")

    monkeypatch.setattr(subprocess, "run", failing)
    with pytest.raises(RivalError, match="no such package"), installed(FLOX):
        pass
    with pytest.raises(RivalError, match="no such package"):
        run_by(Path("python"), FLOX, Book.drawn(100, 2))
