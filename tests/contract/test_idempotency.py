"""Idempotency-Key, case by case: the contract is docs/idempotency.md."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from asyncpg import Record

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.access.idempotency import ABANDONED_AFTER, Slot, remove_expired
from dealwright.kernel.errors import StillRunning
from tests.conftest import Client, TestClock, Workspace
from tests.contract import probe

JANE = {"name": "Jane Smith", "email": "jane@example.com"}


def keyed(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key or str(uuid.uuid4())}


def somebody(**more: Any) -> dict[str, Any]:
    return {"name": f"Somebody {uuid.uuid4().hex}", "email": f"{uuid.uuid4().hex}@example.com", **more}


async def count(services: Services, client: Client, table: str = "customers") -> int:
    tenant = ids.decode("tenant", client.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode=False) as tx:
        return await tx.connection.fetchval(f"SELECT count(*) FROM {table}")  # type: ignore[no-any-return]


Rows = Callable[[Client], Awaitable[list[Record]]]


@pytest.fixture
def kept(services: Services) -> Rows:
    """``await kept(api)`` → the workspace's rows of the answers table."""

    async def read(client: Client) -> list[Record]:
        tenant = ids.decode("tenant", client.tenant_id)
        assert tenant is not None
        async with services.database.transaction(tenant, livemode=False) as tx:
            return await tx.connection.fetch("SELECT * FROM idempotent_answers")  # type: ignore[no-any-return]

    return read


@pytest.fixture
async def later(clock: TestClock) -> AsyncIterator[Callable[[timedelta], None]]:
    """``later(timedelta(hours=1))`` moves the application's clock, until the end of the test."""

    def move(by: timedelta) -> None:
        clock.offset += by

    before = clock.offset
    yield move
    clock.offset = before


async def test_a_repeated_creation_answers_200_with_the_same_body_and_creates_nothing(
    api: Client, outbox: Any, services: Services
) -> None:
    headers = keyed()
    first = await api.post("/customers", JANE, headers=headers)
    again = await api.post("/customers", JANE, headers=headers)
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    assert again.status_code == 200
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-mismatch" not in again.headers
    assert again.headers["etag"] == first.headers["etag"]
    assert again.json() == first.json()
    assert await count(services, api) == 1
    assert [name for name, _ in await outbox(api)] == ["customer.created"]


