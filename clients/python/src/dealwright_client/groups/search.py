"""Search: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class Hit(TypedDict):
    type: Literal["customer", "product", "deal", "contract"]
    id: str
    label: str
    score: float


class SearchResult(TypedDict):
    results: list[Hit]
    total: int


_LIST: Final[Endpoint[SearchResult]] = Endpoint("GET", "/search", query=frozenset({"limit", "q", "types"}))


class SearchGroup(Group):
    """``client.search``."""

    def list(
        self,
        *,
        q: str,
        limit: int | None = None,
        types: Sequence[str] | str | None = None,
        timeout: float | None = None,
    ) -> SearchResult:
        """Search customers, products, deals and contracts at once, best first.

        Every word must be a word of the record or the beginning of one. Only kinds that the key may read are
        searched, of each the newest 200 matches; with none of them the answer is 403.

        ``q``: words to look for
        ``types``: any of deals, customers, products, contracts; all when left out

        Errors: ``authorization_error.insufficient_scope``.
        """
        return self._client._run(_LIST, {"q": q, "limit": limit, "types": types}, timeout=timeout)


class AsyncSearchGroup(AsyncGroup):
    """``client.search``, asynchronously."""

    async def list(
        self,
        *,
        q: str,
        limit: int | None = None,
        types: Sequence[str] | str | None = None,
        timeout: float | None = None,
    ) -> SearchResult:
        """Search customers, products, deals and contracts at once, best first."""
        return await self._client._run(_LIST, {"q": q, "limit": limit, "types": types}, timeout=timeout)
