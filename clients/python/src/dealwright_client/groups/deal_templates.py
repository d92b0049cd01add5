"""Deal templates: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NotRequired, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import (
    Deal,
    Deleted,
    Discount,
    Pagination,
    TemplateItemView,
)
from dealwright_client.values import UNSET, Number, Unset


class DefaultTerms(TypedDict):
    """What deals of a template start with. Members that are not listed here become terms of the deal."""

    currency: NotRequired[str]
    """ISO 4217 code, upper case"""
    tax_rate: NotRequired[Number]
    """a fraction, 0.10 = 10 %; a value of 1 or more is divided by 100"""
    deal_type: NotRequired[Literal["one_time", "recurring"]]
    billing_cycle: NotRequired[Literal["monthly", "quarterly", "annual"] | None]
    presentation_currency: NotRequired[str | None]
    settlement_currency: NotRequired[str | None]
    discounts: NotRequired[Sequence[Discount]]


class Template(TypedDict):
    """``unit_price`` null: the product's own price at the time of the deal."""

    id: str
    template_id: str
    name: str
    description: str | None
    category: str | None
    status: Literal["active", "inactive"]
    default_terms: dict[str, Any]
    line_items: list[TemplateItemView]
    metadata: dict[str, Any]
    version: int
    created_at: str
    updated_at: str


class TemplateItem(TypedDict):
    product_id: str
    quantity: NotRequired[int]
    unit_price: NotRequired[Number | None]
    options: NotRequired[Mapping[str, Any] | None]
    name: NotRequired[str | None]


class TemplatePage(TypedDict):
    templates: list[Template]
    pagination: Pagination


_CREATE: Final[Endpoint[Template]] = Endpoint("POST", "/deal-templates", idempotent=True)
_CREATE_DEAL: Final[Endpoint[Deal]] = Endpoint("POST", "/deal-templates/{id}/create-deal", idempotent=True)
_DELETE: Final[Endpoint[Deleted]] = Endpoint("DELETE", "/deal-templates/{id}")
_GET: Final[Endpoint[Template]] = Endpoint("GET", "/deal-templates/{id}")
_LIST: Final[Endpoint[TemplatePage]] = Endpoint(
    "GET",
    "/deal-templates",
    query=frozenset({"after", "before", "category", "limit", "offset", "search", "sort", "status"}),
)
_UPDATE: Final[Endpoint[Template]] = Endpoint("PATCH", "/deal-templates/{id}", nulls=True)


