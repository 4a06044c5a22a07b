"""What the ledger is measured against: an ORM transaction a transfer, and the bare loop that checks nothing.

Both keep the same facts of a transfer as the ledger does, in columns of the same names and under the same indexes, and
commit as durably. The ORM does what an application has to: it looks whether the id is known, so that a repeated request
counts once, and whether the payer has the money. The bare loop inserts rows that are ready made, and looks at nothing.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import BigInteger, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import registry
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Field, Session, SQLModel, select

DURABLE = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")


class Deposit(NamedTuple):
    """A transfer as the rivals take it: accounts by their place in the cast, from 1."""

    id: str
    debit: int
    credit: int
    amount: int


class OrmBase(SQLModel, registry=registry()):
    """Tables of the rival, kept apart from ours."""


class OrmAccount(OrmBase, table=True):
    """An account as a web application would have it."""

    __tablename__ = "orm_account"

    id: str = Field(primary_key=True)
    may_be_overdrawn: bool = False
    debits: int = Field(default=0, sa_type=BigInteger)
    credits: int = Field(default=0, sa_type=BigInteger)


class OrmTransfer(OrmBase, table=True):
    """A transfer as a web application would have it."""

    __tablename__ = "orm_transfer"

    position: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    debit_account: str = Field(foreign_key="orm_account.id", index=True)
    credit_account: str = Field(foreign_key="orm_account.id", index=True)
    amount: int = Field(sa_type=BigInteger)
    reason: int
    kind: int
    pending_position: int | None = Field(default=None, foreign_key="orm_transfer.position", unique=True)
    linked: bool
    reference: str
    occurred_at_s: int = Field(sa_type=BigInteger)
    expires_at_s: int = Field(sa_type=BigInteger)
    recorded_at_s: int = Field(sa_type=BigInteger)


class Orm:
    """A SQLModel session and a commit for each transfer: look up the id, load both accounts, check, change, add."""

    def __init__(self, url: str, accounts: Sequence[str]) -> None:
        self._engine: Engine = create_engine(url)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _durable)
        OrmBase.metadata.create_all(self._engine)
        self._names = ["", *accounts]
        with Session(self._engine) as session:
            session.add_all(OrmAccount(id=name, may_be_overdrawn=name == accounts[0]) for name in accounts)
            session.commit()

    def post(self, deposit: Deposit) -> None:
        debit, credit = self._names[deposit.debit], self._names[deposit.credit]
        with Session(self._engine) as session:
            if session.exec(select(OrmTransfer).where(OrmTransfer.id == deposit.id)).first() is not None:
                return
            payer, payee = session.get_one(OrmAccount, debit), session.get_one(OrmAccount, credit)
            if not payer.may_be_overdrawn and payer.debits + deposit.amount > payer.credits:
                raise RuntimeError(f"{debit} cannot pay {deposit.amount}")
            payer.debits += deposit.amount
            payee.credits += deposit.amount
            session.add(
                OrmTransfer(
                    id=deposit.id,
                    debit_account=debit,
                    credit_account=credit,
                    amount=deposit.amount,
                    reason=1,
                    kind=1,
                    linked=False,
                    reference="",
                    occurred_at_s=1,
                    expires_at_s=0,
                    recorded_at_s=1,
                )
            )
            session.commit()

    def close(self) -> None:
        self._engine.dispose()


def _durable(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in DURABLE:
        cursor.execute(pragma)
    cursor.close()


_ACCOUNT = """CREATE TABLE account (key INTEGER PRIMARY KEY, id TEXT UNIQUE, asset TEXT, code INTEGER,
limit_rule INTEGER, debits_pending INTEGER, debits_posted INTEGER, credits_pending INTEGER, credits_posted INTEGER)"""
_TRANSFER = """CREATE TABLE transfer (position INTEGER PRIMARY KEY, id TEXT UNIQUE, debit_account INTEGER,
credit_account INTEGER, amount INTEGER, reason INTEGER, kind INTEGER, pending_position INTEGER, linked INTEGER,
reference TEXT, occurred_at_s INTEGER, expires_at_s INTEGER, checksum INTEGER)"""
_INDEXES = (
    "CREATE INDEX by_debit_account ON transfer (debit_account)",
    "CREATE INDEX by_credit_account ON transfer (credit_account)",
    "CREATE UNIQUE INDEX by_pending ON transfer (pending_position) WHERE pending_position IS NOT NULL",
    "CREATE INDEX by_reference ON transfer (reference) WHERE reference <> ''",
    "CREATE INDEX by_expiry ON transfer (expires_at_s) WHERE expires_at_s > 0",
)
_ADD = "UPDATE account SET {0} = {0} + ? WHERE key = ?"
_INSERT = f"INSERT INTO transfer VALUES ({', '.join('?' * 13)})"


def row_of(deposit: Deposit) -> tuple[object, ...]:
    """A deposit as the bare loop inserts it; its checksum is a number like any other."""
    return (None, *deposit, 1, 1, None, 0, "", 1, 0, 2**31)


class Bare:
    """The sqlite3 module alone: insert the row, add to two balances, commit. No checks, no chain, no idempotency."""

    def __init__(self, path: Path, accounts: Sequence[str]) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        execute = self._connection.execute
        for statement in (*DURABLE, _ACCOUNT, _TRANSFER, *_INDEXES):
            execute(statement)
        rows = [(name, name.partition("/")[0]) for name in accounts]
        self._connection.executemany("INSERT INTO account VALUES (NULL, ?, ?, 2, 1, 0, 0, 0, 0)", rows)

    def post(self, deposit: Deposit) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        execute(_INSERT, row_of(deposit))
        execute(_ADD.format("debits_posted"), (deposit.amount, deposit.debit))
        execute(_ADD.format("credits_posted"), (deposit.amount, deposit.credit))
        execute("COMMIT")

    def bulk(self, rows: Sequence[tuple[object, ...]], deposits: Sequence[Deposit]) -> int:
        """The same rows in one transaction, with one balance update per touched account."""
        debits: dict[int, int] = {}
        credited: dict[int, int] = {}
        for deposit in deposits:
            debits[deposit.debit] = debits.get(deposit.debit, 0) + deposit.amount
            credited[deposit.credit] = credited.get(deposit.credit, 0) + deposit.amount
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(_INSERT, rows)
        for column, sums in (("debits_posted", debits), ("credits_posted", credited)):
            changes = [(amount, key) for key, amount in sums.items()]
            self._connection.executemany(_ADD.format(column), changes)
        self._connection.execute("COMMIT")
        return len(rows)

    def close(self) -> None:
        self._connection.close()
