"""How tables are described.

A business table is headed by ``(tenant_id, livemode, id)``, its primary key; row-level security compares the first two
with the transaction's settings. :func:`isolation` gives the SQL that a migration runs for each of them.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Boolean, Column, DateTime, Integer, MetaData, Numeric, Table, Uuid
from sqlalchemy.schema import SchemaItem

APP_ROLE: Final = "dealwright_app"
"""Serves requests. Owns nothing; sees the rows of the transaction's tenant and mode only."""

SYSTEM_ROLE: Final = "dealwright_system"
"""Works across tenants: authentication, dispatch, schedules, the command line."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def instant(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def money_column(name: str, *, nullable: bool = False) -> Column[Any]:
    """Amounts in major units with four places, enough for every ISO 4217 currency."""
    return Column(name, Numeric(19, 4), nullable=nullable)


def tenant_table(name: str, *columns: SchemaItem, versioned: bool = True) -> Table:
    """A business table with its tenant-headed key, timestamps and, when updatable, a version."""
    head: list[SchemaItem] = [
        Column("tenant_id", Uuid, primary_key=True),
        Column("livemode", Boolean, primary_key=True),
        Column("id", Uuid, primary_key=True),
    ]
    if versioned:
        tail: list[SchemaItem] = [
            Column("version", Integer, nullable=False),
            instant("created_at"),
            instant("updated_at"),
        ]
    else:
        tail = [instant("created_at")]
    return Table(name, metadata, *head, *columns, *tail, info={"isolation": "tenant_and_mode"})


def readable(table: Table) -> list[Column[Any]]:
    """The columns that are worth reading: all but those that only an index is made of (``info={"found_by": True}``)."""
    return [column for column in table.columns if not column.info.get("found_by")]


_TENANT: Final = "(SELECT NULLIF(current_setting('app.tenant', true), '')::uuid)"
_MODE: Final = "(SELECT NULLIF(current_setting('app.livemode', true), '')::boolean)"


def isolation(table: str, *, with_mode: bool = True, rights: str = "SELECT, INSERT, UPDATE, DELETE") -> list[str]:
    """SQL that puts a table under forced row-level security and grants ``rights`` to the two roles."""
    rule = f"tenant_id = {_TENANT}" + (f" AND livemode = {_MODE}" if with_mode else "")
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table} TO {APP_ROLE} USING ({rule}) WITH CHECK ({rule})",
        f"CREATE POLICY system ON {table} TO {SYSTEM_ROLE} USING (true) WITH CHECK (true)",
        f"GRANT {rights} ON {table} TO {APP_ROLE}, {SYSTEM_ROLE}",
    ]


def owned_by_system(function: str) -> list[str]:
    """Hand a definer function to the system role, whom row-level security lets see every row."""
    return [
        f"GRANT CREATE ON SCHEMA public TO {SYSTEM_ROLE}",
        f"ALTER FUNCTION {function} OWNER TO {SYSTEM_ROLE}",
        f"REVOKE CREATE ON SCHEMA public FROM {SYSTEM_ROLE}",
        f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {function} TO {APP_ROLE}",
    ]
