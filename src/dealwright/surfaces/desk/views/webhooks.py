"""Webhooks: endpoints with what was delivered to them, and what could not be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dealwright.kernel.event_types import event_types
from dealwright.surfaces.desk.forms import instant
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import corners
from dealwright.surfaces.desk.views.developers import event_names
from dealwright.surfaces.desk.views.keys import issued
from dealwright.surfaces.desk.visit import Visit, wrong_field

_LIST: Final = "/developers/webhooks"
_DEAD: Final = "/developers/dead-letters"
_PER_PAGE: Final = 25
_STATUSES: Final = ("pending", "success", "failed")
_OVERLAPS: Final = [("0", "At once"), ("3600", "In an hour"), ("86400", "In a day"), ("604800", "In a week")]


def _families() -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Patterns and names to choose from, by the beginning of their names."""
    families: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for kind in event_types:
        families[kind.name.partition(".")[0]].append((kind.name, kind.name, kind.description))
    return sorted(families.items())


def _here(visit: Visit) -> str:
    return f"{_LIST}/{visit.path['id']}"


@page(_LIST)
async def index(visit: Visit) -> Response:
    found = await visit.read("webhooks.list", after=visit.asked("after"), before=visit.asked("before"), limit=_PER_PAGE)
    return corners.developers(visit, "webhooks.html", names=event_names(), **found)


@action(f"{_LIST}/simulate", again=index)
async def simulate(visit: Visit) -> Response:
    """An invented event to all test endpoints that want it."""
    sent = await visit.write("sandbox.simulate_webhook", {"event": visit.form.get("event")})
    number = sent["deliveries"]
    return visit.go(_LIST, f"{sent['event']} goes to {number} {'endpoint' if number == 1 else 'endpoints'}")


def _form(visit: Visit, webhook: Mapping[str, Any] | None) -> Response:
    values = webhook or {"url": "", "description": "", "events": ["*"]}
    return corners.developers(visit, "webhook_form.html", webhook=webhook, values=values, families=_families())


@page(f"{_LIST}/new")
async def new(visit: Visit) -> Response:
    return _form(visit, None)


@action(f"{_LIST}/new", again=new)
async def create(visit: Visit) -> Response:
    arguments = {**visit.arguments("webhooks.create", ("url", "description")), "events": visit.form.all("events")}
    made = await visit.write("webhooks.create", arguments)
    return _signing_secret(visit, made["secret"], made["id"], "Copy the signing secret now")


def _signing_secret(visit: Visit, secret: str, webhook_id: str, heading: str) -> Response:
    return issued(
        visit,
        secret,
        heading=heading,
        text="It signs every delivery, so that the receiver knows who sent it.",
        back=f"{_LIST}/{webhook_id}",
        label="The endpoint",
    )


@page(f"{_LIST}/{{id}}")
async def show(visit: Visit) -> Response:
    webhook_id = visit.path["id"]
    asked = {"status": visit.asked("status"), "event_type": visit.asked("event_type"), "offset": visit.asked("offset")}
    found = await visit.together(
        webhook=("webhooks.get", {"id": webhook_id}),
        log=("webhooks.deliveries", {"id": webhook_id, "limit": _PER_PAGE, **asked}),
    )
    return corners.developers(
        visit, "webhook.html", names=event_names(), statuses=_STATUSES, overlaps=_OVERLAPS, **found
    )


@page(f"{_LIST}/{{id}}/edit")
async def edit(visit: Visit) -> Response:
    return _form(visit, await visit.read("webhooks.get", id=visit.path["id"]))


@action(f"{_LIST}/{{id}}/edit", again=edit)
async def save(visit: Visit) -> Response:
    changes = visit.changes("webhooks.update", ("url", "description"))
    await visit.write("webhooks.update", {"id": visit.path["id"], **changes, "events": visit.form.all("events")})
    return visit.go(_here(visit), "Saved")


@action(f"{_LIST}/{{id}}/status", again=show)
async def set_status(visit: Visit) -> Response:
    status = visit.form.get("status")
    await visit.write("webhooks.update", {"id": visit.path["id"], "status": status})
    return visit.go(
        _here(visit), "Paused: nothing is sent to it now" if status == "paused" else "It receives events again"
    )


@action(f"{_LIST}/{{id}}/remove", again=show)
async def remove(visit: Visit) -> Response:
    visit.confirm(
        "Remove this endpoint?",
        "Nothing is sent to it any more. What still waits to be delivered and its dead letters are removed with it.",
        "Remove it",
        _here(visit),
    )
    await visit.write("webhooks.delete", {"id": visit.path["id"]})
    return visit.go(_LIST, "The endpoint was removed")


@action(f"{_LIST}/{{id}}/secret", again=show)
async def rotate_secret(visit: Visit) -> Response:
    visit.confirm(
        "Issue a new signing secret?",
        "It is shown once. Receivers that go by the old one must learn the new one before it stops.",
        "Issue a new secret",
        _here(visit),
    )
    arguments = {"id": visit.path["id"], **visit.arguments("webhooks.rotate_secret", ("overlap_seconds",))}
    made = await visit.write("webhooks.rotate_secret", arguments)
    return _signing_secret(visit, made["secret"], made["id"], "Copy the new signing secret now")


@action(f"{_LIST}/{{id}}/test", again=show)
async def test(visit: Visit) -> Response:
    arguments = {"id": visit.path["id"], **visit.arguments("webhooks.test", ("event_type",))}
    told = await visit.write("webhooks.test", arguments)
    if told["success"]:
        return visit.go(_here(visit), f"It answered {told['response_code']} within {told['latency_ms']} ms")
    return visit.go(_here(visit), f"The test failed. {told['error_message'] or told['response_code']}")


@action(f"{_LIST}/{{id}}/replay", again=show)
async def replay(visit: Visit) -> Response:
    since = visit.form.get("since")
    if not since:
        raise wrong_field("since", "Choose since when")
    wanted = {"event_type": visit.form.get("event_type")} if visit.form.get("event_type") else {}
    moment = instant(since, visit.local.zone)
    told = await visit.write("webhooks.replay", {"webhook_id": visit.path["id"], "since_timestamp": moment, **wanted})
    more = "; that was the first hundred, so replay again from the last one" if told["has_more"] else ""
    return visit.go(
        _here(visit),
        f"{told['replayed']} {'event is' if told['replayed'] == 1 else 'events are'} delivered again{more}",
    )


# --- what could not be delivered


async def _retried(visit: Visit, there: str) -> Response:
    told = (await visit.write("webhooks.retry", {"delivery_id": visit.form.get("delivery_id")}))["delivery"]
    if told["status"] == "success":
        return visit.go(there, f"Delivered: it answered {told['response_code']}")
    return visit.go(there, f"It failed again. {told['error_message'] or told['response_code'] or ''}")


@action(f"{_LIST}/{{id}}/retry", again=show)
async def retry_here(visit: Visit) -> Response:
    return await _retried(visit, _here(visit))


@page(_DEAD)
async def dead_letters(visit: Visit) -> Response:
    asked = {"event_type": visit.asked("event_type"), "offset": visit.asked("offset")}
    found = await visit.together(
        dead=("webhooks.dead_letter", {**asked, "limit": _PER_PAGE}),
        endpoints=("webhooks.list", {"limit": 100}),
    )
    addresses = {each["id"]: each["url"] for each in found["endpoints"]["webhooks"]}
    return corners.developers(visit, "dead_letters.html", addresses=addresses, names=event_names(), **found["dead"])


@action(f"{_DEAD}/retry", again=dead_letters)
async def retry(visit: Visit) -> Response:
    return await _retried(visit, _DEAD)
