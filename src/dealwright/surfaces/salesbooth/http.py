"""The Salesbooth API over HTTP: what it adds to :mod:`dealwright.surfaces.http`.

Keys in three places, browsers as callers (CORS, allowed origins), its envelope and its headers.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.types import Receive, Scope, Send

from dealwright.kernel.access.admission import Admitted, Credential
from dealwright.kernel.errors import DealwrightError, Forbidden
from dealwright.kernel.operations import Operation
from dealwright.kernel.pipeline import Call, Outcome
from dealwright.surfaces.http import JSON, Headers, HttpApi, Request, respond
from dealwright.surfaces.salesbooth import rendering

BASE: Final = "/api/v1"
_ALLOW_METHODS: Final = b"GET, POST, PUT, PATCH, DELETE, OPTIONS"
_ALLOW_HEADERS: Final = (
    b"Authorization, X-API-Key, Content-Type, If-Match, Idempotency-Key, X-Delegation-ID, X-Tab-ID, Last-Event-ID"
)
_EXPOSE_HEADERS: Final = (
    b"ETag, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Job-ID, "
    b"X-Deprecation-Warning, X-Request-Id, Idempotency-Replayed, Idempotency-Mismatch"
)
_DEPRECATION: Final = (
    b"x-deprecation-warning",
    b"API keys in the query string are deprecated; send the Authorization header",
)


_FOREIGN_ORIGIN: Final = "authorization_error.origin_not_allowed"
"""The one refusal whose answer must not carry Access-Control-Allow-Origin."""


class SalesboothApi(HttpApi):
    """Serves every operation below ``/api/v1``, and below ``/v1`` on the hosts that are configured for it."""

    single = frozenset(
        {b"authorization", b"x-api-key", b"if-match", b"idempotency-key", b"x-delegation-id", b"content-type"}
    )

    async def __call__(self, scope: Scope, receive: Receive, send: Send, base: str = BASE) -> None:
        if scope["method"] == "OPTIONS":
            await respond(send, 204, b"", self._preflight(scope))
        else:
            await self.serve(scope, receive, send, base)

    @staticmethod
    def _preflight(scope: Scope) -> Headers:
        page = dict(scope["headers"]).get(b"origin", b"*")
        return [
            (b"access-control-allow-origin", page),
            (b"access-control-allow-methods", _ALLOW_METHODS),
            (b"access-control-allow-headers", _ALLOW_HEADERS),
            (b"access-control-max-age", b"600"),
            (b"vary", b"Origin"),
        ]

    def credential(self, request: Request) -> Credential:
        return credential_of(request)

    def objection(self, request: Request, admitted: Admitted) -> DealwrightError | None:
        """A key may say from which origins browsers may use it."""
        page = request.header(b"origin")
        allowed = admitted.principal.allowed_origins
        if page is not None and allowed and page not in allowed:
            return Forbidden(
                f"This key may not be used from {page[:200]}",
                code=_FOREIGN_ORIGIN,
                hint="Add the origin to the key's allowed_origins.",
            )
        return None

    def call(self, request: Request, operation: Operation, arguments: dict[str, Any], admitted: Admitted) -> Call:
        return Call(
            operation=operation,
            arguments=arguments,
            principal=admitted.principal,
            ref=request.ref,
            if_match=request.header(b"if-match"),
            idempotency_key=request.header(b"idempotency-key"),
            delegation_id=request.header(b"x-delegation-id"),
            origin=request.origin,
        )

    def head(self, request: Request, outcome: Outcome, admitted: Admitted | None) -> Headers:
        headers = rendering.headers(outcome) + request.extra
        if outcome.error is None or outcome.error["code"] != _FOREIGN_ORIGIN:
            headers += cross_origin(request.header(b"origin"))
        if admitted is not None and admitted.deprecated:
            headers.append(_DEPRECATION)
        headers.append((b"x-request-id", request.ref.encode()))
        return headers

    async def send(self, send: Send, request: Request, outcome: Outcome, admitted: Admitted | None) -> None:
        headers = self.head(request, outcome, admitted)
        if outcome.status == 204:
            await respond(send, 204, b"", headers)
            return
        if outcome.media_type is not None and outcome.error is None:
            raw = outcome.data if isinstance(outcome.data, bytes) else str(outcome.data).encode()
            headers.append((b"content-type", outcome.media_type.encode()))
        else:
            legacy = admitted is not None and admitted.principal.settings.legacy_error_codes
            raw = rendering.body(outcome, legacy_codes=legacy)
            headers.append(JSON)
        await respond(send, rendering.status(outcome), raw, headers, head=request.method == "HEAD")


def credential_of(request: Request) -> Credential:
    """The key from the Authorization header, X-API-Key, or (deprecated) the query string."""
    authorization = request.headers.get(b"authorization")
    if authorization is not None:
        scheme, _, token = authorization.decode("latin-1").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return Credential(token.strip())
    if key := request.header(b"x-api-key"):
        return Credential(key.strip())
    if key := request.query.get("api_key"):
        return Credential(key, in_query=True)
    return Credential()


def cross_origin(page: str | None) -> Headers:
    """What lets a page of that origin read the answer."""
    if page is None:
        return []
    return [
        (b"access-control-allow-origin", page.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSE_HEADERS),
        (b"vary", b"Origin"),
    ]
