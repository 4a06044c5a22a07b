"""The HTTP API over a ledger: lists, live balances, a stream of events, and webhooks for whoever signs.

The routes are a table of their own. What is read needs no signature, so a server listens on loopback unless it is told
otherwise; what changes something is signed with an Ed25519 key of the keyring, fresh and once.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib.metadata import version

from aiohttp import web

from custody.api_requests import Request, Window
from custody.database import Database, DatabaseError
from custody.governance import ApprovalState
from custody.instruction_log import InstructionLog
from custody.keyring import Keyring
from settlement.engine.api_reading import Reading
from settlement.engine.asking import LONGEST_BODY, asked, body_of, whole
from settlement.engine.presenting import Json, shown_event
from settlement.engine.problems import ProblemError
from settlement.engine.routes import ROUTES, document
from settlement.engine.threads import on_thread
from settlement.engine.webhooks import Endpoint, EndpointRefusal, register, remove, replay
from settlement.webhook_signatures import secret_of

LOG = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOOK_S = 0.25
"""How often a stream looks for events."""
QUIET_S = 15
"""After so long without one it says that it is still there."""


@dataclass(frozen=True, slots=True)
class Writing:
    """What a server needs that may also write: the ledger, who may sign, and the webhooks' master secret."""

    database: Database
    genesis: ApprovalState
    master: bytes = field(repr=False)
    window: Window

    def keyring(self) -> Keyring:
        """Whose keys speak, by all that was instructed up to now."""
        with self.database.transaction() as tx:
            return InstructionLog(self.database, self.genesis).state(tx).keyring


