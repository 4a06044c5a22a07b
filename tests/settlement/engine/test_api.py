"""The API over a real socket: what is on record as JSON, live balances, a stream, signed registrations."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from custody.accounts import Chart
from custody.api_requests import Request, Window
from custody.attestors import LocalAttestor
from custody.books import Books
from custody.custodian_tables import CUSTODIAN
from custody.database import LEDGER, Database, open_database
from custody.delegation import Standing
from custody.governance import ApprovalState, Terms, genesis
from custody.keyring import Holding
from custody.money import Asset
from custody.policies import Group
from custody.transfers import Kind, Reason, Transfer
from settlement.cycle_record import CycleTerms, Said
from settlement.cycle_states import Act, Actor
from settlement.cycle_steps import Ground
from settlement.dispute import Report
from settlement.engine.api import Api, Writing
from settlement.engine.api_reading import Reading
from settlement.engine.presenting import Presenter, iso
from settlement.engine.routes import ROUTES
from settlement.engine.serving import serve
from settlement.engine.settler import Settler
from settlement.engine.telling import tell_of
from settlement.gross import Cause, Gross
from settlement.mirror import HOUSE
from settlement.netting import Obligation
from settlement.records import DESK
from settlement.webhook_signatures import is_genuine, secret_of
from tests.custody import approving
from tests.custody.approving import NOW_S, admission, holding, simple_policy

pytestmark = pytest.mark.asyncio
USDC = Asset("USDC", 6, 6)
MASTER = b"m" * 32
MACHINE = LocalAttestor(b"a" * 32)
STRANGER = LocalAttestor(b"z" * 32)
START_S = NOW_S - 1_000


def keys() -> ApprovalState:
    """Whose machine may sign requests: the hedger's."""
    party = "client/hedger"
    policy = simple_policy(Group("desk", party, ("first",)), 1)
    machine = Holding(party, "machine", MACHINE.key)
    terms = Terms(approving.DOMAIN, (USDC,))
    return genesis(terms, (admission(party, policy, holding(party, "first"), machine),), START_S)


@dataclass
class Client:
    """Asks the server; `signed` as a machine."""

    session: aiohttp.ClientSession
    url: str
    nonces: int = 0

    async def get(self, path: str, status: int = 200) -> Any:
        async with self.session.get(self.url + path) as answer:
            assert answer.status == status, await answer.text()
            if status != 200:
                assert answer.content_type == "application/problem+json"
            return await answer.json(content_type=None)

    async def signed(
        self, method: str, path: str, body: object = None, status: int = 200, by: LocalAttestor = MACHINE, **more: str
    ) -> Any:
        raw = b"" if body is None else json.dumps(body).encode()
        self.nonces += 1
        told = Request(method, path, raw, NOW_S, f"n{self.nonces}")
        headers = {
            "Bulkhead-Key": by.key.value, "Bulkhead-Time": str(NOW_S), "Bulkhead-Nonce": told.nonce,
            "Bulkhead-Request-Signature": told.signed_by(by).hex(), **more,
        }  # fmt: skip
        async with self.session.request(method, self.url + path, data=raw, headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return None if status == 204 else await answer.json(content_type=None)


def filled(database: Database) -> Settler:
    """A cycle whose obligations are held, and one in dispute."""
    chart, books = Chart("USDC"), Books(database)
    accounts = [chart.vault(), chart.venue_collateral("north"), chart.venue_settlement("north")]
    books.open_accounts([*accounts, chart.delegated("hedger", "north"), chart.delegated("maker", "north")])
    for party, account in (
        ("hedger", chart.delegated("hedger", "north")),
        ("maker", chart.delegated("maker", "north")),
    ):
        books.post([Transfer(party, chart.vault().id, account.id, 100_000_000, Reason.DEPOSIT, Kind.POSTED)], 1)
    settler = Settler(database, books, Ground(Standing.SEGREGATED, {"USDC": chart}, CycleTerms()), "USDC")
    settler.open("north", START_S)
    rows = (Obligation("hedger", "USDC", -40_000_000), Obligation("maker", "USDC", 40_000_000))
    gross = (Gross("hedger", "maker", 40_000_000, Cause.FILL, "f1"),)
    for number in ("1", "2"):
        for said, kept in (
            (Said(Act.CUT_OFF, Actor.OPERATOR, "demand"), ()),
            (Said(Act.COMPUTE, Actor.OPERATOR, fills_digest="f", marks_digest="m"), gross),
            (Said(Act.PROPOSE, Actor.VENUE, digest=f"d{number}", obligations=rows), ()),
        ):
            assert settler.act(f"north/{number}", said, START_S + 10, kept).ok
    assert settler.act("north/1", Said(Act.AGREE, Actor.CUSTODIAN, digest="d1"), START_S + 20).ok
    report = Report((), {"hedger": -40_000_000, HOUSE: 40_000_000}, {"hedger": -30_000_000, HOUSE: 30_000_000})
    assert settler.dispute("north/2", report, START_S + 30).ok
    return settler


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    with closing(open_database(tmp_path / "ledger.sqlite", schemas=(LEDGER, CUSTODIAN, DESK))) as opened:
        yield opened


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    filled(database)
    writing = Writing(database, keys(), MASTER, Window(NOW_S - 100))
    api = Api(Reading(database, Presenter({"USDC": USDC})), lambda: NOW_S, writing)
    stopped, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve(api, "127.0.0.1", 0, address.set_result, stopped))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield Client(session, await address)
    stopped.set()
    await running


