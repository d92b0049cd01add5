"""Opening and confirming payment intents over HTTP."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.modules.payments import records
from dealwright.modules.payments.settling import UNDER_WAY, ask_again
from dealwright.providers.payments import sandbox
from tests.conftest import Client, TestClock, Workspace
from tests.modules.payments.conftest import Till, make_till


def names(events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [name for name, _ in events if name not in ("customer.created", "product.created", "deal.created")]


async def test_a_payment_in_full_closes_the_deal(till: Till, outbox: Any) -> None:
    intent = await till.open(amount=1099.00, currency="USD")
    assert intent["payment_intent_id"].startswith("pi_")
    assert intent["client_secret"].startswith(intent["payment_intent_id"] + "_secret_")
    assert (intent["amount"], intent["currency"]) == (1099.00, "usd")
    assert intent["status"] == "requires_payment_method"
    response = await till.confirm(intent)
    assert response.status_code == 200
    answer = response.json()["data"]
    assert answer == {
        "id": intent["payment_intent_id"],
        "payment_intent_id": intent["payment_intent_id"],
        "payment_id": intent["payment_id"],
        "deal_id": till.deal_id,
        "status": "succeeded",
        "amount": 1099.00,
        "currency": "usd",
        "payment_status": "paid",
        "paid_at": answer["paid_at"],
    }
    assert answer["paid_at"].endswith("Z")
    deal = await till.deal()
    assert (deal["status"], deal["payment_status"]) == ("closed", "paid")
    events = await outbox(till.api)
    assert names(events)[-4:] == ["deal.payment_received", "payment.received", "deal.status_changed", "deal.closed"]
    assert dict(events)["deal.payment_received"] == {
        "deal_id": till.deal_id,
        "amount": "1099.00",
        "currency": "USD",
        "payment_intent_id": intent["payment_intent_id"],
        "status": "succeeded",
    }
    assert dict(events)["payment.received"] == {
        "payment_id": intent["payment_id"],
        "deal_id": till.deal_id,
        "amount": "1099.00",
        "currency": "USD",
        "method": "sandbox",
    }


async def test_the_amount_defaults_to_what_is_due(till: Till) -> None:
    await till.pay(amount=500)
    assert (await till.open())["amount"] == 599.00


async def test_partial_payments_are_listed(till: Till) -> None:
    empty = await till.state()
    assert (empty["payment_status"], empty["amount_due"], empty["payments"]) == ("unpaid", 1099.00, [])
    intent = await till.pay(amount=500, currency="usd")
    state = await till.state()
    [payment] = state.pop("payments")
    assert state == {
        "deal_id": till.deal_id,
        "payment_status": "partially_paid",
        "total": 1099.00,
        "amount_paid": 500.00,
        "amount_refunded": 0.00,
        "amount_due": 599.00,
        "currency": "USD",
    }
    assert payment.pop("created_at").endswith("Z")
    assert payment == {
        "id": intent["payment_id"],
        "payment_id": intent["payment_id"],
        "payment_intent_id": intent["payment_intent_id"],
        "deal_id": till.deal_id,
        "method": "sandbox",
        "amount": 500.00,
        "amount_refunded": 0.00,
        "currency": "USD",
        "status": "succeeded",
        "failure_reason": None,
    }
    assert (await till.deal())["status"] == "in_progress"
    await till.pay()
    assert (await till.state())["payment_status"] == "paid"
    assert (await till.deal())["status"] == "closed"


async def test_confirming_again_answers_the_same_and_fires_nothing(till: Till, outbox: Any) -> None:
    intent = await till.open()
    first = await till.confirm(intent)
    before = await outbox(till.api)
    second = await till.confirm(intent, payment_method="pm_card_chargeDeclined")
    assert second.status_code == 200
    assert second.json()["data"] == first.json()["data"]
    assert await outbox(till.api) == before


async def test_twenty_confirmations_at_once_book_once(till: Till, outbox: Any) -> None:
    intent = await till.open(amount=500)
    answers = await asyncio.gather(*(till.confirm(intent) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["data"]["paid_at"] for answer in answers}) == 1
    assert names(await outbox(till.api)).count("deal.payment_received") == 1
    state = await till.state()
    assert (state["amount_paid"], len(state["payments"])) == (500.00, 1)


async def attempts_of(services: Services, till: Till, payment_id: str) -> int:
    tenant, key = ids.decode("tenant", till.api.tenant_id), ids.decode("pay", payment_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode=False) as tx:
        return int(await tx.connection.fetchval("SELECT attempts FROM payments WHERE id = $1", key))


async def test_twenty_declined_confirmations_at_once_fail_once_per_attempt(
    till: Till, outbox: Any, services: Services
) -> None:
    intent, token = await till.open(), "pm_card_chargeDeclined"
    answers = await asyncio.gather(*(till.confirm(intent, payment_method=token) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {402}
    [payment] = (await till.state())["payments"]
    assert payment["status"] == "failed"
    fired = names(await outbox(till.api)).count("deal.payment_failed")
    assert fired == await attempts_of(services, till, payment["id"])
    assert (await till.confirm(intent, payment_method="pm_card_visa")).status_code == 200


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("pm_card_chargeDeclined", "card_declined"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
    ],
)
async def test_a_declined_payment_can_be_tried_with_another_method(
    till: Till, outbox: Any, token: str, reason: str
) -> None:
    intent = await till.open()
    declined = await till.confirm(intent, payment_method=token)
    assert declined.status_code == 402
    error = declined.json()
    assert (error["code"], error["category"]) == ("billing.payment_failed", "billing")
    assert error["details"] == {"reason": reason}
    assert dict(await outbox(till.api))["deal.payment_failed"] == {
        "deal_id": till.deal_id,
        "amount": "1099.00",
        "currency": "USD",
        "payment_intent_id": intent["payment_intent_id"],
        "failure_reason": reason,
    }
    state = await till.state()
    assert (state["payment_status"], state["amount_due"]) == ("unpaid", 1099.00)
    assert (state["payments"][0]["status"], state["payments"][0]["failure_reason"]) == ("failed", reason)
    again = await till.confirm(intent, payment_method="pm_card_visa")
    assert again.json()["data"]["status"] == "succeeded"
    [payment] = (await till.state())["payments"]
    assert (payment["status"], payment["failure_reason"]) == ("succeeded", None)


async def test_a_delayed_payment_is_pending_and_keeps_its_sum(till: Till, moved: TestClock, outbox: Any) -> None:
    intent = await till.open(payment_method="pm_sandbox_delayed")
    rival = await till.open()
    for _ in range(2):
        answer = (await till.confirm(intent)).json()["data"]
        assert (answer["status"], answer["payment_status"], answer["paid_at"]) == ("processing", "unpaid", None)
    refused = await till.confirm(rival)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    by_hand = await till.act("record-manual", deal_id=till.deal_id, amount=1)
    assert by_hand.status_code == 409
    assert "deal.payment_received" not in names(await outbox(till.api))
    moved.offset += sandbox.DELAY
    assert (await till.confirm(intent)).json()["data"]["payment_status"] == "paid"
    assert (await till.deal())["status"] == "closed"
    assert [each["status"] for each in (await till.state())["payments"]] == ["requires_payment_method", "succeeded"]


async def test_a_lost_answer_is_pending_until_asked_again(till: Till, outbox: Any) -> None:
    intent = await till.open()
    lost = await till.confirm(intent, payment_method="pm_sandbox_lostAnswer")
    assert (lost.status_code, lost.json()["code"]) == (503, "transient_error.dependency_unavailable")
    assert (await till.state())["payments"][0]["status"] == "processing"
    again = await till.confirm(intent)
    assert again.json()["data"]["status"] == "succeeded"
    assert names(await outbox(till.api)).count("deal.payment_received") == 1


async def test_two_intents_never_overpay_a_deal(till: Till) -> None:
    intents = [await till.open() for _ in range(4)]
    answers = await asyncio.gather(*(till.confirm(intent) for intent in intents))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    state = await till.state()
    assert (state["amount_paid"], state["amount_due"]) == (1099.00, 0.00)


async def test_an_intent_that_nobody_paid_lapses(till: Till, moved: TestClock) -> None:
    intent = await till.open()
    moved.offset += sandbox.LAPSE + timedelta(seconds=1)
    for _ in range(2):
        refused = await till.confirm(intent)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    assert (await till.state())["payments"][0]["status"] == "canceled"
    assert (await till.open())["payment_intent_id"] != intent["payment_intent_id"]


async def test_an_idempotency_key_opens_one_intent(till: Till) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = await till.act("create-intent", headers, deal_id=till.deal_id)
    again = await till.act("create-intent", headers, deal_id=till.deal_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["data"] == first.json()["data"]
    assert len((await till.state())["payments"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"deal_id": None}, "deal_id"),
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": 1099.01}, "amount"),
        ({"amount": 10.005}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": True}, "amount"),
        ({"currency": "ZZZ"}, "currency"),
        ({"currency": "EUR"}, "currency"),
        ({"payment_method": "4242424242424242"}, "payment_method"),
    ],
)
async def test_bad_fields_of_an_intent(till: Till, body: dict[str, Any], field: str) -> None:
    response = await till.act("create-intent", **{"deal_id": till.deal_id, **body})
    assert (response.status_code, response.json()["code"]) == (400, "validation_error.invalid_fields")
    assert set(response.json()["details"]["fields"]) == {field}


async def test_bad_fields_of_a_confirmation(till: Till) -> None:
    assert (await till.act("confirm")).status_code == 400
    intent = await till.open()
    unknown = await till.confirm(intent, payment_method="pm_card_nobodyKnows")
    assert unknown.status_code == 400
    assert set(unknown.json()["details"]["fields"]) == {"payment_method"}
    assert (await till.confirm(intent)).status_code == 200, "the intent is still open for a method that exists"


async def test_unknown_and_foreign_records_are_not_found(till: Till, other: Client) -> None:
    intent = await till.open()
    for api, deal, paid in ((till.api, "deal_nope", "pi_nope"), (other, till.deal_id, intent["payment_intent_id"])):
        foreign = Till(api, deal)
        assert (await foreign.act("create-intent", deal_id=deal)).status_code == 404
        assert (await foreign.act("confirm", payment_intent_id=paid)).status_code == 404
        assert (await foreign.act("refund", payment_intent_id=paid)).status_code == 404
        assert (await foreign.act("record-manual", deal_id=deal, amount=1)).status_code == 404
        assert (await api.get("/payments", params={"deal_id": deal})).status_code == 404
    assert (await till.api.get("/payments")).status_code == 400


async def test_a_draft_and_a_finished_deal_take_no_payment(api: Client) -> None:
    draft = await make_till(api, status="draft")
    for action in ("create-intent", "record-manual"):
        refused = await draft.act(action, deal_id=draft.deal_id, amount=5)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")


async def test_a_deal_with_payments_is_kept_and_keeps_its_currency(till: Till) -> None:
    intent = await till.open()
    await till.confirm(intent, payment_method="pm_sandbox_delayed")
    deal = await till.deal()
    path = f"/deals?id={till.deal_id}"
    refused = await till.api.patch(path, {"currency": "EUR"}, version=deal["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    assert (await till.api.patch(path, {"currency": "USD"}, version=deal["version"])).status_code == 409
    assert (await till.api.patch(path, {"title": "New"}, version=deal["version"])).status_code == 200
    assert (await till.api.delete(path, version=deal["version"] + 1)).status_code == 200
    kept = await till.api.delete(path, version=deal["version"] + 2)
    assert (kept.status_code, kept.json()["code"]) == (409, "conflict.invalid_state")


async def test_an_intent_in_another_currency_than_the_deal_is_not_charged(till: Till) -> None:
    intent = await till.open()
    changed = await till.api.patch(f"/deals?id={till.deal_id}", {"currency": "EUR"}, version=2)
    assert changed.status_code == 200, changed.text
    assert (await till.confirm(intent)).status_code == 409


async def test_a_cancelled_deal_takes_no_payment(till: Till) -> None:
    intent = await till.open()
    cancelled = await till.api.post(f"/deals?id={till.deal_id}&action=transition", {"status": "cancelled"})
    assert cancelled.is_success, cancelled.text
    for response in (
        await till.act("create-intent", deal_id=till.deal_id),
        await till.act("record-manual", deal_id=till.deal_id, amount=5),
        await till.confirm(intent),
    ):
        assert (response.status_code, response.json()["code"]) == (409, "conflict.invalid_state")


async def test_a_paid_deal_takes_no_further_intent(till: Till) -> None:
    await till.pay()
    refused = await till.act("create-intent", deal_id=till.deal_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")


async def test_a_paid_deal_that_waits_for_signatures_stays_open(till: Till) -> None:
    moved_on = await till.api.post(f"/deals?id={till.deal_id}&action=transition", {"status": "pending_signature"})
    assert moved_on.is_success, moved_on.text
    await till.pay()
    deal = await till.deal()
    assert (deal["status"], deal["payment_status"]) == ("pending_signature", "paid")


async def test_settings_of_test_and_live_mode(workspace: Workspace) -> None:
    test, live = await workspace.key(), await workspace.key("live")
    settings = await test.data("GET", "/payments", params={"action": "settings"})
    assert settings == {
        "provider": "sandbox",
        "mode": "test",
        "configured": True,
        "stripe_publishable_key": None,
        "default_currency": "USD",
        "deposit_percentage": None,
        "manual_payments_enabled": True,
    }
    settings = await live.data("GET", "/payments", params={"action": "settings"})
    assert (settings["provider"], settings["mode"], settings["configured"]) == (None, "live", False)


async def test_a_live_key_without_a_provider_is_told_so(workspace: Workspace) -> None:
    till = await make_till(await workspace.key("live"))
    refused = await till.act("create-intent", deal_id=till.deal_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.not_configured")
    assert "payment provider" in refused.json()["recovery"]["hint"]
    by_hand = await till.act("record-manual", deal_id=till.deal_id, amount=1099)
    assert by_hand.status_code == 201


async def test_currencies_without_cents(api: Client) -> None:
    till = await make_till(api, 1500, currency="JPY")
    refused = await till.act("create-intent", deal_id=till.deal_id, amount=10.5)
    assert refused.status_code == 400
    intent = await till.pay()
    assert (intent["amount"], intent["currency"]) == (1500, "jpy")
    assert (await till.deal())["status"] == "closed"


async def test_writing_needs_its_scope(workspace: Workspace, till: Till) -> None:
    reader = await workspace.key(scopes=["deals:read"])
    for action in ("create-intent", "confirm", "refund", "record-manual"):
        assert (await reader.post("/payments", {}, params={"action": action})).status_code == 403


async def test_the_server_itself_asks_again_how_a_payment_went(
    till: Till, moved: TestClock, outbox: Any, services: Services
) -> None:
    lost = await till.open(payment_method="pm_sandbox_lostAnswer", amount=100)
    delayed = await till.open(payment_method="pm_sandbox_delayed", amount=50)
    assert (await till.confirm(lost)).status_code == 503
    assert (await till.confirm(delayed)).json()["data"]["status"] == "processing"
    await ask_again(services.pipeline)
    standing = [each["status"] for each in (await till.state())["payments"]]
    assert standing == ["processing", "processing"], "the calls that asked may still be under way"
    moved.offset += UNDER_WAY + timedelta(seconds=1)
    await asyncio.gather(*(ask_again(services.pipeline) for _ in range(3)))
    assert [each["status"] for each in (await till.state())["payments"]] == ["succeeded", "succeeded"]
    assert names(await outbox(till.api)).count("deal.payment_received") == 2
    assert (await till.state())["amount_paid"] == 150.00


async def test_an_unanswered_refund_on_a_test_clock_is_asked_about(till: Till, services: Services) -> None:
    """Its times lie ahead of the server's; nobody else would ask before the server's time has come there."""
    intent = await till.pay(amount=100)
    await till.act("refund", payment_intent_id=intent["payment_intent_id"], amount=40)
    tenant = ids.decode("tenant", till.api.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode=False) as tx:
        await tx.connection.execute("UPDATE payments SET updated_at = now() + interval '30 days'")
        await tx.connection.execute(
            "UPDATE payment_refunds SET status = 'unanswered', asked_at = now() + interval '30 days'"
        )
    async with services.database.system(read_only=True) as tx:
        found = await records.open_questions(tx, services.pipeline.clock(), 10, tenant)
    assert [ids.encode("pay", each["id"]) for each in found] == [intent["payment_id"]]
