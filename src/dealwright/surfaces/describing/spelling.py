"""How an operation is written: the documented query-style call and its REST spelling."""

from __future__ import annotations

import re
from typing import Final

from dealwright.kernel.operations import Operation

_PARAMETER: Final = re.compile(r"\{(\w+)\}")

_ACRONYMS: Final = {
    name.lower(): name
    for name in ("A/B", "AI", "API", "DID", "FX", "GDPR", "MCP", "OpenAPI", "SMS", "SSE", "TTS", "URL", "USDC")
}


def in_path(path: str) -> list[str]:
    """The names of the parameters in a path, in order."""
    return _PARAMETER.findall(path)


def query_style(operation: Operation) -> str:
    """``POST /deals?id={id}&action=transition``."""
    route = operation.route
    stated = in_path(route.path)
    pairs = [f"{name}={{{name}}}" for name in route.present if name not in stated]
    if route.action is not None and route.selector_in == "query":
        pairs.append(f"{route.selector}={route.action}")
    return f"{route.method} {route.path}{'?' if pairs else ''}{'&'.join(pairs)}"


def body_selector(operation: Operation) -> dict[str, str]:
    """The member of the body that picks the operation in its documented form, where there is one."""
    route = operation.route
    return {route.selector: route.action} if route.action is not None and route.selector_in == "body" else {}


def rest_style(operation: Operation) -> str:
    """``POST /deals/{id}/transition``."""
    return f"{operation.route.method} {operation.route.rest}"


def title(name: str) -> str:
    """``remove_item`` → ``Remove item``, ``api`` → ``API``."""
    words = name.replace("_", " ").replace("-", " ").replace(".", " ").split()
    plain = [_ACRONYMS.get(word, word) for word in words]
    return " ".join([plain[0][:1].upper() + plain[0][1:], *plain[1:]])


def operation_title(operation: Operation) -> str:
    """What it does, as a heading inside its group."""
    return title(operation.id.partition(".")[2] or operation.id)
