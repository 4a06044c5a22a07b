"""What the searches, sweeps and diagrams of `bulkhead stress` start from: assumptions, paths by seed, where to run."""

import calendar
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as File

from margin.contagion.assumption_file import load, packaged
from margin.contagion.assumptions import AssumptionError, Assumptions
from margin.contagion.channels import Channels
from margin.contagion.footing import Footing
from margin.contagion.own import NOTHING, Own
from margin.contagion.path import Path
from margin.contagion.scenario_path import cut
from margin.contagion.trial import Record, trial
from margin.scenarios.anchors import Order
from margin.scenarios.scenario import Scenario
from margin.scenarios.scenario import packaged as packaged_scenario
from settlement.commands.fields import InputError
from settlement.commands.stress_code import code_digest
from settlement.commands.stress_columns import Rows, written
from settlement.commands.stress_jobs import Bench, Job
from settlement.commands.whole_file import fault_in_writing

START_S = calendar.timegm((2026, 2, 5, 0, 0, 0))
STEPS = 1_800
"""30 hours: to 6 February 06:00, six hours after the low."""
SCALE = "market.exogenous_scale"


@dataclass(slots=True)
class Setting:
    """`paths`: of how many draws between the hourly bars seeds take theirs, in turn; `whole` is the path of every seed
    where a user has given one. `notices` are to be said before anything else.
    """

    base: Assumptions
    bench: Bench
    accounts: int
    seeds: int
    paths: int = 2
    order: Order = Order.DRAWN
    scenario: Scenario = field(default_factory=lambda: packaged_scenario("feb_2026"))
    whole: Path | None = None
    own: Own = NOTHING
    notices: list[str] = field(default_factory=list)
    code: str = field(default_factory=code_digest)
    _drawn: dict[int, Path] = field(default_factory=dict, init=False)

    def path(self, seed: int, changes: Mapping[str, float]) -> Path:
        if self.whole is not None:
            return self.whole
        number = 1 + (seed - 1) % self.paths
        if number not in self._drawn:
            observed = self.base.changed({SCALE: 1.0})
            self._drawn[number] = cut(self.scenario, observed, number, start_s=START_S, steps=STEPS, order=self.order)
        return self._drawn[number].scaled(changes.get(SCALE, self.base[SCALE]))

    def jobs(
        self,
        changes: Mapping[str, float],
        regime: str,
        channels: Channels = Channels.ALL,
        *,
        paths: Sequence[Path] = (),
        footing: Footing = Footing.SAME_COLLATERAL,
    ) -> list[Job]:
        """One a seed, from 1; on these paths in turn where any are given."""
        asked = []
        for seed in range(1, self.seeds + 1):
            path = paths[(seed - 1) % len(paths)] if paths else self.path(seed, changes)
            what = trial(
                changes, path, self.base, regime=regime, seed=seed, accounts=self.accounts, channels=channels,
                footing=footing, code=self.code, own=self.own.digest(),
            )  # fmt: skip
            asked.append((what, path, self.base, self.own))
        return asked

    def by_seed(self, asked: Sequence[Sequence[Job]]) -> list[list[Record]]:
        """The records of several lots of jobs, all made together."""
        flat = self.bench.records([job for lot in asked for job in lot])
        ends = iter(flat)
        return [[next(ends) for _ in lot] for lot in asked]


def setting(
    assumptions: str, results: str, *, accounts: int, seeds: int, jobs: int, dask: str, order: str = Order.DRAWN
) -> Setting:
    """Raises InputError for numbers that make no run, and for a file of assumptions that cannot be read."""
    for name, value, least in (("--accounts", accounts, 100), ("--seeds", seeds, 1), ("--jobs", jobs, 1)):
        if value < least:
            raise InputError(f"{name}: at least {least}, not {value}")
    try:
        base = load(File(assumptions)) if assumptions else packaged()
    except AssumptionError as error:
        raise InputError(str(error)) from error
    return Setting(base, Bench(File(results) / "runs", jobs, dask), accounts, seeds, order=Order(order))


def kept(results: str, name: str, document: Mapping[str, object], page: str, columns: Rows = ()) -> None:
    """Write the report for programs, for people and, with the extra bulkhead[parquet], as columns.

    Raises InputError where it cannot be written.
    """
    folder = File(results)
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, text in (("json", json.dumps(document, indent=1, sort_keys=True)), ("html", page)):
        if fault := fault_in_writing(folder / f"{name}.{suffix}", text):
            raise InputError(f"{folder / name}.{suffix}: {fault}")
    written(folder, name, columns)
