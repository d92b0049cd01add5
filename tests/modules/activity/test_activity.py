"""The feed, its stream, rules, notifications and preferences."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from dealwright.kernel.settings import Settings
from dealwright.modules.activity import operations
from tests.conftest import Client, Workspace
from tests.outbox import mail_to
from tests.receiver import receiver
from tests.shop import open_shop
from tests.streaming import listening


async def customer(api: Client) -> str:
    body = {"name": "Jane Smith", "email": f"{uuid.uuid4().hex}@example.com"}
    return str((await api.data("POST", "/customers", json=body))["id"])


async def rule(api: Client, event_type: str, channel: str = "in_app", **more: Any) -> dict[str, Any]:
    body = {"event_type": event_type, "channel": channel, **more}
    made: dict[str, Any] = await api.data("POST", "/activity?action=create_rule", 201, json=body)
    return made


async def inbox(api: Client, number: int, **params: Any) -> dict[str, Any]:
    """The inbox once it holds so many notifications."""
    async with asyncio.timeout(5):
        while True:
            found: dict[str, Any] = await api.data("GET", "/activity", params={"action": "notifications", **params})
            if len(found["notifications"]) >= number:
                return found
            await asyncio.sleep(0.02)


async def test_the_feed_says_what_happened_and_who_did_it(room: Workspace, api: Client) -> None:
    agent = await room.key(is_agent=True)
    jane = await customer(api)
    deal = (await agent.data("POST", "/deals", json={"title": "T"}))["id"]
    found = await api.data("GET", "/activity")
    assert found["pagination"]["total"] == 2
    newest, oldest = found["activities"]
    assert newest["id"].startswith("act_")
    assert (newest["event_type"], newest["entity_type"], newest["entity_id"]) == ("deal.created", "deal", deal)
    assert (newest["actor_type"], newest["actor_id"]) == ("agent", agent.key_id)
    assert (oldest["event_type"], oldest["actor_type"], oldest["entity_id"]) == ("customer.created", "user", jane)
    assert oldest["summary"].endswith(".")
    assert oldest["data"]["id"] == jane
    for params in (
        {"event_type": "deal.created"},
        {"actor_type": "agent"},
        {"entity_type": "deal"},
        {"limit": 1, "offset": 0},
    ):
        assert (await api.data("GET", "/activity", params=params))["activities"] == [newest], params
    assert (await api.data("GET", "/activity", params={"event_type": "payment.received"}))["activities"] == []
    limited = await room.key(scopes=["deals:read"])
    assert (await limited.data("GET", "/activity"))["activities"] == [newest]
    assert (await api.get("/activity", params={"actor_type": "robot"})).status_code == 400


async def test_the_stream_tells_new_entries_and_resumes(
    address: str, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(address, "/activity-stream", api.key) as stream:
        assert stream.response.headers["content-type"] == "text/event-stream"
        comment = await stream.next()
        assert comment is not None and comment.comment
        made = [await customer(api) for _ in range(3)]
        frames = await stream.take(3)
        assert [each.event for each in frames] == ["activity"] * 3
        assert [each.json["entity_id"] for each in frames] == made
        assert frames[0].json["type"] == "customer.created"
        assert frames[0].json["actor_type"] == "user"
        assert str(frames[0].id).isdecimal()
    entry = (await api.data("GET", "/activity"))["activities"][1]["id"]
    for last in (str(frames[1].id), entry):
        monkeypatch.setattr(operations, "HEARTBEAT_SECONDS", 0.1)
        headers = {"Last-Event-ID": last}
        async with listening(address, "/activity-stream", api.key, headers=headers) as stream:
            assert [each.data for each in await stream.take(1)] == [frames[2].data]
            beat = await stream.next()
            assert beat is not None
            assert (beat.event, beat.data) == ("heartbeat", "{}")
    for wrong in ("act_unknown", "yesterday"):
        assert (await api.get("/activity-stream", params={"last_event_id": wrong})).status_code == 400


async def test_a_rule_fills_the_inbox_and_reading_empties_it(api: Client) -> None:
    made = await rule(api, "customer.*", name="Everything about customers")
    assert made == {**made, "event_type": "customer.*", "channel": "in_app", "is_active": True, "recipient": None}
    assert made["id"] == made["rule_id"] and made["id"].startswith("rule_")
    customers = [await customer(api) for _ in range(3)]
    await api.data("POST", "/deals", json={"title": "T"})
    found = await inbox(api, 3)
    assert [each["entity_id"] for each in found["notifications"]] == customers[::-1]
    first = found["notifications"][0]
    assert first["id"].startswith("notif_")
    assert (first["title"], first["channel"], first["read"], first["read_at"]) == (
        "Customer created", "in_app", False, None,
    )  # fmt: skip
    assert customers[2] in first["message"]
    assert found["unread_count"] == 3
    body = {"notification_ids": [first["id"], first["id"], "notif_unknown"]}
    assert await api.data("POST", "/activity?action=mark_read", json=body) == {"marked": 1}
    assert await api.data("POST", "/activity?action=mark_read", json=body) == {"marked": 0}
    unread = await inbox(api, 2, unread="true")
    assert (len(unread["notifications"]), unread["unread_count"]) == (2, 2)
    assert await api.data("POST", "/activity?action=mark_all_read") == {"marked": 2}
    all_of_them = await inbox(api, 3)
    assert all_of_them["unread_count"] == 0
    assert all(each["read"] and each["read_at"] for each in all_of_them["notifications"])
    assert (await api.post("/activity?action=mark_read", {"notification_ids": []})).status_code == 400


async def test_rules_change_rest_and_go(api: Client) -> None:
    made = await rule(api, "deal.*")
    path = f"/activity?action=update_rule&rule_id={made['id']}"
    changed = await api.data("PATCH", path, json={"channel": "email", "recipient": "ops@example.com"})
    assert changed == {**made, "channel": "email", "recipient": "ops@example.com"}
    assert (await api.patch(path, {"channel": "webhook", "recipient": "x@example.com"})).status_code == 400
    back = await api.data("PATCH", path, json={"channel": "in_app", "is_active": False})
    assert back == {**made, "is_active": False}
    await api.data("POST", "/deals", json={"title": "unheard"})
    await rule(api, "customer.created")
    await customer(api)
    found = await inbox(api, 1)
    assert [each["event_type"] for each in found["notifications"]] == ["customer.created"]
    assert len((await api.data("GET", "/activity?action=rules"))["rules"]) == 2
    removal = f"/activity?action=delete_rule&rule_id={made['id']}"
    assert await api.data("DELETE", removal) == {"deleted": True, "id": made["id"]}
    assert (await api.delete(removal)).status_code == 404
    assert (await api.patch(path, {"is_active": True})).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"channel": "email"},
        {"event_type": "deal.created"},
        {"event_type": "deal.created", "channel": "pigeon"},
        {"event_type": "nothing.*", "channel": "email"},
        {"event_type": "deal.created", "channel": "email", "recipient": "nobody"},
        {"event_type": "deal.created", "channel": "in_app", "recipient": "a@example.com"},
    ],
    ids=str,
)
async def test_bad_rules_are_refused(api: Client, body: dict[str, str]) -> None:
    assert (await api.post("/activity?action=create_rule", body)).status_code == 400


async def test_an_event_is_told_once_on_each_channel(api: Client, settings: Settings) -> None:
    """Two rules and a preference ask for the same."""
    await rule(api, "customer.created")
    await rule(api, "*")
    await api.data("PUT", "/activity?action=preferences", json={"customer.created": {"in_app": True}})
    to = [f"{uuid.uuid4().hex}@example.com" for _ in range(2)]
    for each in to:
        await rule(api, "customer.*", "email", recipient=each)
    jane = await customer(api)
    found = await inbox(api, 2)
    assert sorted(each["channel"] for each in found["notifications"]) == ["email", "in_app"]
    for each in to:
        mail = await mail_to(settings, each)
        assert mail["Subject"] == "Customer created"
        assert jane in mail.get_content()


async def test_a_webhook_rule_reaches_endpoints_that_did_not_subscribe(api: Client) -> None:
    async with receiver() as somewhere:
        for events in (["deal.expired"], ["customer.created"]):
            await api.data("POST", "/webhooks", json={"url": somewhere.url(f"/{events[0]}"), "events": events})
        await rule(api, "customer.*", "webhook")
        jane = await customer(api)
        received = await somewhere.got(2)
        assert await somewhere.nothing_more(0.3)
    assert sorted(each.path for each in received) == ["/customer.created", "/deal.expired"]
    assert {each.event["data"]["id"] for each in received} == {jane}
    assert (await inbox(api, 1))["notifications"][0]["channel"] == "webhook"


async def test_preferences_are_a_map_from_event_to_switches(api: Client) -> None:
    assert await api.data("GET", "/activity?action=preferences") == {}
    documented = {
        "deal.created": {"email": True, "in_app": True, "webhook": False},
        "deal.signature_added": {"email": True, "in_app": True, "webhook": True},
        "payment.received": {"email": False, "in_app": True, "webhook": True},
    }
    assert await api.data("PUT", "/activity?action=preferences", json=documented) == documented
    changed = await api.data("PUT", "/activity?action=preferences", json={"deal.created": {"email": False}})
    assert changed == {**documented, "deal.created": {"email": False, "in_app": True, "webhook": False}}
    for wrong in (
        {"deal.created": {"email": "yes"}},
        {"deal.created": {"pigeon": True}},
        {"deal.created": True},
        {"Not An Event": {"email": True}},
    ):
        answer = await api.request("PUT", "/activity?action=preferences", json=wrong)
        assert answer.status_code == 400, wrong
    assert await api.data("GET", "/activity?action=preferences") == changed
    await api.data("POST", "/deals", json={"title": "T"})
    assert (await inbox(api, 1))["notifications"][0]["event_type"] == "deal.created"


async def test_preferences_set_at_once_are_all_kept(api: Client) -> None:
    names = ["deal.created", "deal.updated", "customer.created", "customer.updated"]
    bodies = [{name: {"in_app": True}} for name in names] * 3
    answers = await asyncio.gather(*(api.request("PUT", "/activity?action=preferences", json=body) for body in bodies))
    assert {each.status_code for each in answers} == {200}
    assert sorted(await api.data("GET", "/activity?action=preferences")) == sorted(names)


async def test_what_only_a_shop_knows_stays_out_of_feed_stream_and_event_log(
    address: str, room: Workspace, api: Client
) -> None:
    shop = await open_shop(room)
    async with listening(address, "/activity-stream", api.key) as stream:
        await stream.next()
        await shop.vehicle(await shop.customer())
        await shop.customer()
        told = [each.json["type"] for each in await stream.take(2)]
    assert told == ["customer.created", "customer.created"]
    assert [each["event_type"] for each in (await api.data("GET", "/activity"))["activities"]] == told
    log = (await api.data("GET", "/webhooks/events"))["events"]
    assert [each["event_type"] for each in log] == told
