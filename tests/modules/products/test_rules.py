"""Laws of the product rules."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel.crypto import words
from dealwright.modules.products import rules

amounts = st.decimals(min_value=0, max_value=Decimal("999999999999.99"), places=4)
counts = st.none() | st.integers(min_value=0, max_value=20)
stocks = st.fixed_dictionaries(
    {"track_inventory": st.booleans(), "stock_quantity": counts, "low_stock_threshold": counts}
)
texts = st.text(max_size=60)
products = st.fixed_dictionaries({"name": texts, "sku": st.none() | texts, "description": st.none() | texts})


@given(amounts)
def test_decimal_text_is_fixed_point_and_loses_nothing(value: Decimal) -> None:
    text = rules.decimal_text(value)
    assert re.fullmatch(r"\d+\.\d{2,4}", text)
    assert Decimal(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [("999", "999.00"), ("0.1", "0.10"), ("0.0825", "0.0825"), ("1E+3", "1000.00"), ("0E-6", "0.00"), ("10", "10.00")],
)
def test_decimal_text_of_well_known_values(value: str, text: str) -> None:
    assert rules.decimal_text(Decimal(value)) == text


@given(st.integers(min_value=0, max_value=1_000_000))
def test_a_rate_survives_binary_floating_point(millionths: int) -> None:
    exact = Decimal(millionths).scaleb(-6)
    assert rules.storable_rate(Decimal(repr(float(exact) * 3 / 3))) == exact
    assert rules.storable_rate(exact) == exact


@given(st.sampled_from(["once_off", "recurring", "percentage", "metered"]), st.sampled_from([None, "monthly"]))
def test_only_a_recurring_price_needs_a_cycle(price_type: str, cycle: str | None) -> None:
    assert rules.lacks_billing_cycle(price_type, cycle) is (price_type == "recurring" and cycle is None)


@given(stocks, stocks)
def test_low_stock_is_reported_on_the_way_down_only(before: dict[str, Any], after: dict[str, Any]) -> None:
    if rules.became_low(before, after):
        assert rules.is_low(after) and not rules.is_low(before)
        assert after["track_inventory"] and after["stock_quantity"] <= after["low_stock_threshold"]
    assert not rules.became_low(after, after)
    assert not rules.is_low({**after, "track_inventory": False})


@given(products, st.data())
def test_a_product_is_found_by_every_beginning_of_its_name_and_sku(
    product: dict[str, Any], data: st.DataObject
) -> None:
    found = rules.search_words(product)
    known = words(product["name"]) + words(product["sku"] or "")
    for word in known:
        length = data.draw(st.integers(min_value=1, max_value=len(word)))
        assert word[:length] in found


@given(products)
def test_a_product_is_found_by_its_own_texts(product: dict[str, Any]) -> None:
    found = rules.search_words(product)
    for member in rules.FOUND_BY:
        assert found.issuperset(rules.query_words(product[member] or ""))


@pytest.mark.parametrize("url", ["http://example.com", "https://user@example.com:8443/a?b=c#d", "https://[::1]/x"])
def test_web_addresses_stay_as_they_are(url: str) -> None:
    assert rules.web_address(url) == url


@given(st.text(max_size=40))
def test_a_web_address_is_http_or_refused(text: str) -> None:
    try:
        accepted = rules.web_address(text)
    except ValueError:
        return
    assert accepted.lower().startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com", "javascript:alert(1)", "https://", "https:///x", "https://a b", "http://[x",
     "https://example.com:99999", "https://exa\nmple.com", "//example.com"],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="http or https"):
        rules.web_address(url)
