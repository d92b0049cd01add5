"""The sandbox gateway by itself, and how the module treats a provider that fails it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.providers.payments import PaymentProviders, SandboxGateway
from dealwright.providers.payments.protocol import (
    Intent,
    IntentStatus,
    ProviderDeclined,
    ProviderRefused,
    ProviderUnavailable,
)
from tests.conftest import Client, TestClock
from tests.modules.payments.conftest import Till

HUNDRED = Decimal(100)


@pytest.fixture
def gateway(services: Services, api: Client, clock: TestClock) -> SandboxGateway:
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    return SandboxGateway(services.database, tenant, clock)


async def opened(gateway: SandboxGateway, key: str = "a", **options: Any) -> Intent:
    return await gateway.create_intent(HUNDRED, "USD", idempotency_key=key, metadata={"deal_id": "deal_1"}, **options)


async def test_one_key_opens_one_intent(gateway: SandboxGateway) -> None:
    made = await asyncio.gather(*(opened(gateway) for _ in range(10)))
    assert len({(each.id, each.client_secret) for each in made}) == 1
    assert (await opened(gateway, "b")).id != made[0].id


async def test_money_is_held_until_it_is_captured(gateway: SandboxGateway) -> None:
    intent = await opened(gateway, capture_method="manual")
    with pytest.raises(ProviderRefused):
        await gateway.capture(intent.id, idempotency_key="early")
    assert (await gateway.confirm(intent.id, None, idempotency_key="1")).status is IntentStatus.REQUIRES_CAPTURE
    with pytest.raises(ProviderRefused):
        await gateway.refund(intent.id, HUNDRED, "USD", idempotency_key="r", reason=None)
    for _ in range(2):
        assert (await gateway.capture(intent.id, idempotency_key="1")).status is IntentStatus.SUCCEEDED
    assert (await gateway.retrieve(intent.id)).status is IntentStatus.SUCCEEDED


async def test_held_money_goes_back_when_it_is_not_captured(gateway: SandboxGateway, moved: TestClock) -> None:
    intent = await opened(gateway, capture_method="manual")
    await gateway.confirm(intent.id, None, idempotency_key="1")
    moved.offset += timedelta(days=6)
    assert (await gateway.retrieve(intent.id)).status is IntentStatus.REQUIRES_CAPTURE
    moved.offset += timedelta(days=1, seconds=1)
    assert (await gateway.retrieve(intent.id)).status is IntentStatus.CANCELED


async def test_held_money_is_let_go_once(gateway: SandboxGateway) -> None:
    held = await opened(gateway, capture_method="manual")
    assert (await gateway.confirm(held.id, None, idempotency_key="1")).held_until is not None
    for _ in range(2):
        assert (await gateway.cancel(held.id, idempotency_key="1")).status is IntentStatus.CANCELED
    with pytest.raises(ProviderRefused):
        await gateway.capture(held.id, idempotency_key="1")


async def test_money_that_was_taken_is_not_let_go(gateway: SandboxGateway) -> None:
    taken = await opened(gateway)
    await gateway.confirm(taken.id, None, idempotency_key="1")
    with pytest.raises(ProviderRefused):
        await gateway.cancel(taken.id, idempotency_key="1")


async def test_a_repeated_decline_is_the_same_decline(gateway: SandboxGateway) -> None:
    intent = await opened(gateway)
    for _ in range(2):
        with pytest.raises(ProviderDeclined) as problem:
            await gateway.confirm(intent.id, "pm_card_chargeDeclinedInsufficientFunds", idempotency_key="1")
        assert problem.value.reason == "insufficient_funds"
    assert (await gateway.retrieve(intent.id)).status is IntentStatus.REQUIRES_PAYMENT_METHOD
    assert (await gateway.confirm(intent.id, "pm_card_visa", idempotency_key="2")).status is IntentStatus.SUCCEEDED
    with pytest.raises(ProviderDeclined):
        await gateway.confirm(intent.id, "pm_card_chargeDeclinedInsufficientFunds", idempotency_key="1")


async def test_a_delayed_payment_settles_with_time(gateway: SandboxGateway, moved: TestClock) -> None:
    intent = await opened(gateway)
    assert (await gateway.confirm(intent.id, "pm_sandbox_delayed", idempotency_key="1")).status == "processing"
    assert (await gateway.confirm(intent.id, "pm_card_visa", idempotency_key="2")).status == "processing"
    moved.offset += timedelta(seconds=30)
    assert (await gateway.retrieve(intent.id)).status is IntentStatus.SUCCEEDED


async def test_the_gateway_pays_back_no_more_than_it_took(gateway: SandboxGateway) -> None:
    intent = await opened(gateway)
    await gateway.confirm(intent.id, None, idempotency_key="1")

    async def back(key: str) -> str | None:
        try:
            return (await gateway.refund(intent.id, Decimal(30), "USD", idempotency_key=key, reason=None)).id
        except ProviderRefused:
            return None

    answers = await asyncio.gather(*(back(key) for key in ("a", "a", "b", "c", "d", "e")))
    assert len({each for each in answers if each is not None}) == 3
    assert await back("a") == await back("a")


async def test_an_unknown_intent_is_refused(gateway: SandboxGateway) -> None:
    for intent_id in ("pi_nope", ids.encode("pi", ids.uuid7())):
        with pytest.raises(ProviderRefused):
            await gateway.retrieve(intent_id)
        with pytest.raises(ProviderRefused):
            await gateway.confirm(intent_id, None, idempotency_key="1")


def test_live_mode_has_no_provider(services: Services, clock: TestClock) -> None:
    providers = PaymentProviders(services.database, clock)
    assert providers.for_mode(ids.uuid7(), livemode=True) is None
    assert isinstance(providers.for_mode(ids.uuid7(), livemode=False), SandboxGateway)


@pytest.mark.parametrize("asked", ["create_intent", "confirm", "capture", "refund"])
async def test_what_is_asked_is_written_down_first_and_nothing_is_held_meanwhile(
    till: Till, services: Services, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    real, seen = getattr(SandboxGateway, asked), []
    tenant = ids.decode("tenant", till.api.tenant_id)
    assert tenant is not None

    async def look(self: SandboxGateway, *args: Any, **options: Any) -> Any:
        async with services.database.transaction(tenant, livemode=False) as tx:
            await tx.connection.fetch("SELECT 1 FROM deals FOR UPDATE NOWAIT")
            seen.extend(await tx.connection.fetch("SELECT status FROM payments FOR UPDATE NOWAIT"))
            seen.extend(await tx.connection.fetch("SELECT status FROM payment_refunds FOR UPDATE NOWAIT"))
        return await real(self, *args, **options)

    monkeypatch.setattr(SandboxGateway, asked, look)
    intent = await till.pay()
    assert (await till.refund(intent)).status_code == 200
    written = {"create_intent": ["opening"], "refund": ["succeeded", "asked"]}.get(asked, ["processing"])
    assert [row["status"] for row in seen] == written


@pytest.mark.parametrize(
    ("problem", "status", "listed"),
    [(ProviderUnavailable(), 503, []), (ProviderRefused("The amount is too small"), 400, ["canceled"])],
)
async def test_an_intent_that_the_provider_does_not_open(
    till: Till, monkeypatch: pytest.MonkeyPatch, problem: Exception, status: int, listed: list[str]
) -> None:
    async def fail(*_: Any, **__: Any) -> Intent:
        raise problem

    with monkeypatch.context() as patched:
        patched.setattr(SandboxGateway, "create_intent", fail)
        response = await till.act("create-intent", {"Idempotency-Key": "k"}, deal_id=till.deal_id)
    assert response.status_code == status
    assert [each["status"] for each in (await till.state())["payments"]] == listed
    await till.pay()


async def test_a_server_that_dies_after_charging_books_at_the_next_confirmation(
    till: Till, monkeypatch: pytest.MonkeyPatch, outbox: Any
) -> None:
    intent = await till.open()
    real = SandboxGateway.capture

    async def die(self: SandboxGateway, *args: Any, **options: Any) -> Intent:
        await real(self, *args, **options)
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(SandboxGateway, "capture", die)
        assert (await till.confirm(intent)).status_code == 500
    assert (await till.confirm(intent)).json()["data"]["payment_status"] == "paid"
    assert [name for name, _ in await outbox(till.api)].count("payment.received") == 1


async def test_a_refund_whose_server_died_is_taken_up_after_a_minute(
    till: Till, monkeypatch: pytest.MonkeyPatch, moved: TestClock, outbox: Any
) -> None:
    intent = await till.pay()
    real = SandboxGateway.refund

    async def die(self: SandboxGateway, *args: Any, **options: Any) -> Any:
        await real(self, *args, **options)
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(SandboxGateway, "refund", die)
        assert (await till.refund(intent)).status_code == 500
    assert (await till.refund(intent)).status_code == 409, "it may still be under way"
    moved.offset += timedelta(minutes=2)
    assert (await till.refund(intent)).json()["data"]["status"] == "refunded"
    assert [name for name, _ in await outbox(till.api)].count("deal.payment_refunded") == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE payments SET amount_refunded = amount + 1",
        "UPDATE payments SET amount = 0",
        "UPDATE payments SET payment_intent_id = 'pi_same'",
    ],
)
async def test_the_database_refuses_books_that_cannot_be(till: Till, services: Services, change: str) -> None:
    await till.open()
    await till.open()
    tenant = ids.decode("tenant", till.api.tenant_id)
    assert tenant is not None
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with services.database.transaction(tenant, livemode=False) as tx:
            await tx.connection.execute(change)
