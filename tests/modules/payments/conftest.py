"""A deal worth 1099.00 and short ways to pay it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn

from dealwright.app import Application, Services
from dealwright.kernel.settings import Settings
from tests import localstripe
from tests.conftest import Client, TestClock, Workspace
from tests.localstripe import Browser, Door


@dataclass
class Till:
    """The payment operations of one deal."""

    api: Client
    deal_id: str

    async def act(self, action: str, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        return await self.api.post("/payments", body, params={"action": action}, headers=headers or {})

    async def open(self, **body: Any) -> dict[str, Any]:
        response = await self.act("create-intent", deal_id=self.deal_id, **body)
        assert response.status_code == 201, response.text
        return response.json()["data"]

    async def confirm(self, intent: dict[str, Any], **body: Any) -> httpx.Response:
        return await self.act("confirm", payment_intent_id=intent["payment_intent_id"], **body)

    async def pay(self, **body: Any) -> dict[str, Any]:
        """A payment that succeeded: the intent."""
        intent = await self.open(**body)
        response = await self.confirm(intent)
        assert response.status_code == 200, response.text
        assert response.json()["data"]["status"] == "succeeded"
        return intent

    async def refund(self, intent: dict[str, Any], **body: Any) -> httpx.Response:
        return await self.act("refund", payment_intent_id=intent["payment_intent_id"], **body)

    async def state(self) -> dict[str, Any]:
        return await self.api.data("GET", "/payments", params={"deal_id": self.deal_id})

    async def deal(self) -> dict[str, Any]:
        return await self.api.data("GET", "/deals", params={"id": self.deal_id})


async def make_till(api: Client, price: float = 1099.00, *, status: str = "in_progress", currency: str = "USD") -> Till:
    customer = await api.data("POST", "/customers", json={"name": "Jane Smith", "email": "jane@example.com"})
    product = await api.data("POST", "/products", json={"name": "Pro Plan", "price": price, "type": "service"})
    deal = await api.data(
        "POST", "/deals", json={"customer_id": customer["id"], "currency": currency, "status": status}
    )
    item = {"product_id": product["id"], "quantity": 1, "unit_price": price}
    await api.data("POST", f"/deals?id={deal['id']}&action=add_item", json=item, expect=201)
    return Till(api, deal["id"])


@pytest.fixture
async def till(api: Client) -> Till:
    return await make_till(api)


@pytest.fixture
def moved(clock: TestClock) -> Iterator[TestClock]:
    """The clock, put right again after the test."""
    before = clock.offset
    yield clock
    clock.offset = before


@pytest.fixture(scope="session")
def localstripe_url() -> Iterator[str]:
    with localstripe.running() as url:
        yield url


@pytest.fixture(scope="session")
async def door(localstripe_url: str) -> AsyncIterator[Door]:
    async with localstripe.door(localstripe_url) as opened:
        yield opened


@pytest.fixture(scope="session")
async def browser(localstripe_url: str) -> AsyncIterator[Browser]:
    customer = Browser(localstripe_url)
    yield customer
    await customer.close()


@dataclass
class Server:
    """A server that takes test payments through Stripe, listening on a port."""

    url: str
    services: Services
    http: httpx.AsyncClient


@pytest.fixture(scope="session")
async def stripe_server(app: Application, settings: Settings, clock: TestClock, door: Door) -> AsyncIterator[Server]:
    changes = {
        "pool_size": 4,
        "stripe_test_secret_key": localstripe.KEY,
        "stripe_test_publishable_key": "pk_test_localstripe",
        "stripe_test_webhook_secret": localstripe.WEBHOOK_SECRET,
        "stripe_url": door.url,
        "stripe_timeout_seconds": 5,
    }
    application = Application(settings.model_copy(update=changes), clock)
    server = uvicorn.Server(uvicorn.Config(application, "127.0.0.1", 0, log_level="warning", lifespan="on"))
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve())
    while not server.started:
        assert not serving.done(), "the server did not start"
        await asyncio.sleep(0.02)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    assert application.services is not None
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        yield Server(url, application.services, http)
    server.should_exit = True
    await serving


@pytest.fixture
async def stripe_till(stripe_server: Server, workspace: Workspace, door: Door) -> Till:
    """A deal of 1099.00 whose payments go through Stripe."""
    door.calls.clear()
    workspace.http = stripe_server.http
    return await make_till(await workspace.key())
