"""What the books said at any earlier point: totals as of a position, transfers by what they say, statements.

A point in the journal is a position: what stands up to it never changes, so neither does an answer about it. A time is
turned into a position first, that of the last seal which is not later; time never falls along the seals, so every
answer is that of a whole prefix of the journal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    TextClause,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    text,
    union_all,
)

from custody.accounts import Account, Code, Totals
from custody.books import BooksError
from custody.database import Database
from custody.journal import Recorded
from custody.rows import CREDIT, DEBIT, AnyRow, account_of, recorded, recorded_of
from custody.statement import Statement, draw
from custody.tables import ACCOUNT, HAS_REFERENCE, SEAL, TRANSFER
from custody.transfers import Kind, Reason

_PAGE = 100
_ENDING = TRANSFER.alias("ending")  # the POST or VOID of a pending transfer

Clause = ColumnElement[bool] | TextClause


@dataclass(frozen=True, slots=True)
class Query:
    """Which transfers are asked for: those that meet every condition which is given, on either side for accounts.

    `from_s` and `to_s`: recorded from the first until before the second (UTC seconds). An empty reference is none: it
    finds nothing.
    """

    account_id: str | None = None
    code: Code | None = None
    reference: str | None = None
    reason: Reason | None = None
    from_s: int | None = None
    to_s: int | None = None


class History:
    """The past of the books in a database; it only reads, each answer from one moment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def position_at(self, at_s: int) -> int:
        """The position of the last seal recorded at or before `at_s` (UTC seconds); 0 before the first."""
        with self._database.snapshot() as reader:
            return _position_at(reader, at_s)

    def totals(self, account_id: str, position: int) -> Totals:
        """The four counters of an account, in ledger units, after the transfer at `position`; 0 is before the first.

        BooksError where the account is not open, or the journal ends before that position.
        """
        with self._database.snapshot() as reader:
            _require_written(reader, position)
            key, _ = _account(reader, account_id)
            return _totals(reader, key, position)

    def all_totals(self, position: int) -> dict[str, Totals]:
        """`totals` of every account that is open today, by id: when it was opened is not in the journal."""
        with self._database.snapshot() as reader:
            _require_written(reader, position)
            debits, credits_ = (_sums(reader, position, side) for side in _SIDES)
            accounts = reader.execute(select(ACCOUNT.c.id, ACCOUNT.c.key).order_by(ACCOUNT.c.id)).all()
        return {name: Totals(*debits.get(key, (0, 0)), *credits_.get(key, (0, 0))) for name, key in accounts}

    def find(self, query: Query, after: int = 0, limit: int = _PAGE) -> list[Recorded]:
        """Up to `limit` transfers behind position `after` that answer the query, in journal order.

        The next page is asked for with the last one's position. BooksError for a limit below 1.
        """
        if limit < 1:
            raise BooksError(f"a page holds at least one transfer, not {limit}")
        with self._database.snapshot() as reader:
            conditions = [TRANSFER.c.position > after, *_conditions(query), *_period(reader, query.from_s, query.to_s)]
            return [recorded_of(row) for row in reader.execute(_touching(query.account_id, conditions, limit))]

    def statement(self, account_id: str, from_s: int, to_s: int) -> Statement:
        """The statement of an account for what was recorded from `from_s` until before `to_s` (UTC seconds).

        BooksError where the account is not open or the period ends before it begins; StatementError where the journal
        contradicts itself. It is held in memory as a whole.
        """
        if to_s < from_s:
            raise BooksError(f"a statement cannot end at {to_s}, before it begins at {from_s}")
        with self._database.snapshot() as reader:
            key, account = _account(reader, account_id)
            opening, closing = (_totals(reader, key, _position_at(reader, end_s - 1)) for end_s in (from_s, to_s))
            rows = reader.execute(_touching(account_id, _period(reader, from_s, to_s)))
            return draw(account, from_s, to_s, opening, closing, (recorded_of(row) for row in rows))


