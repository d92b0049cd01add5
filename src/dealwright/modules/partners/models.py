"""Inputs and results of the participant and settlement operations (Salesbooth API, Deal Participants)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from dealwright.kernel.fields import Identifier, Input, InQuery, Patch, Wire
from dealwright.modules.deals.models import DealAction
from dealwright.modules.partners import rules


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


Share = Annotated[
    Decimal,
    BeforeValidator(_no_boolean),
    Field(ge=0, le=100, allow_inf_nan=False, description="percent of the deal's total"),
    AfterValidator(lambda share: round(share, 4) + 0),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100}),
]
Scope = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z_-]{1,64}:(\*|[a-z_-]{1,64}))$")]
Scopes = Annotated[list[Scope], Field(max_length=50, examples=[["deals:read", "agent:negotiate"]])]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,255}$")]
DealInQuery = Annotated[Identifier, InQuery()]
ParticipantId = Annotated[Identifier, InQuery()]


class ParticipantList(Input):
    deal_id: Identifier


class Invitation(Input):
    deal_id: DealInQuery
    agent_id: Annotated[Name | None, Field(description="an agent: the id of its key, or a name of your own")] = None
    user_id: Annotated[Identifier | None, Field(description="a person of this workspace")] = None
    role: rules.Role
    revenue_share: Share = Decimal(0)
    scope: Scopes = []

    @model_validator(mode="after")
    def _somebody(self) -> Invitation:
        if (self.agent_id is None) == (self.user_id is None):
            raise ValueError("name either agent_id or user_id")
        return self


class OwnParticipation(Input):
    deal_id: DealInQuery
    id: Annotated[Identifier | None, InQuery(), Field(description="default: the caller's own participation")] = None


class ParticipantPatch(Patch):
    deal_id: DealInQuery
    id: ParticipantId
    role: rules.Role = "observer"
    revenue_share: Share = Decimal(0)
    scope: Scopes = []


class ParticipantRef(Input):
    deal_id: Identifier
    id: Identifier


class SettleDeal(DealAction):
    pass


class FulfillDeal(DealAction):
    pass


class ParticipantView(Wire):
    id: str
    participant_id: str
    deal_id: str
    agent_id: str | None
    user_id: str | None
    role: rules.Role
    revenue_share: float
    scope: list[str]
    status: rules.Status
    version: int
    invited_at: str
    accepted_at: str | None
    completed_at: str | None
    withdrawn_at: str | None


class ParticipantsView(Wire):
    """``total_share``: percent of those who have not withdrawn."""

    deal_id: str
    participants: list[ParticipantView]
    total_share: float


class LegView(Wire):
    settlement_id: str | None
    participant_id: str
    role: str
    share_percent: float
    amount: float
    currency: str
    status: rules.LegStatus
    failure_reason: str | None
    settled_at: str | None


class SagaView(Wire):
    """How far the payout of a deal's shares has come, as a whole."""

    status: rules.SagaStatus
    round: int
    failure_reason: str | None
    updated_at: str


class SettlementsView(Wire):
    settlements: list[LegView]
    saga: SagaView | None


class FulfilledView(Wire):
    deal_id: str
    fulfilled_at: str
    version: int
