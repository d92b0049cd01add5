"""Contracts in the database: finding, the wire object, and what can be embedded in it or embeds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, literal_column, or_, select

from dealwright.kernel import clock, ids, money
from dealwright.kernel.context import Context
from dealwright.kernel.embedding import OWNER_ID, newest_of, referred_by
from dealwright.kernel.errors import Duplicate
from dealwright.kernel.ledger.history import activity_log
from dealwright.kernel.paging import List
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record, on_violation
from dealwright.kernel.store.records import Records, in_scope
from dealwright.kernel.store.search import TextSearch
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.contracts import rules
from dealwright.modules.contracts.tables import contract_renewals, contracts
from dealwright.modules.customers import records as customers
from dealwright.modules.deals import records as deals
from dealwright.modules.deals.tables import deals as deal_table

on_violation(
    "uq_contracts_number",
    lambda: Duplicate(
        "Another contract of this workspace already has this number",
        details={"fields": {"contract_number": {"code": "not_unique", "message": "Contract number is already taken"}}},
    ),
)

_running = or_(*(contracts.c.status == literal_column(f"'{status}'") for status in rules.RUNNING))

listing: Final = List(
    contracts,
    {
        "status": lambda: contracts.c.status == given("status"),
        "customer": lambda: contracts.c.customer_id == given("customer"),
        "renewal_type": lambda: contracts.c.renewal_type == given("renewal_type"),
        "ends_from": lambda: _running & (contracts.c.end_date >= given("ends_from")),
        "ends_until": lambda: contracts.c.end_date <= given("ends_until"),
        "found": lambda: contracts.c.id == func.any(given("found")),
    },
)


def expiring(today: date, days: int) -> dict[str, date]:
    """Filters of :data:`listing` for running contracts whose last day is at most ``days`` away."""
    return {"ends_from": today, "ends_until": today + min(timedelta(days), date.max - today)}


_whose: Final = Statement(select(contracts.c.tenant_id, contracts.c.livemode).where(contracts.c.id == given("key")))
_hold_deal: Final = Statement(
    select(deal_table.c.id)
    .where(
        in_scope(deal_table),
        deal_table.c.id
        == select(contracts.c.deal_id).where(in_scope(contracts), contracts.c.id == given("key")).scalar_subquery(),
    )
    .with_for_update(key_share=True)
)
_status_for_deal: Final = Statement(
    select(contracts.c.status)
    .where(in_scope(contracts), contracts.c.deal_id == given("deal"))
    .order_by(contracts.c.id.desc())
    .limit(1)
)
search: Final = TextSearch(contracts, "contract", ("title", "contract_number"))

renewals: Final = Records(contract_renewals, "renewal")
_renewals_of: Final = Statement(
    select(contract_renewals)
    .where(in_scope(contract_renewals), contract_renewals.c.contract_id == func.any(given("contracts")))
    .order_by(contract_renewals.c.contract_id, contract_renewals.c.number)
)


async def render(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    tenant = ids.encode("tenant", ctx.tenant_id)
    return [_wire(row, tenant) for row in rows]


def _wire(row: Row, tenant: str) -> dict[str, Any]:
    wire_id = ids.encode("contract", row["id"])
    return {
        "contract_id": wire_id,
        "id": wire_id,
        "tenant_id": tenant,
        "contract_number": row["contract_number"],
        "deal_id": deal_id(row),
        "customer_id": ids.encode("cust", row["customer_id"]),
        "title": row["title"],
        "description": row["description"],
        "value": money.text(row["value"], row["currency"]),
        "currency": row["currency"],
        "start_date": row["start_date"].isoformat(),
        "end_date": row["end_date"].isoformat(),
        "payment_terms": row["payment_terms"],
        "renewal_type": row["renewal_type"],
        "renewal_terms": row["renewal_terms"],
        "notes": row["notes"],
        "status": row["status"],
        "signed_at": clock.iso_or_none(row["signed_at"]),
        "activated_at": clock.iso_or_none(row["activated_at"]),
        "terminated_at": clock.iso_or_none(row["terminated_at"]),
        "version": row["version"],
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


def deal_id(row: Row) -> str | None:
    return ids.encode("deal", row["deal_id"]) if row["deal_id"] is not None else None


resource: Final = Resource(
    "contract",
    "contract",
    contracts,
    render,
    private=("title", "description", "notes", "schedule"),
    hidden=("search", "notice_on"),
    mirrored=True,
)
activity_log(resource)


async def whose(tx: Any, key: UUID) -> tuple[UUID, bool] | None:
    """Workspace and mode of a contract, found in a system transaction."""
    row = await tx.row(_whose, key=key)
    return (row["tenant_id"], row["livemode"]) if row is not None else None


async def get(ctx: Context, contract_id: str) -> Record:
    """The contract's row; raises NotFound."""
    return await resource.get(ctx.tx, contract_id)


