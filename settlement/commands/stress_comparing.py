"""`bulkhead stress footing | decompose`: their options. The work is imported when it runs: help comes at once."""

from settlement.commands.stress_owning import Files, OwnFiles, Set, setting_of


def footing(
    results: str, *, cells: str = "instant/per_venue/queue_adl,grace/per_venue/queue_adl", seeds: int = 5,
    accounts: int = 20_000, jobs: int = 1, dask: str = "", assumptions: str = "", json: bool = False,
) -> int:  # fmt: skip
    """Compare custody with equal collateral, equal cost, equal safety, and with clients who answer safety by leverage.

    Writes footing.json and footing.html into RESULTS (footing.parquet too with the extra bulkhead[parquet]), and every
    run beside them; asked again, it goes on.

    Parameters
    ----------
    results
        A folder; made if it is not there.
    cells
        Matched cells, as call/netting/loss_rule with commas between, or all.
    seeds
        Runs for each.
    accounts
        Simulated clients in a run.
    jobs
        Processes.
    dask
        Address of a Dask scheduler that runs them instead (extra bulkhead[dask]).
    assumptions
        A file in the packaged one's form.
    json
        Print one JSON object a line.
    """
    import json as texts
    from dataclasses import asdict

    from settlement.commands.printing import print_line
    from settlement.commands.running import DONE, answered
    from settlement.commands.stress_footing import compared, footing_report
    from settlement.commands.stress_listing import table_digest
    from settlement.commands.stress_mapping import pairs_of
    from settlement.commands.stress_page import millions
    from settlement.commands.stress_setting import setting

    def work() -> int:
        world = setting(assumptions, results, accounts=accounts, seeds=seeds, jobs=jobs, dask=dask)
        pairs = pairs_of(cells)
        rows = compared(world, pairs)
        footing_report(world, pairs, rows, results)
        _say_digest(table_digest(), json)
        for one in rows:
            found = "; ".join(f"{name.removesuffix('_usd')} {millions(it)} $m" for name, it in one.effects.items())
            words = f"{one.segregated}, {one.footing} {one.setting}".rstrip()
            print_line(texts.dumps(asdict(one)) if json else f"{words}: {found}")
        return DONE

    return answered("footing", work, group="stress")


def decompose(
    results: str, *, regime: str = "pooled_instant,segregated_grace", without: str = "", seeds: int = 5,
    accounts: str = "20000", jobs: int = 1, dask: str = "", assumptions: str = "", changes: Set = None,
    weight: float | None = None, shock: str = "", candles: Files = None, waterfall: str = "", venue: Files = None,
    json: bool = False,
) -> int:  # fmt: skip
    """Say how much each channel makes: Shapley values over all sets of channels, pairs, alone and last, with intervals.

    Writes decompose.json and decompose.html into RESULTS (decompose.parquet too with the extra bulkhead[parquet]), and
    every run beside them; asked again, it goes on. Seven channels are 128 runs a seed and regime.

    Parameters
    ----------
    results
        A folder; made if it is not there.
    regime
        Names or cells, as `stress regimes` lists them, commas between.
    without
        Channels that stay off, commas between: carry halves the runs.
    seeds
        Runs for each set; 30 for a result that is to be quoted.
    accounts
        Simulated clients in a run; or a file of your own, as `stress schema accounts` describes it.
    jobs
        Processes.
    dask
        Address of a Dask scheduler that runs them instead (extra bulkhead[dask]).
    assumptions
        A file in the packaged one's form.
    changes
        NAME=VALUE, as `stress assumptions` lists them; may be given more than once.
    weight
        How many each account of your own file stands for; 1 where it is not said.
    shock
        A file of your own, of prices or returns by the minute, as `stress schema shock` describes it.
    candles
        FILE or ASSET=FILE of exchange candles in place of what the scenario states of an asset; more than once.
    waterfall
        Who pays for losses under the custody that it is for: a name or a file, as `margin waterfalls` has them.
    venue
        A TOML file of a venue of your own, as `stress schema venue` describes it; may be given more than once.
    json
        Print one JSON object a regime and metric.
    """
    import json as texts

    from settlement.commands.printing import print_line
    from settlement.commands.running import DONE, answered
    from settlement.commands.stress_decompose_telling import decompose_report, lines, rows
    from settlement.commands.stress_decomposing import decomposed, name_of, players_of
    from settlement.commands.stress_listing import table_digest

    def work() -> int:
        files = OwnFiles(str(accounts), weight, shock, candles or (), waterfall, venue or (), changes or ())
        world = setting_of(files, assumptions, results, seeds=seeds, jobs=jobs, dask=dask)
        _say_digest(table_digest(), json)
        if not json:
            for line in world.notices:
                print_line(line)
        players = players_of(without)
        found = [decomposed(world, one, players) for one in regime.split(",")]
        decompose_report(world, players, found, results)
        names = [name_of(one) for one in players]
        for one in found:
            for line in map(texts.dumps, rows(one, names)) if json else lines(one, names):
                print_line(line)
        return DONE

    return answered("decompose", work, group="stress")


def _say_digest(digest: str, as_json: bool) -> None:
    """Before any result: which table of regimes it is held to."""
    import json

    from settlement.commands.printing import print_line

    print_line(json.dumps({"regimes_digest": digest}) if as_json else f"regimes fixed before the run: {digest}")