class DealTemplatesGroup(Group):
    """``client.deal_templates``."""

    def create(
        self,
        *,
        name: str,
        description: str | None = None,
        category: str | None = None,
        default_terms: DefaultTerms | None = None,
        line_items: Sequence[TemplateItem] | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Template:
        """Create a deal template from preset line items and default terms.

        Of ``default_terms``, currency, tax_rate, deal_type, billing_cycle, presentation_currency,
        settlement_currency and discounts become the deal's own; every other member becomes one of its terms.

        ``metadata``: free keys and values, at most 3 levels deep

        Scope: ``deals:write``.
        """
        return self._client._run(
            _CREATE,
            {
                "name": name,
                "description": description,
                "category": category,
                "default_terms": default_terms,
                "line_items": line_items,
                "metadata": metadata,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def create_deal(
        self,
        id: str,
        *,
        customer_id: str | None = None,
        overrides: DefaultTerms | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Make a draft deal of a template: its name as title, its items, its terms with ``overrides`` over them.

        ``overrides``: wins over default_terms, member by member

        Scope: ``deals:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _CREATE_DEAL,
            {"id": id, "customer_id": customer_id, "overrides": overrides},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def delete(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Deleted:
        """Remove a deal template; deals that were made of it stay as they are.

        Scope: ``deals:write``. Errors: ``not_found``.
        """
        return self._client._run(_DELETE, {"id": id}, if_match=if_match, timeout=timeout)

    def get(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Template:
        """Fetch one deal template.

        Scope: ``deals:read``. Errors: ``not_found``.
        """
        return self._client._run(_GET, {"id": id}, timeout=timeout)

    def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "inactive"] | None = None,
        category: str | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> TemplatePage:
        """List deal templates, newest first; ``search`` matches words of name and description.

        ``limit``: records per page
        ``offset``: ignored when a cursor is given
        ``after``: next_cursor of an earlier answer
        ``before``: prev_cursor of an earlier answer
        ``sort``: newest first by this instant
        ``search``: words of name or description

        Scope: ``deals:read``.
        """
        return self._client._run(
            _LIST,
            {
                "limit": limit,
                "offset": offset,
                "after": after,
                "before": before,
                "sort": sort,
                "status": status,
                "category": category,
                "search": search,
            },
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        limit: int | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "inactive"] | None = None,
        category: str | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> Iterator[Template]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "templates",
            {"limit": limit, "sort": sort, "status": status, "category": category, "search": search},
            timeout=timeout,
        )

    def update(
        self,
        id: str,
        *,
        name: str | Unset = UNSET,
        description: str | Unset | None = UNSET,
        category: str | Unset | None = UNSET,
        status: Literal["active", "inactive"] | Unset = UNSET,
        default_terms: DefaultTerms | Unset = UNSET,
        line_items: Sequence[TemplateItem] | Unset = UNSET,
        metadata: Mapping[str, Any] | Unset = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Template:
        """Change some members of a deal template; ``line_items`` and ``default_terms`` are replaced as a whole.

        ``line_items``: replaces the whole list
        ``metadata``: free keys and values, at most 3 levels deep

        Scope: ``deals:write``. Errors: ``not_found``.
        """
        return self._client._run(
            _UPDATE,
            {
                "id": id,
                "name": name,
                "description": description,
                "category": category,
                "status": status,
                "default_terms": default_terms,
                "line_items": line_items,
                "metadata": metadata,
            },
            if_match=if_match,
            timeout=timeout,
        )


class AsyncDealTemplatesGroup(AsyncGroup):
    """``client.deal_templates``, asynchronously."""

    async def create(
        self,
        *,
        name: str,
        description: str | None = None,
        category: str | None = None,
        default_terms: DefaultTerms | None = None,
        line_items: Sequence[TemplateItem] | None = None,
        metadata: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Template:
        """Create a deal template from preset line items and default terms."""
        return await self._client._run(
            _CREATE,
            {
                "name": name,
                "description": description,
                "category": category,
                "default_terms": default_terms,
                "line_items": line_items,
                "metadata": metadata,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def create_deal(
        self,
        id: str,
        *,
        customer_id: str | None = None,
        overrides: DefaultTerms | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Deal:
        """Make a draft deal of a template: its name as title, its items, its terms with ``overrides`` over them."""
        return await self._client._run(
            _CREATE_DEAL,
            {"id": id, "customer_id": customer_id, "overrides": overrides},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def delete(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Deleted:
        """Remove a deal template; deals that were made of it stay as they are."""
        return await self._client._run(_DELETE, {"id": id}, if_match=if_match, timeout=timeout)

    async def get(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Template:
        """Fetch one deal template."""
        return await self._client._run(_GET, {"id": id}, timeout=timeout)

    async def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "inactive"] | None = None,
        category: str | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> TemplatePage:
        """List deal templates, newest first; ``search`` matches words of name and description."""
        return await self._client._run(
            _LIST,
            {
                "limit": limit,
                "offset": offset,
                "after": after,
                "before": before,
                "sort": sort,
                "status": status,
                "category": category,
                "search": search,
            },
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        limit: int | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "inactive"] | None = None,
        category: str | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Template]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "templates",
            {"limit": limit, "sort": sort, "status": status, "category": category, "search": search},
            timeout=timeout,
        )

    async def update(
        self,
        id: str,
        *,
        name: str | Unset = UNSET,
        description: str | Unset | None = UNSET,
        category: str | Unset | None = UNSET,
        status: Literal["active", "inactive"] | Unset = UNSET,
        default_terms: DefaultTerms | Unset = UNSET,
        line_items: Sequence[TemplateItem] | Unset = UNSET,
        metadata: Mapping[str, Any] | Unset = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Template:
        """Change some members of a deal template; ``line_items`` and ``default_terms`` are replaced as a whole."""
        return await self._client._run(
            _UPDATE,
            {
                "id": id,
                "name": name,
                "description": description,
                "category": category,
                "status": status,
                "default_terms": default_terms,
                "line_items": line_items,
                "metadata": metadata,
            },
            if_match=if_match,
            timeout=timeout,
        )
