"""Templates of deals: their records, and the deals that are made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import func

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict
from dealwright.kernel.paging import List
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.search import TextSearch
from dealwright.kernel.store.statements import given
from dealwright.modules.deals import rules, service
from dealwright.modules.deals.composing import items_for
from dealwright.modules.deals.models import recurring_needs_cycle
from dealwright.modules.deals.tables import deal_templates

listing: Final = List(
    deal_templates,
    {
        "status": lambda: deal_templates.c.status == given("status"),
        "category": lambda: deal_templates.c.category == given("category"),
        "found": lambda: deal_templates.c.id == func.any(given("found")),
    },
)
search: Final = TextSearch(deal_templates, "deal_template", ("name", "description"))


async def render(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [_wire(row) for row in rows]


def _wire(row: Row) -> dict[str, Any]:
    wire_id = ids.encode("dtpl", row["id"])
    return {
        "id": wire_id,
        "template_id": wire_id,
        **{name: row[name] for name in ("name", "description", "category", "status", "default_terms", "line_items")},
        "metadata": row["metadata"],
        "version": row["version"],
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


resource: Final = Resource(
    "deal_template",
    "dtpl",
    deal_templates,
    render,
    private=("description", "line_items", "metadata"),
    hidden=("search",),
)


async def create(ctx: Context, template: Mapping[str, Any], notes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write a new active template from its validated members."""
    row = await resource.insert(
        ctx.tx,
        {
            "metadata": {},
            **template,
            "id": ids.uuid7(),
            "status": "active",
            "search": search.tokens(ctx.cipher, template),
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(resource, row, "deal_template.created", notes=notes)
    return row


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new deal gets before anything is said about it: columns, line items and discounts."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[Mapping[str, Any]] = ()
    discounts: Sequence[Mapping[str, Any]] = ()


NOTHING: Final = Plan()


async def plan(ctx: Context, template_id: str, overrides: Mapping[str, Any] | None = None) -> Plan:
    """What a template gives to a deal. Raises NotFound, or Conflict when the template is inactive."""
    row = await resource.get(ctx.tx, template_id)
    if row["status"] != "active":
        raise Conflict("This deal template is inactive", details={"current_status": row["status"]})
    columns = rules.deal_of_template(row["default_terms"], overrides or {})
    discounts = [{**each, "value": str(each["value"])} for each in columns.pop("discounts")]
    items = [
        {**each, "unit_price": Decimal(str(each["unit_price"])) if each["unit_price"] is not None else None}
        for each in row["line_items"]
    ]
    return Plan({"title": row["name"], **columns, "template_id": row["id"]}, items, discounts)


async def create_deal(ctx: Context, plan: Plan, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Make a deal of a plan; what the caller ``sent`` for its columns wins. Raises NotFound for archived products."""
    values = {**plan.columns, **sent, "id": ids.uuid7()}
    values["currency"] = values.get("currency") or ctx.principal.settings.default_currency
    recurring_needs_cycle(values.get("deal_type", "one_time"), values.get("billing_cycle"))
    items = await items_for(ctx, values["id"], plan.items, values["currency"])
    row = await service.create(ctx, values, items, plan.discounts)
    service.announce_items(ctx, row, items)
    service.announce_discounts(ctx, row, row["discounts"])
    return row
