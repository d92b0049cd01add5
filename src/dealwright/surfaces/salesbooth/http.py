"""The Salesbooth API over HTTP: what it adds to :mod:`dealwright.surfaces.http`.

Keys in three places, browsers as callers (CORS, allowed origins), its envelope and its headers.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.types import Receive, Scope, Send

from dealwright.kernel.access.admission import Admitted, Credential
from dealwright.kernel.access.principals import PUBLIC
from dealwright.kernel.access.sessions import REMEMBER_COOKIE, SESSION_COOKIE, Visitor
from dealwright.kernel.errors import DealwrightError, Forbidden
from dealwright.kernel.operations import Operation
from dealwright.kernel.pipeline import Call, Outcome
from dealwright.surfaces import browsers
from dealwright.surfaces.http import JSON, Headers, HttpApi, Request, respond
from dealwright.surfaces.salesbooth import rendering

BASE: Final = "/api/v1"
_ALLOW_METHODS: Final = b"GET, POST, PUT, PATCH, DELETE, OPTIONS"
_ALLOW_HEADERS: Final = (
    b"Authorization, X-API-Key, Content-Type, If-Match, Idempotency-Key, X-Delegation-ID, X-Tab-ID, Last-Event-ID, "
    b"X-CSRF-Token"
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
        key = credential_of(request)
        token = self._cookies(request).get(SESSION_COOKIE) if key.secret is None else None
        if token is None:
            return key
        return Credential(session=token, tab=request.header(b"x-tab-id"))

    @staticmethod
    def _cookies(request: Request) -> dict[str, str]:
        return browsers.cookies(request.headers.get(b"cookie"))

    def _is_foreign(self, request: Request) -> bool:
        if b"sec-fetch-site" not in request.headers and b"origin" not in request.headers:
            return False
        own = browsers.own_origins(request.origin, request.header(b"host") or "")
        return browsers.is_foreign(request.headers, own)

    def objection(self, request: Request, admitted: Admitted, operation: Operation | None) -> DealwrightError | None:
        """A person's write needs the proof that a page of ours sent it, where the session counts for it at all; a key
        may say from which origins browsers may use it.
        """
        if admitted.session is not None and (operation is None or "session" in operation.auth):
            sent, foreign = request.header(browsers.CSRF_HEADER), self._is_foreign(request)
            return browsers.objection(admitted.session, request.method, sent, foreign=foreign)
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
        principal, kept = admitted.principal, self._cookies(request)
        if admitted.session is not None and "session" not in operation.auth and operation.keyless:
            principal = PUBLIC  # no proof was asked for, so the session must count for nothing
        return Call(
            operation=operation,
            arguments=arguments,
            principal=principal,
            ref=request.ref,
            if_match=request.header(b"if-match"),
            idempotency_key=request.header(b"idempotency-key"),
            delegation_id=request.header(b"x-delegation-id"),
            origin=request.origin,
            visitor=Visitor(
                ip=request.ip,
                session=admitted.session,
                remember=kept.get(REMEMBER_COOKIE),
                stale=SESSION_COOKIE in kept and admitted.session is None,
                foreign=self._is_foreign(request),
            ),
        )

    def head(self, request: Request, outcome: Outcome, admitted: Admitted | None) -> Headers:
        headers = rendering.headers(outcome) + request.extra
        if outcome.cookies:
            safely = browsers.over_https_only(self.settings.cookie_secure, request.origin)
            headers += [(b"set-cookie", browsers.set_cookie(each, secure=safely)) for each in outcome.cookies]
            headers.append((b"cache-control", b"no-store"))
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
