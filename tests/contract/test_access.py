"""Who gets in: keys and where they stand, scopes, origins, and every tier of the rate limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dealwright.kernel import ids
from dealwright.kernel.access import keys
from dealwright.kernel.clock import utc_now
from dealwright.kernel.operations import Operation, registry
from tests.conftest import Another, Client, TestClock, Workspace
from tests.contract import probe
from tests.contract.calling import example, send

SCOPES = {each.scope for each in registry if each.scope is not None}
SCOPED = [each for each in registry if each.scope is not None and "secret_key" in each.auth]
SECRET_ONLY = [each for each in registry if not each.keyless and "publishable_key" not in each.auth]
RATE_HEADERS = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}


async def bare(http: httpx.AsyncClient, path: str = "/customers", **options: Any) -> httpx.Response:
    return await http.request(options.pop("method", "GET"), f"/api/v1{path}", **options)


async def set_settings(workspace: Workspace, **changes: bool) -> None:
    async with workspace.services.database.system() as tx:
        await tx.connection.execute(
            "UPDATE tenants SET settings = settings || $2 WHERE name = $1", workspace.name, changes
        )


async def eventually(answers: int, ask: Any) -> httpx.Response:
    """Ask until the status is ``answers``, for at most two seconds."""
    until = time.monotonic() + 2
    while True:
        response: httpx.Response = await ask()
        if response.status_code == answers or time.monotonic() > until:
            return response
        await asyncio.sleep(0.005)


# --- where a key may stand


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER   {}"])
async def test_a_key_in_the_authorization_header(api: Client, http: httpx.AsyncClient, form: str) -> None:
    assert (await bare(http, headers={"Authorization": form.format(api.key)})).status_code == 200


async def test_a_key_in_x_api_key(api: Client, http: httpx.AsyncClient) -> None:
    assert (await bare(http, headers={"X-API-Key": api.key})).status_code == 200


async def test_a_key_in_the_query_works_with_a_warning(api: Client, http: httpx.AsyncClient) -> None:
    response = await bare(http, params={"api_key": api.key})
    assert response.status_code == 200
    assert "deprecated" in response.headers["x-deprecation-warning"]
    assert api.key not in response.text
    refused = await bare(http, "/customers", params={"api_key": api.key, "limit": "0"})
    assert refused.status_code == 400
    assert "deprecated" in refused.headers["x-deprecation-warning"]
    assert "x-deprecation-warning" not in (await api.get("/customers")).headers


async def test_the_authorization_header_wins_over_the_query(api: Client, http: httpx.AsyncClient) -> None:
    response = await bare(http, params={"api_key": "sb_test_unknown0"}, headers={"X-API-Key": api.key})
    assert response.status_code == 200
    assert "x-deprecation-warning" not in response.headers


async def test_a_workspace_may_refuse_keys_in_the_query(api: Client, workspace: Workspace) -> None:
    await set_settings(workspace, enforce_header_auth=True)
    refused = await eventually(400, lambda: bare(api.http, params={"api_key": api.key}))
    assert refused.status_code == 400
    assert refused.json()["code"] == "validation_error.query_auth_rejected"
    assert refused.headers.keys() >= RATE_HEADERS
    assert (await api.get("/customers")).status_code == 200
    public = await workspace.key("pub")
    assert (await bare(api.http, params={"api_key": public.key})).status_code == 403, "publishable keys may stand there"


# --- which keys hold


async def test_no_key_is_401(http: httpx.AsyncClient) -> None:
    for headers in ({}, {"Authorization": "Basic dXNlcjpwYXNz"}, {"Authorization": "Bearer "}, {"X-API-Key": ""}):
        response = await bare(http, headers=headers)
        assert response.status_code == 401
        error = response.json()
        assert (error["code"], error["category"]) == (
            "authentication_error.missing_credentials",
            "authentication_error",
        )
        assert error["recovery"]["action"] == "authenticate"
        assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "key",
    [
        "sb_test_" + "0" * 40,
        "sb_live_au_" + "0" * 40,
        "sb_prod_" + "0" * 40,
        "nonsense",
        "sb_test_",
        "sb_test_" + "x" * 5000,
        "sb_test_'; DROP TABLE api_keys; --",
        "ключ".encode().decode("latin-1"),
    ],
)
async def test_an_unknown_key_is_401(http: httpx.AsyncClient, key: str) -> None:
    response = await bare(http, headers={b"Authorization": f"Bearer {key}".encode("latin-1")})
    assert response.status_code == 401
    assert response.json()["code"] == "INVALID_KEY"
    assert response.headers.keys() >= RATE_HEADERS


async def test_a_revoked_key_is_401_at_once(api: Client, workspace: Workspace) -> None:
    assert (await api.get("/customers")).status_code == 200
    async with workspace.services.database.system() as tx:
        assert await keys.revoke_key(tx, api.key_id, utc_now())
    refused = await eventually(401, lambda: api.get("/customers"))
    assert refused.json()["code"] == "INVALID_KEY"
    async with workspace.services.database.system() as tx:
        assert not await keys.revoke_key(tx, api.key_id, utc_now()), "for good"


async def test_a_revocation_reaches_every_process_at_once(api: Client, workspace: Workspace, another: Another) -> None:
    async with another() as http:
        there = probe.on(http, api)
        for _ in range(200):  # until that process listens and remembers
            assert (await there.get("/customers")).status_code == 200
        async with workspace.services.database.system() as tx:
            await keys.revoke_key(tx, api.key_id, utc_now())
        start = time.monotonic()
        here, elsewhere = await asyncio.gather(
            eventually(401, lambda: api.get("/customers")), eventually(401, lambda: there.get("/customers"))
        )
        assert (here.status_code, elsewhere.status_code) == (401, 401)
        assert time.monotonic() - start < 0.5


async def test_a_key_revoked_while_it_is_being_read_is_not_remembered(
    api: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The announcement may arrive between the reading of the row and the remembering of it."""
    directory = workspace.services.directory
    principal = directory._principal

    def slow_to_remember(row: Any) -> Any:
        directory._forget()
        return principal(row)

    monkeypatch.setattr(directory, "_principal", slow_to_remember)
    assert (await api.get("/customers")).status_code == 200
    assert keys.secret_hash(api.key) not in directory._known
    monkeypatch.undo()
    assert (await api.get("/customers")).status_code == 200
    assert keys.secret_hash(api.key) in directory._known


