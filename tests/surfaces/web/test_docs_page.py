"""The pages for people: complete, closed to the outside, readable without JavaScript."""

from __future__ import annotations

import re

import httpx
import pytest

from dealwright.kernel.operations import registry
from dealwright.surfaces.web.documentation import Documentation, prose

PAGES = ["/docs", "/docs/deals", "/docs?q=deal", "/nothing"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(path)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    for attribute in re.findall(r"""\s(?:src|action|style|on\w+)="([^"]*)\"""", response.text):
        assert attribute.startswith("/"), attribute
    for link in re.findall(r"<link[^>]*href=\"([^\"]*)\"", response.text):
        assert link.startswith("/static/"), link
    assert "<style" not in response.text
    assert "origin.invalid" not in response.text
    for script in re.findall(r"<script([^>]*)>", response.text):
        assert 'src="/static/' in script


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_says_what_it_is(http: httpx.AsyncClient, path: str) -> None:
    text = (await http.get(path)).text
    assert text.startswith('<!doctype html>\n<html lang="en">')
    assert len(re.findall(r"<h1[ >]", text)) == 1
    assert len(re.findall(r'<main id="main"', text)) == 1
    assert "<title>" in text
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids)), "an id stands twice"


async def test_every_operation_has_its_place(http: httpx.AsyncClient) -> None:
    for group in sorted({each.group for each in registry}):
        response = await http.get(f"/docs/{group}")
        assert response.status_code == 200
        sections = re.findall(r'<section class="operation" id="([^"]+)"', response.text)
        assert sorted(sections) == sorted(each.id for each in registry if each.group == group)


async def test_an_operation_is_shown_with_everything(http: httpx.AsyncClient) -> None:
    text = (await http.get("/docs/customers")).text
    section = re.search(r'<section class="operation" id="customers\.update".*?</section>', text, re.DOTALL)
    assert section is not None
    shown = section[0]
    for part in (
        "/customers?id={id}",
        "PATCH /customers/{id}",
        "customers:write",
        "update_customer",
        "customer.updated",
        "If-Match",
        "curl -X PATCH &#39;http://testserver/api/v1/customers?id=cust_",
        "Authorization: Bearer $API_KEY",
        "conflict.duplicate",
        "at most 10,000 characters",
    ):
        assert part in shown, part


async def test_searching_works_without_javascript(http: httpx.AsyncClient) -> None:
    text = (await http.get("/docs", params={"q": "transition deal"})).text
    assert 'href="/docs/deals#deals.transition"' in text
    nothing = await http.get("/docs", params={"q": "<script>alert(1)</script>"})
    assert "0 operations" in nothing.text
    assert "<script>alert" not in nothing.text


async def test_a_page_is_sent_once(http: httpx.AsyncClient) -> None:
    first = await http.get("/docs/deals")
    again = await http.get("/docs/deals", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
    elsewhere = await http.get("/docs/deals", headers={"Host": "deals.example.com"})
    assert "http://deals.example.com/api/v1" in elsewhere.text
    assert "testserver" not in elsewhere.text


async def test_a_missing_page_is_a_page(http: httpx.AsyncClient) -> None:
    for path in ("/nothing", "/docs/nothing", "/static/x/nothing.css", "/static/"):
        response = await http.get(path)
        assert response.status_code == 404
        assert "There is no page here" in response.text
    response = await http.post("/docs")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD" or response.headers["allow"] == "HEAD, GET"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("base.css", "text/css; charset=utf-8"),
        ("docs.css", "text/css; charset=utf-8"),
        ("docs.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
async def test_static_files(http: httpx.AsyncClient, name: str, kind: str) -> None:
    plain = await http.get(f"/static/an-earlier-content/{name}")
    assert plain.status_code == 200
    assert plain.headers["content-type"] == kind
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.headers["x-content-type-options"] == "nosniff"


async def test_an_address_that_names_the_content_is_kept(http: httpx.AsyncClient) -> None:
    text = (await http.get("/docs")).text
    named = re.search(r'href="(/static/[^"]+/base\.css)"', text)
    assert named is not None
    assert "immutable" in (await http.get(named[1])).headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd"]
)
async def test_static_files_stay_in_their_folder(http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(httpx.URL("http://testserver", raw_path=path.encode()))
    assert response.status_code == 404


async def test_links_inside_lead_somewhere(http: httpx.AsyncClient) -> None:
    seen: set[str] = set()
    for page in ("/docs",):
        for link in re.findall(r'href="(/[^"#?]*)', (await http.get(page)).text):
            seen.add(link)
    for link in sorted(seen):
        if link != "/api/v1/health":
            assert (await http.get(link, follow_redirects=True)).status_code == 200, link


def test_text_is_escaped_before_it_is_marked_up() -> None:
    assert (
        str(prose("Use ``<b>`` here.\n\nNext & last."))
        == "<p>Use <code>&lt;b&gt;</code> here.</p><p>Next &amp; last.</p>"
    )


def test_no_example_is_left_empty() -> None:
    documentation = Documentation(registry)
    for group in documentation.groups:
        for page in documentation.pages(group.name):
            assert page.curl.startswith("curl"), page.id
            assert page.answer, page.id
