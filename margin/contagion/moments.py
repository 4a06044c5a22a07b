"""What is known of 5 and 6 February 2026 as numbers, how sure it is, and the same numbers of a run.

Targets, uncertainties and marks are those of specs/contagion.md §13. An uncertainty is a standard deviation in the
space of comparison: of the logarithm for dollars and counts, of the number itself for shares and moves.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from margin.contagion.assumptions import MICRO
from margin.contagion.draws import Floats
from margin.contagion.engine import Run

DAY_S, HOUR_S = 86_400, 3_600
LEAST_UNDER_COUNT, MOST_UNDER_COUNT = 1.0, 10.0
"""Times as much as tallies say: Binance publishes one liquidation a second and symbol (specs/events.md §1)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One number to be met; `fitted` is false for those that are printed and compared, but not searched by.

    `tallied` are dollars of a public tally, which misses a part of what happened.
    """

    name: str
    target: float
    uncertainty: float
    unit: str
    mark: str
    source: str
    in_logs: bool = False
    fitted: bool = True
    tallied: bool = False

    def gap(self, simulated: float) -> float:
        """How many uncertainties a simulated number is from the target; what is not above zero has no logarithm."""
        if self.in_logs:
            return (math.log(max(simulated, 1e-9)) - math.log(self.target)) / self.uncertainty
        return (simulated - self.target) / self.uncertainty


FEBRUARY = (
    Moment("liquidated_24h_usd", 2.6e9, 0.2, "$", "S", "largest 24 h, a lower bound", in_logs=True, tallied=True),
    Moment("accounts_liquidated", 580_000, 0.15, "1", "S", "about 580,000 traders", in_logs=True),
    Moment("long_share", 0.82, 0.03, "1", "S", "$2.14bn long, $466m short"),
    Moment("btc_share", 0.52, 0.03, "1", "S", "$1.34bn to $1.38bn of $2.6bn"),
    Moment("eth_share", 0.22, 0.02, "1", "S", "$560m to $576m of $2.6bn"),
    Moment("sol_share", 0.07, 0.02, "1", "S", "$188m to $189m of $2.6bn"),
    Moment("low_4h_usd", 8.17e8, 0.3, "$", "S", "about four hours around the low", in_logs=True, tallied=True),
    Moment("btc_low", -0.180, 0.005, "1", "C", "from 5 Feb 00:00 UTC to the low"),
    Moment("btc_open_interest_usd", 3.3e10, 0.4, "$", "S", "$22bn to $50bn, by definition", in_logs=True),
    Moment(
        "largest_hour_usd", 4.73e8, 0.5, "$", "W", "three hours have one label", in_logs=True, fitted=False,
        tallied=True,
    ),
    Moment(
        "largest_order_usd", 1.2e7, 0.5, "$", "S",
        "a small sample rarely holds the largest account, a million do", in_logs=True, fitted=False,
    ),
    Moment("btc_rebound", 0.107, 0.02, "1", "C", "from the low to 6 Feb 06:00 UTC, close of the bar", fitted=False),
)  # fmt: skip


def under_count(simulated: Mapping[str, float], moments: Sequence[Moment] = FEBRUARY) -> float:
    """How many times as much as the tallies say has been liquidated, if this is what happened: the factor at which all
    of them are nearest, within what is claimed of tallies. It is not known, so no parameter is searched by it.
    """
    fitted = [one for one in moments if one.tallied and one.fitted]
    weights = [one.uncertainty**-2 for one in fitted]
    logs = [one.gap(simulated[one.name]) * one.uncertainty for one in fitted]
    nearest = math.exp(sum(weight * log for weight, log in zip(weights, logs, strict=True)) / sum(weights))
    return min(max(nearest, LEAST_UNDER_COUNT), MOST_UNDER_COUNT)


def gaps(simulated: Mapping[str, float], moments: Sequence[Moment] = FEBRUARY) -> dict[str, float]:
    """How many uncertainties each number is from its target, dollars as tallies would have counted them."""
    factor = under_count(simulated, moments)
    return {one.name: one.gap(simulated[one.name] / (factor if one.tallied else 1.0)) for one in moments}


def measured(run: Run) -> dict[str, float]:
    """The same numbers of a run over 5 February 00:00 to 6 February 06:00 UTC."""
    tally, population = run.tally, run.inputs.population
    step_s = run.inputs.path.step_s
    by_step = tally.flow_usd.sum(axis=1)
    total = max(float(tally.liquidated_usd.sum()), 1.0)
    share = dict(zip(population.symbols, tally.liquidated_usd / total, strict=True))
    btc = tally.price_units[:, 0] / tally.price_units[0, 0]
    low = int(np.argmin(btc))
    around = 2 * HOUR_S // step_s
    clients = np.unique(population.accounts.client[tally.liquidated])
    return {
        "liquidated_24h_usd": most_within(by_step, DAY_S // step_s),
        "accounts_liquidated": len(clients) * population.weight,
        "long_share": tally.long_usd / total,
        "btc_share": float(share.get("BTC", 0.0)),
        "eth_share": float(share.get("ETH", 0.0)),
        "sol_share": float(share.get("SOL", 0.0)),
        "low_4h_usd": float(by_step[max(low - around, 0) : low + around].sum()),
        "btc_low": float(btc[low] - 1.0),
        "btc_open_interest_usd": open_interest_usd(run, 0),
        "largest_hour_usd": most_within(by_step, HOUR_S // step_s),
        "largest_order_usd": tally.largest_order_usd,
        "btc_rebound": float(btc[-1] / btc[low] - 1.0),
        "supercritical": float(tally.supercritical_at is not None),
    }


def most_within(by_step: Floats, steps: int) -> float:
    """The largest sum of so many steps in a row."""
    sums = np.concatenate([[0.0], np.cumsum(by_step)])
    reach = min(steps, len(by_step))
    return float((sums[reach:] - sums[:-reach]).max())


def open_interest_usd(run: Run, instrument: int) -> float:
    """Long notional of an instrument at the start's prices, of all that take part in the run, hedgers included."""
    population = run.inputs.population
    chosen = (population.positions.instrument == instrument) & (population.positions.lots > 0)
    lots = int(population.positions.lots[chosen].sum())
    return lots * int(run.inputs.path.units[0, instrument]) / MICRO * population.weight


def averaged(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each number over runs that differ in their seed."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
