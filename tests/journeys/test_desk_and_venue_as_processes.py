"""A venue and its desk as two commands that know each other by a file: mirrored, settled, ended by a signal.

The desk pays for its settlements with a key that never leaves a PKCS#11 token, and reaches its node by HTTP, then by
WebSocket.
"""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from custody.hardware import HardwareToken
from scripts.softhsm import missing, soft_token
from settlement.cli import main
from settlement.commands.desk_settings import read_settings
from settlement.node import Node
from tests.settlement.ledger_day import DONE

COMMAND = [sys.executable, "-c", "import sys; from settlement.cli import main; sys.exit(main(sys.argv[1:]))"]
SOON_S = 60


@contextmanager
def running(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: "subprocess.Popen[str]", wanted: str) -> str:
    """The next line that says what is wanted."""
    assert process.stdout is not None
    line = next((line for line in process.stdout if re.search(wanted, line)), "")
    assert line, process.stderr.read() if process.stderr else ""
    return line


def ended(process: "subprocess.Popen[str]", by: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(by)
    out, err = process.communicate(timeout=SOON_S)
    return process.returncode, out.splitlines()[-1], err


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
def test_a_desk_mirrors_and_settles_a_venue_in_another_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, file, pin = str(tmp_path / "l.sqlite"), tmp_path / "desk.toml", tmp_path / "pin.txt"
    with soft_token(tmp_path, "desk") as token, running("venue", "--database", place, "--settings", str(file)) as venue:
        said(venue, "venue harbour listening on http")
        with HardwareToken(token.library, token.label, token.pin) as opened:
            payer = opened.make_key("payer").address
        with Node.at_url(read_settings(file).node.url) as node:
            node.rpc("anvil_setBalance", payer, hex(10**24))
        pin.write_text(token.pin)
        key = f'token = "desk"\nlibrary = "{token.library}"\nkey = "payer"\npin_file = "{pin}"'
        file.write_text(file.read_text().replace('[keys.payer]\ndemonstration = "custodian"', f"[keys.payer]\n{key}"))
        with running("mirror", "--database", place, "--settings", str(file)) as desk:
            said(desk, "^leads")
            said(desk, "^batch 1 mirrored: ")
            said(desk, "^cycle harbour/1 confirmed")
            status, last, err = ended(desk, signal.SIGTERM)
        assert (status, last) == (DONE, "stopped"), err
        with Node.at_url(read_settings(file).node.url) as node:
            assert int(node.rpc("eth_getTransactionCount", payer, "latest"), 16) >= 2, "proposed and finalised with it"
        file.write_text(file.read_text().replace('rpc_url = "http://', 'rpc_url = "ws://'))
        assert read_settings(file).node.url.startswith("ws://")
        with running("mirror", "--database", place, "--settings", str(file)) as desk:
            said(desk, "^cycle harbour/2 confirmed")
            assert ended(desk, signal.SIGINT)[:2] == (DONE, "stopped")
        assert ended(venue, signal.SIGTERM)[:2] == (DONE, "stopped")
    capsys.readouterr()
    assert main(["ledger", "verify", "--database", place]) == DONE


def test_settings_that_are_there_are_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "desk.toml"
    file.write_text("kept")
    assert main(["venue", "--database", str(tmp_path / "l.sqlite"), "--settings", str(file)]) != DONE
    assert "is there already" in capsys.readouterr().err
    assert file.read_text() == "kept"
