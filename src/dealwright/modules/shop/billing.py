"""Pure rules of quotes and invoices: sums, lifecycles, what a payment does. Amounts are whole US cents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from dealwright.kernel import money
from dealwright.kernel.state_machine import Move, StateMachine

LARGEST_CENTS: Final = money.to_minor(money.LARGEST, "USD")
"""No quote or invoice may be worth more."""

QuoteStatus = Literal["draft", "sent", "accepted", "declined", "expired", "converted"]
InvoiceStatus = Literal["draft", "unpaid", "partial", "paid", "voided"]
Method = Literal["card", "cash", "check", "ach", "other"]

QUOTES: Final = StateMachine[QuoteStatus, None](
    name="shop_quote",
    states=("draft", "sent", "accepted", "declined", "expired", "converted"),
    initial=("draft",),
    moves=(
        Move("draft", "sent", "Send"),
        Move("sent", "accepted", "Accept"),
        Move("sent", "declined", "Decline"),
        Move("draft", "expired", "Lapse", requestable=False),
        Move("sent", "expired", "Lapse", requestable=False),
        Move("accepted", "converted", "Convert to an invoice", requestable=False),
    ),
)
"""SalesThumb REST API, Quotes."""

QUOTE_EDITABLE: Final = frozenset({"draft", "sent"})
"""Statuses in which what a quote says may still change: what was accepted is agreed."""

INVOICES: Final = StateMachine[InvoiceStatus, None](
    name="shop_invoice",
    states=("draft", "unpaid", "partial", "paid", "voided"),
    initial=("draft", "unpaid"),
    moves=(
        Move("draft", "unpaid", "Issue"),
        Move("draft", "voided", "Void"),
        Move("unpaid", "voided", "Void"),
        Move("partial", "voided", "Void"),
        Move("unpaid", "partial", "Paid in part", requestable=False),
        Move("unpaid", "paid", "Paid in full", requestable=False),
        Move("partial", "paid", "Paid in full", requestable=False),
        Move("paid", "partial", "Payment removed", requestable=False),
        Move("paid", "unpaid", "Payment removed", requestable=False),
        Move("partial", "unpaid", "Payment removed", requestable=False),
    ),
)
"""SalesThumb REST API, Invoices."""

PAYABLE: Final = frozenset({"unpaid", "partial"})


@dataclass(frozen=True, slots=True)
class Totals:
    """``total_cents`` is always ``subtotal_cents + tax_cents``."""

    subtotal_cents: int
    tax_cents: int

    @property
    def total_cents(self) -> int:
        return self.subtotal_cents + self.tax_cents

    @property
    def within_bounds(self) -> bool:
        return self.subtotal_cents > 0 and self.tax_cents >= 0 and self.total_cents <= LARGEST_CENTS

    def columns(self) -> dict[str, int]:
        return {
            "subtotal_cents": self.subtotal_cents,
            "tax_cents": self.tax_cents,
            "total_cents": self.total_cents,
        }


def totals(lines: Iterable[Mapping[str, Any]], tax_cents: int) -> Totals:
    """The sum of quantity times price, and the tax that the caller worked out."""
    return Totals(sum(line["quantity"] * line["unit_price_cents"] for line in lines), tax_cents)


def lapsed(status: QuoteStatus, expires_at: datetime | None, now: datetime) -> bool:
    """Whether a quote's time is over although nobody has written that down yet."""
    return expires_at is not None and expires_at <= now and QUOTES.move(status, "expired") is not None


def current_status(status: QuoteStatus, expires_at: datetime | None, now: datetime) -> QuoteStatus:
    return "expired" if lapsed(status, expires_at, now) else status


@dataclass(frozen=True, slots=True)
class Balance:
    """What is owed: ``0 <= paid_cents <= total_cents``."""

    total_cents: int
    paid_cents: int

    @property
    def balance_cents(self) -> int:
        return self.total_cents - self.paid_cents

    @property
    def status(self) -> InvoiceStatus:
        """Of an invoice that was issued and is not voided: paid exactly when nothing is left to pay."""
        if self.balance_cents == 0:
            return "paid"
        return "partial" if self.paid_cents else "unpaid"

    def takes(self, amount_cents: int) -> bool:
        """Whether this much may still be paid."""
        return 0 < amount_cents <= self.balance_cents

    def after(self, amount_cents: int) -> Balance:
        """With a payment more (or, negative, one less). Raises ValueError for more than is owed or was paid."""
        paid = self.paid_cents + amount_cents
        if not 0 <= paid <= self.total_cents:
            raise ValueError(f"{amount_cents} cents do not fit into {self}")
        return Balance(self.total_cents, paid)
