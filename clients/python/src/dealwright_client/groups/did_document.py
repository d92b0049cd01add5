"""DID document: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint

Did = TypedDict(
    "Did",
    {
        "@context": "list[str]",
        "id": "str",
        "verificationMethod": "list[Method]",
        "authentication": "list[str]",
        "assertionMethod": "list[str]",
        "service": "list[ServiceView]",
    },
)


class Method(TypedDict):
    id: str
    type: str
    controller: str
    publicKeyMultibase: str


class ServiceView(TypedDict):
    id: str
    type: str
    serviceEndpoint: str


_GET: Final[Endpoint[Did]] = Endpoint("GET", "/did-document", query=frozenset({"tenant_id"}))


class DidDocumentGroup(Group):
    """``client.did_document``."""

    def get(
        self,
        *,
        tenant_id: str | None = None,
        timeout: float | None = None,
    ) -> Did:
        """Fetch a workspace's W3C DID document. The answer stands alone, without the envelope.

        Every key is listed under ``verificationMethod`` and ``assertionMethod``; only the active one authenticates.

        ``tenant_id``: default: the caller's own workspace

        Errors: ``not_found``.
        """
        return self._client._run(_GET, {"tenant_id": tenant_id}, timeout=timeout)


class AsyncDidDocumentGroup(AsyncGroup):
    """``client.did_document``, asynchronously."""

    async def get(
        self,
        *,
        tenant_id: str | None = None,
        timeout: float | None = None,
    ) -> Did:
        """Fetch a workspace's W3C DID document. The answer stands alone, without the envelope."""
        return await self._client._run(_GET, {"tenant_id": tenant_id}, timeout=timeout)
