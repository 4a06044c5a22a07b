"""The node process: found or named as missing, started or said why not, gone whenever its parent is."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from custody.signers import LocalSigner
from settlement import devnet
from settlement.chain import Chain
from settlement.contracts import ALL, Contracts, Plan
from settlement.deployment import deploy
from settlement.devnet import Anvil, DevnetError, find_anvil
from settlement.node import ChainError, Node

ROOT = Path(__file__).resolve().parents[2]
GENESIS_S = 1_769_000_000
PATIENCE_S = 5


@pytest.fixture
def folder_of_nodes(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the node's folder is made, so that a test can see it vanish."""
    tmp_path_factory.getbasetemp()  # chosen now, or pytest would choose it inside this folder
    short = Path(tempfile.mkdtemp(prefix="t-"))
    monkeypatch.setattr(tempfile, "tempdir", str(short))
    yield short
    shutil.rmtree(short)


def program(folder: Path, lines: str) -> str:
    """An executable shell script, to be named in ANVIL_BIN."""
    path = folder / "not-anvil"
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)
    return str(path)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but that nobody has asked about counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends(pid: int) -> bool:
    until = time.monotonic() + PATIENCE_S
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not is_alive(pid)


# -- started and stopped -----------------------------------------------------------------------------------------------


def test_stop_ends_the_process_and_removes_its_folder(folder_of_nodes: Path) -> None:
    node = Anvil(genesis_s=GENESIS_S)
    assert node.is_running()
    assert Path(node.ipc_path).exists()
    assert list(folder_of_nodes.iterdir())
    node.stop()
    assert not node.is_running()
    assert not list(folder_of_nodes.iterdir())
    node.stop()  # a second time does nothing


def test_an_error_inside_the_block_stops_the_node_too() -> None:
    with pytest.raises(RuntimeError, match="in the middle"), Anvil(genesis_s=GENESIS_S) as node:
        raise RuntimeError("in the middle")
    assert not node.is_running()


def test_a_node_that_does_not_end_by_itself_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devnet, "STOP_S", 0.3)
    node = Anvil(genesis_s=GENESIS_S)
    os.kill(node.pid, signal.SIGSTOP)  # SIGINT waits until somebody wakes it
    node.stop()
    assert not node.is_running()


def test_two_nodes_at_once_do_not_know_each_other() -> None:
    with Anvil(genesis_s=GENESIS_S) as first, Anvil(genesis_s=GENESIS_S) as second:
        assert first.url != second.url
        assert first.ipc_path != second.ipc_path
        with Node.of_anvil(first) as one, Node.of_anvil(second) as other:
            one.rpc("anvil_mine", hex(3))
            assert (one.block_number(), other.block_number()) == (3, 0)


def test_ctrl_c_at_the_terminal_does_not_reach_the_node() -> None:
    """The terminal signals the foreground group: the node must be in another to be stopped in our own time."""
    with Anvil(genesis_s=GENESIS_S) as node:
        assert os.getpgid(node.pid) == node.pid != os.getpgid(0)


