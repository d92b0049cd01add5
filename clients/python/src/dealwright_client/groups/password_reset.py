"""Password reset: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class PasswordReset(TypedDict):
    changed: Literal[True]


class ResetRequested(TypedDict):
    requested: Literal[True]


_COMPLETE: Final[Endpoint[PasswordReset]] = Endpoint("POST", "/password-reset/complete")
_REQUEST: Final[Endpoint[ResetRequested]] = Endpoint("POST", "/password-reset")


class PasswordResetGroup(Group):
    """``client.password_reset``."""

    def complete(
        self,
        *,
        token: str,
        new_password: str,
        timeout: float | None = None,
    ) -> PasswordReset:
        """Set a new password with the token of the link (ours). Every session of the person ends; they sign in
        anew.

        ``token``: the last part of the link in the e-mail
        ``new_password``: 8 characters or more

        Errors: ``not_found``, ``rate_limited``.
        """
        return self._client._run(_COMPLETE, {"token": token, "new_password": new_password}, timeout=timeout)

    def request(
        self,
        *,
        email: str,
        timeout: float | None = None,
    ) -> ResetRequested:
        """Ask for a link for a new password by e-mail (ours).

        The answer is the same whether there is such an account or not. The link works once and for an hour; a newer
        one replaces it.

        Errors: ``rate_limited``.
        """
        return self._client._run(_REQUEST, {"email": email}, timeout=timeout)


class AsyncPasswordResetGroup(AsyncGroup):
    """``client.password_reset``, asynchronously."""

    async def complete(
        self,
        *,
        token: str,
        new_password: str,
        timeout: float | None = None,
    ) -> PasswordReset:
        """Set a new password with the token of the link (ours). Every session of the person ends; they sign in
        anew."""
        return await self._client._run(_COMPLETE, {"token": token, "new_password": new_password}, timeout=timeout)

    async def request(
        self,
        *,
        email: str,
        timeout: float | None = None,
    ) -> ResetRequested:
        """Ask for a link for a new password by e-mail (ours)."""
        return await self._client._run(_REQUEST, {"email": email}, timeout=timeout)
