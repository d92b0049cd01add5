"""What operations, schedules and other modules do to contracts: make them, change them, move them, renew them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, InvalidFields, InvalidTransition, invalid_field
from dealwright.kernel.resources import Row
from dealwright.kernel.state_machine import unmet
from dealwright.kernel.store.database import Record
from dealwright.modules.contracts import records, rules
from dealwright.modules.contracts.rules import MACHINE, Facts, Status
from dealwright.modules.deals import records as deals
from dealwright.modules.deals import signed_content

_OF_DEAL: Final = (
    *("deal_type", "billing_cycle", "currency", "line_items", "discounts", "tax_rate"),
    *("subtotal", "discount_total", "tax_amount", "total", "terms"),
)
"""What a contract takes over from its deal."""


def today(ctx: Context) -> date:
    """The calendar day in UTC, in which all dates of contracts are meant."""
    return ctx.now.astimezone(UTC).date()


async def create(ctx: Context, values: Mapping[str, Any], deal: Row | None = None) -> Record:
    """Write a new draft. ``values`` are columns; ``deal`` is a locked row, whose items and terms are taken over.

    Raises Duplicate for a number that is taken.
    """
    row = {
        "id": ids.uuid7(),
        "renewal_type": "manual",
        **values,
        "status": "draft",
        "agreed_from": values["start_date"],
        "agreed_until": values["end_date"],
        "renewals": 0,
        "search": records.search.tokens(ctx.cipher, values),
        "version": 1,
        "created_at": ctx.now,
        "updated_at": ctx.now,
    }
    row.setdefault("renewal_terms", None)
    if deal is not None:
        items = (await deals.items_of(ctx, [deal["id"]]))[deal["id"]]
        agreed = signed_content.of(deal, items)
        row |= {"deal_id": deal["id"], "schedule": {name: agreed[name] for name in _OF_DEAL}}
    await records.resource.insert(ctx.tx, {**row, "notice_on": rules.notice_on(row)})
    made = await records.resource.find(ctx.tx, row["id"])  # the audit trail repeats what is stored, to the digit
    assert made is not None
    ctx.record(records.resource, made, "contract.created")
    await _show_on_deal(ctx, made)
    return made


async def change(
    ctx: Context, row: Row, changes: Mapping[str, Any], action: str, notes: Mapping[str, Any] | None = None
) -> Record:
    """Write changed columns of a locked contract with its audit entry."""
    columns = dict(changes)
    after = {**row, **changes}
    if {"title", "contract_number"} & changes.keys():
        columns["search"] = records.search.tokens(ctx.cipher, after)
    if {"start_date", "end_date"} & changes.keys() and row["status"] == "draft":
        columns |= {"agreed_from": after["start_date"], "agreed_until": after["end_date"]}
    if {"end_date", "renewal_type", "renewal_terms", "renewals"} & changes.keys():
        given = row["notice_on"] is None and rules.notice_on(row) is not None and after["end_date"] == row["end_date"]
        columns["notice_on"] = None if given else rules.notice_on(after)
    written = await records.resource.change(ctx.tx, row, columns, ctx.now)
    ctx.record(records.resource, written, action, before=row, notes=notes)
    if written["status"] != row["status"]:
        await _show_on_deal(ctx, written)
    return written


async def delete(ctx: Context, row: Row) -> None:
    """Remove a locked draft; its audit trail stays."""
    ctx.record(records.resource, row, "contract.deleted")
    await records.resource.delete(ctx.tx, row["id"])
    await _show_on_deal(ctx, row)


async def _show_on_deal(ctx: Context, row: Row) -> None:
    if row["deal_id"] is not None:
        await deals.mirror_contract(ctx, row["deal_id"], await records.status_for_deal(ctx, row["deal_id"]))


# --- moving


def facts(ctx: Context, row: Row) -> Facts:
    return Facts(today(ctx), row["end_date"], row["renewal_type"])


def _require_move(ctx: Context, row: Row, target: Status) -> None:
    source: Status = row["status"]
    edge = MACHINE.move(source, target)
    possible = [each.target for each in MACHINE.moves_from(source) if each.requestable]
    details = {"current_status": source, "requested_status": target, "allowed": possible}
    if edge is None:
        raise InvalidTransition(f"A contract that is {source} cannot become {target}", details=details)
    if missing := unmet(edge.conditions, facts(ctx, row)):
        raise InvalidTransition(
            f"The contract cannot become {target}: " + ", ".join(each.explanation for each in missing),
            details={**details, "conditions": [each.name for each in missing]},
        )


async def activate(ctx: Context, row: Row) -> Record:
    """Bring a locked contract into force. Raises InvalidTransition."""
    _require_move(ctx, row, "active")
    if row["status"] != "signed":
        raise InvalidTransition(
            f"A contract that is {row['status']} is not activated", details={"current_status": row["status"]}
        )
    written = await change(ctx, row, {"status": "active", "activated_at": ctx.now}, "contract.activated")
    _announce(ctx, written, "contract.activated", {"activated_at": clock.iso(ctx.now)})
    return written


async def terminate(ctx: Context, row: Row, reason: str | None = None, effective: date | None = None) -> Record:
    """End a locked contract before its time. ``effective`` is the day from which it no longer holds.

    Raises InvalidTransition, or InvalidFields for a day outside of the contract's term.
    """
    _require_move(ctx, row, "terminated")
    now = today(ctx)
    if effective is not None and not min(row["start_date"], now) <= effective <= max(row["end_date"], now):
        span = f"{row['start_date']} to {row['end_date']}"
        raise invalid_field("effective_date", "out_of_range", f"Effective date must lie within the term, {span}")
    moment = ctx.now if effective in (None, now) else _midnight(effective)
    columns = {"status": "terminated", "terminated_at": moment, "notice_on": None}
    written = await change(ctx, row, columns, "contract.terminated", {"reason": reason})
    _announce(ctx, written, "contract.terminated", {"reason": reason, "terminated_at": clock.iso(moment)})
    return written


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def expire(ctx: Context, row: Row) -> Record:
    """Let a locked contract end whose last day has passed; the published events have none for it."""
    _require_move(ctx, row, "expired")
    return await change(ctx, row, {"status": "expired", "notice_on": None}, "contract.expired")


# --- renewing


async def renew(
    ctx: Context,
    row: Row,
    *,
    end_date: date | None = None,
    value: Decimal | None = None,
    automatic: bool = False,
) -> Record:
    """Extend a locked contract by a further term. Whoever holds an older version is refused by the version.

    Raises Conflict, InvalidFields for a term that would not end later than the present one or lie in the past, and
    Unrenewable when a term that nobody spelled out cannot be worked out.
    """
    move = MACHINE.move(row["status"], "active") if row["status"] != "signed" else None
    if move is None or unmet(move.conditions, facts(ctx, row)):
        why = f"A contract that is {row['status']} cannot be renewed"
        if move is not None:
            why = "A contract with renewal_type none is not renewed"
        details = {"current_status": row["status"], "renewal_type": row["renewal_type"]}
        raise Conflict(why, details=details, hint="Only active and expired contracts with a renewal_type are renewed.")
    until = rules.renewed_until(row) if end_date is None else end_date
    if until <= row["end_date"]:
        raise _bad_end(f"End date must be later than the present one, {row['end_date']}")
    if until < today(ctx) and not automatic:
        raise _bad_end(f"The new term would end in the past, on {until}; send end_date")
    worth = rules.renewed_value(row) if value is None else value
    number = row["renewals"] + 1
    columns: dict[str, Any] = {"status": "active", "end_date": until, "value": worth, "renewals": number}
    if end_date is not None:
        columns |= {"agreed_from": rules.renewed_from(row), "agreed_until": until}
    await records.renewals.insert(
        ctx.tx,
        {
            "id": ids.uuid7(),
            "contract_id": row["id"],
            "number": number,
            "automatic": automatic,
            "previous_end_date": row["end_date"],
            "end_date": until,
            "previous_value": row["value"],
            "value": worth,
            "created_at": ctx.now,
        },
    )
    written = await change(ctx, row, columns, "contract.auto_renewed" if automatic else "contract.renewed")
    if automatic:
        contract_id = records.resource.wire_id(row["id"])
        data = {
            "new_contract_id": contract_id,
            "start_date": rules.renewed_from(row).isoformat(),
            "end_date": until.isoformat(),
            "renewed_at": clock.iso(ctx.now),
        }
        ctx.announce("contract.auto_renewed", records.resource, row["id"], {"id": contract_id, **data})
    return written


def _bad_end(message: str) -> InvalidFields:
    return invalid_field("end_date", "out_of_range", message)


def require_open_for_opting_out(ctx: Context, row: Row) -> None:
    """Raises Conflict once the last day to decline the coming renewal has passed."""
    last = rules.opt_out_until(row)
    if row["status"] in rules.RUNNING and today(ctx) > last:
        raise Conflict(
            f"The coming renewal could be declined until {last}", details={"opt_out_until": last.isoformat()}
        )


def announce_opted_out(ctx: Context, row: Row) -> None:
    data = {
        "id": records.resource.wire_id(row["id"]),
        "customer_id": ids.encode("cust", row["customer_id"]),
        "opted_out_at": clock.iso(ctx.now),
    }
    ctx.announce("contract.renewal_opted_out", records.resource, row["id"], data)


async def opt_out(ctx: Context, row: Row, reason: str | None) -> Record:
    """Decline the automatic renewal of a locked contract. Raises Conflict."""
    if row["status"] not in rules.RUNNING or row["renewal_type"] != "auto":
        details = {"current_status": row["status"], "renewal_type": row["renewal_type"]}
        raise Conflict("Only a running contract that renews itself can be opted out", details=details)
    require_open_for_opting_out(ctx, row)
    written = await change(ctx, row, {"renewal_type": "none"}, "contract.renewal_opted_out", {"reason": reason})
    announce_opted_out(ctx, written)
    return written


def _announce(ctx: Context, row: Row, event: str, more: Mapping[str, Any]) -> None:
    data = {
        "id": records.resource.wire_id(row["id"]),
        "deal_id": records.deal_id(row),
        "customer_id": ids.encode("cust", row["customer_id"]),
        **more,
    }
    ctx.announce(event, records.resource, row["id"], data)
