"""Ephemeral keys: what they may do, for how long, how many, and that nothing of them remains."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.access import keys
from dealwright.kernel.clock import utc_now
from dealwright.modules.sandbox import playground
from tests.conftest import Client, TestClock


@pytest.fixture
async def elsewhere(another: Any) -> AsyncIterator[httpx.AsyncClient]:
    """An application that has not counted any session yet."""
    async with another() as http:
        yield http


async def begin(http: httpx.AsyncClient) -> dict[str, Any]:
    response = await http.post("/api/v1/playground/session")
    assert response.status_code == 201, response.text
    assert response.headers["cache-control"] == "no-store"
    session: dict[str, Any] = response.json()["data"]
    return session


async def check(http: httpx.AsyncClient, prefix: str) -> Any:
    return (await http.get("/api/v1/playground/session", params={"key_prefix": prefix})).json()["data"]


async def tenant_of(services: Services, session: dict[str, Any]) -> Any:
    async with services.database.system() as tx:
        digest = keys.secret_hash(session["api_key"])
        return await tx.connection.fetchval("SELECT tenant_id FROM api_keys WHERE secret_hash = $1", digest)


async def rows_with(services: Services, tenant: Any) -> dict[str, int]:
    """How many rows each table has of a workspace, asked as the owner of everything."""
    connection = await asyncpg.connect(services.database.dsn)
    try:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        )
        counts = {
            each["table_name"]: await connection.fetchval(
                f"SELECT count(*) FROM {each['table_name']} WHERE tenant_id = $1", tenant
            )
            for each in tables
        }
    finally:
        await connection.close()
    return {name: number for name, number in counts.items() if number}


async def test_a_session_is_a_key_to_a_filled_workspace_of_its_own(elsewhere: httpx.AsyncClient) -> None:
    session, second = await begin(elsewhere), await begin(elsewhere)
    assert session["api_key"].startswith("sb_test_")
    assert len(session["api_key"]) == len("sb_test_") + 32
    assert session["key_prefix"] == session["api_key"][:12]
    assert session["expires_in"] == 7200
    assert session["scopes"] == [
        *("deals:read", "deals:write", "customers:read", "customers:write", "products:read", "contracts:read"),
        *("webhooks:read", "sandbox:read", "sandbox:write"),
    ]
    assert (session["environment"], session["sandbox"], session["seeded"]) == ("test", True, True)
    client = Client(elsewhere, session["api_key"], "", "", "")
    deals = (await client.data("GET", "/deals"))["deals"]
    assert len(deals) == 10
    await client.data("POST", "/customers", expect=201, json={"name": "Jane", "email": "jane@example.com"})
    assert (await client.post("/products", {"name": "x", "price": 1})).status_code == 403
    assert (await client.post("/webhooks", {"url": "https://x.example", "events": ["*"]})).status_code == 403
    stranger = Client(elsewhere, second["api_key"], "", "", "")
    assert (await stranger.get(f"/deals?id={deals[0]['id']}")).status_code == 404


async def test_whether_a_key_still_works(
    elsewhere: httpx.AsyncClient, services: Services, clock: TestClock, api: Client
) -> None:
    session = await begin(elsewhere)
    assert await check(elsewhere, session["key_prefix"]) == {
        "valid": True, "expires_at": session["expires_at"], "reason": None,
    }  # fmt: skip
    assert (await check(elsewhere, session["api_key"]))["valid"] is True
    assert (await check(elsewhere, api.key[:12]))["reason"] == "not_found", "an ordinary key"
    before = clock.offset
    try:
        clock.offset += timedelta(hours=2)
        assert (await check(elsewhere, session["key_prefix"]))["reason"] == "expired"
        refused = await Client(elsewhere, session["api_key"], "", "", "").get("/deals")
        assert refused.status_code == 401
    finally:
        clock.offset = before
    second = await begin(elsewhere)
    async with services.database.system() as tx:
        key = await tx.connection.fetchval(
            "SELECT id FROM api_keys WHERE secret_hash = $1", keys.secret_hash(second["api_key"])
        )
        await keys.revoke_key(tx, ids.encode("key", key), utc_now())
    assert await check(elsewhere, second["key_prefix"]) == {
        "valid": False, "expires_at": second["expires_at"], "reason": "revoked",
    }  # fmt: skip


@pytest.mark.parametrize("query", [{}, {"key_prefix": ""}, {"key_prefix": "sb_test"}])
async def test_a_prefix_that_is_too_short(elsewhere: httpx.AsyncClient, query: dict[str, str]) -> None:
    response = await elsewhere.get("/api/v1/playground/session", params=query)
    assert response.status_code == 400
    assert list(response.json()["details"]["fields"]) == ["key_prefix"]


async def test_ten_sessions_an_hour_from_one_address(another: Any) -> None:
    async with another("203.0.113.9") as http:
        for _ in range(10):
            await begin(http)
        refused = await http.post("/api/v1/playground/session")
        assert refused.status_code == 429
        assert refused.json()["category"] == "rate_limited"


async def test_nothing_of_an_expired_playground_remains(
    elsewhere: httpx.AsyncClient, services: Services, clock: TestClock, api: Client
) -> None:
    session, current = await begin(elsewhere), None
    client = Client(elsewhere, session["api_key"], "", "", "")
    await client.post("/customers", {"name": "J", "email": "j@example.com"}, headers={"Idempotency-Key": "k"})
    deal = (await client.data("GET", "/deals"))["deals"][0]["id"]
    await client.get(f"/deals?id={deal}&action=credential")
    tenant = await tenant_of(services, session)
    had = await rows_with(services, tenant)
    assert {"audit_log", "events", "deals", "tenants", "playgrounds", "idempotent_answers"} <= had.keys()
    before = clock.offset
    try:
        clock.offset += playground.LIFETIME + timedelta(minutes=59)
        await playground.remove_expired(services.pipeline)
        assert await rows_with(services, tenant), "remembered for an hour"
        clock.offset += timedelta(minutes=2)
        current = await begin(elsewhere)
        await playground.remove_expired(services.pipeline)
    finally:
        clock.offset = before
    assert await rows_with(services, tenant) == {}
    assert (await check(elsewhere, session["key_prefix"]))["reason"] == "not_found"
    assert await rows_with(services, await tenant_of(services, current))
    assert (await api.get("/sandbox/status")).status_code == 200
