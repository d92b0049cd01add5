"""Payments recorded by hand, and money going back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dealwright.providers.payments import SandboxGateway
from dealwright.providers.payments.protocol import (
    ProviderDeclined,
    ProviderRefused,
    ProviderUnavailable,
    Refund,
    RefundStatus,
)
from tests.modules.payments.conftest import Till


async def test_a_payment_by_hand_is_booked(till: Till, outbox: Any) -> None:
    response = await till.act("record-manual", deal_id=till.deal_id, amount=99.00)
    assert response.status_code == 201
    payment = response.json()["data"]
    assert payment["payment_id"].startswith("pay_")
    assert payment.pop("created_at").endswith("Z")
    assert payment == {
        "id": payment["payment_id"],
        "payment_id": payment["payment_id"],
        "payment_intent_id": None,
        "deal_id": till.deal_id,
        "method": "manual",
        "amount": 99.00,
        "amount_refunded": 0.00,
        "currency": "USD",
        "status": "succeeded",
        "failure_reason": None,
        "payment_status": "partially_paid",
    }
    rest = await till.act("record-manual", deal_id=till.deal_id, amount=1000, currency="usd")
    assert rest.json()["data"]["payment_status"] == "paid"
    assert (await till.deal())["status"] == "closed"
    events = dict(await outbox(till.api))
    assert events["deal.payment_received"] == {
        "deal_id": till.deal_id,
        "amount": "1000.00",
        "currency": "USD",
        "payment_intent_id": None,
        "status": "succeeded",
    }
    assert events["payment.received"]["method"] == "manual"
    assert "deal.closed" in events


async def test_payments_by_hand_at_once_never_exceed_the_total(till: Till) -> None:
    answers = await asyncio.gather(*(till.act("record-manual", deal_id=till.deal_id, amount=500) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 400, 400, 400]
    assert (await till.state())["amount_paid"] == 1000.00


@pytest.mark.parametrize("body", [{}, {"amount": 0}, {"amount": 1099.01}, {"amount": 5, "currency": "EUR"}])
async def test_bad_fields_of_a_payment_by_hand(till: Till, body: dict[str, Any]) -> None:
    response = await till.act("record-manual", deal_id=till.deal_id, **body)
    assert (response.status_code, response.json()["code"]) == (400, "validation_error.invalid_fields")


async def test_refunds_in_part_and_in_full(till: Till, outbox: Any) -> None:
    intent = await till.pay()
    reason = "Partial refund for returned item"
    response = await till.refund(intent, amount=200.00, reason=reason)
    assert response.status_code == 200
    answer = response.json()["data"]
    assert answer["refund_id"].startswith("re_")
    assert answer == {
        "id": answer["refund_id"],
        "refund_id": answer["refund_id"],
        "payment_intent_id": intent["payment_intent_id"],
        "payment_id": intent["payment_id"],
        "deal_id": till.deal_id,
        "amount": 200.00,
        "amount_refunded": 200.00,
        "currency": "usd",
        "status": "partially_refunded",
        "reason": reason,
    }
    event = {
        "deal_id": till.deal_id,
        "amount": "200.00",
        "currency": "USD",
        "payment_intent_id": intent["payment_intent_id"],
        "refund_id": answer["refund_id"],
        "partial": True,
        "reason": reason,
    }
    assert dict(await outbox(till.api))["deal.payment_refunded"] == event
    state = await till.state()
    assert (state["payment_status"], state["amount_refunded"]) == ("partially_refunded", 200.00)
    rest = (await till.refund(intent)).json()["data"]
    assert (rest["amount"], rest["amount_refunded"], rest["status"]) == (899.00, 1099.00, "refunded")
    assert rest["reason"] is None
    assert dict(await outbox(till.api))["deal.payment_refunded"]["partial"] is False
    assert (await till.state())["payment_status"] == "refunded"
    nothing = await till.refund(intent)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "conflict.invalid_state")


async def test_what_was_paid_back_before_the_end_is_due_again(till: Till) -> None:
    first = await till.pay(amount=500)
    assert (await till.refund(first)).status_code == 200
    state = await till.state()
    assert (state["payment_status"], state["amount_due"]) == ("refunded", 1099.00)
    await till.pay()
    assert (await till.state())["payment_status"] == "paid"
    assert (await till.deal())["status"] == "closed"


async def test_refunds_at_once_never_exceed_the_payment(till: Till, outbox: Any) -> None:
    intent = await till.pay()
    answers = await asyncio.gather(*(till.refund(intent, amount=300) for _ in range(10)))
    assert [answer.status_code for answer in answers].count(200) == 3
    assert {answer.status_code for answer in answers} <= {200, 400, 409}
    assert (await till.state())["amount_refunded"] == 900.00
    assert [name for name, _ in await outbox(till.api)].count("deal.payment_refunded") == 3


@pytest.mark.parametrize("amount", [0, -1, 1099.01, 1.005])
async def test_bad_amounts_of_a_refund(till: Till, amount: float) -> None:
    intent = await till.pay()
    response = await till.refund(intent, amount=amount)
    assert (response.status_code, response.json()["code"]) == (400, "validation_error.invalid_fields")


async def test_only_a_payment_that_succeeded_can_be_refunded(till: Till) -> None:
    assert (await till.act("refund")).status_code == 400
    response = await till.refund(await till.open())
    assert (response.status_code, response.json()["code"]) == (409, "conflict.invalid_state")


async def test_a_refund_without_an_answer_is_made_once_when_tried_again(
    till: Till, monkeypatch: pytest.MonkeyPatch, outbox: Any
) -> None:
    intent = await till.pay()
    real, lost = SandboxGateway.refund, []

    async def lose_the_first(self: SandboxGateway, *args: Any, **options: Any) -> Refund:
        answer = await real(self, *args, **options)
        if not lost:
            lost.append(answer.id)
            raise ProviderUnavailable
        return answer

    monkeypatch.setattr(SandboxGateway, "refund", lose_the_first)
    assert (await till.refund(intent, amount=600)).status_code == 503
    too_much = await till.refund(intent, amount=500)
    assert too_much.status_code == 400, "what may have been paid back is not there for another refund"
    again = await till.refund(intent, amount=600)
    assert again.json()["data"]["refund_id"] == lost[0]
    assert (await till.state())["amount_refunded"] == 600.00
    assert [name for name, _ in await outbox(till.api)].count("deal.payment_refunded") == 1


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (ProviderDeclined("insufficient_funds", "Not enough balance"), 402, "billing.refund_failed"),
        (ProviderRefused("Too old"), 400, "validation_error.invalid_request"),
    ],
)
async def test_a_refund_that_the_provider_does_not_make_takes_nothing(
    till: Till, monkeypatch: pytest.MonkeyPatch, problem: Exception, status: int, code: str
) -> None:
    intent = await till.pay()

    async def refuse(*_: Any, **__: Any) -> Refund:
        raise problem

    with monkeypatch.context() as patched:
        patched.setattr(SandboxGateway, "refund", refuse)
        response = await till.refund(intent)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert (await till.state())["amount_refunded"] == 0.00
    assert (await till.refund(intent)).json()["data"]["status"] == "refunded"


@pytest.mark.parametrize(("answer", "status"), [(RefundStatus.PENDING, 200), (RefundStatus.FAILED, 402)])
async def test_a_refund_is_booked_only_when_the_provider_made_it(
    till: Till, monkeypatch: pytest.MonkeyPatch, answer: RefundStatus, status: int
) -> None:
    intent = await till.pay()

    async def reply(_: Any, __: str, amount: Any, *___: Any, **____: Any) -> Refund:
        return Refund("re_elsewhere", answer, amount)

    monkeypatch.setattr(SandboxGateway, "refund", reply)
    response = await till.refund(intent, amount=100)
    assert response.status_code == status
    state = await till.state()
    assert (state["amount_refunded"], state["payment_status"]) == (0.00, "paid")
    if answer is RefundStatus.PENDING:
        assert response.json()["data"]["refund_id"] == "re_elsewhere"
        assert response.json()["data"]["status"] == "succeeded"
        assert (await till.refund(intent, amount=1000)).status_code == 400
