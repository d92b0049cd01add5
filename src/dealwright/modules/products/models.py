"""Inputs and results of the product operations (Salesbooth API, Products)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import PydanticCustomError

from dealwright.kernel.fields import (
    Amount,
    Identifier,
    Input,
    InQuery,
    Integer,
    LongText,
    Metadata,
    Number,
    Patch,
    ShortText,
    Wire,
    depth,
)
from dealwright.kernel.paging import Listing, PaginationView, Shaping
from dealwright.modules.products import rules

Status = Literal["active", "inactive", "archived"]
Type = Literal["product", "service", "subscription", "bundle"]
PriceType = Literal["once_off", "recurring", "percentage", "metered"]
BillingCycle = Literal["monthly", "quarterly", "annual"]
PricingModel = Literal["fixed", "tiered", "volume", "usage"]

MAX_FEATURES: Final = 100
MAX_SCHEMA_BYTES: Final = 65_536
MAX_SCHEMA_DEPTH: Final = 32


def _bounded_schema(schema: dict[str, Any]) -> dict[str, Any]:
    if depth(schema) > MAX_SCHEMA_DEPTH:
        raise ValueError(f"must not be nested deeper than {MAX_SCHEMA_DEPTH} levels")
    if len(orjson.dumps(schema, default=str)) > MAX_SCHEMA_BYTES:
        raise ValueError(f"must not be larger than {MAX_SCHEMA_BYTES} bytes")
    return schema


Line = Annotated[str, StringConstraints(max_length=255)]
TaxRate = Annotated[
    Number,
    Field(ge=0, le=1, description="decimal fraction with at most six places: 0.10 is 10 %"),
    AfterValidator(rules.storable_rate),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
Count = Annotated[Integer, Field(ge=0)]
Schema = Annotated[
    dict[str, Any],
    AfterValidator(_bounded_schema),
    Field(description="JSON schema of the configurable options"),
]
FamilyId = Annotated[
    str, StringConstraints(pattern=r"^pf_[A-Za-z0-9_-]{1,64}$"), Field(description="product family (pf_…)")
]
SessionDuration = Annotated[Integer, Field(ge=5, le=480, description="minutes")]
BufferTime = Annotated[Integer, Field(ge=0, le=120, description="minutes between sessions")]
AdvanceDays = Annotated[Integer, Field(ge=0, le=3_650, description="how far ahead a booking may be made")]
AdvanceHours = Annotated[Integer, Field(ge=0, le=8_760, description="lead time that a booking needs")]
WebAddress = Annotated[
    str, StringConstraints(max_length=2_048), AfterValidator(rules.web_address), Field(description="http or https URL")
]
Features = Annotated[list[ShortText], Field(max_length=MAX_FEATURES)]


class NewProduct(Input):
    name: ShortText
    price: Annotated[Amount, Field(description="selling price, at most four places")]
    description: LongText | None = None
    sku: Annotated[Line, Field(description="stock keeping unit")] | None = None
    type: Type = "product"
    price_type: PriceType = "once_off"
    billing_cycle: Annotated[
        BillingCycle | None, Field(validate_default=True, description="needed when price_type is recurring")
    ] = None
    pricing_model: PricingModel = "fixed"
    cost: Annotated[Amount, Field(description="cost price, for the margin")] | None = None
    unit: Annotated[Line, Field(description="label such as 'per seat'")] | None = None
    tax_rate: TaxRate | None = None
    category: Line | None = None
    family_id: FamilyId | None = None
    status: Status = "active"
    stock_quantity: Count | None = None
    track_inventory: bool = False
    low_stock_threshold: Count | None = None
    metadata: Metadata | None = None
    configuration_schema: Schema | None = None
    requires_booking: bool = False
    session_duration: SessionDuration | None = None
    buffer_time: BufferTime | None = 0
    max_advance_days: AdvanceDays = 90
    min_advance_hours: AdvanceHours = 24
    allow_staff_selection: bool = True
    learn_more_url: WebAddress | None = None
    features: Features = []

    @field_validator("billing_cycle")
    @classmethod
    def _needed_when_recurring(cls, cycle: str | None, info: ValidationInfo) -> str | None:
        if rules.lacks_billing_cycle(info.data.get("price_type", ""), cycle):
            raise PydanticCustomError("missing", "needed when price_type is recurring")
        return cycle


class ProductPatch(Patch):
    id: Annotated[Identifier, InQuery()]
    name: ShortText = ""
    price: Amount = Decimal()
    description: LongText | None = None
    sku: Line | None = None
    type: Type = "product"
    price_type: PriceType = "once_off"
    billing_cycle: BillingCycle | None = None
    pricing_model: PricingModel = "fixed"
    cost: Amount | None = None
    unit: Line | None = None
    tax_rate: TaxRate | None = None
    category: Line | None = None
    family_id: FamilyId | None = None
    status: Status = "active"
    stock_quantity: Count | None = None
    track_inventory: bool = False
    low_stock_threshold: Count | None = None
    metadata: Metadata | None = None
    configuration_schema: Schema | None = None
    requires_booking: bool = False
    session_duration: SessionDuration | None = None
    buffer_time: BufferTime | None = None
    max_advance_days: AdvanceDays = 90
    min_advance_hours: AdvanceHours = 24
    allow_staff_selection: bool = True
    learn_more_url: WebAddress | None = None
    features: Features = []


def _digit(value: object) -> object:
    return str(int(value)) if isinstance(value, bool | int) else {"true": "1", "false": "0"}.get(str(value), value)


class ProductList(Listing):
    status: Annotated[Status | None, Field(description="archived products appear only when asked for")] = None
    type: Type | None = None
    category: Line | None = None
    family: Annotated[Line | None, Field(description="product family id")] = None
    requires_booking: Annotated[
        Literal["1", "0"] | None,
        BeforeValidator(_digit),
        Field(description="1: bookable products only, 0: leave them out"),
    ] = None
    search: Annotated[
        str | None, StringConstraints(min_length=1, max_length=200), Field(description="name, SKU or description")
    ] = None


class ProductGet(Shaping):
    id: Identifier


class ProductId(Input):
    id: Identifier


class ProductView(Wire):
    """The product object. Decimals are fixed-point strings; ``include`` may add deals and activity_log."""

    model_config = ConfigDict(extra="allow")

    id: str
    product_id: str
    tenant_id: str
    name: str
    description: str | None
    sku: str | None
    type: Type
    price: str
    price_type: PriceType
    billing_cycle: BillingCycle | None
    pricing_model: PricingModel
    cost: str | None
    unit: str | None
    tax_rate: str | None
    category: str | None
    family_id: str | None
    status: Status
    stock_quantity: int | None
    track_inventory: bool
    low_stock_threshold: int | None
    metadata: dict[str, Any] | None
    configuration_schema: dict[str, Any] | None
    requires_booking: bool
    session_duration: int | None
    buffer_time: int | None
    max_advance_days: int
    min_advance_hours: int
    allow_staff_selection: bool
    learn_more_url: str | None
    features: list[str]
    version: int
    created_at: str
    updated_at: str


class ProductPage(Wire):
    products: list[ProductView]
    pagination: PaginationView


class ProductOptions(Wire):
    """What of a product can be configured: its own schema, and the option groups linked to it."""

    product_id: str
    configuration_schema: dict[str, Any] | None
    option_groups: list[dict[str, Any]]
