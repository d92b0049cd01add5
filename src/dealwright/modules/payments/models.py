"""Inputs and results of the payment operations (Salesbooth API, Payments). Amounts on the wire are plain numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from dealwright.kernel.fields import Currency, Identifier, InHeader, Input, PositiveAmount, RawBody, Wire
from dealwright.modules.deals.rules import PaymentStatus
from dealwright.modules.payments.rules import Status
from dealwright.providers.payments.protocol import IntentStatus


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


AnyCaseCurrency = Annotated[
    Currency, BeforeValidator(_upper), Field(description="ISO 4217 code of the deal's currency, in either case")
]
MethodToken = Annotated[
    str,
    StringConstraints(pattern=r"^pm_[A-Za-z0-9_]{1,200}$"),
    Field(
        description="token of a payment method at the provider; card data never comes here", examples=["pm_card_visa"]
    ),
]


class PaymentList(Input):
    deal_id: Identifier


class PaymentSettings(Input):
    pass


class NewIntent(Input):
    deal_id: Identifier
    amount: Annotated[PositiveAmount | None, Field(description="major units; default: what is due")] = None
    currency: AnyCaseCurrency | None = None
    payment_method: Annotated[MethodToken | None, Field(description="used when confirm names none")] = None


class NewWidgetIntent(Input):
    deal_id: Identifier
    amount: Annotated[PositiveAmount | None, Field(description="major units; default: what is due")] = None


class ConfirmIntent(Input):
    payment_intent_id: Identifier
    payment_method: MethodToken | None = None


class NewRefund(Input):
    payment_intent_id: Identifier
    amount: Annotated[PositiveAmount | None, Field(description="major units; default: everything that is left")] = None
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None


class ManualPayment(Input):
    deal_id: Identifier
    amount: Annotated[PositiveAmount, Field(description="major units, at most what is due")]
    currency: AnyCaseCurrency | None = None


class PaymentView(Wire):
    """A payment: ``method`` is ``manual`` or the name of the provider that took the money."""

    id: str
    payment_id: str
    payment_intent_id: str | None
    deal_id: str
    method: str
    amount: float
    amount_refunded: float
    currency: str
    status: Status
    failure_reason: str | None
    created_at: str


class DealPayments(Wire):
    deal_id: str
    payment_status: PaymentStatus
    total: float
    amount_paid: float
    amount_refunded: float
    amount_due: float
    currency: str
    payments: list[PaymentView]


class PaymentSettingsView(Wire):
    provider: str | None
    mode: Literal["test", "live"]
    configured: bool
    stripe_publishable_key: str | None
    default_currency: str
    deposit_percentage: float | None
    manual_payments_enabled: bool


class IntentView(Wire):
    """``currency`` is in lower case, as payment intents have it."""

    id: str
    payment_intent_id: str
    payment_id: str
    client_secret: str
    amount: float
    currency: str
    status: IntentStatus


class WidgetIntentView(Wire):
    """As Stripe writes it: ``amount`` in the currency's smallest unit, ``currency`` in lower case."""

    client_secret: str
    amount: int
    currency: str


class ConfirmedView(Wire):
    id: str
    payment_intent_id: str
    payment_id: str
    deal_id: str
    status: IntentStatus
    amount: float
    currency: str
    payment_status: PaymentStatus
    paid_at: str | None


class RefundView(Wire):
    """``amount_refunded`` and ``status`` are the payment's, all its refunds together."""

    id: str
    refund_id: str
    payment_intent_id: str
    payment_id: str
    deal_id: str
    amount: float
    amount_refunded: float
    currency: str
    status: Status
    reason: str | None


class ManualView(PaymentView):
    payment_status: PaymentStatus


class StripeDelivery(Input):
    """One webhook request of Stripe's."""

    model_config = ConfigDict(str_strip_whitespace=False)

    body: Annotated[bytes, RawBody()]
    signature: Annotated[str, InHeader("Stripe-Signature"), Field(description="signature over the body")] = ""
