"""A venue behind HTTP: its reports as a stream and by their numbers, its statements, its signatures of cycles.

    GET  /v1/stream?after=N          a WebSocket of frames, from the entry behind N on
    GET  /v1/reports?first=N&last=M  frames one after the other, each behind its length (4 bytes, big-endian)
    GET  /v1/statement?last=N        the venue's own computation up to that entry
    GET  /v1/fills?last=N&after=M    its fills behind M up to N that stand, a page at a time
    POST /v1/cycles                  its signature of a cycle

What it says in reports is signed; who may ask at all is for whatever stands in front of it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from aiohttp import web

from settlement.reports import Report, VenueFeed
from settlement.stated import VenueEdge
from settlement.venues.wire import MOST_BYTES, WireError, cycle_of, fills_json, frame, stated_json

LENGTH_BYTES = 4
PAGE = 10_000
"""Fills in an answer."""
HEARTBEAT_S = 5.0
SILENT = 503


@dataclass(frozen=True, slots=True)
class VenueServer:
    """Serves a feed and the other side of its cycles. `domain`: of the settlement book that cycles are signed for."""

    feed: VenueFeed
    edge: VenueEdge
    domain: bytes

    def app(self) -> web.Application:
        """As aiohttp runs it."""
        made = web.Application(client_max_size=MOST_BYTES)
        made.add_routes([
            web.get("/v1/stream", self._stream), web.get("/v1/reports", self._reports),
            web.get("/v1/statement", self._statement), web.get("/v1/fills", self._fills),
            web.post("/v1/cycles", self._cycle),
        ])  # fmt: skip
        return made

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        after = _number(request, "after")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S)
        await socket.prepare(request)
        sending = asyncio.create_task(self._told(socket, after))
        async for _ in socket:
            pass  # a listener has nothing to say, but this hears that it is there, and when it has gone
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        return socket

    async def _told(self, socket: web.WebSocketResponse, after: int) -> None:
        with suppress(ConnectionError):
            async for report in self.feed.listen(after):
                await socket.send_bytes(frame(report))
        await socket.close()

    async def _reports(self, request: web.Request) -> web.Response:
        found = await self.feed.fetch(_number(request, "first"), _number(request, "last"))
        return web.Response(body=_together(found), content_type="application/octet-stream")

    async def _statement(self, request: web.Request) -> web.Response:
        stated = await self.edge.stated(_number(request, "last"))
        if stated is None:
            return _silent("the venue states nothing now")
        return web.json_response(stated_json(stated))

    async def _fills(self, request: web.Request) -> web.Response:
        after, fills = _number(request, "after"), await self.edge.standing(_number(request, "last"))
        if fills is None:
            return _silent("the venue states nothing now")
        behind = (one for one in fills if one.sequence > after)
        return web.json_response(fills_json(islice(behind, PAGE)))

    async def _cycle(self, request: web.Request) -> web.Response:
        try:
            cycle = cycle_of(await request.text())
        except WireError as why:
            return web.json_response({"error": str(why)}, status=400)
        signature = await self.edge.sign(cycle, cycle.digest(self.domain))
        if signature is None:
            return _silent("the venue signs nothing now")
        return web.json_response({"signature": signature.hex()})


def _together(reports: Sequence[Report]) -> bytes:
    told, size = [], 0
    for report in reports:
        one = frame(report)
        size += len(one) + LENGTH_BYTES
        if size > MOST_BYTES:
            break
        told.append(len(one).to_bytes(LENGTH_BYTES, "big") + one)
    return b"".join(told)


def _number(request: web.Request, name: str) -> int:
    value = request.query.get(name, "")
    if not (value.isascii() and value.isdecimal() and len(value) < 19):
        raise web.HTTPBadRequest(text=f"{name}: expected the number of an entry, found {value[:40]!a}")
    return int(value)


def _silent(why: str) -> web.Response:
    return web.json_response({"error": why}, status=SILENT)
