"""`bulkhead ledger` on a real PostgreSQL: the same lines, the same answers; no password is ever printed."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.settlement.ledger_day import ACCOUNTS, CHART, DEPOSIT, DONE, FAILED, FUND, HOLD, PART, TOO_MUCH, USAGE, Run

PASSWORD = "kept between us: 7 & 8"
QUOTED = "kept%20between%20us%3A%207%20%26%208"
OPENED = [
    json.dumps({"id": one.id, "asset": one.asset, "code": one.code.name, "limit": one.limit.name}) for one in ACCOUNTS
]


@pytest.fixture
def twins(run: Run, written: Callable[..., Path], postgres_url: str, tmp_path: Path) -> tuple[str, Path]:
    """The same day on a server and in a file."""
    file = tmp_path / "twin.sqlite"
    for place in (postgres_url, file):
        assert run("open-accounts", "--from", written(*OPENED), on=place).status == DONE
        assert run("post", "--from", written(DEPOSIT, HOLD, PART), on=place).status == DONE
        assert run("close-accounts", CHART.suspense().id, on=place).status == DONE
        assert run("expire", on=place).status == DONE
    return postgres_url, file


@pytest.mark.parametrize(
    "command",
    [
        ("accounts",), ("accounts", "--code", "available"), ("balances",), ("balances", "--position", "2"),
        ("transfers",), ("transfers", "--account", FUND), ("transfers", "--code", "vault"),
        ("statement", "--account", FUND, "--until", "9000000000"), ("trial-balance",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_server_answers_as_a_file_does(run: Run, twins: tuple[str, Path], command: tuple[str, ...]) -> None:
    def untimed(said: str) -> str:
        return re.sub(r'"(recorded|closed)_at_s": \d+', "", said)

    on_server, in_file = (run(*command, "--json", on=place) for place in twins)
    assert (on_server.status, on_server.complained) == (DONE, "")
    assert untimed(on_server.said) == untimed(in_file.said)
    assert on_server.said.count("\n") >= 1


def test_post_and_verify_agree_on_the_head(run: Run, twins: tuple[str, Path], written: Callable[..., Path]) -> None:
    place, _ = twins
    posted = run("post", "--from", written(DEPOSIT, TOO_MUCH), on=place)
    assert posted.status == FAILED
    refused, summary = posted.said.splitlines()
    assert refused == "line 2: too-much refused: exceeds_available (a retry may succeed)"
    assert summary.startswith("0 posted, 1 were there already, 1 refused; ")
    head = summary.rpartition(" ")[2]
    verified = run("verify", "--trusted", head, on=place)
    assert (verified.status, verified.said) == (DONE, f"sound; head {head}\n")
    rewritten = run("verify", "--trusted", f"3:{'ab' * 32}", "--json", on=place)
    assert rewritten.status == FAILED
    faults = rewritten.lines[0]["faults"]
    assert isinstance(faults, list)
    assert [fault["kind"] for fault in faults] == ["history_rewritten"]


def test_a_server_s_ledger_is_not_copied_as_a_file(run: Run, postgres_url: str, tmp_path: Path) -> None:
    there = set(tmp_path.iterdir())
    for name, options, place in (
        ("backup", ("--to", tmp_path / "copy"), postgres_url),
        ("backup", ("--to", postgres_url), tmp_path / "a.sqlite"),
        ("restore", ("--from", tmp_path / "copy"), postgres_url),
        ("restore", ("--from", postgres_url), tmp_path / "a.sqlite"),
    ):
        ran = run(name, *options, on=place)
        assert (ran.status, ran.said) == (FAILED, "")
        assert "pg_dump" in ran.complained
        assert "pg_restore" in ran.complained
    assert set(tmp_path.iterdir()) == there


def test_reading_makes_no_tables(run: Run, postgres_url: str) -> None:
    for _ in range(2):
        ran = run("balances", on=postgres_url)
        assert (ran.status, ran.said) == (FAILED, "")
        assert "there is no ledger here" in ran.complained


# -- passwords ---------------------------------------------------------------------------------------------------------

SECRET = f"postgresql://clerk:{QUOTED}@127.0.0.1:1/books"
RAW = f"postgresql://clerk:{PASSWORD}@127.0.0.1:1/books"


@pytest.mark.parametrize("address", [SECRET, RAW, SECRET.replace("postgresql", "mysql")], ids=["good", "raw", "other"])
@pytest.mark.parametrize(
    "command",
    [
        ("balances", "--database", "{}"),
        ("post", "--database", "{}", "--from", "-"),
        ("post", "--database", "books.sqlite", "--from", "{}"),
        ("backup", "--database", "{}", "--to", "copy.sqlite"),
        ("backup", "--database", "books.sqlite", "--to", "{}"),
        ("restore", "--database", "books.sqlite", "--from", "{}"),
        ("verify", "{}"),
        ("verify", "--database", "books.sqlite", "{}"),
        ("verify", "--databse={}"),
        ("transfers", "--database", "books.sqlite", "--limit", "{}"),
        ("transfers", "--database", "books.sqlite", "--since", "{}"),
        ("{}",),
    ],
    ids=" ".join,
)
def test_no_complaint_repeats_a_password(command: tuple[str, ...], address: str, tmp_path: Path) -> None:
    program = "import sys; from settlement.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", program, "ledger", *(word.format(address) for word in command)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path, input="")
    assert done.returncode in {FAILED, USAGE}
    assert done.stdout == ""
    assert done.stderr
    assert "Traceback" not in done.stderr
    flat = " ".join(done.stderr.replace("│", " ").split())
    for part in (QUOTED, PASSWORD, "kept", "between", "7 &", "%207"):
        assert part not in flat
