"""Auth: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import SignedIn


class SignedOut(TypedDict):
    authenticated: Literal[False]


_LOGIN: Final[Endpoint[SignedIn]] = Endpoint("POST", "/auth")
_LOGOUT: Final[Endpoint[SignedOut]] = Endpoint("DELETE", "/auth")
_SESSION: Final[Endpoint[SignedIn]] = Endpoint("GET", "/auth")


class AuthGroup(Group):
    """``client.auth``."""

    def login(
        self,
        *,
        email: str,
        password: str,
        remember: bool | None = None,
        timeout: float | None = None,
    ) -> SignedIn:
        """Sign in with e-mail and password and get a session cookie.

        With several workspaces the one that was used last becomes active. ``remember`` keeps the browser signed in.

        ``password``: as it was chosen, white space included
        ``remember``: stay signed in when the browser is closed

        Errors: ``authentication_error.invalid_credentials``, ``authorization_error.forbidden``, ``rate_limited``.
        """
        return self._client._run(_LOGIN, {"email": email, "password": password, "remember": remember}, timeout=timeout)

    def logout(
        self,
        *,
        timeout: float | None = None,
    ) -> SignedOut:
        """End the session, and let the browser not stay signed in. Nobody being signed in is fine, too."""
        return self._client._run(_LOGOUT, {}, timeout=timeout)

    def session(
        self,
        *,
        timeout: float | None = None,
    ) -> SignedIn:
        """Tell who is signed in.

        Nobody is a fine answer, too: ``authenticated`` is then false. ``csrf_token`` goes along with every write as
        X-CSRF-Token. A browser that stays signed in gets its next session here.
        """
        return self._client._run(_SESSION, {}, timeout=timeout)


class AsyncAuthGroup(AsyncGroup):
    """``client.auth``, asynchronously."""

    async def login(
        self,
        *,
        email: str,
        password: str,
        remember: bool | None = None,
        timeout: float | None = None,
    ) -> SignedIn:
        """Sign in with e-mail and password and get a session cookie."""
        return await self._client._run(
            _LOGIN, {"email": email, "password": password, "remember": remember}, timeout=timeout
        )

    async def logout(
        self,
        *,
        timeout: float | None = None,
    ) -> SignedOut:
        """End the session, and let the browser not stay signed in. Nobody being signed in is fine, too."""
        return await self._client._run(_LOGOUT, {}, timeout=timeout)

    async def session(
        self,
        *,
        timeout: float | None = None,
    ) -> SignedIn:
        """Tell who is signed in."""
        return await self._client._run(_SESSION, {}, timeout=timeout)
