"""Escrows: whose money is held, until when, under which conditions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from dealwright.kernel.store.tables import instant, money_column, tenant_table

escrows: Final = tenant_table(
    "escrows",
    Column("deal_id", Uuid, nullable=False),
    Column("payment_id", Uuid, nullable=False),
    Column("spare_payment_id", Uuid),
    Column("status", Text, nullable=False),
    money_column("amount"),
    Column("currency", Text, nullable=False),
    Column("conditions", JSONB, nullable=False),
    Column("refund_reason", Text),
    Column("failure_reason", Text),
    instant("expires_at"),
    instant("hold_expires_at", nullable=True),
    instant("asked_at", nullable=True),
    instant("renewed_at", nullable=True),
    instant("ended_at", nullable=True),
)
"""``payment_id``: the hold. ``spare_payment_id``: the hold that is to replace it, or the one that it replaced, until
that is let go of. ``asked_at``: since when somebody waits for the provider's word; NULL when nobody does.
``renewed_at``: when a replacement was last tried."""

_LIVE: Final = escrows.c.status.in_(["pending", "held", "releasing", "refunding"])

Index("ix_escrows_deal", escrows.c.tenant_id, escrows.c.livemode, escrows.c.deal_id, escrows.c.id)
Index(
    "uq_escrows_live",
    escrows.c.tenant_id,
    escrows.c.livemode,
    escrows.c.deal_id,
    unique=True,
    postgresql_where=_LIVE,
)
Index("ix_escrows_payment", escrows.c.tenant_id, escrows.c.livemode, escrows.c.payment_id)
Index("ix_escrows_watched", escrows.c.expires_at, postgresql_where=_LIVE)
Index("ix_escrows_spare", escrows.c.updated_at, postgresql_where=escrows.c.spare_payment_id.is_not(None))
