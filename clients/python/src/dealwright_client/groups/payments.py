"""Payments: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.values import Number


class Confirmed(TypedDict):
    id: str
    payment_intent_id: str
    payment_id: str
    deal_id: str
    status: IntentStatus
    amount: float
    currency: str
    payment_status: Literal["unpaid", "partially_paid", "paid", "partially_refunded", "refunded"]
    paid_at: str | None


class DealPayments(TypedDict):
    deal_id: str
    payment_status: Literal["unpaid", "partially_paid", "paid", "partially_refunded", "refunded"]
    total: float
    amount_paid: float
    amount_refunded: float
    amount_due: float
    currency: str
    payments: list[Payment]


class Intent(TypedDict):
    """``currency`` is in lower case, as payment intents have it."""

    id: str
    payment_intent_id: str
    payment_id: str
    client_secret: str
    amount: float
    currency: str
    status: IntentStatus


class Manual(TypedDict):
    id: str
    payment_id: str
    payment_intent_id: str | None
    deal_id: str
    method: str
    amount: float
    amount_refunded: float
    currency: str
    status: Literal[
        "opening",
        "requires_payment_method",
        "requires_action",
        "processing",
        "requires_capture",
        "failed",
        "succeeded",
        "partially_refunded",
        "refunded",
        "canceled",
    ]
    failure_reason: str | None
    created_at: str
    payment_status: Literal["unpaid", "partially_paid", "paid", "partially_refunded", "refunded"]


class Payment(TypedDict):
    """A payment: ``method`` is ``manual`` or the name of the provider that took the money."""

    id: str
    payment_id: str
    payment_intent_id: str | None
    deal_id: str
    method: str
    amount: float
    amount_refunded: float
    currency: str
    status: Literal[
        "opening",
        "requires_payment_method",
        "requires_action",
        "processing",
        "requires_capture",
        "failed",
        "succeeded",
        "partially_refunded",
        "refunded",
        "canceled",
    ]
    failure_reason: str | None
    created_at: str


class PaymentSettings(TypedDict):
    provider: str | None
    mode: Literal["test", "live"]
    configured: bool
    stripe_publishable_key: str | None
    default_currency: str
    deposit_percentage: float | None
    manual_payments_enabled: bool


class Refund(TypedDict):
    """``amount_refunded`` and ``status`` are the payment's, all its refunds together."""

    id: str
    refund_id: str
    payment_intent_id: str
    payment_id: str
    deal_id: str
    amount: float
    amount_refunded: float
    currency: str
    status: Literal[
        "opening",
        "requires_payment_method",
        "requires_action",
        "processing",
        "requires_capture",
        "failed",
        "succeeded",
        "partially_refunded",
        "refunded",
        "canceled",
    ]
    reason: str | None


IntentStatus: TypeAlias = Literal[
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
    "canceled",
]


_CONFIRM: Final[Endpoint[Confirmed]] = Endpoint("POST", "/payments/confirm", idempotent=True)
_CREATE_INTENT: Final[Endpoint[Intent]] = Endpoint("POST", "/payments/create-intent", idempotent=True)
_LIST: Final[Endpoint[DealPayments]] = Endpoint("GET", "/payments", query=frozenset({"deal_id"}))
_RECORD_MANUAL: Final[Endpoint[Manual]] = Endpoint("POST", "/payments/record-manual", idempotent=True)
_REFUND: Final[Endpoint[Refund]] = Endpoint("POST", "/payments/refund", idempotent=True)
_SETTINGS: Final[Endpoint[PaymentSettings]] = Endpoint("GET", "/payments/settings")


