"""What other operations and modules do to deals: make them, reprice them, move them, book payments on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from dealwright.kernel import clock, ids, money
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, InvalidTransition, invalid_field
from dealwright.kernel.resources import Row
from dealwright.kernel.state_machine import unmet
from dealwright.kernel.store.database import Record
from dealwright.modules.deals import records, rules
from dealwright.modules.deals.rules import MACHINE, Facts, Status


def require_editable(row: Row) -> None:
    """Raises Conflict unless what the deal is worth may still change."""
    if row["status"] not in rules.EDITABLE:
        raise Conflict(
            f"A deal that is {row['status']} can no longer be changed in this way",
            details={"current_status": row["status"], "allowed": sorted(rules.EDITABLE)},
        )


def priced(
    items: Sequence[Row], discounts: Sequence[Mapping[str, Any]], tax_rate: Decimal, currency: str
) -> dict[str, Any]:
    """The columns that hold a deal's totals. Raises InvalidFields when the deal grows beyond all bounds."""
    lines = [item["line_total"] for item in items if rules.is_bought(item)]
    totals = rules.totals(lines, discounts, tax_rate, currency)
    if not totals.within_bounds:
        raise invalid_field("quantity", "out_of_range", f"The deal would be worth more than {money.LARGEST}")
    return {
        "discounts": totals.discounts,
        "subtotal": totals.subtotal,
        "discount_total": totals.discount_total,
        "tax_amount": totals.tax_amount,
        "total": totals.total,
    }


def new_item(
    ctx: Context,
    deal: UUID,
    product: Row,
    currency: str,
    *,
    quantity: int,
    unit_price: Decimal | None = None,
    name: str | None = None,
    options: Any = None,
    configuration: Any = None,
) -> dict[str, Any]:
    """The columns of a line item for a product at a price, its own by default."""
    price = product["price"] if unit_price is None else unit_price
    return {
        "id": ids.uuid7(),
        "deal_id": deal,
        "product_id": product["id"],
        "name": name or product["name"],
        "quantity": quantity,
        "unit_price": price,
        "discount": Decimal(0),
        "line_total": rules.line_total(quantity, price, Decimal(0), currency),
        "options": options,
        "configuration": configuration,
        "accepted": None,
        "created_at": ctx.now,
    }


async def create(
    ctx: Context,
    values: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]] = (),
    discounts: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Write a new deal with its items and announce it. ``values`` are columns; totals are computed here."""
    currency = values["currency"]
    tax_rate = values.get("tax_rate", Decimal(0))
    row = await records.resource.insert(
        ctx.tx,
        {
            "id": values.get("id") or ids.uuid7(),
            "status": "draft",
            "payment_status": "unpaid",
            "deal_type": "one_time",
            "tax_rate": tax_rate,
            "amount_paid": Decimal(0),
            "amount_refunded": Decimal(0),
            **priced(items, discounts, tax_rate, currency),
            **values,
            "search": records.search.tokens(ctx.cipher, values),
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    for item in items:
        await records.items.insert(ctx.tx, {**item, "deal_id": row["id"]})
    deal_id = records.resource.wire_id(row["id"])
    ctx.record(records.resource, row, "deal.created", notes={"items": [item_note(item) for item in items]})
    data = {
        "id": deal_id,
        "deal_id": deal_id,
        "customer_id": ids.encode("cust", row["customer_id"]) if row["customer_id"] else None,
        "status": row["status"],
        "currency": currency,
        "subtotal": money.text(row["subtotal"], currency),
        "total": money.text(row["total"], currency),
        "created_at": clock.iso(ctx.now),
    }
    ctx.announce("deal.created", records.resource, row["id"], data)
    return row


def item_note(item: Row) -> dict[str, Any]:
    """A line item for the audit trail; its name stays out, as it is free text."""
    return {
        "item_id": records.items.wire_id(item["id"]),
        "product_id": ids.encode("prod", item["product_id"]),
        "quantity": item["quantity"],
        "unit_price": str(item["unit_price"]),
        "line_total": str(item["line_total"]),
    }


def discount_columns(discount: Any) -> dict[str, Any]:
    """A validated discount as it is stored; amounts as text, which JSON cannot spoil."""
    return {
        "type": discount.type,
        "value": str(discount.value),
        "code": discount.code,
        "description": discount.description,
    }


def announce_about(ctx: Context, row: Row, event: str, data: Mapping[str, Any]) -> None:
    """An event of a deal; its payload begins with the deal's id."""
    ctx.announce(event, records.resource, row["id"], {"deal_id": records.resource.wire_id(row["id"]), **data})


def announce_items(ctx: Context, row: Row, items: Sequence[Row]) -> None:
    """One deal.item_added for each of these items of a deal."""
    for item in items:
        amounts = {name: money.text(item[name], row["currency"]) for name in ("unit_price", "line_total")}
        announce_about(ctx, row, "deal.item_added", {**item_note(item), **amounts})


def announce_discounts(ctx: Context, row: Row, discounts: Sequence[Row]) -> None:
    """One deal.discount_applied for each of these discounts of a deal."""
    for discount in discounts:
        data = {
            "type": discount["type"],
            "value": float(discount["value"]),
            "code": discount["code"],
            "amount": money.text(Decimal(discount["amount"]), row["currency"]),
            "total": money.text(row["total"], row["currency"]),
        }
        announce_about(ctx, row, "deal.discount_applied", data)


