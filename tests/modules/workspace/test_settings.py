"""What a workspace sets about itself, and that it works at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from tests.conftest import Browser, SignIn, Workspace


@pytest.fixture
async def owner(sign_in: SignIn, workspace: Workspace) -> Browser:
    return await sign_in("owner", workspace)


CARDS = {
    "/tenant-settings": {"industry": "IT services"},
    "/business-profile": {"description": "Cloud consulting for small firms"},
    "/analytics-settings": {"record_mouse": False},
    "/channels": {"from_name": "Acme Sales"},
}


async def test_the_settings_of_a_new_workspace(owner: Browser) -> None:
    assert await owner.data("GET", "/tenant-settings") == {
        "tenant_id": owner.tenant_id, "name": owner.workspace, "industry": None, "tax_id": None,
        "default_currency": "USD", "primary_color": None, "default_tax_rate": None, "custom_domain": None,
        "phone": None, "website": None, "country": None, "enforce_header_auth": 0, "require_if_match": True,
        "legacy_error_codes": False, "deposit_percentage": None, "notification_email": None,
        "signature_timeout_days": 30, "locale": "en_US", "time_zone": "UTC",
    }  # fmt: skip
    assert await owner.data("GET", "/business-profile") == dict.fromkeys(
        ("business_name", "description", "industry", "target_market")
    )
    assert await owner.data("GET", "/analytics-settings") == {
        "enabled": True, "record_mouse": True, "block_selector": None,
    }  # fmt: skip
    assert await owner.data("GET", "/channels") == {"phone_number": None, "from_email": None, "from_name": None}


async def test_each_setting_is_kept_and_the_others_stay(owner: Browser) -> None:
    wanted = {
        "name": f"{owner.workspace} 2", "industry": "IT services", "tax_id": "ABN 1", "default_currency": "AUD",
        "primary_color": "#635bff", "default_tax_rate": "0.10", "custom_domain": "Shop.Example.com",
        "enforce_header_auth": 1, "require_if_match": False, "legacy_error_codes": True, "deposit_percentage": 30.0,
        "notification_email": "ops@acme.example", "signature_timeout_days": 7, "phone": "+12125550100",
        "website": "https://acme.example", "country": "AU",
        "locale": "de_DE", "time_zone": "Europe/Berlin",
    }  # fmt: skip
    for name, value in wanted.items():
        await owner.data("PATCH", "/tenant-settings", json={name: value})
    found = await owner.data("GET", "/tenant-settings")
    assert found == {"tenant_id": owner.tenant_id, **wanted, "custom_domain": "shop.example.com"}
    cleared = await owner.data("PATCH", "/tenant-settings", json={"tax_id": None, "custom_domain": None})
    assert (cleared["tax_id"], cleared["custom_domain"], cleared["industry"]) == (None, None, "IT services")


@pytest.mark.parametrize("path", CARDS)
@pytest.mark.parametrize("method", ["PATCH", "PUT", "POST"])
async def test_every_writing_method_changes_only_what_is_sent(owner: Browser, path: str, method: str) -> None:
    before = await owner.data("GET", path)
    changed = await owner.data(method, path, expect=200, json=CARDS[path])
    assert changed == {**before, **CARDS[path]}
    assert await owner.data(method, path, json={}) == changed
    assert await owner.data("GET", path) == changed


@pytest.mark.parametrize(
    ("path", "members", "name"),
    [
        ("/tenant-settings", {"primary_color": "blue"}, "primary_color"),
        ("/tenant-settings", {"default_currency": "XXZ"}, "default_currency"),
        ("/tenant-settings", {"default_currency": None}, "default_currency"),
        ("/tenant-settings", {"default_tax_rate": "ten"}, "default_tax_rate"),
        ("/tenant-settings", {"default_tax_rate": "10"}, "default_tax_rate"),
        ("/tenant-settings", {"custom_domain": "not a domain"}, "custom_domain"),
        ("/tenant-settings", {"custom_domain": "http://x.example"}, "custom_domain"),
        ("/tenant-settings", {"enforce_header_auth": 2}, "enforce_header_auth"),
        ("/tenant-settings", {"name": ""}, "name"),
        ("/tenant-settings", {"name": "two\nlines"}, "name"),
        ("/tenant-settings", {"notification_email": "nobody"}, "notification_email"),
        ("/tenant-settings", {"signature_timeout_days": 0}, "signature_timeout_days"),
        ("/tenant-settings", {"locale": "klingon"}, "locale"),
        ("/tenant-settings", {"time_zone": "Mars/Olympus"}, "time_zone"),
        ("/business-profile", {"description": 7}, "description"),
        ("/analytics-settings", {"enabled": "perhaps"}, "enabled"),
        ("/channels", {"phone_number": "0412 345 678"}, "phone_number"),
        ("/channels", {"phone_number": "+1"}, "phone_number"),
        ("/channels", {"from_email": "sales@"}, "from_email"),
        ("/channels", {"from_name": "Acme\r\nBcc: x@y.example"}, "from_name"),
    ],
)
async def test_bad_values_are_named(owner: Browser, path: str, members: dict[str, Any], name: str) -> None:
    before = await owner.data("GET", path)
    response = await owner.patch(path, members)
    assert response.status_code == 400, response.text
    assert list(response.json()["details"]["fields"]) == [name]
    assert await owner.data("GET", path) == before


async def test_a_name_is_taken_once(owner: Browser, sign_in: SignIn) -> None:
    stranger = await sign_in("owner")
    refused = await owner.patch("/tenant-settings", {"name": stranger.workspace})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.duplicate")
    assert (await owner.data("GET", "/tenant-settings"))["name"] == owner.workspace


@pytest.mark.parametrize("role", ["member", "viewer"])
async def test_members_read_and_admins_write(sign_in: SignIn, workspace: Workspace, role: Any) -> None:
    person = await sign_in(role, workspace)
    for path, change in CARDS.items():
        assert (await person.get(path)).status_code == 200
        for method in ("PATCH", "PUT", "POST"):
            refused = await person.request(method, path, json=change)
            assert (refused.status_code, refused.json()["category"]) == (403, "authorization_error")


async def test_keys_read_none_of_it(workspace: Workspace) -> None:
    api = await workspace.key()
    for path in (*CARDS, "/tenants", "/sandbox-toggle"):
        assert (await api.get(path)).status_code == 401


async def _until(client: Any, status: int, method: str, path: str, **options: Any) -> Any:
    for _ in range(200):
        response = await client.request(method, path, **options)
        if response.status_code == status:
            return response
        await asyncio.sleep(0.005)
    raise AssertionError(response.text)


async def test_settings_work_at_the_next_call(owner: Browser, workspace: Workspace) -> None:
    api = await workspace.key()
    customer = await api.data("POST", "/customers", json={"name": "J", "email": "j@example.com"})
    path = f"/customers?id={customer['id']}"
    assert (await api.patch(path, {"city": "Perth"})).status_code == 428
    bare = {"headers": {"Authorization": ""}}
    assert (await api.get(f"/customers?api_key={api.key}", **bare)).status_code == 200
    await owner.data("PATCH", "/tenant-settings", json={"require_if_match": False, "enforce_header_auth": 1})
    await _until(api, 200, "PATCH", path, json={"city": "Perth"})
    refused = await _until(api, 400, "GET", f"/customers?api_key={api.key}", **bare)
    assert refused.json()["code"] == "validation_error.query_auth_rejected"
    await owner.data("PATCH", "/tenant-settings", json={"default_currency": "AUD", "legacy_error_codes": True})
    for _ in range(200):
        if (await api.post("/customers", {})).json()["code"] == "VALIDATION_ERROR":
            break
        await asyncio.sleep(0.005)
    else:
        raise AssertionError
    assert (await api.data("POST", "/deals", json={}))["currency"] == "AUD"


async def test_two_who_change_settings_at_once_lose_nothing(owner: Browser) -> None:
    fields = {"industry": "a", "tax_id": "b", "default_currency": "EUR", "primary_color": "#000000",
              "signature_timeout_days": 9, "custom_domain": "a.example"}  # fmt: skip
    await asyncio.gather(
        *(owner.data("PATCH", "/tenant-settings", json={name: value}) for name, value in fields.items())
    )
    assert (await owner.data("GET", "/tenant-settings")).items() >= fields.items()


async def test_channels_are_sealed_and_traced_by_name_only(owner: Browser, services: Services) -> None:
    wanted = {"phone_number": "+15550001234", "from_email": "sales@acme.example", "from_name": "Acme Sales"}
    assert await owner.data("PATCH", "/channels", json=wanted) == wanted
    tenant = ids.decode("tenant", owner.tenant_id)
    connection = await asyncpg.connect(services.database.dsn)
    try:
        said = await connection.fetchval(
            "SELECT string_agg(t::text, '') FROM workspace_profiles t WHERE tenant_id = $1", tenant
        )
        entries = await connection.fetch("SELECT changes FROM audit_log WHERE tenant_id = $1", tenant)
    finally:
        await connection.close()
    for word in wanted.values():
        assert word.encode().hex() not in said and word not in said and word not in str(entries)
    assert json.loads(entries[-1]["changes"])["changed_fields"] == ["from_email", "from_name", "phone_number"]
