"""Inputs and results of the escrow operations (Salesbooth API, Deals)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from dealwright.kernel.fields import Flag, Identifier, Input, Integer, Metadata, PositiveAmount, Wire
from dealwright.modules.deals.models import DealAction
from dealwright.modules.deals.rules import Status as DealStatus
from dealwright.modules.escrow import rules
from dealwright.modules.payments.models import AnyCaseCurrency, MethodToken

ConditionType = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"),
    Field(description="delivery, approval or a word of your own", examples=["delivery"]),
]
_DEFAULT_LIFE = int(rules.DEFAULT_LIFE.total_seconds())
_LONGEST_LIFE = int(rules.LONGEST_LIFE.total_seconds())


class EscrowGet(Input):
    id: Identifier


class NewCondition(Input):
    type: ConditionType
    config: Metadata = {}


class NewEscrow(DealAction):
    conditions: Annotated[list[NewCondition], Field(min_length=1, max_length=50)]
    amount: Annotated[PositiveAmount | None, Field(description="major units; default: what is due")] = None
    currency: AnyCaseCurrency | None = None
    expires_in: Annotated[Integer, Field(ge=60, le=_LONGEST_LIFE, description="seconds")] = _DEFAULT_LIFE
    payment_method: Annotated[MethodToken | None, Field(description="what the money is held on")] = None


class ReleaseEscrow(DealAction):
    pass


class RefundEscrow(DealAction):
    reason: rules.RefundReason = "manual"


class FulfillCondition(DealAction):
    condition_id: Identifier
    met_by: Annotated[
        str | None, StringConstraints(min_length=1, max_length=255), Field(description="who or what met it")
    ] = None


class ConditionView(Wire):
    condition_id: str
    type: str
    config: dict[str, Any]
    fulfilled: Flag
    met_by: str | None
    met_at: str | None


class EscrowView(Wire):
    """An escrow. ``client_secret`` is there while the buyer has something left to do at the payment provider."""

    id: str
    escrow_id: str
    deal_id: str
    status: rules.Status
    amount: str
    currency: str
    conditions: list[ConditionView]
    payment_id: str
    refund_reason: str | None
    failure_reason: str | None
    expires_at: str
    hold_expires_at: str | None
    released_at: str | None
    refunded_at: str | None
    created_at: str
    updated_at: str


class EscrowOfDeal(Wire):
    escrow: EscrowView


class EscrowMade(EscrowView):
    client_secret: str | None


class EscrowEnded(Wire):
    deal_id: str
    status: DealStatus
    escrow: EscrowView


class ConditionMet(Wire):
    deal_id: str
    condition: ConditionView
    all_conditions_met: bool
