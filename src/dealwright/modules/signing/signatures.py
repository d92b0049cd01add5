"""Signatures in the database: made, taken back, and checked against what the record holds now."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import orjson
from sqlalchemy import delete, func, select, update

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.crypto import Tampered
from dealwright.kernel.errors import Conflict, Duplicate
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record, on_violation
from dealwright.kernel.store.records import Records, in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.signing import keys, rules
from dealwright.modules.signing.rules import Signer
from dealwright.modules.signing.subjects import Standing, Subject
from dealwright.modules.signing.tables import signatures

PREFIX: Final = "sig"
Status = Literal["verified", "tampered", "unsigned"]

on_violation("uq_signatures_signer", lambda: Duplicate("This signer has already signed"))

_store: Final = Records(signatures, PREFIX)
_of_entity = (
    in_scope(signatures) & (signatures.c.entity_type == given("of_type")) & (signatures.c.entity_id == given("of_id"))
)
_standing = _of_entity & signatures.c.removed_at.is_(None)
_find: Final = Statement(select(signatures).where(_standing).order_by(signatures.c.id))
_of_several: Final = Statement(
    select(signatures)
    .where(
        in_scope(signatures),
        signatures.c.entity_type == given("of_type"),
        signatures.c.entity_id == func.any(given("ids")),
        signatures.c.removed_at.is_(None),
    )
    .order_by(signatures.c.id)
)
_take_back: Final = Statement(
    update(signatures)
    .where(_standing, signatures.c.id == func.any(given("keys")))
    .values(removed_at=given("at"))
    .returning(signatures.c.id)
)
_forget: Final = Statement(delete(signatures).where(_of_entity))


def _bound_to(key: UUID) -> bytes:
    return b"signatures:" + key.bytes


async def standing(ctx: Context, entity_type: str, key: UUID) -> list[Record]:
    """The signatures that a record carries, in the order they were given."""
    return await ctx.tx.rows(_find, of_type=entity_type, of_id=key)


async def of_several(ctx: Context, entity_type: str, keys_: Sequence[UUID]) -> dict[UUID, list[Record]]:
    """The signatures that records carry, by record, in one statement."""
    found: dict[UUID, list[Record]] = {key: [] for key in keys_}
    for row in await ctx.tx.rows(_of_several, of_type=entity_type, ids=list(keys_)):
        found[row["entity_id"]].append(row)
    return found


def signed_content(ctx: Context, row: Row) -> bytes:
    """The canonical bytes that a signature covers. Raises Tampered when they are not what was signed."""
    content = ctx.cipher.open(row["sealed_content"], _bound_to(row["id"]))
    if rules.content_hash(content) != row["content_hash"]:
        raise Tampered("the kept content is not the signed one")
    return content


def _with_salt(content: Mapping[str, Any], salt: str) -> bytes:
    return rules.canonical({**content, "salt": salt})


def current_content(ctx: Context, row: Row, content: Mapping[str, Any]) -> bytes:
    """What the record holds now, in the form and with the salt of what was signed. Raises Tampered."""
    return _with_salt(content, orjson.loads(signed_content(ctx, row))["salt"])


def statement_of(row: Row, subject: Subject) -> bytes:
    """The bytes that a stored signature must be over, put together again from its columns."""
    customer = row["signer_customer_id"]
    return rules.statement(
        Signer(
            row["signer_type"],
            row["signer_id"],
            ids.encode("cust", customer) if customer is not None else None,
            row["consented"],
            row["actor"],
        ),
        signature_id=_store.wire_id(row["id"]),
        entity_type=row["entity_type"],
        entity_id=subject.resource.wire_id(row["entity_id"]),
        digest=row["content_hash"],
        key_id=keys.wire_id(row["key_id"]),
        at=row["created_at"],
    )


async def add(
    ctx: Context, subject: Subject, key: UUID, content: Mapping[str, Any], signer: Signer, earlier: Sequence[Row]
) -> dict[str, Any]:
    """Sign what a locked record holds. All signatures of a record are over the same bytes.

    Raises Conflict when the content changed since the ``earlier`` signatures, Duplicate for a signer who has signed.
    """
    if earlier:
        try:
            current = current_content(ctx, earlier[0], content)
        except Tampered:
            current = b""
        if rules.content_hash(current) != earlier[0]["content_hash"]:
            raise Conflict(
                "What was signed first has changed since",
                hint="Take the earlier signatures back with action=unsign, then let everybody sign anew.",
            )
    else:
        current = _with_salt(content, os.urandom(16).hex())
    signing_key = await keys.active(ctx)
    made = ids.uuid7()
    row: dict[str, Any] = {
        "id": made,
        "entity_type": subject.resource.name,
        "entity_id": key,
        "signer_type": signer.kind,
        "signer_id": signer.id,
        "signer_customer_id": ids.decode("cust", signer.customer_id) if signer.customer_id else None,
        "consented": signer.consented,
        "actor": signer.actor,
        "key_id": signing_key["id"],
        "content_hash": rules.content_hash(current),
        "sealed_content": ctx.cipher.seal(current, _bound_to(made)),
        "created_at": ctx.now,
        "removed_at": None,
    }
    row["signature"] = rules.sign(keys.seed(ctx.cipher, signing_key), statement_of(row, subject))
    return await _store.insert(ctx.tx, row)


async def take_back(ctx: Context, entity_type: str, key: UUID, rows: Sequence[Row]) -> None:
    """Take signatures off a locked record; they stay in the database as history."""
    await ctx.tx.rows(_take_back, of_type=entity_type, of_id=key, keys=[row["id"] for row in rows], at=ctx.now)


async def forget(ctx: Context, entity_type: str, key: UUID) -> None:
    """Remove every trace of the signatures of a record that is itself removed for good."""
    await ctx.tx.run(_forget, of_type=entity_type, of_id=key)


def wire(row: Row) -> dict[str, Any]:
    """A signature as callers see it; ``signature`` itself is in the signing certificate."""
    customer = row["signer_customer_id"]
    signature_id = _store.wire_id(row["id"])
    return {
        "id": signature_id,
        "signature_id": signature_id,
        "signer_type": row["signer_type"],
        "signer_id": row["signer_id"],
        "signer_customer_id": ids.encode("cust", customer) if customer is not None else None,
        "signature_algorithm": rules.ALGORITHM,
        "key_id": keys.wire_id(row["key_id"]),
        "signed_at": clock.iso(row["created_at"]),
    }


@dataclass(frozen=True, slots=True)
class Examination:
    """What a check of a record's signatures found."""

    status: Status
    stored_hash: str | None
    current_hash: str | None
    signatures_hold: bool
    """Every signature is authentic, whatever became of the record."""
    signed_at: datetime | None
    """When the last signature was given."""

    @property
    def matches(self) -> bool:
        return self.stored_hash is not None and self.stored_hash == self.current_hash


async def examine(ctx: Context, subject: Subject, key: UUID, record: Standing) -> Examination:
    """Check every signature of a record, and the record against what was signed.

    A record that claims a signature and carries none was tampered with, too: somebody removed it by hand.
    """
    rows = await standing(ctx, subject.resource.name, key)
    if not rows:
        status: Status = "tampered" if record.claims_signed else "unsigned"
        return Examination(status, None, None, False, None)
    public_keys = await keys.by_ids(ctx, [row["key_id"] for row in rows])
    first, holds = rows[0], True
    current: str | None = None
    try:
        current = rules.content_hash(current_content(ctx, first, record.content))
        for row in rows:
            signed_content(ctx, row)
    except (Tampered, orjson.JSONDecodeError, LookupError, TypeError):
        holds = False
    for row in rows:
        known = public_keys.get(row["key_id"])
        genuine = known is not None and rules.verifies(
            known["public_key"], row["signature"], statement_of(row, subject)
        )
        holds = holds and genuine and row["content_hash"] == first["content_hash"]
    unchanged = holds and current == first["content_hash"]
    return Examination(
        "verified" if unchanged else "tampered", first["content_hash"], current, holds, rows[-1]["created_at"]
    )
