"""All deals: as a table with filters and search, and as a board by status."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from dealwright.modules.deals.rules import MACHINE, STATUSES
from dealwright.surfaces.desk.pages import page
from dealwright.surfaces.desk.visit import Visit

PER_PAGE: Final = 25
ON_BOARD: Final = 12
LANES: Final = (
    ("draft", ("draft",)),
    ("in_progress", ("in_progress", "partially_accepted")),
    ("pending_signature", ("pending_signature", "awaiting_signatures")),
    ("pending_payment", ("pending_payment",)),
    ("closed", ("closed",)),
)
"""The lanes of the board, each with the statuses that it gathers."""


@page("/deals")
async def table(visit: Visit) -> Response:
    wanted = visit.asked("status")
    found = await visit.read(
        "deals.list",
        status=wanted if wanted != "open" else None,
        active=True if wanted == "open" else None,
        search=visit.asked("q"),
        customer_id=visit.asked("customer_id"),
        min_value=visit.asked("min_value"),
        max_value=visit.asked("max_value"),
        after=visit.asked("after"),
        before=visit.asked("before"),
        include="customer" if visit.may("customers.list") else None,
        limit=PER_PAGE,
    )
    filtered = any(visit.asked(name) for name in ("q", "status", "customer_id", "min_value", "max_value"))
    return visit.show("deals.html", statuses=STATUSES, filtered=filtered, **found)


@page("/deals/board")
async def board(visit: Visit) -> Response:
    also = "customer" if visit.may("customers.list") else None
    asked = {
        status: ("deals.list", {"status": status, "limit": ON_BOARD, "include": also})
        for _, statuses in LANES
        for status in statuses
    }
    found = await visit.together(**asked)
    moves: dict[str, list[str]] = {}
    for move in MACHINE.moves:
        if move.requestable:
            moves.setdefault(move.source, []).append(move.target)
    lanes = [
        {
            "status": name,
            "statuses": statuses,
            "deals": sorted((deal for each in statuses for deal in found[each]["deals"]), key=_newest, reverse=True),
            "total": sum(found[each]["pagination"]["total"] for each in statuses),
            "more": any(found[each]["pagination"].get("total_is_minimum", False) for each in statuses),
        }
        for name, statuses in LANES
    ]
    return visit.show("board.html", lanes=lanes, moves=moves)


def _newest(deal: dict[str, str]) -> str:
    return deal["created_at"]
