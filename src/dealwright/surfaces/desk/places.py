"""The navigation: where a person can go, in the order in which it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation, shown to those who may run the operation ``needs``."""

    label: str
    path: str
    icon: str
    needs: str | None = None
    of_shop: bool = False
    """Shown to workspaces that have a shop."""


SECTIONS: Final[tuple[tuple[str, tuple[Place, ...]], ...]] = (
    (
        "",
        (
            Place("Home", "/", "home"),
            Place("Deals", "/deals", "deal", "deals.list"),
            Place("Contracts", "/contracts", "contract", "contracts.list"),
            Place("Customers", "/customers", "people", "customers.list"),
            Place("Products", "/products", "box", "products.list"),
            Place("Templates", "/templates", "template", "deal_templates.list"),
            Place("Payments", "/payments", "money", "payments.list"),
        ),
    ),
    (
        "Shop",
        (
            Place("Calendar", "/shop/calendar", "calendar", "shop:appointments.list", of_shop=True),
            Place("Quotes", "/shop/quotes", "quote", "shop:quotes.list", of_shop=True),
            Place("Invoices", "/shop/invoices", "invoice", "shop:invoices.list", of_shop=True),
            Place("Vehicles", "/shop/owners", "car", "shop:vehicles.list", of_shop=True),
        ),
    ),
    (
        "Workspace",
        (
            Place("Developers", "/developers", "code"),
            Place("Settings", "/settings", "settings"),
        ),
    ),
)
