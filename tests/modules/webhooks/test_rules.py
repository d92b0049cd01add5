"""The laws of the webhook rules."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.webhooks import addresses, rules
from dealwright.modules.webhooks.rules import Answer

WORDS = st.text(string.ascii_lowercase + "_-", min_size=1, max_size=8)
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(".".join)
SCHEDULES = st.lists(st.floats(0.1, 86_400), max_size=6)
CODES = st.none() | st.integers(100, 599)


def test_the_signature_is_the_documented_one() -> None:
    body = b'{"id":"evt_abc123","event":"deal.created"}'
    expected = "v1=dada1363f6e6ca3915e8d65d3e965baa63d44f39f1a442d173b8e4133163d98d"
    assert rules.sign("whsec_test", "1773052200", body) == expected


@given(st.text(max_size=40), st.integers(0, 2**40), st.binary(max_size=200), st.binary(min_size=1, max_size=20))
def test_a_signature_covers_body_time_and_secret(secret: str, stamp: int, body: bytes, more: bytes) -> None:
    signature = rules.sign(secret, str(stamp), body)
    assert signature.startswith("v1=")
    assert len(signature) == 67
    assert signature == rules.sign(secret, str(stamp), body)
    assert signature != rules.sign(secret, str(stamp), body + more)
    assert signature != rules.sign(secret, str(stamp + 1), body)
    assert signature != rules.sign(secret + "x", str(stamp), body)


@given(NAMES, NAMES)
def test_a_pattern_means_its_family_and_nothing_else(name: str, other: str) -> None:
    assert rules.meant([name], [name, other]) == [each for each in (name, other) if each == name]
    assert rules.meant(["*"], [name, other]) == [name, other]
    assert rules.meant([f"{other}.*"], [name]) == ([name] if name.startswith(f"{other}.") else [])


@given(st.integers(1, 10), SCHEDULES, CODES, st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, 1e9))
def test_a_delivery_ends_after_its_schedule_and_waits_at_least_what_it_must(
    attempts: int, schedule: list[float], code: int | None, chance: float, asked: float | None
) -> None:
    answer = Answer(code, None, asked)
    following = rules.after_attempt(attempts, schedule, answer, chance)
    if code is not None and 200 <= code < 300:
        assert following == rules.Next("success")
    elif attempts > len(schedule):
        assert following == rules.Next("failed")
    else:
        planned = schedule[attempts - 1]
        assert following.status == "pending"
        assert following.wait is not None
        assert following.wait >= planned * 0.8 - 1e-6
        if asked is None:
            assert following.wait <= planned * 1.2 + 1e-6
        else:
            assert following.wait >= min(asked, rules.LONGEST_WAIT)
            assert following.wait <= max(planned * 1.2 + 1e-6, rules.LONGEST_WAIT)


def test_retry_after_is_a_number_or_a_date() -> None:
    now = datetime(2026, 3, 9, 10, 30, tzinfo=UTC)
    assert rules.retry_after("120", now) == 120
    assert rules.retry_after(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90
    assert rules.retry_after(format_datetime(now - timedelta(seconds=90), usegmt=True), now) == 0
    for nonsense in (None, "", "soon", "-5", "1.5", "²"):
        assert rules.retry_after(nonsense, now) is None


@given(st.text(max_size=60))
def test_any_retry_after_is_harmless(header: str) -> None:
    found = rules.retry_after(header, datetime(2026, 3, 9, tzinfo=UTC))
    assert found is None or found >= 0


def test_backoff_doubles_up_to_five_minutes() -> None:
    seen = [rules.next_backoff(None)]
    while (following := rules.next_backoff(seen[-1])) != seen[-1]:
        seen.append(following)
    assert seen == [5, 10, 20, 40, 80, 160, 300]


@given(st.lists(st.sampled_from(["pending", "success", "failed"]), max_size=5))
def test_the_state_of_an_event_follows_from_its_deliveries(statuses: list[rules.DeliveryStatus]) -> None:
    state = rules.event_status(statuses)
    assert (state == "pending") == ("pending" in statuses)
    assert (state == "delivered") == ({*statuses} <= {"success"})
    assert (state == "failed") == ({*statuses} == {"failed"})


@given(st.text(max_size=80), st.booleans(), st.booleans())
def test_no_text_breaks_the_url_check(text: str, livemode: bool, allow_private: bool) -> None:
    for url in (text, f"https://{text}", f"https://example.com/{text}", f"https://example.com:{text}"):
        try:
            assert rules.check_url(url, livemode=livemode, allow_private=allow_private) == url
        except ValueError as problem:
            assert str(problem)
        else:
            assert "\r" not in url
            assert "\n" not in url


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.8.8", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.168.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
        "168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "fe80::1%eth0",
        "fc00::1", "fd00:ec2::254", "64:ff9b::a00:1", "64:ff9b:1::1", "2001::1", "2002:a00:1::", "2001:db8::1",
        "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_private_and_reserved_addresses_are_refused(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert addresses.is_public(address)


@given(st.ip_addresses(v=4))
def test_what_the_standard_library_calls_private_is_refused(address: object) -> None:
    if not address.is_global:  # type: ignore[attr-defined]
        assert not addresses.is_public(str(address))
        assert not addresses.is_public(f"::ffff:{address}")


@given(st.ip_addresses(v=6))
def test_so_it_is_for_ipv6(address: object) -> None:
    if not address.is_global and not str(address).startswith("64:ff9b:"):  # type: ignore[attr-defined]
        assert not addresses.is_public(str(address))
