"""Pure rules of deals: prices, the state machine, payment status, terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, get_args

from dealwright.kernel.money import LARGEST, round_money
from dealwright.kernel.state_machine import Condition, Move, StateMachine, publish

Status = Literal[
    "draft",
    "in_progress",
    "pending_signature",
    "awaiting_signatures",
    "pending_payment",
    "partially_accepted",
    "closed",
    "cancelled",
    "expired",
]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
ENDED: Final[tuple[Status, ...]] = ("closed", "cancelled", "expired")
"""Statuses in which nothing is left to do."""

EDITABLE: Final = frozenset({"draft", "in_progress", "partially_accepted"})
"""Statuses in which what the deal is worth may still change."""

PAYABLE_TO_CLOSE: Final = frozenset({"in_progress", "pending_payment"})
"""A full payment closes a deal in these; one that is out for signature first waits for its signatures."""

MOST_ITEMS: Final = 500
PaymentStatus = Literal["unpaid", "partially_paid", "paid", "partially_refunded", "refunded"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the conditions of a move look at."""

    items: int
    has_customer: bool


_HAS_PRODUCT: Final = Condition[Facts]("has_product", "the deal needs at least one line item", lambda f: f.items > 0)
_HAS_CUSTOMER: Final = Condition[Facts]("has_customer", "the deal needs a customer", lambda f: f.has_customer)
_COMPLETE: Final = (_HAS_PRODUCT, _HAS_CUSTOMER)

_OPEN: Final = tuple(status for status in STATUSES if status not in ENDED)

MACHINE: Final = StateMachine[Status, Facts](
    name="deal",
    states=STATUSES,
    initial=("draft", "in_progress"),
    moves=(
        Move("draft", "in_progress", "Start work"),
        Move("in_progress", "pending_signature", "Send for signature", _COMPLETE),
        Move("pending_signature", "pending_payment", "Ask for payment"),
        Move("pending_payment", "closed", "Close"),
        Move("partially_accepted", "in_progress", "Resume work"),
        Move("partially_accepted", "pending_signature", "Send for signature", _COMPLETE),
        *(Move(status, "cancelled", "Cancel") for status in _OPEN),
        # What follows happens as the effect of another action.
        Move("pending_signature", "awaiting_signatures", "First of several signatures", requestable=False),
        Move("awaiting_signatures", "pending_payment", "Last signature", requestable=False),
        Move("awaiting_signatures", "in_progress", "Signature removed", requestable=False),
        Move("pending_payment", "in_progress", "Signature removed", requestable=False),
        Move("pending_signature", "in_progress", "Signature removed", requestable=False),
        Move("awaiting_signatures", "pending_signature", "One signature removed", requestable=False),
        Move("pending_payment", "pending_signature", "One signature removed", requestable=False),
        Move("in_progress", "partially_accepted", "Accepted in part", requestable=False),
        Move("pending_signature", "partially_accepted", "Accepted in part", requestable=False),
        Move("in_progress", "closed", "Paid in full", requestable=False),
        Move("pending_signature", "closed", "Escrow released", requestable=False),
        Move("awaiting_signatures", "closed", "Escrow released", requestable=False),
        Move("partially_accepted", "closed", "Escrow released", requestable=False),
        *(Move(status, "expired", "Lapsed", requestable=False) for status in _OPEN),
    ),
)
"""Salesbooth API, Deals: draft → in_progress → pending_signature → pending_payment → closed, and the ways off it."""

publish("deals", MACHINE)


def is_bought(item: Mapping[str, Any]) -> bool:
    """Whether a line item counts towards the deal: all do that the buyer has not declined."""
    return item["accepted"] is not False


def declined_items(items: Iterable[str], accepted: Sequence[str], declined: Sequence[str]) -> list[str]:
    """Which of a deal's items a partial acceptance declines: every one that it does not accept.

    Raises ValueError when an id is none of the deal's, or stands in both lists.
    """
    there = list(items)
    if unknown := [each for each in (*accepted, *declined) if each not in there]:
        raise ValueError(f"{unknown[0]} is no line item of this deal")
    if both := [each for each in declined if each in accepted]:
        raise ValueError(f"{both[0]} cannot be accepted and rejected")
    return [each for each in there if each not in accepted]


