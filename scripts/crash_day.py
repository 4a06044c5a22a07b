#!/usr/bin/env python3
"""The crash day, from nothing: sets up everything that it needs, then tells 20 January to 6 February 2026.

python3 scripts/crash_day.py --help
"""

import sys
from pathlib import Path

# Run as a script, the folder on the path is this one; the packages are one up, or installed after set-up.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import bootstrap

if __name__ == "__main__":
    bootstrap.ensure()
    from settlement.cli import main

    sys.exit(main(["crash-day", *sys.argv[1:]]))
