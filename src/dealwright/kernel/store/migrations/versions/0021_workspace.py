"""What a workspace says about itself, how a session is shown, and keys whose secret changes."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation

revision = "0021"
down_revision = "0020"

_STATEMENTS = [
    """
    CREATE TABLE workspace_profiles (
        tenant_id uuid NOT NULL,
        details jsonb NOT NULL,
        business jsonb NOT NULL,
        analytics jsonb NOT NULL,
        channels bytea,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_workspace_profiles PRIMARY KEY (tenant_id)
    )
    """,
    "ALTER TABLE sessions ADD COLUMN display_mode text",
    "DROP TRIGGER announce_change ON api_keys",
    """
    CREATE TRIGGER announce_change AFTER UPDATE OF secret_hash, scopes, is_agent, trust_level, rate_limit,
        allowed_origins, expires_at, revoked_at OR DELETE ON api_keys
        FOR EACH STATEMENT EXECUTE FUNCTION announce_access_change()
    """,
]


def upgrade() -> None:
    for statement in [*_STATEMENTS, *isolation("workspace_profiles", with_mode=False)]:
        op.execute(statement)
