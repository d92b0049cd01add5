"""Subscriptions of the handshake era, and the stream that tells what has changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.conftest import Client, Workspace
from tests.surfaces.mcp.calling import problem, result

DEALS = "salesbooth://deals"


@asynccontextmanager
async def listening(server: str, client: Client, **headers: str) -> AsyncIterator[Any]:
    """``await next_change()`` gives event id and uri of the next notification on a fresh stream."""
    said = {"Authorization": f"Bearer {client.key}", "Accept": "text/event-stream", **headers}
    async with (
        httpx.AsyncClient(timeout=70) as http,
        http.stream("GET", f"{server}/api/v1/mcp", headers=said) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        lines = response.aiter_lines()
        assert await anext(lines) == ": open"

        async def next_change() -> tuple[str, str]:
            event_id = ""
            async with asyncio.timeout(60):
                async for line in lines:
                    name, _, value = line.partition(": ")
                    if name == "id":
                        event_id = value
                    elif name == "data":
                        told = json.loads(value)
                        assert told["method"] == "notifications/resources/updated"
                        return event_id, told["params"]["uri"]
            raise AssertionError("the stream ended")

        yield next_change


async def subscribe(client: Client, *uris: str) -> None:
    for uri in uris:
        assert await result(client, "resources/subscribe", {"uri": uri}) == {}


async def deal(client: Client, title: str) -> str:
    made = await client.data("POST", "/deals", json={"title": title})
    found: str = made["id"]
    return found


async def test_what_changed_before_and_after_the_stream_opened(server: str, api: Client, place: Any) -> None:
    first = await deal(api, "First")
    await place()
    one = f"{DEALS}/{first}"
    await subscribe(api, one, one, DEALS, "salesbooth://docs/tools")
    await api.patch(f"/deals?id={first}", {"title": "Changed"}, version=1)
    await api.patch(f"/deals?id={first}", {"title": "Changed again"}, version=2)
    await place()
    async with listening(server, api) as next_change:
        assert {(await next_change())[1], (await next_change())[1]} == {one, DEALS}
        second = await deal(api, "Second")
        await place()
        assert (await next_change())[1] == DEALS
        await subscribe(api, f"{DEALS}/{second}")
        assert await result(api, "resources/unsubscribe", {"uri": DEALS}) == {}
        await api.patch(f"/deals?id={second}", {"title": "Seen"}, version=1)
        await place()
        assert (await next_change())[1] == f"{DEALS}/{second}"


async def test_what_was_told_is_not_told_again_unless_asked_for(server: str, api: Client, place: Any) -> None:
    await subscribe(api, DEALS)
    await deal(api, "First")
    await place()
    async with listening(server, api) as next_change:
        position, uri = await next_change()
        assert uri == DEALS
        await asyncio.sleep(0.3)
    third = None
    async with listening(server, api) as next_change:
        waiting = asyncio.create_task(next_change())
        await asyncio.sleep(0.5)
        assert not waiting.done()
        await deal(api, "Second")
        await place()
        third, _ = await waiting
        assert int(third) > int(position)
    async with listening(server, api, **{"Last-Event-ID": position}) as next_change:
        assert (await next_change()) == (third, DEALS)


async def test_keys_do_not_hear_of_each_other_nor_of_what_they_may_not_read(
    server: str, workspace: Workspace, api: Client, other: Client, place: Any
) -> None:
    await subscribe(other, DEALS)
    limited = await workspace.key(scopes=["agent:discover", "customers:read"])
    error = await problem(limited, "resources/subscribe", {"uri": DEALS})
    assert error["data"]["required_scope"] == "deals:read"
    await subscribe(limited, "salesbooth://customers")
    async with listening(server, limited) as next_change:
        waiting = asyncio.create_task(next_change())
        await deal(api, "Not theirs")
        await place()
        await asyncio.sleep(0.5)
        assert not waiting.done()
        await api.data("POST", "/customers", json={"name": "Ann", "email": "ann@example.com"})
        await place()
        assert (await waiting)[1] == "salesbooth://customers"


async def test_unknown_uris_and_missing_ones(api: Client) -> None:
    assert (await problem(api, "resources/subscribe", {"uri": "salesbooth://weather"}))["code"] == -32002
    assert (await problem(api, "resources/subscribe", {}))["message"] == "Missing required parameter: uri"
    assert (await problem(api, "resources/unsubscribe", {}))["message"] == "Missing required parameter: uri"
    assert await result(api, "resources/unsubscribe", {"uri": "salesbooth://never"}) == {}
