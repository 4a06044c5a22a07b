"""The story as a whole: it ends well, equals the committed transcript, and repeats to the byte wherever it is told."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.walkthrough.reckoning import dollars

if TYPE_CHECKING:
    from tests.scripts.conftest import Cut, Days, Ran

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "crash_day.txt"
LEFT_BY_EACH = {
    f"{name}-{regime}.{kind}"
    for regime in ("pooled", "segregated")
    for name, kind in (("ledger", "sqlite"), ("custody", "json"))
}
FILES = {"result.json", "transcript.txt", "report.html", "proofs", *LEFT_BY_EACH}
ACCEPT = "if the change is meant: python3 scripts/crash_day.py --out out, read out/transcript.txt, copy it to"


def test_the_day_ends_well_and_leaves_its_files(plain: "Ran") -> None:
    assert plain.status == 0, plain.complained
    assert {path.name for path in plain.folder.iterdir()} == FILES
    assert all(name in plain.complained for name in FILES)


def test_the_transcript_is_the_committed_one(plain: "Ran") -> None:
    told, golden = plain.transcript.splitlines(), GOLDEN.read_text(encoding="utf-8").splitlines()
    for number, (line, expected) in enumerate(zip(told, golden, strict=False), start=1):
        assert line == expected, f"line {number} of {GOLDEN.name} differs; {ACCEPT} tests/golden/{GOLDEN.name}"
    assert len(told) == len(golden), f"{ACCEPT} tests/golden/{GOLDEN.name}"
    assert (plain.folder / "transcript.txt").read_bytes() == GOLDEN.read_bytes()


def test_the_terminal_shows_the_transcript(plain: "Ran") -> None:
    assert "".join(line.rstrip() + "\n" for line in plain.said.splitlines()) == plain.transcript


def test_another_environment_tells_the_same_to_the_byte(plain: "Ran", days: "Days") -> None:
    elsewhere = days.of("elsewhere")
    assert elsewhere.status == 0, elsewhere.complained
    for name in ("transcript.txt", "result.json", "report.html"):
        assert (plain.folder / name).read_bytes() == (elsewhere.folder / name).read_bytes(), name


def test_json_is_all_that_json_prints(days: "Days") -> None:
    elsewhere = days.of("elsewhere")
    assert json.loads(elsewhere.said) == elsewhere.result
    assert elsewhere.said.isascii()


def test_another_seed_tells_another_day_through_the_same_figures(
    cut: "Cut", written: Callable[..., Path], here: Callable[..., "Ran"], tmp_path: Path
) -> None:
    event = written(cut("2026-02-05T22:00", "2026-02-06T02:00"))
    told = [here("--scenario", event, "--seed", seed, out=tmp_path / str(seed)) for seed in (1, 2)]
    one, other = (day.result["series"]["prices"] for day in told)
    assert [day.status for day in told] == [0, 0]
    assert told[0].transcript != told[1].transcript
    assert told[0].result["low"]["btc"] == told[1].result["low"]["btc"] == "60000000000"
    # The hours are stated, what lies between them is drawn: the open of every hour is the same.
    assert {asset: one[asset] for asset in ("BTC", "ETH", "SOL")} == {
        asset: other[asset] for asset in ("BTC", "ETH", "SOL")
    }
    assert one["BVIV"] != other["BVIV"]


# -- what the transcript says ------------------------------------------------------------------------------------------


def test_the_acts_are_told_in_order_with_their_checks(plain: "Ran") -> None:
    acts = plain.result["acts"]
    places = [plain.transcript.index(f"Act {number} · {act['title']} ·") for number, act in enumerate(acts, start=1)]
    assert len(acts) == 8
    assert places == sorted(places)
    for start, end in zip(places, [*places[1:], len(plain.transcript)], strict=True):
        assert "checked    books balance per asset" in plain.transcript[start:end]


def test_every_event_is_told_with_its_source_and_confidence(plain: "Ran") -> None:
    told = " ".join(plain.transcript.split())
    assert len(plain.result["events"]) == 31
    for event in plain.result["events"]:
        said = f"news {event['title']}. {event['text']} {event['figure']} [{event['confidence']}] {event['source']}"
        assert " ".join(said.split()) in told


def test_where_segregation_did_worse_comes_first_and_the_largest_sum_before_the_others(plain: "Ran") -> None:
    worse = plain.result["worse_when_segregated"]
    said = [one["text"] for one in worse]
    told = " ".join(plain.transcript.split())
    places = [told.index(sentence, told.index("Where segregation did worse")) for sentence in said]
    assert worse
    assert places == sorted(places)
    assert places[-1] < told.index("Side by side")
    sums = [int(one["units"]) for one in worse]
    assert sums == sorted(sums, reverse=True)
    assert all(dollars(int(one["units"])) in one["text"] for one in worse if one["units"])


def test_the_table_shows_the_result(plain: "Ran") -> None:
    """One row from each kind of figure: a sum of sums, a count, the low and the payers."""
    rows = {tuple(line.split()) for line in plain.transcript.splitlines()}
    regimes = [plain.result["regimes"][regime] for regime in ("pooled", "segregated")]

    def both(figure: Callable[[dict[str, Any]], str]) -> tuple[str, ...]:
        return tuple(figure(regime) for regime in regimes)

    assert ("margin", "calls", *both(lambda r: f"{r['totals']['calls']:,}")) in rows
    assert ("forced", "sales", *both(lambda r: dollars(int(r["totals"]["liquidated_units"])))) in rows
    assert ("cost:", "custody", "fees", *both(lambda r: dollars(int(r["totals"]["fees_units"])))) in rows
    borne = [regime["borne_units"] for regime in regimes]
    for bearer in borne[0].keys() | borne[1].keys():
        assert (*bearer.split(), *(dollars(int(by.get(bearer, 0))) for by in borne)) in rows


# -- the command -------------------------------------------------------------------------------------------------------


def test_help_shows_every_option_and_loads_no_chain_library() -> None:
    asked = (
        "import sys; from settlement.cli import main; main(['crash-day', '--help']);"
        "print(sorted({'web3', 'eth_account', 'sqlalchemy', 'coincurve'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    for option in ("--seed", "--scenario", "--candles", "--out", "--pace", "--json", "--rpc-url", "--port"):
        assert f"{option} " in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
