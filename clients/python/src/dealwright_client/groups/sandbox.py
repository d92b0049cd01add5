"""Sandbox: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class Reset(TypedDict):
    environment: Literal["test"]
    sandbox: Literal[True]
    message: str
    action: Literal["reset"]
    deleted: dict[str, int]
    """how many records of each kind are gone"""
    total_deleted: int


class Seed(TypedDict):
    environment: Literal["test"]
    sandbox: Literal[True]
    message: str
    action: Literal["seed"]
    seeded: dict[str, int]
    """how many records of each kind were made"""
    total_seeded: int


class Simulated(TypedDict):
    environment: Literal["test"]
    sandbox: Literal[True]
    message: str
    action: Literal["simulate_webhook"]
    event: str
    event_id: str
    """as in the event log and in every delivery"""
    deliveries: int
    """how many webhooks the event goes to"""
    webhook_ids: list[str]


class Status(TypedDict):
    environment: Literal["test"]
    sandbox: Literal[True]
    counts: dict[str, int]
    total_test_records: int


_RESET: Final[Endpoint[Reset]] = Endpoint("POST", "/sandbox/reset", idempotent=True)
_SEED: Final[Endpoint[Seed]] = Endpoint("POST", "/sandbox/seed", idempotent=True)
_SIMULATE_WEBHOOK: Final[Endpoint[Simulated]] = Endpoint("POST", "/sandbox/simulate_webhook", idempotent=True)
_STATUS: Final[Endpoint[Status]] = Endpoint("GET", "/sandbox/status")


class SandboxGroup(Group):
    """``client.sandbox``."""

    def reset(
        self,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Reset:
        """Delete all test records of the workspace, in one transaction.

        Goes: every record of the business with what hangs on it, events and their deliveries, background jobs, kept
        idempotent answers, the test clock. Stays: webhooks, notification rules and preferences, the set-up of the
        shop, the audit trail, issued credentials, keys. Live records are never touched.

        Scope: ``sandbox:write``. Errors: ``authorization_error.forbidden``.
        """
        return self._client._run(_RESET, {}, idempotency_key=idempotency_key, timeout=timeout)

    def seed(
        self,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Seed:
        """Make a realistic set of test records: 5 customers, 10 products, 10 deals with 22 line items, 1 contract.

        They are written through the operations, with audit entries and events, over the last two months. Each run
        adds another set; reset first for a clean slate.

        Scope: ``sandbox:write``. Errors: ``authorization_error.forbidden``.
        """
        return self._client._run(_SEED, {}, idempotency_key=idempotency_key, timeout=timeout)

    def simulate_webhook(
        self,
        *,
        event: str,
        data: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Simulated:
        """Send a test event to every active test webhook that subscribed to it.

        It takes the way of every event: it stands in the event log, is signed, retried and kept as a delivery.
        Nothing in the workspace acts on it.

        ``event``: the kind of event
        ``data``: the payload to send; left out: an invented one with every member

        Scope: ``sandbox:write``. Errors: ``authorization_error.forbidden``.
        """
        return self._client._run(
            _SIMULATE_WEBHOOK, {"event": event, "data": data}, idempotency_key=idempotency_key, timeout=timeout
        )

    def status(
        self,
        *,
        timeout: float | None = None,
    ) -> Status:
        """Tell how many test records the workspace has.

        Scope: ``sandbox:read``. Errors: ``authorization_error.forbidden``.
        """
        return self._client._run(_STATUS, {}, timeout=timeout)


class AsyncSandboxGroup(AsyncGroup):
    """``client.sandbox``, asynchronously."""

    async def reset(
        self,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Reset:
        """Delete all test records of the workspace, in one transaction."""
        return await self._client._run(_RESET, {}, idempotency_key=idempotency_key, timeout=timeout)

    async def seed(
        self,
        *,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Seed:
        """Make a realistic set of test records: 5 customers, 10 products, 10 deals with 22 line items, 1 contract."""
        return await self._client._run(_SEED, {}, idempotency_key=idempotency_key, timeout=timeout)

    async def simulate_webhook(
        self,
        *,
        event: str,
        data: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Simulated:
        """Send a test event to every active test webhook that subscribed to it."""
        return await self._client._run(
            _SIMULATE_WEBHOOK, {"event": event, "data": data}, idempotency_key=idempotency_key, timeout=timeout
        )

    async def status(
        self,
        *,
        timeout: float | None = None,
    ) -> Status:
        """Tell how many test records the workspace has."""
        return await self._client._run(_STATUS, {}, timeout=timeout)
