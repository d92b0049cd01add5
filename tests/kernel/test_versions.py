"""ETag and If-Match."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel.errors import InvalidRequest
from dealwright.kernel.versions import etag, parse_if_match


@given(st.integers(0, 999_999_999))
def test_every_documented_form_of_a_version_reads_back(version: int) -> None:
    assert etag(version) == f'W/"{version}"'
    for form in (etag(version), f'"{version}"', str(version), f" {version} "):
        assert parse_if_match(form) == version


def test_a_star_matches_any_version() -> None:
    assert parse_if_match("*") is None


@given(st.text())
def test_everything_else_is_refused_by_name(text: str) -> None:
    try:
        version = parse_if_match(text)
    except InvalidRequest as refusal:
        assert refusal.code == "validation_error.invalid_if_match"
        assert len(refusal.message) < 400
    else:
        assert version is None or 0 <= version < 10**9


@pytest.mark.parametrize(
    "text", ["", '"', "W/5", 'w/"5"', '"5', "5, 6", "-5", "5.0", "0x5", "**", '"*"', "1e3", "٣"[:0] + "½"]
)
def test_forms_that_are_none(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_if_match(text)