def discounts_of_declined(discounts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The discounts that go along with declined items: percentages do, an amount stays with what was accepted."""
    return [
        {name: value for name, value in discount.items() if name != "amount"}
        for discount in discounts
        if discount["type"] == "percentage"
    ]


TEMPLATE_COLUMNS: Final[tuple[str, ...]] = (
    "currency",
    "tax_rate",
    "deal_type",
    "billing_cycle",
    "presentation_currency",
    "settlement_currency",
)
"""Members of a template's default terms that are the deal's own; all others but discounts are terms of the deal."""


def deal_of_template(default_terms: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What a deal gets from a template: its own columns, ``discounts`` and ``terms``; overrides win."""
    merged = {**default_terms, **overrides}
    columns = {name: merged.pop(name) for name in TEMPLATE_COLUMNS if name in merged}
    if "tax_rate" in columns:
        columns["tax_rate"] = Decimal(str(columns["tax_rate"]))
    discounts = merged.pop("discounts", [])
    terms = {"terms_schema_version": "1.0", **merged} if merged else None
    return {**columns, "discounts": discounts, "terms": terms}


def template_of_deal(deal: Mapping[str, Any]) -> dict[str, Any]:
    """The default terms that make a deal like this one: its terms, its own members, its discounts."""
    own = {name: deal[name] for name in TEMPLATE_COLUMNS if deal[name] is not None}
    discounts = [
        {**{name: value for name, value in discount.items() if name != "amount"}, "value": float(discount["value"])}
        for discount in deal["discounts"]
    ]
    kept = {"discounts": discounts} if discounts else {}
    return {**(deal["terms"] or {}), **own, **kept, "tax_rate": float(deal["tax_rate"])}


def normal_tax_rate(rate: Decimal) -> Decimal:
    """A fraction; a value of 1 or more is a percentage and divided by 100 (10 → 0.10)."""
    return rate / 100 if rate >= 1 else rate


def line_total(quantity: int, unit_price: Decimal, discount: Decimal, currency: str) -> Decimal:
    """Quantity times price less the line's own discount (an amount), never below zero, rounded once."""
    return round_money(max(quantity * unit_price - discount, Decimal(0)), currency)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a deal costs, in its currency. ``discounts`` repeats the deal's discounts with their computed amounts."""

    subtotal: Decimal
    discount_total: Decimal
    tax_amount: Decimal
    total: Decimal
    discounts: list[dict[str, Any]]

    @property
    def within_bounds(self) -> bool:
        return self.subtotal <= LARGEST and self.total <= LARGEST


def totals(
    line_totals: Iterable[Decimal], discounts: Sequence[Mapping[str, Any]], tax_rate: Decimal, currency: str
) -> Totals:
    """Sum the lines, take the discounts off before tax, add the tax.

    A percentage is taken of the whole subtotal; all discounts together never exceed it. Each amount is rounded
    half-even once.
    """
    subtotal = sum(line_totals, Decimal(0))
    left = subtotal
    priced: list[dict[str, Any]] = []
    for discount in discounts:
        value = Decimal(str(discount["value"]))
        wanted = subtotal * value / 100 if discount["type"] == "percentage" else value
        amount = min(round_money(wanted, currency), left)
        left -= amount
        priced.append({**discount, "amount": str(amount)})
    tax = round_money(left * tax_rate, currency)
    return Totals(subtotal, subtotal - left, tax, left + tax, priced)


def payment_status(total: Decimal, paid: Decimal, refunded: Decimal) -> PaymentStatus:
    """How far a deal is paid, from the sums booked on it."""
    if paid <= 0:
        return "unpaid"
    if refunded >= paid:
        return "refunded"
    if paid - refunded >= total:
        return "paid"
    return "partially_refunded" if refunded > 0 else "partially_paid"


def amount_due(total: Decimal, paid: Decimal, refunded: Decimal) -> Decimal:
    """What is still to be paid, never below zero."""
    return max(total - (paid - refunded), Decimal(0))


def differences(first: Any, second: Any, path: str = "") -> list[dict[str, Any]]:
    """Where two terms differ: the path of each leaf with both values, None where one has nothing."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        found: list[dict[str, Any]] = []
        for name in sorted({*first, *second}):
            here = f"{path}.{name}" if path else str(name)
            found += differences(first.get(name), second.get(name), here)
        return found
    if first == second:
        return []
    return [{"path": path, "deal_1": first, "deal_2": second}]
