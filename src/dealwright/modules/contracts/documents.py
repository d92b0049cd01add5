"""Contracts for people: the signing certificate as data and for print, and the contract itself for print."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson
from babel.dates import format_date

from dealwright.kernel import clock, money
from dealwright.kernel.context import Context
from dealwright.kernel.ledger import history
from dealwright.kernel.resources import Row
from dealwright.modules.contracts import records, rules, signing
from dealwright.modules.deals import certificates as deal_certificates
from dealwright.modules.signing import certificates, requests, signatures
from dealwright.modules.signing.rules import outstanding

CONTRACT: Final = Path(__file__).parent / "templates" / "contract.typ"
_NET: Final = re.compile(r"net[ _-]?([0-9]{1,3})", re.IGNORECASE)


async def certificate(ctx: Context, row: Row) -> tuple[dict[str, Any], bytes]:
    """The certificate of a contract and the bytes that were signed. Raises Conflict for one without a signature."""
    found, content = await certificates.of(ctx, signing.SUBJECT, row, await signing.content_of(ctx, row))
    first = found["signatures"][0]
    entry = await history.newest(ctx, records.resource, row["id"], "contract.signed")
    return {
        "contract_id": records.resource.wire_id(row["id"]),
        "deal_id": records.deal_id(row),
        "customer_id": orjson.loads(content)["customer_id"],
        "signed_by": first["signer_type"],
        "signer_id": first["signer_id"],
        "signed_at": found["signatures"][-1]["signed_at"],
        "signature": first["signature"],
        "audit_entry_hash": entry["entry_hash"] if entry is not None else "",
        **found,
        "content_hash": f"sha256:{found['content_hash']}",
    }, content


def _plain_hash(found: Mapping[str, Any]) -> dict[str, Any]:
    return {**found, "content_hash": found["content_hash"].removeprefix("sha256:")}


async def printed_certificate(ctx: Context, found: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """What the printed certificate says: the contract as it was signed, its parties by name, and the proof."""
    agreed = orjson.loads(content)
    parties = await certificates.parties(ctx, agreed["customer_id"])
    schedule = agreed["schedule"] or {}
    facts = [
        ("Term", f"{_day(agreed['start_date'])} to {_day(agreed['end_date'])}"),
        ("Value", _worth(agreed["value"], agreed["currency"])),
    ]
    if agreed["payment_terms"]:
        facts.append(("Payment terms", _spelled_out(agreed["payment_terms"])))
    return {
        "kind": "contract",
        "id": found["contract_id"],
        "title": agreed["title"],
        "number": None,
        "description": agreed["description"],
        "livemode": found["livemode"],
        "status": found["status"],
        "parties": parties,
        "facts": facts,
        "prices": deal_certificates.prices(schedule) if schedule.get("line_items") else None,
        "billing": None,
        "terms": _further_terms(agreed),
        **certificates.proof(_plain_hash(found), parties),
        "verification_url": found["verification_url"],
        "public_key_url": found["public_key_url"],
        "issued_at": found["issued_at"],
    }


def _day(text: str) -> str:
    """``2026-04-01`` → ``1 April 2026``, which reads the same everywhere."""
    return format_date(date.fromisoformat(text), "d MMMM y", locale="en")


def _worth(amount: str, currency: str) -> str:
    shown = money.formatted(Decimal(amount), currency)
    return f"{shown} ({currency})"


def _spelled_out(terms: str) -> str:
    """``net30`` and ``net_30`` → ``Net 30 days``; all else as it is."""
    found = _NET.fullmatch(terms)
    return f"Net {found[1]} days" if found else terms


def _further_terms(agreed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The terms that came with the deal, but for what is said elsewhere or only tells programs how to read them."""
    terms = (agreed["schedule"] or {}).get("terms") or {}
    told = {"terms_schema_version"}
    if terms.get("payment_terms") == agreed["payment_terms"]:
        told.add("payment_terms")
    return certificates.lines({name: value for name, value in terms.items() if name not in told})


