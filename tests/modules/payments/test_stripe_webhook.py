"""Stripe's webhook: localstripe's own deliveries to a listening server, and hand-signed ones in any order."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import stripe

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.operations import registry
from tests import localstripe
from tests.conftest import Client
from tests.localstripe import Browser, Door
from tests.modules.payments.conftest import Server, Till, make_till

NEEDS_3DS = "4000002500003155"
DECLINES_AFTER_3DS = "4000008260003178"
DECLINES = "4000000000000341"


@pytest.fixture
async def delivered(stripe_server: Server, browser: Browser) -> AsyncIterator[None]:
    """localstripe sends its events to the server."""
    await browser.deliver_to("server", f"{stripe_server.url}/api/v1/stripe-webhook")
    yield
    await browser.deliver_to("server", "http://127.0.0.1:9/nobody")


async def eventually(till: Till, **wanted: Any) -> dict[str, Any]:
    """The payments of the deal, once its first payment or the whole is as wanted; for at most ten seconds."""
    until = time.monotonic() + 10
    while True:
        state = await till.state()
        found = {**(state["payments"][0] if state["payments"] else {}), "payment_status": state["payment_status"]}
        if all(found.get(name) == value for name, value in wanted.items()):
            return state
        assert time.monotonic() < until, found
        await asyncio.sleep(0.1)


async def count(outbox: Any, client: Client, event: str = "payment.received") -> int:
    return [name for name, _ in await outbox(client)].count(event)


class Post:
    """Events as Stripe would send them, signed by hand."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(
        self,
        kind: str,
        found: dict[str, Any],
        *,
        event_id: str | None = None,
        secret: str = localstripe.WEBHOOK_SECRET,
        at: int | None = None,
        livemode: bool = False,
    ) -> httpx.Response:
        event = {
            "id": event_id or f"evt_{ids.token(16)}",
            "object": "event",
            "type": kind,
            "livemode": livemode,
            "created": int(time.time()),
            "data": {"object": found},
        }
        body = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(body, secret, at)
        return await self.raw(body.encode(), signature)

    async def raw(self, body: bytes, signature: str | None) -> httpx.Response:
        headers = {"Content-Type": "application/json"} | ({"Stripe-Signature": signature} if signature else {})
        return await self._http.post("/api/v1/stripe-webhook", content=body, headers=headers)


@pytest.fixture
def post(stripe_server: Server) -> Post:
    return Post(stripe_server.http)


def accepted(response: httpx.Response) -> None:
    assert response.status_code == 200, response.text
    assert response.json()["data"] == {"received": True}


# --- real deliveries


async def test_what_the_customer_paid_in_the_browser_is_taken_and_booked(
    stripe_till: Till, browser: Browser, post: Post, outbox: Any, delivered: None
) -> None:
    intent = await stripe_till.open()
    held = await browser.pay(intent["payment_intent_id"])
    assert held["status"] == "requires_capture"
    accepted(await post.send("payment_intent.amount_capturable_updated", held))  # localstripe has no such event
    state = await eventually(stripe_till, payment_status="paid", status="succeeded")
    assert state["amount_paid"] == 1099
    assert (await browser.get(f"payment_intents/{held['id']}"))["status"] == "succeeded"
    await asyncio.sleep(1.5)  # localstripe sends payment_intent.succeeded a second later
    assert await count(outbox, stripe_till.api) == 1
    assert (await stripe_till.deal())["status"] == "closed"


async def test_a_decline_in_the_browser_is_told(
    stripe_till: Till, browser: Browser, outbox: Any, delivered: None
) -> None:
    intent = await stripe_till.open()
    with pytest.raises(AssertionError, match="declined"):
        await browser.pay(intent["payment_intent_id"], DECLINES)
    await eventually(stripe_till, status="failed", failure_reason="card_declined")
    assert await count(outbox, stripe_till.api, "deal.payment_failed") == 1


async def test_a_capture_in_the_dashboard_is_booked(
    stripe_till: Till, browser: Browser, outbox: Any, delivered: None
) -> None:
    intent = await stripe_till.open()
    await browser.pay(intent["payment_intent_id"])
    await browser.post(f"payment_intents/{intent['payment_intent_id']}/capture")
    await eventually(stripe_till, payment_status="paid")
    assert await count(outbox, stripe_till.api) == 1


# --- 3-D Secure


