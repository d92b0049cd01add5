"""The OpenAPI 3.1 document of the Salesbooth surface, read from the registry.

Every operation stands under its REST path, which is unique; the documented query-style call is in the description and
in ``x-wire``. The document names every status with which the server may answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import dealwright
from dealwright.kernel import errors
from dealwright.kernel.access.sessions import SESSION_COOKIE
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.operations import Operation
from dealwright.surfaces.describing import document, spelling
from dealwright.surfaces.describing.samples import Sampler
from dealwright.surfaces.describing.schemas import Schema, Schemas, ref

API_VERSION: Final = "1.0.0"

_ANYWHERE: Final = (400, 401, 403, 429, 500, 503)
"""What any request may be answered: its form, its key, its limits, and what happens on this side."""

_STATUSES: Final[dict[int, tuple[str, str]]] = {
    400: ("BadRequest", "The request cannot be used; details.fields names every bad field."),
    401: ("Unauthenticated", "No credentials, or credentials that do not hold."),
    402: ("PaymentRequired", "The payment was declined, or nothing is left to pay from."),
    403: ("Forbidden", "The caller is known and may not do this."),
    404: ("NotFound", "There is no such record in this workspace."),
    409: ("Conflict", "The state of the record forbids it, or a unique value is taken."),
    410: ("NoLongerThere", "It was there and has expired."),
    412: ("StaleVersion", "Somebody else changed the record first; data holds its current state."),
    413: ("PayloadTooLarge", "The body is larger than the server accepts."),
    415: ("UnsupportedMediaType", "The body is not JSON."),
    428: ("VersionRequired", "This write needs the version it is based on in If-Match."),
    429: ("RateLimited", "Too many requests; Retry-After says when to come back."),
    500: ("InternalError", "A defect on this side; quote ref."),
    503: ("Unavailable", "Something that the request needs is away for the moment; Retry-After says when to retry."),
}

_HEADERS: Final[dict[str, Schema]] = {
    "X-Request-Id": {"description": "The trace id of this answer.", "schema": {"type": "string"}},
    "X-RateLimit-Limit": {"description": "Requests in the window.", "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"description": "Requests left in the window.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {"description": "When the window has recovered, Unix seconds.", "schema": {"type": "integer"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "ETag": {"description": 'The record\'s version, for the next If-Match: W/"5".', "schema": {"type": "string"}},
    "Idempotency-Replayed": {
        "description": "Present and true when the answer is that of an earlier request with the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
_KEYS: Final[list[Schema]] = [{"Bearer": []}, {"ApiKey": []}]
_PERSON: Final[Schema] = {"Session": []}
_ON_EVERY: Final = ("X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

_ERROR: Final[Schema] = {
    "title": "Error",
    "type": "object",
    "description": "What every failure answers. Branch on category, which is stable; quote ref to support.",
    "required": ["error", "success", "code", "category", "message", "recovery", "ref"],
    "properties": {
        "error": {"const": True},
        "success": {"const": False},
        "code": {"type": "string", "examples": ["validation_error.invalid_fields"]},
        "category": {"type": "string", "enum": list(errors.Category.__args__)},  # type: ignore[attr-defined]
        "message": {"type": "string"},
        "recovery": {
            "type": "object",
            "required": ["action", "retryable"],
            "properties": {
                "action": {"type": "string", "examples": ["fix_request"]},
                "retryable": {"type": "boolean"},
                "hint": {"type": "string"},
                "retry_after_seconds": {"type": "integer"},
            },
        },
        "ref": {"type": "string", "examples": ["trace_4f9a01c27be83d56"]},
        "details": {"type": "object", "description": "details.fields: what is wrong with each field"},
        "data": {"description": "with 412: the record as it is now"},
    },
}

_IF_MATCH: Final[Schema] = {
    "name": "If-Match",
    "in": "header",
    "description": 'The version that this write is based on, from the ETag: `W/"5"`, `"5"`, `5`, or `*` for any.',
    "schema": {"type": "string", "examples": ['W/"5"']},
}
_IDEMPOTENCY_KEY: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes a retry safe: the same key answers what the first request was answered, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64, "examples": ["order-20260317-001"]},
}

_AN_ID: Final = re.compile(r"(?:^|_)ids?(?:_|$)")
"""Fields that name records, which may not be there: ``id``, ``customer_id``, ``product_ids``, ``deal_id_1``."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One way an operation may fail: a status, and the codes that the operation itself declares for it."""

    status: int
    codes: tuple[str, ...]
    explanation: str


def build(operations: Iterable[Operation], public_url: str | None = None) -> dict[str, Any]:
    """The document. Raises ValueError when two operations share a REST path and method."""
    found = sorted(operations, key=lambda each: each.id)
    schemas = Schemas(found)
    sampler = Sampler(schemas)
    paths = document.paths(found, lambda operation: describe(operation, schemas, sampler))
    responses = {name: _error_response(status, text) for status, (name, text) in _STATUSES.items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Salesbooth API on Dealwright",
            "version": API_VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "x-server": {"name": "Dealwright", "version": dealwright.__version__},
        },
        "servers": [{"url": f"{public_url.rstrip('/') if public_url else ''}/api/v1"}],
        "tags": [{"name": group} for group in sorted({operation.group for operation in found})],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Error": _ERROR, **schemas.components(paths)},
            "responses": responses,
            "headers": _HEADERS,
            "securitySchemes": {
                "Bearer": {"type": "http", "scheme": "bearer", "description": "An API key: sb_live_…, sb_test_…"},
                "ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
                "Session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SESSION_COOKIE,
                    "description": "A signed-in person. Writes also need X-CSRF-Token, which GET /auth answers.",
                },
            },
        },
        "security": [*_KEYS, _PERSON],
    }


