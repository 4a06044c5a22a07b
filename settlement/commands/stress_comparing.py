"""`bulkhead stress footing`: its options. The work is imported when it is run, so that help comes at once."""


def footing(
    results: str, *, cells: str = "instant/per_venue/queue_adl,grace/per_venue/queue_adl", seeds: int = 5,
    accounts: int = 20_000, jobs: int = 1, dask: str = "", assumptions: str = "", json: bool = False,
) -> int:  # fmt: skip
    """Compare custody with equal collateral, equal cost, equal safety, and with clients who answer safety by leverage.

    Writes footing.json and footing.html into RESULTS, and every run beside them; asked again, it goes on.

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
    from settlement.commands.stress_mapping import pairs_of
    from settlement.commands.stress_page import millions
    from settlement.commands.stress_setting import setting

    def work() -> int:
        world = setting(assumptions, results, accounts=accounts, seeds=seeds, jobs=jobs, dask=dask)
        pairs = pairs_of(cells)
        rows = compared(world, pairs)
        footing_report(world, pairs, rows, results)
        for one in rows:
            found = "; ".join(f"{name.removesuffix('_usd')} {millions(it)} $m" for name, it in one.effects.items())
            words = f"{one.segregated}, {one.footing} {one.setting}".rstrip()
            print_line(texts.dumps(asdict(one)) if json else f"{words}: {found}")
        return DONE

    return answered("footing", work, group="stress")
