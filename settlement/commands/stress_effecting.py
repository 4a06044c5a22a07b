"""`bulkhead stress effect`: its options. The work is imported when it runs: help comes at once."""

from typing import Literal

from settlement.commands.stress_owning import Files, OwnFiles, Set, setting_of

BarOrder = Literal["drawn", "low_first", "high_first"]


def effect(
    results: str, *, cells: str = "all", seeds: int = 5, accounts: str = "20000", jobs: int = 1, dask: str = "",
    assumptions: str = "", placebo: bool = False, order: BarOrder = "drawn",
    changes: Set = None, weight: float | None = None, shock: str = "", candles: Files = None, waterfall: str = "",
    venue: Files = None, json: bool = False,
) -> int:  # fmt: skip
    """Say what custody alone changes, metric by metric, and what calls, netting and loss rules do, with intervals.

    Cells that are equal in everything else are subtracted, on the same accounts, prices and draws. Where segregation
    changes nothing, or harms, stands first. Writes effect.json and effect.html into RESULTS (effect.parquet too
    with the extra bulkhead[parquet]), and every run beside them; asked again, it goes on. All cells are 78 runs a seed.

    Parameters
    ----------
    results
        A folder; made if it is not there.
    cells
        Matched cells, as call/netting/loss_rule with commas between, or all.
    seeds
        Runs for each; 30 for a result that is to be quoted.
    accounts
        Simulated clients in a run; or a file of your own, as `stress schema accounts` describes it.
    jobs
        Processes.
    dask
        Address of a Dask scheduler that runs them instead (extra bulkhead[dask]).
    assumptions
        A file in the packaged one's form.
    placebo
        Shuffle the labels of custody too, among matched runs and among the clients of one run, and say what the method
        makes of nothing.
    order
        Whether the low or the high of an hour comes first where no source says: a result must hold for both.
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
        Print one JSON object an effect.
    """
    import json as texts

    from settlement.commands.printing import print_line
    from settlement.commands.running import DONE, answered
    from settlement.commands.stress_effect import effects
    from settlement.commands.stress_effect_page import effect_page
    from settlement.commands.stress_effect_telling import document, lines, no_better, row
    from settlement.commands.stress_listing import table_digest
    from settlement.commands.stress_mapping import pairs_of
    from settlement.commands.stress_setting import kept

    def work() -> int:
        files = OwnFiles(str(accounts), weight, shock, candles or (), waterfall, venue or (), changes or ())
        world = setting_of(files, assumptions, results, seeds=seeds, jobs=jobs, dask=dask, order=order)
        pairs = pairs_of(cells)
        found = effects(world, pairs, shuffled=placebo)
        every = [*found.estimates, *found.pairs]
        kept(results, "effect", document(world, found), effect_page(world, pairs, found), [row(one) for one in every])
        if not json:
            for line in [*world.notices, *lines(world, found)]:
                print_line(line)
            return DONE
        first = no_better(found)
        print_line(texts.dumps({"regimes_digest": table_digest()}))
        for one in [*first, *(one for one in every if one not in first)]:
            print_line(texts.dumps(row(one)))
        return DONE

    return answered("effect", work, group="stress")
