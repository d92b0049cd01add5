"""Documents set in type: a Typst template and plain data become a PDF.

The data reaches the template as JSON, never as markup, so nothing in it can be mistaken for an instruction. Nothing is
fetched: the fonts come with the compiler.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from dealwright.kernel.operations import Reply

_ROOT: Final = Path(__file__).parent / "templates"
"""Where templates find what they share."""

CERTIFICATE: Final = _ROOT / "certificate.typ"


@lru_cache(maxsize=1)
def _fonts() -> Any:
    import typst

    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=True)


def _set(template: Path, data: Mapping[str, Any], at: datetime, form: Literal["pdf", "png"]) -> Any:
    import typst  # loaded on demand: it is large, and most processes never print

    compiler = typst.Compiler(
        input=template.read_bytes(),
        root=str(_ROOT),
        font_paths=_fonts(),
        sys_inputs={"data": orjson.dumps(data).decode()},
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missing glyph is no reason to refuse a document
        return compiler.compile(format=form, timestamp=int(at.timestamp()))


def pdf(template: Path, data: Mapping[str, Any], at: datetime) -> bytes:
    """Set ``data`` by a template, which may import ``paper.typ``; ``at`` is the document's date.

    Takes a moment: run it in a thread.
    """
    made: bytes = _set(template, data, at, "pdf")
    return made


def pages(template: Path, data: Mapping[str, Any], at: datetime) -> list[bytes]:
    """The same pages as PNG images, to be looked at."""
    made = _set(template, data, at, "png")
    return made if isinstance(made, list) else [made]


async def reply(template: Path, data: Mapping[str, Any], at: datetime, name: str) -> Reply:
    """A document as the answer of an operation; ``name`` is that of the file."""
    body = await asyncio.to_thread(pdf, template, data, at)
    disposition = ("content-disposition", f'attachment; filename="{name}"')
    return Reply(body, media_type="application/pdf", headers=(disposition,))
