"""Light, dark, or as the system has it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.responses import Response

from dealwright.surfaces.desk.pages import action
from dealwright.surfaces.desk.views import home
from dealwright.surfaces.desk.visit import THEME, THEMES, Visit, wrong_field

_A_YEAR: Final = int(timedelta(days=365).total_seconds())


@action("/theme", again=home.show)
async def choose_theme(visit: Visit) -> Response:
    chosen = visit.form.get("theme")
    if chosen not in THEMES:
        raise wrong_field("theme", "Choose light, dark or auto")
    answer = visit.go(visit.inside(visit.form.get("back")))
    remember_theme(visit, answer, chosen)
    return answer


def remember_theme(visit: Visit, answer: Response, chosen: str) -> None:
    """Have the browser keep one of :data:`THEMES`."""
    answer.set_cookie(THEME, chosen, max_age=_A_YEAR, httponly=True, samesite="lax", secure=visit.secure)
