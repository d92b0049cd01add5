"""Contracts and their renewals."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.search import searching
from dealwright.kernel.store.tables import isolation

revision = "0020"
down_revision = "0019"

_STATEMENTS = [
    """
    CREATE TABLE contracts (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        contract_number text,
        deal_id uuid,
        customer_id uuid NOT NULL,
        title text NOT NULL,
        description text,
        value numeric(19, 4) NOT NULL,
        currency text NOT NULL,
        start_date date NOT NULL,
        end_date date NOT NULL,
        payment_terms text,
        renewal_type text NOT NULL,
        renewal_terms jsonb,
        notes text,
        status text NOT NULL,
        schedule jsonb,
        agreed_from date NOT NULL,
        agreed_until date NOT NULL,
        renewals integer NOT NULL,
        notice_on date,
        search bytea[] NOT NULL,
        signed_at timestamptz,
        activated_at timestamptz,
        terminated_at timestamptz,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_contracts PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT ck_contracts_term CHECK (end_date > start_date),
        CONSTRAINT ck_contracts_value CHECK (value >= 0)
    )
    """,
    "CREATE INDEX ix_contracts_id ON contracts (id)",
    "CREATE INDEX ix_contracts_updated ON contracts (tenant_id, livemode, updated_at, id)",
    "CREATE INDEX ix_contracts_status ON contracts (tenant_id, livemode, status, id)",
    "CREATE INDEX ix_contracts_customer ON contracts (tenant_id, livemode, customer_id, id)",
    "CREATE INDEX ix_contracts_deal ON contracts (tenant_id, livemode, deal_id, id) WHERE deal_id IS NOT NULL",
    """
    CREATE UNIQUE INDEX uq_contracts_number ON contracts (tenant_id, livemode, contract_number)
        WHERE contract_number IS NOT NULL
    """,
    """
    CREATE INDEX ix_contracts_ending ON contracts (tenant_id, livemode, end_date)
        WHERE status IN ('signed', 'active')
    """,
    "CREATE INDEX ix_contracts_over ON contracts (end_date) WHERE status = 'active'",
    "CREATE INDEX ix_contracts_notice ON contracts (notice_on) WHERE notice_on IS NOT NULL AND status = 'active'",
    """
    CREATE INDEX ix_contracts_to_activate ON contracts (start_date) WHERE deal_id IS NOT NULL AND status = 'signed'
    """,
    """
    CREATE TABLE contract_renewals (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        contract_id uuid NOT NULL,
        number integer NOT NULL,
        automatic boolean NOT NULL,
        previous_end_date date NOT NULL,
        end_date date NOT NULL,
        previous_value numeric(19, 4) NOT NULL,
        value numeric(19, 4) NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_contract_renewals PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT fk_contract_renewals_contract FOREIGN KEY (tenant_id, livemode, contract_id)
            REFERENCES contracts (tenant_id, livemode, id),
        CONSTRAINT ck_contract_renewals_longer CHECK (end_date > previous_end_date)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_contract_renewals_number ON contract_renewals (tenant_id, livemode, contract_id, number)
    """,
]


def upgrade() -> None:
    statements = [
        *_STATEMENTS,
        *searching("contracts"),
        *isolation("contracts"),
        *isolation("contract_renewals", rights="SELECT, INSERT, DELETE"),
    ]
    for statement in statements:
        op.execute(statement)
