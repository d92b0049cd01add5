"""Laws of input fields: depth, lists in one text, what is said about a bad value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel import fields
from dealwright.kernel.errors import DealwrightError, InvalidFields
from dealwright.kernel.fields import Csv, Flag, Input, Patch

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


def test_depth_counts_objects_and_arrays() -> None:
    for value, deep in (("x", 0), ({}, 1), ([], 1), ({"a": {}}, 2), ({"a": [1, {"b": 2}]}, 3), ([[], [[]]], 3)):
        assert fields.depth(value) == deep


@given(JSON)
def test_wrapping_adds_one_level(value: Any) -> None:
    assert fields.depth([value]) == fields.depth({"a": value}) == fields.depth(value) + 1


class Listed(Input):
    names: Csv


NAMES = st.lists(st.text(st.characters(exclude_characters=",", exclude_categories=("Z", "C")), min_size=1), max_size=5)


@given(NAMES)
def test_a_comma_list_and_an_array_mean_the_same(names: list[str]) -> None:
    assert fields.validate(Listed, {"names": ",".join(names)}).names == names
    assert fields.validate(Listed, {"names": names}).names == names


def test_empty_places_of_a_comma_list_do_not_count() -> None:
    assert fields.validate(Listed, {"names": " a ,, b,"}).names == ["a", "b"]


class Flagged(Input):
    yes: Flag = False


@pytest.mark.parametrize(("text", "means"), [("", True), ("1", True), ("true", True), ("0", False), ("false", False)])
def test_a_flag_that_is_only_present_says_yes(text: str, means: bool) -> None:
    assert fields.validate(Flagged, {"yes": text}).yes is means


class Changed(Patch):
    id: str = ""
    name: str = ""
    note: str | None = None


def test_a_patch_tells_absent_from_null() -> None:
    assert fields.validate(Changed, {"id": "x"}).changes() == {}
    assert fields.validate(Changed, {"id": "x", "note": None}).changes() == {"note": None}
    with pytest.raises(InvalidFields):
        fields.validate(Changed, {"name": None})


@given(JSON)
def test_no_value_breaks_the_search_for_nul(value: Any) -> None:
    try:
        fields.refuse_nul({"field": value})
    except DealwrightError as refusal:
        assert "\\x00" in repr(value) or "\\u0000" in repr(value)
        assert "\0" not in str(refusal.answer("r"))


@pytest.mark.parametrize("levels", [64, 65, 5000])
def test_nesting_is_measured_without_falling_into_it(levels: int) -> None:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    if levels <= fields.MAX_NESTING:
        fields.refuse_nul({"field": value})
    else:
        with pytest.raises(InvalidFields, match="64 levels"):
            fields.refuse_nul({"field": value})


@given(st.dictionaries(st.sampled_from(["id", "name", "note", "names", "yes", "other"]), JSON))
def test_every_refusal_names_fields_in_short_sentences(values: dict[str, Any]) -> None:
    for model in (Changed, Listed, Flagged):
        try:
            fields.validate(model, values)
        except InvalidFields as refusal:
            assert refusal.details is not None
            for name, said in refusal.details["fields"].items():
                assert name.partition(".")[0] in model.model_fields
                assert said["code"]
                assert 0 < len(said["message"]) <= 300
