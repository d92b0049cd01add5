"""Colours that can be read, charts that fit, and numbers as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.surfaces.desk import app as desk_app
from dealwright.surfaces.desk import brand, charts
from dealwright.surfaces.desk.charts import Point
from dealwright.surfaces.desk.local import Local
from dealwright.surfaces.desk.rates import fraction, percentage

colours = st.integers(0, 0xFFFFFF).map("{:06x}".format)


@given(colours)
def test_a_brand_colour_is_readable_in_both_themes(colour: str) -> None:
    sheet = brand.style(colour)
    light, dark = re.findall(r"--accent: light-dark\(#(\w+), #(\w+)\)", sheet)[0]
    on_light, on_dark = re.findall(r"--on-accent: light-dark\(#(\w+), #(\w+)\)", sheet)[0]
    assert brand.contrast(light, brand._LIGHT_GROUND) >= 4.5
    assert brand.contrast(dark, brand._DARK_GROUND) >= 4.5
    assert brand.contrast(light, on_light) >= 4.5
    assert brand.contrast(dark, on_dark) >= 4.5


def test_contrast_is_that_of_the_guidelines() -> None:
    assert brand.contrast("000000", "ffffff") == pytest.approx(21)
    assert brand.contrast("777777", "ffffff") == pytest.approx(4.48, abs=0.01)


def _pairs() -> list[tuple[str, str, str, str]]:
    text = (Path(desk_app.__file__).parent / "static" / "tokens.css").read_text()
    tokens = {name: (a, b) for name, a, b in re.findall(r"--([\w-]+): light-dark\(#(\w{6}), #(\w{6})\)", text)}
    grounds = ("ground", "raised", "sunken")
    wanted = [(name, ground) for name in ("text", "quiet", "accent") for ground in grounds]
    wanted += [("text", "side"), ("quiet", "side"), ("on-accent", "accent")]
    wanted += [(name, f"{name}-tint") for name in ("good", "info", "wait", "due", "bad", "quiet")]
    wanted += [("text", f"{name}-tint") for name in ("good", "info", "due", "bad")]
    wanted += [("bad", "raised"), ("bad", "ground")]
    return [(text, ground, tokens[text][at], tokens[ground][at]) for text, ground in wanted for at in (0, 1)]


@pytest.mark.parametrize(("text", "ground", "one", "other"), _pairs())
def test_every_text_can_be_read_on_its_ground(text: str, ground: str, one: str, other: str) -> None:
    assert brand.contrast(one, other) >= 4.5


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_an_axis_ends_at_a_round_number_that_is_large_enough(largest: Decimal) -> None:
    top = charts.ceiling(largest)
    assert top >= largest
    assert top <= max(largest * Decimal("2.5"), 1)


@given(st.lists(st.decimals(min_value=0, max_value=10**9, places=2), max_size=60))
def test_bars_stay_inside_their_frame(values: list[Decimal]) -> None:
    points = [Point(f"<day {at}>", value, str(value)) for at, value in enumerate(values)]
    svg = str(charts.series(points, "Revenue & more", "x"))
    assert "<day" not in svg
    for y, height in re.findall(r'<rect class="bar"[^>]* y="([\d.]+)"[^>]* height="([\d.]+)"', svg):
        assert float(y) >= 0
        assert float(y) + float(height) == pytest.approx(100, abs=0.02)


@given(st.decimals(min_value=0, max_value=100, places=4))
def test_a_percentage_comes_back_as_it_was_typed(percent: Decimal) -> None:
    assert Decimal(percentage(fraction(str(percent)))) == percent


def test_what_is_no_rate_is_left_to_be_refused() -> None:
    assert fraction("ten") == "ten"
    assert fraction("") == "0"
    assert percentage("0.0825") == "8.25"


def test_money_and_times_are_those_of_the_place() -> None:
    here, there = Local("en_US", "America/New_York"), Local("de_DE", "Europe/Berlin")
    assert here.money("1234.5", "USD") == "$1,234.50"
    assert there.money("1234.5", "EUR") == "1.234,50\xa0€"
    assert here.money("1234", "JPY") == "¥1,234"
    assert here.money("1.2345", "KWD") == "KWD1.234"
    assert here.money("12", "RSD") == "RSD12.00"
    moment = "2026-03-08T06:30:00Z"
    assert here.moment(moment).startswith("Mar 8, 2026, 1:30")
    assert there.moment(moment) == "08.03.2026, 07:30"
    assert here.field(moment) == "2026-03-08T01:30"
    assert here.percent("0.0825") == "8.25%"
    assert here.short_money(285000, "USD") == "$285K"
    now = datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
    assert here.ago(moment, now) == "3 hours ago"
    assert there.ago("2026-01-01T00:00:00Z", now) == "01.01.2026"
