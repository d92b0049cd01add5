"""Contracts and their renewals."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Date, ForeignKeyConstraint, Index, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from dealwright.kernel.store.search import search_column, search_index
from dealwright.kernel.store.tables import instant, money_column, tenant_table

contracts: Final = tenant_table(
    "contracts",
    Column("contract_number", Text),
    Column("deal_id", Uuid),
    Column("customer_id", Uuid, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text),
    money_column("value"),
    Column("currency", Text, nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, nullable=False),
    Column("payment_terms", Text),
    Column("renewal_type", Text, nullable=False),
    Column("renewal_terms", JSONB),
    Column("notes", Text),
    Column("status", Text, nullable=False),
    Column("schedule", JSONB),
    Column("agreed_from", Date, nullable=False),
    Column("agreed_until", Date, nullable=False),
    Column("renewals", Integer, nullable=False),
    Column("notice_on", Date),
    search_column(),
    instant("signed_at", nullable=True),
    instant("activated_at", nullable=True),
    instant("terminated_at", nullable=True),
)
"""``schedule`` is what the deal held when the contract was made: items, sums, terms. ``agreed_from`` and
``agreed_until`` are the last term that was agreed on in so many words; further renewals go on in its rhythm.
``notice_on`` is the day on which the coming renewal is to be announced; null once it was.
"""

_head: Final = (contracts.c.tenant_id, contracts.c.livemode)
Index("ix_contracts_id", contracts.c.id)
Index("ix_contracts_updated", *_head, contracts.c.updated_at, contracts.c.id)
Index("ix_contracts_status", *_head, contracts.c.status, contracts.c.id)
Index("ix_contracts_customer", *_head, contracts.c.customer_id, contracts.c.id)
Index(
    "ix_contracts_deal", *_head, contracts.c.deal_id, contracts.c.id, postgresql_where=contracts.c.deal_id.is_not(None)
)
Index(
    "uq_contracts_number",
    *_head,
    contracts.c.contract_number,
    unique=True,
    postgresql_where=contracts.c.contract_number.is_not(None),
)
Index(
    "ix_contracts_ending", *_head, contracts.c.end_date, postgresql_where=contracts.c.status.in_(["signed", "active"])
)
Index("ix_contracts_over", contracts.c.end_date, postgresql_where=contracts.c.status == "active")
Index(
    "ix_contracts_notice",
    contracts.c.notice_on,
    postgresql_where=contracts.c.notice_on.is_not(None) & (contracts.c.status == "active"),
)
Index(
    "ix_contracts_to_activate",
    contracts.c.start_date,
    postgresql_where=contracts.c.deal_id.is_not(None) & (contracts.c.status == "signed"),
)
search_index(contracts)

contract_renewals: Final = tenant_table(
    "contract_renewals",
    Column("contract_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Column("previous_end_date", Date, nullable=False),
    Column("end_date", Date, nullable=False),
    money_column("previous_value"),
    money_column("value"),
    ForeignKeyConstraint(
        ["tenant_id", "livemode", "contract_id"],
        ["contracts.tenant_id", "contracts.livemode", "contracts.id"],
        name="fk_contract_renewals_contract",
    ),
    versioned=False,
)
"""One row for each further term; they are never changed."""

Index(
    "uq_contract_renewals_number",
    contract_renewals.c.tenant_id,
    contract_renewals.c.livemode,
    contract_renewals.c.contract_id,
    contract_renewals.c.number,
    unique=True,
)
