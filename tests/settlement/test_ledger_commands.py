"""`bulkhead ledger` on a real file: what each subcommand prints, its exit code, and that what it listed reads back."""

import csv
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from cyclopts import Token

from custody.accounts import Chart
from custody.books import Books
from custody.database import open_database
from custody.transfers import Reason, Transfer
from settlement.cli import main
from settlement.commands.ledger import LEDGER
from settlement.commands.options import utc_s

DONE, FAILED, USAGE = 0, 1, 2
CHART = Chart("USDC")
VAULT, FUND, HEDGER = CHART.vault().id, CHART.available("fund").id, CHART.available("hedger").id
ACCOUNTS = [CHART.vault(), CHART.available("fund"), CHART.available("hedger"), CHART.suspense()]
DEPOSIT = {"id": "deposit", "debit_account": VAULT, "credit_account": FUND, "amount": "100", "reason": "deposit"}
HOLD = {
    "id": "hold", "debit_account": FUND, "credit_account": HEDGER, "amount": 30, "reason": "conversion",
    "kind": "pending", "reference": "swap",
}  # fmt: skip
PART = {"id": "part", "kind": "post", "pending_id": "hold", "amount": "20", "reason": "conversion", "reference": "swap"}
TOO_MUCH = {**DEPOSIT, "id": "too-much", "debit_account": FUND, "credit_account": HEDGER, "amount": 81}


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    said: str
    complained: str

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.said.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger with four accounts and nothing posted."""
    path = tmp_path / "ledger.sqlite"
    with closing(open_database(path)) as database:
        Books(database).open_accounts(ACCOUNTS)
    return path


@pytest.fixture
def run(ledger: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A subcommand on the ledger, or on another that is named."""

    def ran(name: str, *options: object, on: Path | str = ledger) -> Ran:
        capsys.readouterr()
        status = main(["ledger", name, "--database", str(on), *map(str, options)])
        said, complained = capsys.readouterr()
        return Ran(status, said, complained)

    return ran


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """A file of JSON lines; a str is written as it stands."""

    def write(*lines: dict[str, object] | str, name: str = "lines.jsonl") -> Path:
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path = tmp_path / name
        path.write_text("".join(f"{text}\n" for text in texts))
        return path

    return write


@pytest.fixture
def day(run: Run, written: Callable[..., Path]) -> Path:
    """The file of a day that has been posted: 100 deposited, 20 of 30 converted."""
    path = written(DEPOSIT, HOLD, PART, name="day.jsonl")
    assert run("post", "--from", path).status == DONE
    return path


def balances_in(ran: Ran) -> dict[object, object]:
    return {line["id"]: line["balance"] for line in ran.lines}


# -- opening accounts --------------------------------------------------------------------------------------------------


def test_accounts_open_from_lines_and_make_the_ledger(run: Run, written: Callable[..., Path], tmp_path: Path) -> None:
    new = tmp_path / "new.sqlite"
    file = written(
        {"id": VAULT, "asset": "USDC", "code": "vault", "limit": "credits_within_debits"},
        {"id": FUND, "asset": "USDC", "code": "AVAILABLE", "limit": "debits_within_credits"},
    )
    assert run("open-accounts", "--from", file, on=new) == Ran(DONE, "2 opened, 0 were open already\n", "")
    assert run("open-accounts", "--from", file, "--json", on=new).lines == [{"opened": 0, "open_already": 2}]
    with closing(open_database(new)) as database:
        assert Books(database).accounts() == (CHART.available("fund"), CHART.vault())


def test_one_account_of_another_definition_stops_the_file(run: Run, written: Callable[..., Path]) -> None:
    file = written(
        {"id": "USDC/new", "asset": "USDC", "code": "fees", "limit": "none"},
        {"id": VAULT, "asset": "USDC", "code": "vault", "limit": "none"},
    )
    ran = run("open-accounts", "--from", file)
    assert (ran.status, ran.said) == (FAILED, "")
    assert ran.complained.startswith(f"ledger open-accounts: account {VAULT} is open as ")
    assert "USDC/new" not in run("accounts").said


def test_a_file_that_cannot_be_read_makes_no_ledger(run: Run, written: Callable[..., Path], tmp_path: Path) -> None:
    new = tmp_path / "new.sqlite"
    ran = run("open-accounts", "--from", written('{"id": "USDC/x"}'), on=new)
    assert ran.status == USAGE
    assert "lines.jsonl, line 1: asset: expected this field, found none" in ran.complained
    assert not new.exists()


