#!/usr/bin/env python3
"""Every test, from nothing: sets up everything that they need, then runs lint, types, import arrows and pytest.

python3 scripts/test.py            all of it
python3 scripts/test.py ARG ...    pytest alone, with these arguments
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import bootstrap

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)
TOGETHER = ("-rs", "-n", "auto", "--dist", "loadfile")
"""A process for every core; the tests of a file stay together, for they share what is dear to set up."""


def main(arguments: list[str]) -> int:
    """Run the checks in turn, and pytest last; the first that fails ends it."""
    tools = bootstrap.VENV / bootstrap.BIN
    for name, *rest in () if arguments else CHECKS:
        print(f"\n--- {' '.join((name, *rest))}", flush=True)
        if status := subprocess.run([tools / name, *rest], cwd=bootstrap.ROOT, check=False).returncode:
            return status
    print("\n--- pytest", flush=True)
    command = [sys.executable, "-m", "pytest", *(arguments or TOGETHER)]
    return subprocess.run(command, cwd=bootstrap.ROOT, check=False).returncode


if __name__ == "__main__":
    bootstrap.ensure()
    sys.exit(main(sys.argv[1:]))
