"""`bulkhead mirror` as a process: it deploys, mirrors, settles a cycle, serves it, and ends on Ctrl-C."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from settlement.cli import main
from tests.settlement.ledger_day import DONE, USAGE


def test_a_simulated_venue_is_mirrored_and_settled_until_ctrl_c(tmp_path: Path) -> None:
    said = ["mirror", "--database", str(tmp_path / "l.sqlite"), "--simulate", "--port", "0"]
    command = [sys.executable, "-c", "import sys; from settlement.cli import main; sys.exit(main(sys.argv[1:]))"]
    process = subprocess.Popen([*command, *said], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines, address = [], ""
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.strip())
        address = found[1] if (found := re.search(r"listening on (\S+)", line)) else address
        if line.strip() == "cycle harbour/1 confirmed":
            break
    with urlopen(f"{address}/v1/cycles?venue=harbour", timeout=5) as answer:
        shown = json.load(answer)["items"][0]
    process.send_signal(signal.SIGINT)
    rest, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint, rest.splitlines()[-1]) == (DONE, "", "stopped"), lines
    assert (shown["id"], shown["state"]) == ("harbour/1", "confirmed")
    assert any(line.startswith("batch 1 mirrored: ") for line in lines)


def test_without_a_venue_there_is_nothing_to_mirror(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mirror", "--database", str(tmp_path / "l.sqlite")]) == USAGE
    assert "--settings: expected either a desk's settings or --simulate" in capsys.readouterr().err
