"""Run by a rival's own Python: FLOX's LiquidationEngine over the book, mark by mark. Says what it did as JSON."""

import json
import sys
from importlib import import_module
from time import perf_counter
from typing import Any

import numpy as np

MICRO = 1e6


def run(file: str) -> dict[str, Any]:
    book = np.load(file)
    engine = import_module("flox_py").LiquidationEngine()
    engine.add_tier(0.0, int(book["rate_ppm"][0]) / MICRO)
    engine.set_insurance_fund_capital(1e12)
    engine.set_adl_enabled(False)
    entry = int(book["entry"][0]) / MICRO
    for account, (lots, cash) in enumerate(zip(book["lots"].tolist(), book["cash_units"].tolist(), strict=True)):
        engine.open_position(account, 0, float(lots), entry, cash / MICRO)
    counts, who = [], []
    started = perf_counter()
    for mark in book["marks"].tolist():
        found = engine.on_mark(0, mark / MICRO)["liquidated"]
        counts.append(len(found))
        who += found
    return {"took_s": perf_counter() - started, "closed": counts, "who": sorted(who)}


if __name__ == "__main__":
    json.dump(run(sys.argv[1]), sys.stdout)
