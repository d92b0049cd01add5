"""Events reach endpoints: signed, in order, again after a failure, and into the dead letters at last."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.modules.webhooks import queue
from tests.conftest import Client
from tests.modules.webhooks.conftest import SCHEDULE, Start, Subscribe, customers
from tests.receiver import Received, Receiver, Reply
from tests.receiver import receiver as a_receiver


def verified(request: Received, secret: str) -> bool:
    """The documented check, written down once more."""
    stamp = request.headers["x-salesbooth-timestamp"]
    assert abs(time.time() - int(stamp)) < 300
    expected = "v1=" + hmac.new(secret.encode(), f"{stamp}.".encode() + request.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, request.headers["x-salesbooth-signature"])


async def until(
    api: Client, path: str, member: str, ready: Callable[[list[dict[str, Any]]], Any], **params: Any
) -> list[dict[str, Any]]:
    """Read a list until it is as it should be."""
    async with asyncio.timeout(15):
        while True:
            found: list[dict[str, Any]] = (await api.data("GET", path, params=params))[member]
            if ready(found):
                return found
            await asyncio.sleep(0.03)


async def settled(api: Client, webhook: dict[str, Any], number: int = 1) -> list[dict[str, Any]]:
    """The delivery log once so many deliveries are finished for good."""
    return await until(
        api,
        "/webhooks/deliveries",
        "deliveries",
        lambda found: len(found) == number and all(each["status"] != "pending" for each in found),
        id=webhook["id"],
    )


async def test_an_event_arrives_signed_in_the_documented_form(
    api: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    webhook = await subscribe("customer.created")
    [customer] = await customers(api, 1)
    [request] = await receiver.got(1)
    assert verified(request, webhook["secret"])
    assert set(request.event) == {"id", "event", "created_at", "data"}
    assert request.event["event"] == request.headers["x-salesbooth-event"] == "customer.created"
    assert request.event["data"]["id"] == customer
    assert request.headers["content-type"] == "application/json"
    assert "x-salesbooth-replayed" not in request.headers
    [delivery] = await settled(api, webhook)
    assert delivery["delivery_id"] == request.headers["x-salesbooth-delivery"]
    assert (delivery["attempts"], delivery["response_code"], delivery["error_message"]) == (1, 200, None)
    [event] = (await api.data("GET", "/webhooks/events"))["events"]
    assert (event["id"], event["status"]) == (request.event["id"], "delivered")


async def test_only_what_was_subscribed_to_arrives(api: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    await subscribe("customer.updated", path="/exact")
    await subscribe("customer.*", path="/family")
    await subscribe("*", path="/all")
    await subscribe("deal.*", path="/other")
    await customers(api, 1)
    requests = await receiver.got(2)
    assert await receiver.nothing_more()
    assert sorted(request.path for request in requests) == ["/all", "/family"]


async def test_a_failed_delivery_is_tried_three_times_with_one_body_and_becomes_a_dead_letter(
    api: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    receiver.decide = lambda _request: Reply(503, body=b"busy")
    webhook = await subscribe("customer.created")
    await customers(api, 1)
    requests = await receiver.got(3)
    [letter] = await until(api, "/webhooks/dead_letter", "dead_letters", lambda found: found)
    assert await receiver.nothing_more()
    assert len({request.body for request in requests}) == 1
    assert len({request.headers["x-salesbooth-delivery"] for request in requests}) == 1
    assert all(verified(request, webhook["secret"]) for request in requests)
    assert letter["event_id"] == requests[0].event["id"]
    assert (letter["attempts"], letter["last_error"]) == (3, "The endpoint answered 503")
    [event] = (await api.data("GET", "/webhooks/events", params={"status": "failed"}))["events"]
    assert event["id"] == letter["event_id"]


async def test_no_event_overtakes_an_earlier_one_of_its_entity(
    api: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    failed: set[str] = set()

    def fail_each_first(request: Received) -> Reply:
        if request.event["id"] in failed:
            return Reply()
        failed.add(request.event["id"])
        return Reply(500)

    receiver.decide = fail_each_first
    webhook = await subscribe("customer.*")
    made = await customers(api, 3)
    for version in range(1, 5):
        for customer in made:
            answer = await api.patch(f"/customers?id={customer}", {"city": f"C{version}"}, version=version)
            assert answer.status_code == 200
    deliveries = await settled(api, webhook, 15)
    assert {each["status"] for each in deliveries} == {"success"}
    log = (await api.data("GET", "/webhooks/events"))["events"]
    place = {event["id"]: event["sequence"] for event in log}
    seen: dict[str, list[int]] = defaultdict(list)
    for request in receiver.received:
        seen[request.event["data"]["id"]].append(place[request.event["id"]])
    assert all(places == sorted(places) for places in seen.values())
    assert len(receiver.received) == 30


async def test_a_receiver_may_postpone_the_next_attempt(api: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    receiver.decide = lambda _request: Reply(429, {"Retry-After": "3600"})
    webhook = await subscribe("customer.created")
    await customers(api, 1)
    await receiver.got(1)
    [delivery] = await until(
        api, "/webhooks/deliveries", "deliveries", lambda found: found[0]["attempts"] == 1, id=webhook["id"]
    )
    assert delivery["status"] == "pending"
    assert await receiver.nothing_more(1.2)


async def test_redirects_are_not_followed(api: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    receiver.decide = lambda request: Reply(307, {"Location": receiver.url("/elsewhere")})
    webhook = await subscribe("customer.created")
    await customers(api, 1)
    [delivery] = await settled(api, webhook)
    assert delivery["error_message"] == "The endpoint answered 307; redirects are not followed"
    assert {request.path for request in receiver.received} == {"/"}


async def test_nothing_listens(api: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    webhook = await subscribe("customer.created")
    async with a_receiver() as gone:
        pass
    await api.patch(f"/webhooks?id={webhook['id']}", {"url": gone.url()})
    await customers(api, 1)
    [delivery] = await settled(api, webhook)
    assert (delivery["status"], delivery["response_code"]) == ("failed", None)
    assert delivery["error_message"] == "Connection refused"


async def test_a_paused_webhook_receives_nothing_and_nothing_is_kept_for_it(
    api: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    webhook = await subscribe("customer.created")
    await api.data("PATCH", f"/webhooks?id={webhook['id']}", json={"status": "paused"})
    await customers(api, 1)
    await until(api, "/webhooks/events", "events", lambda found: found)
    await api.data("PATCH", f"/webhooks?id={webhook['id']}", json={"status": "active"})
    assert await receiver.nothing_more()
    assert receiver.received == []
    await customers(api, 1)
    await receiver.got(1)
    answer = await api.data("POST", "/webhooks/replay", json={"webhook_id": webhook["id"], "since_sequence": 0})
    assert answer["replayed"] == 2


async def test_a_deleted_webhook_gets_no_pending_attempt(api: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    receiver.decide = lambda _request: Reply(500)
    webhook = await subscribe("customer.created")
    await customers(api, 1)
    await receiver.got(1)
    assert (await api.delete(f"/webhooks?id={webhook['id']}")).json()["data"]["deleted"] is True
    assert await receiver.nothing_more(1)
    assert (await api.get("/webhooks/deliveries", params={"id": webhook["id"]})).status_code == 404


async def test_one_slow_endpoint_does_not_delay_another(api: Client, receiver: Receiver, subscribe: Subscribe) -> None:
    async with a_receiver() as slow:
        slow.decide = lambda _request: Reply(delay=5)
        body = {"url": slow.url(), "events": ["customer.created"]}
        await api.data("POST", "/webhooks", json=body)
        await subscribe("customer.created")
        await customers(api, 60)
        began = time.monotonic()
        await receiver.got(60, timeout=4)
        assert time.monotonic() - began < 4
        assert slow.most_open <= 32


async def test_a_circuit_opens_and_closes_again_and_says_so(
    api: Client, receiver: Receiver, subscribe: Subscribe, working: Services
) -> None:
    receiver.decide = lambda _request: Reply(500)
    webhook = await subscribe("customer.created")
    await customers(api, 12)
    [opened] = await until(api, "/webhooks/events", "events", lambda found: found, event_type="service.circuit_opened")
    assert opened["event_type"] == "service.circuit_opened"
    receiver.decide = lambda _request: Reply()
    key = ids.decode("wh", webhook["id"])
    async with working.database.system() as tx:
        await tx.connection.execute("UPDATE webhook_endpoints SET circuit_until = now() WHERE id = $1", key)
        await tx.connection.execute(
            "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE webhook_id = $1 AND status = 'pending'", key
        )
    await until(api, "/webhooks/events", "events", lambda found: found, event_type="service.circuit_closed")
    data = await facts(working, webhook)
    assert data["service.circuit_opened"]["service"] == f"webhook:{webhook['id']}"
    assert data["service.circuit_opened"]["failures"] == 10
    assert set(data["service.circuit_closed"]) == {"service", "closed_at"}


async def facts(working: Services, webhook: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The payloads of the events about a webhook, by name."""
    async with working.database.system() as tx:
        rows = await tx.connection.fetch("SELECT event, data FROM events WHERE entity_id = $1", webhook["id"])
    return {row["event"]: row["data"] for row in rows}