def test_the_node_is_gone_when_its_parent_is_killed() -> None:
    code = (
        "import sys, time\n"
        "from settlement.devnet import Anvil\n"
        f"node = Anvil(genesis_s={GENESIS_S})\n"
        "print(node.pid, node.ipc_path, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, ipc_path = parent.stdout.readline().split()
        try:
            assert is_alive(int(pid))
            parent.kill()
            assert ends(int(pid)), "the node outlived its parent"
        finally:
            parent.kill()
            shutil.rmtree(Path(ipc_path).parent)


def test_a_run_that_is_interrupted_while_the_node_starts_leaves_nothing(
    folder_of_nodes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids: list[int] = []

    def interrupted(self: Anvil) -> str:
        pids.append(self.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(Anvil, "_wait_until_listening", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Anvil(genesis_s=GENESIS_S)
    assert not is_alive(pids[0])
    assert not list(folder_of_nodes.iterdir())


# -- not started -------------------------------------------------------------------------------------------------------


def test_a_path_to_nothing_is_named(folder_of_nodes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = tmp_path / "absent"
    monkeypatch.setenv("ANVIL_BIN", str(absent))
    with pytest.raises(DevnetError, match=f"anvil cannot be run .*No such file.*; check {absent} or name another"):
        Anvil(genesis_s=GENESIS_S)
    assert not list(folder_of_nodes.iterdir())


def test_a_file_that_is_no_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = tmp_path / "anvil"
    text.write_text("not a program")
    monkeypatch.setenv("ANVIL_BIN", str(text))
    with pytest.raises(DevnetError, match=r"anvil cannot be run .*Permission denied"):
        Anvil(genesis_s=GENESIS_S)


NOT_ANVIL = {
    "one that refuses": ("echo 'no such option' >&2; exit 3", r"did not start \(status 3\): no such option"),
    "a silent one": ("exit 0", r"did not start \(status 0\): it said nothing"),
    "one that speaks in bytes": (r"printf '\377\376 no\n'; exit 1", r"did not start \(status 1\): .* no"),
    "one that waits for ever": ("echo hello; exec sleep 60", r"did not start \(status -9\): hello"),
    "one whose child waits for ever": ("sleep 60 & wait", r"did not start \(status -9\): it said nothing"),
    "one that hangs up and stays": ("exec >&- 2>&-; exec sleep 60", r"did not start \(status -9\): it said nothing"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "told"), NOT_ANVIL.values(), ids=NOT_ANVIL)
def test_a_program_that_is_no_anvil_is_refused(
    lines: str, told: str, folder_of_nodes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANVIL_BIN", program(tmp_path, lines))
    monkeypatch.setattr(devnet, "START_S", 0.3)
    began = time.monotonic()
    with pytest.raises(DevnetError, match=told):
        Anvil(genesis_s=GENESIS_S)
    assert time.monotonic() - began < PATIENCE_S
    assert not list(folder_of_nodes.iterdir()), "its folder is left behind"


def test_a_taken_port_is_said_to_be_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(DevnetError, match=r"did not start \(status \d+\): .*[Aa]ddress already in use"):
            Anvil(genesis_s=GENESIS_S, port=taken.getsockname()[1])


def test_a_machine_without_anvil_is_told_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANVIL_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(devnet, "MODULES", tmp_path)
    with pytest.raises(DevnetError, match=r"run python3 scripts/bootstrap\.py, or name the binary in ANVIL_BIN"):
        find_anvil()


def test_anvil_is_taken_from_the_variable_then_the_package_then_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANVIL_BIN", raising=False)
    packaged = find_anvil()
    assert packaged.endswith("bin/anvil")
    on_path = tmp_path / "anvil"
    on_path.write_text("#!/bin/sh\n")
    on_path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_anvil() == packaged
    monkeypatch.setattr(devnet, "MODULES", tmp_path)
    assert find_anvil() == str(on_path)
    monkeypatch.setenv("ANVIL_BIN", "elsewhere")
    assert find_anvil() == "elsewhere"


# -- the same again ----------------------------------------------------------------------------------------------------


def run_once(pause_s: float) -> tuple[str, list[str]]:
    """Deploy, wait, move the clock, deploy again; the last block's hash, and every timestamp."""
    operator = LocalSigner.for_demonstration("operator")
    with Anvil(genesis_s=GENESIS_S) as anvil, Node.of_anvil(anvil) as node:
        node.rpc("anvil_setBalance", operator.address, hex(10**24))
        for at_s in (GENESIS_S + 100, GENESIS_S + 10_000):
            node.move_to(at_s)
            empty_deployment(node, operator)
            time.sleep(pause_s)
            greeter = Chain(node, operator, ALL)
            greeter.send(operator.address, b"", "greeting")
        blocks = [node.rpc("eth_getBlockByNumber", hex(n), False) for n in range(node.block_number() + 1)]
        return blocks[-1]["hash"], [block["timestamp"] for block in blocks]


def empty_deployment(node: Node, operator: LocalSigner) -> Contracts:
    return deploy(node, operator, Plan((), {}, operator, 1))


def test_block_hashes_repeat_whatever_the_speed_of_the_machine() -> None:
    quick, slow = run_once(0), run_once(1.1)
    assert quick[1] == slow[1]
    assert quick[0] == slow[0]


def test_time_cannot_run_backwards(node: Node) -> None:
    with pytest.raises(ChainError, match=r"refused evm_setNextBlockTimestamp: .*lower than previous block's timestamp"):
        move_back(node)


def move_back(node: Node) -> None:
    node.move_to(GENESIS_S - 1)
    node.apply_time()
