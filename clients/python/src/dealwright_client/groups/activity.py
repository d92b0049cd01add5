"""Activity: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import Deleted, Pagination
from dealwright_client.values import UNSET, Unset


class ActivityEntry(TypedDict):
    id: str
    event_type: str
    actor_type: Literal["user", "agent", "system"]
    actor_id: str | None
    entity_type: str
    entity_id: str
    summary: str
    data: dict[str, Any]
    created_at: str


class ActivityPage(TypedDict):
    activities: list[ActivityEntry]
    pagination: Pagination


class Marked(TypedDict):
    marked: int


class Notification(TypedDict):
    id: str
    notification_id: str
    event_type: str
    entity_type: str
    entity_id: str
    title: str
    message: str
    channel: Literal["email", "webhook", "in_app"]
    read: bool
    read_at: str | None
    created_at: str


class NotificationPage(TypedDict):
    notifications: list[Notification]
    unread_count: int
    pagination: Pagination


class Preferences(TypedDict):
    """One member for each kind of event that has switches."""


class Rule(TypedDict):
    id: str
    rule_id: str
    event_type: str
    channel: Literal["email", "webhook", "in_app"]
    name: str | None
    is_active: bool
    recipient: str | None
    created_at: str


class RuleList(TypedDict):
    rules: list[Rule]


class Switches(TypedDict):
    """The channels of one kind of event."""

    email: bool
    in_app: bool
    webhook: bool


_CREATE_RULE: Final[Endpoint[Rule]] = Endpoint("POST", "/activity/create-rule", idempotent=True)
_DELETE_RULE: Final[Endpoint[Deleted]] = Endpoint("DELETE", "/activity/rules/{rule_id}")
_GET_PREFERENCES: Final[Endpoint[Preferences]] = Endpoint("GET", "/activity/preferences")
_LIST: Final[Endpoint[ActivityPage]] = Endpoint(
    "GET", "/activity", query=frozenset({"actor_type", "entity_type", "event_type", "limit", "offset"})
)
_LIST_NOTIFICATIONS: Final[Endpoint[NotificationPage]] = Endpoint(
    "GET", "/activity/notifications", query=frozenset({"limit", "offset", "unread"})
)
_LIST_RULES: Final[Endpoint[RuleList]] = Endpoint("GET", "/activity/rules")
_MARK_ALL_READ: Final[Endpoint[Marked]] = Endpoint("POST", "/activity/mark-all-read", idempotent=True)
_MARK_READ: Final[Endpoint[Marked]] = Endpoint("POST", "/activity/mark-read", idempotent=True)
_UPDATE_PREFERENCES: Final[Endpoint[Preferences]] = Endpoint("PUT", "/activity/preferences")
_UPDATE_RULE: Final[Endpoint[Rule]] = Endpoint("PATCH", "/activity/rules/{rule_id}", nulls=True)


class ActivityGroup(Group):
    """``client.activity``."""

    def create_rule(
        self,
        *,
        event_type: str,
        channel: Literal["email", "webhook", "in_app"],
        name: str | None = None,
        recipient: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Rule:
        """Route matching events to a channel: the inbox, e-mail, or the webhook endpoints of the workspace.

        The channel webhook delivers to every active endpoint, whatever that one subscribed to.

        ``event_type``: an event, or a pattern with a trailing star

        Scope: ``deals:write``.
        """
        return self._client._run(
            _CREATE_RULE,
            {"event_type": event_type, "channel": channel, "name": name, "recipient": recipient},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def delete_rule(
        self,
        rule_id: str,
        *,
        timeout: float | None = None,
    ) -> Deleted:
        """Remove a rule. What it brought into the inbox stays.

        Scope: ``deals:write``. Errors: ``not_found``.
        """
        return self._client._run(_DELETE_RULE, {"rule_id": rule_id}, timeout=timeout)

    def get_preferences(
        self,
        *,
        timeout: float | None = None,
    ) -> Preferences:
        """The channel switches of every kind of event that has some; the others are off.

        Scope: ``deals:read``.
        """
        return self._client._run(_GET_PREFERENCES, {}, timeout=timeout)

    def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        event_type: str | None = None,
        actor_type: Literal["user", "agent", "system"] | None = None,
        entity_type: Literal["deal", "contract", "customer"] | None = None,
        timeout: float | None = None,
    ) -> ActivityPage:
        """Browse what happened, newest first, as far as the key's scopes show it.

        Scope: ``deals:read``.
        """
        return self._client._run(
            _LIST,
            {
                "limit": limit,
                "offset": offset,
                "event_type": event_type,
                "actor_type": actor_type,
                "entity_type": entity_type,
            },
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        limit: int | None = None,
        event_type: str | None = None,
        actor_type: Literal["user", "agent", "system"] | None = None,
        entity_type: Literal["deal", "contract", "customer"] | None = None,
        timeout: float | None = None,
    ) -> Iterator[ActivityEntry]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "activities",
            {"limit": limit, "event_type": event_type, "actor_type": actor_type, "entity_type": entity_type},
            timeout=timeout,
        )

    def list_notifications(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        unread: bool | None = None,
        timeout: float | None = None,
    ) -> NotificationPage:
        """The notification inbox, newest first, with the number of unread ones.

        ``unread``: only those that were not read yet

        Scope: ``deals:read``.
        """
        return self._client._run(
            _LIST_NOTIFICATIONS, {"limit": limit, "offset": offset, "unread": unread}, timeout=timeout
        )

    def iterate_notifications(
        self,
        *,
        limit: int | None = None,
        unread: bool | None = None,
        timeout: float | None = None,
    ) -> Iterator[Notification]:
        """Every record of :meth:`list_notifications`, page after page."""
        return self._client._pages(
            _LIST_NOTIFICATIONS, "notifications", {"limit": limit, "unread": unread}, timeout=timeout
        )

    def list_rules(
        self,
        *,
        timeout: float | None = None,
    ) -> RuleList:
        """The notification rules of the workspace, newest first.

        Scope: ``deals:read``.
        """
        return self._client._run(_LIST_RULES, {}, timeout=timeout)

    def mark_all_read(
        self,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Marked:
        """Mark the whole inbox as read.

        Scope: ``deals:write``.
        """
        return self._client._run(_MARK_ALL_READ, {}, idempotency_key=idempotency_key, timeout=timeout)

    def mark_read(
        self,
        *,
        notification_ids: Sequence[str],
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Marked:
        """Mark chosen notifications as read. Unknown ids are skipped; repeating the call is harmless.

        Scope: ``deals:write``.
        """
        return self._client._run(
            _MARK_READ, {"notification_ids": notification_ids}, idempotency_key=idempotency_key, timeout=timeout
        )

    def update_preferences(
        self,
        *,
        timeout: float | None = None,
    ) -> Preferences:
        """Set channel switches by kind of event; kinds and switches that are left out keep their setting.

        Scope: ``deals:write``.
        """
        return self._client._run(_UPDATE_PREFERENCES, {}, timeout=timeout)

    def update_rule(
        self,
        rule_id: str,
        *,
        event_type: str | Unset = UNSET,
        channel: Literal["email", "webhook", "in_app"] | Unset = UNSET,
        name: str | Unset | None = UNSET,
        is_active: bool | Unset = UNSET,
        recipient: str | Unset | None = UNSET,
        timeout: float | None = None,
    ) -> Rule:
        """Change a rule; members that are left out stay as they are.

        ``event_type``: an event, or a pattern with a trailing star

        Scope: ``deals:write``. Errors: ``not_found``.
        """
        return self._client._run(
            _UPDATE_RULE,
            {
                "rule_id": rule_id,
                "event_type": event_type,
                "channel": channel,
                "name": name,
                "is_active": is_active,
                "recipient": recipient,
            },
            timeout=timeout,
        )


class AsyncActivityGroup(AsyncGroup):
    """``client.activity``, asynchronously."""

    async def create_rule(
        self,
        *,
        event_type: str,
        channel: Literal["email", "webhook", "in_app"],
        name: str | None = None,
        recipient: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Rule:
        """Route matching events to a channel: the inbox, e-mail, or the webhook endpoints of the workspace."""
        return await self._client._run(
            _CREATE_RULE,
            {"event_type": event_type, "channel": channel, "name": name, "recipient": recipient},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def delete_rule(
        self,
        rule_id: str,
        *,
        timeout: float | None = None,
    ) -> Deleted:
        """Remove a rule. What it brought into the inbox stays."""
        return await self._client._run(_DELETE_RULE, {"rule_id": rule_id}, timeout=timeout)

    async def get_preferences(
        self,
        *,
        timeout: float | None = None,
    ) -> Preferences:
        """The channel switches of every kind of event that has some; the others are off."""
        return await self._client._run(_GET_PREFERENCES, {}, timeout=timeout)

    async def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        event_type: str | None = None,
        actor_type: Literal["user", "agent", "system"] | None = None,
        entity_type: Literal["deal", "contract", "customer"] | None = None,
        timeout: float | None = None,
    ) -> ActivityPage:
        """Browse what happened, newest first, as far as the key's scopes show it."""
        return await self._client._run(
            _LIST,
            {
                "limit": limit,
                "offset": offset,
                "event_type": event_type,
                "actor_type": actor_type,
                "entity_type": entity_type,
            },
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        limit: int | None = None,
        event_type: str | None = None,
        actor_type: Literal["user", "agent", "system"] | None = None,
        entity_type: Literal["deal", "contract", "customer"] | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[ActivityEntry]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "activities",
            {"limit": limit, "event_type": event_type, "actor_type": actor_type, "entity_type": entity_type},
            timeout=timeout,
        )

    async def list_notifications(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        unread: bool | None = None,
        timeout: float | None = None,
    ) -> NotificationPage:
        """The notification inbox, newest first, with the number of unread ones."""
        return await self._client._run(
            _LIST_NOTIFICATIONS, {"limit": limit, "offset": offset, "unread": unread}, timeout=timeout
        )

    def iterate_notifications(
        self,
        *,
        limit: int | None = None,
        unread: bool | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Notification]:
        """Every record of :meth:`list_notifications`, page after page."""
        return self._client._pages(
            _LIST_NOTIFICATIONS, "notifications", {"limit": limit, "unread": unread}, timeout=timeout
        )

    async def list_rules(
        self,
        *,
        timeout: float | None = None,
    ) -> RuleList:
        """The notification rules of the workspace, newest first."""
        return await self._client._run(_LIST_RULES, {}, timeout=timeout)

    async def mark_all_read(
        self,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Marked:
        """Mark the whole inbox as read."""
        return await self._client._run(_MARK_ALL_READ, {}, idempotency_key=idempotency_key, timeout=timeout)

    async def mark_read(
        self,
        *,
        notification_ids: Sequence[str],
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Marked:
        """Mark chosen notifications as read. Unknown ids are skipped; repeating the call is harmless."""
        return await self._client._run(
            _MARK_READ, {"notification_ids": notification_ids}, idempotency_key=idempotency_key, timeout=timeout
        )

    async def update_preferences(
        self,
        *,
        timeout: float | None = None,
    ) -> Preferences:
        """Set channel switches by kind of event; kinds and switches that are left out keep their setting."""
        return await self._client._run(_UPDATE_PREFERENCES, {}, timeout=timeout)

    async def update_rule(
        self,
        rule_id: str,
        *,
        event_type: str | Unset = UNSET,
        channel: Literal["email", "webhook", "in_app"] | Unset = UNSET,
        name: str | Unset | None = UNSET,
        is_active: bool | Unset = UNSET,
        recipient: str | Unset | None = UNSET,
        timeout: float | None = None,
    ) -> Rule:
        """Change a rule; members that are left out stay as they are."""
        return await self._client._run(
            _UPDATE_RULE,
            {
                "rule_id": rule_id,
                "event_type": event_type,
                "channel": channel,
                "name": name,
                "is_active": is_active,
                "recipient": recipient,
            },
            timeout=timeout,
        )
