"""Inputs and results of the deal operations (Salesbooth API, Deals)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from dealwright.kernel.errors import FieldError, InvalidFields
from dealwright.kernel.fields import (
    Amount,
    Currency,
    Flag,
    Identifier,
    Input,
    InQuery,
    Instant,
    Integer,
    LongText,
    Metadata,
    Patch,
    ShortText,
    depth,
)
from dealwright.kernel.paging import Listing, Shaping
from dealwright.modules.customers.models import Email, Phone
from dealwright.modules.deals import rules
from dealwright.modules.deals.rules import Status

DealType = Literal["one_time", "recurring"]
BillingCycle = Literal["monthly", "quarterly", "annual"]
TaxRate = Annotated[
    Amount,
    Field(le=100, description="a fraction, 0.10 = 10 %; a value of 1 or more is divided by 100"),
    AfterValidator(rules.normal_tax_rate),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100}),
]
Quantity = Annotated[Integer, Field(ge=1, le=1_000_000)]
DealId = Annotated[Identifier, InQuery()]


def _percentage_alias(value: object) -> object:
    return "percentage" if value == "percent" else value


class Discount(Input):
    """A reduction of the whole deal; ``percent`` means the same as ``percentage``."""

    type: Annotated[Literal["percentage", "fixed"], BeforeValidator(_percentage_alias)]
    value: Annotated[Amount, Field(description="percentage points, or an amount in the deal's currency")]
    code: Annotated[str, StringConstraints(max_length=64)] | None = None
    description: Annotated[str, StringConstraints(max_length=255)] | None = None

    @model_validator(mode="after")
    def _at_most_everything(self) -> Discount:
        if self.type == "percentage" and self.value > 100:
            raise ValueError("a percentage cannot be more than 100")
        return self


class ApplyDiscount(Discount):
    id: DealId


class DealList(Listing):
    status: Status | None = None
    search: Annotated[
        str | None, StringConstraints(min_length=1, max_length=200), Field(description="words of title or description")
    ] = None
    active: Annotated[Flag, Field(description="leave out what is closed, cancelled or expired")] = False
    customer_id: Identifier | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    min_value: Annotated[Amount | None, Field(description="total at least this")] = None
    max_value: Annotated[Amount | None, Field(description="total at most this")] = None


class DealGet(Shaping):
    id: Identifier


class DealRef(Input):
    id: Identifier


class DealAction(Input):
    id: DealId


def recurring_needs_cycle(deal_type: str, billing_cycle: str | None) -> None:
    """Raises InvalidFields when a recurring deal has no billing cycle."""
    if deal_type == "recurring" and billing_cycle is None:
        problem = FieldError("required", "Billing cycle is required when deal_type is recurring")
        raise InvalidFields({"billing_cycle": problem})


class NewDeal(Input):
    title: Annotated[ShortText, Field(description="default: the customer's name, or Deal with its number")] | None = (
        None
    )
    customer_id: Identifier | None = None
    description: LongText | None = None
    currency: Annotated[Currency | None, Field(description="ISO 4217; default: the workspace's currency")] = None
    tax_rate: TaxRate = Decimal(0)
    deal_type: DealType = "one_time"
    billing_cycle: Annotated[BillingCycle | None, Field(description="required when deal_type is recurring")] = None
    presentation_currency: Currency | None = None
    settlement_currency: Currency | None = None
    status: Literal["draft", "in_progress"] = "draft"
    notes: Annotated[LongText, Field(description="internal, never shown to the customer")] | None = None
    metadata: Metadata | None = None
    template_id: Identifier | None = None
    expires_at: Annotated[Instant | None, Field(description="when the deal lapses if it is not completed")] = None


class DealPatch(Patch):
    id: DealId
    customer_id: Identifier | None = None
    title: ShortText | None = None
    description: LongText | None = None
    notes: LongText | None = None
    status: Status = "draft"
    currency: Currency = "USD"
    tax_rate: TaxRate = Decimal(0)
    deal_type: DealType = "one_time"
    billing_cycle: BillingCycle | None = None
    metadata: Metadata | None = None
    expires_at: Instant | None = None


class NewItem(Input):
    """A line item; without a price the product's own is taken."""

    product_id: Identifier
    quantity: Quantity = 1
    unit_price: Amount | None = None
    options: Annotated[Metadata, Field(description="selected configuration options")] | None = None


class AddItem(NewItem):
    id: DealId
    deal_id: Annotated[Identifier | None, Field(description="if sent, the same as id")] = None

    @model_validator(mode="after")
    def _one_deal(self) -> AddItem:
        if self.deal_id is not None and self.deal_id != self.id:
            raise ValueError("deal_id in the body and id in the query name different deals")
        return self


class UpdateItem(Input):
    id: DealId
    item_id: Annotated[Identifier, InQuery()]
    quantity: Quantity


class RemoveItem(Input):
    id: Identifier
    item_id: Identifier


class Transition(Input):
    id: DealId
    status: Annotated[Status, InQuery(), Field(description="where to go; in the query or the body")]


