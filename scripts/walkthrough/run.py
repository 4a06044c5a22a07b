"""One run of the crash day: the event, the node, the folder; faults said clearly; the files that are left."""

import io
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from custody.books import BooksError
from custody.database import DatabaseError
from custody.delegation import Standing
from margin.scenarios.bridge import build_paths
from margin.scenarios.candles import CandleError
from margin.scenarios.scenario import Scenario, ScenarioError
from scripts.walkthrough import tables
from scripts.walkthrough.command import Options
from scripts.walkthrough.custody_setting import setting_of
from scripts.walkthrough.day import CrashDay
from scripts.walkthrough.event import UsageError, event_of
from scripts.walkthrough.opening import BEFORE_S
from scripts.walkthrough.others import others_of
from scripts.walkthrough.proofs import PROOFS, clear_proofs, leave_proofs
from scripts.walkthrough.reckoning import Reckoning, Tally, compare
from scripts.walkthrough.result import result, utc
from scripts.walkthrough.series import Series
from scripts.walkthrough.story import WIDTH, Story
from settlement.abi import ArtifactError
from settlement.desk import DeskError
from settlement.desk.auditing import InvariantError
from settlement.devnet import Anvil, DevnetError
from settlement.happenings import Happening
from settlement.node import ChainError, Node

LEDGERS = tuple(f"ledger-{standing.value}.sqlite" for standing in Standing)
SETTINGS = {standing: f"custody-{standing.value}.json" for standing in Standing}
TOLD = ("result.json", "transcript.txt", "report.html")
INTERRUPTED = 130
LONGEST_PACE_S = 3_600


def run(options: Options) -> int:
    """Run as asked and return the exit code; whatever goes wrong is one sentence on standard error."""
    try:
        return _run(options)
    except (ScenarioError, CandleError, UsageError) as why:
        sys.stderr.write(f"crash-day: {why}\n")
        return 2
    except (BooksError, DatabaseError, DevnetError, ChainError, ArtifactError, DeskError, InvariantError) as why:
        sys.stderr.write(f"crash-day: {why}\n")
        return 1
    except OSError as why:
        sys.stderr.write(f"crash-day: {why.filename or 'a file'} cannot be written or read: {why.strerror or why}\n")
        return 1


def _run(options: Options) -> int:
    # Written so that a pace that is no number at all is refused too.
    if not 0 <= options.pace_s <= LONGEST_PACE_S or not 0 <= options.port < 2**16:
        raise UsageError(f"--pace is from 0 to {LONGEST_PACE_S} seconds, and --port is from 0 to 65535")
    event = event_of(options.scenario, options.candles)
    paths = build_paths(event, options.seed)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character gets a question mark instead of an end.
        sys.stdout.reconfigure(errors="replace")
    with _folder(options.out) as folder, _node(options, event) as node:
        others = others_of(event, options.seed)
        day, series = CrashDay(event, paths, node, folder, options.seed, others=others), Series()
        written = io.StringIO()
        transcript = Console(file=written, width=WIDTH, color_system=None, force_terminal=False, _environ={})
        consoles = [transcript] if options.json else [transcript, Console(width=WIDTH)]
        story = Story(consoles, day, options.pace_s)
        tallies = {standing: Tally(standing) for standing in Standing}
        happenings: dict[Standing, list[Happening]] = {standing: [] for standing in Standing}
        at_s = event.start_s
        try:
            story.begin(event, options.seed, options.candles)
            for moment in day.run():
                at_s = moment.at_s
                series.read(at_s, moment.prices_e6, day.desks)
                for standing, told in moment.happenings.items():
                    happenings[standing] += told
                    for happening in told:
                        tallies[standing].count(happening)
                story.tell(moment)
            reckonings = _reckon(day, series, tallies)
            story.say("", *tables.reckoning(reckonings[Standing.POOLED], reckonings[Standing.SEGREGATED]))
            story.say(*tables.everybody_else(others))
        except KeyboardInterrupt:
            return _interrupted(options, day, at_s)
        finally:
            day.close()
        candles = map(_name_only, options.candles)
        told_result = result(event, options.seed, candles, series, reckonings, happenings, others)
        _leave(options, told_result, written.getvalue())
        if options.out is not None:
            for standing, desk in day.desks.items():
                leave_proofs(options.out, desk.covering.editions.values())
                (options.out / SETTINGS[standing]).write_text(setting_of(desk.collateral.instructing), encoding="utf-8")
    return 0


