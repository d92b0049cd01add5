"""Trust: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class Revocation(TypedDict):
    credential_id: str
    revoked_at: str
    reason: str


class Revocations(TypedDict):
    revocations: list[Revocation]
    has_more: bool
    updated_at: str


_REVOCATIONS: Final[Endpoint[Revocations]] = Endpoint(
    "GET", "/trust/revocations", query=frozenset({"credential_id", "limit", "offset", "tenant_id"})
)


class TrustGroup(Group):
    """``client.trust``."""

    def revocations(
        self,
        *,
        credential_id: str | None = None,
        tenant_id: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> Revocations:
        """List revoked credentials, newest revocation first.

        ``credential_id``: only this one, if it was revoked
        ``tenant_id``: only those that this workspace issued
        """
        return self._client._run(
            _REVOCATIONS,
            {"credential_id": credential_id, "tenant_id": tenant_id, "limit": limit, "offset": offset},
            timeout=timeout,
        )


class AsyncTrustGroup(AsyncGroup):
    """``client.trust``, asynchronously."""

    async def revocations(
        self,
        *,
        credential_id: str | None = None,
        tenant_id: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
        timeout: float | None = None,
    ) -> Revocations:
        """List revoked credentials, newest revocation first."""
        return await self._client._run(
            _REVOCATIONS,
            {"credential_id": credential_id, "tenant_id": tenant_id, "limit": limit, "offset": offset},
            timeout=timeout,
        )
