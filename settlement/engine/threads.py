"""Work on a thread that is waited for even by whoever is cancelled: nobody closes a database under a thread that reads.

asyncio.to_thread forgets its thread when it is cancelled, and the thread goes on.
"""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def on_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The answer of work on a thread; a cancellation counts once the thread has ended."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
