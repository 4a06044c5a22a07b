"""`bulkhead bench contagion`: marks against FLOX and Mesa, the crash day against a plain scan, a crowd, a sweep."""

from collections.abc import Callable, Iterator
from statistics import median

from scripts.bench.contagion_day import REGIMES, Days, Sweep, crowd, processes
from scripts.bench.contagion_marks import Book, passed
from scripts.bench.contagion_rivals import FLOX, MESA, Rival, RivalError, installed, run_by
from scripts.bench.measure import Measure, figure

SIZES = {
    "accounts": 580_000, "marks": 32, "mark_rounds": 3, "own_passes": 5,
    "day_accounts": 1_000_000, "day_steps": 1_440, "day_rounds": 3,
    "scan_rounds": 1, "crowd_accounts": 10_000_000, "crowd_steps": 60, "trials": 8, "trial_accounts": 50_000,
    "sweep_rounds": 3,
}  # fmt: skip
"""`own_passes`: ours takes milliseconds, and one that is interrupted says nothing, so a round has their median.
`scan_rounds`: the plain scan takes a minute and more, so each of the day's rounds stands against the last scan."""
CORES = 2
WARM_ACCOUNTS = 20_000

Say = Callable[[str], None]


def measures(say: Say) -> list[Measure]:
    """Run the whole benchmark; `say` is told what comes next."""
    told: list[Measure] = []
    for name, rival in (("vs_flox", FLOX), ("vs_mesa", MESA)):
        say(f"{name}: {SIZES['accounts']:,} accounts at {SIZES['marks']} marks")
        try:
            told.append(_against(name, rival))
        except RivalError as why:
            say(f"{name} is left out: {why}")
    say("day_s, day_over_scan: populations are drawn")
    told += _days(say)
    say(f"crowd_gib: {SIZES['crowd_accounts']:,} accounts")
    told += _crowd()
    say("two_over_one: the same trials on one process and on two")
    return [*told, _sweep()]


def _against(name: str, rival: Rival) -> Measure:
    """Accounts re-margined a second, and the ratio. RuntimeError where not the same accounts are closed everywhere."""
    passed(Book.drawn(WARM_ACCOUNTS, SIZES["marks"]))
    book = Book.drawn(SIZES["accounts"], SIZES["marks"])
    looked, pairs, closed = SIZES["accounts"] * SIZES["marks"], [], 0
    with installed(rival) as python:
        for _ in range(SIZES["mark_rounds"]):
            ours = sorted((passed(book) for _ in range(SIZES["own_passes"])), key=lambda one: one.took_s)
            mine, theirs = ours[len(ours) // 2], run_by(python, rival, book)
            if (mine.closed, mine.who) != (theirs.closed, theirs.who) or not mine.who:
                raise RuntimeError(f"{rival.name} closes others than we do, or nobody is closed")
            pairs.append((mine.took_s, theirs.took_s))
            closed = len(mine.who)
    ratios = [their_s / our_s for our_s, their_s in pairs]
    return Measure(
        name, looked / median(our_s for our_s, _ in pairs), f"accounts a second; {closed:,} closed, the same in both",
        rival.name, looked / median(their_s for _, their_s in pairs), median(ratios), min(ratios), max(ratios),
    )  # fmt: skip


def _days(say: Say) -> Iterator[Measure]:
    with processes(len(REGIMES)) as pools:
        days = Days(SIZES["day_accounts"], SIZES["day_steps"], pools)
        pairs, closed = [], ""
        for number in range(SIZES["day_rounds"]):
            fast = days.lived(plain=False)
            if number < SIZES["scan_rounds"]:
                say("the plain scan")
                scan = days.lived(plain=True)
            if fast.digests != scan.digests or not all(fast.closed):
                raise RuntimeError("the two ways do not liquidate the same accounts at the same prices, or none at all")
            pairs.append((fast.took_s, scan.took_s))
            closed = " and ".join(f"{count:,}" for count in fast.closed)
    ratios = [fast_s / scan_s for fast_s, scan_s in pairs]
    day_s = median(fast_s for fast_s, _ in pairs)
    yield figure("day_s", day_s, f"s, two regimes on two processes; {closed} accounts closed")
    yield Measure(
        "day_over_scan", day_s, "s", "full scan, s", median(scan_s for _, scan_s in pairs), median(ratios),
        min(ratios), max(ratios),
    )  # fmt: skip


def _crowd() -> Iterator[Measure]:
    gib, drawn_s, step_s = crowd(SIZES["crowd_accounts"], SIZES["crowd_steps"])
    yield figure("crowd_gib", gib, f"GiB at most; {drawn_s:.1f} s to draw, {1e3 * step_s:.1f} ms a step")


def _sweep() -> Measure:
    with processes(CORES) as pools:
        sweep, pairs = Sweep(SIZES["trials"], SIZES["trial_accounts"], SIZES["day_steps"], pools), []
        for _ in range(SIZES["sweep_rounds"]):
            (one_s, first), (two_s, second) = sweep.over(1), sweep.over(CORES)
            if first != second:
                raise RuntimeError("two processes give other records than one")
            pairs.append((one_s, two_s))
    ratios = [one_s / two_s for one_s, two_s in pairs]
    return Measure(
        "two_over_one", SIZES["trials"] / median(two_s for _, two_s in pairs), "runs a second on two processes",
        "one process", SIZES["trials"] / median(one_s for one_s, _ in pairs), median(ratios), min(ratios), max(ratios),
    )  # fmt: skip
