"""A user's own candles in place of the drawn prices: the day runs to its end on them, and every open is theirs."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scripts.conftest import Ran

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def test_the_day_runs_to_its_end_on_candles(replayed: "Ran") -> None:
    assert replayed.status == 0, replayed.complained
    names = [f"feb2026_{pair}_1h.csv" for pair in ("BTCUSDT", "ETHUSDT", "SOLUSDT")]
    assert replayed.result["candles"] == names
    assert f"Prices: replayed from {', '.join(names)}." in " ".join(replayed.transcript.split())
    assert "seed" not in replayed.transcript.splitlines()[1]


@pytest.mark.parametrize("asset", ["BTC", "ETH", "SOL"])
def test_the_price_of_every_hour_is_the_candle_s_open(replayed: "Ran", asset: str) -> None:
    with (DATA / f"feb2026_{asset}USDT_1h.csv").open(newline="") as file:
        opens = {int(row["open_ms"]) // 1_000: float(row["open"]) for row in csv.DictReader(file)}
    series = replayed.result["series"]
    shown = dict(zip(series["times_s"], series["prices"][asset], strict=True))
    last = max(shown)  # the moment after the window, at its last price
    compared = {at_s: price for at_s, price in shown.items() if at_s != last}
    assert len(compared) == 428
    assert compared == {at_s: opens[at_s] for at_s in compared}


def test_candles_and_another_seed_tell_another_day(plain: "Ran", replayed: "Ran") -> None:
    assert replayed.result["seed"] == 7
    assert replayed.transcript != plain.transcript
    assert replayed.result["low"]["btc"] == plain.result["low"]["btc"] == "60000000000"
    one, other = (day.result["series"]["prices"] for day in (plain, replayed))
    assert one["XAG"] != other["XAG"]
    # Silver's high of 29 January and its close of 5 February are stated, so every seed meets them.
    assert max(one["XAG"]) == max(other["XAG"]) == 121.65
    assert one["XAG"][-1] == other["XAG"][-1] == 72.12


def test_the_replayed_ledgers_are_sound(replayed: "Ran", sound: Callable[[Path], list[int]]) -> None:
    assert sound(replayed.folder) == [
        replayed.result["regimes"][regime]["totals"]["transfers"] for regime in ("pooled", "segregated")
    ]
