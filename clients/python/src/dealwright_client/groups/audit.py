"""Audit: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import Entry
from dealwright_client.values import Instant


class AuditExport(TypedDict):
    export_version: str
    exported_at: str
    tenant_id: str
    entity_type: str | None
    entity_id: str | None
    start_date: str | None
    end_date: str | None
    audit_entries: list[Entry]
    verification_hash: str


class EntryPage(TypedDict):
    audit_entries: list[Entry]
    pagination: dict[str, int]


class Verify(TypedDict):
    entity_type: str
    entity_id: str
    status: Literal["intact", "tampered"]
    entries_checked: int
    broken_at: str | None


_EXPORT: Final[Endpoint[AuditExport | str]] = Endpoint(
    "GET",
    "/audit/export",
    query=frozenset({"end_date", "entity_id", "entity_type", "format", "limit", "offset", "start_date"}),
)
_LIST: Final[Endpoint[EntryPage]] = Endpoint(
    "GET", "/audit", query=frozenset({"entity_id", "entity_type", "limit", "offset"})
)
_VERIFY: Final[Endpoint[Verify]] = Endpoint("GET", "/audit/verify", query=frozenset({"entity_id", "entity_type"}))


class AuditGroup(Group):
    """``client.audit``."""

    def export(
        self,
        *,
        entity_type: Literal["deal", "contract", "customer", "product"] | None = None,
        entity_id: str | None = None,
        start_date: Instant | None = None,
        end_date: Instant | None = None,
        format: Literal["json", "csv"] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> AuditExport | str:
        """Export the entries of an entity, of a type, or of a date range, oldest first, sealed with a hash.

        ``verification_hash`` is SHA-256 over the JSON of ``data`` without that member, with sorted keys and no
        white space; a CSV file carries the hash of its bytes in ``X-Verification-Hash``.

        ``end_date``: a date includes its whole day

        Scope: ``audit:export``.
        """
        return self._client._run(
            _EXPORT,
            {
                "entity_type": entity_type,
                "entity_id": entity_id,
                "start_date": start_date,
                "end_date": end_date,
                "format": format,
                "limit": limit,
                "offset": offset,
            },
            timeout=timeout,
        )

    def list(
        self,
        *,
        entity_type: Literal["deal", "contract", "customer", "product"],
        entity_id: str,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> EntryPage:
        """Page through the audit entries of one entity, newest first; entities that were removed keep theirs.

        Scope: ``audit:read``.
        """
        return self._client._run(
            _LIST,
            {"entity_type": entity_type, "entity_id": entity_id, "limit": limit, "offset": offset},
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        entity_type: Literal["deal", "contract", "customer", "product"],
        entity_id: str,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Iterator[Entry]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "audit_entries",
            {"entity_type": entity_type, "entity_id": entity_id, "limit": limit},
            timeout=timeout,
        )

    def verify(
        self,
        *,
        entity_type: Literal["deal", "contract", "customer", "product"],
        entity_id: str,
        timeout: float | None = None,
    ) -> Verify:
        """Recompute the hash chain of one entity; ``broken_at`` names the first entry that does not hold.

        Scope: ``audit:read``.
        """
        return self._client._run(_VERIFY, {"entity_type": entity_type, "entity_id": entity_id}, timeout=timeout)


class AsyncAuditGroup(AsyncGroup):
    """``client.audit``, asynchronously."""

    async def export(
        self,
        *,
        entity_type: Literal["deal", "contract", "customer", "product"] | None = None,
        entity_id: str | None = None,
        start_date: Instant | None = None,
        end_date: Instant | None = None,
        format: Literal["json", "csv"] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> AuditExport | str:
        """Export the entries of an entity, of a type, or of a date range, oldest first, sealed with a hash."""
        return await self._client._run(
            _EXPORT,
            {
                "entity_type": entity_type,
                "entity_id": entity_id,
                "start_date": start_date,
                "end_date": end_date,
                "format": format,
                "limit": limit,
                "offset": offset,
            },
            timeout=timeout,
        )

    async def list(
        self,
        *,
        entity_type: Literal["deal", "contract", "customer", "product"],
        entity_id: str,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> EntryPage:
        """Page through the audit entries of one entity, newest first; entities that were removed keep theirs."""
        return await self._client._run(
            _LIST,
            {"entity_type": entity_type, "entity_id": entity_id, "limit": limit, "offset": offset},
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        entity_type: Literal["deal", "contract", "customer", "product"],
        entity_id: str,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Entry]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "audit_entries",
            {"entity_type": entity_type, "entity_id": entity_id, "limit": limit},
            timeout=timeout,
        )

    async def verify(
        self,
        *,
        entity_type: Literal["deal", "contract", "customer", "product"],
        entity_id: str,
        timeout: float | None = None,
    ) -> Verify:
        """Recompute the hash chain of one entity; ``broken_at`` names the first entry that does not hold."""
        return await self._client._run(_VERIFY, {"entity_type": entity_type, "entity_id": entity_id}, timeout=timeout)
