"""A day that is cut short says so, leaves sound ledgers and no node; nothing of an older run passes for its own.

The command runs in a process of its own, as a person would start it, and is stopped when it has told something.
"""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from margin.scenarios.scenario import packaged
from settlement.devnet import Anvil

if TYPE_CHECKING:
    from tests.scripts.conftest import Command, Cut

Sound = Callable[[Path], list[int]]
MIDDLE = "Bitcoin trades at 60,000.00"
SLOWLY = ("--pace", "0.3")
PATIENCE_S = 60


@pytest.fixture(scope="module")
def event(cut: "Cut", written: Callable[..., Path]) -> Path:
    return written(cut("2026-02-05T20:00", "2026-02-06T04:00"))


def told_the_middle(process: "subprocess.Popen[str]") -> int:
    """Read the story up to its middle; the process id of the node, which runs then."""
    assert process.stdout is not None
    for line in process.stdout:
        if MIDDLE in line:
            (node,) = nodes_of(process.pid)
            return node
    raise AssertionError(process.stderr.read() if process.stderr else "")


def nodes_of(parent: int) -> list[int]:
    """Children of a process by the name of anvil, read from /proc: pid (name) state parent …"""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = stat.read_text().partition(" (")
        except OSError:  # ended while we looked
            continue
        name, _, fields = rest.rpartition(") ")
        if name == "anvil" and int(fields.split()[1]) == parent:
            found.append(int(pid))
    return found


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, complained = process.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in complained, complained
    return process.returncode, complained.strip()


def slowly(command: "Command", *options: object) -> "subprocess.Popen[str]":
    return command(*options, *SLOWLY, env={"PYTHONUNBUFFERED": "1"})


def test_ctrl_c_stops_the_node_and_leaves_sound_ledgers_to_start_over_from(
    command: "Command", event: Path, tmp_path: Path, sound: Sound
) -> None:
    (tmp_path / "result.json").write_text("of an older run")
    process = slowly(command, "--scenario", event, "--out", tmp_path)
    node = told_the_middle(process)
    assert is_running(node)
    # Ctrl-C reaches the whole group; the node outlives it by what the desk needs to stop cleanly.
    assert os.getpgid(node) != process.pid
    os.killpg(process.pid, signal.SIGINT)
    status, complained = ended(process)
    assert status == 130
    assert complained.startswith("crash-day: interrupted at 2026-02-06T0")
    for word in (
        "The node is stopped",
        "the ledgers are consistent",
        f"they are in {tmp_path}",
        "run the command again",
    ):
        assert word in complained
    assert not is_running(node)
    before = sound(tmp_path)
    assert min(before) > 110  # the opening alone writes fewer
    assert not (tmp_path / "result.json").exists()
    again = command("--scenario", event, "--out", tmp_path)
    assert ended(again)[0] == 0
    assert all(now > then for now, then in zip(sound(tmp_path), before, strict=True))
    assert (tmp_path / "result.json").exists()


def test_ctrl_c_leaves_the_user_s_own_node_running_and_says_so(command: "Command", event: Path) -> None:
    with Anvil(genesis_s=packaged("feb_2026").start_s) as anvil:
        process = slowly(command, "--scenario", event, "--rpc-url", anvil.url)
        assert process.stdout is not None
        assert any("books opened" in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGINT)
        status, complained = ended(process)
        assert anvil.is_running()
    assert status == 130
    assert "Your node has half a day on it, so start a fresh one" in complained


def test_a_node_that_is_killed_ends_the_day_with_a_sentence(
    command: "Command", event: Path, tmp_path: Path, sound: Sound
) -> None:
    process = slowly(command, "--scenario", event, "--out", tmp_path)
    os.kill(told_the_middle(process), signal.SIGKILL)
    status, complained = ended(process)
    assert status == 1
    assert complained.startswith("crash-day: the node stopped by itself")
    assert len(complained.splitlines()) == 1
    assert min(sound(tmp_path)) > 110
