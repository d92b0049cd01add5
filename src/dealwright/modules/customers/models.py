"""Inputs and results of the customer operations (Salesbooth API, Customers)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from dealwright.kernel.fields import Identifier, Input, InQuery, LongText, Patch, ShortText, Wire
from dealwright.kernel.paging import Listing, PaginationView, Shaping
from dealwright.modules.customers import rules

Status = Literal["active", "inactive", "archived"]
EmailAddress = Annotated[
    str,
    StringConstraints(min_length=3, max_length=254),
    AfterValidator(rules.normal_email),
    Field(examples=["jane@example.com"]),
]
Email = Annotated[EmailAddress, Field(description="e-mail address, unique in the workspace")]
Phone = Annotated[
    str, StringConstraints(max_length=40), Field(description="stored as E.164", examples=["+61412345678"])
]
Country = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2}$", to_upper=True), Field(description="ISO 3166-1 alpha-2")
]
Line = Annotated[str, StringConstraints(max_length=255)]


class Contact(BaseModel):
    """Base of inputs with a phone number: makes it E.164; the country (declared before it) hints at national ones."""

    @field_validator("phone", check_fields=False)
    @classmethod
    def _normal_phone(cls, phone: str | None, info: ValidationInfo) -> str | None:
        return rules.normal_phone(phone, info.data.get("country")) if phone else None


class NewCustomer(Contact, Input):
    name: Annotated[ShortText, Field(description="full name")]
    email: Email
    country: Country | None = None
    phone: Phone | None = None
    company: Line | None = None
    address: Line | None = None
    city: Line | None = None
    state: Line | None = None
    zip: Annotated[str, StringConstraints(max_length=32)] | None = None
    notes: Annotated[LongText, Field(description="internal, never shown to the customer")] | None = None
    status: Status = "active"


class NamedCustomer(NewCustomer):
    """A customer known by name alone; only a batch may create one."""

    email: Email | None = None  # type: ignore[assignment]


class CustomerPatch(Contact, Patch):
    id: Annotated[Identifier, InQuery()]
    name: ShortText = ""
    email: Email = ""
    country: Country | None = None
    phone: Phone | None = None
    company: Line | None = None
    address: Line | None = None
    city: Line | None = None
    state: Line | None = None
    zip: Annotated[str, StringConstraints(max_length=32)] | None = None
    notes: LongText | None = None
    status: Status = "active"


class CustomerList(Listing):
    status: Annotated[Status | None, Field(description="archived customers appear only when asked for")] = None
    search: Annotated[
        str | None, StringConstraints(min_length=1, max_length=200), Field(description="name, company, email or phone")
    ] = None


class CustomerGet(Shaping):
    id: Identifier


class CustomerId(Input):
    id: Identifier


class CustomerView(Wire):
    """The customer object. ``include`` may add deals, contracts and activity_log."""

    model_config = ConfigDict(extra="allow")

    id: str
    customer_id: str
    tenant_id: str
    name: str | None
    email: str | None
    phone: str | None
    company: str | None
    address: str | None
    city: str | None
    state: str | None
    zip: str | None
    country: str | None
    notes: str | None
    status: Status
    version: int
    created_at: str
    updated_at: str


class CustomerPage(Wire):
    customers: list[CustomerView]
    pagination: PaginationView
