"""The OpenAPI 3.1 document of the SalesThumb surface, read from the registry of the shop's operations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import dealwright
from dealwright.kernel.operations import Operation
from dealwright.surfaces.describing import document
from dealwright.surfaces.describing.samples import Sampler
from dealwright.surfaces.describing.schemas import Schema, Schemas, ref
from dealwright.surfaces.salesthumb import rendering

_FAILURES: Final[dict[int, tuple[str, str]]] = {
    400: ("BadRequest", "The body is not JSON, a required field is missing, or a parameter is out of bounds."),
    401: ("Unauthorized", "No key in X-SalesThumb-Key, or one that is unknown or revoked."),
    403: ("Forbidden", "The key may not do this."),
    404: ("NotFound", "There is no such record in this shop."),
    413: ("PayloadTooLarge", "The body is larger than the server accepts."),
    415: ("UnsupportedMediaType", "The body is not JSON."),
    422: ("UnprocessableEntity", "The request is well-formed and breaks a rule of the business."),
    429: ("RateLimited", "Too many requests in the last minute; Retry-After says when to come back."),
    500: ("InternalServerError", "Something went wrong on this side; safe to retry with exponential backoff."),
    503: ("Unavailable", "Something is away for the moment; safe to retry after Retry-After."),
}
_ANYWHERE: Final = (400, 401, 403, 429, 500, 503)
_HEADERS: Final[dict[str, Schema]] = {
    "X-Request-Id": {"description": "The id of this request.", "schema": {"type": "string"}},
    "X-RateLimit-Limit": {"description": "Requests in a rolling minute.", "schema": {"type": "integer"}},
    "X-RateLimit-Remaining": {"description": "Requests left.", "schema": {"type": "integer"}},
    "X-RateLimit-Reset": {"description": "When the window has recovered, Unix seconds.", "schema": {"type": "integer"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
}
_ON_EVERY: Final = ("X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_ERROR: Final[Schema] = {
    "title": "Error",
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "status", "request_id"],
            "properties": {
                "code": {"type": "string", "enum": sorted({rendering.code(status) for status in _FAILURES})},
                "message": {"type": "string"},
                "status": {"type": "integer", "examples": [404]},
                "request_id": {"type": "string", "examples": ["req_3p9gq71d0v5t2m8k4s6a"]},
            },
        }
    },
}
_IDEMPOTENCY_KEY: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any unique string: a repeat within 24 hours gets the first answer, whatever it asks for.",
    "schema": {"type": "string", "minLength": 1, "examples": ["0f4c1e1a-6f0d-4a53-9d38-1f1f6f6f2d11"]},
}


def build(operations: Iterable[Operation], base: str) -> dict[str, Any]:
    """The document; ``base`` is the address below which the paths are."""
    found = sorted(operations, key=lambda each: each.id)
    schemas = Schemas(found)
    sampler = Sampler(schemas)
    paths = document.paths(found, lambda operation: _describe(operation, schemas, sampler))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SalesThumb API on Dealwright",
            "version": "1.0.0",
            "description": "Objects come bare, lists as `{data, pagination}`; money is whole US cents.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "x-server": {"name": "Dealwright", "version": dealwright.__version__},
        },
        "servers": [{"url": base}],
        "tags": [{"name": group} for group in sorted({operation.group for operation in found})],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Error": _ERROR, **schemas.components(paths)},
            "responses": {name: _failure(status, text) for status, (name, text) in _FAILURES.items()},
            "headers": _HEADERS,
            "securitySchemes": {"Key": {"type": "apiKey", "in": "header", "name": "X-SalesThumb-Key"}},
        },
        "security": [{"Key": []}],
    }


def _describe(operation: Operation, schemas: Schemas, sampler: Sampler) -> dict[str, Any]:
    parameters = document.parameters(operation, schemas, sampler)
    if operation.idempotent:
        parameters.append(_IDEMPOTENCY_KEY)
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.group],
        "summary": operation.summary,
        "description": operation.description.replace("``", "`"),
        "parameters": parameters,
    }
    if (body := document.request_body(operation, schemas, sampler)) is not None:
        described["requestBody"] = body
    done: dict[str, Any] = {"description": "Done.", "headers": _header_refs(_ON_EVERY)}
    if operation.result is not None:
        done["content"] = {"application/json": {"schema": schemas.result(operation)}}
    possible = {*_ANYWHERE, *((413, 415, 422) if operation.writes else ())}
    if "{" in operation.route.rest or any(name.endswith("_id") for name in schemas.fields(operation.input)[0]):
        possible.add(404)
    described["responses"] = {
        str(operation.status): done,
        **{str(status): {"$ref": f"#/components/responses/{_FAILURES[status][0]}"} for status in sorted(possible)},
    }
    return {**described, **document.extensions(operation)}


def _header_refs(names: Iterable[str]) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _failure(status: int, text: str) -> dict[str, Any]:
    headers = [*_ON_EVERY, *(("Retry-After",) if status in (429, 503) else ())]
    return {
        "description": text,
        "headers": _header_refs(headers),
        "content": {"application/json": {"schema": ref("Error")}},
    }