async def printed_contract(ctx: Context, row: Row) -> dict[str, Any]:
    """What the printed contract says. One that carries signatures is printed as they cover it."""
    given = await signatures.standing(ctx, "contract", row["id"])
    found: dict[str, Any] | None = None
    if given:
        found, content = await certificates.of(ctx, signing.SUBJECT, row, await signing.content_of(ctx, row))
        agreed = orjson.loads(content)
    else:
        agreed = await signing.content_of(ctx, row)
    parties = await certificates.parties(ctx, agreed["customer_id"])
    schedule = agreed["schedule"] or {}
    proof = certificates.proof(found, parties) if found is not None else {"signatures": [], "hash": None, "keys": []}
    return {
        "id": agreed["contract_id"],
        "number": row["contract_number"],
        "title": agreed["title"],
        "description": agreed["description"],
        "livemode": agreed["livemode"],
        "status": row["status"],
        "altered": found is not None and found["status"] != "verified",
        "parties": parties,
        "deal_id": agreed["deal_id"],
        "term": {"start": _day(agreed["start_date"]), "end": _day(agreed["end_date"])},
        "value": _worth(agreed["value"], agreed["currency"]),
        "payment_terms": _spelled_out(agreed["payment_terms"]) if agreed["payment_terms"] else None,
        "renewal": _renewal(row),
        "events": await _since(ctx, row),
        "prices": deal_certificates.prices(schedule) if schedule.get("line_items") else None,
        "terms": _further_terms(agreed),
        **proof,
        "awaited": await _awaited(ctx, row, parties, given),
        **certificates.addresses(ctx, signing.SUBJECT, row),
        "printed_at": clock.iso(ctx.now),
    }


def _renewal(row: Row) -> str:
    """How the contract is renewed, in a sentence."""
    terms = row["renewal_terms"] or {}
    if row["renewal_type"] == "none":
        return "The contract ends with its term. It is not renewed."
    if row["renewal_type"] == "manual":
        return "The contract ends with its term, unless it is renewed for a further one."
    months = terms.get("period_months")
    length = f"{months} months" if months and months > 1 else "one month" if months else "a term of the same length"
    said = [f"At the end of its term the contract is renewed by itself for {length}."]
    if percent := terms.get("price_adjustment_percent"):
        word = "more" if percent > 0 else "less"
        said.append(f"The price of each further term is {abs(percent):g}% {word} than that of the one before.")
    if (most := terms.get("max_renewals")) is not None:
        said.append(f"It is renewed at most {most} times in all." if most != 1 else "It is renewed once at most.")
    said.append(f"The next renewal may be declined until {_day(rules.opt_out_until(row).isoformat())}.")
    return " ".join(said)


async def _since(ctx: Context, row: Row) -> list[tuple[str, str]]:
    """What became of a contract since it was signed, oldest first."""
    told: list[tuple[str, str]] = []
    if row["activated_at"] is not None:
        told.append((_day(row["activated_at"].date().isoformat()), "The contract came into force."))
    for each in (await records.renewals_of(ctx, [row["id"]]))[row["id"]]:
        until, worth = _day(each["end_date"].isoformat()), money.formatted(each["value"], row["currency"])
        told.append((_day(each["created_at"].date().isoformat()), f"Renewed until {until}, for {worth}."))
    if row["terminated_at"] is not None:
        told.append((_day(row["terminated_at"].date().isoformat()), "The contract was terminated."))
    elif row["status"] == "expired":
        told.append((_day(row["end_date"].isoformat()), "The contract expired at the end of this day."))
    return told


async def _awaited(ctx: Context, row: Row, parties: list[dict[str, Any]], given: list[Any]) -> list[dict[str, Any]]:
    """The signatures that a draft still needs: those that were asked for, or one line for each party."""
    if row["status"] != "draft":
        return []
    wanted = requests.wanted(await requests.find(ctx, "contract", row["id"]))
    missing = outstanding(wanted, [(each["signer_type"], each["signer_id"]) for each in given])
    seller, buyer = parties
    if not wanted:
        return [{"role": side["role"], "name": side["name"]} for side in parties]
    return [
        {"role": "Buyer", "name": buyer["name"]}
        if each.kind == "customer"
        else {"role": "Seller", "name": f"{seller['name']}, {each.id}" if each.id else seller["name"]}
        for each in missing
    ]
