"""The workspace's own colour, made readable: a generated style sheet whose contrast is kept in both themes."""

from __future__ import annotations

import colorsys
import re
from functools import lru_cache
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_COLOUR: Final = re.compile(r"[0-9a-f]{6}")
_LIGHT_GROUND: Final = "f4f3ef"
_DARK_GROUND: Final = "23292e"
"""The least favourable ground that the accent stands on in each theme (see tokens.css)."""
ENOUGH: Final = 4.6
"""WCAG 2.2 AA asks 4.5 of text; a little more, because colours are rounded."""

Rgb = tuple[float, float, float]


def address(colour: str) -> str:
    """Where the style sheet of a colour (``#635bff``) is."""
    return f"/brand/{colour.removeprefix('#').lower()}.css"


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def _hex(rgb: Rgb) -> str:
    return "".join(f"{round(each * 255):02x}" for each in rgb)


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in _rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, ground: str) -> str:
    """The colour of the same hue nearest to ``colour`` that can be read on ``ground``."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    step = -0.01 if _luminance(ground) > 0.2 else 0.01
    found = colour
    while contrast(found, ground) < ENOUGH:
        lightness = min(max(lightness + step, 0), 1)
        found = _hex(colorsys.hls_to_rgb(hue, lightness, saturation))
    return found


@lru_cache(maxsize=256)
def style(colour: str) -> str:
    """The accent colours for a brand colour of six hex digits, for both themes."""
    light, dark = readable(colour, _LIGHT_GROUND), readable(colour, _DARK_GROUND)
    on_light, on_dark = (max(("ffffff", "101416"), key=lambda each: contrast(each, it)) for it in (light, dark))
    return (
        f":root {{ --accent: light-dark(#{light}, #{dark}); --on-accent: light-dark(#{on_light}, #{on_dark}); "
        f"--brand: #{colour}; }}\n"
    )


async def sheet(request: Request) -> Response:
    colour = request.path_params["colour"]
    if _COLOUR.fullmatch(colour) is None:
        return Response(status_code=404)
    return Response(
        style(colour), headers={"Cache-Control": "public, max-age=31536000, immutable"}, media_type="text/css"
    )
