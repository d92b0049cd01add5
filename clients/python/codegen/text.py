"""Prose in generated code."""

from __future__ import annotations

import re
import textwrap
from typing import Final

QUOTES: Final = '"""'
WIDTH: Final = 116


def sentence(text: str) -> str:
    """Prose on one line, safe inside a docstring."""
    return re.sub(r"\s+", " ", text).strip().replace("\\", "\\\\").replace('"""', "'''")


def wrapped(text: str, indent: str, hanging: str = "") -> str:
    """Prose in lines of the project's width."""
    return _filled(sentence(text), indent, hanging)


def _filled(text: str, indent: str, hanging: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + hanging, break_on_hyphens=False)


def comment(text: str) -> str:
    """A docstring below a member or at the head of a class; empty for none."""
    return f"{_filled(QUOTES + sentence(text), '    ')}{QUOTES}\n" if text.strip() else ""


def docstring(summary: str, paragraphs: list[str], indent: str) -> str:
    """A docstring with its paragraphs already wrapped."""
    head = _filled(f"{QUOTES}{sentence(summary).rstrip('.')}.", indent)
    if not paragraphs:
        return f"{head}{QUOTES}\n"
    body = "\n\n".join(paragraphs)
    return f"{head}\n\n{body}\n{indent}{QUOTES}\n"
