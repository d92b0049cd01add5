"""Pure rules of payments: which deals can be paid, how much may be charged and how much paid back."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from dealwright.kernel import money
from dealwright.kernel.errors import Conflict, invalid_field

Status = Literal[
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
"""Of a payment as we book it. ``opening``: the provider has not yet answered that the intent exists. ``processing``:
the provider was asked to charge, or may have been; until it says how that ended the sum counts as taken.
``requires_capture``: the sum is held until somebody says whether it is to be taken. ``failed``: the last attempt was
declined, another may follow."""

UNDERWAY: Final = ("processing", "requires_capture")
"""The sum is not booked and not free either."""

BOOKED: Final = frozenset({"succeeded", "partially_refunded", "refunded"})
"""The money came in."""

REFUNDABLE: Final = frozenset({"succeeded", "partially_refunded"})

CHARGEABLE_DEALS: Final = frozenset(
    {"in_progress", "pending_signature", "awaiting_signatures", "pending_payment", "partially_accepted"}
)
BOOKABLE_DEALS: Final = CHARGEABLE_DEALS | {"closed"}
"""A transfer may also arrive after the deal was closed."""


def check_chargeable(deal_status: str, due: Decimal) -> None:
    """Whether a provider may charge for a deal. Raises Conflict."""
    if deal_status not in CHARGEABLE_DEALS:
        raise Conflict(
            f"A deal in status {deal_status} cannot be paid",
            hint="A deal takes payments from in_progress until it is closed, cancelled or expired.",
        )
    if due <= 0:
        raise Conflict("The deal is already fully paid")


def check_bookable(deal_status: str) -> None:
    """Whether money that came another way may be booked on a deal. Raises Conflict."""
    if deal_status not in BOOKABLE_DEALS:
        raise Conflict(f"A payment cannot be booked on a deal in status {deal_status}")


def check_currency(asked: str | None, currency: str) -> None:
    """Raises InvalidFields when a currency other than the deal's is named."""
    if asked is not None and asked != currency:
        raise invalid_field("currency", "invalid_choice", f"The deal is in {currency}, not in {asked}")


def amount_to_pay(asked: Decimal | None, due: Decimal, currency: str) -> Decimal:
    """The sum of a new payment: what was asked for, or all that is due. Raises InvalidFields beyond that."""
    if asked is None:
        return due
    _check_precision(asked, currency)
    if asked > due:
        raise invalid_field("amount", "out_of_range", f"Only {money.text(due, currency)} {currency} is due")
    return asked


def check_room(amount: Decimal, due: Decimal, underway: Decimal, currency: str) -> None:
    """Whether charging ``amount`` leaves the deal within its total, with what other charges may already have taken.

    Raises Conflict.
    """
    if amount > due - underway:
        free = money.text(max(due - underway, Decimal(0)), currency)
        raise Conflict(
            f"Charging {money.text(amount, currency)} {currency} would pay the deal more than its total;"
            f" {free} {currency} is open"
            + (", the rest is in other payments that are being processed" if underway > 0 else ""),
            hint="Open a payment intent for what is still due.",
        )


def refundable(amount: Decimal, refunded: Decimal, underway: Decimal) -> Decimal:
    """What of a payment can still be paid back, never below zero; refunds that may be under way count as made."""
    return max(amount - refunded - underway, Decimal(0))


def amount_to_refund(asked: Decimal | None, left: Decimal, currency: str) -> Decimal:
    """The sum of a new refund: what was asked for, or all that is left. Raises InvalidFields beyond that."""
    if asked is None:
        return left
    _check_precision(asked, currency)
    if asked > left:
        raise invalid_field("amount", "out_of_range", f"Only {money.text(left, currency)} {currency} can be refunded")
    return asked


def status_with_refunds(amount: Decimal, refunded: Decimal) -> Status:
    """The status of a booked payment of which ``refunded`` was paid back."""
    if refunded <= 0:
        return "succeeded"
    return "refunded" if refunded >= amount else "partially_refunded"


def _check_precision(amount: Decimal, currency: str) -> None:
    if not money.fits(amount, currency):
        digits = money.exponent(currency)
        raise invalid_field("amount", "out_of_range", f"Amount: {currency} has {digits} digits behind the point")
