"""The ASGI application of the desk: routing, sign-in, protection against forged requests, and refusals as pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

import dealwright
from dealwright.kernel.access.admission import Admission
from dealwright.kernel.access.principals import PUBLIC
from dealwright.kernel.access.sessions import NOBODY, SESSION_COOKIE
from dealwright.kernel.context import new_ref
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.pipeline import Pipeline
from dealwright.kernel.settings import Settings
from dealwright.surfaces import origin
from dealwright.surfaces.assets import Assets, Protected
from dealwright.surfaces.browsers import CSRF_FIELD, objection, set_cookie
from dealwright.surfaces.desk import brand, charts, icons, words
from dealwright.surfaces.desk.caller import Caller, admit
from dealwright.surfaces.desk.forms import Form
from dealwright.surfaces.desk.operations import Operations
from dealwright.surfaces.desk.pages import PAGES, Page
from dealwright.surfaces.desk.views import ALL  # noqa: F401 - these declare their pages
from dealwright.surfaces.desk.visit import Asked, Desk, Problem, Refused, Visit

log = structlog.get_logger("dealwright.desk")

_HERE: Final = Path(__file__).parent
_SIGN_IN: Final = "/sign-in"


def create(pipeline: Pipeline, operations: Operations, admission: Admission, settings: Settings) -> ASGIApp:
    """The desk over these operations."""
    assets = Assets(_HERE / "static", "/assets")
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        asset=assets.address,
        version=dealwright.__version__,
        icon=icons.icon,
        brand=brand.address,
        meter=charts.meter,
        series=charts.series,
        status=words.status,
        title=words.title,
        happened=words.happened,
        link_to=words.link_to,
    )
    desk = Desk(pipeline, operations, admission, environment, settings.cookie_secure)
    # A name in a path sorts before a brace in its place, so /deals/new is not taken for a deal.
    pages = sorted(PAGES, key=lambda each: each.path)
    return Protected(
        Starlette(
            routes=[
                *(Route(each.path, _endpoint(desk, settings, each), methods=[each.method]) for each in pages),
                Route("/brand/{colour:str}.css", brand.sheet),
                Mount(assets.at, assets),
            ],
            middleware=[Middleware(GZipMiddleware, minimum_size=1024, compresslevel=4)],
        )
    )


def serves(path: str) -> bool:
    """Whether a path belongs to the desk."""
    return path == "/" or path.split("/", 2)[1] in _FIRST


_FIRST: Final = frozenset({"assets", "brand", *(each.path.split("/", 2)[1] for each in PAGES)} - {""})


def _endpoint(desk: Desk, settings: Settings, page: Page) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        here = origin.of(request.scope, request.headers.get("host", "").encode("latin-1"), settings.public_url)
        try:
            caller = await admit(request, desk.admission, here)
        except DealwrightError as error:
            visit = Visit(desk, request, Caller(PUBLIC, NOBODY), new_ref(), here)
            return _refused(visit, Problem(error.status, error.message, error.hint, ref=visit.ref))
        visit = Visit(desk, request, caller, new_ref(), here)
        response = await _guarded(visit, page, settings.max_body_bytes)
        for cookie in visit.cookies:
            response.raw_headers.append((b"set-cookie", set_cookie(cookie, secure=visit.secure)))
        return response

    return answer


async def _guarded(visit: Visit, page: Page, limit: int) -> Response:
    """The answer, or what is wrong as a page."""
    try:
        if visit.caller.signed_in or visit.caller.visitor.remember is not None:
            await visit.meet()
        if not page.public and not visit.signed_in:
            return _to_sign_in(visit)
        if not page.public and not page.across and visit.principal.tenant_id is None:
            return visit.go("/workspaces")
        return await _answer(visit, page, limit)
    except Refused as refusal:
        return _to_sign_in(visit) if refusal.problem.status == 401 else _refused(visit, refusal.problem)
    except Exception:
        log.exception("page_failed", path=page.path, ref=visit.ref)
        return _refused(visit, Problem(500, "Something went wrong on our side", ref=visit.ref))


async def _answer(visit: Visit, page: Page, limit: int) -> Response:
    if page.method == "GET":
        return await page.view(visit)
    visit.form = await _form(visit.request, limit)
    if visit.caller.visitor.session is not None:
        sent, foreign = visit.form.get(CSRF_FIELD), visit.caller.visitor.foreign
        if objection(visit.caller.visitor.session, "POST", sent, foreign=foreign) is not None:
            hint = "Go back, load the page again and repeat what you did."
            raise Refused(Problem(403, "This form is out of date, or does not come from this site", hint))
    visit.form = visit.form.without(CSRF_FIELD)
    try:
        return await page.view(visit)
    except Asked as asked:
        return visit.show("ask.html", **asked.values)
    except Refused as refusal:
        status = refusal.problem.status
        if page.again is None or status in (403, 404) or status >= 500 or (status == 401 and not page.public):
            raise
        visit.problem = refusal.problem
        return await page.again(visit)


async def _form(request: Request, limit: int) -> Form:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refused(Problem(413, "That is more than this server takes at once"))
    try:
        return Form.parse(body)
    except ValueError:
        raise Refused(Problem(400, "This form cannot be read")) from None


def _to_sign_in(visit: Visit) -> Response:
    """To the sign-in page and back; a browser that has just been given its next session comes back at once."""
    url = visit.request.url
    there = url.path + (f"?{url.query}" if url.query else "")
    if visit.request.method == "GET" and any(each.name == SESSION_COOKIE and each.value for each in visit.cookies):
        return visit.go(there)
    come_back = f"?next={quote(there)}" if visit.request.method == "GET" and there != "/" else ""
    return visit.go(_SIGN_IN + come_back)


def _refused(visit: Visit, problem: Problem) -> Response:
    visit.problem = problem
    return visit.show("refused.html")
