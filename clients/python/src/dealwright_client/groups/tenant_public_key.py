"""Tenant public key: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, NotRequired, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class PublicKey(TypedDict):
    """A public key in one or all of its spellings."""

    tenant_id: str
    key_id: str
    algorithm: str
    key_version: int
    status: Literal["active", "rotated"]
    created_at: str
    rotated_at: str | None
    public_key: NotRequired[str]
    """SubjectPublicKeyInfo in base64"""
    public_key_pem: NotRequired[str]
    public_key_jwk: NotRequired[dict[str, str]]


class PublicKeys(TypedDict):
    """One key, or with ``include_rotated`` the workspace's id and all its keys."""

    tenant_id: str
    keys: NotRequired[list[PublicKey]]
    key_id: NotRequired[str]
    algorithm: NotRequired[str]
    key_version: NotRequired[int]
    status: NotRequired[Literal["active", "rotated"]]
    created_at: NotRequired[str]
    rotated_at: NotRequired[str | None]
    public_key: NotRequired[str]
    """SubjectPublicKeyInfo in base64"""
    public_key_pem: NotRequired[str]
    public_key_jwk: NotRequired[dict[str, str]]


_GET: Final[Endpoint[PublicKeys]] = Endpoint(
    "GET", "/tenant/public-key", query=frozenset({"format", "include_rotated", "key_id", "tenant_id"})
)
_ROTATE: Final[Endpoint[PublicKey]] = Endpoint("POST", "/tenant/public-key/rotate", idempotent=True)


class TenantPublicKeyGroup(Group):
    """``client.tenant_public_key``."""

    def get(
        self,
        *,
        tenant_id: str | None = None,
        key_id: str | None = None,
        format: Literal["raw", "pem", "jwk", "all"] | None = None,
        include_rotated: bool | None = None,
        timeout: float | None = None,
    ) -> PublicKeys:
        """Fetch the public key that a workspace signs with, or one key by its id.

        ``include_rotated`` answers every key, newest first: what a rotated key signed stays valid.

        ``tenant_id``: needed without key_id; _current is the signed-in workspace
        ``key_id``: one key, also a rotated one
        ``include_rotated``: answer every key of the workspace

        Errors: ``not_found``.
        """
        return self._client._run(
            _GET,
            {"tenant_id": tenant_id, "key_id": key_id, "format": format, "include_rotated": include_rotated},
            timeout=timeout,
        )

    def rotate(
        self,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> PublicKey:
        """Retire the workspace's signing key and make the next one. Earlier signatures stay valid and checkable.

        Scope: ``keys:write``. Errors: ``conflict.invalid_state``.
        """
        return self._client._run(_ROTATE, {}, idempotency_key=idempotency_key, timeout=timeout)


class AsyncTenantPublicKeyGroup(AsyncGroup):
    """``client.tenant_public_key``, asynchronously."""

    async def get(
        self,
        *,
        tenant_id: str | None = None,
        key_id: str | None = None,
        format: Literal["raw", "pem", "jwk", "all"] | None = None,
        include_rotated: bool | None = None,
        timeout: float | None = None,
    ) -> PublicKeys:
        """Fetch the public key that a workspace signs with, or one key by its id."""
        return await self._client._run(
            _GET,
            {"tenant_id": tenant_id, "key_id": key_id, "format": format, "include_rotated": include_rotated},
            timeout=timeout,
        )

    async def rotate(
        self,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> PublicKey:
        """Retire the workspace's signing key and make the next one. Earlier signatures stay valid and checkable."""
        return await self._client._run(_ROTATE, {}, idempotency_key=idempotency_key, timeout=timeout)