class CompareTerms(Input):
    deal_id_1: Identifier
    deal_id_2: Identifier


def _net_days(value: object) -> object:
    """``net30`` and ``net_30`` are the same."""
    return f"net_{value[3:]}" if isinstance(value, str) and re.fullmatch(r"net\d+", value) else value


PaymentTerms = Annotated[
    Literal["immediate", "net_7", "net_15", "net_30", "net_45", "net_60", "net_90"], BeforeValidator(_net_days)
]


class NegotiableTerms(Input):
    """Terms with a meaning of their own; all other keys are free. Published at ``/schema/deal-terms``."""

    model_config = ConfigDict(title="DealTerms")

    price: Annotated[float, Field(ge=0)]
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    payment_terms: PaymentTerms = "immediate"
    discount_percent: Annotated[float, Field(ge=0, le=100)] = 0


_KNOWN_TERMS: Final = {
    name: TypeAdapter[Any](Annotated[info.annotation, *info.metadata])  # type: ignore[arg-type]
    for name, info in NegotiableTerms.model_fields.items()
}


def check_known_terms(terms: dict[str, Any]) -> dict[str, Any]:
    """Terms whose known keys are checked and normal; ``payment_terms`` may also be an object. Raises ValueError."""
    checked = dict(terms)
    for name, kind in _KNOWN_TERMS.items():
        if name in terms and not (name == "payment_terms" and isinstance(terms[name], dict)):
            try:
                checked[name] = kind.validate_python(terms[name])
            except ValidationError as problem:
                raise ValueError(f"{name}: {problem.errors()[0]['msg']}") from None
    return checked


def _terms(value: dict[str, Any]) -> dict[str, Any]:
    if depth(value) > 6:
        raise ValueError("must not be nested deeper than 6 levels")
    missing = [name for name in ("terms_schema_version", "payment_terms") if value.get(name) in (None, "")]
    if missing:
        raise ValueError(f"must contain {' and '.join(missing)}")
    return check_known_terms(value)


class SetTerms(Input):
    id: DealId
    terms: Annotated[
        dict[str, Any],
        AfterValidator(_terms),
        Field(
            description="with terms_schema_version and payment_terms",
            examples=[
                {"terms_schema_version": "1.0", "payment_terms": {"type": "net", "due_date": "2026-04-30"}},
            ],
        ),
    ]


class InlineCustomer(Input):
    name: ShortText
    email: Email
    phone: Phone | None = None
    company: Annotated[str, StringConstraints(max_length=255)] | None = None


class Configuration(Input):
    option_ids: Annotated[list[Identifier], Field(max_length=200)] = []


class ConfiguredItem(NewItem):
    name: ShortText | None = None
    configuration: Configuration | None = None


class ConfiguredDeal(Input):
    customer_id: Identifier | None = None
    customer: Annotated[InlineCustomer | None, Field(description="matched by email, created when new")] = None
    items: Annotated[list[ConfiguredItem], Field(max_length=rules.MOST_ITEMS)] | None = None
    saved_config_id: Annotated[Identifier | None, Field(description="in place of items")] = None
    discounts: Annotated[list[Discount], Field(max_length=20)] = []
    template_id: Identifier | None = None
    title: ShortText | None = None
    currency: Currency | None = None
    tax_rate: TaxRate = Decimal(0)
    notes: LongText | None = None
    metadata: Metadata | None = None
    dry_run: Annotated[Flag, Field(description="check and answer, save nothing")] = False

    @model_validator(mode="after")
    def _complete(self) -> ConfiguredDeal:
        if self.customer_id is None and self.customer is None:
            raise ValueError("either customer_id or customer is required")
        if not self.items and self.saved_config_id is None and self.template_id is None:
            raise ValueError("either items or saved_config_id is required")
        return self


class RecordOutcome(Input):
    id: DealId
    reason: Annotated[
        str, StringConstraints(min_length=1, max_length=64), Field(description="won, lost, no_decision or your own")
    ]
    notes: LongText | None = None
    competitor_name: Annotated[str, StringConstraints(max_length=255)] | None = None


ItemIds = Annotated[list[Identifier], Field(max_length=rules.MOST_ITEMS)]


class PartialAcceptance(DealAction):
    accepted_items: Annotated[ItemIds, Field(min_length=1, description="line item ids")]
    rejected_items: Annotated[ItemIds, Field(description="items in neither list are rejected as well")] = []
    create_declined_deal: Annotated[Flag, Field(description="put what is rejected into a new draft deal")] = False


class DealExport(Input):
    id: Identifier | None = None
    format: Literal["json", "csv"] = "json"
    status: Status | None = None
    customer_id: Identifier | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    limit: Annotated[Integer, Field(ge=1, le=1000, description="deals per export file")] = 1000
    after: Annotated[Identifier | None, Field(description="next_cursor of the file before")] = None


class AuditPage(Input):
    id: Identifier
    limit: Annotated[Integer, Field(ge=1, le=100)] = 50
    offset: Annotated[Integer, Field(ge=0, le=1_000_000)] = 0
