"""One request to the desk: who asks, what was typed, and the operations that answer it.

A view reads and writes through :meth:`Visit.read` and :meth:`Visit.write` alone, which run operations in the pipeline
with the person's own principal. What the pipeline refuses becomes a :class:`Refused`, and that a page.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

import orjson
from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dealwright.kernel.access.admission import Admission
from dealwright.kernel.access.principals import Principal
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.operations import Cookie
from dealwright.kernel.pipeline import Call, Outcome, Pipeline, authorise, failure
from dealwright.surfaces.browsers import over_https_only
from dealwright.surfaces.desk import local
from dealwright.surfaces.desk.caller import Caller, Person, charge
from dealwright.surfaces.desk.forms import BASE, Form, Merge, merge
from dealwright.surfaces.desk.local import Local
from dealwright.surfaces.desk.operations import Operations
from dealwright.surfaces.desk.places import SECTIONS, Place

THEME: Final = "theme"
"""The cookie that remembers light or dark."""
THEMES: Final = ("auto", "light", "dark")
FLASH: Final = "flash"
"""The cookie that carries one sentence over a redirect."""
PART: Final = "x-desk-part"
"""The header with which the script of the desk asks for a page without its frame."""

_INDEX: Final = re.compile(r"\.\d+$")


@dataclass(frozen=True, slots=True)
class Problem:
    """A refused call, for people: what is wrong, and with which fields."""

    status: int
    message: str
    hint: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    current: Mapping[str, Any] | None = None
    """The record as it is now, when somebody else changed it first."""
    ref: str | None = None


class Refused(Exception):
    """An operation was refused, or a form cannot be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Asked(Exception):
    """What is about to be destroyed needs a second word."""

    def __init__(self, question: str, text: str, label: str, back: str) -> None:
        super().__init__(question)
        self.values = {"question": question, "text": text, "label": label, "back": back}


def wrong_field(name: str, message: str) -> Refused:
    """The refusal of one field by the page itself."""
    return Refused(Problem(400, message, fields={name: message}))


def _problem(outcome: Outcome) -> Problem:
    assert outcome.error is not None
    error = outcome.error
    details = error.get("details") or {}
    # One of a list (scopes.2) is told about beside the field of the list.
    told = {_INDEX.sub("", name): each["message"] for name, each in details.get("fields", {}).items()}
    return Problem(
        outcome.status,
        error["message"],
        # Hints of these two speak to programs.
        None if told or outcome.status == 412 else error.get("hint"),
        told,
        details,
        error.get("data") if outcome.status == 412 else None,
        error["ref"],
    )


@dataclass
class Desk:
    """What all requests to the desk share."""

    pipeline: Pipeline
    operations: Operations
    admission: Admission
    environment: Environment
    cookie_secure: str