_DESCRIPTION: Final = (
    "Every operation can be called in two ways that mean the same: by the REST path it stands under here, and in the "
    "documented query style (`x-wire`). Successful answers are `{error: false, success: true, data}`, failures the "
    "Error schema. Unknown members of a body are ignored."
)


def describe(operation: Operation, schemas: Schemas, sampler: Sampler) -> dict[str, Any]:
    """The entry of one operation."""
    wire = spelling.query_style(operation)
    in_body = spelling.body_selector(operation)
    said = f"`{wire}`" + "".join(f" with `{name}: {value}` in the body" for name, value in in_body.items())
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.group],
        "summary": operation.summary,
        "description": "\n\n".join(
            filter(None, (operation.description.replace("``", "`"), f"Documented call: {said}."))
        ),
        "parameters": _parameters(operation, schemas, sampler),
    }
    if (body := document.request_body(operation, schemas, sampler)) is not None:
        described["requestBody"] = body
    described["responses"] = _responses(operation, schemas)
    if (security := _security(operation)) != [*_KEYS, _PERSON]:
        described["security"] = security
    described["x-wire"] = wire
    if in_body:
        described["x-wire-body"] = in_body
    return {**described, **document.extensions(operation)}


def _security(operation: Operation) -> list[Schema]:
    """The ways to say who calls, any one of which will do; none: whoever calls."""
    if operation.auth <= {"public", "signature"}:
        return []
    keys = _KEYS if operation.auth & {"secret_key", "publishable_key"} else []
    return [
        *([{}] if operation.keyless else []),
        *keys,
        *([_PERSON] if "session" in operation.auth else []),
    ]


def _parameters(operation: Operation, schemas: Schemas, sampler: Sampler) -> list[Schema]:
    found = document.parameters(operation, schemas, sampler)
    if operation.locking is not None:
        found.append({**_IF_MATCH, "required": operation.locking == "required"})
    if operation.idempotent:
        found.append(_IDEMPOTENCY_KEY)
    return found


def failures(operation: Operation, schemas: Schemas) -> list[Failure]:
    """Every status of failure that a call may be answered with, and what the operation itself says about it."""
    possible = set(_ANYWHERE)
    if operation.writes:
        possible |= {413, 415}
    fields, _ = schemas.fields(operation.input)
    if "{" in operation.route.rest or any(_AN_ID.search(name) for name in fields):
        possible.add(404)
    if operation.idempotent:
        possible.add(409)
    if operation.locking is not None:
        possible |= {412, 428} if operation.locking == "required" else {412}
    declared: dict[int, list[type[DealwrightError]]] = {}
    for error in operation.errors:
        declared.setdefault(error.status, []).append(error)
    return [
        Failure(
            status,
            tuple(dict.fromkeys(error.code for error in declared.get(status, ()))),
            _STATUSES.get(status, ("", "It cannot be done."))[1],
        )
        for status in sorted(possible | set(declared))
    ]


def _responses(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    content = _content(operation, schemas)
    versioned = "version" in schemas.resolved(schemas.result(operation)).get("properties", {})
    headers = [*_ON_EVERY, *(("ETag",) if versioned else ())]
    found: dict[str, Any] = {
        str(operation.status): {"description": "Done.", "headers": _header_refs(headers), "content": content}
    }
    if operation.status == 204:
        del found["204"]["content"]
    if operation.idempotent and operation.status == 201:
        replayed = _header_refs([*headers, "Idempotency-Replayed"])
        text = "Done by an earlier request with the same Idempotency-Key."
        found["200"] = {"description": text, "headers": replayed, "content": content}
    for failure in failures(operation, schemas):
        name, text = _STATUSES.get(failure.status, ("", failure.explanation))
        if failure.codes or not name:
            codes = ", ".join(f"`{code}`" for code in failure.codes)
            found[str(failure.status)] = _error_response(failure.status, f"{text} {codes}")
        else:
            found[str(failure.status)] = {"$ref": f"#/components/responses/{name}"}
    for status in operation.also_status:
        own = content["application/json"]["schema"]
        shared = found.get(str(status))
        either = own if shared is None else {"anyOf": [own, ref("Error")]}
        text = _STATUSES[status][1] if status in _STATUSES else "Done."
        found[str(status)] = {
            "description": text,
            "headers": _header_refs(_ON_EVERY),
            "content": {"application/json": {"schema": either}},
        }
    return found


def _content(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    data = schemas.answered(operation)
    schema = data
    if operation.enveloped:
        schema = {
            "type": "object",
            "required": ["error", "success", "data"],
            "properties": {"error": {"const": False}, "success": {"const": True}, "data": data},
            "additionalProperties": False,
        }
    only_as_it_is = operation.result is None and operation.media_types
    content: dict[str, Any] = {} if only_as_it_is else {"application/json": {"schema": schema}}
    return content | {media_type: _as_it_is(media_type, data) for media_type in operation.media_types}


def _as_it_is(media_type: str, data: Schema) -> dict[str, Any]:
    """What is sent without the envelope: the data itself, text, or bytes, which have no schema (OpenAPI 3.1), nor have
    the events of a stream.
    """
    if media_type.endswith("json"):
        return {"schema": data}
    if media_type == "text/event-stream":
        return {}
    return {"schema": {"type": "string"}} if media_type.startswith("text/") else {}


def _header_refs(names: Iterable[str]) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _error_response(status: int, text: str) -> dict[str, Any]:
    headers = [*_ON_EVERY, *(("Retry-After",) if status in (409, 429, 503) else ())]
    return {
        "description": text,
        "headers": _header_refs(headers),
        "content": {"application/json": {"schema": ref("Error")}},
    }
