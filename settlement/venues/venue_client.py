"""A venue over the network, as the engine hears it and as settlement speaks with it.

A line that breaks is an OSError: whoever listens takes it up again behind what it has. What is no report ends the line
too, since nothing behind it can be believed to begin where a report does. A venue that answers anything but what was
asked for does not answer.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWebSocketResponse, ClientWSTimeout, WSMsgType

from custody.curve import is_signed_by
from settlement.chain_cycle import ChainCycle
from settlement.mirror import Fill
from settlement.reports import Report
from settlement.stated import Stated
from settlement.venues.venue_server import HEARTBEAT_S, LENGTH_BYTES
from settlement.venues.wire import MOST_BYTES, WireError, cycle_json, fills_of, report_of, signature_of, stated_of

ANSWER_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 5.0
"""Before a line that broke is taken up again: twice as long each time, until something is heard."""


class VenueLineError(ConnectionError):
    """The venue cannot be reached, or says what it must not; the text says which."""


@dataclass(slots=True)
class NetworkVenue:
    """A `VenueFeed` and a `VenueEdge`. `address` signs its cycles; `url` is where its server listens."""

    venue: str
    address: str
    url: str
    _session: ClientSession | None = None
    _failures: int = 0
    complaints: list[str] = field(default_factory=list)
    """The last things that were wrong with it, for whoever wants to know why it is silent."""

    async def close(self) -> None:
        """Give the connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def listen(self, after: int) -> AsyncIterator[Report]:
        """Reports as they go out, from the entry behind `after` on. Raises VenueLineError wherever the line ends."""
        if self._failures:
            await asyncio.sleep(min(FIRST_PAUSE_S * 2**self._failures, LONGEST_PAUSE_S))
        self._failures = min(self._failures + 1, 16)
        try:
            async with self._line(after) as socket:
                async for message in socket:
                    if message.type is not WSMsgType.BINARY:
                        raise VenueLineError(f"{self.venue} sends words where reports belong")
                    yield report_of(self.venue, message.data)
                    self._failures = 0
        except (ClientError, WireError) as why:
            raise self._line_error(str(why)) from why
        raise self._line_error("the line has ended")

    async def fetch(self, first: int, last: int) -> Sequence[Report]:
        """The entries of these numbers; fewer where they do not fit into one answer. Raises VenueLineError."""
        try:
            told = await self._got("/v1/reports", {"first": first, "last": last})
            return [report_of(self.venue, one) for one in _frames(told)]
        except (ClientError, WireError) as why:
            raise self._line_error(str(why)) from why

    async def stated(self, last: int) -> Stated | None:
        """What it states; None where it does not, or not so that it can be read."""
        try:
            return stated_of((await self._got("/v1/statement", {"last": last})).decode())
        except (ClientError, OSError, TimeoutError, ValueError) as why:
            self._line_error(str(why))
            return None

    async def standing(self, last: int) -> tuple[Fill, ...] | None:
        """Its fills that stand, page by page; None where it does not tell them."""
        found: list[Fill] = []
        try:
            while True:
                after = found[-1].sequence if found else 0
                page = fills_of(self.venue, (await self._got("/v1/fills", {"last": last, "after": after})).decode())
                if not page:
                    return tuple(found)
                if page[0].sequence <= after:
                    raise WireError("no page of fills: it begins before where it was asked to")
                found += page
        except (ClientError, OSError, TimeoutError, ValueError) as why:
            self._line_error(str(why))
            return None

    async def sign(self, cycle: ChainCycle, digest: bytes) -> bytes | None:
        """Its signature, if it gives one that is its own."""
        try:
            async with self._client().post(f"{self.url}/v1/cycles", json=cycle_json(cycle)) as answer:
                answer.raise_for_status()
                signature = signature_of(await answer.text())
        except (ClientError, OSError, TimeoutError, ValueError) as why:
            self._line_error(str(why))
            return None
        if not is_signed_by(self.address, digest, signature):
            self._line_error(f"the signature of cycle {cycle.sequence} is not that of {self.address}")
            return None
        return signature

    @asynccontextmanager
    async def _line(self, after: int) -> AsyncIterator[ClientWebSocketResponse]:
        asked = {"after": str(after)}
        async with self._client().ws_connect(
            f"{self.url}/v1/stream",
            params=asked,
            heartbeat=HEARTBEAT_S,
            max_msg_size=MOST_BYTES,
            timeout=ClientWSTimeout(ws_close=1),
        ) as socket:
            yield socket

    async def _got(self, path: str, asked: dict[str, int]) -> bytes:
        texts = {name: str(number) for name, number in asked.items()}
        async with self._client().get(self.url + path, params=texts) as answer:
            answer.raise_for_status()
            told = bytearray()
            async for part in answer.content.iter_any():
                told += part
                if len(told) > MOST_BYTES:
                    raise VenueLineError(f"{self.venue} answers with more than {MOST_BYTES} bytes")
            return bytes(told)

    def _client(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(timeout=ClientTimeout(total=ANSWER_S))
        return self._session

    def _line_error(self, why: str) -> VenueLineError:
        said = f"{self.venue} at {self.url}: {why}"
        self.complaints = [*self.complaints, said][-8:]
        return VenueLineError(said)


def _frames(told: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(told):
        size = int.from_bytes(told[at : at + LENGTH_BYTES], "big")
        at += LENGTH_BYTES
        if at + size > len(told):
            raise WireError("no reports: the last one is cut off")
        found.append(told[at : at + size])
        at += size
    return found
