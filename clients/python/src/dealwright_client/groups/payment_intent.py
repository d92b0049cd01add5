"""Payment intent: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.values import Number


class WidgetIntent(TypedDict):
    """As Stripe writes it: ``amount`` in the currency's smallest unit, ``currency`` in lower case."""

    client_secret: str
    amount: int
    currency: str


_CREATE: Final[Endpoint[WidgetIntent]] = Endpoint("POST", "/payment-intent", idempotent=True)


class PaymentIntentGroup(Group):
    """``client.payment_intent``."""

    def create(
        self,
        *,
        deal_id: str,
        amount: Number | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> WidgetIntent:
        """Open a payment intent for the payment step of a widget.

        The widget finishes it in the browser with ``client_secret``; the money is then held, and taken as soon as
        the provider has told this server.

        ``amount``: major units; default: what is due

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``,
        ``transient_error.dependency_unavailable``.
        """
        return self._client._run(
            _CREATE, {"deal_id": deal_id, "amount": amount}, idempotency_key=idempotency_key, timeout=timeout
        )


class AsyncPaymentIntentGroup(AsyncGroup):
    """``client.payment_intent``, asynchronously."""

    async def create(
        self,
        *,
        deal_id: str,
        amount: Number | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> WidgetIntent:
        """Open a payment intent for the payment step of a widget."""
        return await self._client._run(
            _CREATE, {"deal_id": deal_id, "amount": amount}, idempotency_key=idempotency_key, timeout=timeout
        )
