"""The database with nothing in reach but the test mode of one workspace."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from uuid import UUID

from dealwright.kernel.store.database import Database, Transaction


class OneWorkspace(Database):
    """Work across workspaces that is given this database works in the test mode of one: row-level security shows it
    no more. It borrows the connections of the whole one.
    """

    def __init__(self, whole: Database, tenant_id: UUID) -> None:
        super().__init__(whole.dsn)
        self._whole = whole
        self._tenant_id = tenant_id

    def transaction(
        self, tenant_id: UUID, livemode: bool, *, read_only: bool = False
    ) -> AbstractAsyncContextManager[Transaction]:
        assert tenant_id == self._tenant_id
        assert not livemode
        return self._whole.transaction(tenant_id, livemode, read_only=read_only)

    def system(
        self, *, read_only: bool = False, settings: str = "", tenant_id: UUID | None = None, livemode: bool = False
    ) -> AbstractAsyncContextManager[Transaction]:
        assert tenant_id in (None, self._tenant_id)
        return self._whole.transaction(self._tenant_id, livemode=False, read_only=read_only)
