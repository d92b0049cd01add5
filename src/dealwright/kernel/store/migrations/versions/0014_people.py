"""People, their places in workspaces, and their sessions."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import SYSTEM_ROLE, isolation

revision = "0014"
down_revision = "0013"

_TABLES = [
    """
    CREATE TABLE users (
        id uuid NOT NULL,
        sealed bytea NOT NULL,
        email_token bytea NOT NULL,
        password_hash text NOT NULL,
        is_system_admin boolean NOT NULL,
        preferences jsonb NOT NULL,
        last_tenant_id uuid,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_users PRIMARY KEY (id)
    )
    """,
    "CREATE UNIQUE INDEX uq_users_email ON users (email_token)",
    """
    CREATE TABLE memberships (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        user_id uuid,
        email_token bytea NOT NULL,
        sealed_email bytea,
        role text NOT NULL,
        invitation_hash bytea,
        invitation_expires_at timestamptz,
        joined_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_memberships PRIMARY KEY (tenant_id, id),
        CONSTRAINT ck_memberships_role CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
        CONSTRAINT ck_memberships_invited CHECK ((user_id IS NULL) = (sealed_email IS NOT NULL))
    )
    """,
    "CREATE UNIQUE INDEX uq_memberships_email ON memberships (tenant_id, email_token)",
    "CREATE UNIQUE INDEX uq_memberships_invitation ON memberships (invitation_hash)",
    "CREATE INDEX ix_memberships_user_id ON memberships (user_id)",
    """
    CREATE TABLE sessions (
        id uuid NOT NULL,
        token_hash bytea NOT NULL,
        user_id uuid NOT NULL,
        tenant_id uuid,
        livemode boolean NOT NULL,
        tabs jsonb NOT NULL,
        remembered_id uuid,
        created_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT pk_sessions PRIMARY KEY (id)
    )
    """,
    "CREATE UNIQUE INDEX uq_sessions_token_hash ON sessions (token_hash)",
    "CREATE INDEX ix_sessions_user_id ON sessions (user_id)",
    "CREATE INDEX ix_sessions_expires_at ON sessions (expires_at)",
    """
    CREATE TABLE remembered (
        id uuid NOT NULL,
        user_id uuid NOT NULL,
        token_hash bytea NOT NULL,
        previous_hash bytea,
        renewed_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT pk_remembered PRIMARY KEY (id)
    )
    """,
    "CREATE UNIQUE INDEX uq_remembered_token_hash ON remembered (token_hash)",
    "CREATE UNIQUE INDEX uq_remembered_previous_hash ON remembered (previous_hash)",
    "CREATE INDEX ix_remembered_user_id ON remembered (user_id)",
    "CREATE INDEX ix_remembered_expires_at ON remembered (expires_at)",
]


def upgrade() -> None:
    statements = [
        *_TABLES,
        *isolation("memberships", with_mode=False, rights="SELECT"),
        f"GRANT INSERT, UPDATE, DELETE ON memberships TO {SYSTEM_ROLE}",
        *(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SYSTEM_ROLE}" for table in
          ("users", "sessions", "remembered")),
    ]  # fmt: skip
    for statement in statements:
        op.execute(statement)
