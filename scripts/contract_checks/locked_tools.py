"""slither and halmos, each in an environment of its own under `.tools`, exactly as its lock says.

Neither can live beside the project's packages (slither wants an older web3), and few runs need them: an environment is
made when its command is first asked for. Locks are `contracts/audit/TOOL.lock`, made from `TOOL.in` by

    uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate TOOL.in -o TOOL.lock
"""

import hashlib
import sys
from pathlib import Path

from scripts.contract_checks.toolchain import AUDIT, ROOT, ToolchainError, run, step

TOOLS = (ROOT / ".tools").resolve()


def installed(tool: str) -> Path:
    """The folder with the tool's commands, made or brought up to date first if need be.

    Raises ToolchainError when the packages cannot be had.
    """
    lock, home = AUDIT / f"{tool}.lock", TOOLS / tool
    stamp = home / ".stamp"
    # Of the place too: an environment's commands name their interpreter by its whole path.
    wanted = hashlib.sha256(f"{sys.version}\0{home}\0{lock.read_text()}".encode()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == wanted):
        with step(f"{tool} from contracts/audit/{lock.name}"):
            _uv("venv", "-q", "--clear", "--python", sys.executable, home)
            _uv("pip", "sync", "-q", "--require-hashes", "--python", home / "bin" / "python", lock)
            stamp.write_text(wanted)
    return home / "bin"


def _uv(*arguments: str | Path) -> None:
    """Run uv, the bootstrap's; once more with the machine's own certificates where its own do not know the index."""
    uv = TOOLS / "bin" / "uv"
    if not uv.exists():
        raise ToolchainError("uv was not found in .tools: run `python3 scripts/bootstrap.py`")
    done = run([uv, *arguments])
    if done.returncode and "certificate" in done.stderr:
        done = run([uv, "--system-certs", *arguments])
    if done.returncode:
        raise ToolchainError(
            f"uv failed with status {done.returncode}:\n{done.stderr.strip()[-2_000:]}\n"
            "Is a package index reachable? uv uses its own configuration for it."
        )
