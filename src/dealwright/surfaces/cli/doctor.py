"""``dealwright doctor``: what is wrong with this machine's set-up, line by line, and what to do about it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
import typer

from dealwright.kernel import settings as settings_of
from dealwright.kernel.settings import Settings, SettingsError
from dealwright.surfaces.cli import examinations, examinations_of_database
from dealwright.surfaces.cli.examinations import Finding

_MARKS = {"ok": ("green", "ok"), "warn": ("yellow", "warn"), "problem": ("red", "problem")}


def run(overrides: Mapping[str, Any], *, as_json: bool) -> None:
    """Print every finding; exit code 1 when one of them is a problem."""
    found = [examinations.python()]
    try:
        settings = settings_of.load(overrides)
    except SettingsError as problem:
        found.append(Finding("settings", "problem", str(problem), "Correct the setting; docs/configuration.md."))
    else:
        found += asyncio.run(_examine(settings))
    _print(found, as_json=as_json)
    if any(each.state == "problem" for each in found):
        raise typer.Exit(1)


async def _examine(settings: Settings) -> list[Finding]:
    found = [
        Finding("settings", "ok", "every setting can be used"),
        examinations.data_folder(settings.data_dir),
        examinations.disk_space(settings.data_dir),
        examinations.clock(),
        examinations.port(settings),
        examinations.secret_key_file(settings),
    ]
    if settings.database_url is None:
        found.append(examinations.embedded_binaries())
    usable = all(each.state != "problem" for each in found if each.what in ("data folder", "embedded database"))
    if usable:
        found += await examinations_of_database.examine(settings)
    if settings.redis_url is not None:
        found.append(await examinations.redis(settings.redis_url))
    return found


def _print(found: Sequence[Finding], *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps([asdict(each) for each in found], option=orjson.OPT_INDENT_2))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    for each in found:
        colour, mark = _MARKS[each.state]
        said = Text(each.message)
        if each.advice:
            said.append(f"\n→ {each.advice}", style="bold")
        table.add_row(Text(mark, style=colour), each.what, said)
    Console().print(table)
