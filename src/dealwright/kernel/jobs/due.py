"""Records for which a time has come: found across all workspaces, then dealt with one by one inside their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import Table, select

from dealwright.kernel.context import Context, Elsewhere
from dealwright.kernel.errors import NotFound
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given

log = structlog.get_logger("dealwright.schedules")

_AT_ONCE: Final = 500


class Due:
    """The records of a table that fulfil ``due()``, conditions that compare with ``given("at")``; ``act`` must end
    that, in the transaction that it is given, or the record is found again. ``hold`` locks what the record hangs on,
    where ``act`` changes that too: parents are locked before their children.
    """

    def __init__(
        self,
        table: Table,
        due: Callable[[], tuple[Any, ...]],
        act: Callable[[Context, Record], Awaitable[None]],
        *,
        hold: Callable[[Context, UUID], Awaitable[None]] | None = None,
    ) -> None:
        self._table = table
        self._act = act
        self._hold = hold
        whose = (table.c.tenant_id, table.c.livemode, table.c.id)
        self._find = Statement(
            select(*whose).where(*due(), table.c.id > given("after")).order_by(table.c.id).limit(_AT_ONCE)
        )
        self._take = Statement(
            select(table)
            .where(in_scope(table), table.c.id == given("key"), *due())
            .with_for_update(key_share=True, skip_locked=True)
        )

    async def run(self, server: Elsewhere) -> int:
        """How many records were dealt with. Several processes may do this at once; a record that cannot be dealt with
        is logged and left, and keeps no other waiting.
        """
        done, after = 0, UUID(int=0)
        while True:
            async with server.system() as tx:
                found = await tx.rows(self._find, at=server.clock(), after=after)
            for row in found:
                after = row["id"]
                try:
                    done += await self._one(server, row["tenant_id"], row["livemode"], after)
                except NotFound:  # the workspace or the record went meanwhile
                    continue
                except Exception:
                    log.exception("due_record_failed", table=self._table.name, record=str(after))
            if len(found) < _AT_ONCE:
                return done

    async def _one(self, server: Elsewhere, tenant_id: UUID, livemode: bool, key: UUID) -> bool:
        async with server.within(tenant_id, livemode) as ctx:
            if self._hold is not None:
                await self._hold(ctx, key)
            row = await ctx.tx.row(self._take, key=key, at=ctx.now)
            if row is None:
                return False
            await self._act(ctx, row)
        return True