async def test_a_key_expires_at_its_instant(workspace: Workspace, clock: TestClock) -> None:
    client = await workspace.key(expires_at=clock() + timedelta(hours=1))
    assert (await client.get("/customers")).status_code == 200
    before = clock.offset
    try:
        clock.offset += timedelta(hours=1)
        expired = await client.get("/customers")
    finally:
        clock.offset = before
    assert expired.status_code == 401
    assert expired.json()["code"] == "authentication_error.expired_key"
    assert "expired" in expired.json()["message"]


async def test_a_key_with_a_region_is_a_key(workspace: Workspace) -> None:
    client = await workspace.key("live", region="au")
    assert client.key.startswith("sb_live_au_")
    assert (await client.get("/customers")).status_code == 200


async def test_only_hashes_of_keys_are_stored(workspace: Workspace, api: Client) -> None:
    async with workspace.services.database.system() as tx:
        row = await tx.connection.fetchrow(
            "SELECT api_keys::text AS everything, prefix FROM api_keys WHERE id = $1", ids.decode("key", api.key_id)
        )
    assert api.key not in row["everything"]
    assert api.key.startswith(row["prefix"])
    assert len(api.key) - len(row["prefix"]) >= 30


# --- what a key may do


@pytest.mark.parametrize("operation", SCOPED, ids=lambda each: each.id)
async def test_all_scopes_but_the_one_are_not_enough(operation: Operation, workspace: Workspace) -> None:
    client = await workspace.key(scopes=sorted(SCOPES - {operation.scope, *operation.or_scopes}))
    response = await send(client, operation, {**example(operation), "id": "x"})
    assert response.status_code == 403, response.text
    error = response.json()
    assert error["code"] == "authorization_error.insufficient_scope"
    assert error["details"]["required_scope"] == operation.scope
    assert operation.scope in error["message"]
    assert error["ref"]


@pytest.mark.parametrize("operation", SECRET_ONLY, ids=lambda each: each.id)
async def test_a_publishable_key_cannot_call_what_is_for_secret_keys(
    operation: Operation, workspace: Workspace
) -> None:
    client = await workspace.key("pub")
    response = await send(client, operation, {**example(operation), "id": "x"})
    assert response.status_code == 403, response.text
    assert response.json()["category"] == "authorization_error"
    assert "publishable" in response.json()["message"]


@pytest.mark.parametrize("operation", SECRET_ONLY, ids=lambda each: each.id)
async def test_nobody_calls_it_without_a_key(operation: Operation, http: httpx.AsyncClient) -> None:
    client = Client(http, "", "", "", "")
    response = await send(client, operation, {**example(operation), "id": "x"}, Authorization="")
    assert response.status_code == 401, response.text


