"""What the ledger does in its benchmark, on whichever database: the same deposits one by one, from callers, in columns.

Deposits go from the vault to a hundred accounts in turn, or all to one. Ids rise and never repeat; what a work takes as
given is made before its clock starts.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import numpy as np

from custody.accounts import Account, Chart
from custody.books import Books
from custody.columns import Columns, Whole
from custody.database import Database, open_database
from custody.group import GroupCommit
from custody.transfers import Outcome, Reason, Transfer
from scripts.bench.measure import Work
from scripts.bench.rivals import Deposit

AMOUNTS = 7
"""Deposits are of one unit to so many in turn, so that no column but the payer's is the same throughout."""
CHART = Chart("USDC")


def cast(clients: int) -> list[Account]:
    """The vault and so many clients' accounts."""
    return [CHART.vault(), *(CHART.available(f"c{number}") for number in range(clients))]


@dataclass(slots=True)
class Deposits:
    """Deposits that never repeat, for ours and for the rivals."""

    accounts: Sequence[Account]
    _numbers: "count[int]" = field(default_factory=count)

    def take(self, many: int, *, hot: bool = False) -> list[Deposit]:
        """So many, spread over all clients, or all to one."""
        clients = len(self.accounts) - 1
        numbers = [next(self._numbers) for _ in range(many)]
        return [
            Deposit(f"t{number:012d}", 1, 2 + (0 if hot else number % clients), 1 + number % AMOUNTS)
            for number in numbers
        ]

    def transfers(self, many: int) -> list[Transfer]:
        """The same as objects."""
        names = [account.id for account in self.accounts]
        return [
            Transfer(one.id, names[one.debit - 1], names[one.credit - 1], one.amount, Reason.DEPOSIT, occurred_at_s=1)
            for one in self.take(many)
        ]


class Ledger:
    """Our ledger at a place, and what is timed of it."""

    def __init__(self, place: Path | str, deposits: Deposits) -> None:
        self.database: Database = open_database(place)
        self.books = Books(self.database)
        self.books.open_accounts(deposits.accounts)
        self._keys: Whole = self.books.keys([account.id for account in deposits.accounts])
        self._deposits = deposits

    def single(self, many: int) -> Work:
        """One at a time, each on disk before the next."""
        transfers = self._deposits.transfers(many)

        def work() -> int:
            for transfer in transfers:
                _all_ok(self.books.post([transfer], 1))
            return many

        return work

    def from_callers(self, callers: int, each: int) -> Work:
        """So many callers at once, each of which awaits its own durable transfer before it sends the next."""
        transfers = self._deposits.transfers(callers * each)

        async def caller(group: GroupCommit, mine: Sequence[Transfer]) -> None:
            for transfer in mine:
                _all_ok(await group.post([transfer]))

        async def all_of_them() -> None:
            group = GroupCommit(self.books, lambda: 1)
            await asyncio.gather(*(caller(group, transfers[number::callers]) for number in range(callers)))

        def work() -> int:
            asyncio.run(all_of_them())
            return callers * each

        return work

    def bulk(self, batches: int, size: int, *, hot: bool = False) -> Work:
        """Batches from arrays, a durable transaction each."""
        columns = [self.columns(self._deposits.take(size, hot=hot)) for _ in range(batches)]

        def work() -> int:
            for batch in columns:
                if self.books.post_columns(batch, 1).any():
                    raise RuntimeError("the bench posted something that was refused")
            return batches * size

        return work

    def columns(self, deposits: Sequence[Deposit]) -> Columns:
        """Deposits in arrays."""
        ids, debits, credits_, amounts = zip(*deposits, strict=True)
        places = (np.array(column, dtype=np.int64) - 1 for column in (debits, credits_))
        debit_keys, credit_keys = (self._keys[place] for place in places)
        units = np.array(amounts, dtype=np.int64)
        return Columns(ids, debit_keys, credit_keys, units, Reason.DEPOSIT, occurred_at_s=1)

    def verify(self) -> Work:
        """The whole journal, and every counter."""

        def work() -> int:
            if faults := self.books.verify():
                raise RuntimeError(f"the bench's own ledger has faults: {faults[0]}")
            return self.books.head().position

        return work

    def close(self) -> None:
        self.database.close()


def one_by_one(post: Callable[[Deposit], None], deposits: Sequence[Deposit]) -> Work:
    """A rival's work: the deposits, one at a time."""

    def work() -> int:
        for deposit in deposits:
            post(deposit)
        return len(deposits)

    return work


def _all_ok(outcomes: Sequence[Outcome]) -> None:
    refused = [outcome for outcome in outcomes if not outcome.ok]
    if refused:
        raise RuntimeError(f"the bench posted something that was refused: {refused[0]}")
