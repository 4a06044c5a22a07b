"""A run by the minute: marks, what forced orders added to them, depth, forced flow, what is trapped, what is short."""

from collections.abc import Sequence

from margin.contagion.engine import Run
from margin.contagion.reproduction import Reproduction


def by_step(run: Run, tried: Sequence[Reproduction] = ()) -> list[dict[str, float]]:
    """A row a step, the start first. `price_*` is the mark over the start's, `y_*` the log displacement, `trapped_usd`
    what is idle elsewhere now, `shortfall_usd` what has been short so far; R_t where it was tried."""
    tally, names = run.tally, [symbol.lower() for symbol in run.inputs.population.symbols]
    ratios = {one.step: one.ratio for one in tried}
    rows = []
    for at, time_s in enumerate(map(int, run.inputs.path.times_s)):
        row = {"time_s": float(time_s), "trapped_usd": float(tally.trapped_usd[at])}
        row["shortfall_usd"] = float(tally.shortfall_usd[at])
        row["forced_usd"] = float(tally.flow_usd[at].sum())
        for which, name in enumerate(names):
            row[f"price_{name}"] = float(tally.price_units[at, which] / tally.price_units[0, which])
            row[f"y_{name}"] = float(tally.displacement[at, which])
            row[f"depth_{name}_usd"] = float(tally.depth_usd[at, which])
            row[f"forced_{name}_usd"] = float(tally.flow_usd[at, which])
        if ratios:
            row["reproduction"] = ratios.get(at, 0.0)
        rows.append(row)
    return rows