@pytest.mark.parametrize(
    "scopes", [["*"], ["*:read"], ["customers:*"], ["customers:read"], ["deals:*", "customers:read"]]
)
async def test_scopes_that_cover_reading_customers(workspace: Workspace, scopes: list[str]) -> None:
    client = await workspace.key(scopes=scopes)
    assert (await client.get("/customers")).status_code == 200


@pytest.mark.parametrize(
    "scopes", [[], ["customers:write"], ["customers"], ["*:write"], ["customer:*"], ["customers:r"]]
)
async def test_scopes_that_do_not(workspace: Workspace, scopes: list[str]) -> None:
    client = await workspace.key(scopes=scopes)
    assert (await client.get("/customers")).status_code == 403


# --- rate limits


@pytest.mark.parametrize(
    ("method", "path", "status", "options"),
    [
        ("GET", "/customers", 200, {}),
        ("POST", "/customers", 400, {"json": {}}),
        ("GET", "/nowhere", 404, {}),
        ("PUT", "/customers", 405, {}),
        ("GET", "/customers?id=cust_x", 404, {}),
        ("PATCH", "/customers?id=cust_x", 428, {"json": {}}),
        ("POST", "/customers", 400, {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        ("POST", "/customers", 413, {"content": b" " * 2_000_000}),
        ("POST", "/customers", 415, {"content": b"x", "headers": {"Content-Type": "text/plain"}}),
        ("GET", "/customers?x=%ff", 400, {}),
    ],
)
async def test_every_answer_tells_the_limit(
    api: Client, method: str, path: str, status: int, options: dict[str, Any]
) -> None:
    response = await api.request(method, path, **options)
    assert response.status_code == status
    limit, remaining, reset = (int(response.headers[name]) for name in sorted(RATE_HEADERS))
    assert limit == 1_000_000
    assert 0 <= remaining < limit
    assert time.time() <= reset <= time.time() + 121
    again = await api.request(method, path, **options)
    assert int(again.headers["x-ratelimit-remaining"]) == remaining - 1, "refused requests count too"


async def test_a_key_over_its_limit_and_burst_is_429(workspace: Workspace, another: Another) -> None:
    async with another() as http:
        client = probe.on(http, await workspace.key(rate_limit=8))
        answers = [await client.get("/customers") for _ in range(14)]
    allowed = [each for each in answers if each.status_code == 200]
    assert 10 <= len(allowed) <= 11, "8 in the window and a burst of 2, which refills by one a second"
    assert [int(each.headers["x-ratelimit-remaining"]) for each in allowed[:9]] == [7, 6, 5, 4, 3, 2, 1, 0, 0]
    refused = answers[-1]
    assert refused.status_code == 429
    error = refused.json()
    assert error["category"] == "rate_limited"
    assert error["recovery"]["retryable"] is True
    assert error["recovery"]["retry_after_seconds"] == int(refused.headers["retry-after"]) >= 1
    assert refused.headers["x-ratelimit-limit"] == "8"
    assert refused.headers["x-ratelimit-remaining"] == "0"


async def test_waiting_as_long_as_told_is_enough(workspace: Workspace, another: Another) -> None:
    async with another() as http:
        client = probe.on(http, await workspace.key(rate_limit=4))
        while (refused := await client.get("/customers")).status_code == 200:
            pass
        wait = int(refused.headers["retry-after"])
        assert wait <= 2
        await asyncio.sleep(wait)
        assert (await client.get("/customers")).status_code == 200


async def test_keys_do_not_use_up_each_others_limit(workspace: Workspace, another: Another) -> None:
    async with another() as http:
        one, two = [probe.on(http, await workspace.key(rate_limit=2)) for _ in range(2)]
        while (await one.get("/customers")).status_code == 200:
            pass
        assert (await two.get("/customers")).status_code == 200


@pytest.fixture
async def agent(workspace: Workspace) -> AsyncIterator[Client]:
    client = await workspace.key(rate_limit=100, is_agent=True)
    async with workspace.services.database.system() as tx:
        await tx.connection.execute(
            "UPDATE api_keys SET trust_level = 3 WHERE id = $1", ids.decode("key", client.key_id)
        )
    yield client


async def test_an_agents_limit_grows_with_its_trust(agent: Client) -> None:
    assert (await agent.get("/customers")).headers["x-ratelimit-limit"] == "300"


async def test_anonymous_requests_are_limited_by_address(another: Another) -> None:
    async with another(ip_anonymous_limit_per_minute=3) as http:
        answers = [await bare(http) for _ in range(4)]
    assert [each.status_code for each in answers] == [401, 401, 401, 429]
    assert answers[-1].json()["recovery"]["retry_after_seconds"] >= 1
    assert all(each.headers.keys() >= RATE_HEADERS for each in answers)


async def test_anonymous_nonsense_is_limited_too(another: Another) -> None:
    async with another(ip_anonymous_limit_per_minute=3) as http:
        answers = [await bare(http, "/nowhere") for _ in range(4)]
    assert [each.status_code for each in answers] == [404, 404, 404, 429]


async def test_requests_with_keys_are_limited_by_address(workspace: Workspace, another: Another) -> None:
    async with another(ip_limit_per_minute=3) as http:
        clients = [probe.on(http, await workspace.key()) for _ in range(4)]
        answers = [await client.get("/customers") for client in clients]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]


async def test_failed_authentications_are_limited_by_address(api: Client, another: Another) -> None:
    async with another(ip_failed_auth_limit_per_minute=3) as http:
        wrong = {"X-API-Key": "sb_test_" + "0" * 40}
        answers = [await bare(http, headers=wrong) for _ in range(5)]
        assert [each.status_code for each in answers] == [401, 401, 401, 429, 429]
        assert all(each.headers.keys() >= RATE_HEADERS for each in answers)
        assert int(answers[-1].headers["retry-after"]) >= 1
    async with another(ip_failed_auth_limit_per_minute=3) as http:
        assert all([(await probe.on(http, api).get("/customers")).is_success for _ in range(5)]), (
            "successes do not count"
        )


async def test_beyond_the_servers_capacity_it_is_503(api: Client, another: Another) -> None:
    async with another(global_limit_per_minute=5) as http:
        client = probe.on(http, api)
        answers = [await client.get("/customers") for _ in range(6)]
        anonymous = await bare(http)
    assert [each.status_code for each in answers] == [200] * 5 + [503]
    for refused in (answers[-1], anonymous):
        assert refused.json()["code"] == "transient_error.circuit_open"
        assert refused.json()["recovery"]["retry_after_seconds"] == int(refused.headers["retry-after"]) >= 1
        assert refused.headers.keys() >= RATE_HEADERS


# --- browsers


async def test_a_preflight_allows_what_the_api_uses(http: httpx.AsyncClient) -> None:
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "PATCH"}
    response = await bare(http, "/deals", method="OPTIONS", headers=headers)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "https://shop.example"
    assert "Origin" in response.headers["vary"]
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert method in response.headers["access-control-allow-methods"]
    for name in ("Authorization", "X-API-Key", "Content-Type", "If-Match", "Idempotency-Key", "X-Delegation-ID"):
        assert name in response.headers["access-control-allow-headers"]