@pytest.mark.parametrize("success", [True, False])
async def test_a_customer_who_must_prove_who_they_are(
    stripe_till: Till, browser: Browser, post: Post, outbox: Any, success: bool
) -> None:
    intent = await stripe_till.open()
    card = await browser.card(NEEDS_3DS)
    answer = await stripe_till.confirm(intent, payment_method=card)
    assert answer.json()["data"]["status"] == "requires_action"
    assert (await stripe_till.state())["payments"][0]["status"] == "requires_action"
    found = await browser.get(f"payment_intents/{intent['payment_intent_id']}")
    found = await browser.authenticate(found, success=success)
    kind = "payment_intent.amount_capturable_updated" if success else "payment_intent.payment_failed"
    accepted(await post.send(kind, found))
    [payment] = (await stripe_till.state())["payments"]
    if success:
        assert payment["status"] == "succeeded"
    else:
        reason = "payment_intent_authentication_failure"
        assert (payment["status"], payment["failure_reason"]) == ("failed", reason)
    assert await count(outbox, stripe_till.api) == success


# --- games with the order


async def test_an_event_that_comes_ten_times_is_booked_once(
    stripe_till: Till, browser: Browser, post: Post, outbox: Any
) -> None:
    intent = await stripe_till.open()
    found = await browser.pay(intent["payment_intent_id"])
    found = await browser.post(f"payment_intents/{found['id']}/capture")
    once = {"event_id": f"evt_{ids.token(16)}"}
    for response in await asyncio.gather(*(post.send("payment_intent.succeeded", found, **once) for _ in range(5))):
        accepted(response)
    for _ in range(5):
        accepted(await post.send("payment_intent.succeeded", found))
    assert (await stripe_till.state())["amount_paid"] == 1099
    assert await count(outbox, stripe_till.api) == 1


async def test_a_known_event_asks_stripe_nothing(stripe_till: Till, browser: Browser, post: Post, door: Door) -> None:
    intent = await stripe_till.open()
    found = await browser.get(f"payment_intents/{intent['payment_intent_id']}")
    accepted(await post.send("payment_intent.created", found, event_id="evt_same"))
    door.calls.clear()
    accepted(await post.send("payment_intent.created", found, event_id="evt_same"))
    assert door.calls == []


async def test_the_last_event_before_the_first(stripe_till: Till, browser: Browser, post: Post, outbox: Any) -> None:
    intent = await stripe_till.open()
    created = await browser.get(f"payment_intents/{intent['payment_intent_id']}")
    held = await browser.pay(created["id"])
    done = await browser.post(f"payment_intents/{created['id']}/capture")
    for kind, found in (
        ("payment_intent.succeeded", done),
        ("payment_intent.amount_capturable_updated", held),
        ("payment_intent.payment_failed", created),
        ("payment_intent.created", created),
    ):
        accepted(await post.send(kind, found))
        assert (await stripe_till.state())["payments"][0]["status"] == "succeeded"
    assert await count(outbox, stripe_till.api) == 1
    assert await count(outbox, stripe_till.api, "deal.payment_failed") == 0


async def test_success_before_we_know_that_the_intent_exists(
    stripe_till: Till, browser: Browser, post: Post, door: Door, outbox: Any
) -> None:
    with door.broken("lose_answers", "/payment_intents"):
        assert (await stripe_till.act("create-intent", deal_id=stripe_till.deal_id)).status_code == 503
    [found] = [
        json.loads(body)
        for slot, (_, body) in door.answers.items()
        if slot.startswith("/v1/payment_intents ") and stripe_till.deal_id in body.decode()
    ]
    await browser.pay(found["id"])
    done = await browser.post(f"payment_intents/{found['id']}/capture")
    accepted(await post.send("payment_intent.succeeded", done))
    state = await stripe_till.state()
    assert (state["amount_paid"], state["payments"][0]["payment_intent_id"]) == (1099, found["id"])
    assert await count(outbox, stripe_till.api) == 1


async def test_a_refund_before_the_payment_is_booked(
    stripe_till: Till, browser: Browser, post: Post, outbox: Any
) -> None:
    intent = await stripe_till.open()
    await browser.pay(intent["payment_intent_id"])
    done = await browser.post(f"payment_intents/{intent['payment_intent_id']}/capture")
    refund = await browser.post("refunds", payment_intent=done["id"], amount=9900)
    for kind in ("refund.created", "charge.refunded", "refund.updated"):
        found = refund if kind.startswith("refund") else {**done["latest_charge"], "payment_intent": done["id"]}
        accepted(await post.send(kind, found))
    accepted(await post.send("payment_intent.succeeded", done))
    state = await stripe_till.state()
    assert (state["amount_paid"], state["amount_refunded"]) == (1099, 99)
    assert await count(outbox, stripe_till.api) == 1
    assert await count(outbox, stripe_till.api, "deal.payment_refunded") == 1