_SIDES = (TRANSFER.c.debit_account, TRANSFER.c.credit_account)


def _position_at(reader: Connection, at_s: int) -> int:
    """Time never falls along the seals, so the last one of a time is found by halving: no index of times is needed."""
    known, unknown = 0, _end(reader) + 1
    while unknown - known > 1:
        middle = (known + unknown) // 2
        behind = select(SEAL).where(SEAL.c.position >= middle).order_by(SEAL.c.position).limit(1)
        sealed = reader.execute(behind).one()
        if sealed.recorded_at_s <= at_s:
            known = sealed.position
        else:
            unknown = middle
    return known


def _end(reader: Connection) -> int:
    return int(reader.execute(select(func.coalesce(func.max(SEAL.c.position), 0))).scalar_one())


def _period(reader: Connection, from_s: int | None, to_s: int | None) -> list[Clause]:
    bounds: list[Clause] = []
    if from_s is not None:
        bounds.append(TRANSFER.c.position > _position_at(reader, from_s - 1))
    if to_s is not None:
        bounds.append(TRANSFER.c.position <= _position_at(reader, to_s - 1))
    return bounds


def _conditions(query: Query) -> list[Clause]:
    conditions: list[Clause] = []
    if query.code is not None:
        conditions.append(or_(*(side.c.code == int(query.code) for side in (DEBIT, CREDIT))))
    if query.reference is not None:
        conditions += [TRANSFER.c.reference == query.reference, text(f"transfer.{HAS_REFERENCE}")]
    if query.reason is not None:
        conditions.append(TRANSFER.c.reason == int(query.reason))
    return conditions


def _touching(account_id: str | None, conditions: Sequence[Clause], limit: int | None = None) -> Select[AnyRow]:
    """The transfers that meet the conditions, in journal order; of an account, on either side."""
    if account_id is None:
        return recorded().where(*conditions).order_by(TRANSFER.c.position).limit(limit)
    # One ordered walk along each side's index, merged: an OR would collect and sort all that the account ever did.
    key = select(ACCOUNT.c.key).where(ACCOUNT.c.id == account_id).scalar_subquery()
    sides = [
        select(recorded().where(side == key, *conditions).order_by(TRANSFER.c.position).limit(limit).subquery())
        for side in _SIDES
    ]
    either = union_all(*sides).subquery()
    return select(either).order_by(either.c.position).limit(limit)


def _totals(reader: Connection, key: int, position: int) -> Totals:
    debits, credits_ = (_sums(reader, position, side, key).get(key, (0, 0)) for side in _SIDES)
    return Totals(*debits, *credits_)


def _sums(
    reader: Connection, position: int, side: ColumnElement[int], key: int | None = None
) -> dict[int, tuple[int, int]]:
    """Units pending and posted on one side of each account, or of one, by the transfers up to a position."""
    is_ended = exists().where(_ENDING.c.pending_position == TRANSFER.c.position, _ENDING.c.position <= position)
    is_pending = and_(TRANSFER.c.kind == int(Kind.PENDING), ~is_ended)
    is_posted = TRANSFER.c.kind.in_([int(Kind.POSTED), int(Kind.POST)])
    pending, posted = (func.sum(case((rule, TRANSFER.c.amount), else_=0)) for rule in (is_pending, is_posted))
    counted = select(side, pending, posted).where(TRANSFER.c.position <= position).group_by(side)
    if key is not None:
        counted = counted.where(side == key)
    return {key: (int(held), int(moved)) for key, held, moved in reader.execute(counted)}


def _account(reader: Connection, account_id: str) -> tuple[int, Account]:
    row = reader.execute(select(ACCOUNT).where(ACCOUNT.c.id == account_id)).first()
    if row is None:
        raise BooksError(f"there is no account {account_id!r}")
    return row.key, account_of(row)


def _require_written(reader: Connection, position: int) -> None:
    end = _end(reader)
    if not 0 <= position <= end:
        raise BooksError(f"there is no position {position}: the journal ends at {end}")
