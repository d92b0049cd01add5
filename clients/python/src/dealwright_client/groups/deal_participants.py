"""Deal participants: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import Settlements
from dealwright_client.values import UNSET, Number, Unset


class Participant(TypedDict):
    id: str
    participant_id: str
    deal_id: str
    agent_id: str | None
    user_id: str | None
    role: Literal["primary_agent", "co_agent", "observer"]
    revenue_share: float
    scope: list[str]
    status: Literal["invited", "accepted", "completed", "withdrawn"]
    version: int
    invited_at: str
    accepted_at: str | None
    completed_at: str | None
    withdrawn_at: str | None


class Participants(TypedDict):
    """``total_share``: percent of those who have not withdrawn."""

    deal_id: str
    participants: list[Participant]
    total_share: float


_ACCEPT: Final[Endpoint[Participant]] = Endpoint(
    "POST", "/deal-participants/accept", query=frozenset({"deal_id", "id"}), idempotent=True
)
_COMPLETE: Final[Endpoint[Participant]] = Endpoint(
    "POST", "/deal-participants/complete", query=frozenset({"deal_id", "id"}), idempotent=True
)
_INVITE: Final[Endpoint[Participant]] = Endpoint(
    "POST", "/deal-participants", query=frozenset({"deal_id"}), idempotent=True
)
_LIST: Final[Endpoint[Participants]] = Endpoint("GET", "/deal-participants", query=frozenset({"deal_id"}))
_REMOVE: Final[Endpoint[Participant]] = Endpoint("DELETE", "/deal-participants/{id}", query=frozenset({"deal_id"}))
_SETTLEMENTS: Final[Endpoint[Settlements]] = Endpoint(
    "GET", "/deal-participants/settlements", query=frozenset({"deal_id"})
)
_UPDATE: Final[Endpoint[Participant]] = Endpoint(
    "PATCH", "/deal-participants/{id}", query=frozenset({"deal_id"}), nulls=True
)


class DealParticipantsGroup(Group):
    """``client.deal_participants``."""

    def accept(
        self,
        *,
        deal_id: str,
        id: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Participant:
        """Accept an invitation, as the invited agent or person or on behalf of the whole workspace.

        ``id``: default: the caller's own participation

        Scope: ``deals:write``. Errors: ``authorization_error.forbidden``, ``conflict.invalid_state``,
        ``not_found``.
        """
        return self._client._run(
            _ACCEPT, {"deal_id": deal_id, "id": id}, idempotency_key=idempotency_key, timeout=timeout
        )

    def complete(
        self,
        *,
        deal_id: str,
        id: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Participant:
        """Report that a participant has done its part. When all have, and the deal is closed, the deal is
        fulfilled.

        ``id``: default: the caller's own participation

        Scope: ``deals:write``. Errors: ``authorization_error.forbidden``, ``conflict.invalid_state``,
        ``not_found``.
        """
        return self._client._run(
            _COMPLETE, {"deal_id": deal_id, "id": id}, idempotency_key=idempotency_key, timeout=timeout
        )

    def invite(
        self,
        *,
        deal_id: str,
        role: Literal["primary_agent", "co_agent", "observer"],
        agent_id: str | None = None,
        user_id: str | None = None,
        revenue_share: Number | None = None,
        scope: Sequence[str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Participant:
        """Invite an agent or a person to a deal with a role, a share of its revenue and a scope.

        The shares of a deal together are at most 100 %; a scope can only be granted by who holds it.

        ``agent_id``: an agent: the id of its key, or a name of your own
        ``user_id``: a person of this workspace
        ``revenue_share``: percent of the deal's total

        Scope: ``deals:write``. Errors: ``authorization_error.forbidden``, ``conflict.invalid_state``,
        ``not_found``.
        """
        return self._client._run(
            _INVITE,
            {
                "deal_id": deal_id,
                "role": role,
                "agent_id": agent_id,
                "user_id": user_id,
                "revenue_share": revenue_share,
                "scope": scope,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def list(
        self,
        *,
        deal_id: str,
        timeout: float | None = None,
    ) -> Participants:
        """List the participants of a deal, also those who have withdrawn.

        Scope: ``deals:read``. Errors: ``not_found``.
        """
        return self._client._run(_LIST, {"deal_id": deal_id}, timeout=timeout)

    def remove(
        self,
        id: str,
        *,
        deal_id: str,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Participant:
        """Remove a participant, or withdraw, while the deal is in draft or in progress.

        Scope: ``deals:write``. Errors: ``authorization_error.forbidden``, ``conflict.invalid_state``,
        ``not_found``.
        """
        return self._client._run(_REMOVE, {"id": id, "deal_id": deal_id}, if_match=if_match, timeout=timeout)

    def settlements(
        self,
        *,
        deal_id: str,
        timeout: float | None = None,
    ) -> Settlements:
        """The same records by the deal's id in the query.

        Scope: ``deals:read``. Errors: ``not_found``.
        """
        return self._client._run(_SETTLEMENTS, {"deal_id": deal_id}, timeout=timeout)

    def update(
        self,
        id: str,
        *,
        deal_id: str,
        role: Literal["primary_agent", "co_agent", "observer"] | Unset = UNSET,
        revenue_share: Number | Unset = UNSET,
        scope: Sequence[str] | Unset = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Participant:
        """Change role, share or scope of a participant while the deal is in draft or in progress.

        ``revenue_share``: percent of the deal's total

        Scope: ``deals:write``. Errors: ``authorization_error.forbidden``, ``conflict.invalid_state``,
        ``not_found``.
        """
        return self._client._run(
            _UPDATE,
            {"id": id, "deal_id": deal_id, "role": role, "revenue_share": revenue_share, "scope": scope},
            if_match=if_match,
            timeout=timeout,
        )


class AsyncDealParticipantsGroup(AsyncGroup):
    """``client.deal_participants``, asynchronously."""

    async def accept(
        self,
        *,
        deal_id: str,
        id: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Participant:
        """Accept an invitation, as the invited agent or person or on behalf of the whole workspace."""
        return await self._client._run(
            _ACCEPT, {"deal_id": deal_id, "id": id}, idempotency_key=idempotency_key, timeout=timeout
        )

    async def complete(
        self,
        *,
        deal_id: str,
        id: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Participant:
        """Report that a participant has done its part. When all have, and the deal is closed, the deal is
        fulfilled."""
        return await self._client._run(
            _COMPLETE, {"deal_id": deal_id, "id": id}, idempotency_key=idempotency_key, timeout=timeout
        )

    async def invite(
        self,
        *,
        deal_id: str,
        role: Literal["primary_agent", "co_agent", "observer"],
        agent_id: str | None = None,
        user_id: str | None = None,
        revenue_share: Number | None = None,
        scope: Sequence[str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Participant:
        """Invite an agent or a person to a deal with a role, a share of its revenue and a scope."""
        return await self._client._run(
            _INVITE,
            {
                "deal_id": deal_id,
                "role": role,
                "agent_id": agent_id,
                "user_id": user_id,
                "revenue_share": revenue_share,
                "scope": scope,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def list(
        self,
        *,
        deal_id: str,
        timeout: float | None = None,
    ) -> Participants:
        """List the participants of a deal, also those who have withdrawn."""
        return await self._client._run(_LIST, {"deal_id": deal_id}, timeout=timeout)

    async def remove(
        self,
        id: str,
        *,
        deal_id: str,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Participant:
        """Remove a participant, or withdraw, while the deal is in draft or in progress."""
        return await self._client._run(_REMOVE, {"id": id, "deal_id": deal_id}, if_match=if_match, timeout=timeout)

    async def settlements(
        self,
        *,
        deal_id: str,
        timeout: float | None = None,
    ) -> Settlements:
        """The same records by the deal's id in the query."""
        return await self._client._run(_SETTLEMENTS, {"deal_id": deal_id}, timeout=timeout)

    async def update(
        self,
        id: str,
        *,
        deal_id: str,
        role: Literal["primary_agent", "co_agent", "observer"] | Unset = UNSET,
        revenue_share: Number | Unset = UNSET,
        scope: Sequence[str] | Unset = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Participant:
        """Change role, share or scope of a participant while the deal is in draft or in progress."""
        return await self._client._run(
            _UPDATE,
            {"id": id, "deal_id": deal_id, "role": role, "revenue_share": revenue_share, "scope": scope},
            if_match=if_match,
            timeout=timeout,
        )
