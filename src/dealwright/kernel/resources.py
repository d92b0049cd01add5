"""A resource is a kind of record that operations are about: its table, its id prefix, its wire form.

Lower modules do not know higher ones, yet a customer can be read together with its deals. A higher module therefore
registers an *expansion* on the lower one's resource; ``include=deals`` then finds it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.sql.elements import ColumnElement

from dealwright.kernel.errors import invalid_field
from dealwright.kernel.store.records import Records

if TYPE_CHECKING:
    from dealwright.kernel.context import Context

Row = Mapping[str, Any]
Render = Callable[["Context", Sequence[Row]], Awaitable[list[dict[str, Any]]]]
"""Wire objects for rows, in order; one call for the whole page, so that nothing is loaded row by row."""

Expansion = Callable[["Context", Sequence[Row]], Awaitable[Mapping[UUID, Any]]]
"""For a page of rows, what to embed, by row id; loaded for all rows at once."""

_INTERNAL = frozenset({"tenant_id", "livemode", "id"})


class Resource(Records):
    """Records with a name, a wire form, expansions, and an audit snapshot that keeps personal data out."""

    def __init__(
        self,
        name: str,
        prefix: str,
        table: Table,
        render: Render,
        *,
        private: Sequence[str] = (),
        hidden: Sequence[str] = (),
        embedded: Sequence[str] = (),
        only: ColumnElement[bool] | None = None,
        mirrored: bool = False,
    ) -> None:
        super().__init__(table, prefix, only)
        self.name = name
        self.render = render
        self.private = frozenset(private)
        """Columns whose values enter the audit trail as commitments only."""
        self.hidden = _INTERNAL | frozenset(hidden)
        """Columns that the audit trail leaves out."""
        self.mirrored = mirrored
        """Every write of a record ends in an audit entry that repeats it, so a record that differs from its newest
        entry was changed past the audit trail."""
        self.embedded = tuple(embedded)
        """Expansions that an answer about a single record has without being asked."""
        self._expansions: dict[str, Expansion] = {}
        _by_name[name] = self

    def expands(self, name: str) -> Callable[[Expansion], Expansion]:
        """Register what ``include=<name>`` embeds."""

        def register(expansion: Expansion) -> Expansion:
            if name in self._expansions:
                raise ValueError(f"{self.name}: the expansion {name} is registered twice")
            self._expansions[name] = expansion
            return expansion

        return register

    @property
    def expansions(self) -> list[str]:
        return sorted(self._expansions)

    async def embed(
        self, ctx: Context, rows: Sequence[Row], objects: Sequence[dict[str, Any]], names: Sequence[str]
    ) -> None:
        """Add the named expansions to wire objects; a name that is already a member is fine, an unknown one is 400."""
        for name in names:
            expansion = self._expansions.get(name)
            if expansion is None:
                if objects and name not in objects[0]:
                    known = ", ".join(self.expansions)
                    raise invalid_field("include", "invalid_choice", f"{name} cannot be included here; known: {known}")
                continue
            found = await expansion(ctx, rows)
            for row, wire in zip(rows, objects, strict=True):
                wire[name] = found.get(row["id"])

    def snapshot(self, row: Row, commit: Callable[[str, Any], str]) -> dict[str, Any]:
        """The row for the audit trail; ``commit`` turns a private value into a commitment to it."""
        return {
            name: commit(name, value) if name in self.private and value is not None else value
            for name, value in row.items()
            if name not in self.hidden
        }


_by_name: dict[str, Resource] = {}


def by_name(name: str) -> Resource | None:
    """The resource of that name, or None."""
    return _by_name.get(name)
