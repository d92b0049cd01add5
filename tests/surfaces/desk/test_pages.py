"""Every page: whole, closed to the outside, and nothing on it that would be refused."""

from __future__ import annotations

import re

import pytest

from dealwright.kernel.access.roles import Role
from dealwright.surfaces.desk.pages import PAGES
from tests.conftest import Services, Workspace
from tests.surfaces.desk.conftest import At, Person
from tests.surfaces.desk.test_contracts import a_contract
from tests.surfaces.desk.test_first_sale import a_deal
from tests.surfaces.desk.test_templates import a_template

_OUTSIDE = ("/docs", "/api/", "/assets/", "/brand/", "mailto:", "tel:")
_HARMLESS = {
    *("/theme", "/mode", "/sign-out", "/workspaces", "/sign-up"),
    *("/settings/profile", "/settings/profile/password", "/settings/profile/preferences"),
}
"""Forms about the person's own browser and account, which everybody may send."""


async def crawl(person: Person, start: str = "/") -> dict[str, Person]:
    """Every page that links lead to, each looked at once for each kind of page."""
    seen: dict[str, Person] = {}
    kinds: set[str] = set()
    waiting = [start, "/search?q=ada", "/palette.json"]
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"[a-z]+_[a-z0-9]{20,}", "*", path.partition("?")[0])
        if kind in kinds:
            continue
        kinds.add(kind)
        visited = Person(person.http)
        await visited.open(path)
        seen[kind] = visited
        waiting += [
            link.partition("#")[0]
            for link in visited.page.links
            if link.startswith("/") and not link.startswith(_OUTSIDE) and not link.endswith(".pdf")
        ]
    return seen


def whole(person: Person) -> None:
    """What holds for every page."""
    policy = person.response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert person.response.headers["x-content-type-options"] == "nosniff"
    if not person.response.headers["content-type"].startswith("text/html"):
        return
    assert person.response.headers["cache-control"] == "no-store"
    assert person.text.lstrip().startswith("<!doctype html>")
    assert '<html lang="en"' in person.text
    assert person.page.headings == 1, person.path
    assert person.page.inline == [], person.path
    repeated = {each for each in person.page.ids if person.page.ids.count(each) > 1}
    assert not repeated, (person.path, repeated)
    for form in person.page.forms:
        if form.method == "post":
            assert form.fields.get("csrf_token"), (person.path, form.action)
            assert any(_matches(form.action, each.path) for each in PAGES if each.method == "POST"), form.action


def _matches(action: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), action) is not None


_EVERYBODYS = {
    *("/", "/deals", "/deals/board", "/deals/*", "/customers/*", "/products/*", "/payments"),
    *("/contracts/*", "/contracts/*/history", "/templates/*"),
}


@pytest.mark.parametrize("role", ["owner", "member", "viewer"])
async def test_every_page_that_can_be_reached_is_whole(at_desk: At, workspace: Workspace, role: Role) -> None:
    owner = await at_desk("owner", workspace)
    await a_template(owner, await a_deal(owner))
    await a_contract(owner)
    pages = await crawl(await at_desk(role, workspace))
    for page in pages.values():
        whole(page)
    for kind in (
        "/",
        "/deals",
        "/deals/board",
        "/deals/*",
        "/customers/*",
        "/products/*",
        "/payments",
        "/contracts/*",
        "/templates/*",
    ):
        assert kind in pages


async def test_a_viewer_is_offered_nothing_that_would_be_refused(at_desk: At, workspace: Workspace) -> None:
    owner = await at_desk("owner", workspace)
    deal = await a_deal(owner)
    await a_template(owner, deal)
    await a_contract(owner)
    viewer = await at_desk("viewer", workspace)
    for kind, page in (await crawl(viewer)).items():
        offered = {form.action for form in page.page.forms if form.method == "post"}
        assert offered <= _HARMLESS, kind
        assert not {link for link in page.page.links if link.endswith(("/new", "/edit"))}, kind
    fields = viewer.page.forms or (await viewer.open("/")).page.forms
    token = fields[0].fields.get("csrf_token") or fields[1].fields["csrf_token"]
    refused = await viewer.http.post(f"{deal}/move", data={"status": "in_progress", "csrf_token": token})
    assert refused.status_code == 403
    assert "deals:write" in refused.text


