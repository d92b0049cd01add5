"""Accepting a deal in part (Salesbooth API, Deals, partial_accept)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import false, func, update

from dealwright.kernel import ids, money
from dealwright.kernel.context import Context
from dealwright.kernel.errors import InvalidTransition, NotFound, invalid_field
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.deals import records, rules, service
from dealwright.modules.deals.models import PartialAcceptance
from dealwright.modules.deals.tables import deal_items
from dealwright.modules.deals.views import PartialAcceptanceView

_decide: Final = Statement(
    update(deal_items)
    .where(
        in_scope(deal_items),
        deal_items.c.deal_id == given("deal"),
        deal_items.c.accepted.is_distinct_from(false()),
    )
    .values(accepted=deal_items.c.id != func.all(given("declined")))
)
_COPIED: Final = (
    "customer_id",
    "title",
    "description",
    "notes",
    "deal_type",
    "billing_cycle",
    "currency",
    "presentation_currency",
    "settlement_currency",
    "tax_rate",
    "terms",
    "metadata",
    "template_id",
    "expires_at",
)
"""What a deal about declined items has of the deal that they stood on."""


@operation(
    "deals.partial_accept",
    "POST",
    "/deals",
    action="partial_accept",
    present=("id",),
    scope="deals:write",
    result=PartialAcceptanceView,
    events=(
        "deal.partially_accepted",
        "deal.status_changed",
        "deal.created",
        "deal.item_added",
        "deal.discount_applied",
    ),
    errors=(InvalidTransition, NotFound),
    tool=("accept_deal_partially", "execution"),
    locking="optional",
    resource="deal",
)
async def partial_accept(ctx: Context, params: PartialAcceptance) -> Reply:
    """Accept some line items and decline the others, which no longer count towards the deal's total.

    ``create_declined_deal`` puts the declined items into a draft for the same customer. Percentage discounts go along,
    amounts stay with the accepted items.
    """
    row = await records.lock(ctx, params.id, ctx.expected_version)
    items = (await records.items_of(ctx, [row["id"]]))[row["id"]]
    by_id = {records.items.wire_id(item["id"]): item for item in items if rules.is_bought(item)}
    try:
        declined = rules.declined_items(by_id, params.accepted_items, params.rejected_items)
    except ValueError as problem:
        raise invalid_field("accepted_items", "invalid", str(problem)) from None
    accepted = [each for each in by_id if each not in declined]
    await ctx.tx.run(_decide, deal=row["id"], declined=[by_id[each]["id"] for each in declined])
    decided = [{**item, "accepted": name in accepted} for name, item in by_id.items()]
    totals = service.priced(decided, row["discounts"], row["tax_rate"], row["currency"])
    written = await service.move(ctx, row, "partially_accepted", changes=totals)
    new = await _declined_deal(ctx, row, [by_id[each] for each in declined]) if params.create_declined_deal else None
    answer = {
        "accepted_items": accepted,
        "rejected_items": declined,
        "declined_deal_id": records.resource.wire_id(new) if new is not None else None,
    }
    service.announce_about(ctx, written, "deal.partially_accepted", answer)
    head = {
        "deal_id": params.id,
        "status": written["status"],
        "version": written["version"],
        "total": money.text(written["total"], written["currency"]),
    }
    return Reply({**head, **answer}, written["version"])


async def _declined_deal(ctx: Context, row: Row, declined: Sequence[Row]) -> UUID | None:
    """A draft about the declined items; None when everything was accepted."""
    if not declined:
        return None
    items: list[dict[str, Any]] = [
        {**item, "id": ids.uuid7(), "accepted": None, "created_at": ctx.now} for item in declined
    ]
    values = {name: row[name] for name in _COPIED}
    made = await service.create(ctx, values, items, rules.discounts_of_declined(row["discounts"]))
    service.announce_items(ctx, made, items)
    service.announce_discounts(ctx, made, made["discounts"])
    key: UUID = made["id"]
    return key