async def test_a_trial_that_fails_lengthens_the_pause(
    api: Client, receiver: Receiver, subscribe: Subscribe, working: Services
) -> None:
    receiver.decide = lambda _request: Reply(500)
    webhook = await subscribe("customer.created")
    await customers(api, 12)
    await until(api, "/webhooks/events", "events", lambda found: found, event_type="service.circuit_opened")
    async with working.database.system() as tx:
        await tx.connection.execute(
            "UPDATE webhook_endpoints SET circuit_until = now() WHERE id = $1", ids.decode("wh", webhook["id"])
        )
    await until(api, "/webhooks/events", "events", lambda found: found, event_type="circuit-breaker.backoff-increased")
    data = (await facts(working, webhook))["circuit-breaker.backoff-increased"]
    assert (data["previous_backoff_seconds"], data["new_backoff_seconds"]) == (5, 10)


async def test_a_new_address_closes_the_circuit(
    api: Client, receiver: Receiver, subscribe: Subscribe, working: Services
) -> None:
    receiver.decide = lambda _request: Reply(500)
    webhook = await subscribe("customer.created")
    await customers(api, 12)
    await until(api, "/webhooks/events", "events", lambda found: found, event_type="service.circuit_opened")
    receiver.decide = lambda _request: Reply()
    await api.data("PATCH", f"/webhooks?id={webhook['id']}", json={"url": receiver.url("/new")})
    await settled(api, webhook, 12)
    assert "service.circuit_closed" in await facts(working, webhook)


