"""The test clock of a workspace (ours): the time of its test mode, moved forward at will, so that what happens by the
clock alone (expiries, renewals, reminders) can be seen today. See docs/sandbox.md.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from sqlalchemy import select

from dealwright.kernel import clock
from dealwright.kernel.access import workspaces
from dealwright.kernel.access.principals import WorkspaceSettings
from dealwright.kernel.access.tables import tenants
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict, Forbidden, NotFound, invalid_field
from dealwright.kernel.fields import Input, Instant, Integer, Nothing, Wire
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.pipeline import Pipeline
from dealwright.kernel.store.statements import Statement
from dealwright.modules.sandbox.mode import note, require_test_mode
from dealwright.modules.sandbox.models import Environment

_STEP: Final = timedelta(days=1)
"""Schedules run at the end of each, so that what they do carries the right day."""
_FARTHEST: Final = timedelta(days=400)
"""How far one call moves the clock."""
_AHEAD_AT_MOST: Final = timedelta(days=3653)


class NewClock(Input):
    now: Annotated[Instant | None, Field(description="where the clock begins, not in the past; left out: now")] = None


class Advance(Input):
    """Where to: an instant, or a distance."""

    to: Annotated[Instant | None, Field(description="the new time, later than the clock's own")] = None
    days: Annotated[Integer, Field(ge=0, le=400)] = 0
    hours: Annotated[Integer, Field(ge=0, le=9600)] = 0
    minutes: Annotated[Integer, Field(ge=0, le=576_000)] = 0

    @property
    def distance(self) -> timedelta:
        return timedelta(days=self.days, hours=self.hours, minutes=self.minutes)


class ClockView(Wire):
    """``active`` is false where test mode goes by the server's own time."""

    environment: Environment
    sandbox: Literal[True]
    active: bool
    now: Annotated[str, Field(description="the time of test mode")]
    ahead_seconds: Annotated[int, Field(description="how far that is ahead of the server's time")]


def _view(now: datetime, settings: WorkspaceSettings) -> dict[str, Any]:
    seconds = settings.test_clock_seconds
    return {
        "environment": "test",
        "sandbox": True,
        "active": seconds is not None,
        "now": clock.iso(now),
        "ahead_seconds": seconds or 0,
    }


async def _set(ctx: Context, seconds: int | None, action: str) -> Reply:
    """Write where the clock stands; the workspace's row is locked."""
    row = await workspaces.lock(ctx.tx)
    written = await workspaces.change(ctx.tx, row, {"test_clock_seconds": seconds}, ctx.server_now)
    note(ctx, action, {"ahead_seconds": {"from": row["settings"].get("test_clock_seconds"), "to": seconds}})
    now = ctx.server_now + timedelta(seconds=seconds or 0)
    return Reply(_view(now, WorkspaceSettings.model_validate(written["settings"])))


async def _locked(ctx: Context) -> int | None:
    """How many seconds the clock is ahead by now, whatever this caller was told before; None: there is none."""
    require_test_mode(ctx)
    row = await workspaces.lock(ctx.tx)
    return WorkspaceSettings.model_validate(row["settings"]).test_clock_seconds


def _ahead(moment: datetime, ctx: Context) -> int:
    """Raises InvalidFields for a moment beyond what a test clock can show."""
    distance = moment - ctx.server_now
    if distance > _AHEAD_AT_MOST:
        raise invalid_field("to", "out_of_range", "A test clock can be at most ten years ahead")
    return round(distance.total_seconds())


@operation("test_clock.get", "GET", "/test-clock", scope="sandbox:read", result=ClockView, errors=(Forbidden,))
async def get_clock(ctx: Context, params: Nothing) -> Reply:
    """Tell what time it is in the test mode of the workspace."""
    require_test_mode(ctx)
    return Reply(_view(ctx.now, ctx.principal.settings))


@operation(
    "test_clock.create",
    "POST",
    "/test-clock",
    scope="sandbox:write",
    result=ClockView,
    status=201,
    errors=(Forbidden, Conflict),
)
async def create_clock(ctx: Context, params: NewClock) -> Reply:
    """Give the test mode of the workspace a clock of its own.

    It goes on like any clock from where it is set. Setting it ahead makes nothing happen yet; advancing it does.
    """
    if await _locked(ctx) is not None:
        raise Conflict("The workspace already has a test clock; advance it, or remove it first")
    start = params.now or ctx.server_now
    if start < ctx.server_now - timedelta(minutes=1):
        raise invalid_field("now", "out_of_range", "Now must not lie in the past: time only moves forward")
    return await _set(ctx, max(_ahead(start, ctx), 0), "test_clock.created")


@operation(
    "test_clock.advance",
    "POST",
    "/test-clock",
    action="advance",
    scope="sandbox:write",
    result=ClockView,
    errors=(Forbidden, NotFound),
    own_transactions=True,
)
async def advance_clock(steps: Steps, params: Advance) -> Reply:
    """Move the test clock forward, by at most 400 days a call, and let what falls due on the way happen.

    The schedules run at the end of every day that goes by, each at its time, for this workspace's test records alone.
    """
    async with steps.transaction() as ctx:
        seconds = await _locked(ctx)
        if seconds is None:
            raise NotFound("The workspace has no test clock", hint="Create one: POST /test-clock.")
        start = ctx.server_now + timedelta(seconds=seconds)
        if (params.to is None) is (not params.distance):
            raise invalid_field("to", "required", "Say either to, or how many days, hours and minutes")
        goal = params.to or start + params.distance
        if goal <= start:
            raise invalid_field("to", "out_of_range", f"To must be later than {clock.iso(start)}: time moves forward")
        if goal - start > _FARTHEST:
            raise invalid_field("to", "out_of_range", f"One call moves the clock by at most {_FARTHEST.days} days")
        _ahead(goal, ctx)
    moment = start
    while moment < goal:
        moment = min(moment + _STEP, goal)
        await steps.catch_up(moment)
    async with steps.transaction() as ctx:
        seconds = await _locked(ctx)
        if seconds is None:
            raise NotFound("The test clock was removed meanwhile")
        return await _set(ctx, max(seconds, _ahead(goal, ctx)), "test_clock.advanced")


@operation(
    "test_clock.remove", "DELETE", "/test-clock", scope="sandbox:write", result=ClockView, errors=(Forbidden, NotFound)
)
async def remove_clock(ctx: Context, params: Nothing) -> Reply:
    """Let test mode go by the server's own time again.

    Records keep the times that they got. Reset the sandbox for a clean slate, which removes the clock as well.
    """
    if await _locked(ctx) is None:
        raise NotFound("The workspace has no test clock")
    return await _set(ctx, None, "test_clock.removed")


async def remove_if_any(ctx: Context) -> None:
    """For a reset."""
    if await _locked(ctx) is not None:
        await _set(ctx, None, "test_clock.removed")


_running: Final = Statement(
    select(tenants.c.tenant_id, tenants.c.settings).where(tenants.c.settings["test_clock_seconds"].astext.is_not(None))
)


@schedule("sandbox.test_clocks", every=timedelta(minutes=1), real_time=True)
async def keep_going(pipeline: Pipeline) -> None:
    """Time goes on in workspaces with a test clock: what falls due there happens there."""
    async with pipeline.system() as tx:
        rows = await tx.rows(_running)
    for row in rows:
        settings = WorkspaceSettings.model_validate(row["settings"])
        ahead = timedelta(seconds=settings.test_clock_seconds or 0)
        await pipeline.catch_up(row["tenant_id"], pipeline.clock() + ahead)
