"""Deal templates: the list, one of them, adding and changing, and the deals that are made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from dealwright.surfaces.desk import lines
from dealwright.surfaces.desk.forms import BASE
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.rates import fraction, percentage
from dealwright.surfaces.desk.views import customers, deal, products
from dealwright.surfaces.desk.views.deal import CYCLES, TYPES
from dealwright.surfaces.desk.visit import Refused, Visit

LABELS: Final = {"name": "Name", "description": "Description", "category": "Category", "status": "Status"}
TERMS: Final = {
    "default_terms.currency": "Currency",
    "default_terms.tax_rate": "Tax",
    "default_terms.deal_type": "Kind",
    "default_terms.billing_cycle": "Billing cycle",
    "default_terms.discounts.0.type": "Discount",
    "default_terms.discounts.0.value": "How much",
}
"""What deals of a template start with; other members of its terms stay as they are."""
_LINES: Final = "line_items"
_ROW: Final = ("product_id", "quantity", "unit_price")
STATUSES: Final = [("active", "Active"), ("inactive", "Inactive")]
PER_PAGE: Final = 25


def _path(visit: Visit) -> str:
    return f"/templates/{visit.path['id']}"


def _id(visit: Visit) -> dict[str, str]:
    return {"id": visit.path["id"]}


@page("/templates")
async def index(visit: Visit) -> Response:
    found = await visit.read(
        "deal_templates.list",
        search=visit.asked("q"),
        status=visit.asked("status"),
        category=visit.asked("category"),
        after=visit.asked("after"),
        before=visit.asked("before"),
        limit=PER_PAGE,
    )
    filtered = any(visit.asked(name) for name in ("q", "status", "category"))
    return visit.show("templates.html", statuses=STATUSES, filtered=filtered, **found)


@page("/templates/{id}")
async def show(visit: Visit) -> Response:
    found = await visit.together(
        template=("deal_templates.get", _id(visit)),
        products=("products.list", {"limit": 100}),
    )
    template = found["template"]
    known = {each["id"]: each for each in (found["products"] or {"products": ()})["products"]}
    return visit.show(
        "template.html",
        template=template,
        products=known,
        customers=await customers.choices(visit) if visit.may("deal_templates.create_deal") else [],
        currency=template["default_terms"].get("currency") or products.currency(visit),
        known_terms={name.split(".")[1] for name in TERMS},
    )


@action("/templates/{id}/deal", again=show)
async def make_deal(visit: Visit) -> Response:
    customer = {"customer_id": visit.form.get("customer_id")} if visit.form.get("customer_id") else {}
    made = await visit.write("deal_templates.create_deal", {**_id(visit), **customer})
    return visit.go(f"/deals/{made['id']}", "The deal was made")


@action("/templates/{id}/delete", again=show)
async def delete(visit: Visit) -> Response:
    visit.confirm("Delete this template?", "Deals that were made of it stay as they are.", "Delete", _path(visit))
    await visit.write("deal_templates.delete", _id(visit), visit.form.get("version"))
    return visit.go("/templates", "The template was deleted")


@action("/deals/{id}/template", again=deal.show)
async def save_deal(visit: Visit) -> Response:
    made = await visit.write("deals.save_as_template", {**_id(visit), "name": visit.form.get("name")})
    return visit.go(f"/templates/{made['id']}", "The deal was saved as a template")


# --- adding and changing


async def _show_form(visit: Visit, template: Mapping[str, Any] | None, values: Mapping[str, str]) -> Response:
    known = await visit.read("products.list", status="active", limit=100)
    more = visit.form.get("do") == "more"
    have = len(template["line_items"]) + 1 if template else lines.FIRST
    return visit.show(
        "template_form.html",
        template=template,
        values=values,
        labels={**LABELS, **TERMS, _LINES: "Line items"},
        products=[*known["products"], *_missing(template, known["products"])],
        lines=lines.shown(visit.form, _LINES, "product_id", least=have, more=more),
        currency=values["default_terms.currency"] or products.currency(visit),
        types=TYPES,
        cycles=CYCLES,
        statuses=STATUSES,
    )


def _missing(template: Mapping[str, Any] | None, known: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Products of the template that are not among the first of the list, so that the form keeps them."""
    there = {each["id"] for each in known}
    items = {} if template is None else {each["product_id"]: each for each in template["line_items"]}
    return [
        {"id": key, "name": item["name"] or key, "price": item["unit_price"] or 0}
        for key, item in items.items()
        if key not in there
    ]


@page("/templates/new")
async def new(visit: Visit) -> Response:
    values = dict.fromkeys((*LABELS, *TERMS), "")
    return await _show_form(visit, None, {**values, "default_terms.currency": products.currency(visit)})