class PaymentsGroup(Group):
    """``client.payments``."""

    def confirm(
        self,
        *,
        payment_intent_id: str,
        payment_method: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Confirmed:
        """Have a payment intent charged, or see how its charge went, and book the payment on its deal.

        Confirming a booked intent again answers the same and changes nothing. After a declined attempt (402) the
        intent can be confirmed with another ``payment_method``; while the answer's status is ``processing``,
        confirm again later.

        Scope: ``deals:write``. Errors: ``billing.payment_failed``, ``conflict.invalid_state``, ``not_found``,
        ``transient_error.dependency_unavailable``.
        """
        return self._client._run(
            _CONFIRM,
            {"payment_intent_id": payment_intent_id, "payment_method": payment_method},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def create_intent(
        self,
        *,
        deal_id: str,
        amount: Number | None = None,
        currency: str | None = None,
        payment_method: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Intent:
        """Open a payment intent for a deal.

        The amount is what is due unless a smaller one is named. No money moves until the intent is confirmed.

        ``amount``: major units; default: what is due
        ``payment_method``: used when confirm names none

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``,
        ``transient_error.dependency_unavailable``.
        """
        return self._client._run(
            _CREATE_INTENT,
            {"deal_id": deal_id, "amount": amount, "currency": currency, "payment_method": payment_method},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def list(
        self,
        *,
        deal_id: str,
        timeout: float | None = None,
    ) -> DealPayments:
        """How far a deal is paid, and its payments, newest first.

        Scope: ``deals:read``. Errors: ``not_found``.
        """
        return self._client._run(_LIST, {"deal_id": deal_id}, timeout=timeout)

    def record_manual(
        self,
        *,
        deal_id: str,
        amount: Number,
        currency: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Manual:
        """Book a payment that was received outside any provider.

        It may be at most what is due, less what a charge that is under way may be taking.

        ``amount``: major units, at most what is due

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _RECORD_MANUAL,
            {"deal_id": deal_id, "amount": amount, "currency": currency},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def refund(
        self,
        *,
        payment_intent_id: str,
        amount: Number | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Refund:
        """Pay back a payment: everything that is left of it, or the amount that is named.

        ``amount``: major units; default: everything that is left

        Scope: ``deals:write``. Errors: ``billing.payment_failed``, ``conflict.invalid_state``, ``not_found``,
        ``transient_error.dependency_unavailable``.
        """
        return self._client._run(
            _REFUND,
            {"payment_intent_id": payment_intent_id, "amount": amount, "reason": reason},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def settings(
        self,
        *,
        timeout: float | None = None,
    ) -> PaymentSettings:
        """What a checkout needs to know about payments in this workspace and mode. Holds no secret.

        Scope: ``deals:read``.
        """
        return self._client._run(_SETTINGS, {}, timeout=timeout)


class AsyncPaymentsGroup(AsyncGroup):
    """``client.payments``, asynchronously."""

    async def confirm(
        self,
        *,
        payment_intent_id: str,
        payment_method: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Confirmed:
        """Have a payment intent charged, or see how its charge went, and book the payment on its deal."""
        return await self._client._run(
            _CONFIRM,
            {"payment_intent_id": payment_intent_id, "payment_method": payment_method},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def create_intent(
        self,
        *,
        deal_id: str,
        amount: Number | None = None,
        currency: str | None = None,
        payment_method: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Intent:
        """Open a payment intent for a deal."""
        return await self._client._run(
            _CREATE_INTENT,
            {"deal_id": deal_id, "amount": amount, "currency": currency, "payment_method": payment_method},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def list(
        self,
        *,
        deal_id: str,
        timeout: float | None = None,
    ) -> DealPayments:
        """How far a deal is paid, and its payments, newest first."""
        return await self._client._run(_LIST, {"deal_id": deal_id}, timeout=timeout)

    async def record_manual(
        self,
        *,
        deal_id: str,
        amount: Number,
        currency: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Manual:
        """Book a payment that was received outside any provider."""
        return await self._client._run(
            _RECORD_MANUAL,
            {"deal_id": deal_id, "amount": amount, "currency": currency},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def refund(
        self,
        *,
        payment_intent_id: str,
        amount: Number | None = None,
        reason: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Refund:
        """Pay back a payment: everything that is left of it, or the amount that is named."""
        return await self._client._run(
            _REFUND,
            {"payment_intent_id": payment_intent_id, "amount": amount, "reason": reason},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def settings(
        self,
        *,
        timeout: float | None = None,
    ) -> PaymentSettings:
        """What a checkout needs to know about payments in this workspace and mode. Holds no secret."""
        return await self._client._run(_SETTINGS, {}, timeout=timeout)
