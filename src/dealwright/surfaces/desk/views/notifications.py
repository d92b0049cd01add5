"""Notifications: which events reach people, and how."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from dealwright.kernel.event_types import event_types
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import corners
from dealwright.surfaces.desk.views.developers import event_names
from dealwright.surfaces.desk.visit import Visit

_HERE: Final = "/settings/notifications"
CHANNELS: Final = (("in_app", "Inbox"), ("email", "E-mail"), ("webhook", "Webhooks"))
_ADDRESS: Final = ("notification_email",)
_SWITCH: Final = "switch."


def _patterns() -> list[str]:
    """What a rule may be about: everything, a family, or one kind of event."""
    families = sorted({f"{kind.name.partition('.')[0]}.*" for kind in event_types})
    return ["*", *families, *event_names()]


@page(_HERE)
async def show(visit: Visit) -> Response:
    found: dict[str, Any] = await visit.together(
        rules=("activity.list_rules", {}),
        switches=("activity.get_preferences", {}),
        settings=("tenant_settings.get", {}),
    )
    return corners.settings(
        visit,
        "notifications.html",
        rules=found["rules"]["rules"],
        switches=found["switches"],
        address=found["settings"]["notification_email"] or "",
        channels=CHANNELS,
        patterns=_patterns(),
        names=event_names(),
    )


@action(f"{_HERE}/address", again=show)
async def save_address(visit: Visit) -> Response:
    await visit.write("tenant_settings.update", visit.arguments("tenant_settings.update", _ADDRESS))
    return visit.go(_HERE, "Saved")


@action(f"{_HERE}/rules", again=show)
async def add_rule(visit: Visit) -> Response:
    names = ("event_type", "channel", "name", "recipient")
    await visit.write("activity.create_rule", visit.arguments("activity.create_rule", names))
    return visit.go(f"{_HERE}#rules", "The rule was added")


@action(f"{_HERE}/rules/{{id}}", again=show)
async def switch_rule(visit: Visit) -> Response:
    active = visit.form.get("is_active") == "1"
    await visit.write("activity.update_rule", {"rule_id": visit.path["id"], "is_active": active})
    return visit.go(f"{_HERE}#rules", "The rule holds again" if active else "The rule is paused")


@action(f"{_HERE}/rules/{{id}}/remove", again=show)
async def remove_rule(visit: Visit) -> Response:
    visit.confirm(
        "Remove this rule?",
        "What it brought into the inbox stays there.",
        "Remove it",
        _HERE,
    )
    await visit.write("activity.delete_rule", {"rule_id": visit.path["id"]})
    return visit.go(f"{_HERE}#rules", "The rule was removed")


@action(f"{_HERE}/switches", again=show)
async def save_switches(visit: Visit) -> Response:
    """The switches of all kinds of events in the table, and of one more."""
    kinds = [each for each in visit.form.all("kind") if each]
    switches = {kind: {key: f"{_SWITCH}{kind}.{key}" in visit.form for key, _ in CHANNELS} for kind in kinds}
    if one_more := visit.form.get("new"):
        switches[one_more] = {key: f"{_SWITCH}new.{key}" in visit.form for key, _ in CHANNELS}
    if switches:
        await visit.write("activity.update_preferences", switches)
    return visit.go(f"{_HERE}#switches", "Saved")
