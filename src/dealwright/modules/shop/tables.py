"""The shop's tables. Amounts are whole US cents, as on the wire, so nothing is ever rounded."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from dealwright.kernel.store.tables import instant, tenant_table


def _cents(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False)


shops: Final = tenant_table("shops", Column("invoice_due_days", Integer, nullable=False))
"""One row for each workspace and mode, whose id is the workspace's: the lock under which the calendar is changed."""

bays: Final = tenant_table("shop_bays", Column("name", Text, nullable=False), instant("deleted_at", nullable=True))

technicians: Final = tenant_table(
    "shop_technicians",
    Column("sealed", LargeBinary, nullable=False),
    Column("primary_bay_id", Uuid),
    instant("deleted_at", nullable=True),
)

vehicles: Final = tenant_table(
    "shop_vehicles",
    Column("customer_id", Uuid, nullable=False),
    Column("year", Integer, nullable=False),
    Column("make", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("trim", Text),
    Column("color", Text),
    Column("sealed", LargeBinary, nullable=False),
)
"""VIN and plate lead to a person, so they are sealed."""

appointments: Final = tenant_table(
    "shop_appointments",
    Column("customer_id", Uuid, nullable=False),
    Column("vehicle_id", Uuid),
    Column("bay_id", Uuid, nullable=False),
    Column("technician_id", Uuid),
    Column("status", Text, nullable=False),
    Column("service_type", Text, nullable=False),
    instant("scheduled_at"),
    instant("ends_at"),
    Column("duration_minutes", Integer, nullable=False),
    Column("notes", Text),
)

quotes: Final = tenant_table(
    "shop_quotes",
    Column("customer_id", Uuid, nullable=False),
    Column("vehicle_id", Uuid),
    Column("status", Text, nullable=False),
    Column("line_items", JSONB, nullable=False),
    _cents("subtotal_cents"),
    _cents("tax_cents"),
    _cents("total_cents"),
    instant("expires_at", nullable=True),
)

invoices: Final = tenant_table(
    "shop_invoices",
    Column("quote_id", Uuid),
    Column("customer_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("line_items", JSONB, nullable=False),
    _cents("subtotal_cents"),
    _cents("tax_cents"),
    _cents("total_cents"),
    _cents("amount_paid_cents"),
    Column("notes", Text),
    instant("due_at", nullable=True),
    instant("paid_at", nullable=True),
    instant("voided_at", nullable=True),
    instant("overdue_at", nullable=True),
)
"""``overdue_at`` says when it was announced as overdue, so that this happens once for each due date."""

payments: Final = tenant_table(
    "shop_payments",
    Column("invoice_id", Uuid, nullable=False),
    _cents("amount_cents"),
    Column("method", Text, nullable=False),
    Column("reference", Text),
    Column("note", Text),
    instant("recorded_at"),
)
