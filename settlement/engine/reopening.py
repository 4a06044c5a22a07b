"""Work on one client of the chain after the other: one whose node has lost its state knows nothing that still holds."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from settlement.engine.chain_client import ChainClient
from settlement.node import ChainError

PAUSE_S = 0.25
"""Before the next client is opened."""


async def on_clients(
    opened: Callable[[], AbstractAsyncContextManager[ChainClient]],
    work: Callable[[ChainClient], Awaitable[None]],
    pause_s: float = PAUSE_S,
) -> None:
    """Until cancelled. `work` ends by ChainError where its client is of no use any more; raises all else."""
    while True:
        try:
            async with opened() as client:
                await work(client)
        except* ChainError:
            await asyncio.sleep(pause_s)
