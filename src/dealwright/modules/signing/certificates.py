"""Signing certificates: who signed which content, when, with which key; as data and for print."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from babel import Locale

from dealwright.kernel import clock, ids
from dealwright.kernel.access import keys as access
from dealwright.kernel.context import Context
from dealwright.kernel.crypto import Tampered
from dealwright.kernel.errors import Conflict
from dealwright.kernel.resources import Row
from dealwright.kernel.settings import PublicAddress
from dealwright.modules.customers import records as customers
from dealwright.modules.signing import keys, rules, signatures
from dealwright.modules.signing.subjects import Standing, Subject

_ENGLISH: Final = Locale.parse("en")
_CAPACITIES: Final = {
    "user": "User of the seller",
    "customer": "Customer",
    "agent": "AI agent",
    "api_key": "Seller, by API key",
}


async def of(ctx: Context, subject: Subject, row: Row, content_now: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What every certificate of a signed record says, and the bytes that were signed.

    It is complete in itself: with the published key it proves the signatures without this server. ``content_hash`` is
    SHA-256 in hexadecimal. Raises Conflict for a record without a signature.
    """
    kind = subject.resource.name
    rows = await signatures.standing(ctx, kind, row["id"])
    if not rows:
        raise Conflict(f"This {kind} carries no signature", details={"current_status": row["status"]})
    found = await signatures.examine(ctx, subject, row["id"], Standing(content_now, claims_signed=True))
    public_keys = await keys.by_ids(ctx, [each["key_id"] for each in rows])
    try:
        content = signatures.signed_content(ctx, rows[0])
    except Tampered:
        raise Conflict("The content that was signed can no longer be read: it was changed by hand") from None
    first = public_keys[rows[0]["key_id"]]
    certificate = {
        "content_hash": rows[0]["content_hash"],
        "signature_algorithm": rules.ALGORITHM,
        "key_id": keys.wire_id(first["id"]),
        "public_key": rules.spki(first["public_key"]),
        "signatures": [_signature(each, subject, public_keys[each["key_id"]]) for each in rows],
        "signed_content": base64.b64encode(content).decode(),
        "status": found.status,
        "livemode": ctx.livemode,
        **addresses(ctx, subject, row),
        "issued_at": clock.iso(rows[-1]["created_at"]),
    }
    return certificate, content


def addresses(ctx: Context, subject: Subject, row: Row) -> dict[str, str]:
    """Where anybody can check a record, and where the workspace's keys are published."""
    address = ctx.providers.get(PublicAddress).url
    tenant_id = ids.encode(access.TENANT_PREFIX, ctx.tenant_id)
    return {
        "verification_url": f"{address}/api/v1/deals/verify?{subject.lookup}={subject.resource.wire_id(row['id'])}",
        "public_key_url": f"{address}/api/v1/tenant/public-key?tenant_id={tenant_id}&include_rotated",
    }


def _signature(row: Row, subject: Subject, key: Row) -> dict[str, Any]:
    return {
        **signatures.wire(row),
        "consent_to_sign": row["consented"],
        "public_key": rules.spki(key["public_key"]),
        "signature": base64.b64encode(row["signature"]).decode(),
        "signed_statement": base64.b64encode(signatures.statement_of(row, subject)).decode(),
    }


# --- for print


async def parties(ctx: Context, customer_id: str | None) -> list[dict[str, Any]]:
    """The two sides of an agreement by name: the workspace, and the customer as far as it is still known.

    ``signer`` is the person who signs for a side, where that is known.
    """
    key = ids.decode("cust", customer_id or "")
    customer = (await customers.by_ids(ctx, [key])).get(key) if key is not None else None
    person = customers.open_sealed(ctx, customer) if customer is not None else {}
    company = customer["company"] if customer is not None else None
    country = customer["country"] if customer is not None else None
    address = [*_address(person), _ENGLISH.territories.get(country or "")]
    return [
        {
            "role": "Seller",
            "name": await access.workspace_name(ctx.tx),
            "lines": [],
            "id": ids.encode(access.TENANT_PREFIX, ctx.tenant_id),
            "signer": None,
        },
        {
            "role": "Buyer",
            "name": company or person.get("name") or customer_id,
            "lines": [line for line in (person.get("name") if company else None, *address) if line],
            "id": customer_id,
            "signer": person.get("name"),
        },
    ]


def _address(person: Mapping[str, Any]) -> list[str]:
    place = " ".join(part for part in (person.get("city"), person.get("state"), person.get("zip")) if part)
    return [line for line in (person.get("address"), place) if line]


def proof(certificate: Mapping[str, Any], sides: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The signatures of a certificate with the signers' names, and what they are checked with."""
    names = {side["id"]: side["signer"] for side in sides}
    return {
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
        "hash": certificate["content_hash"],
        "keys": sorted({(each["key_id"], each["public_key"]) for each in certificate["signatures"]}),
    }


def lines(value: Any, path: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Free JSON as pairs of a readable name and a text, sorted: one for each leaf and each list of leaves."""
    if isinstance(value, dict):
        return [line for name in sorted(value) for line in lines(value[name], (*path, str(name)))]
    if isinstance(value, list):
        if not any(isinstance(each, dict | list) for each in value):
            return [(_readable(path), "; ".join(map(_leaf, value)))]
        return [line for index, each in enumerate(value, start=1) for line in lines(each, (*path, str(index)))]
    return [(_readable(path), _leaf(value))]


def _readable(path: Sequence[str]) -> str:
    name = " › ".join(part.replace("_", " ") for part in path)
    return name[:1].upper() + name[1:]


def _leaf(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