async def test_headers_of_the_first_answer_come_back_with_it(probes: Client) -> None:
    headers, body = keyed(), somebody()
    first = await probes.post("/probe-create", body, headers=headers)
    again = await probes.post("/probe-create", body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["x-job-id"] == again.headers["x-job-id"] == "job_1"


async def test_an_error_is_answered_as_it_was_with_the_same_ref(api: Client) -> None:
    headers = keyed()
    first = await api.post("/customers", {"name": "No Email"}, headers=headers)
    again = await api.post("/customers", {"name": "No Email"}, headers=headers)
    assert first.status_code == again.status_code == 400
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert again.json()["ref"] == first.json()["ref"]


async def test_an_error_stays_although_the_reason_for_it_is_gone(api: Client) -> None:
    first = await api.data("POST", "/customers", json=JANE)
    headers = keyed()
    assert (await api.post("/customers", JANE, headers=headers)).status_code == 409
    assert (await api.delete(f"/customers?id={first['id']}", version=1)).status_code == 200
    again = await api.post("/customers", JANE, headers=headers)
    assert again.status_code == 409
    assert again.headers["idempotency-replayed"] == "true"
    assert (await api.post("/customers", JANE, headers=keyed())).status_code == 201


async def test_another_body_gets_the_stored_answer_and_is_told_so(api: Client, services: Services) -> None:
    headers = keyed()
    first = await api.post("/customers", JANE, headers=headers)
    other = await api.post("/customers", somebody(), headers=headers)
    assert other.status_code == 200
    assert other.headers["idempotency-replayed"] == "true"
    assert other.headers["idempotency-mismatch"] == "true"
    assert other.json() == first.json()
    assert await count(services, api) == 1


async def test_the_order_of_members_and_white_space_make_no_other_body(api: Client) -> None:
    headers = {**keyed(), "Content-Type": "application/json"}
    await api.post("/customers", headers=headers, content=b'{"name": "A", "email": "a@example.com"}')
    again = await api.post("/customers", headers=headers, content=b'{ "email":"a@example.com","name":"A"}')
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-mismatch" not in again.headers


@pytest.mark.parametrize("key", ["x", "k" * 64, "order 20260317/001", "ümlaut"])
async def test_keys_of_1_to_64_printable_characters_hold(api: Client, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    assert (await api.post("/customers", JANE, headers=headers)).status_code == 201
    assert (await api.post("/customers", JANE, headers=headers)).status_code == 200


@pytest.mark.parametrize("key", [b"", b"k" * 65, b"tab\there", b"\xa0"])
async def test_other_keys_are_refused_and_nothing_happens(api: Client, services: Services, key: bytes) -> None:
    response = await api.post("/customers", JANE, headers={b"Idempotency-Key": key})
    assert response.status_code == 400
    assert response.json()["code"] == "validation_error.invalid_idempotency_key"
    assert "Idempotency-Key" in response.json()["message"]
    assert await count(services, api) == 0


async def test_a_key_is_the_workspaces_own(api: Client, other: Client) -> None:
    headers = keyed()
    assert (await api.post("/customers", JANE, headers=headers)).status_code == 201
    foreign = await other.post("/customers", JANE, headers=headers)
    assert foreign.status_code == 201
    assert "idempotency-replayed" not in foreign.headers


async def test_a_key_is_the_modes_own(workspace: Workspace) -> None:
    live, test = await workspace.key("live"), await workspace.key("test")
    headers = keyed()
    assert (await live.post("/customers", JANE, headers=headers)).status_code == 201
    assert (await test.post("/customers", JANE, headers=headers)).status_code == 201


async def test_a_key_is_the_operations_own(probes: Client, api: Client) -> None:
    headers = keyed()
    assert (await api.post("/customers", somebody(), headers=headers)).status_code == 201
    assert (await probes.post("/probe-create", somebody(), headers=headers)).status_code == 201
    assert (await probes.post("/probe-steps", somebody(), headers=headers)).status_code == 201


async def test_two_keys_of_one_workspace_share_their_answers(workspace: Workspace) -> None:
    headers = keyed()
    one, two = await workspace.key(), await workspace.key()
    assert (await one.post("/customers", JANE, headers=headers)).status_code == 201
    assert (await two.post("/customers", JANE, headers=headers)).status_code == 200


async def test_an_answer_is_kept_for_24_hours(
    api: Client, later: Callable[[timedelta], None], services: Services
) -> None:
    headers = keyed()
    assert (await api.post("/customers", JANE, headers=headers)).status_code == 201
    later(timedelta(hours=23, minutes=59))
    assert (await api.post("/customers", JANE, headers=headers)).status_code == 200
    later(timedelta(minutes=1))
    fresh = await api.post("/customers", JANE, headers=headers)
    assert fresh.status_code == 409, "the request runs again, and finds the email taken"
    assert "idempotency-replayed" not in fresh.headers


async def test_expired_answers_are_removed(api: Client, services: Services, clock: TestClock, kept: Rows) -> None:
    assert (await api.post("/customers", JANE, headers=keyed())).status_code == 201
    async with services.database.system() as tx:
        await remove_expired(tx, clock() + timedelta(hours=23))
    assert len(await kept(api)) == 1
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode=False) as tx:
        await remove_expired(tx, clock() + timedelta(hours=25))
    assert await kept(api) == []


async def test_without_a_key_every_request_counts(api: Client) -> None:
    assert (await api.post("/customers", somebody())).status_code == 201
    assert (await api.post("/customers", JANE)).status_code == 201
    assert (await api.post("/customers", JANE)).status_code == 409


async def test_a_key_on_a_read_is_ignored(api: Client, kept: Rows) -> None:
    first = await api.get("/customers", headers=keyed("same"))
    await api.data("POST", "/customers", json=JANE)
    again = await api.get("/customers", headers=keyed("same"))
    assert first.json()["data"] != again.json()["data"]
    assert "idempotency-replayed" not in again.headers
    assert await kept(api) == []


@pytest.mark.parametrize(
    ("path", "body", "table", "event"),
    [
        ("/customers", JANE, "customers", "customer.created"),
        ("/deals", {"title": "Pro Plan"}, "deals", "deal.created"),
        ("/products", {"name": "Widget", "price": 5}, "products", None),
    ],
    ids=["customers", "deals", "products"],
)
async def test_a_hundred_concurrent_requests_with_one_key_make_one_record(
    api: Client, outbox: Any, services: Services, kept: Rows, path: str, body: Any, table: str, event: str | None
) -> None:
    headers = keyed()
    answers = await asyncio.gather(*(api.post(path, body, headers=headers) for _ in range(100)))
    assert sorted(each.status_code for each in answers) == [200] * 99 + [201]
    assert len({each.content for each in answers}) == 1
    assert sum("idempotency-replayed" in each.headers for each in answers) == 99
    assert await count(services, api, table) == 1
    assert [name for name, _ in await outbox(api)] == ([event] if event else [])
    assert len(await kept(api)) == 1


@pytest.mark.parametrize("path", ["/probe-create", "/probe-steps"])
async def test_a_concurrent_twin_waits_and_gets_the_first_answer(probes: Client, path: str) -> None:
    headers, body = keyed(), somebody(seconds=0.4)
    first = asyncio.create_task(probes.post(path, body, headers=headers))
    await asyncio.sleep(0.1)
    twin = await probes.post(path, body, headers=headers)
    assert first.done(), "the twin was answered after the first request"
    assert (first.result().status_code, twin.status_code) == (201, 200)
    assert twin.json() == first.result().json()
    assert probe.runs[body["name"]] == 1


async def test_a_twin_whose_waiting_time_ends_is_told_that_the_first_still_runs(
    probes: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dealwright.kernel.pipeline._TWIN_WAITS", 0.1)
    headers, body = keyed(), somebody(seconds=0.5)
    first = asyncio.create_task(probes.post("/probe-steps", body, headers=headers))
    await asyncio.sleep(0.1)
    twin = await probes.post("/probe-steps", body, headers=headers)
    assert twin.status_code == 409
    assert twin.json()["code"] == "conflict.idempotency_in_progress"
    assert twin.json()["recovery"]["retryable"] is True
    assert twin.headers["retry-after"] == "1"
    assert (await first).status_code == 201
    assert (await probes.post("/probe-steps", body, headers=headers)).status_code == 200, "that 409 was not kept"


async def test_a_twin_that_outlasts_the_lock_timeout_is_told_so_too(services: Services, api: Client) -> None:
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    cipher = services.pipeline._keyring.tenant(tenant, 1)
    now = services.pipeline.clock()
    async with services.database.transaction(tenant, livemode=False) as first:
        assert await Slot("probe.lock", "k", {}, cipher).claim(first, now) is None
        with pytest.raises(StillRunning):
            async with services.database.transaction(tenant, livemode=False) as second:
                await second.connection.execute("SET LOCAL lock_timeout = '50ms'")
                await Slot("probe.lock", "k", {}, cipher).claim(second, now)


@pytest.mark.parametrize("path", ["/probe-create", "/probe-steps"])
@pytest.mark.parametrize(("failure", "status"), [("unavailable", 503), ("defect", 500)])
async def test_a_failure_of_ours_in_the_middle_keeps_nothing_and_the_retry_runs(
    probes: Client, services: Services, kept: Rows, outbox: Any, path: str, failure: str, status: int
) -> None:
    headers, body = keyed(), somebody(fail=failure, only_once=True)
    probe.fail_once(body["name"])
    first = await probes.post(path, body, headers=headers)
    assert first.status_code == status
    assert "secret" not in first.text
    assert await kept(probes) == []
    assert await count(services, probes) == 0
    assert await outbox(probes) == []
    retry = await probes.post(path, body, headers=headers)
    assert retry.status_code == 201
    assert "idempotency-replayed" not in retry.headers
    assert await count(services, probes) == 1
    assert (await probes.post(path, body, headers=headers)).status_code == 200


@pytest.mark.parametrize("path", ["/probe-create", "/probe-steps"])
async def test_a_refusal_in_the_middle_undoes_the_work_and_is_kept(
    probes: Client, services: Services, outbox: Any, path: str
) -> None:
    headers, body = keyed(), somebody(fail="conflict", only_once=True)
    probe.fail_once(body["name"])
    first = await probes.post(path, body, headers=headers)
    assert first.status_code == 409
    assert await count(services, probes) == 0
    assert await outbox(probes) == []
    again = await probes.post(path, body, headers=headers)
    assert again.json() == first.json()
    assert probe.runs[body["name"]] == 1


async def test_the_claim_of_a_crashed_request_may_be_retaken_after_two_minutes(
    probes: Client, services: Services, later: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies between its transactions leaves its claim behind."""
    monkeypatch.setattr("dealwright.kernel.pipeline._TWIN_WAITS", 0)
    headers, body = keyed(), somebody()
    tenant = ids.decode("tenant", probes.tenant_id)
    assert tenant is not None
    abandoned = Slot("probe.steps", headers["Idempotency-Key"], body, services.pipeline._keyring.tenant(tenant, 1))
    async with services.database.transaction(tenant, livemode=False) as tx:
        assert await abandoned.claim(tx, services.pipeline.clock()) is None
    later(ABANDONED_AFTER - timedelta(seconds=5))
    early = await probes.post("/probe-steps", body, headers=headers)
    assert early.json()["code"] == "conflict.idempotency_in_progress"
    later(timedelta(seconds=5))
    assert (await probes.post("/probe-steps", body, headers=headers)).status_code == 201
    assert probe.runs[body["name"]] == 1


async def test_refusals_before_the_operation_are_not_kept(workspace: Workspace, kept: Rows, another: Any) -> None:
    headers = keyed()
    reader = await workspace.key(scopes=["customers:read"])
    assert (await reader.post("/customers", JANE, headers=headers)).status_code == 403
    unknown = Client(reader.http, reader.key + "x", "", reader.tenant_id, reader.workspace)
    assert (await unknown.post("/customers", JANE, headers=headers)).status_code == 401
    writer = await workspace.key(rate_limit=1)
    async with another() as http:
        limited = Client(http, writer.key, writer.key_id, writer.tenant_id, writer.workspace)
        while (refused := await limited.get("/customers")).status_code != 429:
            pass
        refused = await limited.post("/customers", JANE, headers=headers)
        assert refused.status_code == 429
    malformed = await writer.request(
        "POST", "/customers", content=b"{", headers={**headers, "Content-Type": "application/json"}
    )
    assert malformed.status_code == 400
    assert await kept(reader) == []
    assert (await (await workspace.key()).post("/customers", JANE, headers=headers)).status_code == 201


async def test_kept_answers_are_sealed_with_the_tenants_key(api: Client, services: Services, kept: Rows) -> None:
    headers = keyed()
    created = await api.data("POST", "/customers", json=JANE, headers=headers)
    [row] = await kept(api)
    for word in (b"Jane", b"jane@", b"customer", created["id"].encode()):
        assert word not in row["answer"]
        assert word not in row["request_hash"]
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    bound_to = f"idempotent:customers.create:{headers['Idempotency-Key']}".encode()
    assert b"Jane" in services.pipeline._keyring.tenant(tenant, 1).open(row["answer"], bound_to)


async def test_a_publishable_key_cannot_guess_a_secret_keys_answers(
    workspace: Workspace, probe_http: httpx.AsyncClient
) -> None:
    """Both may send the same key; each has answers of its own."""
    secret = probe.on(probe_http, await workspace.key("live"))
    public = probe.on(probe_http, await workspace.key("pub"))
    headers = keyed()
    assert (await secret.post("/probe-shared", {}, headers=headers)).json()["data"] == {"for": "secret_key"}
    assert (await public.post("/probe-shared", {}, headers=headers)).json()["data"] == {"for": "publishable_key"}
    assert (await public.post("/probe-shared", {}, headers=headers)).headers["idempotency-replayed"] == "true"
