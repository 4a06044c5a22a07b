"""What a finished run came to, metric by metric, read off its books and its tally; whole, and by client."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from margin.contagion.assumptions import MICRO
from margin.contagion.costs import costs, several_share
from margin.contagion.draws import Floats
from margin.contagion.engine import Run
from margin.contagion.payers import Payer
from margin.contagion.population import Kind, Population
from margin.contagion.reproduction import branching_ratio

TOP_PERMILLE = 1


def figures(run: Run) -> dict[str, float]:
    """Every metric of one finished run, but those of `FROM_FIRST_ROUND` and R_t."""
    paid = paid_usd(run)
    total, parts = float(run.tally.liquidated_usd.sum()), by_client(run)
    brought = _brought_units(run)[_ordinary(run.inputs.population)]
    weight, step_s = run.inputs.population.weight, run.inputs.path.step_s
    deepest, half_life_s = overshoot(run)
    return {
        "liquidated_usd": total, "accounts_liquidated": float(parts["accounts_liquidated"].sum()),
        "long_share": run.tally.long_usd / total if total else 0.0,
        "loss_usd": int(_losses_units(run).sum()) / MICRO * weight,
        "branching_ratio": branching_ratio(run.tally.flow_usd.sum(axis=1)), "shortfall_usd": shortfall_usd(paid),
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


def paid_usd(run: Run) -> dict[Payer, float]:
    """What each payer bore, in the order of payers."""
    units = {**run.losses.paid, Payer.OWN_MARGIN: run.losses.own_margin_units}
    return {payer: units.get(payer, 0) / MICRO * run.inputs.population.weight for payer in Payer}


def shortfall_usd(paid: Mapping[Payer, float]) -> float:
    """What all but the losing accounts' own collateral paid."""
    return sum(usd for payer, usd in paid.items() if payer is not Payer.OWN_MARGIN)


def by_client(run: Run) -> dict[str, Floats]:
    """The metrics of `BY_ACCOUNT`, by client, the unlevered holders of the rest aside; innocent ones are there too."""
    population = run.inputs.population
    client, weight, count = population.accounts.client, population.weight, len(population.clients)
    touched = np.bincount(client, run.tally.liquidated, count) > 0
    return {
        "liquidated_usd": np.bincount(client, run.tally.by_account_usd, count).astype(np.float64),
        "accounts_liquidated": touched.astype(np.float64) * weight,
        "loss_usd": _losses_units(run) / MICRO * weight,
        "innocent_loss_usd": np.bincount(client, _innocent_units(run), count) / MICRO * weight,
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
    """What those lost who never breached: taken from winners, or with a venue or custodian, and lost hedges."""
    return int(_innocent_units(run).sum()) / MICRO * run.inputs.population.weight


def _innocent_units(run: Run) -> NDArray[np.int64]:
    """By account: what it bore for others, nothing for whoever was below its own requirement at any time."""
    borne = np.zeros(len(run.tally.breached), np.int64)
    borne[: len(run.losses.borne_units)] = run.losses.borne_units
    return np.where(run.tally.breached, 0, borne)


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
