"""Where uploaded files are kept: a folder in the data folder, or an S3-compatible bucket when one is configured."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final

import structlog

from dealwright.kernel.errors import Unavailable
from dealwright.kernel.settings import Settings, SettingsError

log = structlog.get_logger("dealwright.storage")

_PATIENCE: Final = timedelta(seconds=20)


class Storage:
    """Files by name. Names are the server's own; nothing that a caller sent becomes part of a path."""

    def __init__(self, settings: Settings) -> None:
        if settings.s3_bucket is not None and not (settings.s3_access_key and settings.s3_secret_key):
            raise SettingsError("s3_access_key (DEALWRIGHT_S3_ACCESS_KEY) and s3_secret_key are needed with s3_bucket")
        self._settings = settings
        self._store: Any = None

    def _opened(self) -> Any:
        """The store, made when it is first needed: most processes never touch a file."""
        if self._store is None:
            from obstore.store import LocalStore, S3Store

            settings = self._settings
            if settings.s3_bucket is None:
                self._store = LocalStore(prefix=settings.data_dir.resolve() / "uploads", mkdir=True)
            else:
                self._store = S3Store(
                    settings.s3_bucket,
                    endpoint=settings.s3_endpoint,
                    region=settings.s3_region,
                    access_key_id=settings.s3_access_key,
                    secret_access_key=settings.s3_secret_key,
                    client_options={
                        "timeout": _PATIENCE,
                        "allow_http": (settings.s3_endpoint or "").startswith("http://"),
                    },
                    retry_config={"max_retries": 2, "retry_timeout": _PATIENCE},
                )
        return self._store

    async def put(self, name: str, content: bytes, media_type: str) -> None:
        """Keep a file, complete or not at all. Raises Unavailable."""
        from obstore.exceptions import BaseError

        attributes = {"Content-Type": media_type} if self._settings.s3_bucket is not None else None
        try:
            store = await asyncio.to_thread(self._opened)
            await store.put_async(name, content, attributes=attributes)
        except (BaseError, OSError) as problem:
            raise self._away(problem) from None

    async def get(self, name: str) -> bytes | None:
        """A file, None when there is none. Raises Unavailable."""
        from obstore.exceptions import BaseError

        try:
            store = await asyncio.to_thread(self._opened)
            found = await store.get_async(name)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as problem:
            raise self._away(problem) from None

    async def remove(self, name: str) -> None:
        """Forget a file. Raises Unavailable."""
        from obstore.exceptions import BaseError

        try:
            store = await asyncio.to_thread(self._opened)
            await store.delete_async(name)
        except FileNotFoundError:
            pass
        except (BaseError, OSError) as problem:
            raise self._away(problem) from None

    @staticmethod
    def _away(problem: Exception) -> Unavailable:
        log.error("storage_failed", problem=type(problem).__name__)
        return Unavailable("The storage of files is not available at the moment")
