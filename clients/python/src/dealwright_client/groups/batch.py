"""Batch: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NotRequired, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class BatchResult(TypedDict):
    results: list[StepResult]
    committed: bool


class Step(TypedDict):
    method: Literal["GET", "POST", "PATCH", "DELETE"]
    resource: Literal["deals", "customers", "products", "contracts"]
    id: NotRequired[str | None]
    """needed for PATCH and DELETE; a GET without it lists"""
    body: NotRequired[Mapping[str, Any]]
    """members of a write, filters of a list"""
    version: NotRequired[int | None]
    """expected version, in place of If-Match"""


class StepError(TypedDict):
    code: str
    category: str
    message: str
    details: dict[str, Any] | None


class StepResult(TypedDict):
    index: int
    status: int
    data: NotRequired[Any]
    error: NotRequired[StepError | None]


_EXECUTE: Final[Endpoint[BatchResult]] = Endpoint("POST", "/batch", idempotent=True)


class BatchGroup(Group):
    """``client.batch``."""

    def execute(
        self,
        *,
        operations: Sequence[Step],
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> BatchResult:
        """Run up to 25 operations in order, in one transaction, each under its own scope.

        When a write fails, every write is undone and ``committed`` is false; reads keep what they found. Each
        result has the status that the operation would have had alone.
        """
        return self._client._run(_EXECUTE, {"operations": operations}, idempotency_key=idempotency_key, timeout=timeout)


class AsyncBatchGroup(AsyncGroup):
    """``client.batch``, asynchronously."""

    async def execute(
        self,
        *,
        operations: Sequence[Step],
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> BatchResult:
        """Run up to 25 operations in order, in one transaction, each under its own scope."""
        return await self._client._run(
            _EXECUTE, {"operations": operations}, idempotency_key=idempotency_key, timeout=timeout
        )
