"""Lists: filters, offset and cursor paging, and the shaping of what is returned.

Records are listed newest first. Cursor paging walks an index (the primary key, whose ids sort by creation, or
``(updated_at, id)``), so page one and page one million cost the same. The total is counted up to
:data:`COUNTED_UP_TO` and marked as a minimum beyond it: an exact count of a million rows on each page is what makes
other servers slow.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

import orjson
from pydantic import Field
from sqlalchemy import Select, Table, func, literal_column, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from dealwright.kernel import clock
from dealwright.kernel.errors import invalid_field
from dealwright.kernel.fields import Csv, Identifier, Input, Integer, Wire
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import ByShape, given
from dealwright.kernel.store.tables import readable

COUNTED_UP_TO: Final = 10_000


class Shaping(Input):
    """Which members of a record come back (Salesbooth API, common list parameters)."""

    minimal: ClassVar[tuple[str, ...]] = ("id", "status", "updated_at")
    """What ``format=minimal`` leaves."""

    fields: Annotated[Csv | None, Field(description="sparse field set, for example id,status")] = None
    include: Annotated[Csv | None, Field(description="nested resources to embed")] = None
    exclude: Annotated[Csv | None, Field(description="nested resources to leave out")] = None
    format: Annotated[Literal["minimal"] | None, Field(description="minimal: id, status and updated_at only")] = None


class Paging(Input):
    """Where in a list to be."""

    limit: Annotated[Integer, Field(ge=1, le=100, description="records per page")] = 50
    offset: Annotated[Integer, Field(ge=0, le=1_000_000, description="ignored when a cursor is given")] = 0
    after: Annotated[Identifier | None, Field(description="next_cursor of an earlier answer")] = None
    before: Annotated[Identifier | None, Field(description="prev_cursor of an earlier answer")] = None
    sort: Annotated[Literal["created_at", "updated_at"], Field(description="newest first by this instant")] = (
        "created_at"
    )


class Offsets(Input):
    """Where in a list to be, for lists that count pages only."""

    limit: Annotated[Integer, Field(ge=1, le=100)] = 50
    offset: Annotated[Integer, Field(ge=0, le=1_000_000)] = 0

    def paging(self) -> Paging:
        return Paging(limit=self.limit, offset=self.offset)


class Onward(Input):
    """Where in a list to be, for lists that are only read forwards (SalesThumb REST API, Pagination)."""

    limit: Annotated[Integer, Field(ge=1, le=100, description="records per page")] = 20
    after: Annotated[Identifier | None, Field(description="next_cursor of the previous answer")] = None


class OnwardView(Wire):
    """The ``pagination`` member of a list that is only read forwards."""

    next_cursor: str | None
    has_more: bool
    limit: int


class PaginationView(Wire):
    """The ``pagination`` member of a list."""

    total: int
    limit: int
    offset: int
    count: int
    next_cursor: str | None
    prev_cursor: str | None
    has_more: bool
    total_is_minimum: Annotated[
        bool, Field(description=f"present and true when there are more than {COUNTED_UP_TO}, uncounted")
    ] = False


class Listing(Paging, Shaping):
    """Paging and shaping together: what the four main lists take."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows and its ``pagination`` member."""

    rows: list[Record]
    pagination: dict[str, Any]


def _encode_cursor(row: Mapping[str, Any], sort: str) -> str:
    position = [sort, row["id"].hex]
    if sort == "updated_at":
        position.append(clock.iso_exact(row["updated_at"]))
    return "cur_" + base64.urlsafe_b64encode(orjson.dumps(position)).decode().rstrip("=")


def _decode_cursor(name: str, text: str, sort: str) -> dict[str, Any]:
    try:
        raw = text.removeprefix("cur_")
        position = orjson.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
        place: dict[str, Any] = {"cursor_id": UUID(hex=position[1])}
        if position[0] != sort:
            raise invalid_field(name, "invalid", f"{name} was made for sort={position[0]}")
        if sort == "updated_at":
            place["cursor_at"] = clock.parse_iso(position[2])
    except (ValueError, TypeError, LookupError, binascii.Error, AttributeError):
        raise invalid_field(name, "invalid", f"{name} is not a cursor that this server gave out") from None
    return place


Conditions = Mapping[str, Callable[[], ColumnElement[bool]]]


