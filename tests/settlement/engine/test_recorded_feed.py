"""Reports as files: heard once, in order, from where one left off; fetched by number."""

import asyncio
from pathlib import Path

from settlement.engine.recorded_feed import RecordedFeed, record
from tests.settlement.engine.market import fills, report


async def test_files_are_heard_in_order_behind_a_number(tmp_path: Path) -> None:
    said = [report(1 + 10 * number, fills(10, number)) for number in range(12)]
    said = [type(one)(one.venue, one.first, one.body, bytes([one.first]) * 65) for one in said]
    for one in said[:11]:
        record(one, tmp_path)
    (tmp_path / "999.part").write_bytes(b"half")
    feed, heard = RecordedFeed("harbour", tmp_path), []
    async with asyncio.timeout(10):
        async for one in feed.listen(after=20):
            heard.append(one)
            if len(heard) == 9:
                record(said[11], tmp_path)
            if len(heard) == 10:
                break
    assert heard == said[2:], "11 before 101, and the one that came later"
    assert await feed.fetch(15, 31) == said[1:4]
    assert await feed.fetch(121, 130) == []
