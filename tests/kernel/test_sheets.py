"""CSV that a spreadsheet may open."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel.sheets import csv_text


def cells(value: object) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_text(("a",), [{"a": value, "b": "left out"}]), newline="")))


def test_what_would_be_a_formula_is_text() -> None:
    for formula in ("=1+1", "+1-2", "-2+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")', "--1"):
        assert cells(formula) == [["a"], [f"'{formula}"]]


def test_numbers_stay_numbers() -> None:
    for number in ("-5.00", "+3", "-0.5", "12"):
        assert cells(number) == [["a"], [number]]
    assert cells(None) == [["a"], [""]]


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1))
def test_any_text_comes_back_and_starts_no_formula(text: str) -> None:
    [_, [cell]] = cells(text)
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert not cell.startswith(("=", "@", "\t", "\r"))
