"""What the ledger is measured against: an ORM transaction a transfer, and the bare loop that checks nothing."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import registry
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Field, Session, SQLModel

DURABLE = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")


class OrmBase(SQLModel, registry=registry()):
    """Tables of the rival, kept apart from ours."""


class OrmAccount(OrmBase, table=True):
    """An account as a web application would have it."""

    id: str = Field(primary_key=True)
    balance: int = 0


class OrmTransfer(OrmBase, table=True):
    """A transfer as a web application would have it."""

    id: str = Field(primary_key=True)
    debit_account: str = Field(foreign_key="ormaccount.id", index=True)
    credit_account: str = Field(foreign_key="ormaccount.id", index=True)
    amount: int


class Orm:
    """One SQLModel session and one commit a transfer: load both accounts, check, change, add, commit."""

    def __init__(self, path: Path, accounts: Sequence[str]) -> None:
        self._engine: Engine = create_engine(f"sqlite:///{path}")
        event.listen(self._engine, "connect", _durable)
        OrmBase.metadata.create_all(self._engine)
        with Session(self._engine) as session:
            session.add_all(OrmAccount(id=account) for account in accounts)
            session.commit()

    def post(self, transfer_id: str, debit: str, credit: str, amount: int) -> None:
        with Session(self._engine) as session:
            payer, payee = session.get_one(OrmAccount, debit), session.get_one(OrmAccount, credit)
            payer.balance -= amount
            payee.balance += amount
            session.add(OrmTransfer(id=transfer_id, debit_account=debit, credit_account=credit, amount=amount))
            session.commit()

    def close(self) -> None:
        self._engine.dispose()


def _durable(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in DURABLE:
        cursor.execute(pragma)
    cursor.close()


class Bare:
    """The sqlite3 module alone: insert the row, add to two balances, commit. No checks, no chain, no idempotency."""

    def __init__(self, path: Path, accounts: Sequence[str]) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in DURABLE:
            self._connection.execute(pragma)
        self._connection.execute("CREATE TABLE account (id TEXT PRIMARY KEY, debits INTEGER, credits INTEGER)")
        self._connection.execute(
            "CREATE TABLE transfer (position INTEGER PRIMARY KEY, id TEXT UNIQUE, debit_account TEXT,"
            " credit_account TEXT, amount INTEGER, reason INTEGER, reference TEXT, occurred_at_s INTEGER,"
            " recorded_at_s INTEGER)"
        )
        for column in ("debit_account", "credit_account"):
            self._connection.execute(f"CREATE INDEX by_{column} ON transfer ({column})")
        self._connection.executemany("INSERT INTO account VALUES (?, 0, 0)", [(account,) for account in accounts])

    def post(self, transfer_id: str, debit: str, credit: str, amount: int) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        execute(
            "INSERT INTO transfer (id, debit_account, credit_account, amount, reason, reference, occurred_at_s,"
            " recorded_at_s) VALUES (?, ?, ?, ?, 1, '', 1, 1)",
            (transfer_id, debit, credit, amount),
        )
        execute("UPDATE account SET debits = debits + ? WHERE id = ?", (amount, debit))
        execute("UPDATE account SET credits = credits + ? WHERE id = ?", (amount, credit))
        execute("COMMIT")

    def bulk(self, rows: Sequence[tuple[str, str, str, int]]) -> None:
        """The same rows in one transaction, with one balance update per touched account."""
        debits: dict[str, int] = {}
        credited: dict[str, int] = {}
        for _, debit, credit, amount in rows:
            debits[debit] = debits.get(debit, 0) + amount
            credited[credit] = credited.get(credit, 0) + amount
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT INTO transfer (id, debit_account, credit_account, amount, reason, reference, occurred_at_s,"
            " recorded_at_s) VALUES (?, ?, ?, ?, 1, '', 1, 1)",
            rows,
        )
        for column, sums in (("debits", debits), ("credits", credited)):
            changes = [(amount, account) for account, amount in sums.items()]
            self._connection.executemany(f"UPDATE account SET {column} = {column} + ? WHERE id = ?", changes)
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()
