"""The pages of the desk: which function answers which path. Modules in ``views`` declare theirs when imported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from starlette.responses import Response

    from dealwright.surfaces.desk.visit import Visit

View = Callable[["Visit"], Awaitable["Response"]]


@dataclass(frozen=True, slots=True)
class Page:
    """One path and method. ``again`` shows the form once more when an action is refused, with what was typed."""

    method: Literal["GET", "POST"]
    path: str
    view: View
    public: bool
    """Whether nobody needs to be signed in."""
    across: bool
    """Whether a person who works in no workspace may come here, too."""
    again: View | None = None


PAGES: Final[list[Page]] = []


def page(path: str, *, public: bool = False, across: bool = False) -> Callable[[View], View]:
    """Declare what ``GET path`` shows. A page that is not public is for signed-in people only."""

    def declare(view: View) -> View:
        PAGES.append(Page("GET", path, view, public, across))
        return view

    return declare


def action(path: str, *, again: View, public: bool = False, across: bool = False) -> Callable[[View], View]:
    """Declare what ``POST path`` does; it answers with a redirect, or is shown ``again`` when refused."""

    def declare(view: View) -> View:
        PAGES.append(Page("POST", path, view, public, across, again))
        return view

    return declare
