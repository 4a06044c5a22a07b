"""Real receivers on loopback: one that fails, one that answers too late, one that is gone, one that is not there."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, Database, open_database
from settlement.engine.deliverer import Deliverer
from settlement.engine.telling import tell_of, told
from settlement.engine.webhooks import Endpoint, EndpointRefusal, endpoints, objection, register, remove, replay, wait_s
from settlement.records import DESK
from settlement.webhook_signatures import is_genuine, secret_of
from tests.custody.custodian_cast import cast_at

MASTER = b"s" * 32
pytestmark = pytest.mark.asyncio


@dataclass
class Receiver:
    """What was heard, in order: (event id, attempt). `answers` are given in turn, 200 after the last."""

    url: str = ""
    heard: list[tuple[str, int]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    delay_s: float = 0
    forged: int = 0
    now_s: Callable[[], int] = lambda: 0

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not is_genuine(request.headers["Bulkhead-Signature"], secret_of(MASTER, "ep"), body, self.now_s()):
            self.forged += 1
        await asyncio.sleep(self.delay_s)
        self.heard.append((json.loads(body)["id"], int(request.headers["Bulkhead-Attempt"])))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)


@dataclass
class Clock:
    at_s: int = 1_000

    def __call__(self) -> int:
        return self.at_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def receiver(clock: Clock) -> AsyncIterator[Receiver]:
    found = Receiver(now_s=clock)
    app = web.Application()
    app.router.add_post("/hook", found.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    found.url = f"http://127.0.0.1:{port}/hook"
    yield found
    await runner.cleanup()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "ledger.sqlite", schemas=(LEDGER, CUSTODIAN, DESK))) as opened:
        yield opened


@pytest.fixture
async def deliverer(database: Database, clock: Clock, receiver: Receiver) -> AsyncIterator[Deliverer]:
    with database.transaction() as tx:
        assert register(tx, Endpoint("ep", "client/hedger", receiver.url), clock()) is None
    async with Deliverer(database, MASTER, clock, timeout_s=0.3) as running:
        yield running


def happened(database: Database, *objects: str, name: str = "settlement.final") -> None:
    with database.transaction() as tx:
        for one in objects:
            tell_of(tx, one, name, {"units": 2**60}, (900, 1_000))


async def drained(deliverer: Deliverer, clock: Clock) -> None:
    """Deliver until nothing is left, an hour of waiting at a time."""
    for _ in range(20):
        while await deliverer.once():
            pass
        clock.at_s += 3_600


async def test_each_event_comes_once_in_the_order_of_its_object(
    database: Database, deliverer: Deliverer, receiver: Receiver, clock: Clock
) -> None:
    happened(database, "a", "b", "a", "a", "b")
    await drained(deliverer, clock)
    assert sorted(receiver.heard) == [(one, 1) for one in ("a#1", "a#2", "a#3", "b#1", "b#2")]
    assert [one for one, _ in receiver.heard if one[0] == "a"] == ["a#1", "a#2", "a#3"]
    assert receiver.forged == 0


async def test_an_endpoint_that_fails_is_asked_again_later_and_what_is_behind_waits(
    database: Database, deliverer: Deliverer, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [500, 302, 200]
    happened(database, "a", "a")
    assert await deliverer.once() == 1
    assert await deliverer.once() == 0, "neither the next of the object nor the same before its time"
    clock.at_s += 5
    assert await deliverer.once() == 1
    clock.at_s += 9
    assert await deliverer.once() == 0, "the second wait is twice as long"
    clock.at_s += 1
    assert await deliverer.once() == 1
    assert await deliverer.once() == 1
    assert receiver.heard == [("a#1", 1), ("a#1", 2), ("a#1", 3), ("a#2", 1)]
    assert [wait_s(one) for one in (1, 2, 3, 10, 11, 99)] == [5, 10, 20, 2_560, 3_600, 3_600]


async def test_an_answer_that_comes_too_late_means_the_same_event_twice_under_one_id(
    database: Database, deliverer: Deliverer, receiver: Receiver, clock: Clock
) -> None:
    receiver.delay_s = 0.6
    happened(database, "a")
    assert await deliverer.once() == 1
    await asyncio.sleep(0.5)
    receiver.delay_s = 0
    await drained(deliverer, clock)
    assert {one for one, _ in receiver.heard} == {"a#1"}
    assert receiver.heard[-1] == ("a#1", 2)


async def test_one_that_is_gone_is_told_nothing_more(
    database: Database, deliverer: Deliverer, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [410]
    happened(database, "a", "a")
    await drained(deliverer, clock)
    assert receiver.heard == [("a#1", 1)]
    with database.snapshot() as reader:
        assert [one.is_active for one, *_ in endpoints(reader)] == [False]
    happened(database, "a")
    assert await deliverer.once() == 0


async def test_a_replay_tells_again_from_a_cursor_what_the_endpoint_wants(
    database: Database, deliverer: Deliverer, receiver: Receiver, clock: Clock
) -> None:
    happened(database, "a", "b", "a")
    await drained(deliverer, clock)
    receiver.heard.clear()
    with database.transaction() as tx:
        assert replay(tx, "ep", "client/maker", 0, clock()) is EndpointRefusal.ENDPOINT_NOT_FOUND
        assert replay(tx, "ep", "client/hedger", 1, clock()) == 2
    await drained(deliverer, clock)
    assert sorted(receiver.heard) == [("a#2", 1), ("b#1", 1)]


async def test_a_process_that_dies_between_sending_and_writing_sends_again(
    database: Database, deliverer: Deliverer, receiver: Receiver, clock: Clock
) -> None:
    happened(database, "a")
    (found,) = await asyncio.to_thread(deliverer._due, "ep", clock())
    assert (await deliverer._sent(found))[0] == 200  # and dies here
    await drained(deliverer, clock)
    assert receiver.heard == [("a#1", 1), ("a#1", 1)]


async def test_only_what_was_asked_for_is_told_and_a_slow_endpoint_holds_up_nobody(
    database: Database, deliverer: Deliverer, receiver: Receiver, clock: Clock
) -> None:
    silent = "http://127.0.0.1:9/hook"  # discard: nobody listens
    with database.transaction() as tx:
        register(tx, Endpoint("dead", "client/hedger", silent, ("settlement.",)), clock())
    happened(database, "a", name="call.opened")
    happened(database, "b")
    running = asyncio.create_task(deliverer.run())
    for _ in range(100):
        await asyncio.sleep(0.02)
        if len(receiver.heard) == 2:
            break
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(receiver.heard) == [("a#1", 1), ("b#1", 1)]
    with database.snapshot() as reader:
        rows = reader.exec_driver_sql("SELECT object_id, delivered_at_s FROM webhook_delivery WHERE endpoint_id='dead'")
        assert [tuple(row) for row in rows] == [("b", 0)]


async def test_an_event_is_written_with_its_change_or_not_at_all(database: Database, deliverer: Deliverer) -> None:
    def change() -> None:
        with database.transaction() as tx:
            tell_of(tx, "a", "settlement.final", {}, (900, 1_000))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change()
    assert await deliverer.once() == 0
    with database.snapshot() as reader:
        assert told(reader, 0, 10) == []


@pytest.mark.parametrize(("url", "refusal"), [
    ("ftp://example.org", "url_is_malformed"),
    ("https://", "url_is_malformed"),
    ("https://[::1", "url_is_malformed"),
    ("https://example.org:port/", "url_is_malformed"),
    ("http://user:word@example.org/", "url_is_not_private"),
    ("https://user:word@example.org/", "url_carries_a_password"),
    ("http://localhost:1/", None), ("http://127.0.0.2/", None), ("https://example.org/hook?a=b", None),
])  # fmt: skip
async def test_where_nothing_is_sent(url: str, refusal: str | None) -> None:
    assert objection(Endpoint("ep", "client/hedger", url)) == refusal


async def test_registering_is_idempotent_and_removing_is_the_owners(database: Database) -> None:
    one = Endpoint("ep", "client/hedger", "https://example.org/")
    with database.transaction() as tx:
        assert [register(tx, one, 1), register(tx, one, 2)] == [None, None]
        other = Endpoint("ep", "client/hedger", "https://example.org/2")
        assert register(tx, other, 3) is EndpointRefusal.EXISTS_WITH_DIFFERENT_CONTENT
        assert register(tx, Endpoint("x", "p", "https://a/", ("",)), 3) is EndpointRefusal.EVENTS_ARE_MALFORMED
        assert remove(tx, "ep", "client/maker", 4) is EndpointRefusal.ENDPOINT_NOT_FOUND
        assert remove(tx, "ep", "client/hedger", 4) is None


async def test_the_custodians_events_are_relayed_in_order_and_once(tmp_path: Path) -> None:
    from settlement.engine.webhooks import relay_movements

    place = str(tmp_path / "custodian.sqlite")
    with cast_at(place) as cast:
        cast.deposited("d", 100)
        cast.delegate("g", 10)
    with closing(open_database(place, schemas=(LEDGER, CUSTODIAN, DESK))) as opened:
        with opened.transaction() as tx:
            first = relay_movements(tx, 5, limit=3)
            rest = relay_movements(tx, 5)
            assert (first, relay_movements(tx, 6)) == (3, 0)
        with opened.snapshot() as reader:
            names = [one.name for one in told(reader, 0, 100, "movement/g")]
            assert len(told(reader, 0, 100)) == first + rest
        assert names == ["delegation.requested", "delegation.approved", "delegation.pending_venue"]
