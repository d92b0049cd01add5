"""The event stream over real connections: frames, filters, resuming, ends."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from typing import Any

import httpx
import pytest

from dealwright.app import Application
from dealwright.kernel import ids
from dealwright.kernel.access import keys
from dealwright.kernel.clock import utc_now
from dealwright.kernel.feed import sse
from dealwright.modules.streams import operations
from dealwright.surfaces import streaming
from tests.conftest import Client, SignIn, Workspace
from tests.streaming import Frame, Listener, listening


async def customer(api: Client) -> str:
    body = {"name": "Jane Smith", "email": f"{uuid.uuid4().hex}@example.com"}
    return str((await api.data("POST", "/customers", json=body))["id"])


async def deal(api: Client, customer_id: str | None = None) -> str:
    return str((await api.data("POST", "/deals", json={"customer_id": customer_id, "title": "T"}))["id"])


async def placed(room: Workspace, api: Client, number: int) -> None:
    """Wait until the workspace's first events have their places; a stream from now on begins after them."""
    async with asyncio.timeout(5):
        while len((await api.data("GET", "/webhooks/events"))["events"]) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await room.services.feed.look()


def streams_of(application: Application) -> streaming.Streams:
    assert application._salesbooth is not None
    return application._salesbooth.streams


async def none_open(streams: streaming.Streams) -> None:
    async with asyncio.timeout(5):
        while streams._open:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def verified(frame: Frame, key: str) -> bool:
    """The documented check, written down once more."""
    data = frame.json
    signature = data.pop("_signature")
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    secret = hashlib.sha256(key.encode()).hexdigest()
    expected = "sha256=" + hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)


async def connected(stream: Listener) -> dict[str, Any]:
    frame = await stream.next()
    assert frame is not None
    assert frame.event == "connected"
    return frame.json


async def test_it_greets_and_tells_what_happens_signed(address: str, api: Client) -> None:
    async with listening(address, "/events/stream", api.key) as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"] == "text/event-stream"
        greeting = await connected(stream)
        assert greeting.pop("connection_id").startswith("conn_")
        assert greeting == {"status": "connected", "heartbeat_interval": 15}
        made = await customer(api)
        [frame] = await stream.take(1)
        assert frame.event == "customer.created"
        assert frame.id is not None and frame.id.startswith("seq:")
        assert frame.json["id"] == made
        assert frame.json["_timestamp"] == frame.json["created_at"]
        assert verified(frame, api.key)


async def test_filters_combine(address: str, room: Workspace, api: Client) -> None:
    jane, other = await customer(api), await customer(api)
    first = await deal(api, jane)
    await placed(room, api, 3)
    asked = {"customer_id": jane, "events": "deal.created,deal.updated"}
    async with (
        listening(address, "/events/stream", api.key, params=asked) as of_jane,
        listening(address, "/events/stream", api.key, params={"deal_id": first}) as of_first,
    ):
        await connected(of_jane)
        await connected(of_first)
        await deal(api, other)
        assert (await api.patch(f"/deals?id={first}", {"title": "U"}, version="*")).is_success
        second = await deal(api, jane)
        assert (await api.patch(f"/deals?id={second}", {"title": "V"}, version="*")).is_success
        frames = await of_jane.take(3)
        assert [(each.event, each.json["deal_id"]) for each in frames] == [
            ("deal.updated", first),
            ("deal.created", second),
            ("deal.updated", second),
        ]
        [frame] = await of_first.take(1)
        assert frame.event == "deal.updated"
        assert await of_first.silent()


@pytest.mark.parametrize("by", ["query", "header", "both"])
async def test_it_resumes_after_an_id(address: str, api: Client, by: str) -> None:
    async with listening(address, "/events/stream", api.key) as stream:
        await connected(stream)
        made = [await customer(api) for _ in range(4)]
        frames = await stream.take(4)
    given = {
        "query": {"params": {"last_event_id": frames[1].id}},
        "header": {"headers": {"Last-Event-ID": str(frames[1].id)}},
        "both": {"params": {"last_event_id": "seq:1"}, "headers": {"Last-Event-ID": str(frames[1].id)}},
    }
    async with listening(address, "/events/stream", api.key, **given[by]) as stream:
        await connected(stream)
        again = await stream.take(2)
        assert [each.json["id"] for each in again] == made[2:]
        assert [each.data for each in again] == [each.data for each in frames[2:]], "the same bytes"
        await customer(api)
        [live] = await stream.take(1)
        assert live.event == "customer.created"


