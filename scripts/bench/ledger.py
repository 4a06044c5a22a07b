"""`bulkhead bench ledger`: durable transfers a second, one at a time, from many callers, in bulk; and verification."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from custody.accounts import Account, Chart
from custody.books import Books
from custody.database import Database, open_database
from custody.group import GroupCommit
from custody.transfers import Outcome, Reason, Transfer
from scripts.bench.measure import Measure, against, alone
from scripts.bench.rivals import Bare, Orm

SIZES = {
    "accounts": 100,
    "single": 150,
    "callers": 1_000,
    "few_callers": 32,
    "few_rounds": 12,
    "bulk": 8_190,
    "journal": 60_000,
}
"""How many of each a round does; `bulk` is TigerBeetle's batch."""

AMOUNT = 5


class Bench:
    """Three ledgers in one folder, and transfers that never repeat."""

    def __init__(self, folder: Path) -> None:
        chart = Chart("USDC")
        self._accounts: list[Account] = [chart.vault(), *(chart.available(f"c{n}") for n in range(SIZES["accounts"]))]
        names = [account.id for account in self._accounts]
        self._database: Database = open_database(folder / "ours.sqlite")
        self._books = Books(self._database)
        self._books.open_accounts(self._accounts)
        self._orm, self._bare = Orm(folder / "orm.sqlite", names), Bare(folder / "bare.sqlite", names)
        self._numbers = count()

    def close(self) -> None:
        self._database.close()
        self._orm.close()
        self._bare.close()

    def run(self, say: Callable[[str], None]) -> list[Measure]:
        """Every measure, each with its baseline in turn; `say` is told what comes next."""
        steps: tuple[tuple[str, Callable[[], Measure]], ...] = (
            ("single_vs_orm", lambda: against("single_vs_orm", self._single, "SQLModel ORM", self._orm_single)),
            ("single_vs_bare", lambda: against("single_vs_bare", self._single, "bare sqlite3", self._bare_single)),
            ("concurrent_sqlite_vs_orm", self._concurrent),
            ("concurrent_sqlite_vs_orm_32", self._few),
            ("bulk_vs_orm", lambda: against("bulk_vs_orm", self._bulk, "SQLModel ORM", self._orm_single)),
            ("bulk_vs_bare", lambda: against("bulk_vs_bare", self._bulk, "bare sqlite3", self._bare_bulk)),
            ("hot_over_cold", self._hot),
            ("verify_per_s", self._verify),
        )
        measures = []
        for name, step in steps:
            say(name)
            measures.append(step())
        return measures

    def _fresh(self, many: int, *, hot: bool = False) -> list[tuple[str, str, str, int]]:
        """(id, debit, credit, amount): deposits spread over all accounts, or all to one."""
        clients = [account.id for account in self._accounts[1:]]
        vault, numbers = self._accounts[0].id, [next(self._numbers) for _ in range(many)]
        return [(f"t{n:012d}", vault, clients[0 if hot else n % len(clients)], AMOUNT) for n in numbers]

    def _transfers(self, many: int, *, hot: bool = False) -> list[Transfer]:
        rows = self._fresh(many, hot=hot)
        return [Transfer(*row, Reason.DEPOSIT, occurred_at_s=1) for row in rows]

    # -- what is measured ------------------------------------------------------------------------------------------

    def _single(self) -> int:
        for transfer in self._transfers(SIZES["single"]):
            _all_ok(self._books.post([transfer], 1))
        return SIZES["single"]

    def _orm_single(self) -> int:
        for row in self._fresh(SIZES["single"]):
            self._orm.post(*row)
        return SIZES["single"]

    def _bare_single(self) -> int:
        for row in self._fresh(SIZES["single"]):
            self._bare.post(*row)
        return SIZES["single"]

    def _bulk(self) -> int:
        _all_ok(self._books.post(self._transfers(SIZES["bulk"]), 1))
        return SIZES["bulk"]

    def _bare_bulk(self) -> int:
        self._bare.bulk(self._fresh(SIZES["bulk"]))
        return SIZES["bulk"]

    def _from_callers(self, callers: int, each: int) -> int:
        """So many callers at once, each of which awaits its own durable transfer before it sends the next."""

        async def caller(group: GroupCommit, mine: Sequence[Transfer]) -> None:
            for transfer in mine:
                _all_ok(await group.post([transfer]))

        async def all_of_them() -> None:
            group, transfers = GroupCommit(self._books, lambda: 1), self._transfers(callers * each)
            await asyncio.gather(*(caller(group, transfers[n::callers]) for n in range(callers)))

        asyncio.run(all_of_them())
        return callers * each

    def _concurrent(self) -> Measure:
        def work() -> int:
            return self._from_callers(SIZES["callers"], 5)

        return against("concurrent_sqlite_vs_orm", work, "SQLModel ORM", self._orm_single)

    def _few(self) -> Measure:
        def work() -> int:
            return self._from_callers(SIZES["few_callers"], SIZES["few_rounds"])

        return against("concurrent_sqlite_vs_orm_32", work, "SQLModel ORM", self._orm_single)

    def _hot(self) -> Measure:
        """One account in every transfer, against a hundred: the time a transfer takes, so less is better."""

        def hot() -> int:
            _all_ok(self._books.post(self._transfers(SIZES["bulk"], hot=True), 1))
            return SIZES["bulk"]

        # Cold work in the numerator: rates, so that the quotient of times comes out.
        return against("hot_over_cold", self._bulk, "one account in every transfer", hot)

    def _verify(self) -> Measure:
        while self._books.head().position < SIZES["journal"]:
            self._bulk()

        def work() -> int:
            if faults := self._books.verify():
                raise RuntimeError(f"the bench's own ledger has faults: {faults[0]}")
            return self._books.head().position

        return alone("verify_per_s", work)


def _all_ok(outcomes: Sequence[Outcome]) -> None:
    refused = [outcome for outcome in outcomes if not outcome.ok]
    if refused:
        raise RuntimeError(f"the bench posted something that was refused: {refused[0]}")


def measures(say: Callable[[str], None]) -> list[Measure]:
    """Run the whole benchmark in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as folder:
        bench = Bench(Path(folder))
        try:
            return bench.run(say)
        finally:
            bench.close()
