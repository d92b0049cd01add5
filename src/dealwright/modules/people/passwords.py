"""Passwords as argon2id hashes (RFC 9106). Hashing is slow on purpose, so it happens in threads of its own, few enough
that their memory stays bounded.
"""

from __future__ import annotations

import asyncio
import base64
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dealwright.kernel.settings import Settings

_THREADS: Final = 4

T = TypeVar("T")


class Passwords:
    """Hashes and verifies with the parameters of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.password_time_cost,
            memory_cost=settings.password_memory_kib,
            parallelism=settings.password_parallelism,
        )
        self._threads = ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1), thread_name_prefix="passwords")
        self._nobodys = _hash_of_nothing(settings)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        return await self._in_thread(lambda: self._hasher.hash(_normal(password)))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether a password is the one of a hash. Without a hash it takes as long and is never right, so that nobody
        learns from the time whether there is an account.
        """

        def compare() -> bool:
            try:
                return self._hasher.verify(kept or self._nobodys, _normal(password)) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

        return await self._in_thread(compare)

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(kept)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _normal(password: str) -> str:
    """The same characters however a keyboard composes them (NIST SP 800-63B, Unicode normalisation)."""
    return unicodedata.normalize("NFKC", password)


def _hash_of_nothing(settings: Settings) -> str:
    """A well-formed hash with the parameters of the settings that no password has."""
    cost = f"m={settings.password_memory_kib},t={settings.password_time_cost},p={settings.password_parallelism}"
    salt, digest = (base64.b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19${cost}${salt}${digest}"
