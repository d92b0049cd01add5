"""The signed-in person: name and phone, password, how the desk looks, which workspace."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import corners
from dealwright.surfaces.desk.views.appearance import remember_theme
from dealwright.surfaces.desk.visit import Visit, wrong_field

_HERE: Final = "/settings/profile"
_NAMES: Final = ("first_name", "last_name", "phone")
_THEMES: Final = [("system", "As the system"), ("light", "Light"), ("dark", "Dark")]


@page(_HERE)
async def show(visit: Visit) -> Response:
    found: dict[str, Any] = await visit.together(profile=("profile.get", {}), preferences=("preferences.get", {}))
    found["preferences"]["theme"] = "system" if visit.theme == "auto" else visit.theme
    return corners.settings(visit, "profile.html", themes=_THEMES, **found)


@action(_HERE, again=show)
async def save(visit: Visit) -> Response:
    if changes := visit.changes("profile.update", _NAMES):
        await visit.write("profile.update", changes)
    return visit.go(_HERE, "Saved")


@action(f"{_HERE}/password", again=show)
async def change_password(visit: Visit) -> Response:
    if visit.form.raw("new_password") != visit.form.raw("repeated"):
        raise wrong_field("repeated", "The two passwords differ")
    arguments = {name: visit.form.raw(name) for name in ("old_password", "new_password")}
    await visit.write("profile.change_password", arguments)
    return visit.go(_HERE, "Your password was changed; every other browser was signed out")


@action(f"{_HERE}/preferences", again=show)
async def save_preferences(visit: Visit) -> Response:
    kept = await visit.write("preferences.update", visit.arguments("preferences.update", ("theme", "language")))
    answer = visit.go(_HERE, "Saved")
    remember_theme(visit, answer, "auto" if kept["theme"] == "system" else kept["theme"])
    return answer
