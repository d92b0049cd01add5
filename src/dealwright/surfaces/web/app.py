"""The web application beside the API: pages, static files, and the OpenAPI document.

Pages are rendered on the server, load nothing from elsewhere and read without JavaScript. What is asked for below
``/api`` and does not exist is answered as the API answers: in its error envelope.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

import dealwright
from dealwright.kernel.context import new_ref
from dealwright.kernel.errors import DealwrightError, InternalError, InvalidRequest, MethodNotAllowed, NotFound
from dealwright.kernel.operations import Registry
from dealwright.kernel.settings import Settings
from dealwright.providers.storage import Storage
from dealwright.surfaces import origin
from dealwright.surfaces.assets import Assets, Protected
from dealwright.surfaces.salesbooth import openapi, rendering
from dealwright.surfaces.web.documentation import ORIGIN, Documentation, inline
from dealwright.surfaces.web.uploads import Uploads

log = structlog.get_logger("dealwright.web")

_HERE: Final = Path(__file__).parent
_LONGEST_SEARCH: Final = 200


class _Document:
    """Bytes that are made once and sent often, packed for those who can unpack."""

    def __init__(self, content: bytes, media_type: str) -> None:
        self._content = content
        self._packed = gzip.compress(content, mtime=0)
        self._media_type = media_type
        self._tag = hashlib.sha256(content).hexdigest()[:16]

    def answer(self, request: Request, headers: dict[str, str]) -> Response:
        packed = "gzip" in request.headers.get("accept-encoding", "")
        tag = f'W/"{self._tag}"'
        headers = {"ETag": tag, "Vary": "Accept-Encoding", **headers}
        if _matches(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(self._packed if packed else self._content, headers=headers, media_type=self._media_type)


def _matches(header: str | None, tag: str) -> bool:
    """Whether If-None-Match names this version (RFC 9110: weak comparison)."""
    if header is None:
        return False
    given = {each.strip().removeprefix("W/") for each in header.split(",")}
    return "*" in given or tag.removeprefix("W/") in given


class Pages:
    """Renders the pages; the documentation of a group is kept once it has been made."""

    def __init__(self, registry: Registry, settings: Settings, assets: Assets) -> None:
        self._settings = settings
        self._documentation = Documentation(registry)
        environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals.update(static=assets.address, version=dealwright.__version__)
        environment.filters["inline"] = inline
        self._environment = environment
        self._kept: dict[str, str] = {}
        document = openapi.build(registry, settings.public_url)
        self._openapi = _Document(orjson.dumps(document), "application/json")

    def _render(self, template: str, **values: Any) -> str:
        return self._environment.get_template(template).render(docs=self._documentation, origin=ORIGIN, **values)

    def _page(self, request: Request, html: str, status: int = 200) -> Response:
        address = origin.of(request.scope, request.headers.get("host", "").encode("latin-1"), self._settings.public_url)
        content = html.replace(ORIGIN, address).encode()
        tag = f'W/"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"Cache-Control": "no-cache", "ETag": tag}
        if status == 200 and _matches(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        return HTMLResponse(content, status, headers)

    async def docs(self, request: Request) -> Response:
        asked = request.query_params.get("q", "").strip()[:_LONGEST_SEARCH]
        found = self._documentation.found(asked) if asked else []
        return self._page(request, self._render("docs.html", current=None, asked=asked, found=found))

    async def group(self, request: Request) -> Response:
        name = request.path_params["group"]
        group = self._documentation.group(name)
        if group is None:
            raise HTTPException(404)
        html = self._kept.get(name)
        if html is None:
            pages = self._documentation.pages(name)
            html = self._kept[name] = self._render("group.html", current=group, asked="", pages=pages)
        return self._page(request, html)

    async def openapi(self, request: Request) -> Response:
        return self._openapi.answer(
            request, {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
        )

    async def wrong(self, request: Request, problem: Exception) -> Response:
        """A page, or below ``/api`` the envelope, for whatever was raised."""
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        headers = dict(problem.headers or {}) if isinstance(problem, HTTPException) else {}
        if status == 500:
            log.error("page_failed", path=request.url.path, exc_info=problem)
        path = request.url.path
        if path == "/api" or path.startswith("/api/"):
            return _in_envelope(status, path, headers)
        response = self._page(request, self._render("wrong.html", status=status), status)
        response.headers.update(headers)
        return response


def _in_envelope(status: int, path: str, headers: dict[str, str]) -> Response:
    error: DealwrightError
    if status == 404:
        error = NotFound(f"There is nothing at {path[:200]}", hint="See /docs for every path of this API.")
    elif status == 405:
        error = MethodNotAllowed(f"This is not possible here; {path[:200]} answers {headers.get('Allow', 'GET')}")
    else:
        error = InternalError() if status >= 500 else InvalidRequest()
    ref = new_ref()
    body = orjson.dumps(rendering.error_body(error.answer(ref)))
    return Response(body, status, {**headers, "X-Request-Id": ref}, "application/json")


def create(registry: Registry, settings: Settings, storage: Storage) -> ASGIApp:
    """The application for everything that is not a call of the API."""
    assets = Assets(_HERE / "static", "/static")
    pages = Pages(registry, settings, assets)
    return Protected(
        Starlette(
            routes=[
                Route("/docs", pages.docs),
                Route("/docs/{group}", pages.group),
                Route("/api/openapi.json", pages.openapi),
                Route("/uploads/{name}", Uploads(storage).serve),
                Mount(assets.at, assets),
            ],
            middleware=[Middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)],
            exception_handlers={HTTPException: pages.wrong, Exception: pages.wrong},
        )
    )
