"""Laws of identifiers: unique, in order of creation in both forms, and readable only as what they are."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel import ids

PREFIXES = st.sampled_from(["deal", "cust", "prod", "key", "st_live", "x"])


@given(PREFIXES, st.uuids())
def test_a_text_reads_back_as_the_same_id(prefix: str, value: UUID) -> None:
    text = ids.encode(prefix, value)
    assert ids.decode(prefix, text) == value
    assert text.startswith(f"{prefix}_")
    assert len(text) == len(prefix) + 27


@given(st.uuids(), st.uuids())
def test_texts_sort_as_ids_do(one: UUID, two: UUID) -> None:
    assert (ids.encode("deal", one) < ids.encode("deal", two)) is (one.bytes < two.bytes)


@given(PREFIXES, PREFIXES, st.uuids())
def test_an_id_of_another_kind_is_none(prefix: str, other: str, value: UUID) -> None:
    if prefix != other:
        assert ids.decode(other, ids.encode(prefix, value)) is None


@given(PREFIXES, st.text())
def test_no_text_breaks_the_reading(prefix: str, text: str) -> None:
    value = ids.decode(prefix, text)
    assert value is None or ids.encode(prefix, value) == text


@given(st.uuids(), st.integers(0, 25))
def test_each_id_has_one_spelling(value: UUID, at: int) -> None:
    text = ids.encode("deal", value)
    for other in (text.upper(), f" {text}", f"{text}=", text[:-1], f"{text}0", text.replace("_", "-")):
        assert ids.decode("deal", other) is None
    last = ids.encode("deal", value)[:-1]
    readings = {ids.decode("deal", last + character) for character in "0123456789abcdefghijklmnopqrstuv"}
    assert len(readings - {None}) == 8, "the last character carries three bits; other values are no ids"


def test_ids_increase_strictly_within_a_process() -> None:
    made = [ids.uuid7() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_ids_increase_strictly_under_threads() -> None:
    """Each thread sees its own in order, and no two threads share one."""
    start = threading.Barrier(8)

    def make() -> list[UUID]:
        start.wait()
        return [ids.uuid7() for _ in range(3_000)]

    with ThreadPoolExecutor(8) as pool:
        lists = [each.result() for each in [pool.submit(make) for _ in range(8)]]
    for made in lists:
        assert made == sorted(made)
    stamps = {each.int >> 64 for made in lists for each in made}
    assert len(stamps) == 8 * 3_000, "not even the time parts repeat"


def test_ids_go_on_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids.uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000_000_000_000)
    after = [ids.uuid7() for _ in range(100)]
    assert [before, *after] == sorted({before, *after})


def test_the_layout_is_that_of_rfc_9562() -> None:
    before = time.time_ns() // 1_000_000
    made = ids.uuid7()
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert before - 1 <= made.int >> 80 <= after + 1


@given(st.integers(1, 200))
def test_tokens_have_the_length_asked_for(length: int) -> None:
    token = ids.token(length)
    assert len(token) == length
    assert set(token) <= set("0123456789abcdefghijklmnopqrstuv")


def test_tokens_do_not_repeat() -> None:
    assert len({ids.token() for _ in range(10_000)}) == 10_000
