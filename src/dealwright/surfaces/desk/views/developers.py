"""The developers' corner: first requests to copy, the event log, background jobs."""

from __future__ import annotations

from typing import Final

import orjson
from starlette.responses import Response

from dealwright.kernel.event_types import event_types
from dealwright.surfaces.desk.forms import instant
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import corners
from dealwright.surfaces.desk.visit import Visit

_PLACEHOLDER: Final = "sb_test_your_key"
_JOBS: Final = "/developers/jobs"
_PER_PAGE: Final = 50
_EVENT_STATUSES: Final = ("pending", "delivered", "partially_delivered", "failed")


def event_names() -> list[str]:
    """Every kind of event."""
    return sorted(kind.name for kind in event_types)


# --- first requests


async def _start(visit: Visit, secret: str | None = None) -> Response:
    base = f"{visit.origin}/api/v1"
    key = secret or _PLACEHOLDER
    mcp = {
        "mcpServers": {
            "dealwright": {
                "type": "http",
                "url": f"{base}/mcp",
                "headers": {"Authorization": f"Bearer {key}"},
            }
        }
    }
    keys = await visit.read("keys.list", environment="test") if visit.may("keys.list") else []
    return corners.developers(
        visit,
        "developers.html",
        base=base,
        key=key,
        secret=secret,
        keys=keys,
        mcp=orjson.dumps(mcp, option=orjson.OPT_INDENT_2).decode(),
    )


@page("/developers")
async def start(visit: Visit) -> Response:
    return await _start(visit)


@action("/developers", again=start)
async def test_key(visit: Visit) -> Response:
    """A test key of one's own, filled into the examples of this one answer."""
    name = f"Test key of {visit.person.name or visit.person.email}"
    made = await visit.write("keys.create", {"name": name[:100], "environment": "test"})
    return await _start(visit, made["secret"])


# --- the event log


@page("/developers/events")
async def events(visit: Visit) -> Response:
    found = await visit.read(
        "webhooks.events",
        event_type=visit.asked("event_type"),
        status=visit.asked("status"),
        since_timestamp=instant(visit.asked("since"), visit.local.zone),
        before_sequence=visit.asked("before_sequence"),
        order="desc",
        limit=_PER_PAGE,
    )
    return corners.developers(visit, "events.html", names=event_names(), statuses=_EVENT_STATUSES, **found)


@page("/developers/events/{id}")
async def event(visit: Visit) -> Response:
    found = await visit.read("webhooks.event", id=visit.path["id"])
    sent = {"id": found["id"], "event": found["event_type"], "created_at": found["created_at"], "data": found["data"]}
    payload = orjson.dumps(sent, option=orjson.OPT_INDENT_2).decode()
    return corners.developers(visit, "event.html", event=found, payload=payload)


# --- messages that stay in the house


@page("/developers/outbox")
async def outbox(visit: Visit) -> Response:
    return corners.developers(visit, "outbox.html", **await visit.read("outbox.list"))


# --- background jobs


@page(_JOBS)
async def jobs(visit: Visit) -> Response:
    found = await visit.together(
        stats=("queue.stats", {}),
        dead=("queue.dead_letter", {"limit": _PER_PAGE, "offset": visit.asked("offset")}),
    )
    return corners.developers(visit, "jobs.html", **found)


@action(f"{_JOBS}/retry", again=jobs)
async def retry_job(visit: Visit) -> Response:
    await visit.write("queue.retry", {"job_id": visit.form.get("job_id")})
    return visit.go(_JOBS, "The job is in line again")


@action(f"{_JOBS}/purge", again=jobs)
async def purge_jobs(visit: Visit) -> Response:
    days = visit.form.get("older_than_days")
    visit.confirm(
        "Remove old jobs?",
        f"Jobs that came to an end more than {days or 30} days ago are forgotten, however they ended.",
        "Remove them",
        _JOBS,
    )
    purged = await visit.write("queue.purge", visit.arguments("queue.purge", ("older_than_days",)))
    return visit.go(_JOBS, f"{purged['purged']} jobs were removed")


@action(f"{_JOBS}/purge-dead-letters", again=jobs)
async def purge_dead_letters(visit: Visit) -> Response:
    visit.confirm(
        "Remove all dead letters?",
        "What these jobs should have done stays undone, and they cannot be retried any more.",
        "Remove them",
        _JOBS,
    )
    purged = await visit.write("queue.purge_dead_letter", {})
    return visit.go(_JOBS, f"{purged['purged']} jobs were removed")
