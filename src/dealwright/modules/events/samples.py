"""What payloads look like: a JSON Schema and an invented example for every kind of event.

The type of a member follows from its name, the same in all events.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from dealwright.kernel import clock, ids
from dealwright.kernel.event_types import event_types
from dealwright.modules.events import catalogue as _catalogue  # noqa: F401 - fills the registry

Kind = Literal["instant", "date", "time", "money", "integer", "flag", "list", "object", "id", "currency", "text"]

_BY_NAME: Final[dict[Kind, str]] = {
    "date": "booking_date due_date start_date end_date previous_date",
    "time": "start_time previous_start_time",
    "money": """
        amount amount_due attempted_amount balance base_amount ceiling credit_amount discount_value limit line_total
        metered_amount new_amount previous_amount price_modifier price_per_unit spent subtotal threshold total
        total_amount transaction_cap unit_price value
    """,
    "integer": """
        attempt attempts count days_overdue days_remaining depth duration_ms failures free_units new_backoff_seconds
        percent_used previous_backoff_seconds quantity records_reencrypted resent_count retry_count round round_number
        score settlement_count step total_rounds total_units version window_seconds
    """,
    "flag": "end_of_period erased partial succeeded",
    "list": """
        accepted_items allowed_actions changed_fields line_items meters pending_signers proposed_actions
        rejected_items remaining_conditions steps suggestions
    """,
    "object": "final_terms new_terms previous_terms proposal proposed_terms result",
    "currency": "currency",
}
_KINDS: Final[dict[str, Kind]] = {name: kind for kind, names in _BY_NAME.items() for name in names.split()}
_PREFIXES: Final = {
    "customer": "cust",
    "declined_deal": "deal",
    "renewal_deal": "deal",
    "new_contract": "contract",
    "product": "prod",
    "payment": "pay",
    "payment_intent": "pi",
    "refund": "re",
    "api_key": "key",
    "agent_key": "key",
}
_SCHEMAS: Final[dict[Kind, dict[str, Any]]] = {
    "instant": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "examples": ["09:30"]},
    "money": {"type": "string", "description": "decimal amount", "examples": ["100.00"]},
    "integer": {"type": "integer"},
    "flag": {"type": "boolean"},
    "list": {"type": "array"},
    "object": {"type": "object"},
    "id": {"type": "string"},
    "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    "text": {"type": "string"},
}
_EXAMPLES: Final[dict[Kind, Any]] = {
    "time": "09:30",
    "money": "100.00",
    "integer": 1,
    "flag": False,
    "list": [],
    "object": {},
    "currency": "USD",
    "text": "example",
}


def kind_of(member: str) -> Kind:
    """The type of a payload's member, by its name."""
    if member in _KINDS:
        return _KINDS[member]
    if member.endswith("_at"):
        return "instant"
    return "id" if member == "id" or member.endswith("_id") else "text"


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of an event's ``data``; members may be null where there is nothing to say."""
    members = event_types[name].members
    return {
        "type": "object",
        "properties": {member: _SCHEMAS[kind_of(member)] for member in members},
        "required": list(members),
    }


def payload(name: str, now: datetime) -> dict[str, Any]:
    """An invented ``data`` of an event, for trying out a receiver; its ids lead nowhere."""
    return {member: _example(name, member, now) for member in event_types[name].members}


def _example(name: str, member: str, now: datetime) -> Any:
    kind = kind_of(member)
    if kind == "instant":
        return clock.iso(now)
    if kind == "date":
        return now.date().isoformat()
    if kind == "id":
        about = name.partition(".")[0] if member == "id" else member.removesuffix("_id")
        return ids.encode(_PREFIXES.get(about, about.rpartition("_")[2]), UUID(int=0))
    return _EXAMPLES[kind]
