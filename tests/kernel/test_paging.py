"""Cursors lead through a list without a gap or a repetition, whatever happens to it meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel import paging
from dealwright.kernel.errors import InvalidFields
from dealwright.kernel.paging import Shaping, shape
from tests.conftest import Client

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))


@given(st.uuids(), INSTANTS, st.sampled_from(["created_at", "updated_at"]))
def test_a_cursor_reads_back_to_the_microsecond(key: UUID, at: datetime, sort: str) -> None:
    cursor = paging._encode_cursor({"id": key, "updated_at": at}, sort)
    place = paging._decode_cursor("after", cursor, sort)
    assert place["cursor_id"] == key
    assert place.get("cursor_at", at) == at
    other = "updated_at" if sort == "created_at" else "created_at"
    with pytest.raises(InvalidFields):
        paging._decode_cursor("after", cursor, other)


@given(st.text(), st.sampled_from(["created_at", "updated_at"]))
def test_no_text_breaks_the_reading_of_a_cursor(text: str, sort: str) -> None:
    for cursor in (text, f"cur_{text}"):
        try:
            paging._decode_cursor("after", cursor, sort)
        except InvalidFields as refusal:
            assert refusal.details is not None
            assert list(refusal.details["fields"]) == ["after"]


async def _fill(api: Client, count: int) -> list[str]:
    made = []
    for number in range(count):
        json = {"name": f"N{number}", "email": f"n{number}@example.com"}
        made.append((await api.data("POST", "/customers", json=json))["id"])
    return made


@pytest.mark.parametrize("sort", ["created_at", "updated_at"])
@pytest.mark.parametrize("limit", [1, 3, 5, 100])
async def test_forwards_and_back_visits_everything_once(api: Client, sort: str, limit: int) -> None:
    made = await _fill(api, 11)
    seen: list[str] = []
    pages: list[list[str]] = []
    cursor: str | None = ""
    params: dict[str, str] = {"sort": sort, "limit": str(limit)}
    while cursor is not None:
        page = await api.data("GET", "/customers", params={**params, **({"after": cursor} if cursor else {})})
        pages.append([each["id"] for each in page["customers"]])
        seen += pages[-1]
        assert page["pagination"]["total"] == 11
        assert page["pagination"]["count"] == len(pages[-1])
        assert page["pagination"]["has_more"] is (page["pagination"]["next_cursor"] is not None)
        cursor = page["pagination"]["next_cursor"]
        back = page["pagination"]["prev_cursor"]
    assert seen == made[::-1]
    for earlier in reversed(pages[:-1]):
        page = await api.data("GET", "/customers", params={**params, "before": back})
        assert [each["id"] for each in page["customers"]] == earlier
        back = page["pagination"]["prev_cursor"]
    assert back is None


async def test_offset_and_cursor_agree(api: Client) -> None:
    made = await _fill(api, 7)
    for offset in range(9):
        page = await api.data("GET", "/customers", params={"offset": offset, "limit": 3})
        assert [each["id"] for each in page["customers"]] == made[::-1][offset : offset + 3]
        assert page["pagination"]["total"] == 7


async def test_what_is_added_meanwhile_moves_nothing(api: Client) -> None:
    made = await _fill(api, 6)
    first = await api.data("GET", "/customers", params={"limit": 3})
    await api.data("POST", "/customers", json={"name": "New", "email": "new@example.com"})
    await api.delete(f"/customers?id={made[3]}", version=1)
    rest = await api.data("GET", "/customers", params={"after": first["pagination"]["next_cursor"]})
    assert [each["id"] for each in rest["customers"]] == made[2::-1]


async def test_a_cursor_whose_record_is_gone_still_leads_on(api: Client) -> None:
    made = await _fill(api, 4)
    first = await api.data("GET", "/customers", params={"limit": 2})
    await api.delete(f"/customers?id={made[2]}", version=1)
    rest = await api.data("GET", "/customers", params={"after": first["pagination"]["next_cursor"]})
    assert [each["id"] for each in rest["customers"]] == made[1::-1]


async def test_equal_instants_are_told_apart(api: Client) -> None:
    """Concurrent creations share instants; the id decides, and no page loses one of them."""
    await asyncio.gather(
        *(api.post("/customers", {"name": "n", "email": f"{number}@example.com"}) for number in range(20))
    )
    seen: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        params = {"sort": "updated_at", "limit": "3", **({"after": cursor} if cursor else {})}
        page = await api.data("GET", "/customers", params=params)
        found = {each["id"] for each in page["customers"]}
        assert not seen & found
        seen |= found
        cursor = page["pagination"]["next_cursor"]
    assert len(seen) == 20


RECORD = {"id": "x", "status": "active", "updated_at": "t", "name": "n", "version": 1}


@pytest.mark.parametrize(
    ("shaping", "members"),
    [({}, set(RECORD)), ({"fields": "name"}, {"id", "name"}), ({"fields": "name,nothing"}, {"id", "name"}),
     ({"exclude": "name,id"}, set(RECORD) - {"name"}), ({"format": "minimal"}, {"id", "status", "updated_at"}),
     ({"format": "minimal", "fields": "name"}, {"id", "status", "updated_at"}),
     ({"fields": "name,version", "exclude": "version"}, {"id", "name"}), ({"fields": ""}, set(RECORD))],
)  # fmt: skip
def test_what_of_a_record_comes_back(shaping: dict[str, str], members: set[str]) -> None:
    assert set(shape(dict(RECORD), Shaping.model_validate(shaping))) == members