async def test_tenants_and_modes_never_meet(address: str, room: Workspace, api: Client) -> None:
    live = await room.key("live")
    stranger = await Workspace(room.services, room.http).key()
    async with (
        listening(address, "/events/stream", live.key) as of_live,
        listening(address, "/events/stream", stranger.key) as of_stranger,
    ):
        await connected(of_live)
        await connected(of_stranger)
        made = await customer(api)
        assert await of_live.silent()
        assert await of_stranger.silent(0.1)
    for caller in (live, stranger):
        answer = await caller.get("/events/stream", params={"customer_id": made})
        assert answer.status_code == 404


async def test_a_key_sees_what_its_scopes_read(address: str, room: Workspace, api: Client) -> None:
    reader = await room.key(scopes=["deals:read"])
    async with listening(address, "/events/stream", reader.key) as stream:
        await connected(stream)
        await customer(api)
        await deal(api)
        [frame] = await stream.take(1)
        assert frame.event == "deal.created"
    refused = await reader.get("/events/stream", params={"events": "customer.created"})
    assert refused.status_code == 403
    assert refused.json()["details"] == {"required_scope": "customers:read"}
    in_a_browser = await room.key("pub")
    assert (await in_a_browser.get("/events/stream")).status_code == 403


@pytest.mark.parametrize(
    "params",
    [{"events": "deal.invented"}, {"last_event_id": "yesterday"}, {"last_event_id": "seq:999999999999"}],
    ids=str,
)
async def test_bad_requests_are_refused_before_anything_flows(api: Client, params: dict[str, str]) -> None:
    answer = await api.get("/events/stream", params=params)
    assert answer.status_code == 400
    assert answer.json()["code"] == "validation_error.invalid_fields"
    assert set(answer.json()["details"]["fields"]) == set(params)


async def test_it_is_never_anonymous(address: str) -> None:
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{address}/api/v1/events/stream")).status_code == 401


async def test_heartbeats_come_as_event_and_as_comment(
    address: str, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "HEARTBEAT_SECONDS", 0.1)
    async with listening(address, "/events/stream", api.key) as stream:
        await connected(stream)
        frame, comment = await stream.next(), await stream.next()
        assert (frame and frame.event, frame and frame.data) == ("heartbeat", "comment")
        assert comment is not None and comment.comment


async def test_after_its_time_it_says_from_where_to_go_on(
    address: str, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "LIFETIME", 0.6)
    async with listening(address, "/events/stream", api.key) as stream:
        await connected(stream)
        await customer(api)
        frame, farewell = await stream.take(2)
        assert farewell.event == "reconnect"
        assert farewell.json == {"reason": "timeout", "last_event_id": frame.id}
        assert await stream.next() is None, "and it ends"


async def test_a_revoked_key_ends_its_streams(
    address: str, room: Workspace, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LOOK_SECONDS", 0.1)
    api = await room.key()
    async with listening(address, "/events/stream", api.key) as stream:
        await connected(stream)
        async with room.services.database.system() as tx:
            assert await keys.revoke_key(tx, api.key_id, utc_now())
        assert await stream.next(3) is None


async def test_a_person_who_signs_out_or_is_removed_hears_no_more(
    address: str, room: Workspace, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LOOK_SECONDS", 0.1)
    for ending in ("DELETE FROM sessions WHERE user_id = $1", "DELETE FROM memberships WHERE user_id = $1"):
        person = await sign_in("viewer", room)
        headers = {"Cookie": f"session={person.http.cookies['session']}", "Authorization": ""}
        async with listening(address, "/events/stream", "", headers=headers) as stream:
            await connected(stream)
            async with room.services.database.system() as tx:
                await tx.connection.execute(ending, ids.decode("user", person.user_id))
            assert await stream.next(3) is None


async def test_hanging_up_frees_everything(address: str, working_app: Application, api: Client) -> None:
    streams = streams_of(working_app)
    async with listening(address, "/events/stream", api.key) as stream:
        await connected(stream)
        assert streams._open
    await none_open(streams)
    assert streams._looking is None
    assert working_app.services is not None
    assert not working_app.services.feed._rooms


async def test_too_many_streams_are_refused(address: str, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MOST", 0)
    answer = await api.get("/events/stream")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "30"


async def test_a_stalled_caller_is_cut_off(
    address: str, working_app: Application, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "STALLED_SECONDS", 0.3)
    monkeypatch.setattr(operations, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(operations._frames, "of", lambda event, key: sse.frame(event.name, b"x" * 8_000_000))
    async with listening(address, "/events/stream", api.key) as stream:
        await connected(stream)
        streams = streams_of(working_app)
        await customer(api)
        await none_open(streams)


async def test_head_answers_what_get_would_without_its_body(api: Client) -> None:
    answer = await api.request("HEAD", "/events/stream")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "text/event-stream", b"")