async def test_what_a_killed_worker_held_is_delivered_by_another(
    api: Client, receiver: Receiver, subscribe: Subscribe, working: Services
) -> None:
    receiver.decide = lambda _request: Reply(500)
    webhook = await subscribe("customer.created")
    await customers(api, 1)
    await receiver.got(1)
    receiver.decide = lambda _request: Reply()
    async with working.database.system() as tx:  # as if another worker had claimed it and died a lease ago
        await tx.connection.execute(
            "UPDATE webhook_deliveries SET claims = claims + 1, next_attempt_at = now() WHERE webhook_id = $1",
            ids.decode("wh", webhook["id"]),
        )
    [delivery] = await settled(api, webhook)
    assert delivery["status"] == "success"
    assert len({request.event["id"] for request in receiver.received}) == 1


async def test_live_and_test_events_stay_apart(
    room: Any, api: Client, receiver: Receiver, subscribe: Subscribe
) -> None:
    await subscribe("customer.created")
    live = await room.key("live")
    await customers(live, 1)
    await until(live, "/webhooks/events", "events", lambda found: found)
    assert await receiver.nothing_more()
    assert receiver.received == []


async def test_two_workers_send_every_event_once(
    api: Client, receiver: Receiver, subscribe: Subscribe, start: Start
) -> None:
    webhook = await subscribe("customer.*")
    async with start():
        made = await customers(api, 40)
        for customer in made:
            assert (await api.patch(f"/customers?id={customer}", {"city": "Perth"}, version=1)).status_code == 200
        await receiver.got(80)
        assert await receiver.nothing_more()
    assert len({request.event["id"] for request in receiver.received}) == len(receiver.received) == 80
    page = await api.data("GET", "/webhooks/deliveries", params={"id": webhook["id"], "status": "success"})
    assert page["pagination"]["total"] == 80


async def put(working: Services, webhook: dict[str, Any], change: str) -> None:
    """Change the deliveries of a webhook behind the server's back."""
    async with working.database.system() as tx:
        await tx.connection.execute(
            f"UPDATE webhook_deliveries SET {change} WHERE webhook_id = $1", ids.decode("wh", webhook["id"])
        )


async def test_housekeeping_frees_what_waits_for_nothing_and_ends_what_waits_in_vain(
    api: Client, receiver: Receiver, subscribe: Subscribe, working: Services
) -> None:
    webhook = await subscribe("customer.created")
    await customers(api, 1)
    await settled(api, webhook)
    await put(working, webhook, "status = 'pending', next_attempt_at = NULL")
    async with working.database.system() as tx:
        await queue.keep_house(tx, SCHEDULE)
    await receiver.got(2)
    [delivery] = await settled(api, webhook)
    assert delivery["status"] == "success"

    key = ids.decode("wh", webhook["id"])
    async with working.database.system() as tx:
        await tx.connection.execute(
            "UPDATE webhook_endpoints SET circuit_opened_at = now(), circuit_until = now() + interval '1 hour' "
            "WHERE id = $1",
            key,
        )
    await put(
        working, webhook, "status = 'pending', next_attempt_at = now(), created_at = now() - interval '4 minutes'"
    )
    async with working.database.system() as tx:
        await queue.keep_house(tx, SCHEDULE)
    assert (await api.data("GET", "/webhooks/dead_letter"))["dead_letters"] == []
    await put(working, webhook, "created_at = now() - interval '6 minutes'")
    async with working.database.system() as tx:
        await queue.keep_house(tx, SCHEDULE)
    [letter] = (await api.data("GET", "/webhooks/dead_letter"))["dead_letters"]
    assert letter["last_error"] == "Not sent: the endpoint kept failing"
    assert len(receiver.received) == 2

    await put(working, webhook, "status = 'pending'")
    async with working.database.system() as tx:
        await tx.connection.execute("DELETE FROM webhook_endpoints WHERE id = $1", key)
        await queue.keep_house(tx, SCHEDULE)
        assert await tx.connection.fetchval("SELECT count(*) FROM webhook_deliveries WHERE webhook_id = $1", key) == 0