@action("/templates/new", again=new)
async def create(visit: Visit) -> Response:
    if visit.form.get("do") == "more":
        return await new(visit)
    numbers = lines.filled(visit.form, _LINES, "product_id")
    arguments = {
        **visit.arguments("deal_templates.create", [name for name in LABELS if name != "status"]),
        "default_terms": _terms_typed(visit, {}),
        _LINES: lines.read(visit.form, _LINES, numbers, _ROW),
    }
    try:
        made = await visit.write("deal_templates.create", arguments)
    except Refused as refusal:
        raise Refused(lines.at_their_rows(refusal.problem, _LINES, numbers)) from None
    return visit.go(f"/templates/{made['id']}", f"{made['name']} was added")


def _terms_typed(visit: Visit, before: Mapping[str, Any]) -> dict[str, Any]:
    """The terms as typed, over those members of the terms ``before`` that the form does not show."""
    typed = {name: visit.form.get(f"default_terms.{name}") for name in ("currency", "deal_type", "billing_cycle")}
    found: dict[str, Any] = {name: value for name, value in before.items() if name not in (*typed, "tax_rate")}
    found |= {name: text for name, text in typed.items() if text}
    if rate := visit.form.get("default_terms.tax_rate"):
        found["tax_rate"] = fraction(rate)
    others = found.pop("discounts", [])[1:]
    first = {name: visit.form.get(f"default_terms.discounts.0.{name}") for name in ("type", "value")}
    if first["value"] or others:
        found["discounts"] = ([first] if first["value"] else []) + others
    return found


def _fields(visit: Visit, template: Mapping[str, Any]) -> dict[str, str]:
    terms = template["default_terms"]
    discount = (terms.get("discounts") or [{"type": "percentage", "value": ""}])[0]
    rows = {
        f"{_LINES}.{number}.{name}": _plain(item[name])
        for number, item in enumerate(template["line_items"])
        for name in _ROW
    }
    return {
        **{name: template[name] or "" for name in LABELS},
        "default_terms.currency": terms.get("currency", ""),
        "default_terms.tax_rate": percentage(str(terms["tax_rate"])) if terms.get("tax_rate") else "",
        "default_terms.deal_type": terms.get("deal_type", "one_time"),
        "default_terms.billing_cycle": terms.get("billing_cycle") or "",
        "default_terms.discounts.0.type": discount["type"],
        "default_terms.discounts.0.value": _plain(discount["value"]),
        **rows,
        _LINES: _told(rows, range(len(template["line_items"]))),
    }


def _plain(value: Any) -> str:
    return "" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)


def _told(rows: Mapping[str, str], numbers: Sequence[int]) -> str:
    """All line items as one text, which tells whether they differ; the same for the form and for the record."""
    wanted = [[rows.get(f"{_LINES}.{number}.{name}", "") for name in _ROW] for number in numbers]
    return ", ".join(f"{quantity or 1} × {key}{f' at {price}' if price else ''}" for key, quantity, price in wanted)


def _typed_lines(visit: Visit) -> str:
    return _told(dict(visit.form.pairs()), lines.filled(visit.form, _LINES, "product_id"))


@page("/templates/{id}/edit")
async def edit(visit: Visit) -> Response:
    template = await visit.read("deal_templates.get", **_id(visit))
    if visit.problem is not None and visit.problem.current is not None:
        template = visit.problem.current
        _merge(visit, template)
    return await _show_form(visit, template, _fields(visit, template))


def _merge(visit: Visit, template: Mapping[str, Any]) -> None:
    """Field by field; the line items are taken from one side or the other as a whole."""
    theirs = _fields(visit, template)
    visit.form.put(_LINES, _typed_lines(visit))
    visit.merge({name: value for name, value in theirs.items() if not name.startswith(f"{_LINES}.")})
    if visit.merged is not None and _LINES in visit.merged.taken:
        rows = {name: value for name, value in theirs.items() if name.startswith(f"{_LINES}.")}
        typed = [name for name, _ in visit.form.pairs() if name.startswith(f"{_LINES}.")]
        visit.form = visit.form.without(*typed)
        for name, value in rows.items():
            visit.form.put(name, value)


@action("/templates/{id}/edit", again=edit)
async def save(visit: Visit) -> Response:
    if visit.form.get("do") == "more":
        return await edit(visit)
    numbers = lines.filled(visit.form, _LINES, "product_id")
    changes = visit.changes("deal_templates.update", LABELS)
    if any(visit.form.get(BASE + name) != visit.form.get(name) for name in TERMS):
        before = await visit.read("deal_templates.get", **_id(visit))
        changes["default_terms"] = _terms_typed(visit, before["default_terms"])
    if visit.form.get(BASE + _LINES) != _typed_lines(visit):
        changes[_LINES] = lines.read(visit.form, _LINES, numbers, _ROW)
    try:
        if changes:
            await visit.write("deal_templates.update", {**_id(visit), **changes}, visit.form.get("version"))
    except Refused as refusal:
        raise Refused(lines.at_their_rows(refusal.problem, _LINES, numbers)) from None
    return visit.go(_path(visit), "Saved")
