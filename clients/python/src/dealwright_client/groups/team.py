"""Team: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import Deleted


class Member(TypedDict):
    id: str
    membership_id: str
    user_id: str | None
    email: str
    name: str | None
    role: Literal["owner", "admin", "member", "viewer"]
    status: Literal["invited", "active"]
    joined_at: str | None
    expires_at: str | None
    """of an invitation: when its link stops working"""


class Team(TypedDict):
    members: list[Member]


_INVITE: Final[Endpoint[Member]] = Endpoint("POST", "/team", idempotent=True)
_LIST: Final[Endpoint[Team]] = Endpoint("GET", "/team")
_REMOVE: Final[Endpoint[Deleted]] = Endpoint("DELETE", "/team/{id}")
_UPDATE_ROLE: Final[Endpoint[Member]] = Endpoint("PATCH", "/team")


class TeamGroup(Group):
    """``client.team``."""

    def invite(
        self,
        *,
        email: str,
        role: Literal["admin", "member", "viewer"],
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Member:
        """Invite somebody by e-mail.

        The link in the e-mail works once and for seven days. An invitation that has expired is replaced by a new
        one.

        ``role``: an owner is not made here

        Scope: ``team:write``. Errors: ``conflict.already_member``, ``rate_limited``.
        """
        return self._client._run(
            _INVITE, {"email": email, "role": role}, idempotency_key=idempotency_key, timeout=timeout
        )

    def list(
        self,
        *,
        timeout: float | None = None,
    ) -> Team:
        """List members and pending invitations.

        Scope: ``team:read``.
        """
        return self._client._run(_LIST, {}, timeout=timeout)

    def remove(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Deleted:
        """Remove a member, whose sessions in this workspace end at once, or take an invitation back.

        ``id``: membership (tm_…)

        Scope: ``team:write``. Errors: ``authorization_error.owner_protected``, ``not_found``.
        """
        return self._client._run(_REMOVE, {"id": id}, timeout=timeout)

    def update_role(
        self,
        *,
        membership_id: str,
        role: Literal["admin", "member", "viewer"],
        timeout: float | None = None,
    ) -> Member:
        """Change the role of a member, or that of an invitation. It holds from the member's next request on.

        ``membership_id``: tm_…
        ``role``: an owner is not made here

        Scope: ``team:write``. Errors: ``authorization_error.owner_protected``, ``not_found``.
        """
        return self._client._run(_UPDATE_ROLE, {"membership_id": membership_id, "role": role}, timeout=timeout)


class AsyncTeamGroup(AsyncGroup):
    """``client.team``, asynchronously."""

    async def invite(
        self,
        *,
        email: str,
        role: Literal["admin", "member", "viewer"],
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Member:
        """Invite somebody by e-mail."""
        return await self._client._run(
            _INVITE, {"email": email, "role": role}, idempotency_key=idempotency_key, timeout=timeout
        )

    async def list(
        self,
        *,
        timeout: float | None = None,
    ) -> Team:
        """List members and pending invitations."""
        return await self._client._run(_LIST, {}, timeout=timeout)

    async def remove(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Deleted:
        """Remove a member, whose sessions in this workspace end at once, or take an invitation back."""
        return await self._client._run(_REMOVE, {"id": id}, timeout=timeout)

    async def update_role(
        self,
        *,
        membership_id: str,
        role: Literal["admin", "member", "viewer"],
        timeout: float | None = None,
    ) -> Member:
        """Change the role of a member, or that of an invitation. It holds from the member's next request on."""
        return await self._client._run(_UPDATE_ROLE, {"membership_id": membership_id, "role": role}, timeout=timeout)
