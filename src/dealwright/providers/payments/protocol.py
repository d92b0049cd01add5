"""What a payment provider is to this server: payment intents that are opened, confirmed, captured and refunded.

The shape follows PaymentIntents with manual capture, so that the server can look at its own books once more between
the customer's consent and the moment when money moves. Amounts are Decimal in major units with an upper-case ISO 4217
currency; an adapter turns them into what its provider wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from dealwright.kernel.errors import Unavailable

CaptureMethod = Literal["automatic", "manual"]


class IntentStatus(StrEnum):
    """Where an intent stands. A word that is not known here reads as ``processing``: unknown means pending."""

    REQUIRES_PAYMENT_METHOD = "requires_payment_method"
    REQUIRES_CONFIRMATION = "requires_confirmation"
    REQUIRES_ACTION = "requires_action"
    """The customer has something left to do, for example 3-D Secure."""
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    """The money is held for us and moves when we capture it."""
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"

    @classmethod
    def _missing_(cls, value: object) -> IntentStatus:
        return cls.PROCESSING


class RefundStatus(StrEnum):
    """Where a refund stands; unknown means pending here too."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @classmethod
    def _missing_(cls, value: object) -> RefundStatus:
        return cls.PENDING


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment intent as the provider sees it now."""

    id: str
    client_secret: str
    status: IntentStatus
    amount: Decimal
    currency: str
    minor_amount: int
    """The amount as the provider writes it, for its own code in a browser."""
    declined: str | None = None
    """Why the last attempt to pay failed, in the provider's word, where one did."""
    held_until: datetime | None = None
    """When the provider lets go of money that it holds, where it says so."""


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as the provider sees it now."""

    id: str
    status: RefundStatus
    amount: Decimal
    reference: str | None = None
    """The idempotency key that it was asked for with; None for a refund that somebody made at the provider itself."""


class ProviderDeclined(Exception):
    """The provider said no to moving the money; ``reason`` is its word for why (``insufficient_funds``)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class ProviderRefused(Exception):
    """The provider cannot do what was asked; nothing happened there. ``field`` names the input at fault, if one is."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class ProviderUnavailable(Unavailable):
    """503: the provider gave no answer. Whether it acted is not known: ask again before acting again."""

    default_message = "The payment provider does not answer at the moment"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that was paid out to somebody else."""

    id: str
    amount: Decimal
    reversed: bool


@runtime_checkable
class Payouts(Protocol):
    """What a provider can do besides, if it pays others out: the parties to a deal.

    Both methods may raise ProviderUnavailable; their ``idempotency_key`` works as everywhere.
    """

    async def transfer(
        self, amount: Decimal, currency: str, *, destination: str, idempotency_key: str, metadata: Mapping[str, str]
    ) -> Transfer:
        """Pay out to ``destination``, as the workspace knows it. Raises ProviderDeclined and ProviderRefused."""

    async def reverse(self, transfer_id: str, *, idempotency_key: str) -> Transfer:
        """Take a payout back as a whole. Raises ProviderDeclined and ProviderRefused."""


class PaymentProvider(Protocol):
    """One account at one provider.

    Every method may raise ProviderUnavailable. An ``idempotency_key`` makes a repeated call the same call: it has
    its effect once and answers, or declines, as it did the first time.
    """

    @property
    def name(self) -> str:
        """What payment records keep to find the provider again: ``stripe``, ``sandbox``."""

    @property
    def publishable_key(self) -> str | None:
        """The key that a browser may hold, where the provider has such a thing."""

    async def create_intent(
        self,
        amount: Decimal,
        currency: str,
        *,
        idempotency_key: str,
        metadata: Mapping[str, str],
        capture_method: CaptureMethod = "automatic",
    ) -> Intent:
        """Open an intent; no money moves. Raises ProviderRefused."""

    async def retrieve(self, intent_id: str) -> Intent:
        """The intent as it stands. Raises ProviderRefused for an unknown one."""

    async def confirm(self, intent_id: str, payment_method: str | None, *, idempotency_key: str) -> Intent:
        """Charge, or hold, the money with this payment method or with the one that the intent has.

        An intent that needs no confirmation, or has no method to be confirmed with, is answered as it stands.
        Raises ProviderDeclined and ProviderRefused; the intent can then be confirmed with another method.
        """

    async def capture(self, intent_id: str, *, idempotency_key: str) -> Intent:
        """Take money that is held. Raises ProviderDeclined and ProviderRefused."""

    async def cancel(self, intent_id: str, *, idempotency_key: str) -> Intent:
        """Give up an intent and let go of money that is held. Raises ProviderRefused once the money was taken."""

    async def refund(
        self, intent_id: str, amount: Decimal, currency: str, *, idempotency_key: str, reason: str | None
    ) -> Refund:
        """Pay back. Raises ProviderDeclined and ProviderRefused, when nothing was paid back."""

    async def refunds(self, intent_id: str) -> list[Refund]:
        """Every refund of an intent, whoever made it. Raises ProviderRefused for an unknown intent."""
