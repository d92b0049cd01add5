"""Deal notifications: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.values import UNSET, Unset


class Contact(TypedDict):
    customer_id: str
    preferred_channel: Literal["email", "sms"]
    """what a message would use"""
    has_email: bool
    has_phone: bool
    marketing_consent: bool
    recent_notifications: list[DealNotification]


class DealNotification(TypedDict):
    id: str
    notification_id: str
    deal_id: str
    customer_id: str
    type: Literal["quote_sent", "invoice_sent", "payment_reminder", "deal_update", "terms_updated"]
    channel: Literal["email", "sms"]
    status: Literal["queued", "sent", "failed"]
    """queued until the worker has handed it over"""
    sent_at: str | None
    created_at: str


_GET: Final[Endpoint[Contact]] = Endpoint("GET", "/deal-notifications", query=frozenset({"customer_id"}))
_SEND: Final[Endpoint[DealNotification]] = Endpoint("POST", "/deal-notifications", idempotent=True)
_SET_PREFERENCES: Final[Endpoint[Contact]] = Endpoint("PUT", "/deal-notifications", nulls=True)


class DealNotificationsGroup(Group):
    """``client.deal_notifications``."""

    def get(
        self,
        *,
        customer_id: str,
        timeout: float | None = None,
    ) -> Contact:
        """Show which channels can reach a customer and what was sent lately; never the address or number itself.

        ``customer_id``: customer to check

        Scope: ``customers:read``. Errors: ``not_found``.
        """
        return self._client._run(_GET, {"customer_id": customer_id}, timeout=timeout)

    def send(
        self,
        *,
        deal_id: str,
        type: Literal["quote_sent", "invoice_sent", "payment_reminder", "deal_update", "terms_updated"],
        message: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> DealNotification:
        """Send a quote link, an invoice link, a payment reminder or other news to the customer of a deal.

        The message goes by the channel that the customer prefers, or by the other one when only that has an
        address. It is handed over in the background. A key sends ten of them an hour.

        ``deal_id``: its customer gets the message
        ``message``: replaces the default text

        Scope: ``deals:write``. Errors: ``not_found``, ``rate_limited``.
        """
        return self._client._run(
            _SEND,
            {"deal_id": deal_id, "type": type, "message": message},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def set_preferences(
        self,
        *,
        customer_id: str,
        preferred_channel: Literal["email", "sms"] | Unset | None = UNSET,
        marketing_consent: bool | Unset = UNSET,
        timeout: float | None = None,
    ) -> Contact:
        """Note how a customer likes to be reached, and whether they agreed to marketing (ours).

        Scope: ``customers:write``. Errors: ``not_found``.
        """
        return self._client._run(
            _SET_PREFERENCES,
            {
                "customer_id": customer_id,
                "preferred_channel": preferred_channel,
                "marketing_consent": marketing_consent,
            },
            timeout=timeout,
        )


class AsyncDealNotificationsGroup(AsyncGroup):
    """``client.deal_notifications``, asynchronously."""

    async def get(
        self,
        *,
        customer_id: str,
        timeout: float | None = None,
    ) -> Contact:
        """Show which channels can reach a customer and what was sent lately; never the address or number itself."""
        return await self._client._run(_GET, {"customer_id": customer_id}, timeout=timeout)

    async def send(
        self,
        *,
        deal_id: str,
        type: Literal["quote_sent", "invoice_sent", "payment_reminder", "deal_update", "terms_updated"],
        message: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> DealNotification:
        """Send a quote link, an invoice link, a payment reminder or other news to the customer of a deal."""
        return await self._client._run(
            _SEND,
            {"deal_id": deal_id, "type": type, "message": message},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def set_preferences(
        self,
        *,
        customer_id: str,
        preferred_channel: Literal["email", "sms"] | Unset | None = UNSET,
        marketing_consent: bool | Unset = UNSET,
        timeout: float | None = None,
    ) -> Contact:
        """Note how a customer likes to be reached, and whether they agreed to marketing (ours)."""
        return await self._client._run(
            _SET_PREFERENCES,
            {
                "customer_id": customer_id,
                "preferred_channel": preferred_channel,
                "marketing_consent": marketing_consent,
            },
            timeout=timeout,
        )
