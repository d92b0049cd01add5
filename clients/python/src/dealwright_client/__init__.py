"""Python client of Dealwright."""

from dealwright_client.webhooks import (
    InvalidPayload,
    InvalidSignature,
    MissingHeader,
    StaleTimestamp,
    WebhookError,
    WebhookEvent,
    verify_webhook,
)

__all__ = [
    "InvalidPayload",
    "InvalidSignature",
    "MissingHeader",
    "StaleTimestamp",
    "WebhookError",
    "WebhookEvent",
    "verify_webhook",
]
