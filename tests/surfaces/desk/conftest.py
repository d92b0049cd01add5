"""People at their desks: a browser without JavaScript that follows links and sends forms."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from dealwright.kernel.access.roles import Role
from tests.conftest import Browser, Workspace
from tests.modules.people.conftest import link_for as link_for

Fields = dict[str, str]


@dataclass
class FormOfPage:
    action: str
    method: str
    fields: Fields = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    """Name, value and text of each."""


class PageParser(HTMLParser):
    """Forms as a browser would send them, links, and what a page must not have."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[FormOfPage] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings = 0
        self.inline: list[str] = []
        self._select: str | None = None
        self._area: str | None = None
        self._button = False
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        if tag == "h1":
            self.headings += 1
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "form":
            self.forms.append(FormOfPage(given.get("action", ""), given.get("method", "get")))
            self._open = True
        elif self._open:
            self._control(tag, given)

    def _control(self, tag: str, given: Fields) -> None:
        form, name = self.forms[-1], given.get("name")
        if tag == "input" and name:
            if given.get("type") in ("checkbox", "radio"):
                if "checked" in given:
                    form.fields[name] = given.get("value", "on")
            else:
                form.fields[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in form.fields):
            form.fields[self._select] = given.get("value", "")
        elif tag == "textarea" and name:
            self._area = name
            form.fields[name] = ""
        elif tag == "button":
            form.buttons.append((name or "", given.get("value", ""), ""))
            self._button = True

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].fields[self._area] += data
        if self._button:
            name, value, text = self.forms[-1].buttons[-1]
            self.forms[-1].buttons[-1] = (name, value, f"{text} {data}".strip())

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None
        elif tag == "button":
            self._button = False


class Person:
    """Somebody at the desk. ``page`` is what they see."""

    def __init__(self, http: httpx.AsyncClient, browser: Browser | None = None) -> None:
        self.http = http
        self.browser = browser
        self.response: httpx.Response = httpx.Response(204)
        self.page = PageParser("")

    @property
    def text(self) -> str:
        return self.response.text

    @property
    def path(self) -> str:
        return self.response.url.raw_path.decode()

    def _see(self, response: httpx.Response) -> httpx.Response:
        self.response = response
        self.page = PageParser(response.text if response.headers["content-type"].startswith("text/html") else "")
        return response

    async def open(self, path: str, expect: int = 200, **options: Any) -> Person:
        self._see(await self.http.get(path, follow_redirects=True, **options))
        assert self.response.status_code == expect, self.text
        return self

    def form(self, action: str) -> FormOfPage:
        """The form of the page that is sent to a path; a star stands for any part of it."""
        pattern = re.escape(action).replace(r"\*", "[^/]+")
        found = [each for each in self.page.forms if re.fullmatch(pattern, each.action)]
        assert found, f"no form for {action} among {[each.action for each in self.page.forms]}"
        return found[0]

    def can(self, action: str) -> bool:
        pattern = re.escape(action).replace(r"\*", "[^/]+")
        return any(re.fullmatch(pattern, each.action) for each in self.page.forms)

    async def send(self, action: str, expect: int = 200, press: str | None = None, **fields: str | None) -> Person:
        """Fill a form of the page and send it, by the button with that text."""
        form = self.form(action)
        values = {**form.fields, **{name.replace("__", "."): value for name, value in fields.items()}}
        if press is not None:
            name, value, _ = next(each for each in form.buttons if press in each[2])
            values[name] = value
        body = {name: value for name, value in values.items() if value is not None and name}
        sent = await self.http.post(form.action, data=body, follow_redirects=True)
        self._see(sent)
        assert sent.status_code == expect, self.text
        return self


At = Callable[..., Awaitable[Person]]


@pytest.fixture
async def at_desk(sign_in: Any) -> At:
    """``await at_desk("viewer", workspace)`` → a person of that role at the desk."""

    async def come(role: Role = "owner", workspace: Workspace | None = None, **options: Any) -> Person:
        browser = await sign_in(role, workspace, **options)
        return Person(browser.http, browser)

    return come


@pytest.fixture
async def http_desk(http: httpx.AsyncClient) -> Person:
    """Somebody who has not signed in."""
    client = httpx.AsyncClient(transport=http._transport, base_url="http://testserver")
    return Person(client)
