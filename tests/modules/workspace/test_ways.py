"""One browser session: which workspace it works in, which tab in which, with live or with test records."""

from __future__ import annotations

from typing import Any

import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.clock import utc_now
from dealwright.modules.people import records
from dealwright.modules.workspace import rules
from tests.conftest import Browser, SignIn, Workspace


@pytest.fixture
async def person(sign_in: SignIn, workspace: Workspace) -> Browser:
    return await sign_in("owner", workspace, livemode=True)


@pytest.fixture
async def second(services: Services, person: Browser, sign_in: SignIn) -> str:
    """Another workspace, in which the person is a viewer."""
    host = await sign_in("owner")
    tenant, user = ids.decode("tenant", host.tenant_id), ids.decode("user", person.user_id)
    assert tenant is not None and user is not None
    async with services.database.system() as tx:
        row = await records.get(tx, user)
        assert row is not None
        await records.join(tx, row, tenant, "viewer", utc_now())
    return host.tenant_id


async def name_of(browser: Browser, **headers: str) -> str:
    """The workspace that a call works in."""
    return str((await browser.data("GET", "/tenant-settings", headers=headers))["tenant_id"])


async def test_the_list_of_workspaces(person: Browser, second: str) -> None:
    rows = await person.data("GET", "/tenants")
    assert [row["tenant_id"] for row in rows] == [person.tenant_id, second]
    assert [row["is_current"] for row in rows] == [True, False]
    assert [row["role"] for row in rows] == ["owner", "viewer"]
    assert rows[0] == {
        "tenant_id": person.tenant_id, "name": person.workspace, "slug": rules.slug(person.workspace),
        "logo_url": None, "role": "owner", "is_current": True, "is_sandbox": False, "region": None,
        "regional_endpoint": rows[0]["regional_endpoint"],
    }  # fmt: skip
    assert rows[0]["regional_endpoint"].startswith("http")


async def test_switching(person: Browser, second: str) -> None:
    done = await person.data("POST", "/switch-tenant", json={"tenant_id": second})
    assert (done["tenant_id"], done["role"], done["is_sandbox"], done["region"]) == (second, "viewer", False, None)
    assert done["csrf_token"]
    assert await name_of(person) == second
    refused = await person.patch("/tenant-settings", {"industry": "x"})
    assert refused.status_code == 403, "the role is that of the workspace"
    await person.data("POST", "/switch-tenant", json={"tenant_id": person.tenant_id})
    assert (await person.patch("/tenant-settings", {"industry": "x"})).status_code == 200


@pytest.mark.parametrize("body", [{}, {"tenant_id": ""}, {"tenant_id": None}])
async def test_switching_to_nowhere(person: Browser, body: dict[str, Any]) -> None:
    response = await person.post("/switch-tenant", body)
    assert response.status_code == 400
    assert list(response.json()["details"]["fields"]) == ["tenant_id"]


async def test_a_foreign_workspace_is_closed(person: Browser, sign_in: SignIn) -> None:
    stranger = await sign_in("owner")
    for tenant in (stranger.tenant_id, "tenant_nonsense", "tenant_" + "0" * 26):
        assert (await person.post("/switch-tenant", {"tenant_id": tenant})).status_code == 403
        bound = await person.post("/tenant-context", {"tab_id": "t", "tenant_id": tenant})
        assert (bound.status_code, bound.json()["code"]) == (403, "authorization_error.forbidden")
    assert await name_of(person) == person.tenant_id


async def test_a_tab_works_in_a_workspace_of_its_own(person: Browser, second: str) -> None:
    one, two = {"X-Tab-ID": "tab_1"}, {"X-Tab-ID": "tab_2"}
    assert await person.data("GET", "/tenant-context", headers=one) == {
        "tab_id": "tab_1", "tenant_id": person.tenant_id, "source": "session",
    }  # fmt: skip
    bound = {"tab_id": "tab_1", "tenant_id": second, "source": "tab"}
    assert await person.data("POST", "/tenant-context", json={"tab_id": "tab_1", "tenant_id": second}) == bound
    assert await person.data("GET", "/tenant-context", headers=one) == bound
    assert await name_of(person, **one) == second
    assert await name_of(person, **two) == person.tenant_id == await name_of(person)
    await person.data("POST", "/tenant-context", json={"tab_id": "tab_2", "tenant_id": person.tenant_id})
    await person.data("POST", "/switch-tenant", json={"tenant_id": second})
    assert await name_of(person, **two) == person.tenant_id, "bound tabs stay where they are"
    assert await name_of(person) == second
    cleared = await person.data("POST", "/tenant-context", json={"tab_id": "tab_2", "tenant_id": None})
    assert cleared == {"tab_id": "tab_2", "tenant_id": second, "source": "session"}
    assert await name_of(person, **two) == second


async def test_a_tab_needs_a_name(person: Browser) -> None:
    missing = await person.get("/tenant-context")
    assert (missing.status_code, list(missing.json()["details"]["fields"])) == (400, ["tab_id"])
    for body in ({}, {"tab_id": ""}, {"tab_id": "x" * 101}):
        response = await person.post("/tenant-context", body)
        assert (response.status_code, list(response.json()["details"]["fields"])) == (400, ["tab_id"])


async def test_sandbox_mode_is_the_sessions(person: Browser, workspace: Workspace) -> None:
    live, test = await workspace.key("live"), await workspace.key("test")
    for client, name in ((live, "Live"), (test, "Test")):
        await client.data("POST", "/customers", json={"name": name, "email": "j@example.com"})

    async def seen() -> list[str]:
        return [each["name"] for each in (await person.data("GET", "/customers"))["customers"]]

    assert await person.data("GET", "/sandbox-toggle") == {"mode": "live"}
    assert await seen() == ["Live"]
    refused = await person.get("/sandbox/status")
    assert (refused.status_code, refused.json()["code"]) == (403, "SANDBOX_ONLY")
    assert await person.data("POST", "/sandbox-toggle", json={"mode": "test"}) == {"mode": "test"}
    assert await seen() == ["Test"]
    assert (await person.data("GET", "/sandbox/status"))["counts"]["customers"] == 1
    assert (await person.data("GET", "/tenants"))[0]["is_sandbox"] is True
    assert (await person.post("/sandbox-toggle", {"mode": "both"})).status_code == 400
    await person.data("POST", "/sandbox-toggle", json={"mode": "live"})
    assert await seen() == ["Live"]
    assert (await test.post("/sandbox-toggle", {"mode": "live"})).status_code == 401


async def test_display_mode(person: Browser, http: Any) -> None:
    assert await person.data("GET", "/display-mode") == {"mode": "auto"}
    for mode in ("standalone", "browser"):
        assert await person.data("POST", "/display-mode", json={"mode": mode}) == {"mode": mode}
        assert await person.data("GET", "/display-mode") == {"mode": mode}
    assert await person.data("POST", "/display-mode", json={"mode": "auto"}) == {"mode": "auto"}
    assert await person.data("GET", "/display-mode") == {"mode": "auto"}
    assert (await person.post("/display-mode", {"mode": "full"})).status_code == 400
    assert (await http.get("/api/v1/display-mode")).json()["data"] == {"mode": "auto"}
    assert (await http.post("/api/v1/display-mode", json={"mode": "browser"})).json()["data"] == {"mode": "browser"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Acme Corp", "acme-corp"), ("Crème & Iron", "creme-iron"), ("株式会社", "workspace")],
)
def test_slugs(name: str, slug: str) -> None:
    assert rules.slug(name) == slug
