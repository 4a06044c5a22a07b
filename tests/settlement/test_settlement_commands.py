"""`bulkhead settlement lifecycles` and `bulkhead serve` as processes and as calls."""

import json
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, open_database
from settlement.cli import main
from settlement.cycle_table import CYCLE
from settlement.records import DESK
from tests.settlement.ledger_day import DONE, FAILED, USAGE
from tests.settlement.test_custody_commands import setting

__all__ = ["setting"]  # the fixture, for pytest to find here too


def test_the_tables_are_printed_as_they_are_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settlement", "lifecycles"]) == DONE
    both = capsys.readouterr().out
    assert main(["settlement", "lifecycles", "--name", "settlement"]) == DONE
    one = capsys.readouterr().out
    assert both.startswith(one)
    assert one.count("\n| ") == len(CYCLE) + 1
    assert main(["settlement", "lifecycles", "--name", "weather"]) == USAGE
    assert "expected one of settlement, dispute" in capsys.readouterr().err


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    open_database(path, schemas=(LEDGER, CUSTODIAN, DESK)).close()
    return path


def test_a_server_says_where_it_listens_serves_and_ends_on_a_signal(place: Path, setting: Path, tmp_path: Path) -> None:
    secret = tmp_path / "webhook.key"
    secret.write_bytes(b"w" * 32)
    words = ["serve", "--database", str(place), "--setting", str(setting), "--port", "0", "--webhook-key", str(secret)]
    command = [sys.executable, "-c", "import sys; from settlement.cli import main; sys.exit(main())", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
        assert found is not None
        with closing(urlopen(f"{found[1]}/v1/health")) as answer:
            assert json.load(answer) == {"status": "ok", "journal_position": 0, "is_read_only": False}
        process.send_signal(signal.SIGTERM)
        said, complained = process.communicate(timeout=20)
    assert (process.returncode, said, complained) == (DONE, "", "")


@pytest.mark.parametrize(("options", "status", "told"), [
    (["--webhook-key", "SHORT"], USAGE, "expected at least 32 secret bytes, found 5"),
    (["--webhook-key", "NONE"], USAGE, "expected a readable file"),
    (["--host", "192.0.2.1"], FAILED, "cannot listen on 192.0.2.1 port 0"),
    (["--port", "65536"], USAGE, "65536"),
])  # fmt: skip
def test_what_is_wrong_is_said_in_one_sentence(
    place: Path, setting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], status: int,
    told: str,
) -> None:  # fmt: skip
    (tmp_path / "SHORT").write_bytes(b"short")
    named = [str(tmp_path / one) if one in {"SHORT", "NONE"} else one for one in options]
    port = [] if "--port" in options else ["--port", "0"]
    assert main(["serve", "--database", str(place), "--setting", str(setting), *port, *named]) == status
    assert told in "".join(capsys.readouterr())


def test_a_ledger_without_the_engines_tables_is_not_served(
    tmp_path: Path, setting: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plain.sqlite"
    open_database(path).close()
    assert main(["serve", "--database", str(path), "--setting", str(setting)]) == FAILED
    assert "has no tables yet" in capsys.readouterr().err
