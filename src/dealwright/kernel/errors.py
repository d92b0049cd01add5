"""Typed errors with a dotted code and a stable category.

Handlers raise these; a surface renders them. Every class names its HTTP status, its category and what the caller can
do (``action``); a message says what was wrong with which value. Categories and codes: Salesbooth API, Error Codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

Category = Literal[
    "validation_error",
    "authentication_error",
    "authorization_error",
    "not_found",
    "conflict",
    "rate_limited",
    "billing",
    "transient_error",
    "internal_error",
]


_LONGEST_SENTENCE: Final = 300


class FieldError:
    """What is wrong with one field: a code (``required``, ``invalid_choice`` …) and a sentence.

    A sentence that quotes something long is cut, so that no answer grows with what was sent.
    """

    __slots__ = ("code", "message")

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message if len(message) <= _LONGEST_SENTENCE else message[: _LONGEST_SENTENCE - 1] + "…"


class DealwrightError(Exception):
    """Base of everything a caller may see."""

    status: ClassVar[int] = 500
    category: ClassVar[Category] = "internal_error"
    code: str = "internal_error"
    action: str = "contact_support"
    retryable: ClassVar[bool] = False
    hint: str | None = None
    default_message: ClassVar[str] = "Something went wrong on our side"

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        hint: str | None = None,
        action: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        self.message = message or self.default_message
        super().__init__(self.message)
        if code is not None:
            self.code = code
        if hint is not None:
            self.hint = hint
        if action is not None:
            self.action = action
        self.details: dict[str, Any] | None = dict(details) if details is not None else None
        self.retry_after = retry_after
        self.data: Any = None
        """The record's current state, where an error carries it: a row when raised, wire data once rendered."""

    def answer(self, ref: str) -> dict[str, Any]:
        """The error as plain data that a surface renders and an idempotency key keeps."""
        return {
            "status": self.status,
            "code": self.code,
            "category": self.category,
            "message": self.message,
            "action": self.action,
            "retryable": self.retryable,
            "hint": self.hint,
            "retry_after": self.retry_after,
            "details": self.details,
            "data": self.data,
            "ref": ref,
        }


class InvalidRequest(DealwrightError):
    """400: the request as a whole cannot be used."""

    status = 400
    category = "validation_error"
    code = "validation_error.invalid_request"
    action = "fix_request"
    default_message = "The request cannot be understood"


class InvalidFields(InvalidRequest):
    """400: one or more fields are wrong; ``details.fields`` names every one of them."""

    code = "validation_error.invalid_fields"
    hint = "Check the details.fields object for specific field errors."

    def __init__(self, fields: Mapping[str, FieldError]) -> None:
        first = next(iter(fields.values()))
        super().__init__(
            first.message,
            details={"fields": {name: {"code": f.code, "message": f.message} for name, f in fields.items()}},
        )


def invalid_field(name: str, code: str, message: str) -> InvalidFields:
    """The error for exactly one bad field."""
    return InvalidFields({name: FieldError(code, message)})


class MethodNotAllowed(InvalidRequest):
    """405: the path exists, the verb does not."""

    status = 405
    code = "validation_error.method_not_allowed"


class PayloadTooLarge(InvalidRequest):
    """413: the body is larger than the configured limit."""

    status = 413
    code = "validation_error.payload_too_large"


class UnsupportedMediaType(InvalidRequest):
    """415: the body is not of a type that this operation reads."""

    status = 415
    code = "validation_error.unsupported_media_type"


class Unauthenticated(DealwrightError):
    """401: no credentials, or credentials that do not hold."""

    status = 401
    category = "authentication_error"
    code = "authentication_error.missing_credentials"
    action = "authenticate"
    hint = "Send an API key as 'Authorization: Bearer <key>' or as 'X-API-Key: <key>'."
    default_message = "No API key was sent"


class InvalidKey(Unauthenticated):
    """401: the key is unknown or revoked."""

    code = "INVALID_KEY"
    hint = "Check the key; a revoked key stops working at once."
    default_message = "The API key is unknown or was revoked"


