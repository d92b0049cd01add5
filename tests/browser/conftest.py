"""The desk in a real browser: Debian's Chromium, driven by Playwright, against a server in a process of its own.

Where there is no Chromium the tests are skipped. ``DEALWRIGHT_TEST_CHROMIUM`` names another one.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.surfaces.cli.conftest import Machine

CHROMIUM = os.environ.get("DEALWRIGHT_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
PASSWORD = "correct horse battery"
_PATIENCE = 20_000
"""Milliseconds; a machine that does other things at the same time is slow, not wrong."""
expect.set_options(timeout=_PATIENCE)
_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        skip = pytest.mark.skip(reason="no Chromium on this machine: apt-get install chromium")
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(skip)


@dataclass
class Site:
    """A running server, and the machine that it runs on."""

    url: str
    machine: Machine

    def person(self, workspace: str, email: str, role: str = "owner") -> None:
        """Let somebody in, with :data:`PASSWORD`."""
        done = self.machine.run(
            *("users", "create", email, "--workspace", workspace, "--role", role),
            *("--first-name", "Jane", "--last-name", "Smith", "--password-stdin"),
            typed=f"{PASSWORD}\n",
        )
        assert done.returncode == 0, done.stderr


def _serve(machine: Machine) -> Iterator[Site]:
    running = machine.start(
        DEALWRIGHT_REGISTRATION="open",
        DEALWRIGHT_WEBHOOKS_ALLOW_PRIVATE="1",
        DEALWRIGHT_IP_ANONYMOUS_LIMIT_PER_MINUTE="100000",
        DEALWRIGHT_LOGIN_LIMIT_PER_ACCOUNT="1000",
        DEALWRIGHT_LOGIN_LIMIT_PER_IP="1000",
    )
    yield Site(running.url.removesuffix("/api/v1"), machine)
    running.stop()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Site]:
    """A server on which nobody has an account."""
    yield from _serve(Machine(tmp_path / "data"))


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with a business on it: the workspace Acme with the owner jane@example.com and the viewer vic@…"""
    machine = Machine(tmp_path_factory.mktemp("browser") / "data")
    done = machine.run("seed", "--workspace", "Acme")
    assert done.returncode == 0, done.stderr
    for site in _serve(machine):
        site.person("Acme", "jane@example.com")
        site.person("Acme", "vic@example.com", "viewer")
        yield site


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        await browser.close()


Tab = Callable[..., Awaitable[Page]]


@pytest.fixture
async def tab(chromium: Browser) -> AsyncIterator[Tab]:
    """``await tab(width=360)`` → a page of a browser that nobody has used, whose errors fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    async def open_tab(width: int = 1280, height: int = 900, **options: object) -> Page:
        context = await chromium.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(_PATIENCE)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        return page

    yield open_tab
    for context in contexts:
        await context.close()
    expected = re.compile(r"status of 4\d\d|net::ERR_ABORTED|ERR_INCOMPLETE_CHUNKED")
    assert not [each for each in errors if not expected.search(each)]


async def sign_in(page: Page, site: Site, email: str = "jane@example.com", *, test_mode: bool = True) -> None:
    """Sign in, and switch to test mode, where the records of the seed are."""
    await page.goto(f"{site.url}/sign-in")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{site.url}/")
    if test_mode and await page.get_by_role("button", name="Switch to test mode").count():
        await page.get_by_role("button", name="Switch to test mode").click()
        await page.get_by_role("button", name="Switch to live").wait_for()
