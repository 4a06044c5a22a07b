"""What raw SQL cannot store: the CHECKs stand even where the program is bypassed, on either database."""

import contextlib
from collections.abc import Callable

import pytest
from sqlalchemy import text

from custody.database import Database, DatabaseError

Raw = Callable[..., list[tuple[object, ...]]]

ACCOUNT = {
    "key": 4,
    "id": "USDC/other",
    "asset": "USDC",
    "code": 1,
    "limit_rule": 0,
    "debits_pending": 0,
    "debits_posted": 0,
    "credits_pending": 0,
    "credits_posted": 0,
    "closed_after": None,
    "closed_at_s": None,
    "digest": bytes(32),
}
TRANSFER = {
    "position": 3,
    "id": "raw",
    "debit_account": 1,
    "credit_account": 2,
    "amount": 1,
    "reason": 1,
    "kind": 1,
    "pending_position": None,
    "linked": 0,
    "reference": "",
    "occurred_at_s": 0,
    "expires_at_s": 0,
    "checksum": 0,
}
SEAL = {"position": 3, "accounts": 3, "recorded_at_s": 0, "digest": bytes(32)}
ROWS: dict[str, dict[str, object]] = {"account": ACCOUNT, "transfer": TRANSFER, "seal": SEAL}

# What both call a rule without a name of ours.
NOT_NULL, FOREIGN_KEY, UNIQUE = r"(?i)not.null constraint", r"(?i)foreign key constraint", r"(?i)unique constraint"


