"""`bulkhead stress run`: the same accounts, prices and draws under one regime after another, and what each came to."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from margin.contagion.assumptions import AssumptionError, Assumptions
from margin.contagion.channels import Channels
from margin.contagion.engine import Inputs, Run, begun
from margin.contagion.laws import draw_population
from margin.contagion.path import PathError
from margin.contagion.record import Record, record_of, without_impact
from margin.contagion.regimes import UnknownRegimeError, regime_of
from margin.contagion.reproduction import Reproduction, reproduction
from margin.contagion.scenario_path import cut
from margin.contagion.series import by_step
from margin.scenarios.scenario import Scenario, ScenarioError, load_scenario, packaged, packaged_names
from settlement.commands.fields import InputError
from settlement.commands.printing import print_line, print_rows
from settlement.commands.running import DONE, answered
from settlement.commands.stress_listing import assumptions_in, table_digest
from settlement.commands.stress_run_page import keep_runs
from settlement.commands.watching import Watch, watched

CRASH_S = calendar.timegm((2026, 2, 5, 0, 20, 0))
"""Twenty-four hours before the low."""
_COLUMNS = ("regime", "liquidated", "accounts", "long", "amplification", "shortfall", "innocent", "trapped", "low")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is the same for every regime of a comparison."""

    scenario: str
    accounts: int
    seed: int
    minutes: int
    changes: tuple[str, ...] = ()
    assumptions: str = ""
    out: str = ""
    reproduction: tuple[int, ...] = ()


def run_regimes(asked: Asked, names: Sequence[str], as_json: bool) -> int:
    """Print a record for each regime, and write series and page where a folder is given.

    Bad names, numbers and files are bad usage, told before anything runs.
    """

    def work() -> int:
        every = [inputs_of(asked, name) for name in names]
        records, series = [], {}
        for name, inputs in zip(names, every, strict=True):
            with watched(name, as_json) as watch:
                record, series[name] = measured(inputs, asked.scenario, watch, asked.reproduction)
            records.append((name, record))
            if as_json:
                print_line(record.to_json())
        if asked.out:
            keep_runs(asked.out, records, series, every[0].a)
        if not as_json:
            _tell(asked, every[0].a, records)
        return DONE

    return answered("run", work, group="stress")


def inputs_of(asked: Asked, regime: str) -> Inputs:
    """Raises InputError for whatever cannot be run."""
    if asked.minutes < 1:
        raise InputError(f"--minutes: expected at least 1, found {asked.minutes}")
    try:
        cell = regime_of(regime)
        scenario, a = _scenario(asked.scenario), changed(assumptions_in(asked.assumptions), asked.changes)
        start_s = CRASH_S if scenario.start_s <= CRASH_S < scenario.end_s else scenario.start_s
        path = cut(scenario, a, asked.seed, start_s=start_s, steps=asked.minutes)
        people = draw_population(a, asked.seed, asked.accounts)
        return Inputs(a, people, path, cell, Channels.ALL, asked.seed)
    except (AssumptionError, PathError, ScenarioError, UnknownRegimeError, ValueError) as error:
        raise InputError(str(error)) from error


def changed(a: Assumptions, changes: Sequence[str]) -> Assumptions:
    """With NAME=VALUE of each. Raises InputError, AssumptionError."""
    values = {}
    for change in changes:
        name, _, value = change.partition("=")
        try:
            values[name.strip()] = float(value)
        except ValueError:
            raise InputError(f"--set: expected NAME=VALUE, found {change!r}") from None
    return a.changed(values)


def measured(
    inputs: Inputs, scenario: str, watch: Watch, minutes: Sequence[int] = ()
) -> tuple[Record, list[dict[str, float]]]:
    """A run, and the same without impact; R_t at some minutes; the record, and the run by the minute."""
    runs = [inputs, without_impact(inputs)]
    done: list[Run] = []
    tried: list[Reproduction] = []
    steps = len(inputs.path.units) - 1
    for number, one in enumerate(runs):
        made = begun(one)
        while made.step < steps:
            made.advance()
            if number == 0 and made.step in minutes:
                tried.append(reproduction(made))
            watch.reach(number * steps + made.step, len(runs) * steps)
        made.books.audit(made.prices)
        done.append(made)
    return record_of(done[0], scenario, done[1], tried), by_step(done[0], tried)


def _scenario(name: str) -> Scenario:
    return packaged(name) if name in packaged_names() else load_scenario(Path(name))


def _tell(asked: Asked, a: Assumptions, records: Sequence[tuple[str, Record]]) -> None:
    print_line(f"regimes fixed before the run: {table_digest()}")
    first = records[0][1]
    print_line(
        f"forced orders can have moved the first instrument by {first.square_root_ceiling_bps:.0f} bps at most "
        f"(square root law): {first.explained:.0%} of its fall"
    )
    for name, one in records:
        most = ", ".join(f"{symbol} {bps:.0f}" for symbol, bps in one.ceilings_bps.items())
        print_line(f"{name}: the most that forced orders can have moved each, bps: {most}")
        for minute, (large, small) in one.reproduction.items():
            print_line(f"{name}: R_t at minute {minute}: {large:.3f} by 1% more, {small:.3f} by 0.1% more")
    rows = [_row(name, one) for name, one in records]
    print_rows(_COLUMNS, rows, amounts=_COLUMNS[1:], as_json=False)
    for name, one in records:
        payers = ", ".join(f"{payer} ${usd / 1e6:,.1f}m" for payer, usd in one.shortfall_by_payer_usd.items()) or "none"
        print_line(f"{name}: shortfall paid by {payers}; unpaid ${one.unpaid_usd / 1e6:,.1f}m to winners of the venue")
        if one.supercritical:
            print_line(f"{name}: supercritical: forced orders moved a price by more than 20% within a minute")
    for name, (base, value) in a.differences(assumptions_in(asked.assumptions)).items():
        print_line(f"changed: {name} from {base:g} to {value:g}")
    print_line(
        "what custody alone changes, zero or worse first: bulkhead stress effect; over depth: bulkhead stress phase"
    )
    print_line("$ are of what is represented; every number that this starts from: bulkhead stress assumptions")


def _row(name: str, one: Record) -> dict[str, object]:
    return {
        "regime": name,
        "liquidated": f"${one.liquidated_usd / 1e9:.2f}bn",
        "accounts": f"{one.accounts_liquidated:,}",
        "long": f"{one.long_share:.0%}",
        "amplification": f"{one.amplification:.2f}",
        "shortfall": f"${sum(one.shortfall_by_payer_usd.values()) / 1e6:,.1f}m",
        "innocent": f"${one.innocent_loss_usd / 1e6:,.1f}m",
        "trapped": f"${one.trapped_usd_hours / 1e6:,.1f}m·h",
        "low": f"{one.low_price_ratio - 1:.1%}",
    }
