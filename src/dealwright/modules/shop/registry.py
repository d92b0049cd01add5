"""The operations of the shop's own API, kept apart from those of the Salesbooth API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel

from dealwright.kernel.operations import H, Method, Registry, operation

shop_registry: Final = Registry()
"""Filled when the modules of this folder are imported by the composition root."""

CATEGORY: Final = "shop"
"""The MCP category of all its tools."""


def shop_operation(
    operation_id: str,
    method: Method,
    path: str,
    *,
    scope: str,
    result: type[BaseModel] | None,
    tool: str,
    **options: Any,
) -> Callable[[H], H]:
    """Declare an operation of the shop API: single objects come without an envelope, POST and PATCH honour an
    Idempotency-Key (SalesThumb REST API, Idempotency).
    """
    return operation(
        operation_id,
        method,
        path,
        scope=scope,
        result=result,
        tool=(f"shop_{tool}", CATEGORY),
        idempotent=method in ("POST", "PATCH"),
        enveloped=False,
        into=shop_registry,
        **options,
    )
