"""Positions of events, webhook endpoints and their deliveries."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import SYSTEM_ROLE, isolation, owned_by_system

revision = "0006"
down_revision = "0005"

_FEED = [
    "ALTER TABLE events ADD COLUMN position bigint",
    "DROP INDEX ix_events_xid_seq",
    "ALTER TABLE events DROP COLUMN xid",
    "CREATE INDEX ix_events_tenant_id_livemode_position ON events (tenant_id, livemode, position)",
    "CREATE INDEX ix_events_unplaced ON events (seq) WHERE position IS NULL",
    f"GRANT UPDATE (position), DELETE ON events TO {SYSTEM_ROLE}",
    """
    CREATE TABLE event_feed (
        only_row boolean NOT NULL DEFAULT true CHECK (only_row),
        position bigint NOT NULL,
        CONSTRAINT pk_event_feed PRIMARY KEY (only_row)
    )
    """,
    "INSERT INTO event_feed (position) VALUES (0)",
    f"GRANT SELECT, UPDATE ON event_feed TO {SYSTEM_ROLE}",
]

_WEBHOOKS = [
    """
    CREATE TABLE webhook_endpoints (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        dialect text NOT NULL,
        url text NOT NULL,
        events text[] NOT NULL,
        description text,
        status text NOT NULL,
        secret bytea NOT NULL,
        previous_secret bytea,
        previous_secret_until timestamptz,
        circuit_opened_at timestamptz,
        circuit_until timestamptz,
        circuit_backoff integer,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_webhook_endpoints PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    """
    CREATE TABLE webhook_deliveries (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        webhook_id uuid NOT NULL,
        event_id uuid NOT NULL,
        position bigint NOT NULL,
        event_type text NOT NULL,
        entity text NOT NULL,
        status text NOT NULL,
        replayed boolean NOT NULL,
        superseded boolean NOT NULL,
        attempts integer NOT NULL,
        claims integer NOT NULL,
        next_attempt_at timestamptz,
        response_code integer,
        error_message text,
        last_attempted_at timestamptz,
        delivered_at timestamptz,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_webhook_deliveries PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    "CREATE INDEX ix_webhook_deliveries_webhook ON webhook_deliveries (tenant_id, livemode, webhook_id, id)",
    "CREATE INDEX ix_webhook_deliveries_event ON webhook_deliveries (tenant_id, livemode, event_id)",
    """
    CREATE INDEX ix_webhook_deliveries_due ON webhook_deliveries (tenant_id, livemode, webhook_id, next_attempt_at)
        WHERE status = 'pending' AND next_attempt_at IS NOT NULL
    """,
    """
    CREATE INDEX ix_webhook_deliveries_order
        ON webhook_deliveries (tenant_id, livemode, webhook_id, entity, position, id) WHERE status = 'pending'
    """,
    """
    CREATE INDEX ix_webhook_deliveries_dead ON webhook_deliveries (tenant_id, livemode, id)
        WHERE status = 'failed' AND NOT superseded
    """,
]

_REMOVE_OLD = """
    CREATE FUNCTION remove_old_events(before timestamptz, at_most integer, OUT events_removed bigint,
                                      OUT deliveries_removed bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE
        tenant CONSTANT uuid := NULLIF(current_setting('app.tenant', true), '')::uuid;
        mode CONSTANT boolean := NULLIF(current_setting('app.livemode', true), '')::boolean;
    BEGIN
        WITH old AS (
            SELECT d.id FROM webhook_deliveries d
            JOIN events e ON e.tenant_id = tenant AND e.livemode = mode AND e.id = d.event_id
            WHERE d.tenant_id = tenant AND d.livemode = mode AND e.position IS NOT NULL AND e.created_at < before
            ORDER BY d.id LIMIT at_most
        )
        DELETE FROM webhook_deliveries d USING old
        WHERE d.tenant_id = tenant AND d.livemode = mode AND d.id = old.id;
        GET DIAGNOSTICS deliveries_removed = ROW_COUNT;
        WITH old AS (
            SELECT e.id FROM events e
            WHERE e.tenant_id = tenant AND e.livemode = mode AND e.position IS NOT NULL AND e.created_at < before
              AND NOT EXISTS (SELECT FROM webhook_deliveries d
                              WHERE d.tenant_id = tenant AND d.livemode = mode AND d.event_id = e.id)
            ORDER BY e.position LIMIT at_most
        )
        DELETE FROM events e USING old WHERE e.tenant_id = tenant AND e.livemode = mode AND e.id = old.id;
        GET DIAGNOSTICS events_removed = ROW_COUNT;
    END $$
"""
"""Deletes events of the transaction's own workspace and mode only, and only old ones: the serving role cannot delete
events in any other way."""


def upgrade() -> None:
    statements = [
        *_FEED,
        *_WEBHOOKS,
        *isolation("webhook_endpoints"),
        *isolation("webhook_deliveries"),
        _REMOVE_OLD,
        *owned_by_system("remove_old_events(timestamptz, integer)"),
    ]
    for statement in statements:
        op.execute(statement)
