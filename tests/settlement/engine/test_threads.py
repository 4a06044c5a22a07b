"""Whoever is cancelled waits for its thread: the database may be closed right after."""

import asyncio
import threading

import pytest

from settlement.engine.threads import on_thread

pytestmark = pytest.mark.asyncio


async def test_a_cancelled_caller_ends_after_its_thread() -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), []

    def work() -> None:
        begun.set()
        may_end.wait(5)
        ended.append(1)

    task = asyncio.create_task(on_thread(work))
    await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    await asyncio.sleep(0.02)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [1]


async def test_an_answer_and_a_fault_come_through() -> None:
    assert await on_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await on_thread(divmod, 7, 0)
