"""Cookies as browsers send and keep them, and whose page a request comes from."""

from __future__ import annotations

import string
from http.cookies import SimpleCookie

from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel.operations import Cookie
from dealwright.surfaces import browsers

names = st.text(string.ascii_letters + "-_", min_size=1, max_size=20)
values = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=50)


@given(st.dictionaries(names, values, max_size=8))
def test_what_was_set_is_read(kept: dict[str, str]) -> None:
    header = "; ".join(f"{name}={value}" for name, value in kept.items()).encode()
    assert browsers.cookies(header) == kept


@given(st.binary(max_size=200))
def test_any_bytes_are_read(header: bytes) -> None:
    assert all("=" not in name and ";" not in value for name, value in browsers.cookies(header).items())


def test_the_first_of_a_name_counts() -> None:
    assert browsers.cookies(b"session=specific; session=general") == {"session": "specific"}


@given(names, values, st.none() | st.integers(1, 10**8), st.booleans())
def test_a_cookie_is_out_of_the_reach_of_scripts_and_other_sites(
    name: str, value: str, max_age: int | None, secure: bool
) -> None:
    jar: SimpleCookie = SimpleCookie()
    jar.load(browsers.set_cookie(Cookie(name, value, max_age), secure=secure).decode())
    [kept] = jar.values()
    assert kept.value == value and kept["path"] == "/"
    assert kept["httponly"] and kept["samesite"] == "Lax" and bool(kept["secure"]) is secure
    assert kept["max-age"] == ("" if max_age is None else str(max_age))


def test_an_empty_cookie_is_forgotten() -> None:
    assert b"Max-Age=0" in browsers.set_cookie(Cookie("session", ""), secure=False)


@given(st.sampled_from([b"cross-site", b"same-site", b"nonsense", b""]), st.booleans())
def test_what_the_browser_says_of_the_site_counts_more_than_the_origin(site: bytes, with_origin: bool) -> None:
    headers = {b"sec-fetch-site": site, **({b"origin": b"https://here.example"} if with_origin else {})}
    assert browsers.is_foreign(headers, {"https://here.example"})
