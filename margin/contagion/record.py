"""What a run came to: one record of metrics with their units in their names, from equal inputs equal to the byte.

Definitions: specs/contagion.md §10. All money is in $ of what is represented: the simulated accounts' times their
weight.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np

from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run
from margin.contagion.figures import figures, paid_usd
from margin.contagion.metrics import amplified
from margin.contagion.payers import Payer
from margin.contagion.reproduction import Reproduction


@dataclass(frozen=True, slots=True)
class Record:
    """One run. `amplification` is of liquidated notional, over the same run without price impact; 0 if there is none.

    `shortfall_by_payer_usd` begins with what the losing accounts' own margin paid before anything was short, which is
    no part of `shortfall_usd`. `unpaid_usd` has the winners of the venue for creditors. `square_root_ceiling_bps` is
    what forced orders can have moved the first instrument by at most, 2 Y σ √(Q/V) with Y = 1; `explained` its share
    of the exogenous fall, and
    `ceilings_bps` the same by instrument. `reproduction` is R_t by the minutes that were asked for, by 1% and by 0.1%.
    All others are defined in `metrics`.
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
    loss_usd: float
    loss_amplification: float
    branching_ratio: float
    reproduction: Mapping[str, tuple[float, float]]
    largest_order_usd: float
    first_round_usd: float
    amplification: float
    shortfall_usd: float
    shortfall_by_payer_usd: Mapping[str, float]
    unpaid_usd: float
    innocent_loss_usd: float
    trapped_usd_hours: float
    liquidity_need_1h_usd: float
    liquidity_need_p99_usd: float
    overshoot_bps: float
    half_life_s: int
    recovery_s: int
    claims_at_default_usd: float
    unsecured_peak_usd: float
    cost_bps_year: float
    cost_by_part_bps_year: Mapping[str, float]
    gini_of_losses: float
    calls: int
    outage_steps: int
    square_root_ceiling_bps: float
    explained: float
    ceilings_bps: Mapping[str, float]
    supercritical: bool
    supercritical_at_s: int
    low_price_ratio: float

    def to_json(self) -> str:
        """Sorted, without spaces: equal records are equal texts."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))


def digest_of(inputs: Inputs, scenario: str) -> str:
    """SHA-256 over everything that a run depends on."""
    a = inputs.a
    told: list[Any] = [scenario, str(inputs.regime), int(inputs.channels), inputs.seed, inputs.population.digest()]
    told += [inputs.path.digest(), [asdict(one) for one in a.instruments]]
    told.append({name: one.value for name, one in a.numbers.items()})
    told.append([[str(one) for one in inputs.payers], [asdict(one) for one in inputs.venues]])
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def record_of(run: Run, scenario: str, first_round: Run | None = None, tried: Sequence[Reproduction] = ()) -> Record:
    """The metrics of a finished run; `first_round` is the same without impact, where amplification is asked for.

    `tried` are the minutes at which R_t was found.
    """
    inputs, tally = run.inputs, run.tally
    paid = {payer: usd for payer, usd in paid_usd(run).items() if usd}
    found, first = figures(run), figures(first_round) if first_round is not None else {}
    ceilings, fall = ceilings_bps(run), _fall_bps(run)
    at = tally.supercritical_at
    names = ("liquidated_usd", "shortfall_usd", "long_share", "loss_usd", "branching_ratio", "innocent_loss_usd",
             "trapped_usd_hours", "liquidity_need_1h_usd", "liquidity_need_p99_usd", "overshoot_bps",
             "unsecured_peak_usd", "claims_at_default_usd", "cost_bps_year", "gini_of_losses")  # fmt: skip
    return Record(
        **{name: found[name] for name in names},
        scenario=scenario, regime=str(inputs.regime), seed=inputs.seed, accounts=len(inputs.population.clients),
        channels=int(inputs.channels), digest_of_inputs=digest_of(inputs, scenario),
        liquidated_by_instrument_usd=dict(
            zip(inputs.population.symbols, map(float, tally.liquidated_usd), strict=True)
        ),
        accounts_liquidated=int(found["accounts_liquidated"]),
        largest_order_usd=tally.largest_order_usd, first_round_usd=first.get("liquidated_usd", 0.0),
        amplification=amplified(found, first, "liquidated_usd"),
        loss_amplification=amplified(found, first, "loss_usd"),
        cost_by_part_bps_year={part: found[f"cost_{part}_bps_year"] for part in ("fee", "haircuts", "netting")},
        reproduction={str(one.step): (one.ratio, one.ratio_small) for one in tried},
        shortfall_by_payer_usd={str(payer): units for payer, units in paid.items()},
        unpaid_usd=paid.get(Payer.UNPAID, 0.0), half_life_s=int(found["half_life_s"]),
        recovery_s=int(found["recovery_s"]), calls=run.calls.opened, outage_steps=run.status.down_steps,
        square_root_ceiling_bps=next(iter(ceilings.values())),
        explained=min(next(iter(ceilings.values())) / fall, 1.0) if fall > 0 else 0.0, ceilings_bps=ceilings,
        supercritical=at is not None, supercritical_at_s=int(inputs.path.times_s[at]) if at is not None else 0,
        low_price_ratio=float(tally.price_units[:, 0].min() / tally.price_units[0, 0]),
    )  # fmt: skip


def without_impact(inputs: Inputs) -> Inputs:
    """The same run with its first channel off: what is liquidated without feedback."""
    channels = inputs.channels & ~Channels.IMPACT
    return replace(inputs, channels=channels)


def ceilings_bps(run: Run) -> dict[str, float]:
    """By instrument: what its forced orders can have moved it by at most, 2 Y σ √(Q/V) with Y = 1."""
    return {
        one.symbol: 2.0 * one.daily_volatility * float(np.sqrt(forced / one.volume_usd)) * 1e4
        for one, forced in zip(run.inputs.a.instruments, map(float, run.tally.liquidated_usd), strict=True)
    }


def _fall_bps(run: Run) -> float:
    units = run.inputs.path.units[:, 0]
    return (1.0 - float(units.min() / units[0])) * 1e4
