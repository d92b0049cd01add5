"""The one path of every call, whatever the surface.

authenticate and rate-limit (:mod:`dealwright.kernel.access.admission`) → authorise → idempotency → validate → begin
the transaction with its tenant → If-Match → handler → audit and outbox → commit → an :class:`Outcome` to render.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import structlog
from pydantic import ValidationError

from dealwright.kernel import fields, resources, versions
from dealwright.kernel.access.idempotency import Slot, check_key
from dealwright.kernel.access.principals import Principal, grants
from dealwright.kernel.clock import Clock
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.crypto import Keyring
from dealwright.kernel.errors import (
    DealwrightError,
    Forbidden,
    InsufficientScope,
    InternalError,
    StaleVersion,
    StillRunning,
    Unauthenticated,
    Unavailable,
    VersionRequired,
)
from dealwright.kernel.operations import Operation, Reply
from dealwright.kernel.paging import Shaping, shape
from dealwright.kernel.store.database import Database, Transaction

log = structlog.get_logger("dealwright.pipeline")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one operation, free of any surface's form."""

    operation: Operation
    arguments: Mapping[str, Any]
    principal: Principal
    ref: str
    if_match: str | None = None
    idempotency_key: str | None = None
    version_optional: bool = False
    """Batch and MCP may leave the version out (docs/compatibility.md)."""
    delegation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: data, or an error as plain data."""

    status: int
    data: Any = None
    version: int | None = None
    error: dict[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str | None = None
    replayed: bool = False
    mismatch: bool = False

    def kept(self) -> dict[str, Any]:
        """The plain form that an idempotency key keeps."""
        return {"status": self.status, "data": self.data, "version": self.version, "error": self.error}


def failure(error: DealwrightError, ref: str) -> Outcome:
    return Outcome(status=error.status, error=error.answer(ref))


def _actor(principal: Principal) -> str:
    return principal.key_id


def authorise(operation: Operation, principal: Principal) -> None:
    """Raises Unauthenticated, Forbidden or InsufficientScope."""
    if "public" in operation.auth:
        return
    if principal.kind == "public":
        raise Unauthenticated
    if principal.kind not in operation.auth:
        if principal.kind == "publishable_key":
            raise Forbidden(
                "A publishable key cannot call this operation",
                hint="Call it from your server with a secret key (sb_live_… or sb_test_…).",
            )
        raise Unauthenticated(
            "This operation needs a signed-in person",
            code="authentication_error.session_required",
            hint="Sign in to the dashboard; API keys cannot call it.",
        )
    if operation.scope is not None and not grants(principal.scopes, operation.scope):
        raise InsufficientScope(operation.scope, operation.id)


class Pipeline:
    """Runs operations for one process."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, *, check_results: bool = False) -> None:
        self.database = database
        self.clock = clock
        self._keyring = keyring
        self._check_results = check_results

    async def run(self, call: Call) -> Outcome:
        """Never raises: every failure becomes an Outcome with a category, a message and ``ref``."""
        try:
            authorise(call.operation, call.principal)
            if call.idempotency_key is not None and call.operation.idempotent:
                check_key(call.idempotency_key)
                return await Database.retrying(lambda: self._run_once_per_key(call, str(call.idempotency_key)))
            return await Database.retrying(lambda: self._run(call))
        except DealwrightError as error:
            return failure(error, call.ref)
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("operation_failed", operation=call.operation.id, ref=call.ref)
            return failure(InternalError(), call.ref)

    async def _run(self, call: Call) -> Outcome:
        params = self._validated(call)
        if call.operation.own_transactions:
            reply = await call.operation.handler(self._steps(call), params)
            return self._outcome(call, params, reply)
        async with self._transaction(call) as tx:
            return await self.perform(self._context(call, tx), call, params)

    async def _run_once_per_key(self, call: Call, key: str) -> Outcome:
        operation, principal = call.operation, call.principal
        assert principal.tenant_id is not None
        slot = Slot(operation.id, key, call.arguments, self._cipher(principal))
        if operation.own_transactions:
            return await self._run_steps_once(call, slot)
        async with self.database.transaction(principal.tenant_id, principal.livemode) as tx:
            if (kept := await slot.claim(tx, self.clock())) is not None:
                return self._replay(kept.answer, kept.mismatch)
            outcome: Outcome
            try:
                async with tx.savepoint():
                    params = self._validated(call)
                    outcome = await self.perform(self._context(call, tx), call, params)
            except (InternalError, Unavailable):
                raise
            except DealwrightError as error:
                outcome = failure(error, call.ref)
            await slot.keep(tx, outcome.kept())
        return outcome

    async def _run_steps_once(self, call: Call, slot: Slot) -> Outcome:
        """The key is claimed in a transaction of its own, because the work runs in several."""
        tenant, livemode = call.principal.tenant_id, call.principal.livemode
        assert tenant is not None
        async with self.database.transaction(tenant, livemode) as tx:
            kept = await slot.claim(tx, self.clock())
        if kept is not None:
            return self._replay(kept.answer, kept.mismatch)
        try:
            outcome = await self._run(call)
        except DealwrightError as error:
            outcome = failure(error, call.ref)
        except BaseException:
            async with self.database.transaction(tenant, livemode) as tx:
                await slot.release(tx)
            raise
        async with self.database.transaction(tenant, livemode) as tx:
            if outcome.status >= 500:
                await slot.release(tx)
            else:
                await slot.keep(tx, outcome.kept())
        return outcome

    @staticmethod
    def _replay(answer: dict[str, Any] | None, mismatch: bool) -> Outcome:
        if answer is None:
            raise StillRunning(retry_after=1)
        return Outcome(**answer, replayed=True, mismatch=mismatch)

    def _validated(self, call: Call) -> Any:
        operation = call.operation
        if (
            operation.locking == "required"
            and call.if_match is None
            and not call.version_optional
            and call.principal.settings.require_if_match
        ):
            raise VersionRequired
        return fields.validate(operation.input, call.arguments)

    def _cipher(self, principal: Principal) -> Any:
        return self._keyring.tenant(principal.tenant_id, principal.encryption_version)

    def _context(self, call: Call, tx: Transaction) -> Context:
        return Context(
            tx=tx,
            principal=call.principal,
            now=self.clock(),
            cipher=self._cipher(call.principal),
            operation=call.operation,
            ref=call.ref,
            expected_version=versions.parse_if_match(call.if_match) if call.if_match is not None else None,
            actor=_actor(call.principal),
            delegation_id=call.delegation_id,
        )

    @asynccontextmanager
    async def _transaction(self, call: Call) -> AsyncIterator[Transaction]:
        principal = call.principal
        if principal.tenant_id is None:
            async with self.database.system(read_only=not call.operation.writes) as tx:
                yield tx
        else:
            async with self.database.transaction(
                principal.tenant_id, principal.livemode, read_only=not call.operation.writes
            ) as tx:
                yield tx

    def _steps(self, call: Call) -> Steps:
        @asynccontextmanager
        async def open_context() -> AsyncIterator[Context]:
            assert call.principal.tenant_id is not None
            async with self.database.transaction(call.principal.tenant_id, call.principal.livemode) as tx:
                ctx = self._context(call, tx)
                yield ctx
                await ctx.flush()

        return Steps(open_context, call.principal)

    async def perform(self, ctx: Context, call: Call, params: Any) -> Outcome:
        """Run the handler in an open transaction and write the ledger; batch calls this once per step."""
        try:
            reply = await call.operation.handler(ctx, params)
            await ctx.flush()
        except StaleVersion as error:
            await self._show_current(ctx, error)
            raise
        return self._outcome(call, params, reply)

    async def _show_current(self, ctx: Context, error: StaleVersion) -> None:
        resource = resources.by_name(ctx.operation.resource)
        if resource is not None and error.data is not None:
            error.data = await ctx.wire_one(resource, error.data)

    def _outcome(self, call: Call, params: Any, reply: Reply) -> Outcome:
        operation, data = call.operation, reply.data
        if self._check_results and operation.result is not None and reply.media_type is None:
            try:
                operation.result.model_validate(data)
            except ValidationError as problem:
                raise AssertionError(f"{operation.id} answers what it does not declare: {problem}") from problem
        if operation.shaped and isinstance(params, Shaping):
            data = _shaped(data, params)
        outcome = Outcome(
            status=reply.status or operation.status,
            data=data,
            version=reply.version,
            headers=reply.headers,
            media_type=reply.media_type,
        )
        return outcome if reply.media_type is None else replace(outcome, data=reply.data)


def _shaped(data: Any, shaping: Shaping) -> Any:
    """Shape one record, or every record of a list answer (the list stands beside ``pagination``)."""
    if shaping.format is None and not shaping.fields and not shaping.exclude:
        return data
    if "pagination" in data:
        return {
            name: [shape(record, shaping) for record in value] if isinstance(value, list) else value
            for name, value in data.items()
        }
    return shape(data, shaping)
