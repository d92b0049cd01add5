"""Participants of deals, and the settlements that pay their shares out."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, Numeric, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from dealwright.kernel.store.tables import instant, money_column, tenant_table

deal_participants: Final = tenant_table(
    "deal_participants",
    Column("deal_id", Uuid, nullable=False),
    Column("agent_id", Text),
    Column("user_id", Text),
    Column("role", Text, nullable=False),
    Column("revenue_share", Numeric(7, 4), nullable=False),
    Column("scope", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    instant("accepted_at", nullable=True),
    instant("completed_at", nullable=True),
    instant("withdrawn_at", nullable=True),
)

_p: Final = deal_participants.c
_OF_DEAL: Final = (_p.tenant_id, _p.livemode, _p.deal_id)
_ACTIVE: Final = text("status <> 'withdrawn'")
Index("ix_deal_participants_deal", *_OF_DEAL, _p.id)
Index("uq_deal_participants_agent", *_OF_DEAL, _p.agent_id, unique=True, postgresql_where=_ACTIVE)
Index("uq_deal_participants_user", *_OF_DEAL, _p.user_id, unique=True, postgresql_where=_ACTIVE)
Index(
    "uq_deal_participants_primary",
    *_OF_DEAL,
    unique=True,
    postgresql_where=text("status <> 'withdrawn' AND role = 'primary_agent'"),
)

settlements: Final = tenant_table(
    "settlements",
    Column("deal_id", Uuid, nullable=False),
    Column("status", Text, nullable=False),
    Column("round", Integer, nullable=False),
    money_column("total"),
    Column("currency", Text, nullable=False),
    Column("failure_reason", Text),
    instant("ended_at", nullable=True),
)
"""One saga for each deal whose money is shared: how far its legs have come. ``round`` counts the times it began."""

Index("uq_settlements_deal", settlements.c.tenant_id, settlements.c.livemode, settlements.c.deal_id, unique=True)
Index("ix_settlements_open", settlements.c.updated_at, postgresql_where=text("status IN ('executing', 'compensating')"))

settlement_legs: Final = tenant_table(
    "settlement_legs",
    Column("settlement_id", Uuid, nullable=False),
    Column("participant_id", Uuid),
    Column("destination", Text),
    Column("role", Text, nullable=False),
    Column("share_percent", Numeric(7, 4), nullable=False),
    money_column("amount"),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("transfer_id", Text),
    Column("failure_reason", Text),
    instant("settled_at", nullable=True),
)
"""The parts of a settlement. The workspace's own has no participant and no destination: it has the money already."""

Index(
    "ix_settlement_legs_settlement",
    settlement_legs.c.tenant_id,
    settlement_legs.c.livemode,
    settlement_legs.c.settlement_id,
    settlement_legs.c.id,
)
