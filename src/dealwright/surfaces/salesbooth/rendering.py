"""The Salesbooth envelope (Salesbooth API, Response Format and Error Handling)."""

from __future__ import annotations

from typing import Any, Final

import orjson

from dealwright.kernel import versions
from dealwright.kernel.pipeline import Outcome
from dealwright.surfaces.http import Headers

_LEGACY_CODES: Final = {
    "validation_error.invalid_fields": "VALIDATION_ERROR",
    "validation_error.invalid_request": "BAD_REQUEST",
}


def body(outcome: Outcome, *, legacy_codes: bool = False) -> bytes:
    """The JSON body of an outcome."""
    if outcome.error is None:
        if not outcome.enveloped:
            return orjson.dumps(outcome.data, default=str)
        return orjson.dumps({"error": False, "success": True, "data": outcome.data}, default=str)
    return orjson.dumps(error_body(outcome.error, legacy_codes=legacy_codes), default=str)


def error_body(error: dict[str, Any], *, legacy_codes: bool = False) -> dict[str, Any]:
    """An error in the documented member order; optional members appear when they have something to say."""
    recovery: dict[str, Any] = {"action": error["action"], "retryable": error["retryable"]}
    if error["hint"]:
        recovery["hint"] = error["hint"]
    if error["retry_after"] is not None:
        recovery["retry_after_seconds"] = error["retry_after"]
    code = _LEGACY_CODES.get(error["code"], error["code"]) if legacy_codes else error["code"]
    rendered = {
        "error": True,
        "success": False,
        "code": code,
        "category": error["category"],
        "message": error["message"],
        "recovery": recovery,
        "ref": error["ref"],
    }
    if error["details"]:
        rendered["details"] = error["details"]
    if error["data"] is not None:
        rendered["data"] = error["data"]
    return rendered


def status(outcome: Outcome) -> int:
    """The HTTP status; a replayed creation answers 200 (Salesbooth API, Idempotency Keys)."""
    return 200 if outcome.replayed and outcome.status == 201 else outcome.status


def headers(outcome: Outcome) -> Headers:
    """The headers that follow from the outcome."""
    found: Headers = [(name.encode().lower(), value.encode()) for name, value in outcome.headers]
    if outcome.version is not None:
        found.append((b"etag", versions.etag(outcome.version).encode()))
    if outcome.replayed:
        found.append((b"idempotency-replayed", b"true"))
    if outcome.mismatch:
        found.append((b"idempotency-mismatch", b"true"))
    if outcome.error is not None and outcome.error["retry_after"] is not None:
        found.append((b"retry-after", str(outcome.error["retry_after"]).encode()))
    if outcome.status == 401:
        found.append((b"www-authenticate", b'Bearer realm="api"'))
    return found