async def test_our_own_refund_told_by_the_webhook(
    stripe_till: Till, browser: Browser, post: Post, door: Door, outbox: Any
) -> None:
    intent = await stripe_till.open()
    await stripe_till.confirm(intent, payment_method="pm_card_visa")
    with door.broken("lose_answers", "/refunds"):
        assert (await stripe_till.refund(intent, amount=50)).status_code == 503
    made = (await browser.get(f"refunds?payment_intent={intent['payment_intent_id']}"))["data"]
    accepted(await post.send("refund.created", made[0]))
    accepted(await post.send("refund.updated", made[0]))
    assert (await stripe_till.state())["amount_refunded"] == 50
    assert await count(outbox, stripe_till.api, "deal.payment_refunded") == 1
    rest = await stripe_till.refund(intent)
    assert rest.json()["data"]["amount"] == 1049


# --- when there is no room for the money


async def test_money_for_a_deal_that_was_cancelled_is_let_go(
    stripe_till: Till, browser: Browser, post: Post, outbox: Any
) -> None:
    intent = await stripe_till.open()
    held = await browser.pay(intent["payment_intent_id"])
    deal = await stripe_till.deal()
    response = await stripe_till.api.delete(f"/deals?id={deal['id']}", version=deal["version"])
    assert response.status_code == 200, response.text
    accepted(await post.send("payment_intent.amount_capturable_updated", held))
    assert (await browser.get(f"payment_intents/{held['id']}"))["status"] == "canceled"
    assert (await stripe_till.state())["payments"][0]["status"] == "canceled"
    assert await count(outbox, stripe_till.api) == 0


async def test_two_browsers_pay_the_same_deal(stripe_till: Till, browser: Browser, post: Post, outbox: Any) -> None:
    intents = [await stripe_till.open(), await stripe_till.open()]
    held = [await browser.pay(each["payment_intent_id"]) for each in intents]
    answers = await asyncio.gather(*(post.send("payment_intent.amount_capturable_updated", each) for each in held * 2))
    for each in held:
        accepted(await post.send("payment_intent.amount_capturable_updated", each))
    assert {answer.status_code for answer in answers} == {200}
    stands = sorted([(await browser.get(f"payment_intents/{each['id']}"))["status"] for each in held])
    assert stands == ["canceled", "succeeded"]
    assert (await stripe_till.state())["amount_paid"] == 1099
    assert await count(outbox, stripe_till.api) == 1


# --- who may tell us


async def test_forged_and_old_messages(stripe_till: Till, browser: Browser, post: Post, outbox: Any) -> None:
    intent = await stripe_till.open()
    found = {**await browser.get(f"payment_intents/{intent['payment_intent_id']}"), "status": "succeeded"}
    body = json.dumps({"id": "evt_x", "type": "payment_intent.succeeded", "data": {"object": found}}).encode()
    signed = stripe.WebhookSignature.generate_signature_header(body.decode(), localstripe.WEBHOOK_SECRET)
    refusals = [
        await post.send("payment_intent.succeeded", found, secret="whsec_other"),
        await post.send("payment_intent.succeeded", found, at=int(time.time()) - 301),
        await post.raw(body, None),
        await post.raw(body, "t=1,v1=00"),
        await post.raw(body, "nonsense"),
        await post.raw(body + b" ", signed),
        await post.raw(b"\xff" + body, signed),
    ]
    for response in refusals:
        assert response.status_code == 401, response.text
        assert response.json()["code"] == "authentication_error.invalid_signature"
    assert (await stripe_till.state())["payments"][0]["status"] == "requires_payment_method"


async def test_what_a_signed_event_says_is_not_believed(
    stripe_till: Till, browser: Browser, post: Post, outbox: Any
) -> None:
    intent = await stripe_till.open()
    found = {**await browser.get(f"payment_intents/{intent['payment_intent_id']}"), "status": "succeeded"}
    accepted(await post.send("payment_intent.succeeded", found))
    assert (await stripe_till.state())["payments"][0]["status"] == "requires_payment_method"


async def test_an_intent_that_claims_the_payment_of_another(stripe_till: Till, browser: Browser, post: Post) -> None:
    intent = await stripe_till.open()
    real = await browser.get(f"payment_intents/{intent['payment_intent_id']}")
    response = await post.send("payment_intent.succeeded", {**real, "id": "pi_forged"})
    assert response.status_code == 400
    assert (await post.send("payment_intent.succeeded", real, livemode=True)).status_code == 400
    assert (await stripe_till.state())["payments"][0]["status"] == "requires_payment_method"


