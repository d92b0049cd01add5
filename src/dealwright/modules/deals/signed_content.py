"""What the parties of a deal agree on: the content that a signature covers. Described in docs/signing.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from dealwright.kernel import ids

FORMAT: Final = "dealwright.deal.1"

Row = Mapping[str, Any]


def _amount(value: Decimal) -> str:
    """Exactly what the column holds: four places, so that no change is too small to be seen."""
    return f"{value:.4f}"


def _reference(prefix: str, key: UUID | None) -> str | None:
    return ids.encode(prefix, key) if key is not None else None


def _item(item: Row) -> dict[str, Any]:
    return {
        "item_id": ids.encode("item", item["id"]),
        "product_id": ids.encode("prod", item["product_id"]),
        "name": item["name"],
        "quantity": item["quantity"],
        "unit_price": _amount(item["unit_price"]),
        "discount": _amount(item["discount"]),
        "line_total": _amount(item["line_total"]),
        "options": item["options"],
        "configuration": item["configuration"],
        "accepted": item["accepted"],
    }


def of(deal: Row, items: Sequence[Row]) -> dict[str, Any]:
    """The agreed content of a deal: parties, subject, items, prices, terms.

    What the workspace keeps for itself (notes, metadata, outcome) and what changes as the deal goes on (status,
    payments, version) is no part of it.
    """
    return {
        "format": FORMAT,
        "tenant_id": ids.encode("tenant", deal["tenant_id"]),
        "livemode": deal["livemode"],
        "deal_id": ids.encode("deal", deal["id"]),
        "number": deal["number"],
        "customer_id": _reference("cust", deal["customer_id"]),
        "title": deal["title"],
        "description": deal["description"],
        "deal_type": deal["deal_type"],
        "billing_cycle": deal["billing_cycle"],
        "currency": deal["currency"],
        "presentation_currency": deal["presentation_currency"],
        "settlement_currency": deal["settlement_currency"],
        "line_items": [_item(item) for item in items],
        "discounts": deal["discounts"],
        "tax_rate": f"{deal['tax_rate']:.6f}",
        "subtotal": _amount(deal["subtotal"]),
        "discount_total": _amount(deal["discount_total"]),
        "tax_amount": _amount(deal["tax_amount"]),
        "total": _amount(deal["total"]),
        "terms": deal["terms"],
    }
