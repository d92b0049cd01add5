"""The two corners that have tabs: what developers need, and the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from dealwright.surfaces.desk.places import Place
from dealwright.surfaces.desk.visit import Visit

DEVELOPERS: Final = (
    Place("Start", "/developers", "code"),
    Place("API keys", "/developers/keys", "code", "keys.list"),
    Place("Webhooks", "/developers/webhooks", "code", "webhooks.list"),
    Place("Dead letters", "/developers/dead-letters", "code", "webhooks.dead_letter"),
    Place("Events", "/developers/events", "code", "webhooks.events"),
    Place("Jobs", "/developers/jobs", "code", "queue.stats"),
    Place("Outbox", "/developers/outbox", "code", "outbox.list"),
)
SETTINGS: Final = (
    Place("Workspace", "/settings", "settings", "tenant_settings.get"),
    Place("Business", "/settings/business", "settings", "business_profile.get"),
    Place("Team", "/settings/team", "settings", "team.list"),
    Place("Notifications", "/settings/notifications", "settings", "activity.list_rules"),
    Place("Messages", "/settings/messages", "settings", "channels.get"),
    Place("Visitors", "/settings/visitors", "settings", "analytics_settings.get"),
    Place("Test mode", "/settings/test-mode", "settings", "sandbox.status"),
    Place("You", "/settings/profile", "settings", "profile.get"),
)


def tabs(visit: Visit, corner: Sequence[Place]) -> list[tuple[str, str, bool]]:
    """Path, label and whether one is there, of the tabs that the person may open."""
    here = visit.request.url.path
    open_to = [each for each in corner if each.needs is None or visit.may(each.needs)]
    first = corner[0].path
    at = [
        each.path
        for each in open_to
        if here == each.path or (each.path != first and f"{here}/".startswith(each.path + "/"))
    ]
    return [(each.path, each.label, each.path in at) for each in open_to]


def developers(visit: Visit, template: str, /, **values: Any) -> Response:
    """A page of the developers' corner."""
    return visit.show(template, tabs=tabs(visit, DEVELOPERS), **values)


def settings(visit: Visit, template: str, /, **values: Any) -> Response:
    """A page of the settings."""
    return visit.show(template, tabs=tabs(visit, SETTINGS), **values)