def _reckon(day: CrashDay, series: Series, tallies: dict[Standing, Tally]) -> dict[Standing, Reckoning]:
    desks, outsides = day.desks, day.outsides
    reckonings = {kind: tally.close(desks[kind], outsides[kind], series) for kind, tally in tallies.items()}
    compare(reckonings[Standing.POOLED], reckonings[Standing.SEGREGATED])
    return reckonings


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    """Where the files are kept: the user's folder, without those of an earlier run, or one that goes away."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="bulkhead-") as name:
            yield Path(name)
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        for ledger in LEDGERS:
            for leftover in out.glob(f"{ledger}*"):
                leftover.unlink()
        for name in (*TOLD, *SETTINGS.values()):
            (out / name).unlink(missing_ok=True)
        clear_proofs(out)
    except OSError as why:
        raise UsageError(f"--out {out} cannot be used: {why.strerror}; give a folder that can be written to") from why
    yield out


@contextmanager
def _node(options: Options, event: Scenario) -> Iterator[Node]:
    """The chain: an anvil of our own, stopped at the end, or a fresh one that the user runs."""
    first_s = event.start_s - BEFORE_S
    if not options.rpc_url:
        with Anvil(genesis_s=first_s, port=options.port) as anvil, Node.of_anvil(anvil) as node:
            yield node
        return
    with Node.at_url(options.rpc_url) as node:
        _require_fresh(node, first_s)
        # As `Node.of_anvil` does for one of our own: block times must not follow the wall clock.
        node.rpc("anvil_setBlockTimestampInterval", 1)
        yield node


def _require_fresh(node: Node, first_s: int) -> None:
    """Raise ChainError unless this is an anvil without a history whose clock can be set to the evening before."""
    if not node.client().startswith("anvil/"):
        raise ChainError(f"{node.name} is {node.client()}: the crash day sets block times, which only anvil can")
    if node.block_number() or node.block_time() > first_s:
        raise ChainError(
            f"{node.name} has a history already or its clock is past the event; start a fresh one with: "
            f"anvil --hardfork prague --timestamp {first_s}"
        )


def _interrupted(options: Options, day: CrashDay, at_s: int) -> int:
    """Say what state everything is in, having looked."""
    faults = [fault for desk in day.desks.values() for fault in desk.world.books.verify()]
    state = "the ledgers are consistent" if not faults else f"the ledgers have {len(faults)} faults"
    where = f"; they are in {options.out}" if options.out else ""
    node = "Your node has half a day on it, so start a fresh one" if options.rpc_url else "The node is stopped"
    sys.stderr.write(
        f"\ncrash-day: interrupted at {utc(at_s)}. {node}; {state}{where}. The day cannot be resumed, for its chain "
        "is gone: run the command again to start over; the same seed tells the same story.\n"
    )
    return INTERRUPTED


def _leave(options: Options, told: dict[str, object], transcript: str) -> None:
    """Write the files, and print the JSON if that was asked for."""
    if options.out is not None:
        from scripts.walkthrough.report import page

        data = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        for name, text in zip(TOLD, (data, _without_padding(transcript), page(told)), strict=True):
            (options.out / name).write_text(text, encoding="utf-8")
        sys.stderr.write(f"written to {options.out}: {', '.join((*TOLD, *LEDGERS, *SETTINGS.values()))}, {PROOFS}/\n")
    if options.json:
        # Escaped: whatever encoding standard output has, this is valid there.
        sys.stdout.write(json.dumps(told, indent=1, sort_keys=True) + "\n")


def _without_padding(text: str) -> str:
    """Tables are padded to their width; a file has no use for it."""
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def _name_only(given: str) -> str:
    """A candle file without its folder: the result must not depend on where files lie."""
    return Path(given.rpartition("=")[2]).name
