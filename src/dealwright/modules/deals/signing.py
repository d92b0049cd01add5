"""Signing deals: who may sign, what a signature does to the deal, what becomes of signatures when the deal changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context, Elsewhere, on
from dealwright.kernel.errors import Conflict, NotFound
from dealwright.kernel.event_types import event_types
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.ledger.ledger import Event
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.deals import records, rules, service, signed_content
from dealwright.modules.deals.tables import deals
from dealwright.modules.signing import requests, signatures, signers, subjects
from dealwright.modules.signing.rules import Signer, Wanted, outstanding
from dealwright.modules.signing.subjects import Standing, Subject

SIGNABLE: Final = frozenset({"pending_signature", "awaiting_signatures"})
UNSIGNABLE: Final = frozenset({"pending_signature", "awaiting_signatures", "pending_payment"})
_AT_MOST: Final = 500

_whose: Final = Statement(select(deals.c.tenant_id, deals.c.livemode).where(deals.c.id == given("key")))

event_types.fired_by("job:signature_timeout", "deal.signature_timeout")


async def _find_whose(tx: Transaction, key: UUID) -> tuple[UUID, bool] | None:
    row = await tx.row(_whose, key=key)
    return (row["tenant_id"], row["livemode"]) if row is not None else None


async def content_of(ctx: Context, row: Row) -> dict[str, Any]:
    """What the parties of a deal agree on, as it is stored now."""
    items = (await records.items_of(ctx, [row["id"]]))[row["id"]]
    return signed_content.of(row, items)


async def _standing(ctx: Context, key: UUID) -> Standing | None:
    row = await records.resource.find(ctx.tx, key)
    if row is None:
        return None
    claims = row["signed_at"] is not None or row["status"] == "awaiting_signatures"
    return Standing(await content_of(ctx, row), claims)


SUBJECT: Final = Subject(records.resource, _find_whose, _standing, lookup="id")
subjects.register(SUBJECT)


@records.resource.expands("signatures")
async def _embed_signatures(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
    found = await signatures.of_several(ctx, "deal", [row["id"] for row in rows])
    return {key: [signatures.wire(row) for row in signed] for key, signed in found.items()}


# --- signing


async def sign(ctx: Context, row: Row, signer: Signer) -> tuple[Record, dict[str, Any]]:
    """Sign a locked deal; the last signature that was asked for moves it on to pending_payment.

    Raises Conflict for a deal that is not out for signature or that changed since the first signature, Duplicate for
    a signer who has signed, Forbidden for one who was not asked.
    """
    if row["status"] not in SIGNABLE:
        raise Conflict(
            f"A deal that is {row['status']} is not out for signature",
            details={"current_status": row["status"], "allowed": sorted(SIGNABLE)},
        )
    made, complete = await signers.collect(ctx, SUBJECT, row["id"], await content_of(ctx, row), signer)
    wire = signatures.wire(made)
    note = {"signature": {**wire, "deal_hash": made["content_hash"]}}
    changes = {"signed_at": ctx.now} if complete else {}
    written = await service.change(ctx, row, changes, "deal.signature_added", note)
    told = ("signature_id", "signature_algorithm", "key_id", "signed_at")
    _announce(ctx, written, "deal.signature_added", made, {name: wire[name] for name in told})
    if complete:
        written = await service.move(ctx, written, "pending_payment")
    elif written["status"] == "pending_signature":
        written = await service.move(ctx, written, "awaiting_signatures")
    return written, made


def _announce(ctx: Context, row: Row, event: str, signature: Row, more: Mapping[str, Any]) -> None:
    data = {
        "deal_id": records.resource.wire_id(row["id"]),
        "signer_type": signature["signer_type"],
        "signer_id": signature["signer_id"],
        **more,
    }
    ctx.announce(event, records.resource, row["id"], data)


async def unsign(ctx: Context, row: Row, reason: str | None, only: tuple[str, str] | None) -> Record:
    """Take back all signatures of a locked deal, or one; it goes back to work, or to wait for the other signers.

    Raises Conflict for a deal that carries no signature or has left the hands of its signers.
    """
    standing = await signatures.standing(ctx, "deal", row["id"])
    chosen = [each for each in standing if only in (None, (each["signer_type"], each["signer_id"]))]
    if row["status"] not in UNSIGNABLE:
        raise Conflict(
            f"The signatures of a deal that is {row['status']} can no longer be taken back",
            details={"current_status": row["status"], "allowed": sorted(UNSIGNABLE)},
        )
    if not chosen:
        raise Conflict("This deal carries no such signature", details={"current_status": row["status"]})
    target: rules.Status = "in_progress" if len(chosen) == len(standing) else "pending_signature"
    written = await _take_back(ctx, row, chosen, reason)
    return await service.move(ctx, written, target) if written["status"] != target else written


async def _take_back(ctx: Context, row: Row, chosen: Sequence[Row], reason: str | None) -> Record:
    await signatures.take_back(ctx, "deal", row["id"], chosen)
    notes = {"signatures": [signatures.wire(each) for each in chosen], "reason": reason}
    written = await service.change(ctx, row, {"signed_at": None}, "deal.unsigned", notes)
    for each in chosen:
        _announce(ctx, row, "deal.unsigned", each, {"reason": reason, "unsigned_at": clock.iso(ctx.now)})
    return written


@on("deal.status_changed")
async def _follow(ctx: Context, event: Event) -> None:
    """The clock of a signature request starts and stops with the deal; a deal that may change again is unsigned."""
    before, after = event.data["previous_status"], event.data["new_status"]
    key = records.resource.key(event.entity_id)
    if after == "pending_signature":
        await requests.wait(ctx, "deal", key)
    elif before in SIGNABLE and after not in SIGNABLE:
        await requests.stop(ctx, "deal", key)
    if after in rules.EDITABLE and before in UNSIGNABLE:
        left = await signatures.standing(ctx, "deal", key)
        if left:
            row = await records.lock(ctx, event.entity_id)
            await _take_back(ctx, row, left, "The deal may change again")


# --- asking for signatures


async def request(
    ctx: Context, row: Row, wanted: Sequence[Wanted], expires_in: int | None
) -> tuple[Record, datetime | None]:
    """Say whose signatures a locked deal needs, before the first one is given. Raises Conflict or Forbidden."""
    allowed = rules.EDITABLE | {"pending_signature"}
    if row["status"] not in allowed or await signatures.standing(ctx, "deal", row["id"]):
        raise Conflict(
            "Who must sign is settled before the first signature",
            details={"current_status": row["status"], "allowed": sorted(allowed)},
        )
    signers.check_wanted(wanted, row["customer_id"])
    due = requests.due_at(ctx, expires_in) if row["status"] == "pending_signature" else None
    await requests.ask(ctx, "deal", row["id"], wanted, expires_in, due)
    note = {"signers": [signers.named(each) for each in wanted], "expires_in": expires_in}
    return await service.change(ctx, row, {}, "deal.signatures_requested", note), due


@schedule("deals.signature_timeout", every=timedelta(minutes=1))
async def expire_signature_requests(elsewhere: Elsewhere) -> int:
    """Fire deal.signature_timeout for every deal whose signatures did not come in time; answers how many there were.

    The deal stays where it is and can still be signed. Each request times out once, whoever calls this at once.
    """
    async with elsewhere.system() as tx:
        due = await requests.overdue(tx, "deal", elsewhere.clock(), _AT_MOST)
    timed_out = 0
    for found in due:
        async with elsewhere.within(found["tenant_id"], found["livemode"]) as ctx:
            timed_out += await _time_out(ctx, found["entity_id"])
    return timed_out


async def _time_out(ctx: Context, key: UUID) -> bool:
    try:
        row = await records.lock(ctx, records.resource.wire_id(key))
    except NotFound:
        return False
    wanted = await requests.time_out(ctx, "deal", key)
    if wanted is None:
        return False
    signed = [(each["signer_type"], each["signer_id"]) for each in await signatures.standing(ctx, "deal", key)]
    if not wanted and row["customer_id"] is not None:
        wanted = [Wanted("customer", ids.encode("cust", row["customer_id"]))]
    pending = [signers.named(each) for each in outstanding(wanted, signed)]
    moment = clock.iso(ctx.now)
    ctx.record(records.resource, row, "deal.signature_timeout", notes={"pending_signers": pending})
    data = {"deal_id": records.resource.wire_id(key), "pending_signers": pending, "timed_out_at": moment}
    ctx.announce("deal.signature_timeout", records.resource, key, data)
    return True
