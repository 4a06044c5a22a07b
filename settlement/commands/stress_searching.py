"""`bulkhead stress calibrate | sweep | phase`: searches that take hours, resume, and give the same bits anywhere."""

GRACE = "instant/per_venue/queue_adl,grace/per_venue/queue_adl,grace/across_venues/pro_rata"
"""Instant and grace, and the strongest pooled rival's cell."""


def calibrate(
    results: str, *, generations: int = 12, members: int = 24, seeds: int = 2, accounts: int = 20_000, jobs: int = 1,
    dask: str = "", seed: int = 1, assumptions: str = "",
) -> int:  # fmt: skip
    """Find parameters with which February is February, what they leave open, and predict October with them.

    Writes calibration.json and calibration.html into RESULTS (calibration.parquet too with the extra
    bulkhead[parquet]), and every run beside them; asked again, it goes on.

    Parameters
    ----------
    results
        A folder; made if it is not there.
    generations
        Rounds of the search.
    members
        Vectors in a round.
    seeds
        Runs for a vector; 30 for a result that is to be quoted.
    accounts
        Simulated clients in a run.
    jobs
        Processes.
    dask
        Address of a Dask scheduler that runs them instead (extra bulkhead[dask]).
    seed
        Of the search.
    assumptions
        A file in the packaged one's form.
    """
    from margin.contagion.moments import under_count
    from settlement.commands.printing import print_line
    from settlement.commands.running import DONE, answered
    from settlement.commands.stress_calibrating import calibrated, report
    from settlement.commands.stress_setting import setting

    def work() -> int:
        world = setting(assumptions, results, accounts=accounts, seeds=seeds, jobs=jobs, dask=dask)
        found = calibrated(world, generations=generations, members=members, seed=seed)
        report(world, found, results)
        for one in found.october:
            if not one.covered:
                print_line(f"October missed: {one.moment.name} {one.moment.target:,.4g}, predicted "
                           f"{one.low:,.4g} to {one.high:,.4g}")  # fmt: skip
        known = found.identified
        print_line(f"distance {found.best.distance:.2f}, threshold {known.threshold:.2f}, {len(found.points)} tried, "
                   f"{len(known.near_targets)} near the targets, {len(known.near_best)} near the best; "
                   f"tallies count one dollar in {under_count(found.best.moments):.2f}")  # fmt: skip
        print_line(f"not identified alone: {', '.join(known.open_alone) or 'none'}")
        return DONE

    return answered("calibrate", work, group="stress")


def phase(
    results: str, *, cells: str = GRACE, seeds: int = 3, accounts: int = 20_000, jobs: int = 1, dask: str = "",
    assumptions: str = "", depths: str = "", hedged: str = "",
) -> int:  # fmt: skip
    """Draw what custody alone changes over depth and hedged open interest, with R0 = 1 and the line of no effect.

    Writes phase.json and phase.html into RESULTS (phase.parquet too with the extra bulkhead[parquet]), and every run
    beside them; asked again, it goes on.

    Parameters
    ----------
    results
        A folder; made if it is not there.
    cells
        Matched cells to average over, as call/netting/loss_rule with commas between, or all.
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
    depths
        Multiples of depth, commas between; 0.1 to 1.5 if none are given.
    hedged
        Shares of open interest, commas between; 0 to 0.4 if none are given.
    """
    from margin.contagion.phase import DEPTHS, HEDGED
    from settlement.commands.printing import print_line
    from settlement.commands.running import DONE, answered
    from settlement.commands.stress_listing import table_digest
    from settlement.commands.stress_mapping import mapped, pairs_of, phase_report
    from settlement.commands.stress_setting import setting

    def work() -> int:
        world = setting(assumptions, results, accounts=accounts, seeds=seeds, jobs=jobs, dask=dask)
        pairs = pairs_of(cells)
        found = mapped(world, pairs, _numbers("--depths", depths, DEPTHS), _numbers("--hedged", hedged, HEDGED))
        phase_report(world, pairs, found, results)
        print_line(f"regimes fixed before the run: {table_digest()}")
        for one in sorted(found, key=lambda cell: -cell.custody.mean):
            print_line(f"depth {one.depth:g}, hedged {one.hedged:.0%}: {one.custody.mean / 1e6:+,.0f} $m "
                       f"({one.custody.low / 1e6:+,.0f} to {one.custody.high / 1e6:+,.0f}), "
                       f"amplification {one.amplification:.2f}, R0 {one.r0:.2f}")  # fmt: skip
        return DONE

    return answered("phase", work, group="stress")


def sweep(
    results: str, *, cells: str = GRACE, draws: int = 32, generations: int = 2, seeds: int = 3,
    accounts: int = 20_000, jobs: int = 1, dask: str = "", seed: int = 1, assumptions: str = "",
) -> int:  # fmt: skip
    """Search the sweep ranges for parameters under which segregation is worse, and print the worst.

    Writes sweep.json and sweep.html into RESULTS (sweep.parquet too with the extra bulkhead[parquet]), and every run
    beside them; asked again, it goes on.

    Parameters
    ----------
    results
        A folder; made if it is not there.
    cells
        Matched cells to average over, as call/netting/loss_rule with commas between, or all.
    draws
        Choices in a generation.
    generations
        Rounds around the worst, after one over the whole ranges.
    seeds
        Runs for each cell of each choice.
    accounts
        Simulated clients in a run.
    jobs
        Processes.
    dask
        Address of a Dask scheduler that runs them instead (extra bulkhead[dask]).
    seed
        Of the search.
    assumptions
        A file in the packaged one's form.
    """
    from settlement.commands.printing import print_line
    from settlement.commands.running import DONE, answered
    from settlement.commands.stress_adversary import searched, sweep_report
    from settlement.commands.stress_listing import table_digest
    from settlement.commands.stress_mapping import pairs_of
    from settlement.commands.stress_setting import setting

    def work() -> int:
        world = setting(assumptions, results, accounts=accounts, seeds=seeds, jobs=jobs, dask=dask)
        pairs = pairs_of(cells)
        found = searched(world, pairs, draws=draws, generations=generations, seed=seed)
        sweep_report(world, pairs, found, results, shown=20)
        print_line(f"regimes fixed before the run: {table_digest()}")
        for one in found[:5]:
            chosen = ", ".join(f"{name} {value:g}" for name, value in one.changes.items())
            print_line(f"{one.liquidated.mean / 1e6:+,.0f} $m ({one.liquidated.low / 1e6:+,.0f} to "
                       f"{one.liquidated.high / 1e6:+,.0f}): {chosen}")  # fmt: skip
        return DONE

    return answered("sweep", work, group="stress")


def _numbers(option: str, text: str, otherwise: tuple[float, ...]) -> tuple[float, ...]:
    from settlement.commands.fields import InputError

    try:
        return tuple(sorted({float(one) for one in text.split(",")})) if text else otherwise
    except ValueError as error:
        raise InputError(f"{option}: numbers with commas between, not {text!a}") from error
