"""The geometry of the calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from dealwright.surfaces.desk import week
from dealwright.surfaces.desk.week import MINUTES, Piece

BERLIN = ZoneInfo("Europe/Berlin")
pieces = st.lists(st.tuples(st.integers(0, MINUTES - 1), st.integers(1, 600), st.booleans()), max_size=20).map(
    lambda drawn: [
        Piece(key, start, min(start + length, MINUTES), begins or start > 0, start + length <= MINUTES)
        for key, (start, length, begins) in enumerate(drawn)
    ]
)


@given(pieces)
def test_what_overlaps_stands_side_by_side_and_nothing_is_lost(found: list[Piece]) -> None:
    placed = week.place(found)
    assert sorted(each.piece.key for each in placed) == list(range(len(found)))
    for one in placed:
        assert 0 <= one.lane < one.lane + one.width <= one.lanes
        for other in placed:
            if one is other or not (one.piece.start < other.piece.reach and other.piece.start < one.piece.reach):
                continue
            assert one.lanes == other.lanes, "what overlaps shares one division of the width"
            assert one.lane + one.width <= other.lane or other.lane + other.width <= one.lane


@given(pieces)
def test_no_more_lanes_than_things_at_once(found: list[Piece]) -> None:
    placed = week.place(found)
    for one in placed:
        busiest = max(
            sum(each.start <= minute < each.reach for each in found) for minute in {each.start for each in found}
        )
        assert one.lanes <= busiest


@given(pieces)
def test_everything_can_be_seen_in_the_hours_that_are_shown(found: list[Piece]) -> None:
    first, last = week.hours(found)
    assert 0 <= first <= 8
    assert 18 <= last <= 24
    for each in found:
        start, end = each.within(first * 60, last * 60)
        assert first * 60 <= start
        assert end <= last * 60
        assert end - start >= week.LEAST
        if each.begins and each.start <= last * 60 - week.LEAST:
            assert start == each.start


@given(st.dates(date(1971, 1, 1), date(2198, 1, 1)))
def test_a_week_has_its_day_and_begins_on_monday(day: date) -> None:
    days = week.week_of(day)
    assert day in days
    assert days[0].weekday() == 0
    assert len(days) == 7
    since, until = week.bounds(days, BERLIN)
    assert since.date() == days[0]
    assert until.date() == days[-1] + timedelta(days=1)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(1, 4 * MINUTES))
def test_days_share_what_lasts_over_night(start: datetime, minutes: int) -> None:
    begins = start.replace(second=0, microsecond=0, tzinfo=BERLIN)
    span = (begins, begins + timedelta(minutes=minutes))
    days = [start.date() + timedelta(days=number) for number in range(-1, 7)]
    found = [piece for day in days for piece in week.pieces([span], day, BERLIN)]
    assert [each.begins for each in found] == [True] + [False] * (len(found) - 1)
    assert [each.ends for each in found] == [False] * (len(found) - 1) + [True]
    assert sum(each.end - each.start for each in found) == minutes


def test_a_summer_morning_stands_where_the_clock_on_the_wall_says() -> None:
    start = datetime(2026, 3, 29, 9, 0, tzinfo=BERLIN)
    [piece] = week.pieces([(start, start + timedelta(hours=1))], date(2026, 3, 29), BERLIN)
    assert piece.start == 9 * 60, "though the night was an hour shorter"
