"""`bulkhead ledger open-accounts` and `post` on a real file: what becomes of each line, and what is said of it."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from custody.books import Books
from custody.database import open_database
from settlement.commands.ledger_writing import BATCH
from settlement.commands.lines import LONGEST_CHAIN
from tests.settlement.ledger_day import (
    ACCOUNTS,
    CHART,
    DEPOSIT,
    DONE,
    FAILED,
    FUND,
    HOLD,
    PART,
    TOO_MUCH,
    USAGE,
    VAULT,
    Ran,
    Run,
    balances_in,
)


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


def test_a_file_is_read_whatever_its_sets_are_and_posted_again_once_it_is_mended(
    run: Run, written: Callable[..., Path]
) -> None:
    lines = [{**DEPOSIT, "id": f"many-{number}", "amount": 1, "linked": number % 3 != 0} for number in range(1, 31)]
    broken = run("post", "--from", written(*lines[:25], "{", *lines[25:]), "--batch", 7)
    assert broken.status == USAGE
    assert broken.said.startswith(
        "18 posted, 0 were there already, 0 refused; "
    )  # two sets of 7, each to its chain's end
    assert broken.said.endswith("up to line 18\n")
    assert ", line 26: expected a JSON object" in broken.complained
    whole = run("post", "--from", written(*lines), "--batch", 7)
    assert (whole.status, whole.said.startswith("12 posted, 18 were there already, 0 refused; ")) == (DONE, True)
    assert run("verify").status == DONE


def test_a_chain_over_the_border_of_a_usual_set_is_kept_whole(run: Run, written: Callable[..., Path]) -> None:
    chain = [{**DEPOSIT, "id": f"chained-{number}", "amount": 1, "linked": number < 9} for number in range(10)]
    lines = [{**DEPOSIT, "id": f"many-{number}", "amount": 1} for number in range(BATCH - 5)]
    ran = run("post", "--from", written(*lines, *chain[:9], {**chain[9], "amount": 0}, DEPOSIT), "--json")
    refusals = [line["refusal"] for line in ran.lines]
    assert refusals == [*[None] * len(lines), *["linked_event_failed"] * 9, "amount_must_be_positive", None]


def test_a_chain_without_end_is_named_and_not_held(run: Run, written: Callable[..., Path]) -> None:
    line = json.dumps({**DEPOSIT, "linked": True})
    ran = run("post", "--from", written(*[line] * LONGEST_CHAIN))
    assert (ran.status, ran.said.startswith("0 posted, 0 were there already, 0 refused; ")) == (USAGE, True)
    assert f"line {LONGEST_CHAIN}: linked: expected the chain to end within {LONGEST_CHAIN} transfers" in ran.complained


def test_a_line_without_end_is_named_and_not_held(run: Run, written: Callable[..., Path]) -> None:
    ran = run("post", "--from", written(DEPOSIT, "x" * (1 << 20)), "--batch", 1)
    assert ran.status == USAGE
    assert ran.said.startswith("1 posted, ")
    assert "line 2: expected a line of less than 1048576 bytes" in ran.complained


def test_who_interrupts_is_told_what_was_posted(ledger: Path) -> None:
    command = "import sys; from settlement.cli import main; sys.exit(main())"
    arguments = ["ledger", "post", "--database", str(ledger), "--from", "-", "--batch", "1"]
    with subprocess.Popen(
        [sys.executable, "-c", command, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as posting:  # fmt: skip
        assert posting.stdin is not None
        posting.stdin.write(json.dumps(DEPOSIT) + "\n")
        posting.stdin.flush()
        deadline = time.monotonic() + 60
        while not posted_to(ledger) and time.monotonic() < deadline:
            time.sleep(0.05)
        posting.send_signal(signal.SIGINT)
        said, complained = posting.communicate(timeout=60)
    assert (posting.returncode, complained) == (130, "interrupted\n")
    assert said == "1 posted, 0 were there already, 0 refused; - is dealt with up to line 1\n"


def posted_to(ledger: Path) -> bool:
    """Whether there is a transfer in it."""
    with closing(open_database(ledger, create=False, read_only=True)) as database:
        return Books(database).head().position > 0
