"""Signing contracts: what a signature does to the contract, and what becomes of signatures when a draft changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import InvalidTransition
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.contracts import records, service, signed_content
from dealwright.modules.signing import requests, rules, signatures, signers, subjects
from dealwright.modules.signing.rules import Signer, Wanted
from dealwright.modules.signing.subjects import Standing, Subject


async def content_of(ctx: Context, row: Row) -> dict[str, Any]:
    """What the parties of a contract agree on, as it is stored now."""
    return signed_content.of(row, (await records.renewals_of(ctx, [row["id"]]))[row["id"]])


async def standing_of(ctx: Context, row: Row) -> Standing:
    return Standing(await content_of(ctx, row), claims_signed=row["signed_at"] is not None)


async def _standing(ctx: Context, key: UUID) -> Standing | None:
    row = await records.resource.find(ctx.tx, key)
    return await standing_of(ctx, row) if row is not None else None


SUBJECT: Final = Subject(records.resource, records.whose, _standing, lookup="contract_id")
subjects.register(SUBJECT)


@records.resource.expands("signatures")
async def _embed_signatures(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
    found = await signatures.of_several(ctx, "contract", [row["id"] for row in rows])
    return {key: [signatures.wire(row) for row in signed] for key, signed in found.items()}


async def sign(ctx: Context, row: Row, signer: Signer) -> tuple[Record, dict[str, Any]]:
    """Sign a locked draft; the last signature that was asked for makes it signed. Answers it and the signature.

    Raises InvalidTransition for a contract that is no draft, Duplicate for a signer who has signed, Forbidden for one
    who was not asked.
    """
    _require_draft(row, "signed")
    made, complete = await signers.collect(ctx, SUBJECT, row["id"], await content_of(ctx, row), signer)
    note = {"signature": {**signatures.wire(made), "content_hash": made["content_hash"]}}
    changes = {"status": "signed", "signed_at": ctx.now} if complete else {}
    written = await service.change(ctx, row, changes, "contract.signed", note)
    data = {
        "id": records.resource.wire_id(row["id"]),
        "deal_id": records.deal_id(row),
        "customer_id": ids.encode("cust", row["customer_id"]),
        "signed_by": signer.kind,
        "signed_at": clock.iso(made["created_at"]),
        "signature_method": rules.ALGORITHM,
    }
    ctx.announce("contract.signed", records.resource, row["id"], data)
    return written, made


def _require_draft(row: Row, target: str) -> None:
    if row["status"] != "draft":
        details = {"current_status": row["status"], "requested_status": target}
        raise InvalidTransition(f"A contract that is {row['status']} is not open for signature", details=details)


async def request(ctx: Context, row: Row, wanted: Sequence[Wanted]) -> Record:
    """Say whose signatures a locked draft needs; earlier ones are taken back. Raises InvalidTransition or Forbidden."""
    _require_draft(row, "signed")
    signers.check_wanted(wanted, row["customer_id"])
    await take_back(ctx, row)
    await requests.ask(ctx, "contract", row["id"], wanted, None, None)
    note = {"signers": [signers.named(each) for each in wanted]}
    return await service.change(ctx, row, {}, "contract.signatures_requested", note)


async def take_back(ctx: Context, row: Row) -> list[dict[str, Any]]:
    """Take the signatures of a locked draft back, because it is going to change; answers them as callers see them."""
    given = await signatures.standing(ctx, "contract", row["id"])
    if given:
        await signatures.take_back(ctx, "contract", row["id"], given)
    return [signatures.wire(each) for each in given]


async def forget(ctx: Context, row: Row) -> None:
    """Remove every trace of signing a draft that is itself removed."""
    await signatures.forget(ctx, "contract", row["id"])
    await requests.forget(ctx, "contract", row["id"])