async def hold_deal(ctx: Context, key: UUID) -> None:
    """Lock the deal of a contract, if it has one: before the contract, as parents come before their children."""
    await ctx.tx.row(_hold_deal, key=key)


async def lock(ctx: Context, contract_id: str, expected_version: int | None = None) -> Record:
    """The contract's row, held for a change, and its deal before it; raises NotFound or StaleVersion."""
    await hold_deal(ctx, resource.key(contract_id))
    return await resource.lock(ctx.tx, contract_id, expected_version)


async def status_for_deal(ctx: Context, deal: UUID) -> str | None:
    """The status of the newest contract of a deal; None without one."""
    status: str | None = await ctx.tx.value(_status_for_deal, deal=deal)
    return status


async def renewals_of(ctx: Context, keys: Sequence[UUID]) -> dict[UUID, list[Record]]:
    """Renewals by contract, oldest first, in one statement."""
    found: dict[UUID, list[Record]] = defaultdict(list)
    for row in await ctx.tx.rows(_renewals_of, contracts=list(keys)):
        found[row["contract_id"]].append(row)
    return found


# --- search


async def by_ids(ctx: Context, keys: Sequence[UUID]) -> dict[UUID, Record]:
    """Rows by id, deleted ones included, in one statement."""
    return await resource.find_all(ctx.tx, keys)


# --- what can be embedded, and what contracts are embedded in

resource.expands("customer")(referred_by("customer_id", customers.resource, customers.by_ids))
resource.expands("deal")(referred_by("deal_id", deals.resource, deals.by_ids))
customers.resource.expands("contracts")(newest_of(resource, contracts.c.customer_id == OWNER_ID))
deals.resource.expands("contracts")(newest_of(resource, contracts.c.deal_id == OWNER_ID))


@resource.expands("line_items")
async def _embed_line_items(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
    """The items that the deal held when the contract was made."""
    return {row["id"]: [_item(each, row) for each in _schedule(row, "line_items")] for row in rows}


def _item(item: Mapping[str, Any], contract: Row) -> dict[str, Any]:
    currency = contract["schedule"]["currency"]
    amounts = {name: money.text(Decimal(item[name]), currency) for name in ("unit_price", "discount", "line_total")}
    return {**item, **amounts}


@resource.expands("terms")
async def _embed_terms(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
    """The terms that the deal held when the contract was made."""
    return {row["id"]: _schedule(row, "terms") or None for row in rows}


def _schedule(row: Row, name: str) -> Any:
    return (row["schedule"] or {}).get(name) or ()


@resource.expands("renewal")
async def _embed_renewal(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
    """What is going to happen at the end of the term, and the renewals so far."""
    done = await renewals_of(ctx, [row["id"] for row in rows])
    return {row["id"]: {**_plan(row), "renewals": [_renewal(each, row) for each in done[row["id"]]]} for row in rows}


def _plan(row: Row) -> dict[str, Any]:
    renews = row["status"] in rules.RUNNING and rules.renews_itself(row)
    try:
        until = rules.renewed_until(row).isoformat() if renews else None
    except rules.Unrenewable:
        until = None
    notice = rules.notice_on(row) if renews else None
    return {
        "renews_automatically": renews,
        "next_end_date": until,
        "notice_on": notice.isoformat() if notice is not None else None,
        "opt_out_until": rules.opt_out_until(row).isoformat() if renews else None,
    }


def _renewal(renewal: Row, contract: Row) -> dict[str, Any]:
    return {
        "number": renewal["number"],
        "automatic": renewal["automatic"],
        "previous_end_date": renewal["previous_end_date"].isoformat(),
        "end_date": renewal["end_date"].isoformat(),
        "value": money.text(renewal["value"], contract["currency"]),
        "renewed_at": clock.iso(renewal["created_at"]),
    }
