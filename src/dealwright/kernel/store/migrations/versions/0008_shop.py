"""An auto shop: settings, bays, technicians, vehicles, appointments, quotes, invoices, payments."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation

revision = "0008"
down_revision = "0006"

_HEAD = "tenant_id uuid NOT NULL, livemode boolean NOT NULL, id uuid NOT NULL"
_TAIL = "version integer NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL"


def _reference(table: str, name: str, to: str) -> str:
    return (
        f"CONSTRAINT fk_{table}_{name} FOREIGN KEY (tenant_id, livemode, {name}_id) "
        f"REFERENCES {to} (tenant_id, livemode, id)"
    )


def _money(table: str) -> str:
    return f"""
        line_items jsonb NOT NULL,
        subtotal_cents bigint NOT NULL,
        tax_cents bigint NOT NULL,
        total_cents bigint NOT NULL,
        CONSTRAINT ck_{table}_total CHECK (
            subtotal_cents > 0 AND tax_cents >= 0 AND total_cents = subtotal_cents + tax_cents
        )
    """


_TABLES = {
    "shops": "invoice_due_days integer NOT NULL, CONSTRAINT ck_shops_single CHECK (id = tenant_id)",
    "shop_bays": "name text NOT NULL, deleted_at timestamptz",
    "shop_technicians": f"""
        sealed bytea NOT NULL,
        primary_bay_id uuid,
        deleted_at timestamptz,
        {_reference("shop_technicians", "primary_bay", "shop_bays")}
    """,
    "shop_vehicles": f"""
        customer_id uuid NOT NULL,
        year integer NOT NULL,
        make text NOT NULL,
        model text NOT NULL,
        trim text,
        color text,
        sealed bytea NOT NULL,
        {_reference("shop_vehicles", "customer", "customers")}
    """,
    "shop_appointments": f"""
        customer_id uuid NOT NULL,
        vehicle_id uuid,
        bay_id uuid NOT NULL,
        technician_id uuid,
        status text NOT NULL,
        service_type text NOT NULL,
        scheduled_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        duration_minutes integer NOT NULL,
        notes text,
        CONSTRAINT ck_shop_appointments_window CHECK (ends_at > scheduled_at),
        {_reference("shop_appointments", "customer", "customers")},
        {_reference("shop_appointments", "vehicle", "shop_vehicles")},
        {_reference("shop_appointments", "bay", "shop_bays")},
        {_reference("shop_appointments", "technician", "shop_technicians")}
    """,
    "shop_quotes": f"""
        customer_id uuid NOT NULL,
        vehicle_id uuid,
        status text NOT NULL,
        expires_at timestamptz,
        {_money("shop_quotes")},
        {_reference("shop_quotes", "customer", "customers")},
        {_reference("shop_quotes", "vehicle", "shop_vehicles")}
    """,
    "shop_invoices": f"""
        quote_id uuid,
        customer_id uuid NOT NULL,
        status text NOT NULL,
        amount_paid_cents bigint NOT NULL,
        notes text,
        due_at timestamptz,
        paid_at timestamptz,
        voided_at timestamptz,
        overdue_at timestamptz,
        {_money("shop_invoices")},
        CONSTRAINT ck_shop_invoices_balance CHECK (amount_paid_cents >= 0 AND amount_paid_cents <= total_cents),
        CONSTRAINT ck_shop_invoices_paid CHECK (
            (status = 'paid') = (amount_paid_cents = total_cents) AND (status = 'paid') = (paid_at IS NOT NULL)
        ),
        {_reference("shop_invoices", "quote", "shop_quotes")},
        {_reference("shop_invoices", "customer", "customers")}
    """,
    "shop_payments": f"""
        invoice_id uuid NOT NULL,
        amount_cents bigint NOT NULL,
        method text NOT NULL,
        reference text,
        note text,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT ck_shop_payments_amount CHECK (amount_cents > 0),
        {_reference("shop_payments", "invoice", "shop_invoices")}
    """,
}

_LINKED = [
    ("shop_vehicles", "customer_id"),
    ("shop_appointments", "customer_id"),
    ("shop_appointments", "vehicle_id"),
    ("shop_quotes", "customer_id"),
    ("shop_quotes", "vehicle_id"),
    ("shop_invoices", "customer_id"),
    ("shop_payments", "invoice_id"),
    ("shop_appointments", "status"),
    ("shop_quotes", "status"),
    ("shop_invoices", "status"),
]

_INDEXES = [
    *(f"CREATE INDEX ix_{table}_{name} ON {table} (tenant_id, livemode, {name}, id)" for table, name in _LINKED),
    """
    CREATE INDEX ix_shop_appointments_window ON shop_appointments (tenant_id, livemode, ends_at)
        WHERE status NOT IN ('canceled', 'no_show')
    """,
    """
    CREATE UNIQUE INDEX uq_shop_invoices_quote ON shop_invoices (tenant_id, livemode, quote_id)
        WHERE quote_id IS NOT NULL
    """,
    "CREATE INDEX ix_shop_quotes_expiry ON shop_quotes (expires_at) WHERE status IN ('draft', 'sent')",
    """
    CREATE INDEX ix_shop_invoices_due ON shop_invoices (due_at)
        WHERE status IN ('unpaid', 'partial') AND overdue_at IS NULL
    """,
]


def upgrade() -> None:
    for table, columns in _TABLES.items():
        key = f"CONSTRAINT pk_{table} PRIMARY KEY (tenant_id, livemode, id)"
        op.execute(f"CREATE TABLE {table} ({_HEAD}, {_TAIL}, {columns}, {key})")
        for statement in isolation(table):
            op.execute(statement)
    for statement in _INDEXES:
        op.execute(statement)