def test_listed_accounts_open_elsewhere(run: Run, day: Path, written: Callable[..., Path], tmp_path: Path) -> None:
    listed = run("accounts", "--json").said
    assert len(listed.splitlines()) == len(ACCOUNTS)
    new = tmp_path / "new.sqlite"
    assert run("open-accounts", "--from", written(listed.strip()), on=new).status == DONE
    with closing(open_database(new)) as database:
        assert sorted(Books(database).accounts(), key=lambda one: one.id) == sorted(ACCOUNTS, key=lambda one: one.id)


# -- posting -----------------------------------------------------------------------------------------------------------


def test_posting_says_what_became_of_the_file_and_where_the_journal_ends(
    run: Run, written: Callable[..., Path]
) -> None:
    file = written(DEPOSIT, HOLD, "", PART)
    ran = run("post", "--from", file)
    assert (ran.status, ran.complained) == (DONE, "")
    expected = rf"3 posted, 0 were there already, 0 refused; {re.escape(str(file))} is dealt with up to line 4; head 3:"
    assert re.fullmatch(expected + r"[0-9a-f]{64}\n", ran.said)
    again = run("post", "--from", file)
    assert (again.status, again.said) == (DONE, ran.said.replace("3 posted, 0 were", "0 posted, 3 were"))


def test_a_refused_transfer_is_named_and_the_others_are_posted(run: Run, written: Callable[..., Path]) -> None:
    bad_id = {**DEPOSIT, "id": "a b\x1b[2J"}
    ran = run("post", "--from", written(TOO_MUCH, bad_id, DEPOSIT))
    assert ran.status == FAILED
    first, second, third = ran.said.splitlines()
    assert first == "line 1: too-much refused: exceeds_available (a retry may succeed)"
    assert second == "line 2: a b\\x1b[2J refused: id_is_malformed (no retry will succeed)"
    assert third.startswith("1 posted, 0 were there already, 2 refused; ")


def test_json_answers_every_transfer_on_a_line(run: Run, written: Callable[..., Path]) -> None:
    ran = run("post", "--from", written(DEPOSIT, DEPOSIT, {**TOO_MUCH, "amount": "101"}), "--json")
    assert ran.status == FAILED
    plain = {"ok": True, "refusal": None, "retry_may_succeed": False}
    assert ran.lines == [
        {"line": 1, "id": "deposit", "repeated": False, **plain},
        {"line": 2, "id": "deposit", "repeated": True, **plain},
        {
            "line": 3, "id": "too-much", "repeated": False,
            "ok": False, "refusal": "exceeds_available", "retry_may_succeed": True,
        },
    ]  # fmt: skip


def test_a_chain_is_all_or_none_and_no_batch_cuts_it(run: Run, written: Callable[..., Path]) -> None:
    chain = [{**DEPOSIT, "id": f"chained-{n}", "amount": 1, "linked": n < 4} for n in range(5)]
    failing = [*chain[:4], {**chain[4], "amount": 0}]
    ran = run("post", "--from", written(DEPOSIT, *failing), "--batch", 2, "--json")
    assert [line["refusal"] for line in ran.lines] == [None, *["linked_event_failed"] * 4, "amount_must_be_positive"]
    assert run("post", "--from", written(DEPOSIT, *chain), "--batch", 2).status == DONE
    open_end = written({**DEPOSIT, "id": "open", "linked": True})
    assert run("post", "--from", open_end, "--json").lines[0]["refusal"] == "linked_chain_open"


def test_a_line_that_cannot_be_read_stops_its_batch_and_not_those_before(
    run: Run, written: Callable[..., Path]
) -> None:
    file = written(DEPOSIT, {**DEPOSIT, "id": "b"}, {**DEPOSIT, "id": "c"}, {**DEPOSIT, "id": "d", "amount": 1.5})
    ran = run("post", "--from", file, "--batch", 2)
    assert ran.status == USAGE
    assert ran.said.startswith("2 posted, 0 were there already, 0 refused; ")
    assert ran.said.endswith("up to line 2\n")
    assert ran.complained == (
        f"ledger post: {file}, line 4: amount: "
        "expected a whole number of ledger units, as a number or a text, found 1.5\n"
    )
    assert balances_in(run("balances", "--json", "--prefix", FUND)) == {FUND: "200"}
    as_json = run("post", "--from", file, "--batch", 2, "--json")
    assert (as_json.status, [line["id"] for line in as_json.lines]) == (USAGE, ["deposit", "b"])


