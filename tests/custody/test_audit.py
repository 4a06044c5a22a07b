"""Whatever is done to the file behind the program's back, an audit names the row or counter that tells of it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from custody.accounts import Chart
from custody.books import Books, BooksError, FaultKind, Head
from custody.journal import link
from custody.transfers import Kind, Reason, Transfer

CHART = Chart("USDC")
VAULT, FUND, VENUE = CHART.vault().id, CHART.available("fund").id, CHART.delegated("fund", "venue").id
HISTORY = (
    Transfer("t1", VAULT, FUND, 100, Reason.DEPOSIT),
    Transfer("t2", VAULT, FUND, 50, Reason.DEPOSIT),
    Transfer("t3", FUND, VENUE, 30, Reason.DELEGATION, Kind.PENDING),
    Transfer("t4", "", "", 20, Reason.DELEGATION, Kind.POST, "t3"),
    Transfer("t5", FUND, VENUE, 10, Reason.DELEGATION, Kind.PENDING),
    Transfer("t6", "", "", 0, Reason.DELEGATION, Kind.VOID, "t5"),
)
Tamper = Callable[..., None]


@pytest.fixture
def kept(books: Books) -> Books:
    assert all(outcome.ok for outcome in books.post(HISTORY, 9))
    assert books.verify() == []
    return books


@pytest.fixture
def tamper(kept: Books, tmp_path: Path) -> Tamper:
    """Raw SQL by someone with the file in hand, who also knows how to switch its guards off."""
    assert kept.head().position == len(HISTORY)

    def execute(*statements: str) -> None:
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, f"changed nothing: {statement}"

    return execute


def found(books: Books, trusted: Head | None = None) -> list[tuple[str, str, str, str]]:
    return [(fault.kind.value, fault.where, fault.expected, fault.found) for fault in books.verify(trusted)]


@pytest.mark.parametrize(
    "assignment",
    [
        "amount = amount + 1",
        "id = 'other'",
        "reason = 2",
        "linked = 1",
        "reference = 'x'",
        "occurred_at_s = 1",
        "recorded_at_s = 8",
        "digest = zeroblob(32)",
    ],
)
@pytest.mark.parametrize("position", [1, 2, 6])
def test_a_changed_row_is_named_alone(kept: Books, tamper: Tamper, assignment: str, position: int) -> None:
    tamper(f"UPDATE transfer SET {assignment} WHERE position = {position}")
    rows = [fault for fault in kept.verify() if fault.kind is FaultKind.ROW_CHANGED]
    assert rows[0].where.startswith(f"position {position} (")
    # A changed digest also cuts the row behind it off from what it followed; any other change touches no neighbour.
    assert len(rows) == (2 if assignment.startswith("digest") and position < 6 else 1)


def test_a_changed_amount_shows_in_the_row_and_in_both_counters(kept: Books, tamper: Tamper) -> None:
    tamper("UPDATE transfer SET amount = 51 WHERE id = 't2'")
    faults = found(kept)
    assert [fault[:2] for fault in faults] == [
        ("row_changed", "position 2 (t2)"),
        ("counter_changed", f"{FUND} credits_posted"),
        ("counter_changed", f"{VAULT} debits_posted"),
    ]
    assert faults[1][2:] == ("151", "150")


@pytest.mark.parametrize(
    ("statements", "where", "expected"),
    [
        (["DELETE FROM transfer WHERE position = 2"], "position 2", "1 transfers"),
        (["DELETE FROM transfer WHERE position = 1"], "position 1", "1 transfers"),
        (["DELETE FROM transfer WHERE position >= 5"], "positions 5 to 6", "2 transfers"),
    ],
)
def test_a_removed_row_is_named_even_at_the_end_and_without_effect_on_counters(
    kept: Books, tamper: Tamper, statements: list[str], where: str, expected: str
) -> None:
    tamper(*statements)
    assert [fault for fault in found(kept) if fault[0] == "row_missing"] == [("row_missing", where, expected, "none")]
    assert not [fault for fault in kept.verify() if fault.kind in {FaultKind.ROW_CHANGED, FaultKind.ROW_OUT_OF_ORDER}]


def test_a_removed_row_is_found_though_the_rest_closes_ranks(kept: Books, tamper: Tamper) -> None:
    close_ranks = [f"UPDATE transfer SET position = {place} WHERE position = {place + 1}" for place in range(2, 6)]
    tamper("DELETE FROM transfer WHERE position = 2", *close_ranks, "UPDATE journal SET position = 5")
    faults = found(kept)
    assert ("row_changed", "position 2 (t3)") in [fault[:2] for fault in faults]
    assert ("counter_changed", f"{FUND} credits_posted", "100", "150") in faults


def test_rows_that_changed_places_are_told_from_changed_rows(kept: Books, tamper: Tamper) -> None:
    tamper(
        "UPDATE transfer SET position = 99 WHERE position = 1",
        "UPDATE transfer SET position = 1 WHERE position = 2",
        "UPDATE transfer SET position = 2 WHERE position = 99",
    )
    assert sorted(found(kept)) == [
        ("row_out_of_order", "position 1 (t2)", "right after the row that is at position 2", "right after position 0"),
        ("row_out_of_order", "position 2 (t1)", "right after the row that is at position 0", "right after position 1"),
        ("row_out_of_order", "position 3 (t3)", "right after the row that is at position 1", "right after position 2"),
    ]


@pytest.mark.parametrize(
    ("account", "counter", "change"),
    [
        (VAULT, "debits_posted", +1),
        (FUND, "credits_posted", +1),
        (FUND, "debits_pending", +1),
        (VENUE, "credits_pending", +1),
        (VENUE, "credits_posted", -1),
    ],
)
def test_a_changed_counter_is_named_with_what_it_should_be(
    kept: Books, tamper: Tamper, account: str, counter: str, change: int
) -> None:
    true = getattr(kept.totals(account), counter)
    tamper(f"UPDATE account SET {counter} = {counter} + {change} WHERE id = '{account}'")
    assert found(kept) == [("counter_changed", f"{account} {counter}", str(true), str(true + change))]
    if counter.endswith("posted"):
        with pytest.raises(BooksError, match=account):
            kept.trial_balance()


def test_a_resolution_without_its_pending_transfer_is_named(kept: Books, tamper: Tamper) -> None:
    tamper("UPDATE transfer SET kind = 1 WHERE id = 't3'")
    assert ("resolves_nothing", "position 4 (t4)", "t3 pending at that point", "not pending") in found(kept)


def test_a_removed_account_is_named(kept: Books, tamper: Tamper) -> None:
    tamper(f"DELETE FROM account WHERE id = '{VENUE}'")
    assert found(kept) == [("account_missing", VENUE, "an account with transfers", "no account")]


@pytest.mark.parametrize("statement", ["UPDATE journal SET digest = zeroblob(32)", "UPDATE journal SET position = 5"])
def test_a_changed_head_is_named(kept: Books, tamper: Tamper, statement: str) -> None:
    tamper(statement)
    assert [fault[:2] for fault in found(kept)] == [("head_changed", "journal")]


def test_a_removed_head_is_named(kept: Books, tamper: Tamper) -> None:
    tamper("DELETE FROM journal")
    assert [fault[:2] for fault in found(kept)] == [("head_changed", "journal")]


def test_a_history_rewritten_whole_is_found_by_whoever_kept_a_head(kept: Books, tamper: Tamper) -> None:
    trusted = kept.head()
    last = kept.transfers()[-1]
    forged = link(kept.transfers()[-2].digest, last.transfer, 10).hex()
    tamper(
        f"UPDATE transfer SET recorded_at_s = 10, digest = x'{forged}' WHERE position = 6",
        f"UPDATE journal SET digest = x'{forged}'",
    )
    assert found(kept) == []
    assert found(kept, trusted) == [("history_rewritten", "position 6", trusted.digest.hex(), forged)]


def test_a_history_cut_short_is_found_by_whoever_kept_a_head(kept: Books, tamper: Tamper) -> None:
    trusted = kept.head()
    fourth = kept.transfers()[3].digest.hex()
    tamper(
        "DELETE FROM transfer WHERE position = 6",
        "DELETE FROM transfer WHERE position = 5",
        f"UPDATE journal SET position = 4, digest = x'{fourth}'",
    )
    assert found(kept) == []
    (fault,) = found(kept, trusted)
    assert fault[0] == "history_rewritten"
    assert fault[3] == "a journal that ends at position 4"


@pytest.mark.parametrize(
    ("assignment", "reason"),
    [("kind = 9", "9 is not a valid Kind"), ("amount = 0.5", "required argument is not an integer")],
)
def test_a_row_that_holds_no_transfer_is_a_fault_and_no_crash(
    kept: Books, tamper: Tamper, assignment: str, reason: str
) -> None:
    tamper(f"UPDATE transfer SET {assignment} WHERE position = 2")
    faults = found(kept)
    assert faults[0] == ("row_changed", "position 2", "a transfer", reason)
    assert {fault[0] for fault in faults[1:]} == {"counter_changed"}
