"""What may be asked of the stored books. Reads take an open transaction too, and then see what it has written."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from sqlalchemy import Connection, func, or_, select, text

from custody.accounts import Account, Totals
from custody.columns import Whole
from custody.database import Database
from custody.faults import Fault, TrialBalance
from custody.journal import START, Head, Recorded
from custody.rows import CREDIT, DEBIT, account_of, recorded, recorded_of, totals_of
from custody.tables import ACCOUNT, HAS_REFERENCE, SEAL, TRANSFER
from custody.transfers import Kind
from custody.verification import verify

_PAGE = 100


class BooksError(RuntimeError):
    """The books were asked about what is not in them, or contradict themselves."""


class Readings:
    """The books in a database, for whoever only reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accounts(self, tx: Connection | None = None) -> tuple[Account, ...]:
        """Every account, closed ones too, by id."""
        with self._reading(tx) as reader:
            return tuple(account_of(row) for row in reader.execute(select(ACCOUNT).order_by(ACCOUNT.c.id)))

    def closed_accounts(self, tx: Connection | None = None) -> dict[str, int]:
        """The accounts that were closed, and when (UTC seconds)."""
        closed = select(ACCOUNT.c.id, ACCOUNT.c.closed_at_s).where(ACCOUNT.c.closed_at_s.is_not(None))
        with self._reading(tx) as reader:
            return {row.id: row.closed_at_s for row in reader.execute(closed.order_by(ACCOUNT.c.id))}

    def totals(self, account_id: str, tx: Connection | None = None) -> Totals:
        """The four counters of an account, in ledger units; BooksError where it is not open."""
        with self._reading(tx) as reader:
            row = reader.execute(select(ACCOUNT).where(ACCOUNT.c.id == account_id)).first()
        if row is None:
            raise BooksError(f"there is no account {account_id!r}")
        return totals_of(row)

    def totals_of(self, account_ids: Collection[str], tx: Connection | None = None) -> dict[str, Totals]:
        """The four counters of several accounts at one moment, in ledger units; unknown ones are left out."""
        with self._reading(tx) as reader:
            rows = reader.execute(select(ACCOUNT).where(ACCOUNT.c.id.in_(account_ids)))
            return {row.id: totals_of(row) for row in rows}

    def balance(self, account_id: str, tx: Connection | None = None) -> int:
        """Posted credits less posted debits, in ledger units; BooksError where the account is not open."""
        return self.totals(account_id, tx).balance

    def all_totals(self, tx: Connection | None = None) -> dict[str, Totals]:
        """The four counters of every account, at one moment."""
        with self._reading(tx) as reader:
            return {row.id: totals_of(row) for row in reader.execute(select(ACCOUNT).order_by(ACCOUNT.c.id))}

    def transfers(
        self,
        account_id: str | None = None,
        reference: str | None = None,
        after: int = 0,
        limit: int = _PAGE,
        tx: Connection | None = None,
    ) -> list[Recorded]:
        """Up to `limit` transfers behind position `after`, in journal order; of an account (either side) or reference.

        The next page is asked for with the last one's position. An empty reference is none: it finds nothing.
        """
        page = recorded().where(TRANSFER.c.position > after)
        if account_id is not None:
            page = page.where(or_(DEBIT.c.id == account_id, CREDIT.c.id == account_id))
        if reference is not None:
            page = page.where(TRANSFER.c.reference == reference, text(f"transfer.{HAS_REFERENCE}"))
        with self._reading(tx) as reader:
            return [recorded_of(row) for row in reader.execute(page.order_by(TRANSFER.c.position).limit(limit))]

    def head(self, tx: Connection | None = None) -> Head:
        """Where the journal ends; an auditor who notes it can later prove that nothing before it has changed."""
        with self._reading(tx) as reader:
            row = reader.execute(select(SEAL).order_by(SEAL.c.position.desc()).limit(1)).first()
        return START.head if row is None else Head(row.position, row.digest)

    def trial_balance(self, tx: Connection | None = None) -> tuple[TrialBalance, ...]:
        """Posted debits and credits per asset, recounted from the transfers; BooksError where a counter disagrees."""
        with self._reading(tx) as reader:
            accounts = reader.execute(select(ACCOUNT).order_by(ACCOUNT.c.asset, ACCOUNT.c.id)).all()
            debits = self._recount(reader, debits=True)
            credits_ = self._recount(reader, debits=False)
        per_asset: dict[str, TrialBalance] = {}
        for row in accounts:
            counted = (debits.get(row.key, 0), credits_.get(row.key, 0))
            if counted != (row.debits_posted, row.credits_posted):
                raise BooksError(f"the counters of {row.id} disagree with its transfers; verify names every fault")
            sofar = per_asset.get(row.asset, TrialBalance(row.asset, 0, 0))
            per_asset[row.asset] = TrialBalance(row.asset, sofar.debits + counted[0], sofar.credits + counted[1])
        return tuple(per_asset.values())

    def verify(self, trusted: Head | None = None) -> list[Fault]:
        """Follow the chain of seals and recount every counter; the faults, empty for sound books.

        `trusted` is a head noted earlier outside the database.
        """
        return verify(self._database, trusted)

    def keys(self, account_ids: Sequence[str]) -> Whole:
        """The accounts' keys, for `Columns`; BooksError where one is not open."""
        with self._reading(None) as reader:
            rows = reader.execute(select(ACCOUNT.c.id, ACCOUNT.c.key).where(ACCOUNT.c.id.in_(set(account_ids))))
            keys = {row.id: row.key for row in rows}
        missing = next((name for name in account_ids if name not in keys), None)
        if missing is not None:
            raise BooksError(f"there is no account {missing!r}")
        return np.array([keys[name] for name in account_ids], dtype=np.int64)

    def _recount(self, reader: Connection, *, debits: bool) -> dict[int, int]:
        side = TRANSFER.c.debit_account if debits else TRANSFER.c.credit_account
        posted = TRANSFER.c.kind.in_([Kind.POSTED, Kind.POST])
        sums = select(side, func.sum(TRANSFER.c.amount)).where(posted).group_by(side)
        return {key: int(amount) for key, amount in reader.execute(sums)}

    @contextmanager
    def _reading(self, tx: Connection | None) -> Iterator[Connection]:
        if tx is not None:
            yield tx
        else:
            with self._database.snapshot() as reader:
                yield reader
