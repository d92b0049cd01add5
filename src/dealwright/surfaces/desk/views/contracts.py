"""Contracts: the list, one of them, adding and changing, and everything that may become of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, timedelta
from typing import Any, Final

from starlette.responses import Response

from dealwright.kernel.state_machine import unmet
from dealwright.modules.contracts.rules import MACHINE, RUNNING, STATUSES, Facts
from dealwright.surfaces.desk.forms import BASE
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import customers, products
from dealwright.surfaces.desk.visit import Visit

LABELS: Final = {
    "title": "Title",
    "customer_id": "Customer",
    "contract_number": "Number",
    "description": "Description",
    "value": "Value",
    "currency": "Currency",
    "start_date": "First day",
    "end_date": "Last day",
    "payment_terms": "Payment terms",
    "renewal_type": "Renewal",
    "notes": "Internal notes",
}
TERMS: Final = {
    "period_months": "Each further term lasts",
    "notice_days": "Announce it this long before",
    "opt_out_days": "The customer may decline until",
    "price_adjustment_percent": "Price of a further term",
    "max_renewals": "At most",
}
"""The renewal terms with a meaning of their own; what else a contract holds there stays."""
RENEWALS: Final = [("manual", "By hand"), ("auto", "By itself"), ("none", "Never")]
SOON: Final = [("30", "30 days"), ("60", "60 days"), ("90", "90 days"), ("365", "A year")]
PER_PAGE: Final = 25
_HISTORY: Final = 50
_FILTERS: Final = ("q", "status", "renewal_type", "expiring_soon", "customer_id")


def _path(visit: Visit) -> str:
    return f"/contracts/{visit.path['id']}"


def _id(visit: Visit) -> dict[str, str]:
    return {"id": visit.path["id"]}


def _today(visit: Visit) -> date:
    """The calendar day in UTC, in which all dates of contracts are meant."""
    return (visit.now + visit.principal.ahead).astimezone(UTC).date()


@page("/contracts")
async def index(visit: Visit) -> Response:
    found = await visit.read(
        "contracts.list",
        search=visit.asked("q"),
        status=visit.asked("status"),
        renewal_type=visit.asked("renewal_type"),
        expiring_soon=visit.asked("expiring_soon"),
        customer_id=visit.asked("customer_id"),
        after=visit.asked("after"),
        before=visit.asked("before"),
        include="customer" if visit.may("customers.list") else None,
        limit=PER_PAGE,
    )
    filtered = any(visit.asked(name) for name in _FILTERS)
    return visit.show("contracts.html", statuses=STATUSES, renewals=RENEWALS, soon=SOON, filtered=filtered, **found)


# --- one contract


@page("/contracts/{id}")
async def show(visit: Visit) -> Response:
    embedded = "customer,deal,line_items,terms,signatures,renewal"
    contract = await visit.read("contracts.get", id=visit.path["id"], include=embedded)
    today = _today(visit)
    facts = Facts(today, date.fromisoformat(contract["end_date"]), contract["renewal_type"])
    moves = {
        move.label: [each.explanation for each in unmet(move.conditions, facts)]
        for move in MACHINE.moves_from(contract["status"])
        if move.label != "Sign"
    }
    return visit.show(
        "contract.html",
        contract=contract,
        moves=moves,
        running=contract["status"] in RUNNING,
        today=today.isoformat(),
        days_left=(facts.end_date - today).days,
    )


@page("/contracts/{id}/history")
async def history(visit: Visit) -> Response:
    page_of = {**_id(visit), "limit": _HISTORY, "offset": visit.asked("offset")}
    found = await visit.together(
        contract=("contracts.get", _id(visit)),
        audit=("contracts.audit", page_of),
        verdict=("contracts.verify_audit", _id(visit)),
    )
    return visit.show("contract_history.html", **found)


async def _download(visit: Visit, operation: str, arguments: Mapping[str, Any], name: str) -> Response:
    outcome = await visit.run(operation, arguments)
    visit.expect(outcome)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(outcome.data, headers=headers, media_type="application/pdf")


@page("/contracts/{id}/contract.pdf")
async def document(visit: Visit) -> Response:
    return await _download(visit, "contracts.document", _id(visit), "contract.pdf")


@page("/contracts/{id}/certificate.pdf")
async def certificate(visit: Visit) -> Response:
    return await _download(visit, "contracts.signing_certificate", {**_id(visit), "format": "pdf"}, "certificate.pdf")


# --- adding and changing


async def _show_form(
    visit: Visit, contract: Mapping[str, Any] | None, values: Mapping[str, str], deal: Mapping[str, Any] | None = None
) -> Response:
    known = await customers.choices(visit, visit.asked("customer"))
    chosen = values["customer_id"]
    if chosen and chosen not in dict(known):
        known.insert(0, (chosen, customers.label(await visit.read("customers.get", id=chosen))))
    return visit.show(
        "contract_form.html",
        contract=contract,
        values=values,
        labels={**LABELS, **{_term(name): text for name, text in TERMS.items()}},
        customers=known,
        renewals=RENEWALS,
        editable=contract is None or contract["status"] == "draft",
        deal=deal,
    )


def _term(name: str) -> str:
    return f"renewal_terms.{name}"


@page("/contracts/new")
async def new(visit: Visit) -> Response:
    today = _today(visit)
    values = {
        **dict.fromkeys((*LABELS, *map(_term, TERMS)), ""),
        "customer_id": visit.asked("customer_id"),
        "currency": products.currency(visit),
        "start_date": today.isoformat(),
        "end_date": _a_year_after(today).isoformat(),
        "renewal_type": "manual",
    }
    deal = None
    if deal_id := visit.form.get("deal_id") or visit.asked("deal_id"):
        deal = await visit.read("deals.get", id=deal_id)
        taken = {name: deal[name] or "" for name in ("title", "description", "currency", "customer_id")}
        values |= {**taken, "value": deal["total"]}
    return await _show_form(visit, None, values, deal)


def _a_year_after(day: date) -> date:
    """The last day of a year that begins on ``day``."""
    month, number = (3, 1) if (day.month, day.day) == (2, 29) else (day.month, day.day)
    return date(day.year + 1, month, number) - timedelta(days=1)


@action("/contracts/new", again=new)
async def create(visit: Visit) -> Response:
    arguments = visit.arguments("contracts.create", LABELS)
    if terms := _terms_typed(visit):
        arguments["renewal_terms"] = terms
    if deal_id := visit.form.get("deal_id"):
        arguments["deal_id"] = deal_id
    made = await visit.write("contracts.create", arguments)
    return visit.go(f"/contracts/{made['id']}", "The contract was drawn up")


def _terms_typed(visit: Visit) -> dict[str, str]:
    return {name: text for name in TERMS if (text := visit.form.get(_term(name)))}


def _fields(contract: Mapping[str, Any]) -> dict[str, str]:
    terms = contract["renewal_terms"] or {}
    values = {name: contract[name] or "" for name in LABELS}
    return {**values, **{_term(name): _plain(terms.get(name)) for name in TERMS}}


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:g}"


@page("/contracts/{id}/edit")
async def edit(visit: Visit) -> Response:
    contract = await visit.read("contracts.get", id=visit.path["id"])
    if visit.problem is not None and visit.problem.current is not None:
        contract = visit.problem.current
        visit.merge({name: value for name, value in _fields(contract).items() if BASE + name in visit.form})
    return await _show_form(visit, contract, _fields(contract))


@action("/contracts/{id}/edit", again=edit)
async def save(visit: Visit) -> Response:
    changes = visit.changes("contracts.update", LABELS)
    if any(visit.form.get(BASE + _term(name)) != visit.form.get(_term(name)) for name in TERMS):
        before = (await visit.read("contracts.get", **_id(visit)))["renewal_terms"] or {}
        free = {name: value for name, value in before.items() if name not in TERMS}
        changes["renewal_terms"] = {**free, **_terms_typed(visit)} or None
    if changes:
        await visit.write("contracts.update", {**_id(visit), **changes}, visit.form.get("version"))
    return visit.go(_path(visit), "Saved")


@action("/contracts/{id}/delete", again=show)
async def delete(visit: Visit) -> Response:
    visit.confirm("Delete this draft?", "A draft that is deleted is gone for good.", "Delete", _path(visit))
    await visit.write("contracts.delete", _id(visit), visit.form.get("version"))
    return visit.go("/contracts", "The draft was deleted")


# --- what may become of one


@action("/contracts/{id}/sign", again=show)
async def sign(visit: Visit) -> Response:
    arguments = {**_id(visit), "consent_to_sign": "consent_to_sign" in visit.form}
    if customer := visit.form.get("signer_customer_id"):
        arguments |= {"signer_type": "customer", "signer_customer_id": customer}
    signed = await visit.write("contracts.sign", arguments, visit.form.get("version"))
    done = "The contract is signed" if signed["status"] == "signed" else "Signed; another signature is needed"
    return visit.go(_path(visit), done)


@action("/contracts/{id}/signers", again=show)
async def ask_for_signatures(visit: Visit) -> Response:
    """Who has to sign; signatures that the draft carries already are taken back, so that asks first."""
    wanted = [{"signer_type": each} for each in visit.form.all("signers")]
    if visit.form.get("signed"):
        visit.confirm(
            "Ask for signatures anew?",
            "The signatures that this draft carries are taken back. Whoever signed must sign again.",
            "Ask anew",
            _path(visit),
        )
    await visit.write("contracts.request_signatures", {**_id(visit), "signers": wanted})
    return visit.go(_path(visit), "Who has to sign was settled")


@action("/contracts/{id}/activate", again=show)
async def activate(visit: Visit) -> Response:
    await visit.write("contracts.activate", _id(visit), visit.form.get("version"))
    return visit.go(_path(visit), "The contract is in force")


@action("/contracts/{id}/terminate", again=show)
async def terminate(visit: Visit) -> Response:
    visit.confirm(
        "Terminate this contract?",
        "It ends for good on the day that you chose, and is never taken up again. The reason is kept in its history.",
        "Terminate",
        _path(visit),
    )
    typed = {name: text for name in ("reason", "effective_date") if (text := visit.form.get(name))}
    await visit.write("contracts.terminate", {**_id(visit), **typed})
    return visit.go(_path(visit), "The contract was terminated")


@action("/contracts/{id}/renew", again=show)
async def renew(visit: Visit) -> Response:
    typed = {name: text for name in ("end_date", "value") if (text := visit.form.get(name))}
    renewed = await visit.write("contracts.renew", {**_id(visit), **typed}, visit.form.get("version"))
    return visit.go(_path(visit), f"Renewed until {visit.local.day(date.fromisoformat(renewed['end_date']))}")


@action("/contracts/{id}/opt-out", again=show)
async def opt_out(visit: Visit) -> Response:
    visit.confirm(
        "Let it end?",
        "The contract is not renewed any more and ends on its last day. The decision is kept in its history.",
        "It shall end",
        _path(visit),
    )
    await visit.write("contracts.opt_out_renewal", _id(visit))
    return visit.go(_path(visit), "The renewal was declined")
