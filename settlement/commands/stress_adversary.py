"""The work of `bulkhead stress sweep`: where in the sweep ranges segregation is worst.

The adversary chooses depth, calls, delays, outages and costs. Segregated clients pay what custody costs out of their
collateral, and believe that it takes every shortfall away: their leverage grows by all of the response that is chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from margin.contagion.assumptions import DEPTH_MULTIPLE
from margin.contagion.draws import uniforms
from margin.contagion.footing import LEVERAGE, Footing
from margin.contagion.phase import Interval
from margin.contagion.regimes import Regime
from margin.contagion.trial import digest_of
from settlement.commands.stress_jobs import Job
from settlement.commands.stress_listing import table_digest
from settlement.commands.stress_mapping import HEDGED_SHARE, Pair, assumptions_table, effect, ended, regimes_table
from settlement.commands.stress_page import millions, page, section, table, words
from settlement.commands.stress_setting import Setting, kept

RESPONSE = "cost.leverage_response"
RANGES = (
    "market.depth_sensitivity", HEDGED_SHARE, "population.hedge_correlation", "call.cycle_s", "call.grace_s",
    "call.fast_delay_s", "call.slow_delay_s", "venue.outage_probability", "custodian.outage_probability",
    "cost.custody_fee_bps", RESPONSE,
)  # fmt: skip
"""What the adversary may choose, each inside its sweep range, besides depth."""
DEPTH_RANGE = (0.1, 1.5)


@dataclass(frozen=True, slots=True)
class Found:
    """One choice of the adversary, and what custody alone changes there; above zero segregation is worse."""

    changes: dict[str, float]
    liquidated: Interval
    innocent: Interval


def searched(world: Setting, pairs: Sequence[Pair], *, draws: int, generations: int, seed: int) -> list[Found]:
    """Uniform draws from the ranges, then generations around the eighth that is worst for segregation; worst first."""
    found: list[Found] = []
    for number in range(generations + 1):
        chosen = _choices(world, draws, number, seed, found)
        asked = [_jobs(world, one, cell) for one in chosen for pair in pairs for cell in pair]
        records = iter(world.by_seed(asked))
        for one in chosen:
            runs = [(next(records), next(records)) for _ in pairs]
            found.append(Found(one, effect(runs, "liquidated_usd"), effect(runs, "innocent_loss_usd")))
        found.sort(key=lambda one: -one.liquidated.mean)
    return found


def _jobs(world: Setting, changes: dict[str, float], cell: Regime) -> list[Job]:
    if not cell.is_segregated:
        return world.jobs(changes, str(cell))
    bolder = world.base[LEVERAGE] * (1.0 + changes[RESPONSE])
    return world.jobs(changes | {LEVERAGE: bolder}, str(cell), footing=Footing.SAME_COST)


def _choices(world: Setting, draws: int, number: int, seed: int, found: Sequence[Found]) -> list[dict[str, float]]:
    who = np.arange(draws, dtype=np.int64)
    spans = {name: span for name in RANGES if (span := world.base.numbers[name].sweep) is not None}
    spans[DEPTH_MULTIPLE] = DEPTH_RANGE
    best = found[: max(draws // 8, 1)]
    chosen: list[dict[str, float]] = [{} for _ in range(draws)]
    for name, (low, high) in spans.items():
        parts = uniforms(seed, f"adversary {name}", who, number)
        for place, part in enumerate(parts):
            value = low + (high - low) * float(part)
            if best:  # a third of the way from one of the worst
                near = best[place % len(best)].changes[name]
                value = near + (value - near) / 3.0
            chosen[place][name] = float(f"{value:.6g}")
    return chosen


def sweep_report(world: Setting, pairs: Sequence[Pair], found: Sequence[Found], results: str, *, shown: int) -> None:
    """JSON and page: the cells worst for segregation first."""
    worse = sum(one.liquidated.low > 0 for one in found)
    document = {
        "regimes_digest": table_digest(), "assumptions": digest_of(world.base), "accounts": world.accounts,
        "seeds": world.seeds, "pairs": [[str(cell) for cell in pair] for pair in pairs], "worse_beyond_noise": worse,
        "found": [{"changes": one.changes, **_figures(one)} for one in found],
    }  # fmt: skip
    names = list(found[0].changes)
    rows = [
        (millions(one.liquidated), millions(one.innocent), *(f"{one.changes[name]:g}" for name in names))
        for one in found[:shown]
    ]
    header = ("liquidated, $m", "innocent loss, $m", *(name.split(".")[1] for name in names))
    text = page(
        "Adversarial sweep",
        regimes_table(world, pairs),
        section(
            "Where segregation is worst",
            words(f"In {worse} of {len(found)} choices it liquidates more, beyond noise."),
            table("Custody-only effect, worst first", header, rows),
        ),
        assumptions_table(world),
    )
    kept(results, "sweep", document, text, [{**one.changes, **_figures(one)} for one in found])


def _figures(one: Found) -> dict[str, float | None]:
    return {
        "custody_usd": one.liquidated.mean, "low_usd": ended(one.liquidated.low),
        "high_usd": ended(one.liquidated.high), "innocent_loss_usd": one.innocent.mean,
    }  # fmt: skip