class Visit:
    """One request. ``problem`` is set when a form is shown again."""

    def __init__(self, desk: Desk, request: Request, caller: Caller, ref: str, origin: str) -> None:
        self._desk = desk
        self.request = request
        self.caller = caller
        self.ref = ref
        self.origin = origin
        self.form = Form()
        self.problem: Problem | None = None
        self.merged: Merge | None = None
        self.cookies: list[Cookie] = []
        """What the operations of this request want the browser to keep."""
        self._person: Person | None = None

    # --- who and where

    async def meet(self) -> None:
        """Learn who is signed in. A browser that stays signed in gets its next session, as a cookie."""
        told = await self.read("auth.session")
        if told["authenticated"] and self.caller.signed_in:
            self._person = Person.of(told)

    @property
    def signed_in(self) -> bool:
        return self._person is not None

    @property
    def person(self) -> Person:
        """The signed-in person; pages that are not public have one."""
        assert self._person is not None
        return self._person

    @property
    def principal(self) -> Principal:
        return self.caller.principal

    @property
    def path(self) -> Mapping[str, str]:
        """What the braces of the page's path stand for."""
        found: Mapping[str, str] = self.request.path_params
        return found

    def asked(self, name: str, default: str = "") -> str:
        """A parameter of the query."""
        found: str = self.request.query_params.get(name, default)
        return found.strip()[:200]

    @property
    def now(self) -> datetime:
        """What time it is for the person: test mode may have a clock of its own."""
        return self._desk.pipeline.clock() + self.principal.ahead

    @property
    def local(self) -> Local:
        settings = self.principal.settings
        return local.of(settings.locale, settings.time_zone)

    @property
    def theme(self) -> str:
        chosen = self.request.cookies.get(THEME, "auto")
        return chosen if chosen in THEMES else "auto"

    # --- operations

    def may(self, operation: str) -> bool:
        """Whether the pipeline would let the person run an operation, and this server has it."""
        if operation not in self._desk.operations:
            return False
        found = self._desk.operations[operation]
        try:
            authorise(found, self.caller.acting(found))
        except DealwrightError:
            return False
        return True

    async def run(self, operation: str, arguments: Mapping[str, Any], version: str | None = None) -> Outcome:
        """The outcome of an operation, whatever it is."""
        found = self._desk.operations[operation]
        if (error := await charge(self._desk.admission, found, self.caller.visitor.ip)) is not None:
            return failure(error, self.ref)
        call = Call(
            operation=found,
            arguments=arguments,
            principal=self.caller.acting(found),
            ref=self.ref,
            if_match=version,
            origin=self.origin,
            visitor=self.caller.visitor,
        )
        outcome = await self._desk.pipeline.run(call)
        self.cookies += outcome.cookies
        return outcome

    def expect(self, outcome: Outcome) -> None:
        """Raises Refused for an outcome that is an error."""
        _data(outcome)

    async def read(self, operation: str, /, **arguments: Any) -> Any:
        """The data of an operation. Raises Refused."""
        return _data(await self.run(operation, _given(arguments)))

    async def find(self, operation: str, /, **arguments: Any) -> Any:
        """The data of an operation, None when there is no such thing or the person may not see it. Raises Refused."""
        if not self.may(operation):
            return None
        outcome = await self.run(operation, _given(arguments))
        return None if outcome.status == 404 else _data(outcome)

    async def together(self, **calls: tuple[str, Mapping[str, Any]]) -> dict[str, Any]:
        """The data of several operations by name, read side by side. What the person may not read is None.

        Raises Refused when one of them is refused for another reason.
        """
        allowed = {name: each for name, each in calls.items() if self.may(each[0])}
        outcomes = await asyncio.gather(*(self.run(name, _given(given)) for name, given in allowed.values()))
        found = {name: _data(outcome) for name, outcome in zip(allowed, outcomes, strict=True)}
        return {name: found.get(name) for name in calls}

    async def write(self, operation: str, arguments: Mapping[str, Any], version: str | None = None) -> Any:
        """The data of an operation that changes something. Raises Refused."""
        return _data(await self.run(operation, arguments, version))

    def arguments(self, operation: str, names: Iterable[str]) -> dict[str, Any]:
        """The form's fields as arguments of an operation."""
        return self.form.arguments(self._desk.operations[operation].input, names, self.local.zone)

    def changes(self, operation: str, names: Iterable[str]) -> dict[str, Any]:
        """Those of the form's fields that differ from what the form started with, as arguments."""
        touched = [name for name in names if self.form.get(BASE + name) != self.form.get(name)]
        return self.arguments(operation, touched)

    def confirm(self, question: str, text: str, label: str, back: str) -> None:
        """Go on only when the person has confirmed. Raises Asked, which shows the question with a button ``label``."""
        if "confirmed" not in self.form:
            raise Asked(question, text, label, back)

    def merge(self, theirs: Mapping[str, str]) -> None:
        """Merge what was typed with the record as somebody else left it, so that the form shows both."""
        base = {name: self.form.get(BASE + name) for name in theirs if BASE + name in self.form}
        yours = {name: self.form.get(name) for name in theirs}
        self.merged = merge(base, yours, theirs)
        for name, value in self.merged.values.items():
            self.form.put(name, value)

    # --- answers

    def show(self, template: str, /, **values: Any) -> Response:
        """A page from a template."""
        part = PART in self.request.headers
        flash = _flash(self.request.cookies.get(FLASH))
        html = self._desk.environment.get_template(template).render(
            visit=self,
            form=self.form,
            problem=self.problem,
            merged=self.merged,
            local=self.local,
            may=self.may,
            now=self.now,
            places=self.places(),
            here=self.request.url.path,
            flash=flash,
            frame="outside.html" if not self.signed_in else "part.html" if part else "frame.html",
            **values,
        )
        headers = {"Cache-Control": "no-store", "Vary": "X-Desk-Part, Cookie"}
        response = HTMLResponse(html, self.problem.status if self.problem is not None else 200, headers)
        if flash is not None:
            response.delete_cookie(FLASH)
        return response

    def go(self, path: str, said: str | None = None) -> Response:
        """Lead on to another page after a write, and say there what was done."""
        response = RedirectResponse(path, 303, {"Cache-Control": "no-store"})
        if said is not None:
            text = quote(said[:300])
            response.set_cookie(FLASH, text, max_age=60, httponly=True, samesite="lax", secure=self.secure)
        return response

    @property
    def accent(self) -> str | None:
        """The workspace's own colour (``#635bff``)."""
        return self.principal.settings.primary_color

    @property
    def secure(self) -> bool:
        """Whether cookies go over https only."""
        return over_https_only(self._desk.cookie_secure, self.origin)

    def inside(self, path: str) -> str:
        """A path of this site to go on to; anything else leads home."""
        return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"

    def places(self) -> list[tuple[str, list[Place]]]:
        """The navigation: sections with what the person may open."""
        open_to = {section: [each for each in places if self._shows(each)] for section, places in SECTIONS}
        return [(section, places) for section, places in open_to.items() if places]

    def _shows(self, place: Place) -> bool:
        return (place.needs is None or self.may(place.needs)) and (self.principal.has_shop or not place.of_shop)

    def link(self, **changes: str | None) -> str:
        """The address of this page with some parameters of its query changed; None takes one away."""
        query = {**dict(self.request.query_params), **changes}
        text = urlencode({name: value for name, value in query.items() if value})
        return f"{self.request.url.path}?{text}" if text else self.request.url.path


def _given(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value not in (None, "")}


def _data(outcome: Outcome) -> Any:
    if outcome.error is not None:
        raise Refused(_problem(outcome))
    if outcome.version is not None and isinstance(outcome.data, dict):
        return {"version": outcome.version, **outcome.data}
    return outcome.data


def _flash(cookie: str | None) -> str | None:
    return unquote(cookie)[:300] if cookie else None


def compact(value: Any) -> str:
    """A value of the wire as one line of text, for people who look at raw data."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
