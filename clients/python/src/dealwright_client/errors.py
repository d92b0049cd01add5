"""Everything that a call may raise. Branch on the class, which is the server's category, or on ``code``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


class DealwrightError(Exception):
    """Base of every exception of this package, those of webhooks excepted."""


class ConnectionFailed(DealwrightError):
    """No answer came: the server is not reachable, or the connection broke. Whether it acted is unknown."""


class TimedOut(ConnectionFailed):
    """No answer came in time. Whether the server acted is unknown."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of the request."""

    code: str
    message: str


class ApiError(DealwrightError):
    """The server answered that it did not do it."""

    def __init__(self, status: int, answer: Mapping[str, Any], retry_after: float | None = None) -> None:
        recovery: Mapping[str, Any] = answer.get("recovery") or {}
        details: Mapping[str, Any] = answer.get("details") or {}
        fields: Mapping[str, Any] = details.get("fields") or {}
        self.status = status
        self.code: str = answer.get("code") or f"http_{status}"
        self.category: str = answer.get("category") or _category(status)
        self.message: str = answer.get("message") or f"The server answered {status}"
        self.action: str | None = recovery.get("action")
        """What the caller can do about it: ``fix_request``, ``refetch_and_retry`` …"""
        self.retryable: bool = bool(recovery.get("retryable", status in (429, 502, 503, 504)))
        self.hint: str | None = recovery.get("hint")
        self.retry_after = retry_after if retry_after is not None else recovery.get("retry_after_seconds")
        """Seconds to wait before another try, where the server said so."""
        self.ref: str | None = answer.get("ref")
        """The trace id to quote to support."""
        self.details = details
        self.fields = {name: FieldProblem(each["code"], each["message"]) for name, each in fields.items()}
        """Every bad field of the request, by name."""
        self.data: Any = answer.get("data")
        super().__init__(f"{self.message} [{self.code}]" + (f" (ref {self.ref})" if self.ref else ""))


class ValidationError(ApiError):
    """The request cannot be used; ``fields`` names every bad field."""


class AuthenticationError(ApiError):
    """No key, or one that does not hold."""


class AuthorizationError(ApiError):
    """The key may not do this."""


class NotFoundError(ApiError):
    """There is no such record in this workspace."""


class ConflictError(ApiError):
    """The record's state forbids it, or a value that must be unique is taken."""


class StaleVersionError(ConflictError):
    """Somebody else changed the record first; ``current`` is the record as it is now."""

    @property
    def current(self) -> Any:
        return self.data


class RateLimitedError(ApiError):
    """Too many requests, or a spending limit is reached."""


class BillingError(ApiError):
    """The payment was declined, or nothing is left to pay from."""


class TransientError(ApiError):
    """Something that the request needs is away for the moment."""


class InternalError(ApiError):
    """A defect on the server's side; quote ``ref``."""


BY_CATEGORY: Final[Mapping[str, type[ApiError]]] = {
    "validation_error": ValidationError,
    "authentication_error": AuthenticationError,
    "authorization_error": AuthorizationError,
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "rate_limited": RateLimitedError,
    "billing": BillingError,
    "transient_error": TransientError,
    "internal_error": InternalError,
}


def _category(status: int) -> str:
    """For answers that are not the server's own, such as a proxy's."""
    known = {
        401: "authentication_error",
        402: "billing",
        403: "authorization_error",
        404: "not_found",
        409: "conflict",
        412: "conflict",
        429: "rate_limited",
        502: "transient_error",
        503: "transient_error",
        504: "transient_error",
    }
    return known.get(status, "internal_error" if status >= 500 else "validation_error")


def from_answer(status: int, content: bytes, retry_after: float | None) -> ApiError:
    """The error of an answer of 400 or more, whoever on the way wrote it."""
    try:
        answer = json.loads(content)
    except ValueError:
        answer = {}
    return made(status, answer if isinstance(answer, dict) else {}, retry_after)


def made(status: int, answer: Mapping[str, Any], retry_after: float | None = None) -> ApiError:
    """The error of the class that fits its category."""
    kind = (
        StaleVersionError if status == 412 else BY_CATEGORY.get(answer.get("category") or _category(status), ApiError)
    )
    return kind(status, answer, retry_after)
