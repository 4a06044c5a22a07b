"""A server's life: the API on a socket, deliveries beside it where it may write, and an orderly end on a signal."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

from aiohttp import web

from custody.database import Database
from settlement.engine.api import Api, Writing
from settlement.engine.deliverer import Deliverer
from settlement.engine.threads import on_thread
from settlement.engine.webhooks import relay_movements

RELAY_S = 0.5
"""How often the custodian's own events are taken over."""
ENDING_S = 1
"""How long open answers, streams among them, may take to end."""


async def serve(
    api: Api, host: str, port: int, said: Callable[[str], None], stopped: asyncio.Event | None = None
) -> None:
    """Serve until `stopped`, or SIGINT or SIGTERM where nobody gives one; `said` is told the address first."""
    if stopped is None:
        stopped = asyncio.Event()
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, stopped.set)
    runner = web.AppRunner(api.app(), access_log=None, shutdown_timeout=ENDING_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0]
        said(f"http://{f'[{bound[0]}]' if ':' in bound[0] else bound[0]}:{bound[1]}")
        await _beside(api, stopped)
    finally:
        await runner.cleanup()


async def _beside(api: Api, stopped: asyncio.Event) -> None:
    """Deliver and relay until the server is stopped; a fault there stops it."""
    waiting: list[asyncio.Task[object]] = [asyncio.create_task(_until(stopped))]
    async with AsyncExitStack() as stack:
        if api.writing is not None:
            deliverer = await stack.enter_async_context(_deliverer(api, api.writing))
            waiting += [asyncio.create_task(deliverer.run()), asyncio.create_task(_relay(api, api.writing.database))]
        done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    for task in done:
        task.result()


def _deliverer(api: Api, writing: Writing) -> Deliverer:
    return Deliverer(writing.database, writing.master, api.now_s)


async def _relay(api: Api, database: Database) -> None:
    def work() -> int:
        with database.transaction() as tx:
            return relay_movements(tx, api.now_s())

    while True:
        if not await on_thread(work):
            await asyncio.sleep(RELAY_S)


async def _until(stopped: asyncio.Event) -> None:
    await stopped.wait()
