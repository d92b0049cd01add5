"""Webhook subscriptions of the shop: the documented requests, what may be subscribed to, and real deliveries."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
import subprocess
import uuid
from typing import Any

import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.modules.shop.webhooks import event_names
from tests.conftest import Client, Workspace
from tests.modules.webhooks.test_delivery import until
from tests.receiver import Received, Receiver, Reply
from tests.shop import Shop, open_shop, refused
from tests.surfaces.salesthumb.test_documented_requests import check, check_page

SUBSCRIPTION = {"id", "url", "label", "events", "status", "created_at"}
PRODUCTION = {
    "url": "https://your-app.example.com/hooks/salesthumb",
    "label": "Production endpoint",
    "events": ["invoice.paid", "appointment.created", "customer.created"],
}
NODE = (
    "const c = require('crypto'); const [secret, body, sent] = process.argv.slice(1);"
    "const own = c.createHmac('sha256', secret).update(Buffer.from(body, 'base64')).digest('hex');"
    "const [a, b] = [Buffer.from(own, 'hex'), Buffer.from(sent.replace('sha256=', ''), 'hex')];"
    "process.exit(a.length === b.length && c.timingSafeEqual(a, b) ? 0 : 1);"
)
RUBY = (
    "require 'openssl'; require 'base64'; secret, body, sent = ARGV;"
    "own = OpenSSL::HMAC.hexdigest('SHA256', secret, Base64.strict_decode64(body));"
    "exit(OpenSSL.secure_compare(own, sent.delete_prefix('sha256=')) ? 0 : 1)"
)


# --- the subscriptions


async def test_the_documented_requests(shop: Shop) -> None:
    response = await shop.post("/webhooks", PRODUCTION)
    assert response.status_code == 201
    made = response.json()
    secret = made.pop("signing_secret")
    assert secret.startswith("whsec_")
    assert len(secret) > 38
    check(made, SUBSCRIPTION, "whk")
    assert {name: made[name] for name in PRODUCTION} == PRODUCTION
    assert made["status"] == "active"
    assert check_page((await shop.get("/webhooks")).json()) == [made]
    response = await shop.delete(f"/webhooks/{made['id']}")
    assert (response.status_code, response.content) == (204, b"")
    assert check_page((await shop.get("/webhooks")).json()) == []
    refused(await shop.delete(f"/webhooks/{made['id']}"), 404, "not_found")


async def test_reading_and_changing_one(shop: Shop) -> None:
    made = await shop.made("/webhooks", {"url": PRODUCTION["url"], "events": ["*", "*"]})
    del made["signing_secret"]
    assert (made["label"], made["events"]) == (None, ["*"])
    path = f"/webhooks/{made['id']}"
    assert (await shop.get(path)).json() == made
    changes = {"label": "Staging", "events": ["quote.sent"], "status": "disabled"}
    response = await shop.patch(path, changes)
    assert response.status_code == 200
    assert response.json() == {**made, **changes}
    assert (await shop.patch(path, {"status": "active"})).json() == {**made, **changes, "status": "active"}
    assert (await shop.patch(path, {})).json() == {**made, **changes, "status": "active"}
    bare = str(ids.decode("whk", made["id"]))
    assert (await shop.get(f"/webhooks/{bare}")).json()["label"] == "Staging"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"url": None}, 400),
        ({"events": None}, 400),
        ({"events": "invoice.paid"}, 400),
        ({"label": 7}, 400),
        ({"url": "http://your-app.example.com/hooks"}, 422),
        ({"url": "https://user:secret@example.com/"}, 422),
        ({"url": "https://127.0.0.1/"}, 422),
        ({"events": []}, 422),
        ({"events": ["invoice.invented"]}, 422),
        ({"events": ["invoice.*"]}, 422),
        ({"events": ["deal.created"]}, 422),
        ({"events": ["service.circuit_closed"]}, 422),
        ({"label": "x" * 256}, 422),
    ],
)
async def test_what_is_refused(shop: Shop, changes: dict[str, Any], status: int) -> None:
    body = {name: value for name, value in {**PRODUCTION, **changes}.items() if value is not None}
    refused(await shop.post("/webhooks", body), status, {400: "bad_request", 422: "unprocessable_entity"}[status])


async def test_every_event_can_be_subscribed_to_and_the_document_names_them(shop: Shop) -> None:
    assert (await shop.made("/webhooks", {**PRODUCTION, "events": list(event_names())}))["status"] == "active"
    document = json.dumps((await shop.http.get("/v1/openapi.json")).json()["components"]["schemas"])
    assert all(f'"{name}"' in document for name in event_names())


async def test_a_restricted_key(workspace: Workspace, shop: Shop) -> None:
    made = await shop.made("/webhooks", PRODUCTION)
    path = f"/webhooks/{made['id']}"
    reader = await open_shop(workspace, scopes=["*:read"])
    assert (await reader.get("/webhooks")).status_code == 200
    assert (await reader.get(path)).status_code == 200
    writer = await open_shop(workspace, scopes=["webhooks:write"])
    stranger = await open_shop(workspace, scopes=["customers:write"])
    for key in (writer, stranger):
        refused(await key.get("/webhooks"), 403, "forbidden")
    for key in (reader, stranger):
        refused(await key.post("/webhooks", PRODUCTION), 403, "forbidden")
        refused(await key.patch(path, {"label": "x"}), 403, "forbidden")
        refused(await key.delete(path), 403, "forbidden")
    assert (await writer.patch(path, {"label": "x"})).status_code == 200
    assert (await writer.delete(path)).status_code == 204


async def test_each_api_knows_its_own_endpoints_only(workspace: Workspace, shop: Shop, services: Services) -> None:
    ours = await shop.made("/webhooks", PRODUCTION)
    api = await workspace.key()
    body = {"url": "https://example.com/hook", "events": ["*"]}
    theirs = await api.data("POST", "/webhooks", json=body)
    assert [each["id"] for each in (await shop.get("/webhooks")).json()["data"]] == [ours["id"]]
    assert [each["id"] for each in (await api.data("GET", "/webhooks"))["webhooks"]] == [theirs["id"]]
    their_key, our_key = ids.decode("wh", theirs["id"]), ids.decode("whk", ours["id"])
    assert their_key is not None
    assert our_key is not None
    for here in (theirs["id"], ids.encode("whk", their_key), str(their_key)):
        refused(await shop.get(f"/webhooks/{here}"), 404, "not_found")
        refused(await shop.patch(f"/webhooks/{here}", {"label": "x"}), 404, "not_found")
        refused(await shop.delete(f"/webhooks/{here}"), 404, "not_found")
    there = ids.encode("wh", our_key)
    assert (await api.get("/webhooks", params={"id": there})).status_code == 404
    assert (await api.patch(f"/webhooks?id={there}", {"status": "paused"}, version=9)).status_code == 404
    assert (await api.delete(f"/webhooks?id={there}")).status_code == 404
    assert (await api.post(f"/webhooks/test?id={there}", {})).status_code == 404
    assert (await api.get("/webhooks/deliveries", params={"id": there})).status_code == 404
    stranger = await open_shop(Workspace(services, shop.http))
    refused(await stranger.get(f"/webhooks/{ours['id']}"), 404, "not_found")
    refused(await stranger.delete(f"/webhooks/{ours['id']}"), 404, "not_found")


# --- deliveries


@pytest.fixture
async def busy(room: Workspace) -> Shop:
    """A shop whose events are delivered."""
    return await open_shop(room)


async def paid(shop: Shop) -> str:
    """The id of an invoice that has just been paid; makes customer, invoice and payment."""
    invoice = await shop.invoice(84900)
    body = {"amount_cents": 84900, "method": "cash"}
    assert (await shop.post(f"/payments/{invoice}/record", body)).status_code == 201
    return invoice


def verify(request: Received, secret: str) -> None:
    """The documented check of receivers in Python."""
    sent = request.headers["x-salesthumb-signature"]
    assert sent.startswith("sha256=")
    own = hmac.new(secret.encode("utf-8"), request.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(own, sent.removeprefix("sha256="))


async def test_the_documented_delivery(busy: Shop, receiver: Receiver) -> None:
    made = await busy.made("/webhooks", {"url": receiver.url("/hook"), "events": ["invoice.paid"]})
    invoice = await paid(busy)
    [request] = await receiver.got(1)
    assert await receiver.nothing_more()
    verify(request, made["signing_secret"])
    event = request.event
    assert list(event) == ["event", "shopId", "timestamp", "data"]
    assert event["event"] == request.headers["x-salesthumb-event"] == "invoice.paid"
    assert event["shopId"] == str(ids.decode("tenant", busy.tenant_id))
    assert event["data"].keys() >= {"invoiceId", "customerId", "totalCents", "paidAt"}
    assert (event["data"]["invoiceId"], event["data"]["totalCents"]) == (invoice, 84900)
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "SalesThumb-Webhook/1.0"
    assert uuid.UUID(request.headers["x-salesthumb-delivery"])
    assert not [name for name in request.headers if "salesbooth" in name]


@pytest.mark.parametrize(
    ("program", "script"),
    [
        pytest.param(
            name, script, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed")
        )
        for name, script in (("node", NODE), ("ruby", RUBY))
    ],
)
async def test_receivers_in_other_languages(busy: Shop, receiver: Receiver, program: str, script: str) -> None:
    made = await busy.made("/webhooks", {"url": receiver.url(), "events": ["vehicle.created"]})
    await busy.vehicle(await busy.customer(), make="Škoda")
    [request] = await receiver.got(1)
    sent = request.headers["x-salesthumb-signature"]
    for body, expected in ((request.body, 0), (request.body + b" ", 1)):
        given = [made["signing_secret"], base64.b64encode(body).decode(), sent]
        done = await asyncio.to_thread(subprocess.run, [program, "-e", script, *given], timeout=60)
        assert done.returncode == expected


async def test_a_retry_has_the_same_body_and_a_delivery_id_of_its_own(busy: Shop, receiver: Receiver) -> None:
    receiver.decide = lambda _request: Reply(503)
    made = await busy.made("/webhooks", {"url": receiver.url(), "events": ["customer.created"]})
    customer = await busy.customer()
    requests = await receiver.got(3)
    assert await receiver.nothing_more(1)
    assert len({request.body for request in requests}) == 1
    assert len({request.headers["x-salesthumb-delivery"] for request in requests}) == 3
    for request in requests:
        verify(request, made["signing_secret"])
    assert requests[0].event["data"]["customerId"] == customer


async def test_two_apis_side_by_side_get_their_own_events_in_their_own_form(
    busy: Shop, room: Workspace, receiver: Receiver
) -> None:
    api = await room.key()
    hook = {"events": ["*"]}
    theirs = await api.data("POST", "/webhooks", json={"url": receiver.url("/salesbooth"), **hook})
    ours = await busy.made("/webhooks", {"url": receiver.url("/salesthumb"), **hook})
    customer = await busy.customer(name="Jo")
    await busy.vehicle(customer)
    await paid(busy)
    await api.data("POST", "/deals", json={"title": "A deal"})
    await api.data("POST", "/customers", json={"name": "Ann", "email": "ann@example.com"})
    await receiver.got(4 + 8)
    assert await receiver.nothing_more()
    heard: dict[str, list[str]] = {"/salesbooth": [], "/salesthumb": []}
    for request in receiver.received:
        heard[request.path].append(request.event["event"])
        if request.path == "/salesbooth":
            assert "x-salesthumb-signature" not in request.headers
            assert request.headers["x-salesbooth-delivery"].startswith("dlv_")
            stamp = request.headers["x-salesbooth-timestamp"].encode()
            own = hmac.new(theirs["secret"].encode(), stamp + b"." + request.body, hashlib.sha256).hexdigest()
            assert request.headers["x-salesbooth-signature"] == f"v1={own}"
        else:
            verify(request, ours["signing_secret"])
            assert set(request.event) == {"event", "shopId", "timestamp", "data"}
    assert sorted(heard["/salesbooth"]) == ["customer.created"] * 3 + ["deal.created"]
    assert sorted(heard["/salesthumb"]) == [
        *["customer.created"] * 3,
        "invoice.created",
        "invoice.paid",
        "payment.created",
        "payment.recorded",
        "vehicle.created",
    ]


async def test_a_disabled_and_a_deleted_subscription_get_nothing(busy: Shop, receiver: Receiver) -> None:
    disabled = await busy.made("/webhooks", {"url": receiver.url("/disabled"), "events": ["*"]})
    await busy.patch(f"/webhooks/{disabled['id']}", {"status": "disabled"})
    deleted = await busy.made("/webhooks", {"url": receiver.url("/deleted"), "events": ["*"]})
    await busy.delete(f"/webhooks/{deleted['id']}")
    await busy.customer()
    assert await receiver.nothing_more(1)
    assert receiver.received == []
    await busy.patch(f"/webhooks/{disabled['id']}", {"status": "active"})
    await busy.customer()
    [request] = await receiver.got(1)
    assert request.path == "/disabled"


async def test_dead_letters_stay_with_their_api(busy: Shop, room: Workspace, receiver: Receiver) -> None:
    api: Client = await room.key()
    receiver.decide = lambda request: Reply(500)
    await busy.made("/webhooks", {"url": receiver.url("/salesthumb"), "events": ["customer.created"]})
    theirs = {"url": receiver.url("/salesbooth"), "events": ["customer.created"]}
    await api.data("POST", "/webhooks", json=theirs)
    await busy.customer()
    await receiver.got(6)
    letters = await until(api, "/webhooks/dead_letter", "dead_letters", lambda found: found)
    assert await receiver.nothing_more()
    assert len((await api.data("GET", "/webhooks/dead_letter"))["dead_letters"]) == 1
    sent = {request.headers.get("x-salesbooth-delivery") for request in receiver.received}
    assert letters[0]["delivery_id"] in sent


async def test_a_notification_rule_of_the_other_api_sends_nothing_that_was_not_subscribed_to(
    busy: Shop, room: Workspace, receiver: Receiver
) -> None:
    api = await room.key()
    rule = {"event_type": "customer.created", "channel": "webhook"}
    await api.data("POST", "/activity?action=create_rule", json=rule)
    theirs = {"url": receiver.url("/salesbooth"), "events": ["deal.created"]}
    await api.data("POST", "/webhooks", json=theirs)
    await busy.made("/webhooks", {"url": receiver.url("/salesthumb"), "events": ["vehicle.created"]})
    await busy.customer()
    await receiver.got(1)
    assert await receiver.nothing_more()
    assert [request.path for request in receiver.received] == ["/salesbooth"]
