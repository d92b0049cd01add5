"""The signing certificate of a deal, as data and as a document."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

from dealwright.kernel import money
from dealwright.kernel.context import Context
from dealwright.kernel.resources import Row
from dealwright.modules.deals import records, signing
from dealwright.modules.signing import certificates


async def of(ctx: Context, row: Row) -> tuple[dict[str, Any], bytes]:
    """The certificate of a deal and the bytes that were signed. Raises Conflict for a deal without a signature."""
    found, content = await certificates.of(ctx, signing.SUBJECT, row, await signing.content_of(ctx, row))
    deal_hash = found.pop("content_hash")
    return {"deal_id": records.resource.wire_id(row["id"]), "deal_hash": deal_hash, **found}, content


async def document(ctx: Context, certificate: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """What the printed certificate says: the agreement as it was signed, its parties by name, and the proof."""
    agreed = orjson.loads(content)
    parties = await certificates.parties(ctx, agreed["customer_id"])
    buyer = parties[1]["signer"] if agreed["customer_id"] is not None else None
    return {
        "kind": "deal",
        "id": certificate["deal_id"],
        "title": agreed["title"] or buyer or f"Deal {agreed['number']}",
        "number": str(agreed["number"]),
        "description": agreed["description"],
        "livemode": certificate["livemode"],
        "status": certificate["status"],
        "parties": parties,
        "facts": [],
        "prices": prices(agreed),
        "billing": agreed["billing_cycle"] if agreed["deal_type"] == "recurring" else None,
        "terms": certificates.lines(agreed["terms"] or {}),
        **certificates.proof({**certificate, "content_hash": certificate["deal_hash"]}, parties),
        "verification_url": certificate["verification_url"],
        "public_key_url": certificate["public_key_url"],
        "issued_at": certificate["issued_at"],
    }


def prices(agreed: Mapping[str, Any]) -> dict[str, Any]:
    """The items and sums of an agreed content, formatted for print."""
    currency = agreed["currency"]

    def shown(amount: str) -> str:
        return money.formatted(Decimal(amount), currency)

    items = [
        {
            "name": each["name"],
            "quantity": str(each["quantity"]),
            "unit_price": shown(each["unit_price"]),
            "line_total": shown(each["line_total"]),
            "details": certificates.lines(each["options"] or {}),
        }
        for each in agreed["line_items"]
    ]
    sums = [("Subtotal", shown(agreed["subtotal"]))]
    for each in agreed["discounts"]:
        said = each["description"] or each["code"] or "Discount"
        sums.append((said, f"−{shown(each['amount'])}"))
    rate = Decimal(agreed["tax_rate"]) * 100
    sums.append((f"Tax ({rate.normalize():f}%)", shown(agreed["tax_amount"])))
    return {"currency": currency, "items": items, "sums": sums, "total": shown(agreed["total"])}
