"""The sandbox gateway: a payment provider for test keys that moves no money and decides by test tokens.

It keeps its intents in a table of its own, which nothing but this file reads, so it behaves like a provider at the
other end of a line: it survives restarts, serves any number of processes and knows what it did when the answer got
lost. The tokens are described in docs/sandbox-payments.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Column, Index, Text, exists, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from dealwright.kernel import ids, money
from dealwright.kernel.clock import Clock
from dealwright.kernel.errors import NotFound
from dealwright.kernel.store.database import Database, Record, Transaction
from dealwright.kernel.store.records import Records, in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.kernel.store.tables import instant, money_column, tenant_table
from dealwright.providers.payments import sandbox_transfers
from dealwright.providers.payments.protocol import (
    CaptureMethod,
    Intent,
    IntentStatus,
    ProviderDeclined,
    ProviderRefused,
    ProviderUnavailable,
    Refund,
    RefundStatus,
    Transfer,
)

DELAY: Final = timedelta(seconds=30)
"""How long ``pm_sandbox_delayed`` keeps a payment in processing."""

LAPSE: Final = timedelta(hours=24)
"""An intent that nobody paid by then is canceled."""

HOLD: Final = timedelta(days=7)
"""Money that was held and not captured by then is free again, as with cards."""

DEFAULT_METHOD: Final = "pm_card_visa"


@dataclass(frozen=True, slots=True)
class _Token:
    """What a test payment method does; ``decline`` is the reason for which it is declined."""

    does: Literal["pay", "decline", "delay", "lose_the_answer", "lose_the_end", "pay_once"]
    decline: str = ""
    message: str = ""


_TOKENS: Final[Mapping[str, _Token]] = {
    "pm_card_visa": _Token("pay"),
    "pm_card_mastercard": _Token("pay"),
    "pm_card_chargeDeclined": _Token("decline", "card_declined", "The card was declined"),
    "pm_card_chargeDeclinedInsufficientFunds": _Token(
        "decline", "insufficient_funds", "The card was declined: insufficient funds"
    ),
    "pm_card_chargeDeclinedExpiredCard": _Token("decline", "expired_card", "The card was declined: it has expired"),
    "pm_sandbox_delayed": _Token("delay"),
    "pm_sandbox_lostAnswer": _Token("lose_the_answer"),
    "pm_sandbox_lostCapture": _Token("lose_the_end"),
    "pm_sandbox_once": _Token("pay_once", "authentication_required", "The card was declined: it was used before"),
}

sandbox_intents: Final = tenant_table(
    "sandbox_intents",
    Column("idempotency_key", Text, nullable=False),
    Column("client_secret", Text, nullable=False),
    Column("status", Text, nullable=False),
    money_column("amount"),
    Column("currency", Text, nullable=False),
    Column("capture_method", Text, nullable=False),
    Column("metadata", JSONB, nullable=False),
    Column("payment_method", Text),
    instant("settles_at", nullable=True),
    Column("declines", JSONB, nullable=False),
    Column("refunds", JSONB, nullable=False),
)

Index(
    "uq_sandbox_intents_idempotency_key",
    sandbox_intents.c.tenant_id,
    sandbox_intents.c.livemode,
    sandbox_intents.c.idempotency_key,
    unique=True,
)

_records: Final = Records(sandbox_intents, "pi")
_open: Final = Statement(insert(sandbox_intents).on_conflict_do_nothing().returning(sandbox_intents))
_opened: Final = Statement(
    select(sandbox_intents).where(
        in_scope(sandbox_intents), sandbox_intents.c.idempotency_key == given("idempotency_key")
    )
)

_used: Final = Statement(
    select(
        exists().where(
            in_scope(sandbox_intents),
            sandbox_intents.c.payment_method == given("method"),
            sandbox_intents.c.id != given("key"),
        )
    )
)


def status_at(row: Mapping[str, Any], now: datetime) -> IntentStatus:
    """Where an intent stands at an instant: delayed payments settle, unpaid intents and holds lapse as time goes by."""
    status = IntentStatus(row["status"])
    if status is IntentStatus.PROCESSING and row["settles_at"] <= now:
        status = _paid(row)
    lapses = {
        IntentStatus.REQUIRES_PAYMENT_METHOD: row["created_at"] + LAPSE,
        IntentStatus.REQUIRES_CAPTURE: _held_until(row),
    }
    return IntentStatus.CANCELED if status in lapses and lapses[status] <= now else status


def _held_until(row: Mapping[str, Any]) -> datetime:
    held_since: datetime = row["settles_at"] or row["created_at"]
    return held_since + HOLD


def _paid(row: Mapping[str, Any]) -> IntentStatus:
    return IntentStatus.REQUIRES_CAPTURE if row["capture_method"] == "manual" else IntentStatus.SUCCEEDED


def _intent(row: Mapping[str, Any], now: datetime) -> Intent:
    status = status_at(row, now)
    return Intent(
        id=_records.wire_id(row["id"]),
        client_secret=row["client_secret"],
        status=status,
        amount=row["amount"],
        currency=row["currency"],
        minor_amount=money.to_minor(row["amount"], row["currency"]),
        held_until=_held_until(row) if status is IntentStatus.REQUIRES_CAPTURE else None,
    )


class SandboxGateway:
    """The sandbox account of one workspace. Its data lives in test mode only."""

    def __init__(self, database: Database, tenant_id: UUID, clock: Clock) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._clock = clock

    @property
    def name(self) -> str:
        return "sandbox"

    @property
    def publishable_key(self) -> str | None:
        return None

    async def create_intent(
        self,
        amount: Decimal,
        currency: str,
        *,
        idempotency_key: str,
        metadata: Mapping[str, str],
        capture_method: CaptureMethod = "automatic",
    ) -> Intent:
        now, key = self._clock(), ids.uuid7()
        values = {
            "id": key,
            "idempotency_key": idempotency_key,
            "client_secret": f"{_records.wire_id(key)}_secret_{ids.token(24)}",
            "status": IntentStatus.REQUIRES_PAYMENT_METHOD,
            "amount": amount,
            "currency": currency,
            "capture_method": capture_method,
            "metadata": dict(metadata),
            "payment_method": None,
            "settles_at": None,
            "declines": {},
            "refunds": {},
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        async with self._transaction() as tx:
            row = await tx.row(_open, tenant_id=tx.tenant_id, livemode=tx.livemode, **values)
            if row is None:
                row = await tx.row(_opened, idempotency_key=idempotency_key)
        if row is None:
            raise ProviderUnavailable
        return _intent(row, now)

    async def retrieve(self, intent_id: str) -> Intent:
        async with self._transaction() as tx:
            try:
                row = await _records.get(tx, intent_id)
            except NotFound:
                raise _unknown(intent_id) from None
        return _intent(row, self._clock())

    async def confirm(self, intent_id: str, payment_method: str | None, *, idempotency_key: str) -> Intent:
        method = payment_method or DEFAULT_METHOD
        token = _TOKENS.get(method)
        if token is None:
            raise ProviderRefused(
                f"{method} is not a test payment method; known are {', '.join(_TOKENS)}", field="payment_method"
            )
        now = self._clock()
        async with self._locked(intent_id) as (tx, row):
            earlier = row["declines"].get(idempotency_key)
            fresh = earlier is None and status_at(row, now) is IntentStatus.REQUIRES_PAYMENT_METHOD
            if fresh and token.does == "pay_once" and not await tx.value(_used, method=method, key=row["id"]):
                token = _Token("pay")
            if fresh:
                row = await _records.change(tx, row, _decided(row, method, token, idempotency_key, now), now)
        if earlier is not None or (fresh and token.decline):
            declined = _TOKENS[earlier or method]
            raise ProviderDeclined(declined.decline, declined.message)
        if fresh and token.does == "lose_the_answer":
            raise ProviderUnavailable
        return _intent(row, now)

    async def capture(self, intent_id: str, *, idempotency_key: str) -> Intent:
        now = self._clock()
        async with self._locked(intent_id) as (tx, row):
            status = status_at(row, now)
            fresh = status is IntentStatus.REQUIRES_CAPTURE
            if fresh:
                row = await _records.change(tx, row, {"status": IntentStatus.SUCCEEDED}, now)
            elif status is not IntentStatus.SUCCEEDED:
                raise ProviderRefused(f"The intent is {status.value}; there is nothing to capture")
        _perhaps_lose(row, fresh)
        return _intent(row, now)

    async def cancel(self, intent_id: str, *, idempotency_key: str) -> Intent:
        now = self._clock()
        async with self._locked(intent_id) as (tx, row):
            status = status_at(row, now)
            if status in (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING):
                raise ProviderRefused(f"The intent is {status.value}; it cannot be canceled any more")
            fresh = status is not IntentStatus.CANCELED
            if fresh:
                row = await _records.change(tx, row, {"status": IntentStatus.CANCELED}, now)
        _perhaps_lose(row, fresh)
        return _intent(row, now)

    async def refund(
        self, intent_id: str, amount: Decimal, currency: str, *, idempotency_key: str, reason: str | None
    ) -> Refund:
        async with self._locked(intent_id) as (tx, row):
            made = row["refunds"].get(idempotency_key)
            if made is None:
                if row["status"] != IntentStatus.SUCCEEDED:
                    raise ProviderRefused("Only a payment that succeeded can be refunded")
                left = row["amount"] - sum(Decimal(each["amount"]) for each in row["refunds"].values())
                if currency != row["currency"] or amount > left:
                    raise ProviderRefused(f"No more than {left} {row['currency']} can be refunded", field="amount")
                made = {"id": ids.encode("re", ids.uuid7()), "amount": str(amount), "reason": reason}
                await _records.change(tx, row, {"refunds": {**row["refunds"], idempotency_key: made}}, self._clock())
        return _refund(idempotency_key, made)

    async def refunds(self, intent_id: str) -> list[Refund]:
        async with self._transaction() as tx:
            try:
                row = await _records.get(tx, intent_id)
            except NotFound:
                raise _unknown(intent_id) from None
        return [_refund(key, made) for key, made in row["refunds"].items()]

    async def transfer(
        self, amount: Decimal, currency: str, *, destination: str, idempotency_key: str, metadata: Mapping[str, str]
    ) -> Transfer:
        now = self._clock()
        return await sandbox_transfers.transfer(
            self._transaction(), now, amount, currency, destination, idempotency_key, metadata
        )

    async def reverse(self, transfer_id: str, *, idempotency_key: str) -> Transfer:
        return await sandbox_transfers.reverse(self._transaction(), self._clock(), transfer_id)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        async with self._database.transaction(self._tenant_id, livemode=False) as tx:
            yield tx

    @asynccontextmanager
    async def _locked(self, intent_id: str) -> AsyncIterator[tuple[Transaction, Record]]:
        async with self._transaction() as tx:
            try:
                row = await _records.lock(tx, intent_id)
            except NotFound:
                raise _unknown(intent_id) from None
            yield tx, row


def _decided(row: Record, method: str, token: _Token, key: str, now: datetime) -> dict[str, Any]:
    """What a first confirmation with a token changes about an intent."""
    if token.decline:
        return {"declines": {**row["declines"], key: method}}
    if token.does == "delay":
        return {"status": IntentStatus.PROCESSING, "settles_at": now + DELAY, "payment_method": method}
    return {"status": _paid(row), "settles_at": now, "payment_method": method}


def _perhaps_lose(row: Record, fresh: bool) -> None:
    """Lose the answer about what was just done, where the payment method says so. Raises ProviderUnavailable."""
    token = _TOKENS.get(row["payment_method"] or DEFAULT_METHOD)
    if fresh and token is not None and token.does == "lose_the_end":
        raise ProviderUnavailable


def _refund(key: str, made: Mapping[str, Any]) -> Refund:
    return Refund(made["id"], RefundStatus.SUCCEEDED, Decimal(made["amount"]), key)


def _unknown(intent_id: str) -> ProviderRefused:
    return ProviderRefused(f"There is no payment intent {intent_id}", field="payment_intent_id")