class List:
    """A filtered, paged list over one table; one prepared statement per combination of filters."""

    def __init__(self, table: Table, conditions: Conditions, source: Callable[[], Any] | None = None) -> None:
        self._table = table
        self._conditions = conditions
        self._source = source
        self._pages = ByShape(self._page)
        self._counts = ByShape(self._count)

    def _where(self, statement: Select[Any], filters: Sequence[str]) -> Select[Any]:
        return statement.where(in_scope(self._table), *(self._conditions[name]() for name in filters))

    def _page(self, shape: tuple[tuple[str, ...], str, str]) -> Select[Any]:
        filters, sort, direction = shape
        table = self._table
        statement = self._where(select(*readable(table)), filters)
        order: list[ColumnElement[Any]] = [table.c.id] if sort == "created_at" else [table.c.updated_at, table.c.id]
        if direction != "offset":
            place = [given("cursor_id")] if sort == "created_at" else [given("cursor_at"), given("cursor_id")]
            left: Any = tuple_(*order) if len(order) > 1 else order[0]
            right: Any = tuple_(*place) if len(place) > 1 else place[0]
            statement = statement.where(left < right if direction == "after" else left > right)
        backwards = direction == "before"
        statement = statement.order_by(*(column.asc() if backwards else column.desc() for column in order))
        statement = statement.limit(given("page_limit"))
        return statement.offset(given("page_offset")) if direction == "offset" else statement

    def _count(self, filters: tuple[str, ...]) -> Select[Any]:
        counted = self._where(select(literal_column("1")).select_from(self._table), filters)
        return select(func.count()).select_from(counted.limit(COUNTED_UP_TO + 1).subquery())

    async def onward(self, tx: Transaction, place: Onward, filters: Mapping[str, Any]) -> Page:
        """The rows after a cursor, newest first, and the short pagination that needs no counting."""
        values = {name: value for name, value in filters.items() if value is not None}
        at: dict[str, Any] = {"page_offset": 0}
        if place.after is not None:
            at = _decode_cursor("after", place.after, "created_at")
        statement = self._pages[tuple(sorted(values)), "created_at", "offset" if place.after is None else "after"]
        rows = await tx.rows(statement, page_limit=place.limit + 1, **at, **values)
        more = len(rows) > place.limit
        rows = rows[: place.limit]
        cursor = _encode_cursor(rows[-1], "created_at") if more else None
        return Page(rows, {"next_cursor": cursor, "has_more": more, "limit": place.limit})

    async def page(self, tx: Transaction, paging: Paging, filters: Mapping[str, Any]) -> Page:
        """Rows and pagination for the filters that are given (None: not given)."""
        values = {name: value for name, value in filters.items() if value is not None}
        names = tuple(sorted(values))
        if paging.after is not None:
            direction, place = "after", _decode_cursor("after", paging.after, paging.sort)
        elif paging.before is not None:
            direction, place = "before", _decode_cursor("before", paging.before, paging.sort)
        else:
            direction, place = "offset", {"page_offset": paging.offset}
        statement = self._pages[names, paging.sort, direction]
        rows = await tx.rows(statement, page_limit=paging.limit + 1, **place, **values)
        more = len(rows) > paging.limit
        rows = rows[: paging.limit]
        if direction == "before":
            rows.reverse()
        if direction == "offset" and not more and (rows or paging.offset == 0):
            total = paging.offset + len(rows)
        else:
            total = await tx.value(self._counts[names], **values)
        has_next = more if direction != "before" else True
        has_previous = {"offset": paging.offset > 0, "after": True, "before": more}[direction]
        pagination: dict[str, Any] = {
            "total": min(total, COUNTED_UP_TO),
            "limit": paging.limit,
            "offset": paging.offset if direction == "offset" else 0,
            "count": len(rows),
            "next_cursor": _encode_cursor(rows[-1], paging.sort) if rows and has_next else None,
            "prev_cursor": _encode_cursor(rows[0], paging.sort) if rows and has_previous else None,
            "has_more": has_next if rows else False,
        }
        if total > COUNTED_UP_TO:
            pagination["total_is_minimum"] = True
        return Page(rows, pagination)


def shape(record: dict[str, Any], shaping: Shaping) -> dict[str, Any]:
    """Cut one record to what was asked for; ``id`` always stays."""
    if shaping.format == "minimal":
        return {name: record[name] for name in shaping.minimal if name in record}
    if shaping.fields:
        wanted: Iterable[str] = dict.fromkeys(["id", *shaping.fields, *(shaping.include or ())])
        record = {name: record[name] for name in wanted if name in record}
    if shaping.exclude:
        record = {name: value for name, value in record.items() if name == "id" or name not in shaping.exclude}
    return record


def between(after: datetime | None, before: datetime | None) -> dict[str, datetime | None]:
    """The two creation filters of a list, checked against each other."""
    if after is not None and before is not None and after > before:
        raise invalid_field("created_after", "out_of_range", "created_after lies behind created_before")
    return {"created_after": after, "created_before": before}
