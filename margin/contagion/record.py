"""What a run came to: one record of metrics with their units in their names, from equal inputs equal to the byte.

Definitions: specs/contagion.md §10. All money is in $ of what is represented: the simulated accounts' times their
weight.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np

from margin.contagion.assumptions import MICRO
from margin.contagion.channels import Channels
from margin.contagion.draws import Floats
from margin.contagion.engine import Inputs, Run
from margin.contagion.losses import INNOCENT, Payer


@dataclass(frozen=True, slots=True)
class Record:
    """One run. `amplification` is of liquidated notional, over the same run without price impact; 0 if there is none.

    `unpaid_usd` has the winners of the venue for creditors. `square_root_ceiling_bps` is what forced orders can have
    moved the first instrument by at most, 2 Y σ √(Q/V) with Y = 1; `explained` its share of the exogenous fall.
    """

    scenario: str
    regime: str
    seed: int
    accounts: int
    channels: int
    digest_of_inputs: str
    liquidated_usd: float
    liquidated_by_instrument_usd: Mapping[str, float]
    accounts_liquidated: int
    long_share: float
    largest_order_usd: float
    first_round_usd: float
    amplification: float
    shortfall_by_payer_usd: Mapping[str, float]
    unpaid_usd: float
    innocent_loss_usd: float
    trapped_usd_hours: float
    liquidity_need_1h_usd: float
    overshoot_bps: float
    half_life_s: int
    unsecured_peak_usd: float
    cost_bps_year: float
    gini_of_losses: float
    calls: int
    outage_steps: int
    square_root_ceiling_bps: float
    explained: float
    supercritical: bool
    supercritical_at_s: int
    low_price_ratio: float

    def to_json(self) -> str:
        """Sorted, without spaces: equal records are equal texts."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))


def innocent_loss_usd(run: Run) -> float:
    """What those lost who had breached nothing: taken from winners, or with a venue or custodian, and lost hedges."""
    units = sum(run.losses.paid[payer] for payer in INNOCENT) + run.losses.rehedging_units
    return units / MICRO * run.inputs.population.weight


def digest_of(inputs: Inputs, scenario: str) -> str:
    """SHA-256 over everything that a run depends on."""
    a = inputs.a
    told: list[Any] = [scenario, str(inputs.regime), int(inputs.channels), inputs.seed, inputs.population.digest()]
    told += [inputs.path.digest(), [asdict(one) for one in a.instruments]]
    told.append({name: one.value for name, one in a.numbers.items()})
    told.append([[str(one) for one in inputs.payers], [asdict(one) for one in inputs.venues]])
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def record_of(run: Run, scenario: str, first_round: Run | None = None) -> Record:
    """The metrics of a finished run; `first_round` is the same without impact, where amplification is asked for."""
    inputs, tally, weight = run.inputs, run.tally, run.inputs.population.weight
    paid = {payer: run.losses.paid[payer] / MICRO * weight for payer in Payer if run.losses.paid[payer]}
    total, first = float(tally.liquidated_usd.sum()), 0.0
    if first_round is not None:
        first = float(first_round.tally.liquidated_usd.sum())
    low, half_life_s = _overshoot(run)
    ceiling, fall = _ceiling_bps(run), _fall_bps(run)
    at = tally.supercritical_at
    return Record(
        scenario=scenario, regime=str(inputs.regime), seed=inputs.seed, accounts=len(inputs.population.clients),
        channels=int(inputs.channels), digest_of_inputs=digest_of(inputs, scenario), liquidated_usd=total,
        liquidated_by_instrument_usd=dict(
            zip(inputs.population.symbols, map(float, tally.liquidated_usd), strict=True)
        ),
        accounts_liquidated=int(tally.liquidated.sum() * weight), long_share=tally.long_usd / total if total else 0.0,
        largest_order_usd=tally.largest_order_usd, first_round_usd=first,
        amplification=total / first if first else 0.0,
        shortfall_by_payer_usd={str(payer): units for payer, units in paid.items()},
        unpaid_usd=paid.get(Payer.UNPAID, 0.0), innocent_loss_usd=innocent_loss_usd(run),
        trapped_usd_hours=tally.trapped_usd_hours,
        liquidity_need_1h_usd=_most_in_an_hour(run.calls.brought_at, inputs.path.step_s) / MICRO * weight,
        overshoot_bps=low * 1e4, half_life_s=half_life_s, unsecured_peak_usd=tally.unsecured_usd,
        cost_bps_year=inputs.a["cost.custody_fee_bps"] if inputs.regime.is_segregated else 0.0,
        gini_of_losses=_gini(_losses(run)), calls=run.calls.opened, outage_steps=run.status.down_steps,
        square_root_ceiling_bps=ceiling, explained=min(ceiling / fall, 1.0) if fall > 0 else 0.0,
        supercritical=at is not None, supercritical_at_s=int(inputs.path.times_s[at]) if at is not None else 0,
        low_price_ratio=float(tally.price_units[:, 0].min() / tally.price_units[0, 0]),
    )  # fmt: skip


def without_impact(inputs: Inputs) -> Inputs:
    """The same run with its first channel off: what is liquidated without feedback."""
    channels = inputs.channels & ~Channels.IMPACT
    return replace(inputs, channels=channels)


def _overshoot(run: Run) -> tuple[float, int]:
    """The deepest displacement of the first instrument (log), and how long until half of it is left; -1: never."""
    moved: Floats = run.tally.displacement[:, 0]
    low = int(np.argmin(moved))
    if moved[low] == 0.0:
        return 0.0, 0
    recovered = np.flatnonzero(moved[low:] >= moved[low] / 2)
    return float(moved[low]), int(recovered[0]) * run.inputs.path.step_s if len(recovered) else -1


def _most_in_an_hour(brought: list[int], step_s: int) -> int:
    """The largest sum of what came from outside within an hour (µ$)."""
    sums = np.concatenate([[0], np.cumsum(np.array(brought, np.int64))])
    steps = max(3600 // step_s, 1)
    return int(max((sums[end] - sums[max(end - steps, 0)] for end in range(1, len(sums))), default=0))


def _losses(run: Run) -> Floats:
    """What each account has lost by the end (µ$, 0 for winners)."""
    equity, _ = run.standings()
    return np.asarray(np.maximum(run.inputs.population.accounts.cash_units - equity, 0), np.float64)


def _gini(losses: Floats) -> float:
    """0 where all lose alike, near 1 where one loses all."""
    ordered = np.sort(losses)
    total, count = ordered.sum(), len(ordered)
    return (
        float(2.0 * (np.arange(1, count + 1) * ordered).sum() / (count * total) - (count + 1) / count) if total else 0.0
    )


def _ceiling_bps(run: Run) -> float:
    one, forced = run.inputs.a.instruments[0], float(run.tally.liquidated_usd[0])
    return 2.0 * one.daily_volatility * float(np.sqrt(forced / one.volume_usd)) * 1e4


def _fall_bps(run: Run) -> float:
    units = run.inputs.path.units[:, 0]
    return (1.0 - float(units.min() / units[0])) * 1e4
