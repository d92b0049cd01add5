"""Products: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import Deleted, Pagination
from dealwright_client.values import UNSET, Number, Unset


class Product(TypedDict):
    """The product object. Decimals are fixed-point strings; ``include`` may add deals and activity_log."""

    id: str
    product_id: str
    tenant_id: str
    name: str
    description: str | None
    sku: str | None
    type: Literal["product", "service", "subscription", "bundle"]
    price: str
    price_type: Literal["once_off", "recurring", "percentage", "metered"]
    billing_cycle: Literal["monthly", "quarterly", "annual"] | None
    pricing_model: Literal["fixed", "tiered", "volume", "usage"]
    cost: str | None
    unit: str | None
    tax_rate: str | None
    category: str | None
    family_id: str | None
    status: Literal["active", "inactive", "archived"]
    stock_quantity: int | None
    track_inventory: bool
    low_stock_threshold: int | None
    metadata: dict[str, Any] | None
    configuration_schema: dict[str, Any] | None
    requires_booking: bool
    session_duration: int | None
    buffer_time: int | None
    max_advance_days: int
    min_advance_hours: int
    allow_staff_selection: bool
    learn_more_url: str | None
    features: list[str]
    version: int
    created_at: str
    updated_at: str


class ProductOptions(TypedDict):
    """What of a product can be configured: its own schema, and the option groups linked to it."""

    product_id: str
    configuration_schema: dict[str, Any] | None
    option_groups: list[dict[str, Any]]


class ProductPage(TypedDict):
    products: list[Product]
    pagination: Pagination


_CREATE: Final[Endpoint[Product]] = Endpoint("POST", "/products", idempotent=True)
_DELETE: Final[Endpoint[Deleted]] = Endpoint("DELETE", "/products/{id}")
_GET: Final[Endpoint[Product]] = Endpoint(
    "GET", "/products/{id}", query=frozenset({"exclude", "fields", "format", "include"})
)
_LIST: Final[Endpoint[ProductPage]] = Endpoint(
    "GET",
    "/products",
    query=frozenset(
        {
            "after",
            "before",
            "category",
            "exclude",
            "family",
            "fields",
            "format",
            "include",
            "limit",
            "offset",
            "requires_booking",
            "search",
            "sort",
            "status",
            "type",
        }
    ),
)
_OPTIONS: Final[Endpoint[ProductOptions]] = Endpoint("GET", "/products/{id}/options")
_UPDATE: Final[Endpoint[Product]] = Endpoint("PATCH", "/products/{id}", nulls=True)


class ProductsGroup(Group):
    """``client.products``."""

    def create(
        self,
        *,
        name: str,
        price: Number,
        description: str | None = None,
        sku: str | None = None,
        type: Literal["product", "service", "subscription", "bundle"] | None = None,
        price_type: Literal["once_off", "recurring", "percentage", "metered"] | None = None,
        billing_cycle: Literal["monthly", "quarterly", "annual"] | None = None,
        pricing_model: Literal["fixed", "tiered", "volume", "usage"] | None = None,
        cost: Number | None = None,
        unit: str | None = None,
        tax_rate: Number | None = None,
        category: str | None = None,
        family_id: str | None = None,
        status: Literal["active", "inactive", "archived"] | None = None,
        stock_quantity: int | None = None,
        track_inventory: bool | None = None,
        low_stock_threshold: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        configuration_schema: Mapping[str, Any] | None = None,
        requires_booking: bool | None = None,
        session_duration: int | None = None,
        buffer_time: int | None = None,
        max_advance_days: int | None = None,
        min_advance_hours: int | None = None,
        allow_staff_selection: bool | None = None,
        learn_more_url: str | None = None,
        features: Sequence[str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Product:
        """Add a product to the catalogue.

        A recurring price needs ``billing_cycle``. Amounts are kept with four places, tax rates with six, half-even.

        ``price``: selling price, at most four places
        ``billing_cycle``: needed when price_type is recurring
        ``max_advance_days``: how far ahead a booking may be made
        ``min_advance_hours``: lead time that a booking needs

        Scope: ``products:write``.
        """
        return self._client._run(
            _CREATE,
            {
                "name": name,
                "price": price,
                "description": description,
                "sku": sku,
                "type": type,
                "price_type": price_type,
                "billing_cycle": billing_cycle,
                "pricing_model": pricing_model,
                "cost": cost,
                "unit": unit,
                "tax_rate": tax_rate,
                "category": category,
                "family_id": family_id,
                "status": status,
                "stock_quantity": stock_quantity,
                "track_inventory": track_inventory,
                "low_stock_threshold": low_stock_threshold,
                "metadata": metadata,
                "configuration_schema": configuration_schema,
                "requires_booking": requires_booking,
                "session_duration": session_duration,
                "buffer_time": buffer_time,
                "max_advance_days": max_advance_days,
                "min_advance_hours": min_advance_hours,
                "allow_staff_selection": allow_staff_selection,
                "learn_more_url": learn_more_url,
                "features": features,
            },
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
        """Archive a product: reads answer 404 and lists leave it out unless ``status=archived`` is asked for.

        Line items, bookings and contracts keep their link.

        Scope: ``products:write``.
        """
        return self._client._run(_DELETE, {"id": id}, if_match=if_match, timeout=timeout)

    def get(
        self,
        id: str,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        timeout: float | None = None,
    ) -> Product:
        """Fetch one product; the ETag header carries the version for the next write.

        Decimals are fixed-point strings with at least two places: a price of 999 is ``999.00``, a tax rate of ten
        percent ``0.10``.

        ``fields``: sparse field set, for example id,status
        ``include``: nested resources to embed
        ``exclude``: nested resources to leave out
        ``format``: minimal: id, status and updated_at only

        Scope: ``products:read``.
        """
        return self._client._run(
            _GET,
            {"id": id, "fields": fields, "include": include, "exclude": exclude, "format": format},
            timeout=timeout,
        )

    def list(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "inactive", "archived"] | None = None,
        type: Literal["product", "service", "subscription", "bundle"] | None = None,
        category: str | None = None,
        family: str | None = None,
        requires_booking: Literal["1", "0"] | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> ProductPage:
        """List, filter and search the catalogue.

        ``search`` finds by name, SKU or description: every word must be a word of the product or the beginning of
        one (in descriptions from four letters on). Archived products appear only with ``status=archived``.

        ``fields``: sparse field set, for example id,status
        ``include``: nested resources to embed
        ``exclude``: nested resources to leave out
        ``format``: minimal: id, status and updated_at only
        ``limit``: records per page
        ``offset``: ignored when a cursor is given
        ``after``: next_cursor of an earlier answer
        ``before``: prev_cursor of an earlier answer
        ``sort``: newest first by this instant
        ``status``: archived products appear only when asked for
        ``family``: product family id
        ``requires_booking``: 1: bookable products only, 0: leave them out
        ``search``: name, SKU or description

        Scope: ``products:read``.
        """
        return self._client._run(
            _LIST,
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "offset": offset,
                "after": after,
                "before": before,
                "sort": sort,
                "status": status,
                "type": type,
                "category": category,
                "family": family,
                "requires_booking": requires_booking,
                "search": search,
            },
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "inactive", "archived"] | None = None,
        type: Literal["product", "service", "subscription", "bundle"] | None = None,
        category: str | None = None,
        family: str | None = None,
        requires_booking: Literal["1", "0"] | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> Iterator[Product]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "products",
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "sort": sort,
                "status": status,
                "type": type,
                "category": category,
                "family": family,
                "requires_booking": requires_booking,
                "search": search,
            },
            timeout=timeout,
        )

    def options(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> ProductOptions:
        """What of a product can be configured: its JSON schema, and the option groups linked to it.

        Scope: ``products:read``.
        """
        return self._client._run(_OPTIONS, {"id": id}, timeout=timeout)

    def update(
        self,
        id: str,
        *,
        name: str | Unset = UNSET,
        price: Number | Unset = UNSET,
        description: str | Unset | None = UNSET,
        sku: str | Unset | None = UNSET,
        type: Literal["product", "service", "subscription", "bundle"] | Unset = UNSET,
        price_type: Literal["once_off", "recurring", "percentage", "metered"] | Unset = UNSET,
        billing_cycle: Literal["monthly", "quarterly", "annual"] | Unset | None = UNSET,
        pricing_model: Literal["fixed", "tiered", "volume", "usage"] | Unset = UNSET,
        cost: Number | Unset | None = UNSET,
        unit: str | Unset | None = UNSET,
        tax_rate: Number | Unset | None = UNSET,
        category: str | Unset | None = UNSET,
        family_id: str | Unset | None = UNSET,
        status: Literal["active", "inactive", "archived"] | Unset = UNSET,
        stock_quantity: int | Unset | None = UNSET,
        track_inventory: bool | Unset = UNSET,
        low_stock_threshold: int | Unset | None = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        configuration_schema: Mapping[str, Any] | Unset | None = UNSET,
        requires_booking: bool | Unset = UNSET,
        session_duration: int | Unset | None = UNSET,
        buffer_time: int | Unset | None = UNSET,
        max_advance_days: int | Unset = UNSET,
        min_advance_hours: int | Unset = UNSET,
        allow_staff_selection: bool | Unset = UNSET,
        learn_more_url: str | Unset | None = UNSET,
        features: Sequence[str] | Unset = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Product:
        """Change some members of a product; members that are left out stay as they are.

        Line items that already stand on deals keep the price that they were made with.

        ``max_advance_days``: how far ahead a booking may be made
        ``min_advance_hours``: lead time that a booking needs

        Scope: ``products:write``.
        """
        return self._client._run(
            _UPDATE,
            {
                "id": id,
                "name": name,
                "price": price,
                "description": description,
                "sku": sku,
                "type": type,
                "price_type": price_type,
                "billing_cycle": billing_cycle,
                "pricing_model": pricing_model,
                "cost": cost,
                "unit": unit,
                "tax_rate": tax_rate,
                "category": category,
                "family_id": family_id,
                "status": status,
                "stock_quantity": stock_quantity,
                "track_inventory": track_inventory,
                "low_stock_threshold": low_stock_threshold,
                "metadata": metadata,
                "configuration_schema": configuration_schema,
                "requires_booking": requires_booking,
                "session_duration": session_duration,
                "buffer_time": buffer_time,
                "max_advance_days": max_advance_days,
                "min_advance_hours": min_advance_hours,
                "allow_staff_selection": allow_staff_selection,
                "learn_more_url": learn_more_url,
                "features": features,
            },
            if_match=if_match,
            timeout=timeout,
        )


class AsyncProductsGroup(AsyncGroup):
    """``client.products``, asynchronously."""

    async def create(
        self,
        *,
        name: str,
        price: Number,
        description: str | None = None,
        sku: str | None = None,
        type: Literal["product", "service", "subscription", "bundle"] | None = None,
        price_type: Literal["once_off", "recurring", "percentage", "metered"] | None = None,
        billing_cycle: Literal["monthly", "quarterly", "annual"] | None = None,
        pricing_model: Literal["fixed", "tiered", "volume", "usage"] | None = None,
        cost: Number | None = None,
        unit: str | None = None,
        tax_rate: Number | None = None,
        category: str | None = None,
        family_id: str | None = None,
        status: Literal["active", "inactive", "archived"] | None = None,
        stock_quantity: int | None = None,
        track_inventory: bool | None = None,
        low_stock_threshold: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        configuration_schema: Mapping[str, Any] | None = None,
        requires_booking: bool | None = None,
        session_duration: int | None = None,
        buffer_time: int | None = None,
        max_advance_days: int | None = None,
        min_advance_hours: int | None = None,
        allow_staff_selection: bool | None = None,
        learn_more_url: str | None = None,
        features: Sequence[str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Product:
        """Add a product to the catalogue."""
        return await self._client._run(
            _CREATE,
            {
                "name": name,
                "price": price,
                "description": description,
                "sku": sku,
                "type": type,
                "price_type": price_type,
                "billing_cycle": billing_cycle,
                "pricing_model": pricing_model,
                "cost": cost,
                "unit": unit,
                "tax_rate": tax_rate,
                "category": category,
                "family_id": family_id,
                "status": status,
                "stock_quantity": stock_quantity,
                "track_inventory": track_inventory,
                "low_stock_threshold": low_stock_threshold,
                "metadata": metadata,
                "configuration_schema": configuration_schema,
                "requires_booking": requires_booking,
                "session_duration": session_duration,
                "buffer_time": buffer_time,
                "max_advance_days": max_advance_days,
                "min_advance_hours": min_advance_hours,
                "allow_staff_selection": allow_staff_selection,
                "learn_more_url": learn_more_url,
                "features": features,
            },
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
        """Archive a product: reads answer 404 and lists leave it out unless ``status=archived`` is asked for."""
        return await self._client._run(_DELETE, {"id": id}, if_match=if_match, timeout=timeout)

    async def get(
        self,
        id: str,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        timeout: float | None = None,
    ) -> Product:
        """Fetch one product; the ETag header carries the version for the next write."""
        return await self._client._run(
            _GET,
            {"id": id, "fields": fields, "include": include, "exclude": exclude, "format": format},
            timeout=timeout,
        )

    async def list(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        offset: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "inactive", "archived"] | None = None,
        type: Literal["product", "service", "subscription", "bundle"] | None = None,
        category: str | None = None,
        family: str | None = None,
        requires_booking: Literal["1", "0"] | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> ProductPage:
        """List, filter and search the catalogue."""
        return await self._client._run(
            _LIST,
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "offset": offset,
                "after": after,
                "before": before,
                "sort": sort,
                "status": status,
                "type": type,
                "category": category,
                "family": family,
                "requires_booking": requires_booking,
                "search": search,
            },
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        fields: Sequence[str] | str | None = None,
        include: Sequence[str] | str | None = None,
        exclude: Sequence[str] | str | None = None,
        format: Literal["minimal"] | None = None,
        limit: int | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "inactive", "archived"] | None = None,
        type: Literal["product", "service", "subscription", "bundle"] | None = None,
        category: str | None = None,
        family: str | None = None,
        requires_booking: Literal["1", "0"] | None = None,
        search: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Product]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "products",
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "sort": sort,
                "status": status,
                "type": type,
                "category": category,
                "family": family,
                "requires_booking": requires_booking,
                "search": search,
            },
            timeout=timeout,
        )

    async def options(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> ProductOptions:
        """What of a product can be configured: its JSON schema, and the option groups linked to it."""
        return await self._client._run(_OPTIONS, {"id": id}, timeout=timeout)

    async def update(
        self,
        id: str,
        *,
        name: str | Unset = UNSET,
        price: Number | Unset = UNSET,
        description: str | Unset | None = UNSET,
        sku: str | Unset | None = UNSET,
        type: Literal["product", "service", "subscription", "bundle"] | Unset = UNSET,
        price_type: Literal["once_off", "recurring", "percentage", "metered"] | Unset = UNSET,
        billing_cycle: Literal["monthly", "quarterly", "annual"] | Unset | None = UNSET,
        pricing_model: Literal["fixed", "tiered", "volume", "usage"] | Unset = UNSET,
        cost: Number | Unset | None = UNSET,
        unit: str | Unset | None = UNSET,
        tax_rate: Number | Unset | None = UNSET,
        category: str | Unset | None = UNSET,
        family_id: str | Unset | None = UNSET,
        status: Literal["active", "inactive", "archived"] | Unset = UNSET,
        stock_quantity: int | Unset | None = UNSET,
        track_inventory: bool | Unset = UNSET,
        low_stock_threshold: int | Unset | None = UNSET,
        metadata: Mapping[str, Any] | Unset | None = UNSET,
        configuration_schema: Mapping[str, Any] | Unset | None = UNSET,
        requires_booking: bool | Unset = UNSET,
        session_duration: int | Unset | None = UNSET,
        buffer_time: int | Unset | None = UNSET,
        max_advance_days: int | Unset = UNSET,
        min_advance_hours: int | Unset = UNSET,
        allow_staff_selection: bool | Unset = UNSET,
        learn_more_url: str | Unset | None = UNSET,
        features: Sequence[str] | Unset = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Product:
        """Change some members of a product; members that are left out stay as they are."""
        return await self._client._run(
            _UPDATE,
            {
                "id": id,
                "name": name,
                "price": price,
                "description": description,
                "sku": sku,
                "type": type,
                "price_type": price_type,
                "billing_cycle": billing_cycle,
                "pricing_model": pricing_model,
                "cost": cost,
                "unit": unit,
                "tax_rate": tax_rate,
                "category": category,
                "family_id": family_id,
                "status": status,
                "stock_quantity": stock_quantity,
                "track_inventory": track_inventory,
                "low_stock_threshold": low_stock_threshold,
                "metadata": metadata,
                "configuration_schema": configuration_schema,
                "requires_booking": requires_booking,
                "session_duration": session_duration,
                "buffer_time": buffer_time,
                "max_advance_days": max_advance_days,
                "min_advance_hours": min_advance_hours,
                "allow_staff_selection": allow_staff_selection,
                "learn_more_url": learn_more_url,
                "features": features,
            },
            if_match=if_match,
            timeout=timeout,
        )
