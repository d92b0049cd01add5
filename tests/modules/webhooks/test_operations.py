"""The webhook operations over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.access.principals import Principal
from dealwright.kernel.operations import registry
from dealwright.kernel.pipeline import Call, Outcome
from tests.conftest import Client, TestClock, Workspace
from tests.modules.webhooks.conftest import Start, Subscribe, customers
from tests.modules.webhooks.test_delivery import settled, until, verified
from tests.receiver import Receiver, Reply

HTTPS = "https://example.com/webhooks"


async def test_create_shows_the_secret_once(api: Client) -> None:
    response = await api.post("/webhooks", {"url": HTTPS, "events": ["deal.created"], "description": "Production"})
    assert response.status_code == 201
    made = response.json()["data"]
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert len(secret) > 40
    assert made["id"] == made["webhook_id"]
    assert made["webhook_id"].startswith("wh_")
    assert (made["url"], made["events"], made["description"]) == (HTTPS, ["deal.created"], "Production")
    assert made["status"] == "active"
    assert await api.data("GET", f"/webhooks?id={made['id']}") == made
    listed = await api.data("GET", "/webhooks")
    assert listed["webhooks"] == [made]
    assert listed["pagination"]["total"] == 1
    assert (await api.data("GET", "/webhooks", params={"status": "paused"}))["webhooks"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"events": ["deal.created"]}, "url"),
        ({"url": "ftp://example.com", "events": ["deal.created"]}, "url"),
        ({"url": "https://user:secret@example.com", "events": ["deal.created"]}, "url"),
        ({"url": "https://", "events": ["deal.created"]}, "url"),
        ({"url": "https://exa mple.com/", "events": ["deal.created"]}, "url"),
        ({"url": "https://example.com:99999/", "events": ["deal.created"]}, "url"),
        ({"url": HTTPS}, "events"),
        ({"url": HTTPS, "events": []}, "events"),
        ({"url": HTTPS, "events": ["deal.invented"]}, "events.0"),
        ({"url": HTTPS, "events": ["dea*"]}, "events.0"),
        ({"url": HTTPS, "events": "deal.created"}, "events"),
        ({"url": HTTPS, "events": ["deal.created"], "description": "x" * 256}, "description"),
    ],
)
async def test_bad_input_names_the_field(api: Client, body: dict[str, Any], field: str) -> None:
    response = await api.post("/webhooks", body)
    assert response.status_code == 400
    assert response.json()["code"] == "validation_error.invalid_fields"
    assert list(response.json()["details"]["fields"]) == [field]


async def test_private_addresses_and_plain_http_are_refused_unless_the_operator_allows_them(
    start: Start, room: Workspace
) -> None:
    async with start(run_workers=False, webhooks_allow_private=False) as strict:
        transport = httpx.ASGITransport(app=strict.__dict__["application"])
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            api = await Workspace(strict, http).key()
            for url in ("http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://10.1.2.3/",
                        "https://localhost/", "https://169.254.169.254/latest", "https://2130706433/",
                        "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/", "https://db.internal/"):  # fmt: skip
                assert (await api.post("/webhooks", {"url": url, "events": ["*"]})).status_code == 400, url
            assert (await api.post("/webhooks", {"url": HTTPS, "events": ["*"]})).status_code == 201
    live = await room.key("live")
    assert (await live.post("/webhooks", {"url": "http://127.0.0.1/", "events": ["*"]})).status_code == 400
    assert (await live.post("/webhooks", {"url": "https://127.0.0.1/", "events": ["*"]})).status_code == 201


async def test_a_name_that_leads_to_a_private_address_is_refused_when_it_is_connected_to(start: Start) -> None:
    async with start(run_workers=False, webhooks_allow_private=True) as lax:
        transport = httpx.ASGITransport(app=lax.__dict__["application"])
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            api = await Workspace(lax, http).key()
            made = await api.data("POST", "/webhooks", json={"url": "https://localhost:9/", "events": ["*"]})
    async with start(run_workers=False, webhooks_allow_private=False) as strict:
        transport = httpx.ASGITransport(app=strict.__dict__["application"])
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            same = Client(http, api.key, api.key_id, api.tenant_id, api.workspace)
            answer = await same.data("POST", f"/webhooks/test?id={made['id']}", json={})
    assert answer["success"] is False
    assert answer["response_code"] is None
    assert "private or reserved" in answer["error_message"]


async def test_update_changes_what_is_sent_and_replaces_the_events(api: Client) -> None:
    made = await api.data("POST", "/webhooks", json={"url": HTTPS, "events": ["deal.created"], "description": "x"})
    path = f"/webhooks?id={made['id']}"
    changed = await api.data("PATCH", path, json={"events": ["deal.closed", "payment.received"], "status": "paused"})
    assert (changed["events"], changed["status"]) == (["deal.closed", "payment.received"], "paused")
    assert changed["description"] == "x"
    assert (await api.data("PATCH", path, json={"description": None}))["description"] is None
    assert (await api.patch(path, {"url": "nonsense"})).status_code == 400
    assert (await api.patch(path, {"status": "asleep"})).status_code == 400
    assert (await api.patch(path, {"description": "late"}, version=1)).status_code == 412


async def test_unknown_and_foreign_webhooks_are_not_found(api: Client, room: Workspace, working: Services) -> None:
    made = await api.data("POST", "/webhooks", json={"url": HTTPS, "events": ["deal.created"]})
    foreign = await Workspace(working, room.http).key()
    for caller, key in ((foreign, made["id"]), (api, ids.encode("wh", ids.uuid7())), (api, "nonsense")):
        assert (await caller.get("/webhooks", params={"id": key})).status_code == 404
        assert (await caller.patch(f"/webhooks?id={key}", {"status": "paused"})).status_code == 404
        assert (await caller.delete(f"/webhooks?id={key}")).status_code == 404
        assert (await caller.get("/webhooks/deliveries", params={"id": key})).status_code == 404
        assert (await caller.get("/webhooks/dead_letter", params={"webhook_id": key})).status_code == 404
        assert (await caller.post(f"/webhooks/test?id={key}", {})).status_code == 404
        replay = await caller.post("/webhooks/replay", {"webhook_id": key, "since_sequence": 0})
        assert replay.status_code == 404
    assert (await api.post("/webhooks/retry", {"delivery_id": "dlv_x"})).status_code == 404


async def test_scopes(room: Workspace) -> None:
    reader = await room.key(scopes=["webhooks:read"])
    assert (await reader.get("/webhooks")).status_code == 200
    assert (await reader.get("/webhooks/events")).status_code == 200
    assert (await reader.post("/webhooks", {"url": HTTPS, "events": ["*"]})).status_code == 403
    assert (await reader.post("/webhooks/cleanup", {})).status_code == 403
    stranger = await room.key(scopes=["deals:read"])
    assert (await stranger.get("/webhooks")).status_code == 403


async def test_a_test_send_reports_what_the_endpoint_answered(
    api: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    webhook = await subscribe("deal.created")
    answer = await api.data("POST", f"/webhooks/test?id={webhook['id']}", json={})
    latency = answer.pop("latency_ms")
    assert answer == {
        "success": True,
        "response_code": 200,
        "response_body": "OK",
        "error_message": None,
        "event_type": "deal.created",
    }
    assert 0 <= latency < 10_000
    [request] = receiver.received
    assert verified(request, webhook["secret"])
    assert {"id", "deal_id", "status", "total"} <= set(request.event["data"])
    receiver.decide = lambda _request: Reply(418, body=b"\xff" * 5000)
    body = {"event_type": "subscription.renewed"}
    answer = await api.data("POST", f"/webhooks/test?id={webhook['id']}", json=body)
    assert (answer["success"], answer["response_code"]) == (False, 418)
    assert answer["error_message"]
    assert len(answer["response_body"]) == 1000
    assert (await api.data("GET", "/webhooks/deliveries", params={"id": webhook["id"]}))["deliveries"] == []
    assert (await api.post(f"/webhooks/test?id={webhook['id']}", {"event_type": "x.y"})).status_code == 400


async def test_retry_attempts_one_dead_letter_at_once(api: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    receiver.decide = lambda _request: Reply(500)
    webhook = await subscribe("customer.created")
    await customers(api, 1)
    [delivery] = await settled(api, webhook)
    again = await api.data("POST", "/webhooks/retry", json={"delivery_id": delivery["delivery_id"]})
    assert (again["delivery"]["status"], again["delivery"]["attempts"]) == ("failed", 4)
    receiver.decide = lambda _request: Reply()
    again = await api.data("POST", "/webhooks/retry", json={"delivery_id": delivery["delivery_id"]})
    assert {name: again["delivery"][name] for name in ("status", "attempts", "response_code", "error_message")} == {
        "status": "success",
        "attempts": 5,
        "response_code": 200,
        "error_message": None,
    }
    assert (await api.data("GET", "/webhooks/dead_letter"))["dead_letters"] == []
    refused = await api.post("/webhooks/retry", {"delivery_id": delivery["delivery_id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    assert len({request.headers["x-salesbooth-delivery"] for request in receiver.received}) == 1


async def test_replay_sends_past_events_again_under_new_delivery_ids(
    api: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    receiver.decide = lambda _request: Reply(500)
    webhook = await subscribe("customer.created")
    await customers(api, 2)
    await settled(api, webhook, 2)
    receiver.decide = lambda _request: Reply()
    body = {"webhook_id": webhook["id"], "since_sequence": 0}
    answer = await api.data("POST", "/webhooks/replay", json=body)
    assert (answer["replayed"], answer["has_more"], answer["webhook_id"]) == (2, False, webhook["id"])
    assert [each["event_sequence"] for each in answer["events"]] == sorted(
        each["event_sequence"] for each in answer["events"]
    )
    await settled(api, webhook, 4)
    replayed = [request for request in receiver.received if "x-salesbooth-replayed" in request.headers]
    assert {request.headers["x-salesbooth-replayed"] for request in replayed} == {"true"}
    assert {r.event["id"] for r in replayed} == {each["event_id"] for each in answer["events"]}
    assert {r.headers["x-salesbooth-delivery"] for r in replayed} == {each["delivery_id"] for each in answer["events"]}
    assert all(verified(request, webhook["secret"]) for request in replayed)
    assert (await api.data("GET", "/webhooks/dead_letter"))["dead_letters"] == []
    assert {event["status"] for event in (await api.data("GET", "/webhooks/events"))["events"]} == {"delivered"}
    later = {**body, "since_sequence": answer["events"][-1]["event_sequence"]}
    assert (await api.data("POST", "/webhooks/replay", json=later))["replayed"] == 0
    other = {**body, "event_type": "deal.created"}
    assert (await api.data("POST", "/webhooks/replay", json=other))["replayed"] == 0
    assert (await api.post("/webhooks/replay", {"webhook_id": webhook["id"]})).status_code == 400
    await api.data("PATCH", f"/webhooks?id={webhook['id']}", json={"status": "paused"})
    assert (await api.post("/webhooks/replay", body)).status_code == 409


async def test_the_event_log_resumes_by_sequence_and_by_time(api: Client, clock: TestClock) -> None:
    await customers(api, 3)
    await until(api, "/webhooks/events", "events", lambda found: len(found) == 3)
    first = await api.data("GET", "/webhooks/events", params={"limit": 2})
    assert first["cursor"]["has_more"] is True
    assert first["cursor"]["last_sequence"] == first["events"][-1]["sequence"]
    after = {"since_sequence": first["cursor"]["last_sequence"]}
    rest = await api.data("GET", "/webhooks/events", params=after)
    assert len(rest["events"]) == 1
    assert rest["cursor"]["has_more"] is False
    empty = await api.data("GET", "/webhooks/events", params={"since_sequence": rest["cursor"]["last_sequence"]})
    assert empty == {"events": [], "cursor": {"last_sequence": rest["cursor"]["last_sequence"], "has_more": False}}
    past, future = (clock() + timedelta(hours=hours) for hours in (-1, 1))
    params = {"since_timestamp": past.isoformat()}
    assert len((await api.data("GET", "/webhooks/events", params=params))["events"]) == 3
    found = await api.data("GET", "/webhooks/events", params={"since_timestamp": future.isoformat()})
    assert found == {"events": [], "cursor": {"last_sequence": rest["cursor"]["last_sequence"], "has_more": False}}
    params = {"event_type": "deal.created"}
    assert (await api.data("GET", "/webhooks/events", params=params))["events"] == []
    assert {event["status"] for event in first["events"]} == {"delivered"}, "there was nothing to deliver"
    for bad in ({"limit": 0}, {"limit": 101}, {"status": "lost"}, {"since_sequence": "x"}, {"since_timestamp": "x"}):
        assert (await api.get("/webhooks/events", params=bad)).status_code == 400


async def test_the_event_log_tells_how_far_deliveries_are(
    api: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    receiver.decide = lambda request: Reply(200 if request.path == "/good" else 500)
    good = await subscribe("customer.created", path="/good")
    bad = await subscribe("customer.created", path="/bad")
    await customers(api, 1)
    await settled(api, good)
    for status, ready in (("pending", True), ("partially_delivered", False)):
        if not ready:
            await settled(api, bad)
        for asked in ("pending", "delivered", "partially_delivered", "failed"):
            found = await api.data("GET", "/webhooks/events", params={"status": asked})
            assert len(found["events"]) == (1 if asked == status else 0), (status, asked)


async def test_the_delivery_log_filters_and_pages(api: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    webhook = await subscribe("customer.*")
    await customers(api, 3)
    await settled(api, webhook, 3)
    params: dict[str, Any] = {"id": webhook["id"], "limit": 2, "offset": 1}
    page = await api.data("GET", "/webhooks/deliveries", params=params)
    assert len(page["deliveries"]) == 2
    assert (page["pagination"]["total"], page["pagination"]["count"]) == (3, 2)
    assert {each["webhook_id"] for each in page["deliveries"]} == {webhook["id"]}
    for filters, number in (({"status": "failed"}, 0), ({"event_type": "customer.created"}, 3)):
        params = {"id": webhook["id"], **filters}
        assert len((await api.data("GET", "/webhooks/deliveries", params=params))["deliveries"]) == number
    for bad in ({}, {"id": webhook["id"], "status": "lost"}, {"id": webhook["id"], "limit": 101}):
        assert (await api.get("/webhooks/deliveries", params=bad)).status_code == 400


async def test_cleanup_deletes_old_events_and_their_deliveries_of_this_workspace_only(
    api: Client, receiver: Receiver, subscribe: Subscribe, room: Workspace, working: Services
) -> None:
    webhook = await subscribe("customer.created")
    other = await Workspace(working, room.http).key()
    await customers(other, 1)
    await customers(api, 3)
    await settled(api, webhook, 3)
    await until(other, "/webhooks/events", "events", lambda found: found)
    async with working.database.system() as tx:
        await tx.connection.execute("SET LOCAL ROLE NONE")
        await tx.connection.execute("UPDATE events SET created_at = created_at - interval '60 days'")
    answer = await api.data("POST", "/webhooks/cleanup", json={"batch_size": 2})
    assert (answer["retention_days"], answer["deliveries_deleted"], answer["events_deleted"]) == (30, 2, 2)
    assert answer["cutoff_date"].endswith("T00:00:00Z")
    answer = await api.data("POST", "/webhooks/cleanup")
    assert (answer["deliveries_deleted"], answer["events_deleted"]) == (1, 1)
    assert (await api.data("GET", "/webhooks/events"))["events"] == []
    assert len((await other.data("GET", "/webhooks/events"))["events"]) == 1
    assert (await api.post("/webhooks/cleanup", {"retention_days": 0})).status_code == 400


async def rotate(working: Services, api: Client, webhook: dict[str, Any], **more: Any) -> Outcome:
    """Rotate as a signed-in person."""
    tenant = ids.decode("tenant", api.tenant_id)
    person = Principal(
        kind="session", key_id="user_1", role="admin", tenant_id=tenant, livemode=False, scopes=frozenset("*")
    )
    call = Call(registry["webhooks.rotate_secret"], {"id": webhook["id"], **more}, person, "trace_1")
    return await working.pipeline.run(call)


async def test_rotating_makes_the_old_secret_worthless_at_once(
    api: Client, receiver: Receiver, subscribe: Subscribe, working: Services
) -> None:
    webhook = await subscribe("customer.created")
    assert (await api.post(f"/webhooks/rotate_secret?id={webhook['id']}", {})).status_code == 401
    rotated = (await rotate(working, api, webhook)).data
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != webhook["secret"]
    await customers(api, 1)
    [request] = await receiver.got(1)
    assert verified(request, rotated["secret"])
    assert not verified(request, webhook["secret"])


async def test_during_an_overlap_receivers_with_either_secret_are_served(
    api: Client, receiver: Receiver, subscribe: Subscribe, working: Services
) -> None:
    webhook = await subscribe("customer.created")
    rotated = (await rotate(working, api, webhook, overlap_seconds=3600)).data
    held = webhook["secret"]
    receiver.decide = lambda request: Reply(200 if verified(request, held) else 401)
    await customers(api, 1)
    await settled(api, webhook)
    assert [verified(request, held) for request in receiver.received] == [False, True]
    held = rotated["secret"]
    await customers(api, 1)
    deliveries = await settled(api, webhook, 2)
    assert {(each["status"], each["attempts"]) for each in deliveries} == {("success", 1)}
    assert len(receiver.received) == 3


async def test_secrets_are_sealed_and_stay_out_of_the_audit_trail(
    api: Client, subscribe: Subscribe, working: Services
) -> None:
    webhook = await subscribe("customer.created")
    async with working.database.system() as tx:
        sealed = await tx.connection.fetchval(
            "SELECT secret FROM webhook_endpoints WHERE id = $1", ids.decode("wh", webhook["id"])
        )
        audited = await tx.connection.fetchval("SELECT snapshot FROM audit_log WHERE entity_id = $1", webhook["id"])
    assert webhook["secret"].encode() not in sealed
    assert webhook["secret"] not in audited
    assert sealed.hex() not in audited
    assert '"secret":"' in audited, "a commitment stands for it"