async def test_browsers_may_read_answers_and_errors(api: Client, http: httpx.AsyncClient) -> None:
    origin = {"Origin": "https://shop.example"}
    for response in (
        await api.get("/customers", headers=origin),
        await api.get("/nowhere", headers=origin),
        await bare(http, headers=origin),
        await bare(http, headers={**origin, "X-API-Key": "sb_test_" + "0" * 40}),
        await api.post("/customers", headers={**origin, "Content-Type": "application/json"}, content=b"{"),
    ):
        assert response.headers["access-control-allow-origin"] == "https://shop.example"
        for name in ("ETag", "Retry-After", "X-RateLimit-Remaining", "Idempotency-Replayed"):
            assert name in response.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in (await api.get("/customers")).headers


async def test_a_key_bound_to_origins_is_refused_elsewhere(workspace: Workspace) -> None:
    client = await workspace.key(allowed_origins=["https://shop.example"])
    ok = await client.get("/customers", headers={"Origin": "https://shop.example"})
    assert ok.status_code == 200
    assert ok.headers["access-control-allow-origin"] == "https://shop.example"
    for origin in ("https://evil.example", "http://shop.example", "https://shop.example.evil", "null"):
        refused = await client.get("/customers", headers={"Origin": origin})
        assert refused.status_code == 403
        assert refused.json()["code"] == "authorization_error.origin_not_allowed"
        assert "access-control-allow-origin" not in refused.headers
        assert refused.headers.keys() >= RATE_HEADERS
    assert (await client.get("/customers")).status_code == 200, "servers send no Origin"
