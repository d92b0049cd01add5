"""Who may sign a record, and what a signature does to the list of those who are still awaited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from dealwright.kernel import ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Duplicate, Forbidden, invalid_field
from dealwright.modules.customers import records as customers
from dealwright.modules.signing import requests, signatures
from dealwright.modules.signing.rules import Signer, Wanted, outstanding
from dealwright.modules.signing.signature_models import Signing
from dealwright.modules.signing.subjects import Subject

_HUMAN: Final = frozenset({"user", "customer"})


async def of_call(ctx: Context, params: Signing, customer_of_record: UUID | None) -> Signer:
    """Who signs, and whether the caller may sign for them.

    A credential signs as itself. It signs for a customer only when that is the record's own customer; it vouches for a
    user by naming one. People must have consented. Raises InvalidFields, NotFound or Forbidden.
    """
    kind = params.signer_type or _kind_of_caller(ctx, params)
    customer = params.signer_customer_id
    if kind == "customer":
        customer = customer or params.signer_id
        if customer is None:
            raise invalid_field("signer_customer_id", "required", "A customer's signature needs signer_customer_id")
        if params.signer_id not in (None, customer):
            raise invalid_field("signer_id", "invalid", "signer_id and signer_customer_id name different customers")
    if customer is not None:
        known = await customers.get(ctx, customer)
        if known["id"] != customer_of_record:
            raise Forbidden("This customer is not the one of this record", action="check_resource_id")
    if kind in _HUMAN and not params.consent_to_sign:
        raise invalid_field("consent_to_sign", "required", "A person signs only with consent_to_sign: true")
    if kind == "agent" and not ctx.principal.is_agent:
        raise Forbidden("Only an agent's key signs as an agent")
    own = ctx.principal.key_id
    if kind in ("agent", "api_key") and params.signer_id not in (None, own):
        raise invalid_field("signer_id", "invalid", "A key signs as itself: leave signer_id out")
    chosen = customer if kind == "customer" else params.signer_id or own
    assert chosen is not None
    return Signer(kind, chosen, customer, params.consent_to_sign, ctx.actor)


def _kind_of_caller(ctx: Context, params: Signing) -> str:
    if params.signer_customer_id is not None:
        return "customer"
    if ctx.principal.kind == "session":
        return "user"
    return "agent" if ctx.principal.is_agent else "api_key"


def named(wish: Wanted) -> dict[str, str | None]:
    """A wanted signature as callers see it."""
    return {"signer_type": wish.kind, "signer_id": wish.id}


def check_wanted(signers: Sequence[Wanted], customer_of_record: UUID | None) -> None:
    """Raises Forbidden when a customer is asked for who is not the record's own."""
    own = ids.encode("cust", customer_of_record) if customer_of_record is not None else None
    if any(each.kind == "customer" and each.id not in (None, own) for each in signers):
        raise Forbidden("Of all customers only the record's own can sign it", action="check_resource_id")


async def collect(
    ctx: Context, subject: Subject, key: UUID, content: Mapping[str, Any], signer: Signer
) -> tuple[dict[str, Any], bool]:
    """Add a signature to a locked record; answers it, and whether it was the last one that was asked for.

    Raises Conflict when the record changed since the first signature, Duplicate for a signer who has signed,
    Forbidden for one who was not asked.
    """
    kind = subject.resource.name
    wanted = requests.wanted(await requests.find(ctx, kind, key))
    earlier = await signatures.standing(ctx, kind, key)
    signed = [(each["signer_type"], each["signer_id"]) for each in earlier]
    if (signer.kind, signer.id) in signed:
        raise Duplicate("This signer has already signed")
    missing = outstanding(wanted, signed)
    signed.append((signer.kind, signer.id))
    left = outstanding(wanted, signed)
    if wanted and len(left) == len(missing):
        raise Forbidden("Other signers are awaited", details={"waiting_for": [named(each) for each in missing]})
    return await signatures.add(ctx, subject, key, content, signer, earlier), not left
