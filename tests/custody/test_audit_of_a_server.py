"""What somebody with a superuser's hands does to a ledger on a server is named as it is in a file."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from custody.accounts import Chart
from custody.books import Books
from custody.database import open_database
from custody.transfers import Kind, Reason, Transfer

CHART = Chart("USDC")
VAULT, FUND, VENUE = CHART.vault(), CHART.available("fund"), CHART.delegated("fund", "venue")
HISTORY = (
    Transfer("t1", VAULT.id, FUND.id, 100, Reason.DEPOSIT, reference="wire"),
    Transfer("t2", FUND.id, VENUE.id, 30, Reason.DELEGATION, Kind.PENDING),
    Transfer("t3", "", "", 20, Reason.DELEGATION, Kind.POST, "t2"),
    Transfer("t4", VAULT.id, FUND.id, 1, Reason.DEPOSIT),
)
"""Sealed at 2 and at 4. Keys: vault 1, fund 2, venue 3."""


@pytest.fixture
def kept(postgres_url: str) -> Iterator[Books]:
    with closing(open_database(postgres_url)) as database:
        books = Books(database)
        books.open_accounts([VAULT, FUND, VENUE])
        assert all(outcome.ok for outcome in books.post(HISTORY[:2], 9) + books.post(HISTORY[2:], 12))
        yield books


@pytest.fixture
def tamper(kept: Books, postgres_url: str) -> Callable[..., None]:
    """Statements that triggers, foreign keys and CHECKs do not hold back."""
    assert kept.verify() == []  # a control: whatever is found was put there

    def execute(*statements: str) -> None:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            checks = connection.execute(
                "SELECT conrelid::regclass, conname FROM pg_constraint"
                " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
            )
            for table, name in checks.fetchall():
                connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'.encode())
            connection.execute("SET session_replication_role = replica")
            for statement in statements:
                assert connection.execute(statement.encode()).rowcount > 0, f"changed nothing: {statement}"

    return execute


def swap(table: str, one: int, other: int) -> list[str]:
    places = ((99, one), (one, other), (other, 99))
    return [f"UPDATE {table} SET position = {to} WHERE position = {at}" for to, at in places]


TAMPERED: dict[str, tuple[list[str], set[tuple[str, str]]]] = {
    "amount": (["UPDATE transfer SET amount = 101 WHERE position = 1"], {("row_changed", "position 1 (t1)")}),
    "reference": (["UPDATE transfer SET reference = 'x' WHERE position = 1"], {("row_changed", "position 1 (t1)")}),
    "id": (["UPDATE transfer SET id = 'other' WHERE position = 4"], {("row_changed", "position 4 (other)")}),
    "checksum": (["UPDATE transfer SET checksum = 7 WHERE position = 3"], {("row_changed", "position 3 (t3)")}),
    "amount and counters": (
        [
            "UPDATE transfer SET amount = 2 WHERE position = 4",
            "UPDATE account SET debits_posted = debits_posted + 1 WHERE key = 1",
            "UPDATE account SET credits_posted = credits_posted + 1 WHERE key = 2",
        ],
        {("row_changed", "position 4 (t4)")},
    ),
    "removed": (["DELETE FROM transfer WHERE position = 1"], {("row_missing", "position 1")}),
    "the last": (["DELETE FROM transfer WHERE position = 4"], {("row_missing", "position 4")}),
    "swapped": (
        swap("transfer", 1, 4),
        {("row_out_of_order", "position 1 (t4)"), ("row_out_of_order", "position 4 (t1)")},
    ),
    "seal": (
        ["UPDATE seal SET recorded_at_s = 8 WHERE position = 2"],
        {("seal_broken", "the seal at position 2, behind position 0")},
    ),
    "no seal": (
        ["DELETE FROM seal WHERE position = 4"],
        {("row_not_sealed", "position 3 (t3)"), ("row_not_sealed", "position 4 (t4)")},
    ),
    "definition": (["UPDATE account SET code = 9 WHERE key = 3"], {("account_changed", VENUE.id)}),
    "account": (["DELETE FROM account WHERE key = 3"], {("account_missing", "account key 3")}),
    "counter": (
        ["UPDATE account SET credits_posted = credits_posted + 1 WHERE key = 2"],
        {("counter_changed", f"{FUND.id} credits_posted")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_whatever_was_done_is_named(kept: Books, tamper: Callable[..., None], what: str) -> None:
    statements, expected = TAMPERED[what]
    tamper(*statements)
    told = {(fault.kind.value, fault.where) for fault in kept.verify()}
    assert expected <= told
    beside = {kind for kind, _where in told - expected}
    assert beside <= {"counter_changed", "resolves_nothing", "seal_broken"}
