"""How far `bulkhead ledger` has come: a bar on the terminal of who watches, nothing anywhere else."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.settlement.ledger_day import DEPOSIT, DONE, FAILED, TOO_MUCH, Ran, Run

ESCAPES = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")
COMMAND = "import sys; from settlement.cli import main; sys.exit(main())"


def on_a_terminal(*arguments: object, both: bool = False) -> tuple[Ran, str]:
    """What a command wrote, and what stood on the terminal that was its standard error, or where `both` its output."""
    watching, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 40, 300, 0, 0))
    with tempfile.TemporaryFile("w+") as file, subprocess.Popen(
        [sys.executable, "-c", COMMAND, "ledger", *map(str, arguments)],
        stdout=terminal if both else file, stderr=terminal, env={**os.environ, "TERM": "xterm"},
    ) as process:  # fmt: skip
        os.close(terminal)
        shown = b""
        while True:
            try:
                shown += os.read(watching, 65_536)
            except OSError:  # nobody has the terminal any more
                break
        status = process.wait(timeout=60)
        file.seek(0)
        said = file.read()
    os.close(watching)
    return Ran(status, said, ""), shown.decode()


@pytest.fixture
def many(written: Callable[..., Path]) -> Path:
    return written(*({**DEPOSIT, "id": f"many-{number}", "amount": 1} for number in range(1, 3_001)), name="many.jsonl")


def test_posting_shows_what_is_read_and_posted(ledger: Path, many: Path) -> None:
    many.write_text(json.dumps(TOO_MUCH) + "\n" + many.read_text())
    ran, shown = on_a_terminal("post", "--database", ledger, "--from", many, "--batch", 1_000)
    assert ran.status == FAILED
    refused, summary = ran.said.splitlines()  # in the file that was asked for, and not on the terminal
    assert refused.startswith("line 1: too-much refused: ")
    assert summary.startswith("3000 posted, ")
    assert "3001 lines read, 3000 posted" in shown
    assert "100%" in shown
    assert "refused" not in shown


def test_answers_stand_above_the_bar_of_the_same_terminal(ledger: Path, many: Path) -> None:
    many.write_text(many.read_text() + json.dumps(TOO_MUCH | {"amount": 3_001}) + "\n")
    ran, shown = on_a_terminal("post", "--database", ledger, "--from", many, both=True)
    assert ran.status == FAILED
    assert "3001 lines read, 3000 posted" in shown
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", ESCAPES.sub("", shown))]
    assert "line 3001: too-much refused: exceeds_available (a retry may succeed)" in lines
    assert any(line.startswith("3000 posted, 0 were there already, 1 refused; ") for line in lines)


def test_verifying_and_copying_show_how_far_they_are(run: Run, ledger: Path, many: Path, tmp_path: Path) -> None:
    run("post", "--from", many)
    for name, options, words in (
        ("verify", (), "transfers counted"),
        ("backup", ("--to", tmp_path / "copy"), "copy being verified"),
    ):
        ran, shown = on_a_terminal(name, "--database", ledger, *options)
        assert ran.status == DONE
        assert words in shown
        assert "100%" in shown
    again = tmp_path / "again.sqlite"
    ran, shown = on_a_terminal("restore", "--database", again, "--from", tmp_path / "copy")
    assert ran.status == DONE
    assert "copy being verified" in shown


@pytest.mark.parametrize("name", ["post", "verify", "backup"])
def test_with_json_the_terminal_stays_empty(name: str, ledger: Path, many: Path, tmp_path: Path) -> None:
    options = {"post": ("--from", many), "verify": (), "backup": ("--to", tmp_path / "copy")}[name]
    ran, shown = on_a_terminal(name, "--database", ledger, *options, "--json")
    assert (ran.status, shown) == (DONE, "")
    assert ran.said


def test_in_a_pipe_nothing_is_shown(run: Run, many: Path) -> None:
    assert run("post", "--from", many).complained == ""
    assert run("verify").complained == ""
