"""`bulkhead ledger close-accounts` and `expire`: what ends is listed, and what cannot end is named with its reason."""

import re
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from custody.books import Books
from custody.database import open_database
from custody.transfers import Kind, Reason, Transfer
from tests.settlement.ledger_day import (
    CHART,
    DEPOSIT,
    DONE,
    FAILED,
    FUND,
    HEDGER,
    HOLD,
    USAGE,
    VAULT,
    Run,
)  # fmt: skip

SUSPENSE = CHART.suspense().id
CLOSED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


# -- closing -----------------------------------------------------------------------------------------------------------


def test_an_empty_account_is_closed_and_listed_with_its_date(run: Run, day: Path) -> None:
    before_s = int(time.time())
    (answer,) = run("close-accounts", SUSPENSE, "--json").lines
    closed_at_s = answer["closed_at_s"]
    assert answer == {"id": SUSPENSE, "ok": True, "repeated": False, "refusal": None, "closed_at_s": closed_at_s}
    assert isinstance(closed_at_s, int)
    assert before_s <= closed_at_s <= time.time()
    listed = {line["id"]: line["closed_at_s"] for line in run("accounts", "--json").lines}
    assert listed == {VAULT: None, FUND: None, HEDGER: None, SUSPENSE: closed_at_s}
    date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(closed_at_s))
    rows = {row.split()[0]: row.rstrip() for row in run("accounts").said.splitlines() if row.strip()}
    assert rows[SUSPENSE].endswith(date)
    assert not CLOSED.search(rows[VAULT])


def test_one_closed_before_is_closed(run: Run, day: Path) -> None:
    first = run("close-accounts", SUSPENSE, "--json").lines[0]
    again = run("close-accounts", SUSPENSE, SUSPENSE, "--json")
    assert again.status == DONE
    assert again.lines == [{**first, "repeated": True}] * 2


def test_a_refusal_stops_no_other_and_is_told(run: Run, written: Callable[..., Path]) -> None:
    run("post", "--from", written(DEPOSIT, HOLD))
    ids = ("USDC/nobody", FUND, VAULT, SUSPENSE)
    answers = run("close-accounts", *ids, "--json")
    assert answers.status == FAILED
    assert [(line["id"], line["ok"], line["refusal"]) for line in answers.lines] == [
        ("USDC/nobody", False, "account_not_found"),
        (FUND, False, "account_has_pending_transfers"),
        (VAULT, False, "account_has_a_balance"),
        (SUSPENSE, True, None),
    ]
    told = run("close-accounts", *ids)
    header, _, nobody, fund, vault, suspense = [row.split() for row in told.said.splitlines() if row.strip()]
    assert told.status == FAILED
    assert header == ["id", "closed", "at", "refusal"]
    assert nobody == ["USDC/nobody", "account_not_found"]
    assert fund == [FUND, "account_has_pending_transfers"]
    assert vault == [VAULT, "account_has_a_balance"]
    assert suspense[0] == SUSPENSE
    assert CLOSED.fullmatch(suspense[1])


def test_nothing_is_posted_to_a_closed_account_or_opened_under_its_name(run: Run, written: Callable[..., Path]) -> None:
    run("close-accounts", HEDGER)
    late = run("post", "--from", written({**DEPOSIT, "credit_account": HEDGER}))
    assert (late.status, late.said.splitlines()[0]) == (
        FAILED, "line 1: deposit refused: credit_account_is_closed (no retry will succeed)"
    )  # fmt: skip
    reopened = run("open-accounts", "--from", written(run("accounts", "--json", "--prefix", HEDGER).said.strip()))
    assert reopened.status == FAILED
    assert "was closed" in reopened.complained


def test_closing_nothing_is_bad_usage(run: Run) -> None:
    ran = run("close-accounts")
    assert (ran.status, ran.said) == (USAGE, "")
    assert ran.complained == "ledger close-accounts: expected the ids of the accounts to be closed, found none\n"


# -- expiring ----------------------------------------------------------------------------------------------------------


def test_what_is_due_is_voided_and_listed(run: Run, ledger: Path) -> None:
    with closing(open_database(ledger)) as database:
        Books(database).post(
            [
                Transfer("deposit", VAULT, FUND, 100, Reason.DEPOSIT),
                *(
                    Transfer(f"hold-{at}", FUND, HEDGER, at, Reason.CONVERSION, Kind.PENDING, expires_at_s=expires_at_s)
                    for at, expires_at_s in ((1, 10), (2, 20), (3, 2**62), (4, 0))
                ),
            ],
            5,
        )
    ran = run("expire", "--json")
    plain = {"debit_account": FUND, "credit_account": HEDGER, "refusal": None}
    assert (ran.status, ran.complained) == (DONE, "")
    assert ran.lines == [
        {"id": "hold-1:expired", "pending_id": "hold-1", "amount": "1", **plain},
        {"id": "hold-2:expired", "pending_id": "hold-2", "amount": "2", **plain},
    ]
    assert [line["debits_pending"] for line in run("balances", "--prefix", FUND, "--json").lines] == ["7"]
    assert run("expire", "--json").lines == []
    assert run("verify").status == DONE


def test_people_see_which_transfers_ran_out(run: Run, ledger: Path) -> None:
    with closing(open_database(ledger)) as database:
        deposit = Transfer("deposit", VAULT, FUND, 100, Reason.DEPOSIT)
        hold = Transfer("hold", FUND, HEDGER, 30, Reason.CONVERSION, Kind.PENDING, expires_at_s=10)
        Books(database).post([deposit, hold], 5)
    header, _, row = [line.split() for line in run("expire").said.splitlines() if line.strip()]
    assert header == ["pending", "id", "debit", "account", "credit", "account", "amount", "refusal"]
    assert row == ["hold", FUND, HEDGER, "30"]


def test_an_id_that_is_taken_keeps_its_pending_transfer_and_is_told(run: Run, ledger: Path) -> None:
    with closing(open_database(ledger)) as database:
        Books(database).post(
            [
                Transfer("deposit", VAULT, FUND, 100, Reason.DEPOSIT),
                Transfer("hold", FUND, HEDGER, 1, Reason.CONVERSION, Kind.PENDING, expires_at_s=10),
                Transfer("hold:expired", FUND, HEDGER, 1, Reason.CONVERSION),
            ],
            5,
        )
    ran = run("expire", "--json")
    assert ran.status == FAILED
    assert [(line["id"], line["refusal"]) for line in ran.lines] == [("hold:expired", "exists_with_different_kind")]
