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
        "Workspace",
        (
            Place("Developers", "/developers", "code"),
            Place("Settings", "/settings", "settings"),
        ),
    ),
)
