"""`bulkhead stress run`: the same accounts, prices and draws under one regime after another, and what each came to."""

import sys
from collections.abc import Mapping, Sequence

from margin.contagion.assumptions import Assumptions
from margin.contagion.engine import Inputs, Run, begun
from margin.contagion.inputs.account_results import COLUMNS, results_of
from margin.contagion.record import Record, record_of, without_impact
from margin.contagion.reproduction import Reproduction, reproduction
from margin.contagion.series import by_step
from settlement.commands.printing import print_line, print_rows, printable
from settlement.commands.running import DONE, answered
from settlement.commands.stress_asking import Asked, started
from settlement.commands.stress_listing import assumptions_in, table_digest
from settlement.commands.stress_run_page import keep_runs
from settlement.commands.stress_tables import write_table
from settlement.commands.watching import Watch, watched

_COLUMNS = ("regime", "liquidated", "accounts", "long", "amplification", "shortfall", "innocent", "trapped", "low")


def run_regimes(asked: Asked, names: Sequence[str], as_json: bool) -> int:
    """Print a record for each regime, and write series and page where a folder is given.

    Bad names, numbers and files are bad usage, told before anything runs.
    """

    def work() -> int:
        start, every, notices = started(asked, names)
        for notice in notices:
            _say(notice, as_json)
        records: list[tuple[str, Record]] = []
        series: dict[str, list[dict[str, float]]] = {}
        rows: list[Mapping[str, str]] = []
        for name, inputs in zip(names, every, strict=True):
            with watched(name, as_json) as watch:
                record, made, tried = measured(inputs, asked.label, watch, asked.reproduction)
            series[name] = by_step(made, tried)
            records.append((name, record))
            if asked.by_account:
                rows += results_of(name, made, start.accounts)
            if as_json:
                print_line(record.to_json())
        if asked.by_account:
            write_table(asked.by_account, COLUMNS, rows)
        if asked.out:
            keep_runs(asked.out, records, series, every[0].a)
        if not as_json:
            _tell(asked, every[0].a, records)
        return DONE

    return answered("run", work, group="stress")


def measured(
    inputs: Inputs, scenario: str, watch: Watch, minutes: Sequence[int] = ()
) -> tuple[Record, Run, list[Reproduction]]:
    """A run with its record, to which the same without impact belongs, and R_t at some of its minutes."""
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
    return record_of(done[0], scenario, done[1], tried), done[0], tried


def _say(notice: str, as_json: bool) -> None:
    """What is to be known before the figures; where programs read standard output, on the other one."""
    if as_json:
        sys.stderr.write(f"{printable(notice)}\n")
    else:
        print_line(printable(notice))


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
        "shortfall": f"${one.shortfall_usd / 1e6:,.1f}m",
        "innocent": f"${one.innocent_loss_usd / 1e6:,.1f}m",
        "trapped": f"${one.trapped_usd_hours / 1e6:,.1f}m·h",
        "low": f"{one.low_price_ratio - 1:.1%}",
    }
