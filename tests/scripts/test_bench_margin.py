"""The benchmark of margin: every measure that the issue names, with its baseline, and rivals that agree."""

import json
import sys
from random import Random

import numpy as np
import pytest

from margin.standard_options import worst_payoff
from scripts.bench import margin
from scripts.bench.command import bench
from scripts.bench.margin_rivals import QuantLib, Shocked
from scripts.bench.margin_setting import Book, board, pmrm
from scripts.bench.margin_standard import option_of, quadratic
from scripts.bench.measure import Measure

TINY = {
    "positions": 600, "accounts": 60, "options": 200, "scenarios": 23, "quantlib_positions": 50, "trades": 20,
    "srm_options": 16,
}  # fmt: skip


MOVES = ("forward_move_us", "volatility_move_us")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(margin, "SIZES", TINY)


def measured(capsys: pytest.CaptureFixture[str]) -> dict[str, Measure]:
    assert bench("margin", json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sizes"] == TINY
    return {one["measure"]: Measure(**one) for one in told["measures"]}


def test_every_measure_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("QuantLib", reason="QuantLib is not installed: it is in the development group")
    told = measured(capsys)
    assert list(told) == [
        "vs_quantlib", "vs_numba_reval", "one_trade_us", "perp_move_us", "forward_move_us", "volatility_move_us",
        "position_bytes", "table_kb", "srm_max_loss_vs_quadratic", "srm_growth",
    ]  # fmt: skip
    for one in told.values():
        assert one.value > 0
        assert (one.ratio > 0) == (one.baseline != "none")
        assert one.ratio_least <= one.ratio <= one.ratio_most
    # One account in five has a perpetual; of ten expiries, ten positions each touch most.
    assert told["perp_move_us"].unit == "µs; 20% of all accounts depend on it"
    dependent = {name: int(told[name].unit.split("% ")[0].split()[-1]) for name in MOVES}
    assert 0 < dependent["volatility_move_us"] < dependent["forward_move_us"] < 100


def test_without_quantlib_the_rest_is_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "QuantLib", None)
    told = measured(capsys)
    assert "vs_quantlib" not in told
    assert "vs_numba_reval" in told


def test_rivals_that_disagree_are_no_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("QuantLib", reason="QuantLib is not installed: it is in the development group")
    monkeypatch.setattr(QuantLib, "revalued", lambda _: np.zeros(TINY["quantlib_positions"]))
    with pytest.raises(RuntimeError, match="different prices"):
        margin.measures(lambda _: None)


def test_a_book_of_two_worths_is_no_benchmark() -> None:
    desk = margin.Desk()
    shocked = Shocked.of(desk.board, desk.market, pmrm())
    margin.check(desk, shocked)
    desk.margins.mark_to_market[7] += 0.001
    with pytest.raises(RuntimeError, match="two worths"):
        margin.check(desk, shocked)


def test_a_book_holds_each_option_once_an_account() -> None:
    book = Book(board(200), 7, 70)
    assert len(book.option) == 70
    assert len(set(zip(book.account.tolist(), book.option.tolist(), strict=True))) == 70


def test_the_quadratic_way_finds_the_same_loss() -> None:
    draw = Random(4)
    for count in (1, 2, 9):
        options = [option_of(draw, number) for number in range(count)]
        assert worst_payoff(options).units == -(-quadratic(options) // 10**18)
