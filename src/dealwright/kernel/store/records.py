"""Reading and writing single records; the one update path of the store.

The version check stands in the UPDATE itself, so no path can forget it: a record is loaded under FOR NO KEY UPDATE,
decided upon, and written with ``WHERE version = …`` raising the version by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from dealwright.kernel import ids
from dealwright.kernel.errors import NotFound, StaleVersion
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.statements import ByShape, Statement, given
from dealwright.kernel.store.tables import readable


def in_scope(table: Table) -> ColumnElement[bool]:
    """The tenant and mode of the transaction, spelled out although row-level security also says it."""
    scope: ColumnElement[bool] = (table.c.tenant_id == given("tenant")) & (table.c.livemode == given("mode"))
    return scope


class Records:
    """The records of one table, addressed by prefixed ids; ``only`` says which, where a table holds several kinds."""

    def __init__(self, table: Table, prefix: str, only: ColumnElement[bool] | None = None) -> None:
        self.table = table
        self.prefix = prefix
        here = in_scope(table) & (table.c.id == given("key"))
        if only is not None:
            here &= only
        self._generated = [column for column in table.columns if column.identity is not None]
        given_columns = [str(column.name) for column in table.columns if column.identity is None]
        self._insert = Statement(
            insert(table).returning(*self._generated) if self._generated else insert(table), columns=given_columns
        )
        columns = readable(table)
        alive = here & table.c.deleted_at.is_(None) if "deleted_at" in table.c else here
        self._find = Statement(select(*columns).where(here))
        self._get = Statement(select(*columns).where(alive))
        self._lock = Statement(select(*columns).where(alive).with_for_update(key_share=True))
        these = in_scope(table) & (table.c.id == func.any(given("keys")))
        self._find_all = Statement(select(*columns).where(these if only is None else these & only))
        self._delete = Statement(delete(table).where(here))
        self._update = ByShape(
            lambda columns: (
                update(table)
                .where(here & (table.c.version == given("old_version")))
                .values({column: given(f"new_{column}") for column in columns})
                .returning(*readable(table))
            )
        )
        self._nothing = {str(column.name): None for column in table.columns}

    def wire_id(self, key: UUID) -> str:
        return ids.encode(self.prefix, key)

    def key(self, wire_id: str) -> UUID:
        """The UUID behind a prefixed id; raises NotFound for anything that cannot be one."""
        key = ids.decode(self.prefix, wire_id)
        if key is None:
            raise self.missing(wire_id)
        return key

    def missing(self, wire_id: str) -> NotFound:
        """The error for an id that leads nowhere."""
        return NotFound()

    async def insert(self, tx: Transaction, row: Mapping[str, Any]) -> dict[str, Any]:
        """Write a new record; columns that ``row`` leaves out are NULL. Answers the complete row."""
        complete = {**self._nothing, **row, "tenant_id": tx.tenant_id, "livemode": tx.livemode}
        made = await tx.row(self._insert, **complete)
        return complete if made is None else {**complete, **made}

    async def insert_many(self, tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Write new records of a table without generated columns in one go. Answers the complete rows, in order."""
        assert not self._generated
        scope = {"tenant_id": tx.tenant_id, "livemode": tx.livemode}
        complete = [{**self._nothing, **row, **scope} for row in rows]
        await tx.run_many(self._insert, complete)
        return complete

    async def find(self, tx: Transaction, key: UUID) -> Record | None:
        """The record, also when it is deleted softly; None when there is none."""
        return await tx.row(self._find, key=key)

    async def find_all(self, tx: Transaction, keys: Sequence[UUID]) -> dict[UUID, Record]:
        """Records by id, softly deleted ones included, in one statement; unknown ids are left out."""
        if not keys:
            return {}
        return {row["id"]: row for row in await tx.rows(self._find_all, keys=list(keys))}

    async def get(self, tx: Transaction, wire_id: str) -> Record:
        """Raises NotFound, also for a record that is deleted softly (``deleted_at``)."""
        row = await tx.row(self._get, key=self.key(wire_id))
        if row is None:
            raise self.missing(wire_id)
        return row

    async def lock(self, tx: Transaction, wire_id: str, expected_version: int | None = None) -> Record:
        """Load for a change: waits for others, then checks the caller's version.

        Raises NotFound, also for a record that is deleted softly, or StaleVersion carrying the current row.
        """
        row = await tx.row(self._lock, key=self.key(wire_id))
        if row is None:
            raise self.missing(wire_id)
        if expected_version is not None and row["version"] != expected_version:
            raise stale(row)
        return row

    async def change(
        self, tx: Transaction, row: Mapping[str, Any], changes: Mapping[str, Any], now: datetime
    ) -> Record:
        """Write ``changes`` over the row that was loaded; raises StaleVersion when it moved on since."""
        values = {**changes, "version": row["version"] + 1, "updated_at": now}
        statement = self._update[tuple(sorted(values))]
        arguments = {f"new_{column}": value for column, value in values.items()}
        written = await tx.row(statement, key=row["id"], old_version=row["version"], **arguments)
        if written is None:
            current = await self.find(tx, row["id"])
            if current is None:
                raise NotFound
            raise stale(current)
        return written

    async def delete(self, tx: Transaction, key: UUID) -> None:
        await tx.run(self._delete, key=key)


def stale(row: Mapping[str, Any]) -> StaleVersion:
    """The 412 for a row; the pipeline renders the row as the answer's ``data``."""
    error = StaleVersion()
    error.data = row
    return error
