"""`bulkhead ledger` beside a writer, on no ledger, and with wrong words: exit codes, sentences, help."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cyclopts import Token

from custody.books import Books
from custody.database import open_database
from custody.transfers import Reason, Transfer
from settlement.commands.options import utc_s
from tests.settlement.ledger_day import DEPOSIT, DONE, FAILED, FUND, HEDGER, USAGE, Run

READS = [
    ("accounts",), ("balances",), ("transfers",), ("statement", "--account", FUND), ("trial-balance",), ("verify",)
]  # fmt: skip


@pytest.mark.parametrize("command", READS, ids=lambda command: command[0])
def test_reading_goes_on_beside_a_writer(run: Run, ledger: Path, day: Path, command: tuple[str, ...]) -> None:
    alone = run(*command, "--json")
    with closing(open_database(ledger)) as database, database.transaction() as tx:
        fee = Transfer("fee", FUND, HEDGER, 5, Reason.CUSTODY_FEE)
        assert Books(database).post_in(tx, [fee], 9)[0].ok
        beside = run(*command, "--json")
    assert (beside.status, beside.complained) == (DONE, "")
    if command[0] != "statement":  # which tells until when it was asked for
        assert beside.said == alone.said  # not committed, so not seen


@pytest.mark.parametrize("command", READS, ids=lambda command: command[0])
def test_reading_makes_no_ledger_where_there_is_none(run: Run, command: tuple[str, ...], tmp_path: Path) -> None:
    ran = run(*command, on=tmp_path / "absent.sqlite")
    assert (ran.status, ran.said) == (FAILED, "")
    assert ran.complained.startswith(f"ledger {command[0]}: {tmp_path / 'absent.sqlite'}: there is no ledger here")
    assert not (tmp_path / "absent.sqlite").exists()


def test_posting_makes_no_ledger_and_waits_for_no_other_writer(
    run: Run, ledger: Path, written: Callable[..., Path], tmp_path: Path
) -> None:
    assert run("post", "--from", written(DEPOSIT), on=tmp_path / "absent.sqlite").status == FAILED
    with closing(open_database(ledger)):
        ran = run("post", "--from", written(DEPOSIT))
    assert (ran.status, ran.said) == (FAILED, "")
    assert "open for writing" in ran.complained


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (("verify", "--trusted", "3"), "--trusted: expected POSITION:DIGEST"),
        (("verify", "--trusted", "3:abcd"), "--trusted: expected POSITION:DIGEST"),
        (("accounts", "--code", "safe"), "--code: expected one of vault, available,"),
        (("transfers", "--code", "safe"), "--code: expected one of vault, available,"),
        (("transfers", "--reason", "gift"), "--reason: expected one of deposit, withdrawal,"),
        (("balances", "--as-of", "5", "--position", "1"), "--as-of and --position: expected one of them, found both"),
        (("statement", "--account", FUND, "--csv", "--json"), "--csv and --json: expected one of them, found both"),
    ],
)
def test_wrong_words_are_answered_with_the_right_ones(run: Run, command: tuple[str, ...], complaint: str) -> None:
    ran = run(*command)
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained.startswith(f"ledger {command[0]}: {complaint}")


@pytest.mark.parametrize(
    "command",
    [
        ("post",),
        ("post", "--from", "-", "--batch", "0"),
        ("post", "--from", "-", "--batch", "1.5"),
        ("transfers", "--limit", "0"),
        ("transfers", "--after", "-1"),
        ("transfers", "--after", str(2**63)),
        ("transfers", "--since", "yesterday"),
        ("balances", "--position", "x"),
        ("statement",),
        ("close",),
    ],
)
def test_bad_usage_is_code_two(run: Run, command: tuple[str, ...]) -> None:
    assert run(*command).status == USAGE


@pytest.mark.parametrize(
    ("word", "expected_s"),
    [
        ("1770000000", 1_770_000_000),
        ("2026-02-02T02:40:00", 1_770_000_000),
        ("2026-02-02T02:40:00Z", 1_770_000_000),
        ("2026-02-02T03:40:00+01:00", 1_770_000_000),
        ("2026-02-02", 1_769_990_400),
    ],
)
def test_a_time_is_utc_wherever_the_machine_stands(word: str, expected_s: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        found_s = utc_s(int, [Token(value=word)])
    time.tzset()
    assert found_s == expected_s


@pytest.mark.parametrize("arguments", [("--help",), ("post", "--help"), ("transfers", "--help")])
def test_help_comes_without_the_database_or_the_chain(arguments: tuple[str, ...]) -> None:
    looks = (
        "import sys; from settlement.cli import main; status = main(sys.argv[1:]); "
        "heavy = {'web3', 'sqlalchemy', 'sqlmodel'} & sys.modules.keys(); sys.exit(status or ', '.join(heavy) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", looks, "ledger", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (DONE, "")
    assert "Usage: " in done.stdout
