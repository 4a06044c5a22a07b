"""10 and 11 October 2025, predicted: February's parameters, with nothing but the exogenous path and depth exchanged.

Only headline totals are compared (events sheet §6); no minute of that day was used. The path is a fall of the stated
size and half a rebound, with noise of ordinary volatility; other instruments move by their February betas to BTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from margin.contagion.assumptions import Assumptions
from margin.contagion.draws import normals
from margin.contagion.moments import Moment
from margin.contagion.path import Path
from margin.contagion.phase import interval_score
from margin.contagion.trial import Record

FALL = -0.145
"""BTC's 24 h fall, log units: about 122,000 to 105,000; A until a source is named for it."""
DEPTH_OVER_FEBRUARY = 1.43
"""Before the event: $20m a venue in early October, $14m in November S; still about 30% below in February S."""
BETAS = {"BTC": 1.0, "ETH": 1.28, "SOL": 1.22, "OTHER": 1.22, "XAG": 0.0}
"""20 January to 6 February 2026, hourly C; OTHER as SOL A."""
FALL_STEPS, STEPS, QUIET_STEPS = 90, 1_440, 600
"""Minutes: the fall itself A, the day, and what goes before the fall A."""

OCTOBER = (
    Moment("liquidated_24h_usd", 19.13e9, 0.2, "$", "S", "another list: $19.16bn", in_logs=True),
    Moment("accounts_liquidated", 1_618_240, 0.15, "1", "S", "traders", in_logs=True),
    Moment("mean_usd", 11_822, 0.2, "$", "S", "of both", in_logs=True),
    Moment("long_share", 0.87, 0.03, "1", "S", "$16.7bn of $19.13bn; an independent count has 83.9%"),
)


def october_path(a: Assumptions, seed: int) -> Path:
    """A day: quiet, a fall within an hour and a half, half of it back by the end."""
    times = np.arange(STEPS + 1, dtype=np.int64) * 60
    shape = np.interp(np.arange(STEPS + 1), [0, QUIET_STEPS, QUIET_STEPS + FALL_STEPS, STEPS], [0.0, 0.0, 1.0, 0.5])
    columns = []
    for number, one in enumerate(a.instruments):
        steps = np.arange(STEPS, dtype=np.int64) + number * STEPS
        noise = np.cumsum(normals(seed, "october", steps)) * one.daily_volatility / np.sqrt(STEPS)
        bridge = np.concatenate([[0.0], noise - noise[-1] * np.arange(1, STEPS + 1) / STEPS])
        move = FALL * BETAS.get(one.symbol, 1.0) * shape + 0.5 * bridge
        columns.append(np.maximum(np.rint(one.lot_units * np.exp(move)), 1).astype(np.int64))
    return Path(times, np.column_stack(columns), np.ones((STEPS + 1, len(a.instruments)), bool))


def changed_for(vector: Mapping[str, float]) -> dict[str, float]:
    """February's vector with October's depth."""
    return {**vector, "market.depth_multiple": vector.get("market.depth_multiple", 1.0) * DEPTH_OVER_FEBRUARY}


@dataclass(frozen=True, slots=True)
class Score:
    """One total: what was predicted, the 95% interval over vectors and seeds, and how it did."""

    moment: Moment
    median: float
    low: float
    high: float
    score: float

    @property
    def covered(self) -> bool:
        return self.low <= self.moment.target <= self.high


def tallied(record: Record, under_count: float) -> dict[str, float]:
    """The totals as a tally would have them that misses as much as February's did."""
    usd, accounts = record["liquidated_24h_usd"] / under_count, record["accounts_liquidated"]
    return {**record, "liquidated_24h_usd": usd, "mean_usd": usd / max(accounts, 1.0)}


def scored(rows: Sequence[Mapping[str, float]]) -> tuple[Score, ...]:
    """Every total, in the order given; those that were missed are among them. Raises ValueError without rows."""
    if not rows:
        raise ValueError("nothing was predicted")
    found = []
    for moment in OCTOBER:
        values = np.array([row[moment.name] for row in rows])
        low, median, high = (float(np.quantile(values, part)) for part in (0.025, 0.5, 0.975))
        found.append(Score(moment, median, low, high, interval_score(low, high, moment.target)))
    return tuple(found)
