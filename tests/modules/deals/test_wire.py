"""Laws of how a deal's figures are written."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.deals.records import rate_text


@given(st.decimals(0, 100, places=6))
def test_a_rate_keeps_its_value_and_at_least_four_places(rate: Decimal) -> None:
    text = rate_text(rate)
    places = text.partition(".")[2]
    assert Decimal(text) == rate
    assert len(places) >= 4
    assert len(places) == 4 or not places.endswith("0")
