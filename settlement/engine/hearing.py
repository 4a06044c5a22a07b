"""Venues heard: what they publish goes into a queue, what they left out is asked for, until it is there."""

import asyncio
from contextlib import suppress

from settlement.engine.intake import Intake
from settlement.reports import Report, VenueFeed

VENUE_PAUSE_S, FETCH_S = 0.05, 10.0
"""Before a venue is asked again; how long it may take to answer."""


async def listen(feed: VenueFeed, intake: Intake, queue: "asyncio.Queue[Report]") -> None:
    """Until the venue closes; a line that breaks is taken up again behind what was taken in."""
    while True:
        with suppress(OSError, TimeoutError):
            async for report in feed.listen(intake.book.reached.get(feed.venue, 0)):
                await queue.put(report)
            return
        await asyncio.sleep(VENUE_PAUSE_S)


async def fetch(feed: VenueFeed, intake: Intake, queue: "asyncio.Queue[Report]") -> None:
    """Ask for what is missing before what is held back, until it is there."""
    while True:
        gap = intake.gaps().get(feed.venue)
        if gap is not None and gap[0] <= gap[1]:  # intake may be closing it at this moment
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(FETCH_S):
                    found = await feed.fetch(*gap)
                for report in found:
                    await queue.put(report)
        await asyncio.sleep(VENUE_PAUSE_S)


async def drained(queue: "asyncio.Queue[Report]") -> list[Report]:
    """What waits in the queue, at least one unless there is room for what was left uncut."""
    reports: list[Report] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):  # asyncio.wait_for may lose a cancellation that comes with a report
            reports.append(await queue.get())
    while not queue.empty():
        reports.append(queue.get_nowait())
    return reports
