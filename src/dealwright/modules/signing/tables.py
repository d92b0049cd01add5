"""Signing keys, signatures and the requests for them, verifiable credentials."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from dealwright.kernel.store.tables import instant, metadata, tenant_table

signing_keys: Final = Table(
    "signing_keys",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("key_version", Integer, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sealed_private_key", LargeBinary, nullable=False),
    instant("created_at"),
    instant("rotated_at", nullable=True),
    info={"isolation": "tenant"},
)
"""Ed25519 key pairs. One per workspace is active; the others stay, so that old signatures can be checked."""

Index("uq_signing_keys_id", signing_keys.c.id, unique=True)
Index("uq_signing_keys_version", signing_keys.c.tenant_id, signing_keys.c.key_version, unique=True)
Index(
    "uq_signing_keys_active",
    signing_keys.c.tenant_id,
    unique=True,
    postgresql_where=signing_keys.c.rotated_at.is_(None),
)

signatures: Final = tenant_table(
    "signatures",
    Column("entity_type", Text, nullable=False),
    Column("entity_id", Uuid, nullable=False),
    Column("signer_type", Text, nullable=False),
    Column("signer_id", Text, nullable=False),
    Column("signer_customer_id", Uuid),
    Column("consented", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    Column("key_id", Uuid, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("sealed_content", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    instant("removed_at", nullable=True),
    ForeignKeyConstraint(
        ["tenant_id", "key_id"], ["signing_keys.tenant_id", "signing_keys.id"], name="fk_signatures_key"
    ),
    versioned=False,
)
"""Who signed what, with the signed content itself. The serving role may only take a signature back, not change it."""

Index(
    "uq_signatures_signer",
    signatures.c.tenant_id,
    signatures.c.livemode,
    signatures.c.entity_type,
    signatures.c.entity_id,
    signatures.c.signer_type,
    signatures.c.signer_id,
    unique=True,
    postgresql_where=signatures.c.removed_at.is_(None),
)

Index("ix_signatures_standing", signatures.c.entity_id, postgresql_where=signatures.c.removed_at.is_(None))

signature_requests: Final = tenant_table(
    "signature_requests",
    Column("entity_type", Text, nullable=False),
    Column("entity_id", Uuid, nullable=False),
    Column("signers", JSONB, nullable=False),
    Column("expires_in", Integer),
    instant("due_at", nullable=True),
    instant("timed_out_at", nullable=True),
    Column("tampered_hash", Text),
    versioned=False,
)
"""What is out for signature: who must sign, until when, and which changed content was reported already."""

Index(
    "uq_signature_requests_entity",
    signature_requests.c.tenant_id,
    signature_requests.c.livemode,
    signature_requests.c.entity_type,
    signature_requests.c.entity_id,
    unique=True,
)
Index(
    "ix_signature_requests_due",
    signature_requests.c.due_at,
    postgresql_where=signature_requests.c.due_at.is_not(None) & signature_requests.c.timed_out_at.is_(None),
)

credentials: Final = tenant_table(
    "credentials",
    Column("entity_type", Text, nullable=False),
    Column("entity_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("key_id", Uuid, nullable=False),
    Column("document", Text, nullable=False),
    Column("token", Text, nullable=False),
    instant("expires_at"),
    instant("revoked_at", nullable=True),
    Column("revocation_reason", Text),
    ForeignKeyConstraint(
        ["tenant_id", "key_id"], ["signing_keys.tenant_id", "signing_keys.id"], name="fk_credentials_key"
    ),
    versioned=False,
)
"""Verifiable credentials as they were issued, as JSON text and as a JWT. They are never changed, only revoked."""

Index("uq_credentials_id", credentials.c.id, unique=True)
Index(
    "uq_credentials_entity",
    credentials.c.tenant_id,
    credentials.c.livemode,
    credentials.c.entity_type,
    credentials.c.entity_id,
    credentials.c.type,
    unique=True,
)
Index("ix_credentials_revoked", credentials.c.revoked_at, postgresql_where=credentials.c.revoked_at.is_not(None))
