"""What was measured, against what was promised: a table for people, JSON for machines."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psutil
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Measure:
    """One promise, or (without ``bar``) one figure to know."""

    name: str
    value: float
    unit: str = "x"
    bar: float | None = None
    better: Literal["more", "less"] = "more"
    detail: str = ""
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def kept(self) -> bool | None:
        """Whether the promise is kept; None where nothing is promised."""
        if self.bar is None:
            return None
        return self.value >= self.bar if self.better == "more" else self.value <= self.bar


def machine() -> dict[str, Any]:
    """The machine's name and what it has, without which no figure means anything."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {
        "name": platform.node(),
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def show(measures: Sequence[Measure], title: str) -> None:
    """Print the table."""
    table = Table(title=title, title_justify="left")
    for name, justify in (("promise", "left"), ("measured", "right"), ("bar", "right"), ("", "left"), ("how", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for measure in measures:
        sign = "≥" if measure.better == "more" else "≤"
        bar = f"{sign} {measure.bar:g} {measure.unit}" if measure.bar is not None else ""
        verdict = {True: "[green]pass[/]", False: "[red]FAIL[/]", None: ""}[measure.kept]
        table.add_row(measure.name, f"{measure.value:.2f} {measure.unit}", bar, verdict, measure.detail)
    Console(width=None if os.isatty(1) else 160).print(table)


def title(about: dict[str, Any]) -> str:
    return f"{about['name']}: {about['processor']}, {about['cores']} cores, {about['memory_gb']} GB, {about['system']}"


def save(path: Path, measures: Sequence[Measure], options: dict[str, Any]) -> None:
    """Write everything, raw figures included, as JSON."""
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "options": options,
        "measures": [{**asdict(measure), "kept": measure.kept} for measure in measures],
    }
    path.write_text(json.dumps(document, indent=1, default=str) + "\n")
