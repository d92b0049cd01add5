"""Inputs and results of the template operations (Salesbooth API, Deal Templates)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from dealwright.kernel.fields import (
    MAX_OBJECT_MEMBERS,
    Currency,
    Identifier,
    Input,
    InQuery,
    LongText,
    Metadata,
    Patch,
    ShortText,
    Wire,
    depth,
)
from dealwright.kernel.paging import PaginationView, Paging
from dealwright.modules.deals import rules
from dealwright.modules.deals.models import (
    BillingCycle,
    DealAction,
    DealType,
    Discount,
    NewItem,
    TaxRate,
    check_known_terms,
    recurring_needs_cycle,
)

TemplateStatus = Literal["active", "inactive"]
TemplateId = Annotated[Identifier, InQuery()]
Category = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class DefaultTerms(Input):
    """What deals of a template start with. Members that are not listed here become terms of the deal."""

    model_config = ConfigDict(extra="allow")

    currency: Currency = "USD"
    tax_rate: TaxRate = Decimal(0)
    deal_type: DealType = "one_time"
    billing_cycle: BillingCycle | None = None
    presentation_currency: Currency | None = None
    settlement_currency: Currency | None = None
    discounts: Annotated[list[Discount], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _usable(self) -> DefaultTerms:
        others = self.model_extra or {}
        if depth(others) > 6:
            raise ValueError("must not be nested deeper than 6 levels")
        if len(others) > MAX_OBJECT_MEMBERS:
            raise ValueError(f"must not have more than {MAX_OBJECT_MEMBERS} members")
        for name, value in check_known_terms(others).items():
            others[name] = value
        return self

    def stored(self) -> dict[str, Any]:
        """What was sent, as plain JSON."""
        found = self.model_dump(mode="json", include=self.model_fields_set | (self.model_extra or {}).keys())
        if "tax_rate" in found:
            found["tax_rate"] = float(self.tax_rate)
        if "discounts" in found:
            found["discounts"] = [{**each.model_dump(), "value": float(each.value)} for each in self.discounts]
        return found


def check_recurring(default_terms: dict[str, Any]) -> None:
    """Raises InvalidFields when deals of these terms would recur without a billing cycle."""
    recurring_needs_cycle(default_terms.get("deal_type", "one_time"), default_terms.get("billing_cycle"))


class TemplateItem(NewItem):
    name: ShortText | None = None


TemplateItems = Annotated[list[TemplateItem], Field(max_length=rules.MOST_ITEMS)]


class TemplateList(Paging):
    status: TemplateStatus | None = None
    category: Category | None = None
    search: Annotated[
        str | None, StringConstraints(min_length=1, max_length=200), Field(description="words of name or description")
    ] = None


class TemplateRef(Input):
    id: Identifier


class NewTemplate(Input):
    name: ShortText
    description: LongText | None = None
    category: Category | None = None
    default_terms: DefaultTerms = DefaultTerms()
    line_items: TemplateItems = []
    metadata: Metadata = {}


class TemplatePatch(Patch):
    id: TemplateId
    name: ShortText = ""
    description: LongText | None = None
    category: Category | None = None
    status: TemplateStatus = "active"
    default_terms: DefaultTerms = DefaultTerms()
    line_items: Annotated[TemplateItems, Field(description="replaces the whole list")] = []
    metadata: Metadata = {}


class DealFromTemplate(Input):
    id: TemplateId
    customer_id: Identifier | None = None
    overrides: Annotated[DefaultTerms, Field(description="wins over default_terms, member by member")] = DefaultTerms()


class SaveAsTemplate(DealAction):
    name: ShortText
    description: Annotated[LongText, Field(description="shown where templates are picked")] | None = None


class TemplateItemView(Wire):
    product_id: str
    quantity: int
    unit_price: float | None
    name: str | None
    options: dict[str, Any] | None


class TemplateView(Wire):
    """``unit_price`` null: the product's own price at the time of the deal."""

    id: str
    template_id: str
    name: str
    description: str | None
    category: str | None
    status: TemplateStatus
    default_terms: dict[str, Any]
    line_items: list[TemplateItemView]
    metadata: dict[str, Any]
    version: int
    created_at: str
    updated_at: str


class TemplatePage(Wire):
    templates: list[TemplateView]
    pagination: PaginationView


class SavedTemplate(TemplateView):
    source_deal_id: str
