"""Finding records and pages: the search page, and the same answers for the command palette."""

from __future__ import annotations

from typing import Final

from starlette.responses import JSONResponse, Response

from dealwright.surfaces.desk import words
from dealwright.surfaces.desk.pages import page
from dealwright.surfaces.desk.views import customers
from dealwright.surfaces.desk.visit import Visit

_SHORTEST: Final = 2
COMMANDS: Final = (
    ("New deal", "/deals/new", "deals.create"),
    ("New customer", "/customers/new", "customers.create"),
    ("New product", "/products/new", "products.create"),
    ("Deals as a board", "/deals/board", "deals.list"),
)
"""What the palette offers besides the pages of the navigation."""


async def _hits(visit: Visit, asked: str) -> list[dict[str, str]]:
    if len(asked) < _SHORTEST:
        return []
    found = await visit.read("search.list", q=asked, limit=20)
    hits = [(words.link_to(hit["type"], hit["id"]), hit) for hit in found["results"]]
    return [{"href": link, "label": hit["label"], "kind": words.title(hit["type"])} for link, hit in hits if link]


@page("/search")
async def search(visit: Visit) -> Response:
    asked = visit.asked("q")
    return visit.show("search.html", asked=asked, hits=await _hits(visit, asked), shortest=_SHORTEST)


@page("/palette.json")
async def palette(visit: Visit) -> Response:
    """Pages, commands and records whose name has what was typed."""
    asked = visit.asked("q")
    pages = [(each.label, each.path) for _, places in visit.places() for each in places]
    commands = [(name, path) for name, path, needs in COMMANDS if visit.may(needs)]
    found = [
        {"href": path, "label": name, "kind": kind}
        for kind, entries in (("Do", commands), ("Go to", pages))
        for name, path in entries
        if asked.casefold() in name.casefold()
    ]
    return JSONResponse([*found, *await _hits(visit, asked)], headers={"Cache-Control": "no-store"})


@page("/choices/customers")
async def customer_choices(visit: Visit) -> Response:
    """Options for a field in which a customer is chosen."""
    found = await customers.choices(visit, visit.asked("q"))
    return JSONResponse([{"value": key, "label": name} for key, name in found], headers={"Cache-Control": "no-store"})


@page("/choices/products")
async def product_choices(visit: Visit) -> Response:
    """Options for a field in which a product is chosen."""
    found = await visit.read("products.list", status="active", search=visit.asked("q"), limit=50)
    options = [{"value": each["id"], "label": each["name"], "price": each["price"]} for each in found["products"]]
    return JSONResponse(options, headers={"Cache-Control": "no-store"})
