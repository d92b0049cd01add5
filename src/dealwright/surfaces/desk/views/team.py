"""The team: who works here, as what, and who is invited."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import corners
from dealwright.surfaces.desk.visit import Visit

_HERE: Final = "/settings/team"
ROLES: Final = [("viewer", "Viewer"), ("member", "Member"), ("admin", "Admin")]


@page(_HERE)
async def index(visit: Visit) -> Response:
    found = await visit.read("team.list")
    return corners.settings(visit, "team.html", roles=ROLES, **found)


@action(f"{_HERE}/invite", again=index)
async def invite(visit: Visit) -> Response:
    invited = await visit.write("team.invite", visit.arguments("team.invite", ("email", "role")))
    return visit.go(_HERE, f"{invited['email']} is invited")


@action(f"{_HERE}/{{id}}/role", again=index)
async def change_role(visit: Visit) -> Response:
    arguments = {"membership_id": visit.path["id"], "role": visit.form.get("role")}
    changed = await visit.write("team.update_role", arguments)
    return visit.go(_HERE, f"{changed['name'] or changed['email']} is {changed['role']} now")


@action(f"{_HERE}/{{id}}/remove", again=index)
async def remove(visit: Visit) -> Response:
    visit.confirm(
        "Take this person out of the workspace?",
        "They are signed out of it at once. What they did stays, with their name in the audit trail.",
        "Take them out",
        _HERE,
    )
    await visit.write("team.remove", {"id": visit.path["id"]})
    return visit.go(_HERE, "They are not in the workspace any more")
