"""`bulkhead ledger accounts`, `balances`, `transfers`, `statement`: what is listed, and that it reads back."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.settlement.ledger_day import (
    DEPOSIT,
    DONE,
    FAILED,
    FUND,
    HEDGER,
    HOLD,
    VAULT,
    Run,
)


def test_accounts_are_listed_by_prefix_and_code(run: Run, day: Path) -> None:
    assert [line["id"] for line in run("accounts", "--json", "--prefix", "USDC/client/").lines] == [FUND, HEDGER]
    assert run("accounts", "--code", "VAULT", "--json").lines == [
        {
            "id": VAULT,
            "asset": "USDC",
            "code": "vault",
            "limit": "credits_within_debits",
            "balance": "-100",
            "closed_at_s": None,
        }
    ]
    assert run("accounts", "--code", "vault", "--prefix", "BTC", "--json").lines == []


def test_the_table_shows_whole_ids_however_narrow_the_pipe(run: Run, day: Path) -> None:
    ran = run("accounts", "--code", "available")
    header, _, fund, hedger = [line.split() for line in ran.said.splitlines() if line.strip()]
    assert header == ["id", "asset", "code", "limit", "balance", "closed", "at"]
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
    run("post", "--from", written({**DEPOSIT, "reference": "[red]\x1b[2J\x07\r\nbold"}))
    told = run("transfers").said
    assert "[red]\\x1b[2J\\x07\\r\\nbold" in told
    assert "\x1b" not in told
    assert run("transfers", "--json").lines[0]["reference"] == "[red]\x1b[2J\x07\r\nbold"


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
