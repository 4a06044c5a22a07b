"""The stored ledger: the only writer of transfers, and what may be asked of them.

Every call is one database transaction. `post` is durable when it returns; `post_in` leaves that to the caller's own
transaction, so that what must be written together is. Reads take an open transaction too, and then see what it wrote.
"""

import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, or_, select, text

from custody import ledger
from custody.accounts import Account, Totals
from custody.audit import Fault, FaultKind, TrialBalance
from custody.closing import Closing, judge_closing
from custody.columns import Columns, Whole, codes_of, refused
from custody.database import Database
from custody.journal import START, Head, Recorded
from custody.posting import Posting
from custody.rows import CREDIT, DEBIT, account_of, recorded, recorded_of, totals_of
from custody.state import LedgerState
from custody.store import store_of
from custody.tables import ACCOUNT, HAS_EXPIRY, HAS_PENDING, HAS_REFERENCE, SEAL, TRANSFER
from custody.tallies import InHand, Tally
from custody.transfers import Kind, Outcome, Transfer
from custody.verification import verify

__all__ = ["Books", "BooksError", "Fault", "FaultKind", "Head", "Recorded", "TrialBalance"]

_PAGE = 100
_POSTING = "posting"
_NO_ROW = (struct.error, UnicodeEncodeError, OverflowError)
_UNWRITABLE = "a transfer holds what no row can ({}); nothing was written"


class BooksError(RuntimeError):
    """The books were asked about what is not in them, or contradict themselves."""


class Books:
    """The custodian's books in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- writing ---------------------------------------------------------------------------------------------------

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

    def keys(self, account_ids: Sequence[str]) -> Whole:
        """The accounts' keys, for `Columns`; BooksError where one is not open."""
        with self._reading(None) as reader:
            rows = reader.execute(select(ACCOUNT.c.id, ACCOUNT.c.key).where(ACCOUNT.c.id.in_(set(account_ids))))
            keys = {row.id: row.key for row in rows}
        missing = next((name for name in account_ids if name not in keys), None)
        if missing is not None:
            raise BooksError(f"there is no account {missing!r}")
        return np.array([keys[name] for name in account_ids], dtype=np.int64)

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

    # -- reading ---------------------------------------------------------------------------------------------------

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
