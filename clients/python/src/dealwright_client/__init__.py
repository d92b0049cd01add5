"""Python client of Dealwright."""

from dealwright_client.batch import Batch, BatchFailed
from dealwright_client.client import AsyncDealwright, Dealwright
from dealwright_client.core import Answer, Retries
from dealwright_client.errors import (
    ApiError,
    AuthenticationError,
    AuthorizationError,
    BillingError,
    ConflictError,
    ConnectionFailed,
    DealwrightError,
    FieldProblem,
    InternalError,
    NotFoundError,
    RateLimitedError,
    StaleVersionError,
    TimedOut,
    TransientError,
    ValidationError,
)
from dealwright_client.streams import ServerEvent
from dealwright_client.values import UNSET
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
    "UNSET",
    "Answer",
    "ApiError",
    "AsyncDealwright",
    "AuthenticationError",
    "AuthorizationError",
    "Batch",
    "BatchFailed",
    "BillingError",
    "ConflictError",
    "ConnectionFailed",
    "Dealwright",
    "DealwrightError",
    "FieldProblem",
    "InternalError",
    "InvalidPayload",
    "InvalidSignature",
    "MissingHeader",
    "NotFoundError",
    "RateLimitedError",
    "Retries",
    "ServerEvent",
    "StaleTimestamp",
    "StaleVersionError",
    "TimedOut",
    "TransientError",
    "ValidationError",
    "WebhookError",
    "WebhookEvent",
    "verify_webhook",
]
