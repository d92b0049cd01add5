"""``dealwright operations``: what this server declares, read from the registry alone."""

from __future__ import annotations

from typing import Any

import orjson
import typer

import dealwright.app  # noqa: F401 - imports every module, which declares its operations
from dealwright.kernel.operations import Operation, registry
from dealwright.modules.shop.registry import shop_registry
from dealwright.surfaces.mcp import methods


def _described(operation: Operation) -> dict[str, Any]:
    route = operation.route
    selector = {"in": route.selector_in, route.selector: route.action} if route.action is not None else None
    tool = {"name": operation.tool.name, "category": operation.tool.category} if operation.tool is not None else None
    return {
        "id": operation.id,
        "method": route.method,
        "path": route.path,
        "selector": selector,
        "scope": operation.scope,
        "events": list(operation.events),
        "tool": tool,
    }


def _described_method(method: methods.Method) -> dict[str, Any]:
    return {
        "id": method.id,
        "method": "POST",
        "path": methods.PATH,
        "selector": {"in": "json-rpc", "method": method.name},
        "scope": methods.CONNECT_SCOPE,
        "events": [],
        "tool": None,
    }


def show(*, salesthumb: bool, as_json: bool) -> None:
    """Print every declared operation of one API, by group and id; the MCP's methods stand with Salesbooth's."""
    found = [_described(each) for each in (shop_registry if salesthumb else registry)]
    if not salesthumb:
        found += [_described_method(each) for each in methods.METHODS]
    found.sort(key=lambda each: (each["id"].partition(".")[0], each["id"]))
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    from dealwright.surfaces.cli import tables

    columns = ("operation", "call", "scope", "tool", "events")
    tables.show(f"{len(found)} operations", columns, [_cells(each) for each in found])


def _cells(described: dict[str, Any]) -> list[str]:
    selected = [f"{name}={value}" for name, value in (described["selector"] or {}).items() if name != "in"]
    call = f"{described['method']} {described['path']}{'?' if selected else ''}{'&'.join(selected)}"
    tool = described["tool"]["name"] if described["tool"] else ""
    return [described["id"], call, described["scope"] or "", tool, ", ".join(described["events"])]