async def test_what_is_not_ours_is_acknowledged(post: Post) -> None:
    nobody = {"workspace": ids.encode("tenant", ids.uuid7()), "payment_id": ids.encode("pay", ids.uuid7())}
    for kind, found in (
        ("payment_intent.succeeded", {"id": "pi_of_somebody_else", "metadata": {"order": "7"}}),
        ("payment_intent.succeeded", {"id": "pi_of_somebody_else", "metadata": nobody}),
        ("payment_intent.succeeded", {"id": "pi_x", "metadata": {"workspace": "tenant_x", "payment_id": 1}}),
        ("payment_intent.succeeded", {"id": 7, "metadata": []}),
        ("invoice.paid", {"id": "in_1"}),
        ("customer.subscription.deleted", {"id": "sub_1"}),
        ("charge.refunded", {"id": "ch_1", "payment_intent": None}),
        ("charge.dispute.created", {"id": "dp_1", "payment_intent": "pi_\x00"}),
        ("something.new", {}),
    ):
        accepted(await post.send(kind, found))


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"id": "evt_1"}', '{"data": {"object": []}, "id": 1, "type": 2}']
)
async def test_signed_nonsense_is_400(post: Post, body: str) -> None:
    signature = stripe.WebhookSignature.generate_signature_header(body, localstripe.WEBHOOK_SECRET)
    assert (await post.raw(body.encode(), signature)).status_code == 400


async def test_without_a_secret_nothing_is_believed(http: httpx.AsyncClient) -> None:
    response = await Post(http).send("payment_intent.succeeded", {"id": "pi_1"})
    assert response.status_code == 401


async def test_stripe_is_told_to_come_back_while_it_does_not_answer(
    stripe_till: Till, browser: Browser, post: Post, door: Door
) -> None:
    intent = await stripe_till.open()
    held = await browser.pay(intent["payment_intent_id"])
    once = {"event_id": f"evt_{ids.token(16)}"}
    with door.broken("fail"):
        assert (await post.send("payment_intent.amount_capturable_updated", held, **once)).status_code == 503
    accepted(await post.send("payment_intent.amount_capturable_updated", held, **once))
    assert (await stripe_till.state())["payment_status"] == "paid"


async def test_a_dispute_stands_in_the_audit_trail(stripe_till: Till, post: Post, services: Services) -> None:
    intent = await stripe_till.open()
    await stripe_till.confirm(intent, payment_method="pm_card_visa")
    dispute = {"id": "dp_1", "payment_intent": intent["payment_intent_id"], "reason": "fraudulent"}
    once = {"event_id": f"evt_{ids.token(16)}"}
    for _ in range(2):
        accepted(await post.send("charge.dispute.created", dispute, **once))
    tenant = ids.decode("tenant", stripe_till.api.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode=False) as tx:
        found = await tx.connection.fetch(
            "SELECT changes FROM audit_log WHERE entity_id = $1 AND action = 'payment.dispute_created'",
            intent["payment_id"],
        )
    assert [json.loads(each["changes"])["reason"] for each in found] == ["fraudulent"]
    assert (await stripe_till.state())["payment_status"] == "paid"


async def test_no_workspace_is_confused_with_another(
    stripe_till: Till, stripe_server: Server, other: Client, browser: Browser, post: Post
) -> None:
    theirs = await make_till(Client(stripe_server.http, other.key, other.key_id, other.tenant_id, other.workspace))
    mine, their = await stripe_till.open(), await theirs.open()
    await browser.pay(their["payment_intent_id"])
    done = await browser.post(f"payment_intents/{their['payment_intent_id']}/capture")
    accepted(await post.send("payment_intent.succeeded", done))
    assert (await theirs.state())["payment_status"] == "paid"
    assert (await stripe_till.state())["payments"][0]["payment_intent_id"] == mine["payment_intent_id"]
    assert (await stripe_till.state())["payment_status"] == "unpaid"


def test_the_webhook_is_declared_as_documented() -> None:
    operation = registry["stripe_webhook.receive"]
    assert operation.auth == {"signature"}
    assert {"deal.payment_received", "deal.payment_failed", "deal.payment_refunded"} <= set(operation.events)


async def test_news_of_a_hold_takes_nothing(stripe_till: Till, browser: Browser, post: Post, outbox: Any) -> None:
    body = {"conditions": [{"type": "approval"}], "payment_method": "pm_card_visa"}
    await stripe_till.api.data("POST", f"/deals?id={stripe_till.deal_id}&action=escrow", json=body)
    [held] = (await stripe_till.state())["payments"]
    found = await browser.get(f"payment_intents/{held['payment_intent_id']}")
    accepted(await post.send("payment_intent.amount_capturable_updated", found))
    assert (await browser.get(f"payment_intents/{found['id']}"))["status"] == "requires_capture"
    taken = await browser.post(f"payment_intents/{found['id']}/capture")
    for _ in range(2):
        accepted(await post.send("payment_intent.succeeded", taken))
    assert (await stripe_till.state())["amount_paid"] == 1099
    assert await count(outbox, stripe_till.api) == 1
    assert await count(outbox, stripe_till.api, "escrow.released") == 1
