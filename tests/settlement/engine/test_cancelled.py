"""Whoever is told to end does, whatever comes at the same moment."""

import asyncio

import pytest

from settlement.engine.hearing import drained
from settlement.reports import Report
from tests.settlement.engine.market import entry, report


async def forever(queue: "asyncio.Queue[Report]", taken: list[Report]) -> None:
    while True:
        taken += await drained(queue)


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancellation_that_comes_with_a_report_is_not_lost(turns: int) -> None:
    """asyncio.wait_for (Python 3.11) gives the answer in the place of a cancellation that comes one turn behind it: an
    engine that was told to end at that moment went on for ever."""
    queue, taken = asyncio.Queue[Report](), list[Report]()
    task = asyncio.create_task(forever(queue, taken))
    await asyncio.sleep(0)
    queue.put_nowait(report(1, entry()))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=0.5)
    ended = task.cancelled()
    task.cancel()  # so that a test that fails leaves nobody behind
    assert ended