def test_what_was_posted_is_recorded_at_the_clock_s_time(run: Run, day: Path) -> None:
    first, *_, last = run("transfers", "--json").lines
    assert isinstance(first["recorded_at_s"], int)
    assert first["recorded_at_s"] > 1_700_000_000
    assert run("balances", "--as-of", first["recorded_at_s"] - 1, "--json", "--prefix", FUND).lines[0]["balance"] == "0"
    assert isinstance(last["recorded_at_s"], int)
    assert run("balances", "--as-of", last["recorded_at_s"], "--json").said == run("balances", "--json").said


@pytest.mark.parametrize("name", ["post", "open-accounts"])
def test_a_missing_file_is_named(run: Run, name: str, tmp_path: Path) -> None:
    ran = run(name, "--from", tmp_path / "absent.jsonl")
    complaint = f"ledger {name}: {tmp_path / 'absent.jsonl'}: expected a readable file, found No such file or directory"
    assert ran == Ran(USAGE, "", f"{complaint}\n")


def test_standard_input_is_read_and_the_command_runs_on_its_own(ledger: Path) -> None:
    command = "import sys; from settlement.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", command, "ledger", "post", "--database", f"sqlite:///{ledger}", "--from", "-", "--json"],
        input=json.dumps(DEPOSIT), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (DONE, "")
    assert json.loads(done.stdout)["id"] == "deposit"


