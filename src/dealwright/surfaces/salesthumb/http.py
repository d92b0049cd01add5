"""The SalesThumb API over HTTP: what it adds to :mod:`dealwright.surfaces.http`.

Its key header, idempotency keys that are one space for all operations, and its answers.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from dealwright.kernel import ids
from dealwright.kernel.access.admission import Admission, Admitted, Credential
from dealwright.kernel.access.idempotency import LONGEST_KEY
from dealwright.kernel.access.keys import KeyDirectory
from dealwright.kernel.access.rate_limits import RateLimiter, Rule
from dealwright.kernel.operations import Operation, Registry
from dealwright.kernel.pipeline import Call, Outcome, Pipeline
from dealwright.kernel.settings import Settings
from dealwright.surfaces.http import JSON, HttpApi, Request, respond
from dealwright.surfaces.salesthumb import openapi, rendering


def admission(directory: KeyDirectory, limiter: RateLimiter, settings: Settings) -> Admission:
    """Lets in ``st_…`` keys, each with a rolling window and nothing on top (SalesThumb REST API, Rate limiting)."""
    return Admission(directory, limiter, settings, "st", lambda limit: Rule("key", limit))


class SalesthumbApi(HttpApi):
    """Serves the shop's operations."""

    single = frozenset({b"x-salesthumb-key", b"idempotency-key", b"content-type"})

    def __init__(self, pipeline: Pipeline, admission: Admission, registry: Registry, settings: Settings) -> None:
        super().__init__(pipeline, admission, registry, settings)
        self._registry = registry

    @cached_property
    def _document(self) -> bytes:
        base = f"{(self.settings.public_url or '').rstrip('/')}{self.settings.salesthumb_prefix}"
        return orjson.dumps(openapi.build(self._registry, base))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        prefix = self.settings.salesthumb_prefix
        if scope["path"] == f"{prefix}/openapi.json" and scope["method"] in ("GET", "HEAD"):
            await respond(send, 200, self._document, [JSON], head=scope["method"] == "HEAD")
        else:
            await self.serve(scope, receive, send, prefix)

    def new_ref(self) -> str:
        return f"req_{ids.token(20)}"

    def credential(self, request: Request) -> Credential:
        """The key from its header; nowhere else."""
        key = request.header(b"x-salesthumb-key")
        return Credential(key.strip() if key else None)

    def call(self, request: Request, operation: Operation, arguments: dict[str, Any], admitted: Admitted) -> Call:
        return Call(
            operation=operation,
            arguments=arguments,
            principal=admitted.principal,
            ref=request.ref,
            idempotency_key=_idempotency_key(request.header(b"idempotency-key")),
            idempotency_space=f"salesthumb:{admitted.principal.key_id}",
            origin=request.origin,
        )

    async def send(self, send: Send, request: Request, outcome: Outcome, admitted: Admitted | None) -> None:
        headers = [*request.extra, (b"x-request-id", request.ref.encode())]
        headers += [(name.encode().lower(), value.encode()) for name, value in outcome.headers]
        if outcome.error is not None and outcome.error["retry_after"] is not None:
            headers.append((b"retry-after", str(outcome.error["retry_after"]).encode()))
        status = rendering.status(outcome, writes=request.method not in ("GET", "HEAD"))
        raw = b""
        if status != 204:
            raw = rendering.body(outcome, status)
            headers.append(JSON)
        await respond(send, status, raw, headers, head=request.method == "HEAD")


def _idempotency_key(text: str | None) -> str | None:
    """Any unique string will do: one that is longer or stranger than what is stored is known by its hash."""
    if not text:
        return None
    if len(text) <= LONGEST_KEY and text.isprintable():
        return text
    return hashlib.sha256(text.encode()).hexdigest()
