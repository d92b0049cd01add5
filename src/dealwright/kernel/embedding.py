"""The two usual expansions: the record that a record refers to, and the newest records that refer to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.elements import ColumnElement

from dealwright.kernel.context import Context
from dealwright.kernel.resources import Expansion, Resource, Row
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.kernel.store.tables import readable

_NEWEST_OF_OWNER: Final = 20

_owner: Final = (
    func.unnest(given("owners", ARRAY(Uuid))).table_valued(column("owner_id", Uuid)).render_derived(name="owners")
)
OWNER_ID: Final[ColumnElement[UUID]] = _owner.c.owner_id
"""The owner in the condition of :func:`newest_of`."""


def newest_of(resource: Resource, owned: ColumnElement[bool]) -> Expansion:
    """For each row of a page the newest records of ``resource`` that it owns, each found by index."""
    table = resource.table
    newest = select(*readable(table)).where(in_scope(table), owned).order_by(table.c.id.desc()).limit(_NEWEST_OF_OWNER)
    lateral = newest.lateral("newest")
    statement = Statement(select(_owner.c.owner_id, lateral).select_from(_owner.join(lateral, literal(True))))

    async def expand(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
        found = await ctx.tx.rows(statement, owners=[row["id"] for row in rows])
        by_owner: dict[UUID, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
        for row, wire in zip(found, await resource.render(ctx, found), strict=True):
            by_owner[row["owner_id"]].append(wire)
        return by_owner

    return expand


ByIds = Callable[[Context, Sequence[UUID]], Awaitable[Mapping[UUID, Row]]]


def referred_by(name: str, resource: Resource, by_ids: ByIds) -> Expansion:
    """For each row of a page the record of ``resource`` that its column ``name`` refers to."""

    async def expand(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
        found = await by_ids(ctx, list({row[name] for row in rows if row[name] is not None}))
        wire = dict(zip(found, await resource.render(ctx, list(found.values())), strict=True))
        return {row["id"]: wire.get(row[name]) for row in rows}

    return expand
