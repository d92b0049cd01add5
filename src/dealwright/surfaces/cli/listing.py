"""``dealwright operations``: what this server declares, read from the registry alone."""

from __future__ import annotations

from typing import Any

import orjson
import typer

import dealwright.app  # noqa: F401 - imports every module, which declares its operations
from dealwright.kernel.operations import Operation, registry


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


def show(*, as_json: bool) -> None:
    """Print every declared operation, by group and id."""
    found = [_described(each) for each in sorted(registry, key=lambda each: (each.group, each.id))]
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("operation", "call", "scope", "tool", "events", title=f"{len(found)} operations")
    for each in found:
        selected = [f"{name}={value}" for name, value in (each["selector"] or {}).items() if name != "in"]
        call = f"{each['method']} {each['path']}{'?' if selected else ''}{'&'.join(selected)}"
        tool = each["tool"]["name"] if each["tool"] else ""
        table.add_row(each["id"], call, each["scope"] or "", tool, ", ".join(each["events"]))
    Console().print(table)
