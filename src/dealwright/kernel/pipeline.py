"""The one path of every call, whatever the surface.

authenticate and rate-limit (:mod:`dealwright.kernel.access.admission`) → authorise → idempotency → validate → begin
the transaction with its tenant → If-Match → handler → audit and outbox → commit → an :class:`Outcome` to render.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError

from dealwright.kernel import fields, resources, versions
from dealwright.kernel.access.idempotency import Slot, check_key
from dealwright.kernel.access.keys import acting_for
from dealwright.kernel.access.principals import Principal, grants
from dealwright.kernel.access.roles import at_least
from dealwright.kernel.access.sessions import NOBODY, Visitor
from dealwright.kernel.clock import Clock
from dealwright.kernel.context import Context, Providers, Steps, new_ref
from dealwright.kernel.crypto import Keyring, TenantCipher
from dealwright.kernel.errors import (
    DealwrightError,
    Forbidden,
    InsufficientRole,
    InsufficientScope,
    InternalError,
    SessionRequired,
    StaleVersion,
    StillRunning,
    Unauthenticated,
    Unavailable,
    VersionRequired,
)
from dealwright.kernel.health import Check
from dealwright.kernel.jobs import schedules
from dealwright.kernel.operations import Cookie, Operation, Reply
from dealwright.kernel.paging import Shaping, shape
from dealwright.kernel.store.database import Database, Transaction
from dealwright.kernel.store.one_workspace import OneWorkspace

log = structlog.get_logger("dealwright.pipeline")

_TWIN_WAITS = 10.0
"""Seconds that a repeated request waits for a first one that runs its own transactions."""
_TWIN_LOOKS = 0.05


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one operation, free of any surface's form."""

    operation: Operation
    arguments: Mapping[str, Any]
    principal: Principal
    ref: str
    if_match: str | None = None
    idempotency_key: str | None = None
    idempotency_space: str | None = None
    """Where the key is unique; None: in the workspace, for each operation anew."""
    version_optional: bool = False
    """Batch and MCP may leave the version out (docs/compatibility.md)."""
    delegation_id: str | None = None
    origin: str = ""
    visitor: Visitor = NOBODY


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: data, or an error as plain data."""

    status: int
    data: Any = None
    version: int | None = None
    error: dict[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    cookies: tuple[Cookie, ...] = ()
    media_type: str | None = None
    enveloped: bool = True
    replayed: bool = False
    mismatch: bool = False
    stream: AsyncGenerator[bytes, None] | None = None
    """A body without an end, to be sent as it comes and closed."""

    def kept(self) -> dict[str, Any]:
        """The plain form that an idempotency key keeps."""
        return {
            "status": self.status,
            "data": self.data,
            "version": self.version,
            "error": self.error,
            "headers": self.headers,
            "media_type": self.media_type,
        }


def failure(error: DealwrightError, ref: str) -> Outcome:
    return Outcome(status=error.status, error=error.answer(ref))


def _actor(principal: Principal) -> str:
    return principal.key_id


def authorise(operation: Operation, principal: Principal) -> None:
    """Raises Unauthenticated, Forbidden or InsufficientScope."""
    if operation.keyless:
        return
    if principal.kind == "public":
        raise Unauthenticated if "secret_key" in operation.auth else SessionRequired
    if principal.kind not in operation.auth:
        if principal.kind == "session":
            raise Forbidden("This operation is for API keys", hint="Call it with a secret key of the workspace.")
        if principal.kind == "publishable_key":
            raise Forbidden(
                "A publishable key cannot call this operation",
                hint="Call it from your server with a secret key (sb_live_… or sb_test_…).",
            )
        raise SessionRequired
    if principal.kind == "session":
        _authorise_person(operation, principal)
    if operation.scope is not None and not any(
        grants(principal.scopes, scope) for scope in (operation.scope, *operation.or_scopes)
    ):
        raise InsufficientScope(operation.scope, operation.id)


def _authorise_person(operation: Operation, principal: Principal) -> None:
    if principal.role is None:
        if not operation.across:
            raise Forbidden(
                "No workspace is chosen",
                code="authorization_error.no_workspace",
                hint="Choose one with POST /auth?action=select-tenant, or create one with POST /onboarding.",
            )
        return
    least = operation.least_role or ("member" if operation.writes and operation.scope is None else "viewer")
    if not at_least(principal.role, least):
        raise InsufficientRole(least, operation.id)


async def show_current(ctx: Context, error: StaleVersion) -> None:
    """Turn the row that a stale write met into the wire object that the caller gets with the 412."""
    resource = resources.by_name(ctx.operation.resource) if ctx.operation is not None else None
    if resource is not None and error.data is not None:
        error.data = await ctx.wire_one(resource, error.data)


class Pipeline:
    """Runs operations for one process."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        clock: Clock,
        *,
        checks: Sequence[Check] = (),
        providers: Providers | None = None,
        check_results: bool = False,
        test_time: bool = False,
    ) -> None:
        self.database = database
        self.clock = clock
        self._checks = checks
        self.providers = providers or Providers()
        self._keyring = keyring
        self._check_results = check_results
        self._test_time = test_time
        """Whether ``clock`` is already the test clock of the one workspace that is in reach."""

    async def run(self, call: Call) -> Outcome:
        """Never raises: every failure becomes an Outcome with a category, a message and ``ref``."""
        # What may have asked a provider is not simply run again; its caller is told to.
        attempts = 1 if call.operation.own_transactions else 3
        try:
            authorise(call.operation, call.principal)
            if call.idempotency_key is not None and call.operation.idempotent and call.principal.tenant_id is not None:
                key = check_key(call.idempotency_key)
                return await Database.retrying(lambda: self._run_once_per_key(call, key), attempts)
            return await Database.retrying(lambda: self._run(call), attempts)
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
            started: list[str] = []
            reply = await call.operation.handler(self._steps(call, started), params)
            return self._outcome(call, params, reply, started)
        async with self._transaction(call, read_only=not call.operation.writes) as tx:
            return await self.perform(self._context(call, tx), call, params)

    async def _run_once_per_key(self, call: Call, key: str) -> Outcome:
        operation, principal, cipher = call.operation, call.principal, self._cipher(call.principal)
        assert principal.tenant_id is not None
        assert cipher is not None
        # A publishable key is in everybody's hands: it must not be able to guess its way to a secret key's answers.
        space = "public:" if principal.kind == "publishable_key" else ""
        slot = Slot(call.idempotency_space or space + operation.id, key, call.arguments, cipher)
        if operation.own_transactions:
            return await self._run_steps_once(call, slot)
        async with self._transaction(call, read_only=False) as tx:
            if (kept := await slot.claim(tx, self.clock())) is not None:
                return self._replay(operation, kept.answer, kept.mismatch)
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
        give_up = time.monotonic() + _TWIN_WAITS
        while True:
            async with self.database.transaction(tenant, livemode) as tx:
                kept = await slot.claim(tx, self.clock())
            if kept is None:
                break
            if kept.answer is not None or time.monotonic() > give_up:
                return self._replay(call.operation, kept.answer, kept.mismatch)
            await asyncio.sleep(_TWIN_LOOKS)
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
    def _replay(operation: Operation, answer: dict[str, Any] | None, mismatch: bool) -> Outcome:
        if answer is None:
            raise StillRunning(retry_after=1)
        headers = tuple((name, value) for name, value in answer["headers"])
        kept = {**answer, "headers": headers}
        return Outcome(**kept, enveloped=operation.enveloped, replayed=True, mismatch=mismatch)

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

    def _cipher(self, principal: Principal) -> TenantCipher | None:
        if principal.tenant_id is None:
            return None
        return self._keyring.tenant(principal.tenant_id, principal.encryption_version)

    def _ahead(self, operation: Operation | None, principal: Principal) -> timedelta:
        """How far a caller's time is ahead: the workspace's test mode may have a clock of its own, people have none."""
        about_people = operation is not None and operation.across
        return timedelta() if self._test_time or about_people else principal.ahead

    def _context(self, call: Call, tx: Transaction, started: list[str] | None = None) -> Context:
        ahead = self._ahead(call.operation, call.principal)
        return Context(
            tx=tx,
            principal=call.principal,
            now=self.clock() + ahead,
            ahead=ahead,
            tenant_cipher=self._cipher(call.principal),
            operation=call.operation,
            ref=call.ref,
            expected_version=versions.parse_if_match(call.if_match) if call.if_match is not None else None,
            actor=_actor(call.principal),
            delegation_id=call.delegation_id,
            origin=call.origin,
            visitor=call.visitor,
            providers=self.providers,
            checked=self._check_results,
            started=[] if started is None else started,
        )

    def _transaction(self, call: Call, *, read_only: bool) -> AbstractAsyncContextManager[Transaction]:
        """The caller's transaction; a public caller has no tenant and gets a system transaction."""
        principal = call.principal
        if principal.tenant_id is None or call.operation.across:
            return self.database.system(read_only=read_only, tenant_id=principal.tenant_id, livemode=principal.livemode)
        return self.database.transaction(principal.tenant_id, principal.livemode, read_only=read_only)

    def _steps(self, call: Call, started: list[str]) -> Steps:
        @asynccontextmanager
        async def open_context() -> AsyncIterator[Context]:
            async with self._transaction(call, read_only=False) as tx:
                ctx = self._context(call, tx, started)
                yield ctx
                await ctx.flush()

        return Steps(
            open_context,
            call.principal,
            self.clock() + self._ahead(call.operation, call.principal),
            self._checks,
            self.providers,
            call.origin,
            self,
            visitor=call.visitor,
        )

    async def catch_up(self, tenant_id: UUID, moment: datetime) -> None:
        """Run every schedule of the business once in the test mode of one workspace, as if it were ``moment``.

        They see a server with nothing else in it, so they need not know of test clocks.
        """
        narrowed = Pipeline(
            OneWorkspace(self.database, tenant_id),
            self._keyring,
            lambda: moment,
            checks=self._checks,
            providers=self.providers,
            check_results=self._check_results,
            test_time=True,
        )
        for each in schedules.of_the_business():
            try:
                await each.work(narrowed)
            except Exception:
                log.exception("schedule_failed", schedule=each.name, test_clock=True)

    def system(self) -> AbstractAsyncContextManager[Transaction]:
        """A read-only transaction that sees every workspace."""
        return self.database.system(read_only=True)

    @asynccontextmanager
    async def within(self, tenant_id: UUID, livemode: bool, actor: str = "system") -> AsyncIterator[Context]:
        """A context in a transaction of its own inside a workspace, acting as the server itself: for schedules, and
        for public operations that found out whose record they are about. Raises NotFound for an unknown workspace.
        """
        async with self.database.transaction(tenant_id, livemode) as tx:
            principal = await acting_for(tx, actor)
            ahead = self._ahead(None, principal)
            ctx = Context(
                tx=tx,
                principal=principal,
                now=self.clock() + ahead,
                ahead=ahead,
                tenant_cipher=self._cipher(principal),
                operation=None,
                ref=new_ref(),
                actor=actor,
                providers=self.providers,
                checked=self._check_results,
            )
            yield ctx
            await ctx.flush()

    async def steps_within(self, tenant_id: UUID, livemode: bool, actor: str = "system") -> Steps:
        """Steps inside a workspace, acting as the server itself: for schedules and background jobs. Raises NotFound
        for an unknown workspace.
        """
        async with self.database.transaction(tenant_id, livemode, read_only=True) as tx:
            principal = await acting_for(tx, actor)
        return Steps(
            partial(self.within, tenant_id, livemode, actor),
            principal,
            self.clock() + self._ahead(None, principal),
            self._checks,
            self.providers,
            elsewhere=self,
        )

    async def perform(self, ctx: Context, call: Call, params: Any) -> Outcome:
        """Run the handler in an open transaction and write the ledger; batch calls this once per step."""
        try:
            reply = await call.operation.handler(ctx, params)
            assert reply.stream is None, "a stream outlives this transaction; declare own_transactions"
            await ctx.flush()
        except StaleVersion as error:
            await show_current(ctx, error)
            raise
        return self._outcome(call, params, reply, ctx.started)

    def _outcome(self, call: Call, params: Any, reply: Reply, started: Sequence[str]) -> Outcome:
        operation, data = call.operation, reply.data
        if self._check_results and operation.result is not None and reply.media_type is None:
            try:
                operation.result.model_validate(data)
            except ValidationError as problem:
                raise AssertionError(f"{operation.id} answers what it does not declare: {problem}") from problem
        if operation.shaped and isinstance(params, Shaping) and reply.media_type is None:
            data = _shaped(data, params)
        return Outcome(
            status=reply.status or operation.status,
            data=data,
            version=reply.version,
            headers=reply.headers + ((("X-Job-ID", started[0]),) if started else ()),
            cookies=reply.cookies,
            media_type=reply.media_type,
            enveloped=operation.enveloped,
            stream=reply.stream,
        )


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
