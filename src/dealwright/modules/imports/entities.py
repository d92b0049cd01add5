"""What can be imported: the fields of each kind of record, how a row becomes one, what must be new."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from dealwright.kernel.context import Context
from dealwright.modules.customers import operations as customers
from dealwright.modules.customers import records as customer_records
from dealwright.modules.customers.models import NewCustomer
from dealwright.modules.products import operations as products
from dealwright.modules.products.models import NewProduct


async def _nothing_taken(_: Context, __: Sequence[str]) -> set[str]:
    return set()


@dataclass(frozen=True)
class Entity:
    """One kind of record that a file may hold."""

    name: str
    scope: str
    model: type[BaseModel]
    names: Mapping[str, Sequence[str]]
    """Its fields, and what columns that hold them are called elsewhere."""
    write: Callable[[Context, Sequence[dict[str, Any]]], Awaitable[None]]
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Fields that several columns may fill together, and what those are called."""
    unique: str | None = None
    """The field that no two records may share; letters' case does not matter."""
    taken: Callable[[Context, Sequence[str]], Awaitable[set[str]]] = field(default=_nothing_taken)
    """Which of these values of the unique field are in use already."""

    @property
    def required(self) -> list[str]:
        return [name for name, info in self.model.model_fields.items() if info.is_required()]


_CUSTOMERS: Final = Entity(
    name="customers",
    scope="customers:write",
    model=NewCustomer,
    names={
        "name": ("full name", "customer", "customer name", "contact", "contact name", "display name"),
        "email": ("e-mail", "email address", "e-mail address", "mail"),
        "phone": ("phone number", "telephone", "tel", "mobile", "mobile phone", "cell"),
        "company": ("company name", "organisation", "organization", "business", "account name"),
        "address": ("street", "street address", "address line 1", "address 1"),
        "city": ("town", "suburb", "locality"),
        "state": ("region", "province", "county"),
        "zip": ("zip code", "postcode", "postal code"),
        "country": ("country code",),
        "notes": ("note", "comment", "comments", "remarks"),
        "status": (),
    },
    write=customers.create_many,
    parts={"name": ("first name", "given name", "last name", "surname", "family name")},
    unique="email",
    taken=customer_records.taken_emails,
)
_PRODUCTS: Final = Entity(
    name="products",
    scope="products:write",
    model=NewProduct,
    names={
        "name": ("product", "product name", "title", "item", "item name"),
        "price": ("unit price", "selling price", "amount", "list price"),
        "description": ("details", "long description"),
        "sku": ("code", "product code", "item code", "article number", "part number"),
        "type": ("product type", "kind"),
        "price_type": ("pricing",),
        "billing_cycle": ("billing", "interval"),
        "cost": ("cost price", "unit cost"),
        "unit": ("unit of measure", "uom"),
        "tax_rate": ("tax", "vat", "vat rate"),
        "category": ("product category", "group"),
        "status": (),
        "stock_quantity": ("stock", "quantity", "qty", "on hand", "inventory"),
        "track_inventory": (),
        "low_stock_threshold": ("reorder level", "minimum stock"),
        "requires_booking": (),
        "session_duration": ("duration",),
        "learn_more_url": ("url", "link", "website"),
    },
    write=products.create_many,
)
ENTITIES: Final = {entity.name: entity for entity in (_CUSTOMERS, _PRODUCTS)}
