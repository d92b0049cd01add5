"""The test records of a workspace as a whole: counted, and cleared away in one statement.

Which tables there are follows from their descriptions, so a new one is cleared from its first day on. A single
statement deletes from all of them: the database checks references between records when it ends, so their order does
not matter, and nothing is ever half cleared.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import asyncpg
from sqlalchemy import ColumnElement, Table, and_, delete, func, literal_column, select

from dealwright.kernel.access.tables import idempotent_answers
from dealwright.kernel.errors import DealwrightError, Unavailable
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import RawStatement, Statement, given
from dealwright.kernel.store.tables import metadata

COUNTED: Final = ("deals", "customers", "products", "contracts")
"""What a caller is told numbers of; everything else hangs on these."""
_ESCROW: Final = "deal_escrow"
_TABLES: Final = {**{name: name for name in COUNTED}, _ESCROW: "escrows"}
"""By the name that callers know: the table."""

KEPT: Final = {
    "audit_log": "only ever grows: it tells of the reset, too",
    "credentials": "only ever grows: what was issued stays provable",
    "twilio_accounts": "set up once, to be used again",
    "webhook_endpoints": "set up once, to be used again",
    "notification_rules": "set up once, to be used again",
    "notification_preferences": "set up once, to be used again",
    "shops": "set up once, to be used again",
    "shop_bays": "set up once, to be used again",
    "shop_technicians": "set up once, to be used again",
}
"""Tables of test data that a reset leaves alone, and why."""
_APART: Final = "events"
"""May only be deleted through a function of its own."""

_TRIES: Final = 3
_PATIENCE: Final = "5min"
"""How long one statement may take: a hundred thousand deals with their payments are gone in some seconds."""
_EVERYTHING: Final = 2**31 - 1

_forget_events: Final = RawStatement("SELECT events_removed FROM remove_old_events('infinity', $1)", ("at_most",))


def cleared() -> list[Table]:
    """The tables of records that belong to a workspace and a mode, without those that a reset keeps."""
    return [
        table
        for table in metadata.sorted_tables
        if table.info.get("isolation") == "tenant_and_mode" and table.name not in KEPT and table.name != _APART
    ]


def _gone(table: Table) -> ColumnElement[bool]:
    if table is idempotent_answers:  # an answer about a record that is gone must go, the caller's own claim must not
        return and_(in_scope(table), table.c.operation != given("running"))
    return in_scope(table)


@cache
def _clear() -> Statement:
    parts = [delete(table).where(_gone(table)).returning(literal_column("1")).cte(table.name) for table in cleared()]
    return Statement(select(*[_count(part).label(part.name) for part in parts]))


def _count(source: Any) -> Any:
    return select(func.count()).select_from(source).scalar_subquery()


@cache
def _totals() -> Statement:
    tables = {name: metadata.tables[table] for name, table in _TABLES.items()}
    return Statement(
        select(
            *[
                select(func.count()).select_from(table).where(in_scope(table)).scalar_subquery().label(name)
                for name, table in tables.items()
            ]
        )
    )


async def count(tx: Transaction) -> dict[str, int]:
    """How many test records of each main kind there are, archived ones included."""
    row = await tx.row(_totals())
    assert row is not None
    return dict(row)


async def clear(tx: Transaction, running: str) -> dict[str, int]:
    """Delete the test records of the transaction's workspace; answers the numbers of the main kinds.

    ``running``: the operation that asks, whose own idempotency key stays claimed. Raises Unavailable when others keep
    adding records to those that are being deleted.
    """
    await tx.connection.execute(f"SET LOCAL statement_timeout = '{_PATIENCE}'")
    row = await _without_interference(tx, running)
    await tx.run(_forget_events, at_most=_EVERYTHING)
    deleted: dict[str, int] = {name: row[table] for name, table in _TABLES.items()}
    return {name: number for name, number in deleted.items() if number or name in COUNTED}


async def _without_interference(tx: Transaction, running: str) -> Record:
    for _ in range(_TRIES):
        try:
            async with tx.savepoint():
                row = await tx.row(_clear(), running=running)
                assert row is not None
                return row
        except Unavailable:
            raise
        except (asyncpg.ForeignKeyViolationError, DealwrightError):
            continue  # somebody committed a record that refers to one of these after the statement had begun
    raise Unavailable("Test records are being written at this moment; try again")