async def test_pages_of_nobody_lead_to_signing_in(http_desk: Person) -> None:
    for path in ("/deals", "/deals/deal_x", "/customers/new"):
        answer = await http_desk.http.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/sign-in?next={path}"
    assert (await http_desk.http.post("/customers/new", data={"name": "x"})).headers["location"] == "/sign-in"


async def test_what_is_not_there_is_a_page(at_desk: At, workspace: Workspace) -> None:
    deal = await a_deal(await at_desk("owner", workspace))
    stranger = await at_desk("owner")
    for path in (deal, f"{deal}/edit", f"{deal}/history", "/deals/nonsense", "/customers/cust_x", "/products/x"):
        await stranger.open(path, 404)
        assert "There is nothing here" in stranger.text
        whole(stranger)
    await stranger.open("/nothing-of-the-kind", 404)
    assert "There is no page here" in stranger.text


async def test_bad_parameters_are_a_page_too(at_desk: At) -> None:
    person = await at_desk()
    for path in ("/deals?status=nonsense", "/deals?after=nonsense", "/deals?min_value=-1", "/customers?before=x"):
        await person.open(path, 400)
        whole(person)


async def test_a_part_comes_without_its_frame(at_desk: At) -> None:
    person = await at_desk()
    part = await person.http.get("/deals", headers={"X-Desk-Part": "1"})
    assert "<title>Deals</title>" in part.text
    assert 'id="main"' in part.text
    assert "<html" not in part.text
    assert "X-Desk-Part" in part.headers["vary"]


async def test_static_files_are_named_by_their_content(at_desk: At) -> None:
    person = await at_desk()
    await person.open("/")
    script = re.search(r'<script type="module" src="([^"]+)"', person.text)
    assert script is not None
    for path in (script[1], script[1].replace("desk.js", "navigation.js"), script[1].replace("desk.js", "tokens.css")):
        found = await person.http.get(path)
        assert found.status_code == 200
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    earlier = await person.http.get("/assets/0123456789ab/desk.js")
    assert earlier.headers["cache-control"] == "no-cache"


async def test_a_theme_is_remembered(at_desk: At) -> None:
    person = await at_desk()
    await person.open("/deals")
    await person.send("/theme", theme="dark")
    assert person.path == "/deals"
    assert 'data-theme="dark"' in person.text


async def test_the_mode_cannot_be_overlooked(at_desk: At) -> None:
    await (person := await at_desk()).open("/")
    assert "<b>Test mode</b>" in person.text
    await (person := await at_desk("owner", livemode=True)).open("/")
    assert "<b>Test mode</b>" not in person.text


async def cost(services: Services, person: Person, path: str) -> int:
    """How many statements a page runs; the least of some attempts, as background work is counted, too."""
    counts = []
    for _ in range(3):
        before = services.database.statements
        await person.open(path)
        counts.append(services.database.statements - before)
    return min(counts)


_MOST = {
    "/": 12,
    "/deals": 7,
    "/deals/board": 19,
    "/deals/new": 8,
    "/customers": 5,
    "/products": 5,
    "/payments": 11,
    "/palette.json": 4,
}
"""Statements that a page runs at most, whatever there is to show; three of them find out who asks."""


@pytest.mark.parametrize("path", _MOST)
async def test_a_page_runs_a_small_number_of_statements(at_desk: At, services: Services, path: str) -> None:
    person = await at_desk()
    await a_deal(person)

    few = await cost(services, person, path)
    for number in range(4):
        await person.open("/deals/new")
        who = {"customer__name": f"Customer {number}", "customer__email": f"c{number}@example.com"}
        await person.send("/deals/new", press="Make the deal", **who)
    assert await cost(services, person, path) == few
    assert few <= _MOST[path]


async def test_a_deal_runs_a_small_number_of_statements(at_desk: At, services: Services) -> None:
    person = await at_desk()
    deal = await a_deal(person)
    for path, most in ((deal, 15), (f"{deal}/history", 12), (f"{deal}/edit", 8)):
        assert await cost(services, person, path) <= most, path