@pytest.fixture
def raw(either_database: Database) -> Raw:
    """Raw SQL in a transaction of its own, as someone with the database in hand would write it."""

    def execute(statement: str, **values: object) -> list[tuple[object, ...]]:
        with either_database.transaction() as tx:
            result = tx.execute(text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    return execute


@pytest.fixture
def funded(raw: Raw) -> None:
    """The vault (1) holds 100, all the fund's (2); 30 of it are pending to the venue (3). The fund may not overdraw."""
    insert(raw, "account", key=1, id="USDC/vault", limit_rule=2, debits_posted=100)
    insert(raw, "account", key=2, id="USDC/fund", code=2, limit_rule=1, credits_posted=100, debits_pending=30)
    insert(raw, "account", key=3, id="USDC/venue", code=3, limit_rule=1, credits_pending=30)
    insert(raw, "transfer", position=1, id="deposit", amount=100)
    insert(raw, "transfer", position=2, id="pending", debit_account=2, credit_account=3, amount=30, kind=2)
    insert(raw, "seal", position=2)


def insert(raw: Raw, table: str, **changed: object) -> None:
    row = {**ROWS[table], **changed}
    marks = ", ".join(f":{name}" for name in row)
    raw(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", **row)


@pytest.mark.usefixtures("funded")
def test_the_rows_that_the_refused_ones_start_from_are_accepted(raw: Raw) -> None:
    for table in ROWS:
        insert(raw, table)
    insert(raw, "transfer", position=4, id="post", kind=3, pending_position=2)
    assert [raw(f"SELECT count(*) FROM {table}") for table in ROWS] == [[(4,)], [(4,)], [(2,)]]


WRONG_TRANSFERS: list[tuple[dict[str, object], str]] = [
    ({"amount": 0}, "amount_is_positive"),
    ({"amount": -1}, "amount_is_positive"),
    ({"amount": None}, NOT_NULL),
    ({"credit_account": 1}, "accounts_are_different"),
    ({"credit_account": 9}, FOREIGN_KEY),
    ({"debit_account": 9}, FOREIGN_KEY),
    ({"kind": 5}, "kind_is_known"),
    ({"kind": 0}, "kind_is_known"),
    ({"kind": 3}, "resolves_a_pending_one"),
    ({"pending_position": 2}, "resolves_a_pending_one"),
    ({"kind": 4, "pending_position": 9}, FOREIGN_KEY),
    ({"reason": 99}, "reason_is_known"),
    ({"reason": 0}, "reason_is_known"),
    ({"linked": 2}, "linked_is_a_flag"),
    ({"id": "deposit"}, UNIQUE),
    ({"id": ""}, "id_is_short"),
    ({"id": "x" * 65}, "id_is_short"),
    ({"id": None}, NOT_NULL),
    ({"position": 2}, UNIQUE),
    ({"position": 0}, "position_is_positive"),
    ({"checksum": -1}, "checksum_has_32_bits"),
    ({"checksum": 2**32}, "checksum_has_32_bits"),
    ({"expires_at_s": 9}, "expires_after_it_occurred"),
    ({"kind": 2, "expires_at_s": 9, "occurred_at_s": 9}, "expires_after_it_occurred"),
]


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize(("changed", "constraint"), WRONG_TRANSFERS)
def test_a_transfer_row_that_says_the_impossible_is_refused(
    raw: Raw, changed: dict[str, object], constraint: str
) -> None:
    with pytest.raises(DatabaseError, match=constraint):
        insert(raw, "transfer", **changed)
    assert raw("SELECT count(*) FROM transfer") == [(2,)]


WRONG_ACCOUNTS: list[tuple[dict[str, object], str]] = [
    ({"key": 3}, UNIQUE),
    ({"key": 0}, "key_is_positive"),
    ({"id": "USDC/fund"}, UNIQUE),
    ({"code": 0}, "code_is_known"),
    ({"code": 99}, "code_is_known"),
    ({"limit_rule": 3}, "limit_rule_is_known"),
    ({"limit_rule": 1, "debits_posted": 1}, "debits_within_credits"),
    ({"limit_rule": 2, "credits_pending": 1}, "credits_within_debits"),
    ({"closed_after": 2}, "is_empty_when_closed"),
    ({"closed_at_s": 2}, "is_empty_when_closed"),
    ({"closed_after": 2, "closed_at_s": 2, "debits_posted": 1}, "is_empty_when_closed"),
    ({"closed_after": 2, "closed_at_s": 2, "credits_pending": 1}, "is_empty_when_closed"),
]


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize(("changed", "constraint"), WRONG_ACCOUNTS)
def test_an_account_row_that_says_the_impossible_is_refused(
    raw: Raw, changed: dict[str, object], constraint: str
) -> None:
    with pytest.raises(DatabaseError, match=constraint):
        insert(raw, "account", **changed)
    assert raw("SELECT count(*) FROM account") == [(3,)]


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize(
    ("changed", "constraint"),
    [
        ({"position": 2}, UNIQUE),
        ({"position": 0}, "position_is_positive"),
        ({"accounts": 0}, "accounts_are_positive"),
        ({"accounts": None}, NOT_NULL),
        ({"digest": bytes(31)}, "digest_is_sha256"),
    ],
)
def test_a_seal_row_that_says_the_impossible_is_refused(raw: Raw, changed: dict[str, object], constraint: str) -> None:
    with pytest.raises(DatabaseError, match=constraint):
        insert(raw, "seal", **changed)
    assert raw("SELECT count(*) FROM seal") == [(1,)]


@pytest.mark.usefixtures("funded")
def test_a_pending_transfer_ends_only_once(raw: Raw) -> None:
    insert(raw, "transfer", kind=3, pending_position=2)
    with pytest.raises(DatabaseError, match=f"{UNIQUE}.*pending_position"):
        insert(raw, "transfer", position=4, id="again", kind=4, pending_position=2)


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize(
    ("key", "assignment", "constraint"),
    [
        (2, "debits_posted = 71", "debits_within_credits"),
        (2, "debits_pending = 101", "debits_within_credits"),
        (2, "credits_posted = 29", "debits_within_credits"),
        (1, "credits_posted = 101", "credits_within_debits"),
        (1, "credits_pending = 101", "credits_within_debits"),
        (2, "debits_pending = -1", "counters_are_not_negative"),
        (3, "credits_pending = -1", "counters_are_not_negative"),
        (1, "code = 99", "code_is_known"),
        (1, "limit_rule = 3", "limit_rule_is_known"),
        (1, "key = 9", FOREIGN_KEY),
        (2, "closed_after = 2, closed_at_s = 9", "is_empty_when_closed"),
    ],
)
def test_a_counter_that_would_break_its_limit_is_refused(raw: Raw, key: int, assignment: str, constraint: str) -> None:
    with pytest.raises(DatabaseError, match=constraint):
        raw(f"UPDATE account SET {assignment} WHERE key = {key}")


@pytest.mark.usefixtures("funded")
def test_a_limit_can_be_reached_to_the_unit_and_an_empty_account_closed(raw: Raw) -> None:
    raw("UPDATE account SET debits_posted = 70 WHERE key = 2")
    raw("UPDATE account SET credits_posted = 100 WHERE key = 1")
    insert(raw, "account", closed_after=2, closed_at_s=9, debits_posted=5, credits_posted=5)


WHOLE = [
    *(("transfer", name) for name in ("amount", "reason", "kind", "linked", "debit_account", "credit_account")),
    *(("transfer", name) for name in ("occurred_at_s", "expires_at_s", "checksum")),
    *(("account", name) for name in ("code", "limit_rule", "debits_posted", "credits_pending", "credits_posted")),
    ("account", "debits_pending"),
    ("seal", "accounts"),
    ("seal", "recorded_at_s"),
]


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize(("table", "column"), WHOLE)
@pytest.mark.parametrize("value", [1.25, "ten"])
def test_no_whole_number_becomes_anything_else(
    either_database: Database, raw: Raw, table: str, column: str, value: object
) -> None:
    """SQLite would store it as it is, were its tables not STRICT; PostgreSQL refuses words and rounds fractions."""
    statement = f"UPDATE {table} SET {column} = :value"
    if either_database.dialect == "sqlite":
        with pytest.raises(DatabaseError, match=rf"cannot store (REAL|TEXT) value in INTEGER column {table}\.{column}"):
            raw(statement, value=value)
    elif isinstance(value, str):
        with pytest.raises(DatabaseError, match="invalid input syntax for type"):
            raw(statement, value=value)
    else:
        before = raw(f"SELECT {column} FROM {table}")
        with contextlib.suppress(DatabaseError):  # where what it is rounded to is refused for another reason
            raw(statement, value=value)
        after = raw(f"SELECT {column} FROM {table}")
        assert after in (before, [(1,)] * len(before))


def test_ids_stand_in_the_order_of_their_bytes(raw: Raw) -> None:
    ids = ["b", "a", "B", "A/1", "A-1", "a é", "Z"]
    for key, name in enumerate(ids, start=1):
        insert(raw, "account", key=key, id=name)
    in_order = [name for (name,) in raw("SELECT id FROM account ORDER BY id")]
    assert in_order == sorted(ids, key=str.encode)
