"""What raw SQL cannot store: the CHECKs stand even where the program is bypassed."""

from collections.abc import Callable

import pytest

from custody.accounts import Chart
from custody.books import Books
from custody.database import DatabaseError
from custody.transfers import Kind, Reason, Transfer

Raw = Callable[..., list[tuple[object, ...]]]

COLUMNS = {
    "position": 3,
    "id": "raw",
    "debit_account": "USDC/vault",
    "credit_account": "USDC/fees",
    "amount": 1,
    "reason": 1,
    "kind": 1,
    "pending_id": None,
    "linked": 0,
    "reference": "",
    "occurred_at_s": 0,
    "expires_at_s": 0,
    "recorded_at_s": 0,
    "digest": bytes(32),
}


@pytest.fixture
def funded(books: Books, chart: Chart) -> Books:
    """The vault holds 100, all the fund's; 30 of it are pending to the venue."""
    vault, fund, venue = chart.vault().id, chart.available("fund").id, chart.delegated("fund", "venue").id
    books.post([Transfer("deposit", vault, fund, 100, Reason.DEPOSIT)], 1)
    books.post([Transfer("pending", fund, venue, 30, Reason.DELEGATION, Kind.PENDING)], 1)
    return books


def insert(raw: Raw, **changed: object) -> None:
    row = {**COLUMNS, **changed}
    marks = ", ".join("?" * len(row))
    raw(f"INSERT INTO transfer ({', '.join(row)}) VALUES ({marks})", *row.values())


@pytest.mark.usefixtures("funded")
def test_the_row_that_the_refused_ones_start_from_is_accepted(raw: Raw) -> None:
    insert(raw)
    insert(raw, position=4, id="post", kind=3, pending_id="pending")
    assert raw("SELECT count(*) FROM transfer") == [(4,)]


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"amount": 1.5}, "amount_is_whole"),
        ({"amount": "ten"}, "amount_is_whole"),
        ({"amount": 0}, "amount_is_positive"),
        ({"amount": -1}, "amount_is_positive"),
        ({"amount": None}, "NOT NULL"),
        ({"credit_account": "USDC/vault"}, "accounts_are_different"),
        ({"credit_account": "USDC/nowhere"}, "FOREIGN KEY"),
        ({"kind": 5}, "kind_is_known"),
        ({"kind": 0}, "kind_is_known"),
        ({"kind": 3}, "resolves_a_pending_one"),
        ({"pending_id": "pending"}, "resolves_a_pending_one"),
        ({"kind": 4, "pending_id": "nothing"}, "FOREIGN KEY"),
        ({"reason": 99}, "reason_is_known"),
        ({"linked": 2}, "linked_is_a_flag"),
        ({"id": "deposit"}, "UNIQUE"),
        ({"id": ""}, "id_is_short"),
        ({"id": "x" * 65}, "id_is_short"),
        ({"position": 2}, "UNIQUE"),
        ({"position": 0}, "position_is_positive"),
        ({"digest": b"short"}, "digest_is_sha256"),
        ({"expires_at_s": 9}, "expires_after_it_occurred"),
        ({"kind": 2, "expires_at_s": 9, "occurred_at_s": 9}, "expires_after_it_occurred"),
        ({"occurred_at_s": 0.5}, "occurred_at_s_is_whole"),
        ({"recorded_at_s": 0.5}, "recorded_at_s_is_whole"),
    ],
)
def test_a_transfer_row_that_says_the_impossible_is_refused(
    raw: Raw, changed: dict[str, object], constraint: str
) -> None:
    with pytest.raises(DatabaseError, match=constraint):
        insert(raw, **changed)
    assert raw("SELECT count(*) FROM transfer") == [(2,)]


@pytest.mark.usefixtures("funded")
def test_a_pending_transfer_ends_only_once(raw: Raw) -> None:
    insert(raw, kind=3, pending_id="pending")
    with pytest.raises(DatabaseError, match="pending_id"):
        insert(raw, position=4, id="again", kind=4, pending_id="pending")


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize(
    ("account", "assignment", "constraint"),
    [
        ("USDC/client/fund/available", "debits_posted = 71", "debits_within_credits"),
        ("USDC/client/fund/available", "debits_pending = 101", "debits_within_credits"),
        ("USDC/client/fund/available", "credits_posted = 29", "debits_within_credits"),
        ("USDC/vault", "credits_posted = 101", "credits_within_debits"),
        ("USDC/vault", "credits_pending = 101", "credits_within_debits"),
        ("USDC/vault", "debits_posted = 100.5", "debits_posted_is_whole"),
        ("USDC/client/fund/available", "debits_pending = -1", "counters_are_not_negative"),
        ("USDC/vault", "code = 99", "code_is_known"),
        ("USDC/vault", "limit_rule = 3", "limit_rule_is_known"),
        ("USDC/vault", "id = 'USDC/renamed'", "FOREIGN KEY"),
    ],
)
def test_a_counter_that_would_break_its_limit_is_refused(
    raw: Raw, account: str, assignment: str, constraint: str
) -> None:
    with pytest.raises(DatabaseError, match=constraint):
        raw(f"UPDATE account SET {assignment} WHERE id = ?", account)


@pytest.mark.usefixtures("funded")
def test_a_limit_can_be_reached_to_the_unit(raw: Raw) -> None:
    raw("UPDATE account SET debits_posted = 70 WHERE id = 'USDC/client/fund/available'")
    raw("UPDATE account SET credits_posted = 100 WHERE id = 'USDC/vault'")


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize("assignment", ["id = 2", "position = -1", "position = 0.5", "digest = x'00'"])
def test_the_head_is_one_whole_row(raw: Raw, assignment: str) -> None:
    with pytest.raises(DatabaseError, match="journal_"):
        raw(f"UPDATE journal SET {assignment}")
