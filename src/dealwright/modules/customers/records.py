"""Customers in the database: sealing and opening personal data, finding by words, the wire object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import func, select

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Duplicate
from dealwright.kernel.ledger.history import activity_log
from dealwright.kernel.paging import List
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record, on_violation
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.search import Search
from dealwright.kernel.store.statements import Statement, given
from dealwright.kernel.store.tables import readable
from dealwright.modules.customers import rules
from dealwright.modules.customers.tables import customers

on_violation(
    "uq_customers_email",
    lambda: Duplicate(
        "Another customer of this workspace already has this email",
        details={"fields": {"email": {"code": "not_unique", "message": "Email is already taken"}}},
    ),
)

_search: Final = Search(customers)
_by_email: Final = Statement(
    select(*readable(customers)).where(
        in_scope(customers), customers.c.email_token == given("token"), customers.c.deleted_at.is_(None)
    )
)
_taken: Final = Statement(
    select(customers.c.email_token).where(
        in_scope(customers), customers.c.email_token == func.any(given("tokens")), customers.c.deleted_at.is_(None)
    )
)

listing: Final = List(
    customers,
    {
        "status": lambda: customers.c.status == given("status"),
        "not_archived": lambda: customers.c.status != given("not_archived"),
        "found": lambda: customers.c.id == func.any(given("found")),
    },
)


def _bound_to(key: UUID) -> bytes:
    return b"customers:" + key.bytes


def seal(ctx: Context, key: UUID, customer: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that hold, find and make unique a customer's personal data."""
    personal = {name: customer.get(name) for name in rules.PERSONAL}
    email = customer.get("email")
    return {
        "sealed": ctx.cipher.seal(orjson.dumps(personal), _bound_to(key)),
        "search": rules.search_tokens(ctx.cipher, customer),
        "email_token": rules.email_token(ctx.cipher, email) if email else None,
    }


def open_sealed(ctx: Context, row: Row) -> dict[str, Any]:
    """Personal data of a row, readable."""
    return orjson.loads(ctx.cipher.open(row["sealed"], _bound_to(row["id"])))  # type: ignore[no-any-return]


async def render(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    tenant = ids.encode("tenant", ctx.tenant_id)
    return [_wire(row, open_sealed(ctx, row), tenant) for row in rows]


def _wire(row: Row, personal: Mapping[str, Any], tenant: str) -> dict[str, Any]:
    wire_id = ids.encode("cust", row["id"])
    return {
        "id": wire_id,
        "customer_id": wire_id,
        "tenant_id": tenant,
        "name": personal["name"],
        "email": personal["email"],
        "phone": personal["phone"],
        "company": row["company"],
        "address": personal["address"],
        "city": personal["city"],
        "state": personal["state"],
        "zip": personal["zip"],
        "country": row["country"],
        "notes": personal["notes"],
        "status": row["status"],
        "version": row["version"],
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


resource: Final = Resource("customer", "cust", customers, render, private=("sealed",), hidden=("search", "email_token"))
activity_log(resource)


async def get(ctx: Context, customer_id: str) -> Record:
    """The customer's row; raises NotFound for unknown and deleted ones."""
    return await resource.get(ctx.tx, customer_id)


async def lock(ctx: Context, customer_id: str, expected_version: int | None) -> Record:
    """The customer's row, held for a change; raises NotFound or StaleVersion."""
    return await resource.lock(ctx.tx, customer_id, expected_version)


async def find_by_email(ctx: Context, email: str) -> Record | None:
    return await ctx.tx.row(_by_email, token=rules.email_token(ctx.cipher, email))


async def taken_emails(ctx: Context, emails: Sequence[str]) -> set[str]:
    """Which of these addresses customers have already, in one statement."""
    tokens = {rules.email_token(ctx.cipher, email): email for email in emails}
    return {tokens[row["email_token"]] for row in await ctx.tx.rows(_taken, tokens=list(tokens))}


async def matching(ctx: Context, query: str) -> list[UUID]:
    """Ids of the newest customers found by a text; empty when the text holds no word."""
    return await _search.newest(ctx.tx, rules.query_tokens(ctx.cipher, query))


async def with_phone(ctx: Context, phone: str) -> UUID | None:
    """The newest customer with this number in E.164, None where there is none."""
    for key, row in sorted((await by_ids(ctx, await matching(ctx, phone))).items(), reverse=True):
        if row["deleted_at"] is None and open_sealed(ctx, row)["phone"] == phone:
            return key
    return None


async def by_ids(ctx: Context, keys: Sequence[UUID]) -> dict[UUID, Record]:
    """Rows by id, deleted ones included, in one statement."""
    return await resource.find_all(ctx.tx, keys)


async def names(ctx: Context, keys: Sequence[UUID]) -> dict[UUID, str]:
    """Readable names by id."""
    return {key: open_sealed(ctx, row)["name"] or "" for key, row in (await by_ids(ctx, keys)).items()}
