"""The stored ledger: the only writer of accounts and transfers. What may be asked of it is `readings.py`'s.

Every call is one database transaction. `post` is durable when it returns; `post_in` leaves that to the caller's own
transaction, so that what must be written together is.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select, text

from custody import ledger
from custody.accounts import Account
from custody.closing import Closing, judge_closing
from custody.columns import Columns, codes_of, refused
from custody.faults import Fault, FaultKind, TrialBalance
from custody.journal import Head, Recorded
from custody.posting import Posting
from custody.readings import BooksError, Readings
from custody.rows import recorded, recorded_of
from custody.state import LedgerState
from custody.store import store_of
from custody.tables import HAS_EXPIRY, HAS_PENDING, TRANSFER
from custody.tallies import InHand, Tally
from custody.transfers import Outcome, Transfer

__all__ = ["Books", "BooksError", "Fault", "FaultKind", "Head", "Recorded", "TrialBalance"]

_POSTING = "posting"
_NO_ROW = (struct.error, UnicodeEncodeError, OverflowError)
_UNWRITABLE = "a transfer holds what no row can ({}); nothing was written"


class Books(Readings):
    """The custodian's books in a database."""

    def open_accounts(self, accounts: Iterable[Account], tx: Connection | None = None) -> None:
        """Open accounts that are not open yet; BooksError where one is open under another definition, or closed."""
        with self._posting(tx) as posting:
            wanted = list(accounts)
            posting.take_in_hand([account.id for account in wanted])
            fresh: dict[str, Account] = {}
            for account in wanted:
                tally = posting.in_hand.by_id.get(account.id)
                earlier = fresh.setdefault(account.id, account) if tally is None else tally.account
                if earlier != account:
                    raise BooksError(f"account {account.id} is open as {earlier}; it cannot become {account}")
                if tally is not None and tally.closed:
                    raise BooksError(f"account {account.id} was closed; open one of another name")
            posting.open_accounts(list(fresh.values()))

    def close_accounts(
        self, account_ids: Sequence[str], closed_at_s: int, tx: Connection | None = None
    ) -> list[Closing]:
        """Close accounts that are empty, for good; one answer each. `closed_at_s`: UTC seconds."""
        with self._posting(tx) as posting:
            posting.take_in_hand(account_ids)
            answers: list[Closing] = []
            closing: list[Tally] = []
            for name in account_ids:
                tally = posting.in_hand.by_id.get(name)
                is_closed = tally is not None and (tally.closed or tally in closing)
                answers.append(judge_closing(name, tally.totals() if tally else None, closed=is_closed))
                if tally is not None and answers[-1].ok and not is_closed:
                    closing.append(tally)
            posting.close_accounts(closing, closed_at_s)
            return answers

    def post(self, transfers: Sequence[Transfer], recorded_at_s: int) -> list[Outcome]:
        """Apply transfers in order, linked ones all or none, in one durable transaction; one outcome each.

        `recorded_at_s` (UTC seconds) is written beside them and decides which pending transfers have expired.
        """
        try:
            with self._database.writing() as driver:
                return self._over(driver).post(transfers, recorded_at_s)
        except _NO_ROW as error:
            raise BooksError(_UNWRITABLE.format(error)) from error

    def post_in(self, tx: Connection, transfers: Sequence[Transfer], recorded_at_s: int) -> list[Outcome]:
        """`post` as a part of the caller's own write transaction: durable when, and only if, that one commits."""
        with self._posting(tx) as posting:
            return posting.post(transfers, recorded_at_s)

    def post_columns(self, columns: Columns, recorded_at_s: int) -> NDArray[np.int16]:
        """`post` for arrays: one code each, as `custody.columns` says; for bulk, where objects cost more than rules."""
        with self._posting(None) as posting:
            answer = posting.post_columns(columns, recorded_at_s)
        return refused(len(columns), answer) if isinstance(answer, dict) else codes_of(answer)

    def expire(self, now_s: int) -> list[Outcome]:
        """Void every pending transfer whose time has run out at `now_s` (UTC seconds)."""
        with self._database.transaction() as tx:
            ended = select(TRANSFER.c.pending_position).where(text(HAS_PENDING))
            due = (
                recorded()
                .where(text(f"transfer.{HAS_EXPIRY}"), TRANSFER.c.expires_at_s <= now_s)
                .where(TRANSFER.c.position.not_in(ended))
                .order_by(TRANSFER.c.position)
            )
            pending = LedgerState(transfers={row.id: recorded_of(row).transfer for row in tx.execute(due)})
            return self.post_in(tx, ledger.expire(pending, now_s), now_s)

    @contextmanager
    def _posting(self, tx: Connection | None) -> Iterator[Posting]:
        """A post in the open transaction, or in one of its own."""
        try:
            if tx is None:
                with self._database.writing() as driver:
                    yield self._over(driver)
            else:
                with self._unless_undone(tx):
                    yield self._over(tx.connection.driver_connection)
        except _NO_ROW as error:
            raise BooksError(_UNWRITABLE.format(error)) from error

    @contextmanager
    def _unless_undone(self, tx: Connection) -> Iterator[None]:
        """In another's transaction what is in hand is kept only where nobody can undo what it says."""
        if tx.in_nested_transaction():
            self._database.kept.clear()
        try:
            yield
        except BaseException:
            self._database.kept.clear()  # it may have moved without being written, and the transaction may go on
            raise
        if tx.in_nested_transaction():
            self._database.kept.clear()  # whoever goes back to the savepoint tells nobody

    def _over(self, driver: object) -> Posting:
        """What the writer has in hand, taken up anew where the database has thrown it away."""
        posting = self._database.kept.get(_POSTING)
        if not isinstance(posting, Posting):
            store = store_of(driver)
            last = store.last_seal()
            opened, closed = store.unsealed(last)
            if any(key != place for place, (key, _) in enumerate(opened, last.accounts + 1)):
                raise BooksError("the accounts' keys have a gap, so none can be opened behind it; verify names it")
            posting = Posting(store, InHand(last, [digest for _, digest in opened], closed))
            self._database.kept[_POSTING] = posting
        return posting
