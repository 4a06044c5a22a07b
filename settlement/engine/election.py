"""One process leads, others stand by: PostgreSQL's advisory lock, or the writer's lock of a SQLite file.

The lock is held by a connection of its own and is gone with it, however its process ended. Whoever gets it begins a new
epoch in the database, and every write of a leader checks its epoch in the same transaction: one that was only thought
dead can do no harm.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from custody.database import LEDGER, Database, DatabaseError, LedgerInUseError, open_database
from custody.places import server_of
from settlement.engine import stored
from settlement.engine.stored import LeadershipLostError
from settlement.engine.threads import on_thread
from settlement.records import DESK

SCHEMAS = (LEDGER, DESK)
LOCK = 0x42554C4B4845  # "BULKHE": what this program's leaders lock in a database
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Leadership:
    """The right to write, while `epoch` runs."""

    database: Database
    epoch: int
    _holder: Any

    def still_leads(self) -> bool:
        """Whether the lock's connection is alive; the last word has the epoch, which every write checks."""
        if self._holder is None:
            return True
        import psycopg

        try:
            self._holder.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True


@asynccontextmanager
async def leading(place: Path | str, name: str, now_ms: Callable[[], int]) -> AsyncIterator[Leadership]:
    """Wait until nobody else leads, then lead. `name` tells people who it is. Raises DatabaseError."""
    holder = await _lock(str(place))
    try:
        database = await _opened(place)
        try:
            with database.transaction() as tx:
                epoch = stored.new_epoch(tx, name, now_ms())
            yield Leadership(database, epoch, holder)
        finally:
            database.close()
    finally:
        if holder is not None:
            holder.close()


async def _lock(place: str) -> Any:
    """A connection that holds the advisory lock; None where the file's own lock is enough."""
    address = server_of(place)
    if address is None:
        return None
    import psycopg

    from custody.server_address import parts_of

    try:
        parts: dict[str, Any] = dict(parts_of(address))
        holder = await asyncio.to_thread(lambda: psycopg.connect(**parts, autocommit=True))
    except psycopg.Error as why:
        raise DatabaseError(f"no connection for the election: {type(why).__name__}") from why
    try:
        while not await asyncio.to_thread(_has_lock, holder):
            await asyncio.sleep(POLL_S)
    except BaseException as why:
        holder.close()
        if isinstance(why, psycopg.Error):
            raise DatabaseError(f"the election's connection was lost: {type(why).__name__}") from why
        raise
    return holder


def _has_lock(holder: Any) -> bool:
    row = holder.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
    return bool(row[0])


async def _opened(place: Path | str) -> Database:
    while True:
        try:
            # Another writer may keep us waiting for seconds: nobody else here shall wait with us.
            return await on_thread(lambda: open_database(place, schemas=SCHEMAS))
        except LedgerInUseError:
            await asyncio.sleep(POLL_S)


__all__ = ["Leadership", "LeadershipLostError", "leading"]
