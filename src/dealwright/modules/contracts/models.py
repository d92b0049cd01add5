"""Inputs of the contract operations (Salesbooth API, Contracts)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from dealwright.kernel.errors import FieldError, InvalidFields, invalid_field
from dealwright.kernel.fields import (
    Amount,
    Currency,
    Day,
    Identifier,
    Input,
    InQuery,
    Integer,
    LongText,
    Metadata,
    Number,
    Patch,
    ShortText,
    validate,
)
from dealwright.kernel.paging import Listing, Shaping
from dealwright.modules.contracts.rules import RenewalType, Status
from dealwright.modules.signing.signature_models import SignatureRequest, Signing

Line = Annotated[str, StringConstraints(max_length=255)]
Reason = Annotated[str, StringConstraints(max_length=500), Field(description="kept in the audit trail")]
OwnNumber = Annotated[ShortText, Field(description="own reference, unique in the workspace", examples=["CTR-2026-001"])]


class KnownRenewalTerms(Input):
    """The keys of renewal_terms with a meaning of their own; all others are free."""

    period_months: Annotated[Integer | None, Field(ge=1, le=1_200, description="length of a further term")] = None
    notice_days: Annotated[Integer | None, Field(ge=0, le=3_650, description="default 30")] = None
    opt_out_days: Annotated[Integer | None, Field(ge=0, le=3_650, description="default 0")] = None
    price_adjustment_percent: Annotated[Number | None, Field(ge=-100, le=1_000)] = None
    max_renewals: Annotated[Integer | None, Field(ge=0, le=10_000)] = None


def _known_keys_checked(terms: dict[str, Any]) -> dict[str, Any]:
    try:
        known = validate(KnownRenewalTerms, terms).model_dump(exclude_unset=True)
    except InvalidFields as problem:
        fields = (problem.details or {})["fields"]
        raise ValueError("; ".join(each["message"] for each in fields.values())) from None
    plain = {name: float(value) if isinstance(value, Decimal) else value for name, value in known.items()}
    return {**terms, **plain}


RenewalTerms = Annotated[
    Metadata,
    AfterValidator(_known_keys_checked),
    Field(
        description="free JSON; period_months, notice_days, opt_out_days, price_adjustment_percent and max_renewals "
        "have a meaning",
        examples=[{"period_months": 12, "notice_days": 30}],
    ),
]

_CORE: Final = ("customer_id", "title", "value", "start_date", "end_date")


def check_term(start: date, end: date) -> None:
    """Raises InvalidFields unless a term ends after it starts."""
    if end <= start:
        raise invalid_field("end_date", "out_of_range", "End date must be later than start date")


class NewContract(Input):
    deal_id: Annotated[
        Identifier | None, Field(description="fills customer, title, value, currency and dates; any may be overridden")
    ] = None
    customer_id: Annotated[Identifier | None, Field(description="needed without deal_id")] = None
    title: Annotated[ShortText | None, Field(description="needed without deal_id")] = None
    value: Annotated[Amount | None, Field(description="needed without deal_id")] = None
    start_date: Annotated[Day | None, Field(description="needed without deal_id")] = None
    end_date: Annotated[Day | None, Field(description="last day; needed without deal_id")] = None
    contract_number: OwnNumber | None = None
    description: LongText | None = None
    currency: Annotated[Currency | None, Field(description="default: the deal's, else the workspace's")] = None
    payment_terms: Annotated[Line | None, Field(examples=["net30"])] = None
    renewal_type: RenewalType = "manual"
    renewal_terms: RenewalTerms | None = None
    notes: Annotated[LongText | None, Field(description="internal, never shown to the customer")] = None

    @model_validator(mode="after")
    def _complete(self) -> NewContract:
        missing = [name for name in _CORE if getattr(self, name) is None]
        if self.deal_id is None and missing:
            label = {name: name.replace("_", " ").capitalize() for name in missing}
            raise InvalidFields(
                {name: FieldError("required", f"{label[name]} is required without deal_id") for name in missing}
            )
        if self.start_date is not None and self.end_date is not None:
            check_term(self.start_date, self.end_date)
        return self


ContractId = Annotated[Identifier, InQuery()]


class ContractPatch(Patch):
    id: ContractId
    title: ShortText = ""
    description: LongText | None = None
    value: Amount = Decimal()
    currency: Currency = ""
    start_date: Day = date.min
    end_date: Day = date.min
    renewal_type: RenewalType = "manual"
    renewal_terms: RenewalTerms | None = None
    payment_terms: Line | None = None
    notes: LongText | None = None
    status: Annotated[Status, Field(description="active and terminated act like the actions of the same meaning")] = (
        "draft"
    )
    customer_id: Annotated[Identifier, Field(description="moves the contract to another customer")] = ""
    contract_number: OwnNumber | None = None


MINIMAL: Final = ("contract_id", "status", "updated_at")
"""What ``format=minimal`` leaves of a contract."""


class ContractList(Listing):
    minimal: ClassVar = MINIMAL

    status: Status | None = None
    customer_id: Identifier | None = None
    renewal_type: RenewalType | None = None
    expiring_soon: Annotated[
        Integer | None, Field(ge=1, le=36_500, description="running contracts whose end_date is at most N days away")
    ] = None
    search: Annotated[
        str | None, StringConstraints(min_length=1, max_length=200), Field(description="title or contract number")
    ] = None


class ContractGet(Shaping):
    minimal: ClassVar = MINIMAL

    id: Identifier


class ContractRef(Input):
    id: Identifier


class AuditPage(ContractRef):
    limit: Annotated[Integer, Field(ge=1, le=100)] = 50
    offset: Annotated[Integer, Field(ge=0, le=1_000_000)] = 0


class SignContract(Signing):
    id: ContractId


class RequestSignatures(SignatureRequest):
    id: ContractId


class ContractAction(Input):
    id: ContractId


class TerminateContract(ContractAction):
    reason: Reason | None = None
    effective_date: Annotated[Day | None, Field(description="default: today; not after end_date")] = None


class RenewContract(ContractAction):
    end_date: Annotated[
        Day | None, Field(description="default: one more term, as long as the last or renewal_terms.period_months")
    ] = None
    value: Annotated[
        Amount | None, Field(description="of the new term; default: the present one, with price_adjustment_percent")
    ] = None


class OptOut(ContractAction):
    reason: Reason | None = None