async def test_cycles_are_listed_by_page_and_filter(client: Client) -> None:
    everything = await client.get("/v1/cycles")
    assert [(one["id"], one["state"]) for one in everything["items"]] == [
        ("north/1", "agreed"), ("north/2", "disputed"), ("north/3", "open"),
    ]  # fmt: skip
    assert everything["next_after"] is None
    first = await client.get("/v1/cycles?limit=2")
    assert (len(first["items"]), first["next_after"]) == (2, first["items"][1]["position"])
    rest = await client.get(f"/v1/cycles?limit=2&after={first['next_after']}")
    assert [one["id"] for one in rest["items"]] == ["north/3"]
    assert [one["id"] for one in (await client.get("/v1/cycles?state=disputed"))["items"]] == ["north/2"]
    assert (await client.get(f"/v1/cycles?to={START_S}"))["items"] == []
    assert {"occurred_at", "recorded_at", "deadline", "digest"} <= everything["items"][0].keys()


async def test_obligations_are_net_and_gross_with_asset_and_scale(client: Client) -> None:
    found = await client.get("/v1/cycles/north/1")
    assert found["obligations"] == [
        {"party": "hedger", "direction": "pays", "kind": "net", "amount": "40.000000", "asset": "USDC", "scale": 6},
        {"party": "maker", "direction": "receives", "kind": "net", "amount": "40.000000", "asset": "USDC", "scale": 6},
    ]
    (gross,) = (await client.get("/v1/cycles/north/1/gross"))["items"]
    assert (gross["debtor"], gross["creditor"], gross["amount"], gross["asset"]) == (
        "hedger",
        "maker",
        "40.000000",
        "USD",
    )


async def test_balances_are_live_and_say_what_is_reserved(client: Client, database: Database) -> None:
    def figures(found: Any) -> list[str]:
        return [found[name]["amount"] for name in ("amount", "available", "reserve")]

    (hedger,) = (await client.get("/v1/balances?party=client/hedger"))["items"]
    # 40 for the cycle that is agreed, 40 for the dispute.
    assert figures(hedger) == ["100.000000", "20.000000", "80.000000"]
    assert hedger["live_at"].endswith("Z")
    chart = Chart("USDC")
    more = Transfer("more", chart.vault().id, chart.delegated("hedger", "north").id, 5, Reason.DEPOSIT, Kind.POSTED)
    await asyncio.to_thread(Books(database).post, [more], 2)
    (after,) = (await client.get("/v1/balances?party=client/hedger&venue=north&asset=USDC"))["items"]
    assert figures(after) == ["100.000005", "20.000005", "80.000000"]
    assert after["journal_position"] == hedger["journal_position"] + 1


async def test_disputes_show_both_computations(client: Client) -> None:
    (found,) = (await client.get("/v1/disputes?cycle=north/2"))["items"]
    assert [found[name]["amount"] for name in ("stated", "expected", "held")] == [
        "-40.000000", "-30.000000", "40.000000",
    ]  # fmt: skip
    assert found["report"]["expected_dues"] == {"hedger": "-30000000", "house": "30000000"}


async def test_events_are_listed_and_streamed_from_a_cursor(client: Client, database: Database) -> None:
    listed = (await client.get("/v1/events?object=north/1"))["items"]
    assert [one["event"] for one in listed] == [
        "settlement.cut_off", "settlement.computed", "settlement.proposed", "settlement.agreed",
    ]  # fmt: skip
    assert [one["sequence"] for one in listed] == [1, 2, 3, 4]
    last = (await client.get("/v1/events"))["items"][-2]
    seen = []
    async with client.session.get(
        f"{client.url}/v1/events/stream", headers={"Last-Event-ID": str(last["position"])}
    ) as stream:
        assert stream.content_type == "text/event-stream"

        def later() -> None:
            with database.transaction() as tx:
                tell_of(tx, "call/1", "call.opened", {"units": 7}, (NOW_S, NOW_S))

        await asyncio.to_thread(later)
        async for line in stream.content:
            if line.startswith(b"data: "):
                seen.append(json.loads(line[6:]))
            if len(seen) == 2:
                break
    assert [one["event"] for one in seen] == ["dispute.opened", "call.opened"]
    assert seen[1]["facts"] == {"units": "7"}


