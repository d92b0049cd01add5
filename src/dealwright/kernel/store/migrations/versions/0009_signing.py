"""Signing keys, signatures and the requests for them, verifiable credentials."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import APP_ROLE, SYSTEM_ROLE, isolation

revision = "0009"
down_revision = "0008"

_STATEMENTS = [
    """
    CREATE TABLE signing_keys (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        key_version integer NOT NULL,
        public_key bytea NOT NULL,
        sealed_private_key bytea NOT NULL,
        created_at timestamptz NOT NULL,
        rotated_at timestamptz,
        CONSTRAINT pk_signing_keys PRIMARY KEY (tenant_id, id),
        CONSTRAINT fk_signing_keys_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (tenant_id),
        CONSTRAINT ck_signing_keys_public_key CHECK (length(public_key) = 32)
    )
    """,
    "CREATE UNIQUE INDEX uq_signing_keys_id ON signing_keys (id)",
    "CREATE UNIQUE INDEX uq_signing_keys_version ON signing_keys (tenant_id, key_version)",
    "CREATE UNIQUE INDEX uq_signing_keys_active ON signing_keys (tenant_id) WHERE rotated_at IS NULL",
    """
    CREATE TABLE signatures (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        entity_type text NOT NULL,
        entity_id uuid NOT NULL,
        signer_type text NOT NULL,
        signer_id text NOT NULL,
        signer_customer_id uuid,
        consented boolean NOT NULL,
        actor text NOT NULL,
        key_id uuid NOT NULL,
        content_hash text NOT NULL,
        sealed_content bytea NOT NULL,
        signature bytea NOT NULL,
        removed_at timestamptz,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_signatures PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT fk_signatures_key FOREIGN KEY (tenant_id, key_id) REFERENCES signing_keys (tenant_id, id)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_signatures_signer
        ON signatures (tenant_id, livemode, entity_type, entity_id, signer_type, signer_id) WHERE removed_at IS NULL
    """,
    "CREATE INDEX ix_signatures_standing ON signatures (entity_id) WHERE removed_at IS NULL",
    """
    CREATE TABLE signature_requests (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        entity_type text NOT NULL,
        entity_id uuid NOT NULL,
        signers jsonb NOT NULL,
        expires_in integer,
        due_at timestamptz,
        timed_out_at timestamptz,
        tampered_hash text,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_signature_requests PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_signature_requests_entity
        ON signature_requests (tenant_id, livemode, entity_type, entity_id)
    """,
    """
    CREATE INDEX ix_signature_requests_due ON signature_requests (due_at)
        WHERE due_at IS NOT NULL AND timed_out_at IS NULL
    """,
    """
    CREATE TABLE credentials (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        entity_type text NOT NULL,
        entity_id uuid NOT NULL,
        type text NOT NULL,
        key_id uuid NOT NULL,
        document text NOT NULL,
        token text NOT NULL,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        revocation_reason text,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_credentials PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT fk_credentials_key FOREIGN KEY (tenant_id, key_id) REFERENCES signing_keys (tenant_id, id),
        CONSTRAINT ck_credentials_revocation CHECK ((revoked_at IS NULL) = (revocation_reason IS NULL))
    )
    """,
    "CREATE UNIQUE INDEX uq_credentials_id ON credentials (id)",
    """
    CREATE UNIQUE INDEX uq_credentials_entity ON credentials (tenant_id, livemode, entity_type, entity_id, type)
    """,
    "CREATE INDEX ix_credentials_revoked ON credentials (revoked_at) WHERE revoked_at IS NOT NULL",
    # The public check of a signature knows the deal's id and nothing else.
    "CREATE INDEX ix_deals_id ON deals (id)",
]


def upgrade() -> None:
    statements = [
        *_STATEMENTS,
        *isolation("signing_keys", with_mode=False, rights="SELECT, INSERT"),
        f"GRANT UPDATE (rotated_at) ON signing_keys TO {APP_ROLE}, {SYSTEM_ROLE}",
        *isolation("signatures", rights="SELECT, INSERT, DELETE"),
        f"GRANT UPDATE (removed_at) ON signatures TO {APP_ROLE}, {SYSTEM_ROLE}",
        *isolation("signature_requests"),
        *isolation("credentials", rights="SELECT, INSERT"),
        f"GRANT UPDATE (revoked_at, revocation_reason) ON credentials TO {APP_ROLE}, {SYSTEM_ROLE}",
    ]
    for statement in statements:
        op.execute(statement)
