"""What the members of a workspace may do: each role as a set of scopes, the same scopes that API keys hold."""

from __future__ import annotations

from typing import Final, Literal

Role = Literal["owner", "admin", "member", "viewer"]

RANKS: Final[tuple[Role, ...]] = ("viewer", "member", "admin", "owner")
"""From the least to the most powerful."""

_WORK: Final = (
    *("agent", "analytics", "bookings", "contracts", "customers", "deals", "delegations", "intelligence"),
    *("products", "queue", "sandbox", "sites", "staff"),
    *("appointments", "invoices", "payments", "quotes", "vehicles"),
)
"""What members do all day. Team, billing, keys, webhooks, plugins, trust and audit exports are for admins."""

SCOPES: Final[dict[Role, frozenset[str]]] = {
    "viewer": frozenset({"*:read"}),
    "member": frozenset({"*:read", *(f"{resource}:*" for resource in _WORK)}),
    "admin": frozenset({"*"}),
    "owner": frozenset({"*"}),
}


def at_least(role: Role, least: Role) -> bool:
    """Whether ``role`` may do what ``least`` may."""
    return RANKS.index(role) >= RANKS.index(least)
