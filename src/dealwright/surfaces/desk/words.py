"""What the wire's names are called on a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_STATUSES: Final = {
    "draft": ("Draft", "quiet"),
    "in_progress": ("In progress", "info"),
    "pending_signature": ("Out for signature", "wait"),
    "awaiting_signatures": ("Partly signed", "wait"),
    "pending_payment": ("Awaiting payment", "due"),
    "partially_accepted": ("Accepted in part", "info"),
    "closed": ("Closed", "good"),
    "cancelled": ("Cancelled", "bad"),
    "expired": ("Expired", "quiet"),
    "active": ("Active", "good"),
    "inactive": ("Inactive", "quiet"),
    "archived": ("Archived", "quiet"),
    "unpaid": ("Unpaid", "quiet"),
    "partially_paid": ("Partly paid", "wait"),
    "paid": ("Paid", "good"),
    "partially_refunded": ("Partly refunded", "wait"),
    "refunded": ("Refunded", "bad"),
    "succeeded": ("Succeeded", "good"),
    "failed": ("Failed", "bad"),
    "processing": ("Processing", "wait"),
    "pending": ("Pending", "wait"),
    "requires_payment_method": ("Needs a payment method", "wait"),
    "signed": ("Signed", "info"),
    "terminated": ("Terminated", "bad"),
    "invited": ("Invited", "wait"),
    "paused": ("Paused", "quiet"),
    "success": ("Delivered", "good"),
    "delivered": ("Delivered", "good"),
    "partially_delivered": ("Delivered in part", "wait"),
    "accepted": ("Accepted", "info"),
    "completed": ("Completed", "good"),
    "withdrawn": ("Withdrawn", "quiet"),
    "held": ("Held", "info"),
    "releasing": ("Being released", "wait"),
    "refunding": ("Going back", "wait"),
    "released": ("Released", "good"),
    "initiated": ("On its way", "wait"),
    "settled": ("Settled", "good"),
    "confirmed": ("Confirmed", "info"),
    "checked_in": ("Checked in", "wait"),
    "canceled": ("Cancelled", "bad"),
    "no_show": ("Did not come", "bad"),
    "sent": ("Sent", "wait"),
    "declined": ("Declined", "bad"),
    "converted": ("Converted", "good"),
    "partial": ("Partly paid", "wait"),
    "voided": ("Voided", "quiet"),
    "reversed": ("Taken back", "bad"),
    "executing": ("Being paid out", "wait"),
    "compensating": ("Being taken back", "wait"),
    "compensated": ("Taken back", "bad"),
}
"""The word for a status, and the kind of colour that it gets."""

_LINKS: Final = {
    "deal": "/deals/{}",
    "customer": "/customers/{}",
    "product": "/products/{}",
    "contract": "/contracts/{}",
    "deal_template": "/templates/{}",
}

_HAPPENED: Final = {
    "deal.created": "Deal created",
    "deal.created_configured": "Deal configured",
    "deal.updated": "Deal changed",
    "deal.status_changed": "Deal moved",
    "deal.closed": "Deal closed",
    "deal.item_added": "Line item added",
    "deal.item_updated": "Line item changed",
    "deal.item_removed": "Line item removed",
    "deal.discount_applied": "Discount given",
    "deal.signature_added": "Deal signed",
    "deal.unsigned": "Signature taken back",
    "deal.payment_received": "Payment booked on a deal",
    "deal.payment_failed": "Payment declined",
    "escrow.asked": "Escrow asked for",
    "escrow.created": "Money held in escrow",
    "escrow.released": "Escrow released",
    "escrow.refunded": "Escrow let go",
    "escrow.condition_fulfilled": "Condition of the escrow met",
    "deal.participant_invited": "Partner invited",
    "deal.participant_accepted": "Partner accepted",
    "deal.participant_completed": "Partner did their part",
    "deal.participant_withdrawn": "Partner withdrew",
    "payment.received": "Payment received",
    "payment.refunded": "Payment refunded",
    "contract.created": "Contract drawn up",
    "contract.signed": "Contract signed",
    "contract.activated": "Contract in force",
    "contract.terminated": "Contract terminated",
    "contract.updated": "Contract changed",
    "contract.signatures_requested": "Signatures asked for",
    "contract.renewed": "Contract renewed",
    "contract.auto_renewed": "Contract renewed itself",
    "contract.expired": "Contract expired",
    "contract.expiring_soon": "Contract runs out soon",
    "contract.renewal_upcoming": "Contract renews soon",
    "contract.renewal_opted_out": "Renewal declined",
    "deal_template.created": "Template added",
    "deal_template.updated": "Template changed",
    "deal_template.deleted": "Template deleted",
    "customer.created": "Customer added",
    "customer.updated": "Customer changed",
    "customer.deleted": "Customer archived",
}


def title(name: str) -> str:
    """``net_30`` → ``Net 30``."""
    return re.sub(r"[._-]+", " ", name).strip().capitalize()


def status(name: str) -> tuple[str, str]:
    """The word for a status and its kind: quiet, info, wait, due, good or bad."""
    return _STATUSES.get(name) or (title(name), "quiet")


def happened(entry: Mapping[str, Any]) -> str:
    """One line on an entry of the activity feed."""
    name, data = entry["event_type"], entry["data"]
    text = _HAPPENED.get(name) or title(name)
    if name == "deal.status_changed" and "new_status" in data:
        return f"{text} to {status(data['new_status'])[0].lower()}"
    return text


def link_to(entity_type: str, entity_id: str, data: Mapping[str, Any] | None = None) -> str | None:
    """The page of a record, or of the deal that it belongs to."""
    if entity_type in _LINKS:
        return _LINKS[entity_type].format(entity_id)
    deal = (data or {}).get("deal_id")
    return f"/deals/{deal}" if isinstance(deal, str) else None
