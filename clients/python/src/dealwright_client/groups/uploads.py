"""Uploads: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.values import File


class Upload(TypedDict):
    url: str
    """public address; it never changes"""
    filename: str
    """the name that was sent"""
    size: int
    """bytes"""
    mime_type: str


_CREATE: Final[Endpoint[Upload]] = Endpoint("POST", "/uploads", files=frozenset({"file"}), idempotent=True)


class UploadsGroup(Group):
    """``client.uploads``."""

    def create(
        self,
        *,
        file: File,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Upload:
        """Upload one image file.

        What it is, is read from its content, never from its name. The file is kept as it came, what a camera wrote
        into it included, under a name that cannot be guessed.

        ``file``: JPEG, PNG, GIF or WebP

        Scope: ``products:write``. Errors: ``transient_error.dependency_unavailable``,
        ``validation_error.file_too_large``, ``validation_error.unsupported_file_type``.
        """
        return self._client._run(_CREATE, {"file": file}, idempotency_key=idempotency_key, timeout=timeout)


class AsyncUploadsGroup(AsyncGroup):
    """``client.uploads``, asynchronously."""

    async def create(
        self,
        *,
        file: File,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Upload:
        """Upload one image file."""
        return await self._client._run(_CREATE, {"file": file}, idempotency_key=idempotency_key, timeout=timeout)
