"""The shop's records in the database: ids, wire objects, lists, and the shop's own row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Table, and_, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.sql.elements import ColumnElement

from dealwright.kernel import ids
from dealwright.kernel.access.principals import grants
from dealwright.kernel.clock import iso_milliseconds
from dealwright.kernel.context import Context
from dealwright.kernel.embedding import referred_by
from dealwright.kernel.errors import Conflict, InsufficientScope, NotFound, invalid_field
from dealwright.kernel.paging import List
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record, on_violation
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.shop import billing, rules, tables

Wired = dict[str, Any]


def plain_uuid(written: str) -> UUID | None:
    """The id without a prefix, which the field tables of the API call a UUID."""
    try:
        key = UUID(written)
    except ValueError:
        return None
    return key if str(key) == written.lower() else None


class ShopResource(Resource):
    """A kind of record of the shop; its ids are accepted with their prefix and as bare UUIDs."""

    def __init__(
        self,
        name: str,
        prefix: str,
        label: str,
        table: Table,
        wire: Callable[[Context, Row], Wired],
        *,
        private: Sequence[str] = (),
        hidden: Sequence[str] = (),
        only: ColumnElement[bool] | None = None,
    ) -> None:
        async def render(ctx: Context, rows: Sequence[Row]) -> list[Wired]:
            return [wire(ctx, row) for row in rows]

        super().__init__(name, prefix, table, render, private=private, hidden=hidden, only=only)
        self.label = label
        here = in_scope(table) & (table.c.id == given("key"))
        if "deleted_at" in table.c:
            here &= table.c.deleted_at.is_(None)
        if only is not None:
            here &= only
        self._hold = Statement(select(table).where(here).with_for_update(read=True, key_share=True))

    def key(self, wire_id: str) -> UUID:
        return plain_uuid(wire_id) or super().key(wire_id)

    def missing(self, wire_id: str) -> NotFound:
        return NotFound(f"{self.label} {wire_id[:100]} not found.")

    def filter_key(self, name: str, wire_id: str | None) -> UUID | None:
        """The id that a list is filtered by. Raises InvalidFields for a text that is no such id."""
        try:
            return self.key(wire_id) if wire_id is not None else None
        except NotFound:
            raise invalid_field(name, "invalid", f"{name} is not the id of a {self.label.lower()}") from None

    async def hold(self, ctx: Context, wire_id: str) -> Record:
        """The record, kept from being deleted until the transaction ends; others may still change it."""
        row = await ctx.tx.row(self._hold, key=self.key(wire_id))
        if row is None:
            raise self.missing(wire_id)
        return row


def sealed(ctx: Context, table: Table, key: UUID, members: Mapping[str, Any]) -> bytes:
    """Personal members of a row, as its ``sealed`` column holds them."""
    return ctx.cipher.seal(orjson.dumps(members), f"{table.name}:".encode() + key.bytes)


def opened(ctx: Context, table: Table, row: Row) -> dict[str, Any]:
    """Personal members of a row, readable."""
    raw = ctx.cipher.open(row["sealed"], f"{table.name}:".encode() + row["id"].bytes)
    return orjson.loads(raw)  # type: ignore[no-any-return]


def customer_id(key: UUID) -> str:
    return ids.encode("cus", key)


def _or_none(prefix: str, key: UUID | None) -> str | None:
    return None if key is None else ids.encode(prefix, key)


def _time(moment: Any) -> str | None:
    return None if moment is None else iso_milliseconds(moment)


def _bay(_: Context, row: Row) -> Wired:
    return {"id": ids.encode("bay", row["id"]), "name": row["name"], "created_at": _time(row["created_at"])}


def _technician(ctx: Context, row: Row) -> Wired:
    return {
        "id": ids.encode("tec", row["id"]),
        "name": opened(ctx, tables.technicians, row)["name"],
        "primary_bay_id": _or_none("bay", row["primary_bay_id"]),
        "created_at": _time(row["created_at"]),
    }


def _vehicle(ctx: Context, row: Row) -> Wired:
    private = opened(ctx, tables.vehicles, row)
    return {
        "id": ids.encode("veh", row["id"]),
        "customer_id": customer_id(row["customer_id"]),
        "year": row["year"],
        "make": row["make"],
        "model": row["model"],
        "trim": row["trim"],
        "color": row["color"],
        "vin": private["vin"],
        "vin_warning": rules.vin_warning(private["vin"]),
        "license_plate": private["license_plate"],
        "created_at": _time(row["created_at"]),
    }


def _appointment(_: Context, row: Row) -> Wired:
    return {
        "id": ids.encode("apt", row["id"]),
        "customer_id": customer_id(row["customer_id"]),
        "vehicle_id": _or_none("veh", row["vehicle_id"]),
        "status": row["status"],
        "service_type": row["service_type"],
        "scheduled_at": _time(row["scheduled_at"]),
        "duration_minutes": row["duration_minutes"],
        "notes": row["notes"],
        "bay_id": ids.encode("bay", row["bay_id"]),
        "technician_id": _or_none("tec", row["technician_id"]),
        "created_at": _time(row["created_at"]),
        "updated_at": _time(row["updated_at"]),
    }


def _quote(ctx: Context, row: Row) -> Wired:
    return {
        "id": ids.encode("quo", row["id"]),
        "customer_id": customer_id(row["customer_id"]),
        "vehicle_id": _or_none("veh", row["vehicle_id"]),
        "status": billing.current_status(row["status"], row["expires_at"], ctx.now),
        "line_items": row["line_items"],
        "subtotal_cents": row["subtotal_cents"],
        "tax_cents": row["tax_cents"],
        "total_cents": row["total_cents"],
        "expires_at": _time(row["expires_at"]),
        "created_at": _time(row["created_at"]),
    }


def _invoice(_: Context, row: Row) -> Wired:
    return {
        "id": ids.encode("inv", row["id"]),
        "quote_id": _or_none("quo", row["quote_id"]),
        "customer_id": customer_id(row["customer_id"]),
        "status": row["status"],
        "line_items": row["line_items"],
        "subtotal_cents": row["subtotal_cents"],
        "tax_cents": row["tax_cents"],
        "total_cents": row["total_cents"],
        "amount_paid_cents": row["amount_paid_cents"],
        "balance_cents": row["total_cents"] - row["amount_paid_cents"],
        "due_at": _time(row["due_at"]),
        "paid_at": _time(row["paid_at"]),
        "voided_at": _time(row["voided_at"]),
        "notes": row["notes"],
        "created_at": _time(row["created_at"]),
    }


def _payment(_: Context, row: Row) -> Wired:
    return {
        "id": ids.encode("pay", row["id"]),
        "invoice_id": ids.encode("inv", row["invoice_id"]),
        "amount_cents": row["amount_cents"],
        "method": row["method"],
        "reference": row["reference"],
        "note": row["note"],
        "recorded_at": _time(row["recorded_at"]),
        "created_at": _time(row["created_at"]),
    }


def _shop(ctx: Context, row: Row) -> Wired:
    return {
        "id": str(row["id"]),
        "invoice_due_days": row["invoice_due_days"],
        "created_at": _time(row["created_at"]),
        "updated_at": _time(row["updated_at"]),
    }


shop: Final = ShopResource("shop", "shop", "Shop", tables.shops, _shop)
bays: Final = ShopResource("shop_bay", "bay", "Bay", tables.bays, _bay)
technicians: Final = ShopResource(
    "shop_technician", "tec", "Technician", tables.technicians, _technician, private=("sealed",)
)
vehicles: Final = ShopResource("vehicle", "veh", "Vehicle", tables.vehicles, _vehicle, private=("sealed",))
appointments: Final = ShopResource(
    "appointment", "apt", "Appointment", tables.appointments, _appointment, private=("notes",)
)
quotes: Final = ShopResource("shop_quote", "quo", "Quote", tables.quotes, _quote, private=("line_items",))
invoices: Final = ShopResource(
    "shop_invoice", "inv", "Invoice", tables.invoices, _invoice, private=("line_items", "notes")
)
payments: Final = ShopResource(
    "shop_payment", "pay", "Payment", tables.payments, _payment, private=("reference", "note")
)

for _constraint, _what, _by in (
    ("fk_shop_appointments_vehicle", "vehicle", "appointments"),
    ("fk_shop_quotes_vehicle", "vehicle", "quotes"),
    ("fk_shop_invoices_quote", "quote", "an invoice"),
    ("fk_shop_payments_invoice", "invoice", "payments"),
):
    on_violation(
        _constraint,
        lambda what=_what, by=_by: Conflict(  # type: ignore[misc]
            f"This {what} has {by} and cannot be deleted", code="conflict.in_use"
        ),
    )
on_violation(
    "uq_shop_invoices_quote", lambda: Conflict("This quote is already converted", code="conflict.already_converted")
)

_v, _a, _q, _i, _p = tables.vehicles.c, tables.appointments.c, tables.quotes.c, tables.invoices.c, tables.payments.c

_HOLDS_ITS_BAY: Final = text("shop_appointments.status NOT IN ('canceled', 'no_show')")
_MAY_EXPIRE: Final = text("shop_quotes.status IN ('draft', 'sent')")
"""Spelled out, because parameters would keep the planner from the partial indexes."""

_vehicles_by_ids: Final = Statement(
    select(tables.vehicles).where(in_scope(tables.vehicles), _v.id == func.any(given("keys")))
)


def require_scope(ctx: Context, scope: str) -> None:
    """Raises InsufficientScope unless the caller may read what is to be embedded."""
    if not grants(ctx.principal.scopes, scope):
        raise InsufficientScope(scope, ctx.operation.id if ctx.operation is not None else "")


async def _vehicles_of(ctx: Context, keys: Sequence[UUID]) -> dict[UUID, Record]:
    require_scope(ctx, "vehicles:read")
    return {row["id"]: row for row in await ctx.tx.rows(_vehicles_by_ids, keys=list(keys))} if keys else {}


for _about_one in (appointments, quotes):
    _about_one.expands("vehicle")(referred_by("vehicle_id", vehicles, _vehicles_of))

vehicle_list: Final = List(tables.vehicles, {"of_customer": lambda: _v.customer_id == given("of_customer")})
appointment_list: Final = List(
    tables.appointments,
    {
        "of_customer": lambda: _a.customer_id == given("of_customer"),
        "status": lambda: _a.status == given("status"),
        "ends_after": lambda: _a.ends_at > given("ends_after"),
        "starts_before": lambda: _a.scheduled_at < given("starts_before"),
    },
)
quote_list: Final = List(
    tables.quotes,
    {
        "of_customer": lambda: _q.customer_id == given("of_customer"),
        "status": lambda: _q.status == given("status"),
        "alive_at": lambda: or_(_q.expires_at.is_(None), _q.expires_at > given("alive_at")),
        "expired_at": lambda: or_(_q.status == "expired", and_(_MAY_EXPIRE, _q.expires_at <= given("expired_at"))),
    },
)
invoice_list: Final = List(
    tables.invoices,
    {
        "of_customer": lambda: _i.customer_id == given("of_customer"),
        "status": lambda: _i.status == given("status"),
    },
)
payment_list: Final = List(tables.payments, {"of_invoice": lambda: _p.invoice_id == given("of_invoice")})

_payments_of: Final = Statement(
    select(tables.payments)
    .where(in_scope(tables.payments), _p.invoice_id == given("of_invoice"))
    .order_by(_p.recorded_at, _p.id)
)


async def payments_of(ctx: Context, invoice: UUID) -> list[Record]:
    """The payments of an invoice, oldest first."""
    return await ctx.tx.rows(_payments_of, of_invoice=invoice)


_open_shop: Final = Statement(
    upsert(tables.shops).on_conflict_do_nothing().returning(tables.shops.c.id),
)
_lock_shop: Final = Statement(select(tables.shops).where(in_scope(tables.shops)).with_for_update(key_share=True))
_due_days: Final = Statement(select(tables.shops.c.invoice_due_days).where(in_scope(tables.shops)))
_bays: Final = Statement(
    select(tables.bays).where(in_scope(tables.bays), tables.bays.c.deleted_at.is_(None)).order_by(tables.bays.c.id)
)
_technicians: Final = Statement(
    select(tables.technicians)
    .where(in_scope(tables.technicians), tables.technicians.c.deleted_at.is_(None))
    .order_by(tables.technicians.c.id)
)
_occupied: Final = Statement(
    select(_a.bay_id, _a.vehicle_id, _a.technician_id).where(
        in_scope(tables.appointments),
        _HOLDS_ITS_BAY,
        _a.scheduled_at < given("until"),
        _a.ends_at > given("since"),
        _a.id != given("besides"),
    )
)
_waiting_in_bay: Final = Statement(
    select(func.count())
    .select_from(tables.appointments)
    .where(
        in_scope(tables.appointments),
        _a.bay_id == given("bay"),
        _HOLDS_ITS_BAY,
        _a.ends_at > given("since"),
    )
)
DEFAULT_DUE_DAYS: Final = 14


async def lock_shop(ctx: Context) -> Record:
    """The shop's row, held: whoever changes the calendar or its resources does it under this lock, one at a time.

    A workspace that is new as a shop gets its row here, with one bay.
    """
    row = await ctx.tx.row(_lock_shop)
    if row is None:
        made = await ctx.tx.value(
            _open_shop,
            tenant_id=ctx.tenant_id,
            livemode=ctx.livemode,
            id=ctx.tenant_id,
            invoice_due_days=DEFAULT_DUE_DAYS,
            version=1,
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        if made is not None:
            await add_bay(ctx, "Bay 1")
        row = await ctx.tx.row(_lock_shop)
        assert row is not None
    return row


async def due_days(ctx: Context) -> int:
    """Days that the customer of a converted quote has to pay."""
    days: int | None = await ctx.tx.value(_due_days)
    return DEFAULT_DUE_DAYS if days is None else days


async def add_bay(ctx: Context, name: str) -> dict[str, Any]:
    bay = {"id": ids.uuid7(), "name": name, "version": 1, "created_at": ctx.now, "updated_at": ctx.now}
    row = await bays.insert(ctx.tx, bay)
    ctx.record(bays, row, "bay.created")
    return row


async def all_bays(ctx: Context) -> list[Record]:
    return await ctx.tx.rows(_bays)


async def all_technicians(ctx: Context) -> list[Record]:
    return await ctx.tx.rows(_technicians)


async def occupied(ctx: Context, since: Any, until: Any, besides: UUID) -> list[rules.Occupied]:
    """What other appointments hold between two instants; only worth something under the shop's lock."""
    rows = await ctx.tx.rows(_occupied, since=since, until=until, besides=besides)
    return [rules.Occupied(row["bay_id"], row["vehicle_id"], row["technician_id"]) for row in rows]


async def is_booked(ctx: Context, bay: UUID) -> bool:
    """Whether a bay has an appointment that is not over yet."""
    return bool(await ctx.tx.value(_waiting_in_bay, bay=bay, since=ctx.now))
