"""What is wrong with the input is one sentence on standard error that names it, and the exit code says whose fault."""

import http.server
import re
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from margin.scenarios.scenario import packaged
from settlement.devnet import Anvil
from settlement.node import Node

if TYPE_CHECKING:
    from tests.scripts.conftest import Cut, Ran

Run = Callable[..., "Ran"]
USAGE, FAILED = 2, 1


def refused(done: "Ran", status: int, *words: str) -> None:
    """The exit code, nothing told, and one sentence with these words."""
    assert done.status == status, done.complained
    assert done.said == ""
    assert done.complained.startswith("crash-day: ")
    assert len(done.complained.splitlines()) == 1
    for word in words:
        assert word in done.complained


@pytest.fixture(scope="module")
def event(cut: "Cut", written: Callable[..., Path]) -> str:
    """Four hours of the event as a file of a user's own."""
    return written(cut("2026-02-05T22:00", "2026-02-06T02:00")).read_text(encoding="utf-8")


# -- the scenario ------------------------------------------------------------------------------------------------------


def test_an_unknown_name_is_answered_with_the_known_ones(here: Run) -> None:
    refused(here("--scenario", "march"), USAGE, "march.toml, line 1: scenario: expected one of feb_2026, found march")


def test_a_missing_file_is_named(here: Run, tmp_path: Path) -> None:
    path = tmp_path / "absent.toml"
    refused(here("--scenario", path), USAGE, f"{path}, line 1: file: expected a readable file, found No such file")


EDITS = {
    "syntax": ("[[bar]]", "[[bar]", "syntax: expected TOML"),
    "a wrong price": ('price = "', 'price = "-', "point.price: expected a price above zero"),
    "a field too much": ("step_s = 600", "step_s = 600\nstep = 1", "step: expected one of the keys"),
    "an event off the grid": ("at = 2026-02-06T00:20:00Z", "at = 2026-02-06T00:21:00Z", "a time on the grid of 600 s"),
    "a long step": ("step_s = 600", "step_s = 90000", "step_s: expected a whole number from 1 to 86400, found 90000"),
    "an unknown kind": ('kind = "news"', 'kind = "rumour"', "event.kind: expected one of news, rates"),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITS)
def test_an_unreadable_scenario_names_file_line_field_and_what_was_expected(
    here: Run, event: str, tmp_path: Path, edit: str
) -> None:
    before, after, complaint = EDITS[edit]
    assert before in event
    path = tmp_path / "own.toml"
    path.write_text(event.replace(before, after, 1), encoding="utf-8")
    line = event[: event.index(before)].count("\n") + after.count("\n") + 1
    refused(here("--scenario", path), USAGE, f"{path}, line {line}: ", complaint)


CAST_NEEDS = {
    "no volatility": (("BVIV",), "states no prices of BVIV"),
    "no metals": (("XAG", "XAU"), "states no prices of XAG, XAU"),
}


@pytest.mark.parametrize("without", CAST_NEEDS)
def test_an_event_without_what_the_clients_trade_is_refused(
    here: Run, event: str, tmp_path: Path, without: str
) -> None:
    symbols, complaint = CAST_NEEDS[without]
    tables = re.split(r"\n(?=\[\[)", event)
    path = tmp_path / "own.toml"
    kept = [table for table in tables if not any(f'"{symbol}"' in table for symbol in symbols)]
    path.write_text("\n".join(kept), encoding="utf-8")
    refused(here("--scenario", path), USAGE, str(path), complaint)


@pytest.mark.parametrize("step_s", [60, 3_000])
def test_an_event_whose_steps_miss_the_cut_off_is_refused(here: Run, event: str, tmp_path: Path, step_s: int) -> None:
    """60 s is shorter than the dispute window, and 50 minutes never meet a cut-off of four hours."""
    path = tmp_path / "own.toml"
    text = event.replace("step_s = 600", f"step_s = {step_s}")
    if step_s == 3_000:
        text = re.sub(r"\n\[\[(bar|point|event)\]\].*", "", text, flags=re.DOTALL).replace("02:00:00Z", "02:10:00Z")
        text += "".join(
            f'\n[[point]]\nasset = "{asset.symbol}"\nat = 2026-02-05T22:00:00Z\nprice = "{asset.tick_e6}"\n'
            'source = "test"\nconfidence = "A"\ntime_confidence = "A"\n' for asset in packaged("feb_2026").assets
        )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    refused(here("--scenario", path), USAGE, f"has steps of {step_s} s", "14400 s, the settlement cycle")


def test_an_event_of_less_than_a_cycle_is_refused(here: Run, cut: "Cut", written: Callable[..., Path]) -> None:
    path = written(cut("2026-02-05T22:00", "2026-02-06T01:00"))
    refused(here("--scenario", path), USAGE, "lasts 10800 s: needed is a settlement cycle, 14400 s")


# -- candles -----------------------------------------------------------------------------------------------------------

HEAD = "open_ms,open,high,low,close,volume"


def candles(folder: Path, hours: range, name: str = "BTCUSDT.csv", head: str = HEAD) -> Path:
    start_s = packaged("feb_2026").start_s
    lines = [f"{(start_s + hour * 3_600) * 1_000},80000,80001,79999,80000,1" for hour in hours]
    path = folder / name
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def test_a_gap_is_named_with_the_bar_that_is_missing(here: Run, tmp_path: Path) -> None:
    path = candles(tmp_path, range(500))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], *lines[4:]]) + "\n")
    refused(here("--candles", path), USAGE, f"{path}, line 4: expected the bar of 2026-01-20T02:00:00Z (1 missing)")


