"""Stripe: one account in one mode, through Stripe's own client (Stripe API, PaymentIntents and Refunds).

Cards only: they can be held and captured later, and need no page to return to. Nobody knows whether what Stripe did not
answer has happened, so a broken connection, a rate limit and a failure on its side are all ProviderUnavailable. The
client repeats a request that got no answer under the same idempotency key, at most twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from dealwright.kernel import money
from dealwright.providers.payments.protocol import (
    CaptureMethod,
    Intent,
    IntentStatus,
    ProviderDeclined,
    ProviderRefused,
    ProviderUnavailable,
    Refund,
    RefundStatus,
)

if TYPE_CHECKING:
    import stripe

log = structlog.get_logger("dealwright.stripe")

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 20.0
RETRIES: Final = 2

_WITHOUT_MINOR: Final = frozenset(
    "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split()  # noqa: SIM905 - as Stripe prints them
)
"""Currencies that Stripe counts in whole units. ISK and UGX are not among them: Stripe writes those in hundredths."""
_IN_TENS: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""Three decimal places, the last of which must be zero."""
_FIELDS: Final[Mapping[str, str]] = {"amount": "amount", "currency": "currency", "payment_method": "payment_method"}
"""Stripe's parameters and the inputs that fill them."""
_REFUNDS: Final[Mapping[str, RefundStatus]] = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}


def to_units(amount: Decimal, currency: str) -> int:
    """An amount in the unit that Stripe counts in: 10.50 USD → 1050, 500 JPY → 500, 500 ISK → 50000.

    Raises ProviderRefused for what Stripe cannot take.
    """
    units = amount.scaleb(_digits(currency))
    if units != int(units) or not money.fits(amount, currency) or (currency in _IN_TENS and int(units) % 10):
        raise ProviderRefused(f"Stripe takes no such fraction of {currency}", field="amount")
    return int(units)


def from_units(units: int, currency: str) -> Decimal:
    """The inverse of :func:`to_units`."""
    return Decimal(units).scaleb(-_digits(currency))


def _digits(currency: str) -> int:
    if currency in _WITHOUT_MINOR:
        return 0
    return 3 if currency in _IN_TENS else 2


