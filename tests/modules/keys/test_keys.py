"""Keys made, changed, rotated and revoked by people, and what that means for whoever uses them."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.clock import utc_now
from tests.conftest import Another, Browser, Client, SignIn, Workspace
from tests.contract import probe

KEY = {"name": "CI/CD Pipeline", "scopes": ["deals:read", "customers:write"], "environment": "test"}


@pytest.fixture
async def admin(sign_in: SignIn, workspace: Workspace) -> Browser:
    return await sign_in("admin", workspace)


async def made(admin: Browser, **members: Any) -> dict[str, Any]:
    found: dict[str, Any] = await admin.data("POST", "/keys", expect=201, json={**KEY, **members})
    return found


def holder(http: httpx.AsyncClient, key: dict[str, Any]) -> Client:
    return Client(http, key["secret"], key["id"], "", "")


async def eventually(status: int, client: Client, path: str = "/deals", **options: Any) -> httpx.Response:
    for _ in range(400):
        response = await client.get(path, **options)
        if response.status_code == status:
            break
        await asyncio.sleep(0.005)
    assert response.status_code == status, response.text
    return response


async def trail(services: Services, admin: Browser, key_id: str) -> list[str]:
    tenant = ids.decode("tenant", admin.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode=False) as tx:
        rows = await tx.connection.fetch(
            "SELECT action, actor, changes FROM audit_log WHERE entity_id = $1 ORDER BY seq", key_id
        )
    assert {row["actor"] for row in rows} == {admin.user_id}
    return [row["action"] for row in rows]


async def test_the_life_of_a_key(admin: Browser, http: httpx.AsyncClient, services: Services) -> None:
    key = await made(admin)
    assert key["secret"].startswith("sb_test_") and len(key["secret"]) >= len("sb_test_") + 24
    assert key["secret"].startswith(key["prefix"]) and len(key["prefix"]) < 20
    client = holder(http, key)
    assert (await client.get("/deals")).status_code == 200
    assert (await client.get("/customers")).status_code == 403
    listed = await admin.data("GET", "/keys")
    assert [each["id"] for each in listed] == [key["id"]]
    assert key["secret"] not in str(listed)
    found = await admin.data("GET", f"/keys?id={key['id']}")
    assert found == {
        "id": key["id"], "key_id": key["id"], "name": "CI/CD Pipeline", "prefix": key["prefix"],
        "scopes": ["deals:read", "customers:write"], "environment": "test", "expires_at": None, "allowed_origins": [],
        "agent_key": False, "rate_limit_per_minute": 1_000_000, "created_at": key["created_at"],
        "last_used_at": found["last_used_at"],
    }  # fmt: skip
    json = {"name": "Updated Key", "scopes": ["customers:read"], "environment": "live", "agent_key": True}
    changed = await admin.data("PATCH", f"/keys?id={key['id']}", json=json)
    assert (changed["name"], changed["scopes"]) == ("Updated Key", ["customers:read"])
    assert (changed["environment"], changed["agent_key"]) == ("test", False)
    await eventually(200, client, "/customers")
    await eventually(403, client)
    assert await admin.data("DELETE", f"/keys?id={key['id']}") == {"deleted": True, "id": key["id"]}
    refused = await eventually(401, client)
    assert refused.json()["code"] == "INVALID_KEY"
    for method in ("GET", "PATCH", "DELETE"):
        assert (await admin.request(method, f"/keys?id={key['id']}", json=None)).status_code == 404
    assert (await admin.post(f"/keys?id={key['id']}&action=rotate")).status_code == 404
    assert await admin.data("GET", "/keys") == []
    assert await trail(services, admin, key["id"]) == ["api_key.created", "api_key.updated", "api_key.revoked"]


async def test_by_default_a_key_is_live_and_may_do_everything(admin: Browser) -> None:
    key = await admin.data("POST", "/keys", json={"name": "Production"})
    assert key["secret"].startswith("sb_live_")
    assert (key["scopes"], key["environment"]) == (["*"], "live")
    test = await made(admin)
    for environment, expected in (("live", key), ("test", test)):
        listed = await admin.data("GET", "/keys", params={"environment": environment})
        assert [each["id"] for each in listed] == [expected["id"]]


async def test_rotating_changes_the_secret_alone(
    admin: Browser, http: httpx.AsyncClient, services: Services, outbox: Any
) -> None:
    key = await made(admin, name="Rotated")
    old = holder(http, key)
    for _ in range(3):
        assert (await old.get("/deals")).status_code == 200
    rotated = await admin.data("POST", f"/keys?id={key['id']}&action=rotate")
    assert rotated["id"] == key["id"] and rotated["name"] == "Rotated" and rotated["scopes"] == key["scopes"]
    assert rotated["secret"] != key["secret"] and rotated["rotated_at"]
    assert (await holder(http, rotated).get("/deals")).status_code == 200
    assert (await eventually(401, old)).json()["code"] == "INVALID_KEY"
    events = [data for name, data in await outbox(admin) if name == "api_key.rotated"]
    assert events == [{"key_id": key["id"], "previous_key_id": key["id"], "rotated_at": rotated["rotated_at"]}]
    assert "api_key.rotated" in await trail(services, admin, key["id"])


async def test_a_rotation_reaches_every_process_at_once(admin: Browser, another: Another) -> None:
    key = await made(admin)
    async with another() as http:
        there = probe.on(http, holder(http, key))
        for _ in range(200):
            assert (await there.get("/deals")).status_code == 200
        await admin.data("POST", f"/keys?id={key['id']}&action=rotate")
        start = time.monotonic()
        await eventually(401, there)
        assert time.monotonic() - start < 0.5


async def test_twenty_rotations_at_once_leave_one_secret(admin: Browser, http: httpx.AsyncClient) -> None:
    key = await made(admin)
    answers = await asyncio.gather(*(admin.data("POST", f"/keys?id={key['id']}&action=rotate") for _ in range(20)))
    await eventually(401, holder(http, key))
    good = [each for each in answers if (await holder(http, each).get("/deals")).status_code == 200]
    assert len(good) == 1


@pytest.mark.parametrize("role", ["member", "viewer"])
async def test_only_admins_manage_keys(sign_in: SignIn, workspace: Workspace, admin: Browser, role: Any) -> None:
    key = await made(admin)
    person = await sign_in(role, workspace)
    calls = [
        ("GET", "/keys"), ("GET", f"/keys?id={key['id']}"), ("POST", "/keys"), ("PATCH", f"/keys?id={key['id']}"),
        ("POST", f"/keys?id={key['id']}&action=rotate"), ("DELETE", f"/keys?id={key['id']}"),
    ]  # fmt: skip
    for method, path in calls:
        response = await person.request(method, path, json=KEY if method in ("POST", "PATCH") else None)
        assert response.status_code == 403, (method, path)


@pytest.mark.parametrize("kind", ["live", "test", "pub"])
async def test_keys_cannot_manage_keys(workspace: Workspace, kind: Any) -> None:
    client = await workspace.key(kind)
    for method in ("GET", "POST", "PATCH", "DELETE"):
        response = await client.request(method, "/keys?id=key_x", json=KEY if method in ("POST", "PATCH") else None)
        assert response.status_code == (403 if kind == "pub" else 401), response.text
        if kind != "pub":
            assert response.json()["code"] == "authentication_error.session_required"


async def test_nobody_at_all_is_told_to_sign_in(http: httpx.AsyncClient) -> None:
    response = await http.get("/api/v1/keys")
    assert (response.status_code, response.json()["code"]) == (401, "authentication_error.session_required")


async def test_other_kinds_of_keys_and_other_workspaces_are_not_found(
    admin: Browser, workspace: Workspace, sign_in: SignIn
) -> None:
    others = [
        (await workspace.key("pub")).key_id,
        (await workspace.key("test", brand="st")).key_id,
        (await made(await sign_in("owner")))["id"],
        "key_nonsense",
        "deal_" + "0" * 26,
    ]
    for key in others:
        for method, path in (("GET", ""), ("PATCH", ""), ("POST", "&action=rotate"), ("DELETE", "")):
            response = await admin.request(method, f"/keys?id={key}{path}", json={"name": "x"})
            assert response.status_code == 404, (key, method)
    assert await admin.data("GET", "/keys") == []


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"scopes": ["deals:fly"]}, "scopes.0"),
        ({"scopes": ["deals:read", "nothing:*"]}, "scopes.1"),
        ({"scopes": []}, "scopes"),
        ({"scopes": "deals:read"}, "scopes"),
        ({"environment": "staging"}, "environment"),
        ({"expires_at": "yesterday"}, "expires_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"allowed_origins": ["shop.example"]}, "allowed_origins.0"),
        ({"allowed_origins": ["https://shop.example/path"]}, "allowed_origins.0"),
        ({"allowed_origins": ["*"]}, "allowed_origins.0"),
        ({"rate_limit_per_minute": 0}, "rate_limit_per_minute"),
        ({"agent_key": "maybe"}, "agent_key"),
    ],
)
async def test_bad_members_are_named(admin: Browser, members: dict[str, Any], name: str) -> None:
    response = await admin.post("/keys", {**KEY, **members})
    assert response.status_code == 400, response.text
    assert list(response.json()["details"]["fields"]) == [name]
    assert await admin.data("GET", "/keys") == []


@pytest.mark.parametrize("scopes", [["*"], ["*:read"], ["deals:*"], ["deals:sign", "sandbox:write"]])
async def test_scopes_that_there_are(admin: Browser, scopes: list[str]) -> None:
    assert (await made(admin, scopes=scopes))["scopes"] == scopes


async def test_a_key_for_some_pages_only(admin: Browser, http: httpx.AsyncClient) -> None:
    key = await made(admin, allowed_origins=["HTTPS://Shop.Example:443/", "https://shop.example"])
    assert key["allowed_origins"] == ["https://shop.example"]
    client = holder(http, key)
    ours = await client.get("/deals", headers={"Origin": "https://shop.example"})
    assert ours.status_code == 200
    assert ours.headers["access-control-allow-origin"] == "https://shop.example"
    theirs = await client.get("/deals", headers={"Origin": "https://evil.example"})
    assert theirs.status_code == 403 and "access-control-allow-origin" not in theirs.headers
    await admin.data("PATCH", f"/keys?id={key['id']}", json={"allowed_origins": None})
    await eventually(200, client, headers={"Origin": "https://evil.example"})


async def test_limits_agents_and_expiry(admin: Browser, http: httpx.AsyncClient, services: Services) -> None:
    expires = (utc_now() + timedelta(seconds=1.5)).isoformat()
    key = await made(admin, agent_key=True, rate_limit_per_minute=120, expires_at=expires)
    assert (key["agent_key"], key["rate_limit_per_minute"]) == (True, 120)
    client = holder(http, key)
    assert (await client.get("/deals")).headers["x-ratelimit-limit"] == "120"
    changed = await admin.data("PATCH", f"/keys?id={key['id']}", json={"rate_limit_per_minute": 60})
    assert changed["rate_limit_per_minute"] == 60
    until = time.monotonic() + 1
    while (await client.get("/deals")).headers["x-ratelimit-limit"] != "60":
        assert time.monotonic() < until
    await asyncio.sleep(1.5)
    assert (await client.get("/deals")).status_code == 401
    await admin.data("PATCH", f"/keys?id={key['id']}", json={"expires_at": None})
    await eventually(200, client)
