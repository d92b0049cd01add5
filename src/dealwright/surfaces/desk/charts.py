"""Charts as SVG, drawn on the server: they need no script, follow the theme, and have a table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from markupsafe import Markup, escape

_STEP: Final = 20
_BAR: Final = 13
_HEIGHT: Final = 100


@dataclass(frozen=True, slots=True)
class Point:
    """One value with its label on the axis and its text for people."""

    label: str
    value: Decimal
    text: str


def ceiling(largest: Decimal) -> Decimal:
    """The end of an axis: the next of 1, 2, 2.5, 5 or 10 times a power of ten; 1 where everything is nothing."""
    if largest <= 0:
        return Decimal(1)
    power = Decimal(10) ** largest.adjusted()
    return next(step * power for step in map(Decimal, ("1", "2", "2.5", "5", "10")) if step * power >= largest)


def series(points: Sequence[Point], title: str, description: str) -> Markup:
    """Bars over time, stretched to whatever room there is; labels stand beside them in HTML, where they stay readable.

    The axis ends at :func:`ceiling` of the largest value.
    """
    most = ceiling(max((each.value for each in points), default=Decimal(0)))
    width = _STEP * max(len(points), 1)
    parts = [f'<line class="grid" x1="0" x2="{width}" y1="{at}" y2="{at}"/>' for at in (0.5, 50)]
    for index, each in enumerate(points):
        height = max(float(each.value / most) * _HEIGHT, 1.5) if each.value > 0 else 0
        if height:
            parts.append(
                f'<rect class="bar" x="{index * _STEP + (_STEP - _BAR) / 2}" y="{_HEIGHT - height:.2f}" '
                f'width="{_BAR}" height="{height:.2f}"><title>{escape(each.label)}: {escape(each.text)}</title></rect>'
            )
    parts.append(f'<line class="axis" x1="0" x2="{width}" y1="{_HEIGHT - 0.5}" y2="{_HEIGHT - 0.5}"/>')
    named = f'role="img" aria-label="{escape(title)}. {escape(description)}"'
    frame = f'viewBox="0 0 {width} {_HEIGHT}" preserveAspectRatio="none"'
    return Markup(f'<svg class="chart" {frame} {named}>{"".join(parts)}</svg>')


def meter(value: float, most: float) -> Markup:
    """One bar, as wide as its share of the largest; the number stands beside it."""
    share = value / most * 100 if most > 0 else 0
    return Markup(
        '<svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="4" rx="1"/>'
        f'<rect class="bar" width="{share:.2f}" height="4" rx="1"/></svg>'
    )
