"""Who made an event happen, notification rules with what they brought, and outgoing messages."""

from __future__ import annotations

from alembic import op

from dealwright.kernel.store.tables import isolation

revision = "0011"
down_revision = "0010"

_TABLES = [
    "ALTER TABLE events ADD COLUMN actor_type text NOT NULL DEFAULT 'system', ADD COLUMN actor_id text",
    """
    CREATE TABLE notification_rules (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        event_type text NOT NULL,
        channel text NOT NULL,
        name text,
        is_active boolean NOT NULL,
        recipient bytea,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_notification_rules PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    """
    CREATE TABLE notification_preferences (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        event_type text NOT NULL,
        email boolean NOT NULL,
        in_app boolean NOT NULL,
        webhook boolean NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_notification_preferences PRIMARY KEY (tenant_id, livemode, event_type)
    )
    """,
    """
    CREATE TABLE notifications (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        event_id uuid NOT NULL,
        event_type text NOT NULL,
        entity_type text NOT NULL,
        entity_id text NOT NULL,
        channel text NOT NULL,
        read_at timestamptz,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_notifications PRIMARY KEY (tenant_id, livemode, id),
        CONSTRAINT uq_notifications_event UNIQUE (tenant_id, livemode, event_id, channel)
    )
    """,
    "CREATE INDEX ix_notifications_unread ON notifications (tenant_id, livemode, id) WHERE read_at IS NULL",
    """
    CREATE TABLE messages (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        channel text NOT NULL,
        status text NOT NULL,
        content bytea,
        key_id text,
        customer_id uuid,
        deal_id uuid,
        notification_id uuid,
        rule_id uuid,
        attempts integer NOT NULL,
        claims integer NOT NULL,
        next_attempt_at timestamptz,
        error text,
        sent_at timestamptz,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_messages PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
    "CREATE INDEX ix_messages_due ON messages (next_attempt_at) WHERE status = 'queued'",
    """
    CREATE INDEX ix_messages_customer ON messages (tenant_id, livemode, customer_id, id)
        WHERE customer_id IS NOT NULL
    """,
    "CREATE INDEX ix_messages_key ON messages (tenant_id, livemode, key_id, created_at) WHERE key_id IS NOT NULL",
    """
    CREATE TABLE contact_preferences (
        tenant_id uuid NOT NULL,
        livemode boolean NOT NULL,
        id uuid NOT NULL,
        preferred_channel text,
        marketing_consent boolean NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT pk_contact_preferences PRIMARY KEY (tenant_id, livemode, id)
    )
    """,
]


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    for table in ("notification_rules", "notification_preferences", "notifications", "messages", "contact_preferences"):
        for statement in isolation(table):
            op.execute(statement)
