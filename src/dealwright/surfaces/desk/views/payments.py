"""Money: booking and refunding it on a deal, and what waits to be paid."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import deal
from dealwright.surfaces.desk.visit import Visit

_LATEST: Final = 20


@page("/payments")
async def index(visit: Visit) -> Response:
    found = await visit.together(
        due=("deals.list", {"status": "pending_payment", "include": "customer", "limit": _LATEST}),
        received=("activity.list", {"event_type": "payment.received", "limit": _LATEST}),
        refunded=("activity.list", {"event_type": "payment.refunded", "limit": _LATEST}),
        settings=("payments.settings", {}),
    )
    entries = [*found["received"]["activities"], *found["refunded"]["activities"]]
    entries.sort(key=lambda each: each["created_at"], reverse=True)
    return visit.show("payments.html", entries=entries[:_LATEST], due=found["due"], settings=found["settings"])


def _deal(visit: Visit) -> str:
    return visit.path["id"]


@action("/deals/{id}/payments", again=deal.show)
async def record(visit: Visit) -> Response:
    await visit.write("payments.record_manual", {"deal_id": _deal(visit), "amount": visit.form.get("amount")})
    return visit.go(f"/deals/{_deal(visit)}#payments", "The payment was booked")


@action("/deals/{id}/payments/card", again=deal.show)
async def charge(visit: Visit) -> Response:
    """Charge what is due to a payment method of the provider; in test mode that is a card of the sandbox."""
    intent = await visit.write("payments.create_intent", {"deal_id": _deal(visit)})
    arguments = {
        "payment_intent_id": intent["payment_intent_id"],
        "payment_method": visit.form.get("payment_method"),
    }
    await visit.write("payments.confirm", arguments)
    return visit.go(f"/deals/{_deal(visit)}#payments", "The card was charged")


@action("/deals/{id}/payments/refund", again=deal.show)
async def refund(visit: Visit) -> Response:
    visit.confirm(
        "Refund this payment?",
        "Everything that is left of it goes back to the customer. A refund cannot be undone.",
        "Refund",
        f"/deals/{_deal(visit)}",
    )
    await visit.write("payments.refund", {"payment_intent_id": visit.form.get("payment_intent_id")})
    return visit.go(f"/deals/{_deal(visit)}#payments", "The payment was refunded")