async def change(
    ctx: Context, row: Row, changes: Mapping[str, Any], action: str, notes: Mapping[str, Any] | None = None
) -> Record:
    """Write changed columns of a locked deal, with the payment status that follows, and the audit entry."""
    after = {**row, **changes}
    status = rules.payment_status(after["total"], after["amount_paid"], after["amount_refunded"])
    written = await records.resource.change(ctx.tx, row, {**changes, "payment_status": status}, ctx.now)
    ctx.record(records.resource, written, action, before=row, notes=notes)
    return written


async def reprice(
    ctx: Context,
    row: Row,
    items: Sequence[Row],
    action: str,
    *,
    discounts: Sequence[Mapping[str, Any]] | None = None,
    changes: Mapping[str, Any] | None = None,
    notes: Mapping[str, Any] | None = None,
) -> Record:
    """Compute the totals of a locked deal anew from its items and write them."""
    after = {**row, **(changes or {})}
    totals = priced(items, row["discounts"] if discounts is None else discounts, after["tax_rate"], after["currency"])
    return await change(ctx, row, {**(changes or {}), **totals}, action, notes)


async def facts_of(ctx: Context, row: Row) -> Facts:
    """What the conditions of the state machine look at."""
    found = await records.items_of(ctx, [row["id"]])
    bought = [item for item in found[row["id"]] if rules.is_bought(item)]
    return Facts(items=len(bought), has_customer=row["customer_id"] is not None)


async def move(
    ctx: Context, row: Row, target: Status, *, requested: bool = False, changes: Mapping[str, Any] | None = None
) -> Record:
    """Take a locked deal to another status, with further column changes in the same write.

    Raises InvalidTransition when the machine has no such move, when a caller asks for one that only happens as an
    effect (``requested``), or when a condition is unmet; the error's details say what is allowed.
    """
    source: Status = row["status"]
    edge = MACHINE.move(source, target)
    possible = [each for each in MACHINE.moves_from(source) if each.requestable]
    details = {"current_status": source, "requested_status": target, "allowed": [each.target for each in possible]}
    if edge is None or (requested and not edge.requestable):
        raise InvalidTransition(f"A deal cannot go from {source} to {target}", details=details)
    if edge.conditions and (missing := unmet(edge.conditions, await facts_of(ctx, row))):
        raise InvalidTransition(
            f"A deal cannot go from {source} to {target} yet: "
            + ", ".join(condition.explanation for condition in missing),
            details={**details, "conditions": [condition.name for condition in missing]},
        )
    columns: dict[str, Any] = {**(changes or {}), "status": target}
    if target == "closed":
        columns["closed_at"] = ctx.now
    written = await change(ctx, row, columns, "deal.status_changed")
    _announce_move(ctx, written, source)
    if target == "pending_payment" and written["total"] > 0 and written["payment_status"] == "paid":
        return await move(ctx, written, "closed")
    return written


def _announce_move(ctx: Context, row: Row, source: Status) -> None:
    deal_id = records.resource.wire_id(row["id"])
    moment = clock.iso(ctx.now)
    ctx.announce(
        "deal.status_changed",
        records.resource,
        row["id"],
        {
            "id": deal_id,
            "deal_id": deal_id,
            "previous_status": source,
            "new_status": row["status"],
            "changed_at": moment,
        },
    )
    if row["status"] == "closed":
        total = money.text(row["total"], row["currency"])
        data = {"id": deal_id, "deal_id": deal_id, "total": total, "currency": row["currency"], "closed_at": moment}
        ctx.announce("deal.closed", records.resource, row["id"], data)
    if row["status"] == "expired":
        data = {"id": deal_id, "deal_id": deal_id, "previous_status": source, "expired_at": moment}
        ctx.announce("deal.expired", records.resource, row["id"], data)


async def fulfill(ctx: Context, row: Record) -> Record:
    """Note that all a locked deal promised was delivered, once. Raises Conflict unless it is closed."""
    if row["status"] != "closed":
        raise Conflict("Only a closed deal can be fulfilled", details={"current_status": row["status"]})
    if row["fulfilled_at"] is not None:
        return row
    written = await change(ctx, row, {"fulfilled_at": ctx.now}, "deal.fulfilled")
    announce_about(ctx, written, "deal.fulfilled", {"fulfilled_at": clock.iso(ctx.now)})
    return written


async def book_payment(ctx: Context, row: Row, *, paid: Decimal, refunded: Decimal) -> Record:
    """Write the sums that payments hold for a locked deal, and close it when nothing remains due.

    A deal that is out for signature is not closed by money alone: it closes when it reaches pending_payment.
    """
    sums = {"amount_paid": paid, "amount_refunded": refunded}
    status = rules.payment_status(row["total"], paid, refunded)
    if status == "paid" and row["status"] in rules.PAYABLE_TO_CLOSE:
        return await move(ctx, row, "closed", changes=sums)
    return await change(ctx, row, sums, "deal.payment_booked")
