"""Playgrounds: throwaway workspaces, the only ones whose audit trail can be removed."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import SYSTEM_ROLE, isolation

revision = "0016"
down_revision = "0015"

_APPEND_ONLY = ("audit_log", "credentials", "signing_keys")

_PLAYGROUNDS = [
    """
    CREATE TABLE playgrounds (
        tenant_id uuid NOT NULL,
        key_id uuid NOT NULL,
        key_prefix text NOT NULL,
        expires_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_playgrounds PRIMARY KEY (tenant_id)
    )
    """,
    "CREATE INDEX ix_playgrounds_expires_at ON playgrounds (expires_at)",
    """
    CREATE FUNCTION only_new_workspaces_are_playgrounds() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM audit_log WHERE tenant_id = NEW.tenant_id) THEN
            RAISE EXCEPTION 'a workspace in which something has happened cannot become a playground'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER only_new BEFORE INSERT ON playgrounds
        FOR EACH ROW EXECUTE FUNCTION only_new_workspaces_are_playgrounds()
    """,
    "CREATE INDEX ix_tenants_test_clock ON tenants (tenant_id) WHERE (settings ->> 'test_clock_seconds') IS NOT NULL",
]


def _removable(table: str) -> list[str]:
    """The system role goes on reading and adding everything, and may delete the rows of playgrounds alone."""
    return [
        f"DROP POLICY system ON {table}",
        f"CREATE POLICY system_reads ON {table} FOR SELECT TO {SYSTEM_ROLE} USING (true)",
        f"CREATE POLICY system_adds ON {table} FOR INSERT TO {SYSTEM_ROLE} WITH CHECK (true)",
        f"CREATE POLICY system_changes ON {table} FOR UPDATE TO {SYSTEM_ROLE} USING (true) WITH CHECK (true)",
        f"CREATE POLICY system_removes_playgrounds ON {table} FOR DELETE TO {SYSTEM_ROLE} "
        "USING (tenant_id IN (SELECT tenant_id FROM playgrounds))",
        f"GRANT DELETE ON {table} TO {SYSTEM_ROLE}",
    ]


def upgrade() -> None:
    statements = [
        *_PLAYGROUNDS,
        *isolation("playgrounds", with_mode=False, rights="SELECT"),
        f"GRANT INSERT, DELETE ON playgrounds TO {SYSTEM_ROLE}",
        *(statement for table in _APPEND_ONLY for statement in _removable(table)),
    ]
    for statement in statements:
        op.execute(statement)
