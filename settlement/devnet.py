"""A local chain: the real anvil, one process per object, on a port of its own, gone when this process is.

The binary itself is started, never its npm wrapper: killing the wrapper leaves the node running.
"""

import ctypes
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

MODULES = Path(__file__).resolve().parent.parent / "contracts" / "node_modules"
PR_SET_PDEATHSIG = 1
START_S = 20
"""How long a node may take to say where it listens; an ordinary start takes a twentieth of a second."""
STOP_S = 5
"""How long it may take to end once asked; then it is killed."""
# Loaded before any fork: the child may not allocate between fork and exec.
LIBC = ctypes.CDLL("libc.so.6") if sys.platform == "linux" else None


class DevnetError(Exception):
    """The node could not be started, or is gone; the text says what to do."""


def find_anvil() -> str:
    """`$ANVIL_BIN`, then the npm platform package, then `anvil` on PATH. Raises DevnetError."""
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    packaged = MODULES / f"@foundry-rs/anvil-{sys.platform}-{arch}" / "bin" / "anvil"
    for found in (os.environ.get("ANVIL_BIN"), packaged if packaged.exists() else None, shutil.which("anvil")):
        if found:
            return str(found)
    raise DevnetError("anvil is not here: run python3 scripts/bootstrap.py, or name the binary in ANVIL_BIN")


def _die_with_parent() -> None:
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Anvil:
    """A running node. Use as a context manager, from the main thread (the parent-death signal follows the thread).

    `genesis_s` fixes the first block's time, so that block hashes repeat; `port` 0 takes a free one. `state` is
    a file from which the chain is taken if it is there; it is written when the node is stopped, but not if killed.
    """

    def __init__(self, *, genesis_s: int, port: int = 0, state: Path | None = None) -> None:
        # A short folder of our own: an IPC path of more than 107 bytes is refused, the default one is shared.
        self._folder = tempfile.mkdtemp(prefix="anvil-")
        self.ipc_path = os.path.join(self._folder, "a.ipc")
        command = [
            find_anvil(), "--host", "127.0.0.1", "--port", str(port), "--ipc", self.ipc_path, "--accounts", "1",
            "--timestamp", str(genesis_s), "--hardfork", "prague",
            # Without these, anvil writes every block's state to the home folder and leaves it there.
            "--cache-path", self._folder, "--prune-history", "200",
            *(["--state", str(state)] if state else []),
        ]  # fmt: skip
        try:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                preexec_fn=_die_with_parent if LIBC is not None else None,
                # Ctrl-C goes to the whole group: the node must outlive us by the moment that we need to stop cleanly.
                process_group=0,
            )  # fmt: skip
        except OSError as why:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise DevnetError(f"anvil cannot be run ({why}); check {command[0]} or name another in ANVIL_BIN") from why
        self._said: deque[str] = deque(maxlen=20)
        try:
            self.url = self._wait_until_listening()
        except BaseException:  # Ctrl-C too: nobody holds this object yet, so nobody else could end the process
            self._kill()
            self._process.wait()
            self._clean_up()
            raise
        self._drain = threading.Thread(target=self._read_on, daemon=True)
        self._drain.start()

    def _wait_until_listening(self) -> str:
        assert self._process.stdout is not None
        watch = threading.Timer(START_S, self._kill)
        watch.start()
        try:
            for line in self._process.stdout:
                self._said.append(line.rstrip())
                if found := re.search(r"Listening on (\S+):(\d+)", line):
                    return f"http://{found[1]}:{found[2]}"
            status = self._process.wait()
        finally:
            watch.cancel()
        raise DevnetError(f"anvil did not start (status {status}): {self.last_words()}")

    def _kill(self) -> None:
        # The whole group: what a wrapper has started would keep our pipe open.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _read_on(self) -> None:
        # An unread pipe would block the node.
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.append(line.rstrip())

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self, patience_s: float = 0) -> bool:
        """Whether the node has not ended; `patience_s` is how long to wait for its end."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        return self._process.returncode is None

    def last_words(self) -> str:
        """The last lines that the node printed."""
        return " / ".join(line for line in self._said if line) or "it said nothing"

    def stop(self) -> None:
        """End the node and remove its folder; safe to call twice."""
        if self.is_running():
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._drain.join(2)
        self._clean_up()

    def _clean_up(self) -> None:
        if self._process.stdout is not None:
            self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