class Stripe:
    """A Stripe account, whose key decides the mode. Nothing is imported or connected before the first call."""

    name = "stripe"

    def __init__(
        self, secret_key: str, publishable_key: str | None, base: str, *, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self._secret_key = secret_key
        self._publishable_key = publishable_key
        self._base = base
        self._timeout = timeout
        self._client: stripe.StripeClient | None = None
        self._http: stripe.HTTPXClient | None = None

    @property
    def publishable_key(self) -> str | None:
        return self._publishable_key

    def _api(self) -> stripe.StripeClient:
        if self._client is None:
            import stripe

            self._http = stripe.HTTPXClient(timeout=self._timeout)
            self._client = stripe.StripeClient(
                self._secret_key,
                base_addresses={"api": self._base},
                max_network_retries=RETRIES,
                http_client=self._http,
            )
        return self._client

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close_async()  # type: ignore[no-untyped-call]

    async def create_intent(
        self,
        amount: Decimal,
        currency: str,
        *,
        idempotency_key: str,
        metadata: Mapping[str, str],
        capture_method: CaptureMethod = "automatic",
    ) -> Intent:
        units = to_units(amount, currency)
        return _intent(
            await self._ask(
                lambda api: api.v1.payment_intents.create_async(
                    {
                        "amount": units,
                        "currency": currency.lower(),
                        "metadata": dict(metadata),
                        "capture_method": capture_method,
                        "allowed_payment_method_types": ["card"],
                    },
                    {"idempotency_key": idempotency_key},
                )
            )
        )

    async def retrieve(self, intent_id: str) -> Intent:
        return _intent(await self._ask(lambda api: api.v1.payment_intents.retrieve_async(intent_id)))

    async def confirm(self, intent_id: str, payment_method: str | None, *, idempotency_key: str) -> Intent:
        """Stripe's word for an intent that needs no confirmation any more is a refusal: it is looked at instead."""
        if payment_method is not None:
            await self._settled(
                intent_id,
                lambda api: api.v1.payment_intents.update_async(
                    intent_id, {"payment_method": payment_method}, {"idempotency_key": f"{idempotency_key}:method"}
                ),
            )
        elif (standing := await self.retrieve(intent_id)).status is IntentStatus.REQUIRES_PAYMENT_METHOD:
            return standing
        return await self._settled(
            intent_id,
            lambda api: api.v1.payment_intents.confirm_async(intent_id, options={"idempotency_key": idempotency_key}),
        )

    async def capture(self, intent_id: str, *, idempotency_key: str) -> Intent:
        intent = await self._settled(
            intent_id,
            lambda api: api.v1.payment_intents.capture_async(intent_id, options={"idempotency_key": idempotency_key}),
        )
        if intent.status not in (IntentStatus.SUCCEEDED, IntentStatus.PROCESSING):
            raise ProviderRefused(f"The intent is {intent.status.value}; there is nothing to capture")
        return intent

    async def cancel(self, intent_id: str, *, idempotency_key: str) -> Intent:
        intent = await self._settled(
            intent_id,
            lambda api: api.v1.payment_intents.cancel_async(intent_id, options={"idempotency_key": idempotency_key}),
        )
        if intent.status is not IntentStatus.CANCELED:
            raise ProviderRefused(f"The intent is {intent.status.value}; it cannot be canceled any more")
        return intent

    async def refund(
        self, intent_id: str, amount: Decimal, currency: str, *, idempotency_key: str, reason: str | None
    ) -> Refund:
        """The merchant's ``reason`` stays here: Stripe knows three words only, and it may name people."""
        units = to_units(amount, currency)
        made = await self._ask(
            lambda api: api.v1.refunds.create_async(
                {"payment_intent": intent_id, "amount": units, "metadata": {"refund_id": idempotency_key}},
                {"idempotency_key": idempotency_key},
            )
        )
        return _refund(made)

    async def refunds(self, intent_id: str) -> list[Refund]:
        found = await self._ask(lambda api: api.v1.refunds.list_async({"payment_intent": intent_id, "limit": 100}))
        return [_refund(each) for each in found.data]

    async def _settled(
        self, intent_id: str, ask: Callable[[stripe.StripeClient], Awaitable[stripe.PaymentIntent]]
    ) -> Intent:
        """What a change of an intent answers, or the intent as it stands where it is past that change."""
        try:
            return _intent(await self._ask(ask))
        except _Unexpected:
            return await self.retrieve(intent_id)

    async def _ask(self, ask: Callable[[stripe.StripeClient], Awaitable[T]]) -> T:
        api = self._api()
        import stripe

        try:
            return await ask(api)
        except stripe.CardError as refusal:
            reason = _declined(refusal.error) or refusal.code or "card_declined"
            raise ProviderDeclined(reason, refusal.user_message or "The card was declined") from None
        except stripe.IdempotencyError as problem:
            log.error("stripe_idempotency_key_reused", request_id=problem.request_id)
            raise ProviderUnavailable from None
        except stripe.InvalidRequestError as refusal:
            if refusal.code == "payment_intent_unexpected_state":
                raise _Unexpected(_said(refusal)) from None
            field = _FIELDS.get(str(refusal.param)) if refusal.param else None
            raise ProviderRefused(_said(refusal), field=field) from None
        except (stripe.AuthenticationError, stripe.PermissionError) as problem:
            log.error("stripe_key_refused", kind=type(problem).__name__, request_id=problem.request_id)
            raise ProviderUnavailable("The payment provider refuses this server's key") from None
        except stripe.StripeError as problem:
            log.warning("stripe_unavailable", kind=type(problem).__name__, request_id=problem.request_id)
            raise ProviderUnavailable from None


class _Unexpected(ProviderRefused):
    """The intent is past what was asked for."""


def _said(refusal: stripe.StripeError) -> str:
    return f"Stripe refused this: {refusal.user_message or 'the request is not valid'}"[:300]


def _declined(error: Any) -> str | None:
    """Why a charge was declined: the issuer's word where there is one, else Stripe's."""
    if not error:
        return None
    return getattr(error, "decline_code", None) or getattr(error, "code", None)


def _intent(found: stripe.PaymentIntent) -> Intent:
    currency = found.currency.upper()
    status = IntentStatus(found.status)
    return Intent(
        id=found.id,
        client_secret=found.client_secret or "",
        status=status,
        amount=from_units(found.amount, currency),
        currency=currency,
        minor_amount=found.amount,
        declined=_declined(getattr(found, "last_payment_error", None)),
    )


def _refund(found: stripe.Refund) -> Refund:
    return Refund(
        id=found.id,
        status=_REFUNDS.get(str(found.status), RefundStatus.PENDING),
        amount=from_units(found.amount, found.currency.upper()),
        reference=getattr(getattr(found, "metadata", None), "refund_id", None),
    )
