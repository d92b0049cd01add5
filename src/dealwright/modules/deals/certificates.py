"""The signing certificate of a deal: who signed which content, when, with which key; as data and as a document."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from dealwright.kernel import clock, ids, money
from dealwright.kernel.access import keys as access
from dealwright.kernel.context import Context
from dealwright.kernel.crypto import Tampered
from dealwright.kernel.errors import Conflict
from dealwright.kernel.resources import Row
from dealwright.kernel.settings import PublicAddress
from dealwright.modules.customers import records as customers
from dealwright.modules.deals import records, signing
from dealwright.modules.signing import keys, rules, signatures
from dealwright.modules.signing.subjects import Standing


async def of(ctx: Context, row: Row) -> tuple[dict[str, Any], bytes]:
    """The certificate of a signed deal and the bytes that were signed. Raises Conflict for a deal without a signature.

    It is complete in itself: with the published key it proves the signatures without this server.
    """
    rows = await signatures.standing(ctx, "deal", row["id"])
    if not rows:
        raise Conflict("This deal carries no signature", details={"current_status": row["status"]})
    standing = Standing(await signing.content_of(ctx, row), claims_signed=True)
    found = await signatures.examine(ctx, signing.SUBJECT, row["id"], standing)
    public_keys = await keys.by_ids(ctx, [each["key_id"] for each in rows])
    try:
        content = signatures.signed_content(ctx, rows[0])
    except Tampered:
        raise Conflict("The content that was signed can no longer be read: it was changed by hand") from None
    deal_id = records.resource.wire_id(row["id"])
    address = ctx.providers.get(PublicAddress).url
    tenant_id = ids.encode(access.TENANT_PREFIX, ctx.tenant_id)
    first = public_keys[rows[0]["key_id"]]
    certificate = {
        "deal_id": deal_id,
        "deal_hash": rows[0]["content_hash"],
        "signature_algorithm": rules.ALGORITHM,
        "key_id": keys.wire_id(first["id"]),
        "public_key": rules.spki(first["public_key"]),
        "signatures": [_signature(each, public_keys[each["key_id"]]) for each in rows],
        "signed_content": base64.b64encode(content).decode(),
        "status": found.status,
        "livemode": ctx.livemode,
        "verification_url": f"{address}/api/v1/deals/verify?id={deal_id}",
        "public_key_url": f"{address}/api/v1/tenant/public-key?tenant_id={tenant_id}&include_rotated",
        "issued_at": clock.iso(rows[-1]["created_at"]),
    }
    return certificate, content


def _signature(row: Row, key: Row) -> dict[str, Any]:
    statement = signatures.statement_of(row, signing.SUBJECT)
    return {
        **signatures.wire(row),
        "consent_to_sign": row["consented"],
        "public_key": rules.spki(key["public_key"]),
        "signature": base64.b64encode(row["signature"]).decode(),
        "signed_statement": base64.b64encode(statement).decode(),
    }


async def document(ctx: Context, certificate: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """What the printed certificate says: the agreement as it was signed, its parties by name, and the proof."""
    agreed = orjson.loads(content)
    customer = None
    if (key := ids.decode("cust", agreed["customer_id"] or "")) is not None:
        customer = (await customers.by_ids(ctx, [key])).get(key)
    person = customers.open_sealed(ctx, customer) if customer is not None else {}
    workspace = await access.workspace_name(ctx.tx)
    buyer = [customer["company"] if customer is not None else None, *_address(person)]
    names = {agreed["customer_id"]: person.get("name")}
    return {
        "kind": "deal",
        "id": certificate["deal_id"],
        "title": agreed["title"] or person.get("name") or f"Deal {agreed['number']}",
        "number": str(agreed["number"]),
        "description": agreed["description"],
        "livemode": certificate["livemode"],
        "status": certificate["status"],
        "parties": [
            {"role": "Seller", "name": workspace, "lines": [], "id": agreed["tenant_id"]},
            {
                "role": "Buyer",
                "name": person.get("name") or agreed["customer_id"],
                "lines": [line for line in buyer if line],
                "id": agreed["customer_id"],
            },
        ],
        **_prices(agreed),
        "terms": _lines(agreed["terms"] or {}),
        "signatures": [
            {
                "name": names.get(each["signer_id"]) or each["signer_id"],
                "capacity": _CAPACITIES[each["signer_type"]],
                "id": each["signer_id"],
                "on_behalf_of": each["signer_customer_id"] if each["signer_type"] != "customer" else None,
                "consent": each["consent_to_sign"],
                "signed_at": each["signed_at"],
                "key_id": each["key_id"],
                "signature": each["signature"],
            }
            for each in certificate["signatures"]
        ],
        "hash": certificate["deal_hash"],
        "keys": sorted({(each["key_id"], each["public_key"]) for each in certificate["signatures"]}),
        "verification_url": certificate["verification_url"],
        "public_key_url": certificate["public_key_url"],
        "issued_at": certificate["issued_at"],
    }


_CAPACITIES = {
    "user": "User of the seller",
    "customer": "Customer",
    "agent": "AI agent",
    "api_key": "Seller, by API key",
}


def _address(person: Mapping[str, Any]) -> list[str]:
    place = " ".join(part for part in (person.get("city"), person.get("state"), person.get("zip")) if part)
    return [line for line in (person.get("address"), place) if line]


def _prices(agreed: Mapping[str, Any]) -> dict[str, Any]:
    currency = agreed["currency"]

    def shown(amount: str) -> str:
        return money.formatted(Decimal(amount), currency)

    items = [
        {
            "name": each["name"],
            "quantity": str(each["quantity"]),
            "unit_price": shown(each["unit_price"]),
            "line_total": shown(each["line_total"]),
            "details": _lines(each["options"] or {}),
        }
        for each in agreed["line_items"]
    ]
    sums = [("Subtotal", shown(agreed["subtotal"]))]
    for each in agreed["discounts"]:
        said = each["description"] or each["code"] or "Discount"
        sums.append((said, f"−{shown(each['amount'])}"))
    rate = Decimal(agreed["tax_rate"]) * 100
    sums.append((f"Tax ({rate.normalize():f} %)", shown(agreed["tax_amount"])))
    return {
        "currency": currency,
        "billing": agreed["billing_cycle"] if agreed["deal_type"] == "recurring" else None,
        "items": items,
        "sums": sums,
        "total": shown(agreed["total"]),
    }


def _lines(value: Any, path: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Free JSON as pairs of a readable name and a text, one for each leaf."""
    if isinstance(value, dict):
        return [line for name, each in value.items() for line in _lines(each, (*path, str(name)))]
    if isinstance(value, list):
        return [line for index, each in enumerate(value, start=1) for line in _lines(each, (*path, str(index)))]
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return [(" › ".join(part.replace("_", " ") for part in path), text)]