class SessionRequired(Unauthenticated):
    """401: only a signed-in person may do this."""

    code = "authentication_error.session_required"
    hint = "Sign in to the dashboard; API keys cannot call it."
    default_message = "This operation needs a signed-in person"


class InvalidSignature(Unauthenticated):
    """401: the sender of a webhook did not sign it, or not with our secret."""

    code = "authentication_error.invalid_signature"
    hint = "Compare the signing secret of this server with the one that the sender uses."
    default_message = "The signature of this message is missing or wrong"


class Forbidden(DealwrightError):
    """403: the caller is known and may not do this."""

    status = 403
    category = "authorization_error"
    code = "authorization_error.forbidden"
    action = "request_scope"
    default_message = "This key may not do that"


class InsufficientScope(Forbidden):
    """403: the key lacks the scope that the operation needs."""

    code = "authorization_error.insufficient_scope"

    def __init__(self, scope: str, operation: str) -> None:
        super().__init__(
            f"'{operation}' requires scope '{scope}'",
            hint=f"Use a key that has the scope '{scope}'.",
            details={"required_scope": scope},
        )


class InsufficientRole(Forbidden):
    """403: the person's role in the workspace does not allow it."""

    code = "authorization_error.insufficient_role"

    def __init__(self, role: str, operation: str) -> None:
        super().__init__(
            f"'{operation}' needs the role '{role}' in this workspace",
            action="request_role",
            hint="Ask an owner or admin of the workspace for that role.",
            details={"required_role": role},
        )


class NotFound(DealwrightError):
    """404: unknown here; another tenant's record looks the same as none at all."""

    status = 404
    category = "not_found"
    code = "not_found"
    action = "check_resource_id"
    hint = "Verify the resource ID exists and you have access to it."
    default_message = "Resource not found"


class Conflict(DealwrightError):
    """409: the request is fine, the state of the record forbids it."""

    status = 409
    category = "conflict"
    code = "conflict.invalid_state"
    action = "check_state"
    default_message = "The record's current state does not allow this"


class InvalidTransition(Conflict):
    """409: the state machine does not lead from here to there, or a condition is unmet."""

    code = "conflict.invalid_transition"


class Duplicate(Conflict):
    """409: a value that must be unique is taken."""

    code = "conflict.duplicate"


class StillRunning(Conflict):
    """409: the first request with this idempotency key has not finished within the waiting time."""

    code = "conflict.idempotency_in_progress"
    action = "wait_and_retry"
    retryable = True
    default_message = "The first request with this idempotency key is still running"


class StaleVersion(Conflict):
    """412: someone else changed the record first; the surface adds the current state as ``data``."""

    status = 412
    code = "conflict.stale_version"
    action = "refetch_and_retry"
    retryable = True
    hint = "Read the current resource version from response data, merge your changes, and retry with the new ETag."
    default_message = "Resource has been modified by another request. Refresh and retry."


class VersionRequired(Conflict):
    """428: this write needs If-Match."""

    status = 428
    code = "conflict.version_required"
    action = "fix_request"
    hint = "Read the record, take the version from its ETag and send it as 'If-Match'."
    default_message = "This write needs the version it was based on in the If-Match header"


class RateLimited(DealwrightError):
    """429: too many requests."""

    status = 429
    category = "rate_limited"
    code = "rate_limited"
    action = "wait_and_retry"
    retryable = True
    default_message = "Too many requests"


class PaymentFailed(DealwrightError):
    """402: the payment provider declined."""

    status = 402
    category = "billing"
    code = "billing.payment_failed"
    action = "use_another_payment_method"
    default_message = "The payment was declined"


class Unavailable(DealwrightError):
    """503: something the request needs is away for the moment."""

    status = 503
    category = "transient_error"
    code = "transient_error.dependency_unavailable"
    action = "wait_and_retry"
    retryable = True
    default_message = "A service that this request needs is not available at the moment"

    def __init__(self, message: str | None = None, *, code: str | None = None, retry_after: int = 2) -> None:
        super().__init__(message, code=code, retry_after=retry_after)


class InternalError(DealwrightError):
    """500: a defect; quote ``ref``."""

    retryable = True
