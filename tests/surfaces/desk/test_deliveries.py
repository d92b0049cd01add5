"""The webhooks corner beside a worker that really sends, and a receiver that really answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from dealwright.app import Services
from tests.conftest import Workspace
from tests.modules.webhooks.conftest import own_database as own_database
from tests.modules.webhooks.conftest import receiver as receiver
from tests.modules.webhooks.conftest import start as start
from tests.modules.webhooks.conftest import working as working
from tests.receiver import Receiver, Reply
from tests.surfaces.desk.conftest import At, Person


@pytest.fixture
async def http(working: Services) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=working.__dict__["application"])
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture
def room(working: Services, http: httpx.AsyncClient) -> Workspace:
    return Workspace(working, http)


async def until(person: Person, path: str, pattern: str) -> None:
    """Look at a page until it shows something."""
    for _ in range(300):
        await person.open(path)
        if re.search(pattern, person.text, re.DOTALL):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{pattern} does not appear: {person.text}")


async def an_endpoint(person: Person, url: str) -> str:
    await person.open("/developers/webhooks/new")
    await person.send("/developers/webhooks/new", url=url, events="customer.*")
    return next(link for link in person.page.links if re.fullmatch(r"/developers/webhooks/wh_\w+", link))


async def a_customer(person: Person, name: str) -> str:
    await person.open("/customers/new")
    await person.send("/customers/new", name=name, email="ada@example.com")
    return person.path


async def test_what_was_delivered_is_shown(at_desk: At, room: Workspace, receiver: Receiver) -> None:
    person = await at_desk("admin", room)
    address = await an_endpoint(person, receiver.url("/hook"))
    customer = await a_customer(person, "Ada & Co")
    await until(person, address, r"customer\.created.*Delivered.*200")
    assert [each.event["event"] for each in receiver.received] == ["customer.created"]
    await person.send(f"{address}/test", event_type="deal.closed")
    assert "It answered 200 within" in person.text
    await person.send(f"{address}/replay", since="2020-01-01T00:00")
    assert "1 event is delivered again" in person.text
    await until(person, address, r"Replayed.*Delivered.*Delivered")
    await person.open("/developers/events")
    event = next(link for link in person.page.links if re.fullmatch(r"/developers/events/evt_\w+", link))
    await person.open(event)
    assert f'href="{customer}"' in person.text
    sent = receiver.received[0].event
    assert sent["id"] in person.text
    assert f"&#34;id&#34;: &#34;{sent['data']['id']}&#34;" in person.text
    stranger = await at_desk("admin", Workspace(room.services, room.http))
    await stranger.open(event, 404)


async def test_what_could_not_be_delivered_is_retried(at_desk: At, room: Workspace, receiver: Receiver) -> None:
    receiver.decide = lambda _request: Reply(500)
    person = await at_desk("admin", room)
    address = await an_endpoint(person, receiver.url("/hook"))
    await a_customer(person, "Ada")
    await until(person, "/developers/dead-letters", r"customer\.created.*answered 500")
    await person.send("/developers/dead-letters/retry")
    assert "It failed again" in person.text
    receiver.decide = lambda _request: Reply()
    await person.open(address)
    await person.send(f"{address}/retry")
    assert "Delivered: it answered 200" in person.text
    await person.open("/developers/dead-letters")
    assert "No dead letters" in person.text
