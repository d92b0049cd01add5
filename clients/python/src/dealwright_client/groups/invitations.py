"""Invitations: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import SignedIn


class Invitation(TypedDict):
    workspace: str
    email: str
    role: Literal["owner", "admin", "member", "viewer"]
    expires_at: str
    has_account: bool
    """sign in to accept; otherwise a name and a password are needed"""


_ACCEPT: Final[Endpoint[SignedIn]] = Endpoint("POST", "/invitations/accept")
_GET: Final[Endpoint[Invitation]] = Endpoint("GET", "/invitations", query=frozenset({"token"}))


class InvitationsGroup(Group):
    """``client.invitations``."""

    def accept(
        self,
        *,
        token: str,
        first_name: str | None = None,
        last_name: str | None = None,
        password: str | None = None,
        timeout: float | None = None,
    ) -> SignedIn:
        """Become a member of the workspace that a link invites to, and work there (ours).

        Whoever has no account makes one by sending a name and a password, and is signed in; the link proves the
        address. Whoever has one signs in first.

        ``token``: the last part of the link in the e-mail

        Errors: ``authentication_error.session_required``, ``authorization_error.other_recipient``, ``not_found``,
        ``rate_limited``.
        """
        return self._client._run(
            _ACCEPT,
            {"token": token, "first_name": first_name, "last_name": last_name, "password": password},
            timeout=timeout,
        )

    def get(
        self,
        *,
        token: str,
        timeout: float | None = None,
    ) -> Invitation:
        """Show what a link invites to (ours).

        ``token``: the last part of the link in the e-mail

        Errors: ``not_found``, ``rate_limited``.
        """
        return self._client._run(_GET, {"token": token}, timeout=timeout)


class AsyncInvitationsGroup(AsyncGroup):
    """``client.invitations``, asynchronously."""

    async def accept(
        self,
        *,
        token: str,
        first_name: str | None = None,
        last_name: str | None = None,
        password: str | None = None,
        timeout: float | None = None,
    ) -> SignedIn:
        """Become a member of the workspace that a link invites to, and work there (ours)."""
        return await self._client._run(
            _ACCEPT,
            {"token": token, "first_name": first_name, "last_name": last_name, "password": password},
            timeout=timeout,
        )

    async def get(
        self,
        *,
        token: str,
        timeout: float | None = None,
    ) -> Invitation:
        """Show what a link invites to (ours)."""
        return await self._client._run(_GET, {"token": token}, timeout=timeout)
