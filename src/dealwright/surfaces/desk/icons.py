"""The icons of the desk, from icons.svg, set into pages where they are used."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from markupsafe import Markup

_SYMBOL: Final = re.compile(r'<symbol id="([a-z]+)">(.*?)</symbol>')
_SHAPES: Final = dict(_SYMBOL.findall((Path(__file__).parent / "icons.svg").read_text("utf-8")))


def icon(name: str) -> Markup:
    """An icon as inline SVG, hidden from assistive technology: a word beside it says what it means."""
    return Markup(
        '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" '
        'stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
        f"{_SHAPES[name]}</svg>"
    )
