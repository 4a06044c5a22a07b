"""What is wrong with a request, as an RFC 9457 problem document."""

import json
from collections.abc import Mapping

from aiohttp import web

TYPE = "urn:bulkhead:problem:"
MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """A request that is not served; `type` is a word of the API's own, `more` further members."""

    def __init__(self, status: int, kind: str, detail: str, more: Mapping[str, object] | None = None) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail, self.more = status, kind, detail, dict(more or {})

    def response(self, instance: str) -> web.Response:
        """The document; `instance` is the path that was asked for."""
        told = {
            "type": TYPE + self.kind.replace("_", "-"), "title": self.kind.replace("_", " "), "status": self.status,
            "detail": self.detail, "instance": instance, **self.more,
        }  # fmt: skip
        return web.Response(status=self.status, body=json.dumps(told).encode(), content_type=MEDIA_TYPE)
