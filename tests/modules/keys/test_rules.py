"""Origins and scopes, as pure rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.keys.rules import is_scope, normal_origin

KNOWN = {"deals:read", "deals:write", "customers:read", "admin"}


@pytest.mark.parametrize("scope", ["*", "deals:read", "admin", "deals:*", "*:read", "*:write"])
def test_scopes(scope: str) -> None:
    assert is_scope(scope, KNOWN)


@pytest.mark.parametrize("scope", ["", "deals", "deals:", ":read", "deal:*", "*:sign", "admin:*x", "**"])
def test_no_scopes(scope: str) -> None:
    assert not is_scope(scope, KNOWN)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://SHOP.example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_origins(text: str, origin: str) -> None:
    assert normal_origin(text) == origin
    assert normal_origin(origin) == origin


@given(st.text(max_size=40))
def test_whatever_is_taken_for_an_origin_is_one(text: str) -> None:
    try:
        origin = normal_origin(text)
    except ValueError:
        return
    assert normal_origin(origin) == origin
    assert origin.isascii() and origin.startswith(("http://", "https://")) and origin.count("/") == 2
