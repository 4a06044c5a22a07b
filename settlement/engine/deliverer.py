"""The edge that sends events to endpoints: HTTP POST, signed anew at each attempt, never within a transaction.

An answer that is lost on the way leaves the event undelivered, so it is sent again under the same id: at least once.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import aiohttp

from custody.attestors import Attestor
from custody.database import Database
from settlement.engine.presenting import shown_event
from settlement.engine.telling import Told
from settlement.engine.threads import on_thread
from settlement.engine.webhooks import Delivery, answered, due, waiting
from settlement.webhook_signatures import HEADER, secret_of, stamp

TIMEOUT_S = 10
AT_ONCE = 16
"""Objects of which one endpoint is told at the same time."""
IDLE_S = 0.5
"""How long between two looks at what is due."""
LONGEST_ANSWER = 200


@dataclass
class Deliverer:
    """Sends what is due. `master` is the secret from which each endpoint's is derived; `now_s` the clock."""

    database: Database
    master: bytes = field(repr=False)
    now_s: Callable[[], int]
    attestor: Attestor | None = None
    timeout_s: float = TIMEOUT_S
    at_once: int = AT_ONCE

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=self.timeout_s)
        self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def run(self) -> None:
        """Deliver until cancelled; an endpoint that is slow holds up nobody but itself."""
        at_work: dict[str, asyncio.Task[int]] = {}
        try:
            while True:
                for one in await on_thread(self._waiting, self.now_s()):
                    if one not in at_work or at_work[one].done():
                        at_work[one] = asyncio.create_task(self._to(one))
                finished = [task for task in at_work.values() if task.done()]
                for task in finished:
                    task.result()
                await asyncio.sleep(IDLE_S)
        finally:
            for task in at_work.values():
                task.cancel()
            await asyncio.gather(*at_work.values(), return_exceptions=True)

    async def once(self) -> int:
        """Send what is due now, one attempt each; how many attempts."""
        found = await on_thread(self._waiting, self.now_s())
        return sum(await asyncio.gather(*map(self._to, found)))

    async def _to(self, endpoint_id: str) -> int:
        found = await on_thread(self._due, endpoint_id, self.now_s())
        answers = await asyncio.gather(*map(self._sent, found))
        if found:
            await on_thread(self._write, list(zip(found, answers, strict=True)))
        return len(found)

    def _waiting(self, now_s: int) -> list[str]:
        with self.database.snapshot() as reader:
            return waiting(reader, now_s)

    def _due(self, endpoint_id: str, now_s: int) -> list[Delivery]:
        with self.database.snapshot() as reader:
            return due(reader, endpoint_id, now_s, self.at_once)

    def _write(self, answers: list[tuple[Delivery, tuple[int, str]]]) -> None:
        with self.database.transaction() as tx:
            for delivery, (status, told) in answers:
                answered(tx, delivery, told, status, self.now_s())

    async def _sent(self, delivery: Delivery) -> tuple[int, str]:
        """The answer's status, 0 where there is none, and what to remember of it."""
        body, at_s = body_of(delivery.event), self.now_s()
        mark = stamp(secret_of(self.master, delivery.endpoint.id), body, at_s, self.attestor)
        headers = {
            "Content-Type": "application/json", HEADER: str(mark), "Bulkhead-Event": delivery.event.id,
            "Bulkhead-Attempt": str(delivery.attempts + 1),
        }  # fmt: skip
        try:
            # A redirect would take a signed body where nobody has registered.
            async with self._session.post(
                delivery.endpoint.url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status, f"{answer.status} {answer.reason or ''}"[:LONGEST_ANSWER].strip()
        except (aiohttp.ClientError, TimeoutError, OSError) as why:
            return 0, f"{type(why).__name__}: {why}"[:LONGEST_ANSWER]


def body_of(event: Told) -> bytes:
    """The body as it is sent and signed: the same bytes at every attempt."""
    return json.dumps(shown_event(event), separators=(",", ":"), sort_keys=True).encode()
