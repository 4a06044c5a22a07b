"""The stored ledger: the only writer of transfers, and what may be asked of them.

Every call is one database transaction. `post` is durable when it returns; `post_in` leaves that to the caller's own
transaction, so that what must be written together is. Reads take an open transaction too, and then see what it wrote.
"""

import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, func, insert, or_, select, text

from custody import ledger
from custody.accounts import Account, Totals
from custody.audit import Audit, Fault, FaultKind, TrialBalance
from custody.database import Database
from custody.journal import GENESIS, START, Head, Recorded
from custody.rows import account_of, account_row, recorded_of, totals_of, transfer_of
from custody.state import LedgerState
from custody.stored import append, load_head, load_state, store_totals
from custody.tables import ACCOUNT, HAS_EXPIRY, HAS_REFERENCE, TRANSFER
from custody.transfers import Kind, Outcome, Transfer

__all__ = ["Books", "BooksError", "Fault", "FaultKind", "Head", "Recorded", "TrialBalance"]

_PAGE = 100
_STREAM = 5_000  # rows held at a time while the journal is walked


class BooksError(RuntimeError):
    """The books were asked about what is not in them, or contradict themselves."""


class Books:
    """The custodian's books in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_accounts(self, accounts: Iterable[Account], tx: Connection | None = None) -> None:
        """Open accounts that are not open yet; BooksError where one is open under another definition."""
        if tx is None:
            with self._database.transaction() as own:
                self._open_accounts_in(own, accounts)
        else:
            self._open_accounts_in(tx, accounts)

    def post(self, transfers: Sequence[Transfer], recorded_at_s: int) -> list[Outcome]:
        """Apply transfers in order, linked ones all or none, in one durable transaction; one outcome each.

        `recorded_at_s` (UTC seconds) is written beside them and decides which pending transfers have expired.
        """
        with self._database.transaction() as tx:
            return self.post_in(tx, transfers, recorded_at_s)

    def post_in(self, tx: Connection, transfers: Sequence[Transfer], recorded_at_s: int) -> list[Outcome]:
        """`post` as a part of the caller's own write transaction: durable when, and only if, that one commits."""
        state = load_state(tx, transfers)
        known, before = len(state.transfers), dict(state.totals)
        outcomes = ledger.apply(state, transfers, recorded_at_s)
        append(tx, list(state.transfers.values())[known:], recorded_at_s)
        store_totals(tx, before, state.totals)
        return outcomes

    def expire(self, now_s: int) -> list[Outcome]:
        """Void every pending transfer whose time has run out at `now_s` (UTC seconds)."""
        with self._database.transaction() as tx:
            ended = select(TRANSFER.c.pending_id).where(TRANSFER.c.pending_id.is_not(None))
            due = (
                select(TRANSFER)
                .where(text(HAS_EXPIRY), TRANSFER.c.expires_at_s <= now_s, TRANSFER.c.id.not_in(ended))
                .order_by(TRANSFER.c.position)
            )
            pending = LedgerState(transfers={row.id: transfer_of(row) for row in tx.execute(due)})
            return self.post_in(tx, ledger.expire(pending, now_s), now_s)

    def accounts(self, tx: Connection | None = None) -> tuple[Account, ...]:
        """Every open account, by id."""
        with self._reading(tx) as reader:
            return tuple(account_of(row) for row in reader.execute(select(ACCOUNT).order_by(ACCOUNT.c.id)))

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
        page = select(TRANSFER).where(TRANSFER.c.position > after)
        if account_id is not None:
            page = page.where(or_(TRANSFER.c.debit_account == account_id, TRANSFER.c.credit_account == account_id))
        if reference is not None:
            page = page.where(TRANSFER.c.reference == reference, text(HAS_REFERENCE))
        with self._reading(tx) as reader:
            return [recorded_of(row) for row in reader.execute(page.order_by(TRANSFER.c.position).limit(limit))]

    def head(self, tx: Connection | None = None) -> Head:
        """Where the journal ends; an auditor who notes it can later prove that nothing before it has changed."""
        with self._reading(tx) as reader:
            return load_head(reader) or START

    def trial_balance(self, tx: Connection | None = None) -> tuple[TrialBalance, ...]:
        """Posted debits and credits per asset, recounted from the transfers; BooksError where a counter disagrees."""
        with self._reading(tx) as reader:
            accounts = reader.execute(select(ACCOUNT).order_by(ACCOUNT.c.asset, ACCOUNT.c.id)).all()
            debits = self._recount(reader, debits=True)
            credits_ = self._recount(reader, debits=False)
        per_asset: dict[str, TrialBalance] = {}
        for row in accounts:
            counted = (debits.get(row.id, 0), credits_.get(row.id, 0))
            if counted != (row.debits_posted, row.credits_posted):
                raise BooksError(f"the counters of {row.id} disagree with its transfers; verify names every fault")
            sofar = per_asset.get(row.asset, TrialBalance(row.asset, 0, 0))
            per_asset[row.asset] = TrialBalance(row.asset, sofar.debits + counted[0], sofar.credits + counted[1])
        return tuple(per_asset.values())

    def verify(self, trusted: Head | None = None) -> list[Fault]:
        """Walk the hash chain and recount every counter; the faults, empty for sound books.

        `trusted` is a head noted earlier outside the database. The definitions of accounts are not in the chain.
        """
        audit = Audit(trusted)
        with self._database.snapshot() as reader:
            _walk(reader, audit)
            _find_moved(reader, audit)
            return audit.finish(load_head(reader), self.all_totals(reader))

    def _open_accounts_in(self, tx: Connection, accounts: Iterable[Account]) -> None:
        known = {account.id: account for account in self.accounts(tx)}
        fresh: dict[str, Account] = {}
        for account in accounts:
            earlier = known.get(account.id) or fresh.setdefault(account.id, account)
            if earlier != account:
                raise BooksError(f"account {account.id} is open as {earlier}; it cannot become {account}")
        if fresh:
            tx.execute(insert(ACCOUNT), [account_row(account) for account in fresh.values()])

    def _recount(self, reader: Connection, *, debits: bool) -> dict[str, int]:
        side = TRANSFER.c.debit_account if debits else TRANSFER.c.credit_account
        posted = TRANSFER.c.kind.in_([Kind.POSTED, Kind.POST])
        sums = select(side, func.sum(TRANSFER.c.amount)).where(posted).group_by(side)
        return {account_id: int(amount) for account_id, amount in reader.execute(sums)}

    @contextmanager
    def _reading(self, tx: Connection | None) -> Iterator[Connection]:
        if tx is not None:
            yield tx
        else:
            with self._database.snapshot() as reader:
                yield reader


def _walk(reader: Connection, audit: Audit) -> None:
    journal = select(TRANSFER).order_by(TRANSFER.c.position).execution_options(yield_per=_STREAM)
    for row in reader.execute(journal):
        try:
            audit.take(recorded_of(row))
        except (ValueError, TypeError, struct.error) as error:  # no enum member, no int, no 64 bits
            audit.take_unreadable(row.position, row.digest, str(error))


def _find_moved(reader: Connection, audit: Audit) -> None:
    """Tell rows that were moved from rows that were changed: a moved one still follows from its old predecessor."""
    if not audit.astray:
        return
    predecessors = [(0, GENESIS), *reader.execute(select(TRANSFER.c.position, TRANSFER.c.digest))]
    for position, digest in predecessors:
        for recorded in list(audit.astray.values()):
            if audit.follows_from(recorded, position, digest):
                del audit.astray[recorded.position]
