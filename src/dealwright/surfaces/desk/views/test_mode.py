"""Test mode: what is in it, filling and emptying it, and the clock that runs there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response

from dealwright.kernel import clock
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import corners
from dealwright.surfaces.desk.visit import Visit

_HERE: Final = "/settings/test-mode"
STEPS: Final = (
    ("An hour", {"hours": 1}),
    ("A day", {"days": 1}),
    ("A week", {"days": 7}),
    ("30 days", {"days": 30}),
    ("A year", {"days": 365}),
)


@page(_HERE)
async def show(visit: Visit) -> Response:
    if visit.principal.livemode:
        return corners.settings(visit, "test_mode_away.html")
    found: dict[str, Any] = await visit.together(records=("sandbox.status", {}), clock=("test_clock.get", {}))
    there = clock.parse_iso(found["clock"]["now"])
    return corners.settings(
        visit,
        "test_mode.html",
        there=there,
        here_now=there - timedelta(seconds=found["clock"]["ahead_seconds"]),
        steps=STEPS,
        **found,
    )


@action(f"{_HERE}/clock", again=show)
async def create_clock(visit: Visit) -> Response:
    made = await visit.write("test_clock.create", _filled(visit, "test_clock.create", ("now",)))
    return visit.go(_HERE, f"In test mode it is {visit.local.moment(made['now'])} now")


def _filled(visit: Visit, operation: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in visit.arguments(operation, names).items() if value is not None}


@action(f"{_HERE}/clock/advance", again=show)
async def advance(visit: Visit) -> Response:
    names = ("to", "days", "hours", "minutes")
    moved = await visit.write("test_clock.advance", _filled(visit, "test_clock.advance", names))
    return visit.go(_HERE, f"In test mode it is {visit.local.moment(moved['now'])} now")


@action(f"{_HERE}/clock/remove", again=show)
async def remove_clock(visit: Visit) -> Response:
    visit.confirm(
        "Go back to the server's time?",
        "Records keep the times that they got, so some will lie in the future.",
        "Remove the clock",
        _HERE,
    )
    await visit.write("test_clock.remove", {})
    return visit.go(_HERE, "Test mode goes by the server's time again")


@action(f"{_HERE}/seed", again=show)
async def seed(visit: Visit) -> Response:
    made = await visit.write("sandbox.seed", {})
    return visit.go(_HERE, f"{made['total_seeded']} test records were made")


@action(f"{_HERE}/reset", again=show)
async def reset(visit: Visit) -> Response:
    visit.confirm(
        "Delete all test records?",
        "Customers, deals, payments, events: everything in test mode is gone for good, and the test clock with it. "
        "Live records, webhooks and keys stay.",
        "Delete all test records",
        _HERE,
    )
    gone = await visit.write("sandbox.reset", {})
    return visit.go(_HERE, f"{gone['total_deleted']} test records were deleted")