def test_wrong_columns_are_answered_with_the_right_ones(here: Run, tmp_path: Path) -> None:
    path = candles(tmp_path, range(500), head="time,open,high,low,close,volume")
    refused(here("--candles", path), USAGE, f"{path}, line 1: expected the columns {HEAD}", "found time,open")


def test_candles_that_end_too_early_are_refused(here: Run, tmp_path: Path) -> None:
    path = candles(tmp_path, range(24))
    refused(here("--candles", path), USAGE, "expected whole bars from 2026-01-20T00:00:00Z to 2026-02-06T20:00:00Z")


def test_a_file_of_an_unknown_asset_is_refused(here: Run, tmp_path: Path) -> None:
    path = candles(tmp_path, range(500), "prices.csv")
    refused(here("--candles", path), USAGE, "else write ASSET=FILE")
    refused(here("--candles", f"DOGE={path}"), USAGE, "expected an asset of the scenario: BTC", "found DOGE")
    refused(here("--candles", f"XAG={path}"), USAGE, "expected an asset that trades round the clock")


def test_missing_candles_are_named(here: Run, tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT.csv"
    refused(here("--candles", path), USAGE, f"{path}, line 1: expected a readable file")


# -- options and folders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [("--nothing",), ("--seed", "x"), ("--pace", "slow"), ("--port", "one"), ("stray",)], ids=" ".join
)
def test_an_option_that_there_is_not_is_shown(here: Run, options: tuple[str, ...]) -> None:
    done = here(*options)
    assert done.status == USAGE
    assert "Error" in done.said + done.complained
    assert "Traceback" not in done.complained


@pytest.mark.parametrize(
    "options",
    [("--pace", "-1"), ("--pace", "nan"), ("--pace", "inf"), ("--port", "-1"), ("--port", "65536")],
    ids=" ".join,
)
def test_a_number_out_of_range_is_refused(here: Run, options: tuple[str, ...]) -> None:
    refused(here(*options), USAGE, "--pace is from 0 to 3600 seconds, and --port is from 0 to 65535")


def test_a_folder_that_cannot_be_used_is_named_before_anything_runs(here: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    refused(here(out=file), USAGE, f"--out {file} cannot be used: File exists")
    refused(here(out=file / "deeper"), USAGE, "cannot be used: Not a directory")
    (tmp_path / "out" / "result.json").mkdir(parents=True)
    refused(here(out=tmp_path / "out"), USAGE, f"--out {tmp_path / 'out'} cannot be used: Is a directory")
    assert file.read_text() == "mine"


# -- the node ----------------------------------------------------------------------------------------------------------


def test_a_wrong_anvil_is_named(here: Run, tmp_path: Path) -> None:
    absent, mute = tmp_path / "absent", tmp_path / "mute"
    mute.write_text("#!/bin/sh\necho no room here\nexit 3\n")
    mute.chmod(0o755)
    refused(here(env={"ANVIL_BIN": str(absent)}), FAILED, "anvil cannot be run", str(absent), "ANVIL_BIN")
    refused(here(env={"ANVIL_BIN": str(mute)}), FAILED, "anvil did not start (status 3): no room here")


def test_a_temporary_folder_that_anvil_cannot_live_in_is_a_sentence(
    here: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket's path has room for 107 characters."""
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    refused(here(), FAILED, "anvil did not start")


def test_a_taken_port_is_named(here: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused(here("--port", port), FAILED, "anvil did not start", "in use")


def test_nothing_at_the_address(here: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    refused(here("--rpc-url", url), FAILED, f"no JSON-RPC answer from {url}")
    refused(here("--rpc-url", "nowhere"), FAILED, "no JSON-RPC answer from nowhere", "Invalid URL")


class _Page(http.server.BaseHTTPRequestHandler):
    """A web server that answers everything with the same bytes: it is no node."""

    answer = b"<html>welcome</html>"

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_said: object) -> None:
        """Say nothing on the terminal of the tests."""


@pytest.fixture
def page() -> Iterator[tuple[type[_Page], str]]:
    kind = type("Page", (_Page,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield kind, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"<html>welcome</html>", "no JSON-RPC answer from"),
        (b"[1]", "not in JSON-RPC"),
        (b'{"jsonrpc": "2.0", "id": 1, "result": "quiche"}', "is this an Ethereum node?"),
        (b'{"jsonrpc": "2.0", "id": 1, "result": "0x1"}', "which only anvil can"),
    ],
)
def test_a_server_that_is_no_node_is_recognised(
    here: Run, page: tuple[type[_Page], str], answer: bytes, words: str
) -> None:
    kind, url = page
    kind.answer = answer
    refused(here("--rpc-url", url), FAILED, url, words)


def test_a_node_with_a_history_is_refused_and_a_fresh_one_is_not(
    here: Run, cut: "Cut", written: Callable[..., Path], tmp_path: Path
) -> None:
    scenario = cut("2026-02-05T22:00", "2026-02-06T02:00")
    path = written(scenario)
    with Anvil(genesis_s=scenario.start_s - 7_200) as anvil:
        told = here("--scenario", path, "--rpc-url", anvil.url, out=tmp_path / "theirs")
        again = here("--scenario", path, "--rpc-url", anvil.url)
        assert anvil.is_running()
    own = here("--scenario", path, out=tmp_path / "ours")
    assert told.status == own.status == 0, told.complained
    assert told.transcript == own.transcript
    refused(again, FAILED, "has a history already", f"--timestamp {scenario.start_s - 7_200}")


def test_a_node_whose_clock_is_past_the_event_is_refused(here: Run) -> None:
    with Anvil(genesis_s=packaged("feb_2026").end_s) as anvil:
        with Node.at_url(anvil.url) as node:
            assert node.block_number() == 0
        refused(here("--rpc-url", anvil.url), FAILED, "its clock is past the event")