@dataclass(frozen=True, slots=True)
class Api:
    """The handlers. `now_s`: the clock, UTC seconds; without `writing` nothing can be changed."""

    reading: Reading
    now_s: Callable[[], int]
    writing: Writing | None = None

    def app(self) -> web.Application:
        """An application that serves the routes."""
        app = web.Application(middlewares=[_problems], client_max_size=LONGEST_BODY)
        for route in ROUTES:
            app.router.add_route(route.method, route.path, getattr(self, route.handler))
        return app

    # -- reading ---------------------------------------------------------------------------------------------------

    async def cycles(self, request: web.Request) -> web.Response:
        page = asked(request.query, frozenset({"venue", "state"}))
        return web.json_response(await on_thread(self.reading.cycles, page))

    async def cycle(self, request: web.Request) -> web.Response:
        asked(request.query, frozenset())
        return web.json_response(await on_thread(self.reading.cycle, _cycle_id(request)))

    async def gross(self, request: web.Request) -> web.Response:
        return web.json_response(await on_thread(self.reading.gross, _cycle_id(request)))

    async def disputes(self, request: web.Request) -> web.Response:
        page = asked(request.query, frozenset({"venue", "state", "cycle"}))
        return web.json_response(await on_thread(self.reading.disputes, page))

    async def balances(self, request: web.Request) -> web.Response:
        page = asked(request.query, frozenset({"party", "venue", "asset"}))
        return web.json_response(await on_thread(self.reading.balances, page, self.now_s()))

    async def events(self, request: web.Request) -> web.Response:
        page = asked(request.query, frozenset({"object"}))
        return web.json_response(await on_thread(self.reading.events, page))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Events as they are written, for ever; who was cut off sends the last id that it saw."""
        page = asked(request.query, frozenset({"object"}))
        last = request.headers.get("Last-Event-ID", "")
        after, quiet_s = whole(last, "Last-Event-ID") if last else page.after, 0.0
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        while True:
            found = await on_thread(self.reading.told, after, page.limit, page.words.get("object", ""))
            for event in found:
                told = json.dumps(shown_event(event), separators=(",", ":"))
                await response.write(f"id: {event.position}\nevent: {event.name}\ndata: {told}\n\n".encode())
                after, quiet_s = event.position, 0.0
            if not found:
                await asyncio.sleep(LOOK_S)
                quiet_s += LOOK_S
            if quiet_s >= QUIET_S:
                await response.write(b": quiet\n\n")
                quiet_s = 0.0

    async def health(self, _request: web.Request) -> web.Response:
        position = await on_thread(self.reading.head)
        return web.json_response({"status": "ok", "journal_position": position, "is_read_only": self.writing is None})

    async def document(self, _request: web.Request) -> web.Response:
        return web.json_response(document(version("bulkhead")))

    # -- webhooks --------------------------------------------------------------------------------------------------

    async def endpoints(self, request: web.Request) -> web.Response:
        party, _, _ = await self._signer(request)
        return web.json_response(await on_thread(self.reading.endpoints, party))

    async def register(self, request: web.Request) -> web.Response:
        party, raw, writing = await self._signer(request)
        told = body_of(raw, {"id": str, "url": str}, {"events": list})
        if not all(isinstance(one, str) for one in told.get("events", [])):
            raise ProblemError(400, "body_is_malformed", "events: expected texts")
        endpoint = Endpoint(told["id"], party, told["url"], tuple(told.get("events", [])))
        if not 1 <= len(endpoint.id) <= 64 or "/" in endpoint.id:
            raise ProblemError(400, "body_is_malformed", "id: expected 1 to 64 characters without a slash")

        def work() -> EndpointRefusal | None:
            with writing.database.transaction() as tx:
                return register(tx, endpoint, self.now_s())

        _require(await on_thread(work))
        secret = secret_of(writing.master, endpoint.id)
        return web.json_response({"id": endpoint.id, "party": party, "secret": secret}, status=201)

    async def remove(self, request: web.Request) -> web.Response:
        party, _, writing = await self._signer(request)

        def work() -> EndpointRefusal | None:
            with writing.database.transaction() as tx:
                return remove(tx, request.match_info["id"], party, self.now_s())

        _require(await on_thread(work))
        return web.Response(status=204)

    async def replay(self, request: web.Request) -> web.Response:
        party, raw, writing = await self._signer(request)
        after = whole(body_of(raw, {"after": str}, {})["after"], "after")

        def work() -> int | EndpointRefusal:
            with writing.database.transaction() as tx:
                return replay(tx, request.match_info["id"], party, after, self.now_s())

        found = await on_thread(work)
        if isinstance(found, EndpointRefusal):
            _require(found)
        return web.json_response({"queued": str(found)}, status=202)

    async def _signer(self, request: web.Request) -> tuple[str, bytes, Writing]:
        """The party whose key has signed the request, its body, and what may be written."""
        if self.writing is None:
            raise ProblemError(403, "server_is_read_only", "start it with --webhook-key to let endpoints be registered")
        raw = await request.read()
        headers = request.headers
        key, at = headers.get("Bulkhead-Key", ""), headers.get("Bulkhead-Time", "")
        nonce = headers.get("Bulkhead-Nonce", "")
        told = Request(request.method, request.path_qs, raw, whole(at, "Bulkhead-Time"), nonce)
        try:
            signature = bytes.fromhex(headers.get("Bulkhead-Request-Signature", ""))
        except ValueError:
            raise ProblemError(401, "signature_is_wrong", "the signature is no hex") from None
        keyring = await on_thread(self.writing.keyring)
        refused = self.writing.window.admit(told, key, signature, keyring, self.now_s())
        tenure = keyring.find(key)
        if refused is not None or tenure is None:
            kind = str(refused)
            more = {"retry_may_succeed": refused is not None and refused.retry_may_succeed}
            raise ProblemError(401, kind, f"the request is not served: {kind.replace('_', ' ')}", more)
        return tenure.holding.party, raw, self.writing


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is said as a problem document; a fault of ours without what it was."""
    try:
        return await handler(request)
    except ProblemError as why:
        return why.response(request.path)
    except web.HTTPException as why:
        kind = {404: "path_is_unknown", 405: "method_is_not_allowed", 413: "body_is_too_long"}.get(
            why.status, "refused"
        )
        return ProblemError(why.status, kind, why.reason or kind).response(request.path)
    except ConnectionResetError:  # whoever listened has gone; there is nobody to tell
        raise
    except DatabaseError:
        told = "the ledger cannot be read or written now; try again"
        return ProblemError(503, "ledger_is_not_available", told).response(request.path)
    except Exception:
        LOG.exception("%s %s", request.method, request.path)
        return ProblemError(500, "fault", "a fault of this server; it is in its log").response(request.path)


def _cycle_id(request: web.Request) -> str:
    return f"{request.match_info['venue']}/{whole(request.match_info['number'], 'number')}"


def _require(refused: EndpointRefusal | None) -> None:
    """A refusal as a problem."""
    if refused is None:
        return
    status = {EndpointRefusal.ENDPOINT_NOT_FOUND: 404, EndpointRefusal.EXISTS_WITH_DIFFERENT_CONTENT: 409}
    more: Json = {"retry_may_succeed": refused.retry_may_succeed}
    raise ProblemError(status.get(refused, 422), str(refused), str(refused).replace("_", " "), more)
