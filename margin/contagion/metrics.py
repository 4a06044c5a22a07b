"""What is measured of a run: each metric by name, with its unit and definition, and how it is read off a finished run.

Definitions: specs/contagion.md §10. All money is in $ of what is represented: the simulated accounts' times their
weight. Those of `BY_ACCOUNT` are sums over accounts, so that an interval over accounts can be told; the others belong
to the market as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from margin.contagion.assumptions import MICRO
from margin.contagion.costs import costs, several_share
from margin.contagion.draws import Floats
from margin.contagion.engine import Run
from margin.contagion.losses import INNOCENT, Payer
from margin.contagion.population import Kind, Population
from margin.contagion.reproduction import branching_ratio

TOP_PERMILLE = 1


@dataclass(frozen=True, slots=True)
class Metric:
    """`harm`: more of it is worse for somebody; of the others neither more nor less is."""

    name: str
    unit: str
    definition: str
    harm: bool = True


_PAID = tuple(Metric(f"paid_{one}_usd", "$", f"shortfall that {one.replace('_', ' ')} bore") for one in Payer)
METRICS = (
    Metric("liquidated_usd", "$", "forced notional, summed"),
    Metric("accounts_liquidated", "1", "clients with a forced order, each once"),
    Metric("long_share", "1", "part of forced notional that was long", harm=False),
    Metric("first_round_usd", "$", "forced notional of the same run without price impact"),
    Metric("amplification", "1", "forced notional over that of the first round"),
    Metric("loss_usd", "$", "wealth that clients with a loss are short of, what they brought included"),
    Metric("loss_amplification", "1", "loss over that of the first round"),
    Metric("reproduction", "1", "R_t at the path's 8 steepest new lows: next minute's forced sales by 1% more now"),
    Metric("reproduction_small", "1", "the same by 0.1% more: equal where the response is linear"),
    Metric("branching_ratio", "1", "forced sales of a minute on those before, fitted: a cross-check of R_t"),
    Metric("shortfall_usd", "$", "what accounts owed beyond their collateral, by all payers"),
    *_PAID,
    Metric("innocent_loss_usd", "$", "lost by deleveraged, haircut and frozen winners, and to hedge again"),
    Metric("trapped_usd_hours", "$·h", "idle at a venue while the same client is in call at another, over time"),
    Metric("liquidity_need_1h_usd", "$", "largest sum brought from outside within an hour"),
    Metric("liquidity_need_p99_usd", "$", "99th percentile over clients of what each brought from outside"),
    Metric("overshoot_bps", "bps", "deepest displacement of the first instrument; below zero", harm=False),
    Metric("half_life_s", "s", "from there until half of it is left; to the end of the run where never"),
    Metric("recovery_s", "s", "from its peak until a tenth of the passing displacement is left; to the end if never"),
    Metric("unsecured_peak_usd", "$", "winners' unsettled gains at their peak"),
    Metric("claims_at_default_usd", "$", "what was claimed of a venue in default"),
    Metric("cost_bps_year", "bps a year", "of balances: custody's fee, and capital for what must be held besides"),
    Metric("cost_fee_bps_year", "bps a year", "of it the custodian's fee"),
    Metric("cost_haircuts_bps_year", "bps a year", "of it capital for what custody's haircuts take away"),
    Metric("cost_netting_bps_year", "bps a year", "of it capital for margin that locked legs no longer share"),
    Metric("gini_of_losses", "1", "0 where all clients lose alike, near 1 where one loses all", harm=False),
    Metric("supercritical", "1", "part of runs in which forced orders moved a price by over 20% within a minute"),
)  # fmt: skip
"""In the order of the specification."""
FROM_FIRST_ROUND = ("first_round_usd", "amplification", "loss_amplification")
"""What only a second run, without impact, can tell."""
BY_ACCOUNT = ("liquidated_usd", "accounts_liquidated", "loss_usd", "innocent_loss_usd")


def figures(run: Run) -> dict[str, float]:
    """Every metric of one finished run, but those of `FROM_FIRST_ROUND` and R_t."""
    paid = {payer: run.losses.paid[payer] / MICRO * run.inputs.population.weight for payer in Payer}
    total, parts = float(run.tally.liquidated_usd.sum()), by_client(run)
    brought = _brought_units(run)[_ordinary(run.inputs.population)]
    weight, step_s = run.inputs.population.weight, run.inputs.path.step_s
    deepest, half_life_s = overshoot(run)
    return {
        "liquidated_usd": total, "accounts_liquidated": float(parts["accounts_liquidated"].sum()),
        "long_share": run.tally.long_usd / total if total else 0.0,
        "loss_usd": int(_losses_units(run).sum()) / MICRO * weight,
        "branching_ratio": branching_ratio(run.tally.flow_usd.sum(axis=1)), "shortfall_usd": sum(paid.values()),
        **{f"paid_{payer}_usd": usd for payer, usd in paid.items()},
        "innocent_loss_usd": innocent_loss_usd(run), "trapped_usd_hours": run.tally.trapped_usd_hours,
        "liquidity_need_1h_usd": most_in_an_hour(run.calls.brought_at, step_s) / MICRO * weight,
        "liquidity_need_p99_usd": float(np.quantile(brought, 0.99)) / MICRO if len(brought) else 0.0,
        "overshoot_bps": deepest * 1e4, "half_life_s": float(half_life_s), "recovery_s": float(_recovery_s(run)),
        "unsecured_peak_usd": run.tally.unsecured_usd,
        "claims_at_default_usd": run.defaults.claims_units / MICRO * weight,
        **cost_figures(run), "gini_of_losses": gini(parts["loss_usd"]),
        "supercritical": float(run.tally.supercritical_at is not None),
    }  # fmt: skip


def amplified(whole: Mapping[str, float], first: Mapping[str, float], name: str) -> float:
    """A figure over that of the first round; 0 where there is none, or it is nothing."""
    return whole[name] / first[name] if first.get(name) else 0.0


def by_client(run: Run) -> dict[str, Floats]:
    """The metrics of `BY_ACCOUNT`, by client, the unlevered holders of the rest aside; innocent ones are there too."""
    population = run.inputs.population
    client, weight, count = population.accounts.client, population.weight, len(population.clients)
    touched = np.bincount(client, run.tally.liquidated, count) > 0
    borne = np.zeros(len(client), np.int64)
    borne[: len(run.losses.borne_units)] = run.losses.borne_units
    return {
        "liquidated_usd": np.bincount(client, run.tally.by_account_usd, count).astype(np.float64),
        "accounts_liquidated": touched.astype(np.float64) * weight,
        "loss_usd": _losses_units(run) / MICRO * weight,
        "innocent_loss_usd": np.bincount(client, borne, count) / MICRO * weight,
    }


def _losses_units(run: Run) -> NDArray[np.int64]:
    """By client (µ$): in ints, so that a sum is the same in any order. Nothing for who has won, or holds the rest."""
    return np.asarray(np.maximum(_wealth_lost_units(run), 0) * _ordinary(run.inputs.population))


def _wealth_lost_units(run: Run) -> NDArray[np.int64]:
    """By client: collateral and outside money at the start, less those at the end; what is on its way counts."""
    clients, accounts = run.inputs.population.clients, run.inputs.population.accounts
    equity, _ = run.standings()
    lost = clients.outside_units - run.books.outside
    np.add.at(lost, accounts.client, accounts.cash_units - equity)
    promised = run.calls.arriving.from_outside()
    np.subtract.at(lost, accounts.client[promised.account], promised.units)
    return lost


def _brought_units(run: Run) -> NDArray[np.int64]:
    return np.asarray(np.maximum(run.inputs.population.clients.outside_units - run.books.outside, 0))


def _ordinary(population: Population) -> NDArray[np.bool_]:
    return np.asarray(population.clients.kind != Kind.REST)


def innocent_loss_usd(run: Run) -> float:
    """What those lost who had breached nothing: taken from winners, or with a venue or custodian, and lost hedges."""
    units = sum(run.losses.paid[payer] for payer in INNOCENT) + run.losses.rehedging_units
    return units / MICRO * run.inputs.population.weight


def cost_figures(run: Run) -> dict[str, float]:
    """What custody costs a year, whole and by part; what has to be brought on such a day is `liquidity_need`."""
    found = costs(run.inputs.a, run.inputs.regime, several_share(run.inputs.population))
    return {
        "cost_bps_year": found.total_bps, "cost_fee_bps_year": found.fee_bps,
        "cost_haircuts_bps_year": found.haircuts_bps, "cost_netting_bps_year": found.lost_netting_bps,
    }  # fmt: skip


def overshoot(run: Run) -> tuple[float, int]:
    """The deepest displacement of the first instrument (log), and seconds until half of it is left, or the end."""
    moved: Floats = run.tally.displacement[:, 0]
    low = int(np.argmin(moved))
    if moved[low] == 0.0:
        return 0.0, 0
    return float(moved[low]), _until(moved[low:] >= moved[low] / 2) * run.inputs.path.step_s


def _recovery_s(run: Run) -> int:
    passing = np.abs(run.tally.passing[:, 0])
    peak = int(np.argmax(passing))
    return _until(passing[peak:] < passing[peak] / 10) * run.inputs.path.step_s if passing[peak] else 0


def _until(reached: NDArray[np.bool_]) -> int:
    """Steps to the first that is reached, or all there are."""
    found = np.flatnonzero(reached)
    return int(found[0]) if len(found) else len(reached) - 1


def most_in_an_hour(brought: list[int], step_s: int) -> int:
    """The largest sum of what came from outside within an hour (µ$)."""
    sums = np.concatenate([[0], np.cumsum(np.array(brought, np.int64))])
    steps = max(3600 // step_s, 1)
    return int(max((sums[end] - sums[max(end - steps, 0)] for end in range(1, len(sums))), default=0))


def gini(losses: Floats) -> float:
    """0 where all lose alike, near 1 where one loses all."""
    ordered = np.sort(losses)
    total, count = ordered.sum(), len(ordered)
    return (
        float(2.0 * (np.arange(1, count + 1) * ordered).sum() / (count * total) - (count + 1) / count) if total else 0.0
    )


def largest(population: Population) -> NDArray[np.bool_]:
    """By client: whether it is of the largest thousandth, the unlevered holders of the rest aside."""
    ordinary = _ordinary(population)
    wealth = np.bincount(population.accounts.client, population.accounts.cash_units, len(ordinary)) * ordinary
    chosen = np.zeros(len(wealth), bool)
    chosen[np.argsort(-wealth, kind="stable")[: max(1, int(ordinary.sum()) * TOP_PERMILLE // 1000)]] = True
    return chosen