def test_a_reader_who_leaves_is_no_crash(run: Run, ledger: Path, written: Callable[..., Path]) -> None:
    file = written(*({**DEPOSIT, "id": f"many-{n}", "amount": 1} for n in range(2_000)))
    assert run("post", "--from", file).status == DONE
    command = "import sys; from settlement.cli import main; sys.exit(main())"
    arguments = ["ledger", "transfers", "--database", str(ledger), "--limit", "2000", "--json"]
    with subprocess.Popen(
        [sys.executable, "-c", command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as reading:
        assert reading.stdout is not None
        assert reading.stderr is not None
        reading.stdout.readline()
        reading.stdout.close()
        assert reading.wait(timeout=60) == FAILED
        assert reading.stderr.read() == ""


# -- looking -----------------------------------------------------------------------------------------------------------


def test_accounts_are_listed_by_prefix_and_code(run: Run, day: Path) -> None:
    assert [line["id"] for line in run("accounts", "--json", "--prefix", "USDC/client/").lines] == [FUND, HEDGER]
    assert run("accounts", "--code", "VAULT", "--json").lines == [
        {"id": VAULT, "asset": "USDC", "code": "vault", "limit": "credits_within_debits", "balance": "-100"}
    ]
    assert run("accounts", "--code", "vault", "--prefix", "BTC", "--json").lines == []


def test_the_table_shows_whole_ids_however_narrow_the_pipe(run: Run, day: Path) -> None:
    ran = run("accounts", "--code", "available")
    header, _, fund, hedger = [line.split() for line in ran.said.splitlines() if line.strip()]
    assert header == ["id", "asset", "code", "limit", "balance"]
    assert fund == [FUND, "USDC", "available", "debits_within_credits", "80"]
    assert hedger == [HEDGER, "USDC", "available", "debits_within_credits", "20"]


def test_balances_have_the_four_counters_and_what_follows(run: Run, written: Callable[..., Path]) -> None:
    run("post", "--from", written(DEPOSIT, HOLD))
    vault = {"debits_pending": "0", "debits_posted": "100", "credits_pending": "0", "credits_posted": "0"}
    fund = {"debits_pending": "30", "debits_posted": "0", "credits_pending": "0", "credits_posted": "100"}
    lines = {line["id"]: line for line in run("balances", "--json").lines}
    assert lines[VAULT] == {"id": VAULT, **vault, "balance": "-100", "spendable": None}
    assert lines[FUND] == {"id": FUND, **fund, "balance": "100", "spendable": "70"}


def test_balances_as_of_a_position(run: Run, day: Path) -> None:
    fund = [run("balances", "--position", at, "--prefix", FUND, "--json").lines[0] for at in range(4)]
    assert [line["balance"] for line in fund] == ["0", "100", "100", "80"]
    assert [line["spendable"] for line in fund] == ["0", "100", "70", "80"]
    assert run("balances", "--position", 3, "--json").said == run("balances", "--json").said
    beyond = run("balances", "--position", 4)
    assert (beyond.status, beyond.said) == (FAILED, "")


def test_the_trial_balance_agrees_per_asset(run: Run, day: Path) -> None:
    assert run("trial-balance", "--json").lines == [
        {"asset": "USDC", "debits": "120", "credits": "120", "difference": "0"}
    ]
    assert "120" in run("trial-balance").said


def test_listed_transfers_post_again_elsewhere(
    run: Run, day: Path, written: Callable[..., Path], tmp_path: Path
) -> None:
    listed = run("transfers", "--json").said.strip()
    new = tmp_path / "new.sqlite"
    run("open-accounts", "--from", written(run("accounts", "--json").said.strip()), on=new)
    assert run("post", "--from", written(listed), on=new).status == DONE
    assert run("balances", "--json", on=new).said == run("balances", "--json").said
    assert run("post", "--from", written(listed)).status == DONE  # and here they are the same again


@pytest.mark.parametrize(
    ("options", "positions"),
    [
        ((), [1, 2, 3]),
        (("--account", VAULT), [1]),
        (("--account", HEDGER), [2, 3]),
        (("--reference", "swap"), [2, 3]),
        (("--reference", ""), []),
        (("--reason", "Deposit"), [1]),
        (("--code", "vault"), [1]),
        (("--code", "suspense"), []),
        (("--after", 1, "--limit", 1), [2]),
        (("--after", 3), []),
        (("--until", "2001-01-01"), []),
        (("--since", "2001-01-01T00:00:00Z"), [1, 2, 3]),
        (("--since", 9_000_000_000), []),
    ],
)
def test_transfers_are_found_by_what_they_say(
    run: Run, day: Path, options: tuple[object, ...], positions: list[int]
) -> None:
    ran = run("transfers", "--json", *options)
    assert (ran.status, [line["position"] for line in ran.lines]) == (DONE, positions)


def test_more_transfers_than_are_held_at_a_time_come_in_order(run: Run, written: Callable[..., Path]) -> None:
    run("post", "--from", written(*({**DEPOSIT, "id": f"many-{n}", "amount": 1} for n in range(2_100))))
    found = [line["position"] for line in run("transfers", "--json", "--limit", 2_050).lines]
    assert found == list(range(1, 2_051))


def test_what_stands_in_a_reference_cannot_touch_the_terminal(run: Run, written: Callable[..., Path]) -> None:
    run("post", "--from", written({**DEPOSIT, "reference": "[red]\x1b[2J\x00\r\nbold"}))
    told = run("transfers").said
    assert "[red]\\x1b[2J\\x00\\r\\nbold" in told
    assert "\x1b" not in told
    assert run("transfers", "--json").lines[0]["reference"] == "[red]\x1b[2J\x00\r\nbold"


def test_a_misspelt_account_is_not_one_without_transfers(run: Run, day: Path) -> None:
    assert run("transfers", "--account", "USDC/valut").complained == (
        "ledger transfers: there is no account 'USDC/valut'\n"
    )


def test_a_statement_leads_from_opening_to_closing(run: Run, day: Path) -> None:
    told = run("statement", "--account", FUND)
    assert told.status == DONE
    assert told.said.startswith("opening balance 0\n")
    assert told.said.endswith("closing balance 80; 20 debited, 100 credited\n")
    drawn = run("statement", "--account", FUND, "--json").lines[0]
    assert (drawn["opening_balance"], drawn["closing_balance"]) == ("0", "80")
    assert isinstance(drawn["entries"], list)
    assert [entry["balance"] for entry in drawn["entries"]] == ["100", "80"]
    rows = list(csv.DictReader(run("statement", "--account", FUND, "--csv").said.splitlines()))
    assert [(row["transfer_id"], row["balance"]) for row in rows] == [
        ("", "0"), ("deposit", "100"), ("part", "80"), ("", "80")
    ]  # fmt: skip


def test_the_next_statement_opens_where_the_last_one_closed(run: Run, day: Path) -> None:
    last = run("transfers", "--json").lines[-1]["recorded_at_s"]
    assert isinstance(last, int)
    first = run("statement", "--account", FUND, "--until", last + 1, "--json").lines[0]
    second = run("statement", "--account", FUND, "--since", last + 1, "--until", last + 2, "--json").lines[0]
    assert first["closing_balance"] == second["opening_balance"] == second["closing_balance"] == "80"
    assert second["entries"] == []


# -- verifying, copying ------------------------------------------------------------------------------------------------


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


# -- two at a time, and wrong use --------------------------------------------------------------------------------------

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
