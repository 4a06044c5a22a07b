"""The API's routes as one table: the server serves it, and the OpenAPI document is made from it, so neither drifts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from settlement.cycle_states import DisputeState, State

API_VERSION = "1"

PAGE = ("after", "limit", "from", "to")
"""What every list takes: the cursor, the longest page, and a period of `occurred_at`."""


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that may be asked. `handler` names the server's method; `signed`: only with a key's signature."""

    method: str
    path: str
    handler: str
    summary: str
    query: tuple[str, ...] = ()
    body: Mapping[str, str] | None = None
    signed: bool = False
    media_type: str = "application/json"
    success: int = 200


ROUTES = (
    Route("GET", "/v1/cycles", "cycles", "Settlement cycles, in order of beginning.", ("venue", "state", *PAGE)),
    Route("GET", "/v1/cycles/{venue}/{number}", "cycle", "One cycle with its net obligations."),
    Route("GET", "/v1/cycles/{venue}/{number}/gross", "gross", "The gross obligations that its nets are derived from."),
    Route("GET", "/v1/disputes", "disputes", "Disputes with both computations and every difference.",
          ("venue", "state", "cycle", *PAGE)),
    Route("GET", "/v1/balances", "balances", "Mirrored balances, live: amount, available, reserve.",
          ("party", "venue", "asset", *PAGE)),
    Route("GET", "/v1/events", "events", "Events behind a cursor.", ("object", *PAGE)),
    Route("GET", "/v1/events/stream", "stream", "The same as server-sent events; Last-Event-ID goes on from there.",
          ("after", "object"), media_type="text/event-stream"),
    Route("GET", "/v1/webhooks", "endpoints", "The endpoints of whoever signs the request.", signed=True),
    Route("POST", "/v1/webhooks", "register", "Register an endpoint; the answer has its secret.",
          body={"id": "string", "url": "string", "events": "array"}, signed=True, success=201),
    Route("DELETE", "/v1/webhooks/{id}", "remove", "Tell an endpoint nothing any more.", signed=True, success=204),
    Route("POST", "/v1/webhooks/{id}/replay", "replay", "Tell an endpoint again of all events behind a cursor.",
          body={"after": "string"}, signed=True, success=202),
    Route("GET", "/v1/health", "health", "Whether the ledger can be read, and where its journal ends."),
    Route("GET", "/openapi.json", "document", "This document."),
)  # fmt: skip

SIGNED_HEADERS = {
    "Bulkhead-Key": "The Ed25519 public key: 0x and 64 small hex digits.",
    "Bulkhead-Time": "UTC seconds, within 30 of the server's.",
    "Bulkhead-Nonce": "A text of one line that the key has not used within that time.",
    "Bulkhead-Request-Signature": "Hex of the signature, purpose `api request v1`, over five lines: method, path with"
    " its query, SHA-256 of the body in hex, time, nonce.",
}


def document(version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    described = "Amounts are decimal texts with asset and scale. Lists filter by time and go on from a cursor."
    info = {"title": "Bulkhead", "version": version, "description": described, "license": {"name": "Apache-2.0"}}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": SCHEMAS}}


def _operation(route: Route) -> dict[str, Any]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    parameters += [
        {"name": name, "in": "query", "schema": _QUERY.get(name, {"type": "string"})} for name in route.query
    ]
    if route.signed:
        parameters += [
            {"name": name, "in": "header", "required": True, "description": told, "schema": {"type": "string"}}
            for name, told in SIGNED_HEADERS.items()
        ]
    kind = {"type": "string"} if route.media_type == "text/event-stream" else {"type": "object"}
    good: dict[str, Any] = {"description": "done"}
    if route.success != 204:
        good["content"] = {route.media_type: {"schema": kind}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    told: dict[str, Any] = {
        "operationId": route.handler, "summary": route.summary, "parameters": parameters,
        "responses": {str(route.success): good, "default": {"description": "a problem", "content": problem}},
    }  # fmt: skip
    if route.body is not None:
        members = {name: {"type": kind} for name, kind in route.body.items()}
        schema = {"type": "object", "properties": members, "additionalProperties": False}
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return told


_QUERY: Mapping[str, dict[str, Any]] = {
    "after": {"type": "integer", "minimum": 0, "default": 0},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1_000, "default": 100},
    "from": {"type": "string", "description": "UTC seconds or ISO 8601; from this time on"},
    "to": {"type": "string", "description": "UTC seconds or ISO 8601; before this time"},
    "state": {"type": "string", "enum": sorted({*State, *DisputeState} - {DisputeState.NEW})},
}

SCHEMAS: Mapping[str, Any] = {
    "Amount": {
        "type": "object", "required": ["amount", "asset", "scale"],
        "properties": {
            "amount": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
            "asset": {"type": "string"}, "scale": {"type": "integer", "minimum": 0, "maximum": 9},
        },
    },
    "Problem": {
        "type": "object", "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
            "detail": {"type": "string"}, "instance": {"type": "string"},
        },
    },
}  # fmt: skip
