"""Events reach endpoints: signed, in order, again after a failure, and into the dead letters at last."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from typing import Any

from tests.conftest import Client
from tests.modules.webhooks.conftest import Subscribe, customers
from tests.receiver import Received, Receiver, Reply


def verified(request: Received, secret: str) -> bool:
    """The documented check, written down once more."""
    stamp = request.headers["x-salesbooth-timestamp"]
    assert abs(time.time() - int(stamp)) < 300
    expected = "v1=" + hmac.new(secret.encode(), f"{stamp}.".encode() + request.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, request.headers["x-salesbooth-signature"])


async def until(api: Client, path: str, member: str, ready: Any, **params: Any) -> list[dict[str, Any]]:
    """Read a list until it is as it should be."""
    async with asyncio.timeout(10):
        while True:
            found: list[dict[str, Any]] = (await api.data("GET", path, params=params))[member]
            if ready(found):
                return found
            await asyncio.sleep(0.02)


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
    [delivery] = await until(
        api, "/webhooks/deliveries", "deliveries", lambda found: found and found[0]["status"] == "success",
        id=webhook["id"],
    )  # fmt: skip
    assert delivery["delivery_id"] == request.headers["x-salesbooth-delivery"]
    assert (delivery["attempts"], delivery["response_code"], delivery["error_message"]) == (1, 200, None)
    [event] = (await api.data("GET", "/webhooks/events"))["events"]
    assert (event["id"], event["status"]) == (request.event["id"], "delivered")
