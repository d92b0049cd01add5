"""How the SalesThumb API answers (SalesThumb REST API, Error codes)."""

from __future__ import annotations

from typing import Any, Final

import orjson

from dealwright.kernel.pipeline import Outcome

_CODES: Final = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    422: "unprocessable_entity",
    429: "rate_limited",
}
_RULES: Final = frozenset({402, 409, 410, 412, 428})
"""Statuses of this server for requests that are well-formed and break a rule of the business: all of them 422 here."""
_MALFORMED: Final = frozenset({"required", "invalid_type"})
"""What makes a body unusable rather than wrong: a member that is missing or of another type."""


def status(outcome: Outcome, *, writes: bool) -> int:
    """The HTTP status. A replay answers what the first request was answered."""
    error = outcome.error
    if error is None:
        return outcome.status
    if error["status"] in _RULES:
        return 503 if error["retryable"] else 422
    fields = (error["details"] or {}).get("fields")
    if error["status"] == 400 and writes and fields and all(each["code"] not in _MALFORMED for each in fields.values()):
        return 422
    return outcome.status


def code(http_status: int) -> str:
    """One of the seven documented codes."""
    return _CODES.get(http_status, "bad_request" if http_status < 500 else "internal_server_error")


def error_body(error: dict[str, Any], http_status: int) -> dict[str, Any]:
    return {
        "error": {
            "code": code(http_status),
            "message": error["message"],
            "status": http_status,
            "request_id": error["ref"],
        }
    }


def body(outcome: Outcome, http_status: int) -> bytes:
    """The bare object or list, or the error."""
    answer = outcome.data if outcome.error is None else error_body(outcome.error, http_status)
    return orjson.dumps(answer, default=str)
