"""Appending to the books within a write transaction: rows, counters and the seal over them, from what is in hand."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from custody.accounts import Account
from custody.batches import Rows
from custody.journal import Added, account_digest, seal
from custody.store import Row, Store
from custody.tallies import InHand, Tally


@dataclass(slots=True)
class Appender:
    """The stored books and what is in hand of them; the transaction is somebody else's to begin and to end."""

    store: Store
    in_hand: InHand

    def append(self, rows: Rows, touched: Iterable[Tally], now_s: int) -> bool:
        """Write rows, counters and seal; False, and nothing is written, where an id is taken."""
        if not self.store.insert(rows):
            return False
        self._seal(rows.encoded, touched, now_s)
        return True

    def append_one(self, row: Row, encoded: bytes, touched: Iterable[Tally], now_s: int) -> bool:
        """`append` for a single row; `encoded` is its transfer in its place."""
        if not self.store.insert_one(row):
            return False
        self._seal((encoded,), touched, now_s)
        return True

    def open_accounts(self, accounts: Sequence[Account]) -> None:
        """Open accounts of names that are new; the next seal covers them."""
        first = self.in_hand.last.accounts + len(self.in_hand.opened) + 1
        tallies = [Tally(key, account) for key, account in enumerate(accounts, first)]
        if tallies:
            self.store.open_accounts(tallies)
            self.in_hand.add(tallies)
            self.in_hand.opened += [account_digest(tally.key, tally.account) for tally in tallies]

    def close_accounts(self, tallies: Sequence[Tally], closed_at_s: int) -> None:
        """Close accounts that are empty; the next seal covers that."""
        self.store.close_accounts([tally.key for tally in tallies], self.in_hand.last.position, closed_at_s)
        for tally in tallies:
            tally.closed = True
        self.in_hand.closed = sorted(self.in_hand.closed + [(tally.key, closed_at_s) for tally in tallies])

    def take_in_hand(self, names: Iterable[str]) -> None:
        """Read the accounts of these names that are not in hand yet."""
        missing = set(names) - self.in_hand.by_id.keys()
        if missing:
            self.in_hand.add(self.store.tallies(missing))

    def take_in_hand_keys(self, keys: Collection[int]) -> None:
        """Read the accounts of these keys that are not in hand yet."""
        missing = set(keys) - self.in_hand.by_key.keys()
        if missing:
            self.in_hand.add(self.store.tallies_by_key(missing))

    def _seal(self, encoded: Sequence[bytes], touched: Iterable[Tally], now_s: int) -> None:
        in_hand = self.in_hand
        self.store.write_tallies(touched)
        in_hand.last = seal(in_hand.last, Added(in_hand.opened, in_hand.closed, encoded), now_s)
        self.store.write_seal(in_hand.last)
        if in_hand.opened or in_hand.closed:
            in_hand.opened, in_hand.closed = [], []