async def test_a_webhook_is_registered_by_a_signature_and_its_secret_is_derived(client: Client) -> None:
    asked = {"id": "ep", "url": "https://example.org/hook", "events": ["settlement."]}
    told = await client.signed("POST", "/v1/webhooks", asked, 201)
    assert told == {"id": "ep", "party": "client/hedger", "secret": secret_of(MASTER, "ep")}
    (listed,) = (await client.signed("GET", "/v1/webhooks"))["items"]
    assert (listed["id"], listed["events"], "secret" in listed) == ("ep", ["settlement."], False)
    assert int((await client.signed("POST", "/v1/webhooks/ep/replay", {"after": "0"}, 202))["queued"]) == 8
    assert (await client.signed("POST", "/v1/webhooks", {**asked, "url": "https://a/"}, 409))["type"].endswith(
        "content"
    )
    assert await client.signed("DELETE", "/v1/webhooks/ep", status=204) is None
    assert (await client.signed("DELETE", "/v1/webhooks/none", status=404))["title"] == "endpoint not found"


async def test_what_is_registered_is_delivered_by_the_same_server(client: Client, database: Database) -> None:
    heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def hook(request: web.Request) -> web.Response:
        await heard.put((request.headers["Bulkhead-Signature"], await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    secret = (await client.signed("POST", "/v1/webhooks", {"id": "ep", "url": url, "events": ["call."]}, 201))["secret"]

    def happens() -> None:
        with database.transaction() as tx:
            tell_of(tx, "call/1", "call.opened", {"units": 7}, (NOW_S, NOW_S))

    await asyncio.to_thread(happens)
    header, body = await asyncio.wait_for(heard.get(), 5)
    await runner.cleanup()
    assert is_genuine(header, secret, body, NOW_S)
    told = json.loads(body)
    assert (told["id"], told["event"], told["facts"]) == ("call/1#1", "call.opened", {"units": "7"})
    assert (told["occurred_at"], told["recorded_at"]) == (iso(NOW_S), iso(NOW_S))


async def test_what_is_not_signed_fresh_and_new_is_not_served(client: Client) -> None:
    asked = {"id": "ep", "url": "https://example.org/"}
    assert (await client.signed("POST", "/v1/webhooks", asked, 401, STRANGER))["title"] == "key is unknown"
    old = await client.signed("POST", "/v1/webhooks", asked, 401, **{"Bulkhead-Time": str(NOW_S - 31)})
    assert (old["title"], old["retry_may_succeed"]) == ("too old", False)
    wrong = await client.signed("POST", "/v1/webhooks", asked, 401, **{"Bulkhead-Nonce": "another"})
    assert wrong["title"] == "signature is wrong"
    await client.signed("POST", "/v1/webhooks", asked, 201)
    client.nonces -= 1
    assert (await client.signed("POST", "/v1/webhooks", asked, 401))["title"] == "nonce is used"
    assert (await client.signed("POST", "/v1/webhooks", {"id": "x"}, 400))["detail"] == "url: is missing"
    (bad,) = [await client.signed("POST", "/v1/webhooks", {"id": "x", "url": "http://example.org/"}, 422)]
    assert bad["title"] == "url is not private"
    assert (await client.get("/v1/webhooks", 400))["title"] == "parameter is malformed"


@pytest.mark.parametrize(("path", "status", "title"), [
    ("/v1/cycles?limit=0", 400, "parameter is malformed"),
    ("/v1/cycles?after=-1", 400, "parameter is malformed"),
    ("/v1/cycles?from=yesterday", 400, "parameter is malformed"),
    ("/v1/cycles?colour=red", 400, "parameter is unknown"),
    ("/v1/cycles/north/99", 404, "cycle not found"),
    ("/v1/cycles/north/x", 400, "parameter is malformed"),
    ("/v1/nothing", 404, "path is unknown"),
])  # fmt: skip
async def test_whatever_is_wrong_is_a_problem_document(client: Client, path: str, status: int, title: str) -> None:
    told = await client.get(path, status)
    assert (told["title"], told["status"], told["instance"]) == (title, status, path.partition("?")[0])
    assert told["type"] == "urn:bulkhead:problem:" + title.replace(" ", "-")


async def test_the_document_has_every_route(client: Client) -> None:
    told = await client.get("/openapi.json")
    listed = {(method.upper(), path) for path, methods in told["paths"].items() for method in methods}
    assert listed == {(route.method, route.path) for route in ROUTES}
    assert told["openapi"] == "3.1.0"
    health = await client.get("/v1/health")
    assert (health["status"], health["is_read_only"]) == ("ok", False)


async def test_a_server_that_only_reads_registers_nothing(database: Database) -> None:
    api = Api(Reading(database, Presenter({})), lambda: NOW_S)
    stopped, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serve(api, "127.0.0.1", 0, address.set_result, stopped))
    async with aiohttp.ClientSession() as session:
        client = Client(session, await address)
        refused = await client.signed("POST", "/v1/webhooks", {"id": "ep", "url": "https://a/"}, 403)
        assert refused["title"] == "server is read only"
    stopped.set()
    await running
