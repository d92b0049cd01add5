"""Payments through Stripe's client against localstripe: paying, declining, paying back, and what a network does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel import ids
from dealwright.kernel.settings import Settings, SettingsError
from dealwright.modules.payments import settling
from dealwright.providers.payments import PaymentProviders
from dealwright.providers.payments.protocol import IntentStatus, ProviderRefused
from dealwright.providers.payments.stripe import Stripe, from_units, to_units
from tests import localstripe
from tests.conftest import Client, TestClock, Workspace
from tests.localstripe import Browser, Door
from tests.modules.payments.conftest import Server, Till, make_till

DECLINED = "pm_card_chargeCustomerFail"
NEEDS_3DS = "4000002500003155"


async def booked(outbox: Any, client: Client, event: str = "payment.received") -> int:
    return [name for name, _ in await outbox(client)].count(event)


async def pay(till: Till, **body: Any) -> dict[str, Any]:
    intent = await till.open(**body)
    response = await till.confirm(intent, payment_method="pm_card_visa")
    assert response.status_code == 200, response.text
    assert response.json()["data"]["status"] == "succeeded"
    return intent


async def ask_again(server: Server, till: Till) -> None:
    """The schedule, for this workspace alone."""
    await settling.ask_again(server.services.pipeline, ids.decode("tenant", till.api.tenant_id))


# --- amounts


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("10.50", "USD", 1050), ("500", "JPY", 500), ("500", "ISK", 50000), ("1.230", "KWD", 1230), ("7", "UGX", 700)],
)
def test_amounts_in_the_units_of_stripe(amount: str, currency: str, units: int) -> None:
    assert to_units(Decimal(amount), currency) == units
    assert from_units(units, currency) == Decimal(amount)


@pytest.mark.parametrize(("amount", "currency"), [("0.5", "JPY"), ("0.001", "USD"), ("1.234", "KWD"), ("0.5", "ISK")])
def test_fractions_that_stripe_does_not_take(amount: str, currency: str) -> None:
    with pytest.raises(ProviderRefused) as refusal:
        to_units(Decimal(amount), currency)
    assert refusal.value.field == "amount"


@given(st.integers(1, 10**12), st.sampled_from(["USD", "EUR", "JPY", "KRW", "GBP"]))
def test_amounts_come_back_as_they_went(units: int, currency: str) -> None:
    assert to_units(from_units(units, currency), currency) == units


# --- the provider by itself


@pytest.fixture
async def account(door: Door) -> Any:
    made = Stripe(localstripe.KEY, None, door.url, timeout=5)
    yield made
    await made.close()


async def opened(account: Stripe, key: str, **options: Any) -> Any:
    return await account.create_intent(Decimal(100), "USD", idempotency_key=key, metadata={}, **options)


async def test_automatic_and_manual_capture(account: Stripe) -> None:
    intent = await opened(account, ids.token(8))
    assert (await account.confirm(intent.id, "pm_card_visa", idempotency_key="1")).status is IntentStatus.SUCCEEDED
    held = await opened(account, ids.token(8), capture_method="manual")
    assert (await account.confirm(held.id, "pm_card_visa", idempotency_key="2")).status == "requires_capture"
    assert (await account.capture(held.id, idempotency_key="3")).status is IntentStatus.SUCCEEDED


async def test_held_money_is_let_go(account: Stripe) -> None:
    held = await opened(account, ids.token(8), capture_method="manual")
    await account.confirm(held.id, "pm_card_visa", idempotency_key="4")
    assert (await account.cancel(held.id, idempotency_key="5")).status is IntentStatus.CANCELED
    with pytest.raises(ProviderRefused):
        await account.cancel((await opened(account, ids.token(8))).id + "x", idempotency_key="6")


async def test_a_method_that_is_missing_is_asked_for(account: Stripe) -> None:
    intent = await opened(account, ids.token(8))
    answer = await account.confirm(intent.id, None, idempotency_key="7")
    assert answer.status is IntentStatus.REQUIRES_PAYMENT_METHOD


def test_keys_of_the_wrong_mode_are_refused() -> None:
    for name, key in (("stripe_secret_key", "sk_test_x"), ("stripe_test_secret_key", "sk_live_x")):
        with pytest.raises(SettingsError, match=name) as problem:
            PaymentProviders.of(Settings(**{name: key}), None, None)  # type: ignore[arg-type]
        assert key not in str(problem.value)


# --- paying


async def test_a_payment_closes_the_deal(stripe_till: Till, outbox: Any, door: Door) -> None:
    intent = await pay(stripe_till)
    state = await stripe_till.state()
    assert (state["payment_status"], state["payments"][0]["method"]) == ("paid", "stripe")
    assert (await stripe_till.deal())["status"] == "closed"
    assert await booked(outbox, stripe_till.api) == 1
    [made] = door.writes("/payment_intents")
    assert made.key == intent["payment_id"]
    assert made.form["amount"] == ["109900"]
    assert all(each.key and each.key.startswith(intent["payment_id"]) for each in door.calls if each.method == "POST")


async def test_zero_decimal_currencies(stripe_server: Server, workspace: Workspace, door: Door) -> None:
    workspace.http = stripe_server.http
    door.calls.clear()
    till = await make_till(await workspace.key(), 1200, currency="JPY")
    await pay(till)
    assert door.writes("/payment_intents")[0].form["amount"] == ["1200"]


async def test_settings_show_the_publishable_key(stripe_till: Till) -> None:
    found = await stripe_till.api.data("GET", "/payments", params={"action": "settings"})
    assert (found["provider"], found["configured"]) == ("stripe", True)
    assert found["stripe_publishable_key"] == "pk_test_localstripe"
    assert localstripe.KEY not in str(found)


async def test_a_decline_is_402_and_frees_the_sum(stripe_till: Till, outbox: Any) -> None:
    intent = await stripe_till.open()
    response = await stripe_till.confirm(intent, payment_method=DECLINED)
    assert response.status_code == 402
    error = response.json()
    assert (error["code"], error["details"]["reason"]) == ("billing.payment_failed", "card_declined")
    assert (await stripe_till.state())["payments"][0]["status"] == "failed"
    assert await booked(outbox, stripe_till.api, "deal.payment_failed") == 1
    await pay(stripe_till)


async def test_an_unknown_method_is_400(stripe_till: Till) -> None:
    intent = await stripe_till.open()
    response = await stripe_till.confirm(intent, payment_method="pm_nobody_has_this")
    assert response.status_code == 400
    assert (await stripe_till.state())["payments"][0]["status"] == "requires_payment_method"


async def test_refunds_in_part_and_in_full(stripe_till: Till, outbox: Any, door: Door) -> None:
    intent = await pay(stripe_till)
    first = (await stripe_till.refund(intent, amount=99, reason="Jane asked for it")).json()["data"]
    assert (first["status"], first["amount_refunded"]) == ("partially_refunded", 99)
    second = (await stripe_till.refund(intent)).json()["data"]
    assert (second["status"], second["amount"], second["amount_refunded"]) == ("refunded", 1000, 1099)
    assert (await stripe_till.refund(intent)).status_code == 409
    assert await booked(outbox, stripe_till.api, "deal.payment_refunded") == 2
    assert "Jane" not in str(door.calls), "a reason stays here"


async def test_more_than_was_paid_is_never_asked_back(stripe_till: Till) -> None:
    intent = await pay(stripe_till, amount=100)
    answers = await asyncio.gather(*(stripe_till.refund(intent, amount=60) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert (await stripe_till.state())["amount_refunded"] == 60


# --- what a network does


async def test_an_intent_that_is_not_answered_is_503(stripe_till: Till, door: Door) -> None:
    with door.broken("refuse", "/payment_intents"):
        response = await stripe_till.act("create-intent", deal_id=stripe_till.deal_id)
    assert response.status_code == 503
    assert response.json()["code"] == "transient_error.dependency_unavailable"
    assert 1 < len(door.writes("/payment_intents")) <= 3, "tried again, not for ever"
    assert len({each.key for each in door.writes("/payment_intents")}) == 1
    await pay(stripe_till)


@pytest.mark.parametrize("step", ["/confirm", "/capture"])
async def test_a_lost_answer_leaves_the_payment_pending_until_it_is_confirmed(
    stripe_till: Till, door: Door, outbox: Any, step: str
) -> None:
    intent = await stripe_till.open()
    with door.broken("lose_answers", step):
        response = await stripe_till.confirm(intent, payment_method="pm_card_visa")
    assert response.status_code == 503
    assert (await stripe_till.state())["payments"][0]["status"] == "processing"
    assert (await stripe_till.deal())["payment_status"] == "unpaid"
    again = await stripe_till.act("create-intent", deal_id=stripe_till.deal_id)
    assert (await stripe_till.confirm(again.json()["data"], payment_method="pm_card_visa")).status_code == 409
    answers = await asyncio.gather(*(stripe_till.confirm(intent) for _ in range(5)))
    assert {answer.json()["data"]["status"] for answer in answers} == {"succeeded"}
    assert (await stripe_till.state())["amount_paid"] == 1099
    assert await booked(outbox, stripe_till.api) == 1


async def test_a_pending_payment_is_asked_about_by_the_clock(
    stripe_till: Till, stripe_server: Server, door: Door, outbox: Any, moved: TestClock
) -> None:
    intent = await stripe_till.open()
    with door.broken("lose_answers", "/capture"):
        assert (await stripe_till.confirm(intent, payment_method="pm_card_visa")).status_code == 503
    for _ in range(2):
        moved.offset += timedelta(minutes=3)
        await ask_again(stripe_server, stripe_till)
    assert (await stripe_till.deal())["payment_status"] == "paid"
    assert await booked(outbox, stripe_till.api) == 1


async def test_an_attempt_that_never_arrived_frees_its_sum(
    stripe_till: Till, stripe_server: Server, door: Door, outbox: Any, moved: TestClock
) -> None:
    intent = await stripe_till.open()
    with door.broken("refuse", "/confirm"):
        assert (await stripe_till.confirm(intent, payment_method="pm_card_visa")).status_code == 503
    await ask_again(stripe_server, stripe_till)
    assert (await stripe_till.state())["payments"][0]["status"] == "processing", "it may be under way"
    moved.offset += timedelta(minutes=3)
    await ask_again(stripe_server, stripe_till)
    assert (await stripe_till.state())["payments"][0]["status"] == "requires_payment_method"
    assert await booked(outbox, stripe_till.api) == 0
    assert (await stripe_till.confirm(intent, payment_method="pm_card_visa")).json()["data"]["status"] == "succeeded"


async def test_a_decline_whose_answer_was_lost(
    stripe_till: Till, stripe_server: Server, door: Door, outbox: Any, moved: TestClock
) -> None:
    intent = await stripe_till.open()
    with door.broken("lose_answers", "/confirm"):
        assert (await stripe_till.confirm(intent, payment_method=DECLINED)).status_code == 503
    for _ in range(3):
        moved.offset += timedelta(minutes=10)
        await ask_again(stripe_server, stripe_till)
    [payment] = (await stripe_till.state())["payments"]
    assert (payment["status"], payment["failure_reason"]) == ("failed", "card_declined")
    assert await booked(outbox, stripe_till.api, "deal.payment_failed") == 1


@pytest.mark.parametrize("trouble", ["lose_answers", "fail"])
async def test_a_refund_without_an_answer_is_made_once(
    stripe_till: Till, door: Door, outbox: Any, trouble: Any, browser: Browser
) -> None:
    intent = await pay(stripe_till)
    with door.broken(trouble, "/refunds"):
        assert (await stripe_till.refund(intent, amount=50)).status_code == 503
    assert (await stripe_till.state())["amount_refunded"] == 0
    assert (await stripe_till.refund(intent, amount=50)).json()["data"]["amount_refunded"] == 50
    assert len({each.key for each in door.writes("/refunds")}) == 1
    made = await browser.get(f"refunds?payment_intent={intent['payment_intent_id']}")
    assert len(made["data"]) == 1
    assert await booked(outbox, stripe_till.api, "deal.payment_refunded") == 1


async def test_a_refund_without_an_answer_is_asked_about_by_the_clock(
    stripe_till: Till, stripe_server: Server, door: Door, outbox: Any, moved: TestClock
) -> None:
    intent = await pay(stripe_till)
    with door.broken("lose_answers", "/refunds"):
        assert (await stripe_till.refund(intent, amount=50)).status_code == 503
    with door.broken("refuse", "/refunds"):
        assert (await stripe_till.refund(intent, amount=70)).status_code == 503
    for _ in range(2):
        moved.offset += timedelta(hours=2)
        await ask_again(stripe_server, stripe_till)
    assert (await stripe_till.state())["amount_refunded"] == 50
    assert await booked(outbox, stripe_till.api, "deal.payment_refunded") == 1
    rest = (await stripe_till.refund(intent)).json()["data"]
    assert rest["amount"] == 1049, "what was never made is free again"


# --- the widget


async def test_an_intent_for_a_widget(stripe_till: Till, workspace: Workspace) -> None:
    public = await workspace.key("pub", livemode=False)
    made = await public.data("POST", "/payment-intent", json={"deal_id": stripe_till.deal_id, "amount": 149.90})
    assert set(made) == {"client_secret", "amount", "currency"}
    assert made["client_secret"].startswith("pi_")
    assert (made["amount"], made["currency"]) == (14990, "usd")
    whole = await stripe_till.api.data("POST", "/payment-intent", json={"deal_id": stripe_till.deal_id})
    assert whole["amount"] == 109900


async def test_what_an_intent_for_a_widget_refuses(stripe_till: Till, workspace: Workspace) -> None:
    api, deal = stripe_till.api, stripe_till.deal_id
    assert (await api.post("/payment-intent", {})).status_code == 400
    assert (await api.post("/payment-intent", {"deal_id": deal, "amount": 2000})).status_code == 400
    assert (await api.post("/payment-intent", {"deal_id": deal, "amount": 0})).status_code == 400
    assert (await api.post("/payment-intent", {"deal_id": "deal_nope"})).status_code == 404
    live = await make_till(await workspace.key("live"))
    refused = await live.api.post("/payment-intent", {"deal_id": live.deal_id})
    assert (refused.status_code, refused.json()["code"]) == (503, "transient_error.dependency_unavailable")
    await pay(stripe_till)
    assert (await api.post("/payment-intent", {"deal_id": deal})).status_code == 409


# --- money that is held


@pytest.mark.parametrize(
    ("action", "intent", "payment"),
    [("release_escrow", "succeeded", "succeeded"), ("refund_escrow", "canceled", "canceled")],
)
async def test_escrow_holds_money_at_stripe(
    stripe_till: Till, browser: Browser, outbox: Any, action: str, intent: str, payment: str
) -> None:
    async def act(action: str, **body: Any) -> Any:
        return await stripe_till.api.data("POST", f"/deals?id={stripe_till.deal_id}&action={action}", json=body)

    made = await act("escrow", conditions=[{"type": "approval"}], payment_method="pm_card_visa")
    [held] = (await stripe_till.state())["payments"]
    assert (await browser.get(f"payment_intents/{held['payment_intent_id']}"))["status"] == "requires_capture"
    assert (held["status"], (await stripe_till.state())["amount_paid"]) == ("requires_capture", 0)
    if action == "release_escrow":
        await act("fulfill_condition", condition_id=made["conditions"][0]["condition_id"])
    await act(action, **({"reason": "condition_failed"} if action == "refund_escrow" else {}))
    assert (await browser.get(f"payment_intents/{held['payment_intent_id']}"))["status"] == intent
    assert (await stripe_till.state())["payments"][0]["status"] == payment
    assert await booked(outbox, stripe_till.api) == (action == "release_escrow")
