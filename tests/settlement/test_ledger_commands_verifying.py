"""`bulkhead ledger verify`, `backup`, `restore`: faults are named, copies are the ledger that was copied."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from settlement.commands.ledger import LEDGER
from tests.settlement.ledger_day import CHART, DEPOSIT, DONE, FAILED, FUND, HOLD, PART, VAULT, Ran, Run

SUSPENSE = CHART.suspense().id


def test_sound_books_say_so_with_their_head(run: Run, day: Path) -> None:
    ran = run("verify", "--json")
    assert ran.status == DONE
    head = ran.lines[0]["head"]
    assert isinstance(head, dict)
    assert ran.lines == [{"sound": True, "head": head, "faults": []}]
    spelt = f"{head['position']}:{head['digest']}"
    assert run("verify", "--trusted", spelt) == Ran(DONE, f"sound; head {spelt}\n", "")


def test_every_fault_is_named(run: Run, ledger: Path, day: Path) -> None:
    with closing(sqlite3.connect(ledger)) as raw, raw:
        raw.execute("UPDATE transfer SET amount = 99 WHERE id = 'deposit'")
    ran = run("verify")
    *faults, end = ran.said.splitlines()
    assert ran.status == FAILED
    assert [fault.split(":")[0] for fault in faults] == [
        "row_changed at position 1 (deposit)",
        f"counter_changed at {FUND} credits_posted",
        f"counter_changed at {VAULT} debits_posted",
    ]
    assert faults[1].endswith("expected 99, found 100")
    assert end.startswith("3 faults; head 3:")
    named = run("verify", "--json").lines[0]["faults"]
    assert isinstance(named, list)
    assert [fault["kind"] for fault in named] == ["row_changed", "counter_changed", "counter_changed"]
    trial = run("trial-balance")
    assert (trial.status, trial.said) == (FAILED, "")
    assert "disagree with its transfers" in trial.complained


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE account SET code = 1 WHERE id = 'USDC/client/fund/available'", "account_changed"),
        ("UPDATE account SET closed_after = NULL, closed_at_s = NULL", "seal_broken"),
        ("UPDATE seal SET recorded_at_s = recorded_at_s + 1 WHERE position = 3", "seal_broken"),
        ("DELETE FROM transfer WHERE position = 3", "row_missing"),
        ("DELETE FROM seal WHERE position = 3", "row_not_sealed"),
        ("UPDATE account SET debits_posted = debits_posted + 1 WHERE id = 'USDC/vault'", "counter_changed"),
    ],
)
def test_each_kind_of_fault_has_its_word(
    run: Run, ledger: Path, written: Callable[..., Path], statement: str, kind: str
) -> None:
    run("post", "--from", written(DEPOSIT, HOLD))
    run("close-accounts", SUSPENSE)
    run("post", "--from", written(PART))
    with closing(sqlite3.connect(ledger)) as raw, raw:
        raw.executescript(f"PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; {statement};")
    ran = run("verify", "--json")
    assert (ran.status, ran.lines[0]["sound"], ran.complained) == (FAILED, False, "")
    faults = ran.lines[0]["faults"]
    assert isinstance(faults, list)
    assert kind in [fault["kind"] for fault in faults]
    assert all(set(fault) == {"kind", "where", "expected", "found"} for fault in faults)


@pytest.mark.parametrize(("position", "found"), [(2, "no seal"), (9, "a journal that ends at position 3")])
def test_a_trusted_head_that_is_no_seal_s_is_told(run: Run, day: Path, position: int, found: str) -> None:
    ran = run("verify", "--trusted", f"{position}:{'ab' * 32}")
    assert ran.status == FAILED
    assert ran.said.startswith(f"history_rewritten at position {position}: expected {'ab' * 32}, found {found}\n")


def test_a_rewritten_history_is_told_by_a_trusted_head(run: Run, day: Path) -> None:
    ran = run("verify", "--trusted", f"2:{'ab' * 32}")
    assert ran.status == FAILED
    assert ran.said.startswith(f"history_rewritten at position 2: expected {'ab' * 32}, found ")


def test_a_backup_comes_back_as_the_same_ledger(run: Run, day: Path, tmp_path: Path) -> None:
    copy, again = tmp_path / "copy.sqlite", tmp_path / "again.sqlite"
    head = run("verify", "--json").lines[0]["head"]
    made = run("backup", "--to", copy, "--json")
    assert (made.status, made.lines) == (
        DONE, [{"path": str(copy), "size_bytes": copy.stat().st_size, "head": head}]
    )  # fmt: skip
    back = run("restore", "--from", copy, on=again)
    assert back.status == DONE
    assert re.fullmatch(rf"{re.escape(str(again))}: \d+ bytes, verified; head 3:[0-9a-f]{{64}}\n", back.said)
    assert run("transfers", "--json", on=again).said == run("transfers", "--json").said


def test_a_backup_does_not_replace_a_file_unless_told(run: Run, day: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    assert run("backup", "--to", copy).status == DONE
    refused = run("backup", "--to", copy)
    assert (refused.status, refused.said) == (FAILED, "")
    assert refused.complained.startswith(f"ledger backup: {copy}: ")
    assert run("backup", "--to", copy, "--replace").status == DONE
    assert run("restore", "--from", copy, on=copy).status == FAILED


def test_a_damaged_backup_is_not_restored(run: Run, day: Path, tmp_path: Path) -> None:
    copy, again = tmp_path / "copy.sqlite", tmp_path / "again.sqlite"
    run("backup", "--to", copy)
    with closing(sqlite3.connect(copy)) as raw, raw:
        raw.execute("UPDATE account SET credits_posted = 1000 WHERE id = ?", (FUND,))
    ran = run("restore", "--from", copy, on=again)
    assert (ran.status, ran.said) == (FAILED, "")
    assert "credits_posted" in ran.complained
    assert not again.exists()


def test_the_readme_s_lines_and_subcommands_are_real(run: Run, written: Callable[..., Path], tmp_path: Path) -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    vault, fund, transfer = [line.strip() for line in readme.splitlines() if line.startswith("    {")]
    new = tmp_path / "new.sqlite"
    assert run("open-accounts", "--from", written(vault, fund), on=new).status == DONE
    assert run("post", "--from", written(transfer), on=new).status == DONE
    named = set(re.findall(r"bulkhead ledger ([a-z-]+)", readme))
    named |= {
        name for row in re.findall(r"^\| (`.*?) \|", readme, re.MULTILINE) for name in re.findall(r"`(\w[\w-]+)`", row)
    }
    assert {name for name in LEDGER if not name.startswith("-")} <= named
