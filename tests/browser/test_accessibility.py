"""axe-core finds nothing serious on any page, in light and in dark.

axe-core comes from the npm registry into a folder in the user's cache; where neither is to be had, this is skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Site, Tab, sign_in

_VERSION = "4.14.1"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dealwright-tests" / f"axe-{_VERSION}"
_OUTSIDE = re.compile(r"^/(docs|api|assets|brand)|\.pdf$|^(mailto|tel):")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    script = _CACHE / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("axe-core comes from npm, which is not installed")
        _CACHE.mkdir(parents=True, exist_ok=True)
        command = [
            npm,
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(_CACHE),
            f"axe-core@{_VERSION}",
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("axe-core could not be fetched in time")
        if done.returncode or not script.exists():
            pytest.skip("axe-core could not be fetched from the npm registry")
    return script.read_text("utf-8")


_RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"


async def _violations(page: Page, axe: str, rules: str = _RULES) -> list[str]:
    await page.evaluate(axe)
    found: dict[str, Any] = await page.evaluate(f"axe.run(document, {{runOnly: {rules}}})")
    return [
        f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
        for each in found["violations"]
        if each["impact"] in ("moderate", "serious", "critical")
        for node in each["nodes"]
    ]


async def _in_both_schemes(page: Page, axe: str) -> list[str]:
    """In light everything, in dark what colours decide."""
    await page.emulate_media(color_scheme="light")
    light = await _violations(page, axe)
    await page.emulate_media(color_scheme="dark")
    dark = await _violations(page, axe, "['color-contrast']")
    return [*light, *(f"dark: {each}" for each in dark)]


async def _crawl(page: Page, site: Site) -> AsyncIterator[str]:
    """Opens one page of every kind that links lead to."""
    seen: set[str] = set()
    waiting = ["/", "/search?q=gr", "/deals?status=closed", "/deals?status=nothing", "/customers/cust_nobody"]
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"\b[a-z]+_[0-9a-v]{26}", "*", path)
        if kind.partition("?")[0] in seen and "?" in kind and not path.startswith(("/deals?status", "/search")):
            continue
        if kind in seen or len(seen) > 120:
            continue
        seen.add(kind)
        await page.goto(site.url + path)
        yield path
        links = await page.eval_on_selector_all("a[href^='/']", "all => all.map(each => each.getAttribute('href'))")
        waiting += [link.partition("#")[0] for link in links if not _OUTSIDE.search(link)]


async def test_nothing_serious_on_any_page(seeded: Site, tab: Tab, axe: str) -> None:
    page = await tab()
    problems: list[str] = []
    for path in ("/sign-in", "/sign-up", "/password-reset"):
        await page.goto(seeded.url + path)
        problems += [f"{path} {each}" for each in await _in_both_schemes(page, axe)]
    await sign_in(page, seeded)
    async for path in _crawl(page, seeded):
        problems += [f"{path} {each}" for each in await _in_both_schemes(page, axe)]
    assert not problems, "\n".join(problems)


async def test_a_small_screen_too(seeded: Site, tab: Tab, axe: str) -> None:
    page = await tab(width=360)
    await sign_in(page, seeded)
    problems: list[str] = []
    for path in ("/", "/deals", "/deals/board", "/deals/new", "/customers", "/products/new"):
        await page.goto(seeded.url + path)
        problems += [f"{path} {each}" for each in await _violations(page, axe)]
    assert not problems, "\n".join(problems)
