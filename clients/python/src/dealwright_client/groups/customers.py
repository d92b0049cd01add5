"""Customers: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import Deleted, Pagination
from dealwright_client.values import UNSET, Unset


class Customer(TypedDict):
    """The customer object. ``include`` may add deals, contracts and activity_log."""

    id: str
    customer_id: str
    tenant_id: str
    name: str | None
    email: str | None
    phone: str | None
    company: str | None
    address: str | None
    city: str | None
    state: str | None
    zip: str | None
    country: str | None
    notes: str | None
    status: Literal["active", "inactive", "archived"]
    version: int
    created_at: str
    updated_at: str


class CustomerPage(TypedDict):
    customers: list[Customer]
    pagination: Pagination


_CREATE: Final[Endpoint[Customer]] = Endpoint("POST", "/customers", idempotent=True)
_DELETE: Final[Endpoint[Deleted]] = Endpoint("DELETE", "/customers/{id}")
_GET: Final[Endpoint[Customer]] = Endpoint(
    "GET", "/customers/{id}", query=frozenset({"exclude", "fields", "format", "include"})
)
_LIST: Final[Endpoint[CustomerPage]] = Endpoint(
    "GET",
    "/customers",
    query=frozenset(
        {"after", "before", "exclude", "fields", "format", "include", "limit", "offset", "search", "sort", "status"}
    ),
)
_UPDATE: Final[Endpoint[Customer]] = Endpoint("PATCH", "/customers/{id}", nulls=True)


class CustomersGroup(Group):
    """``client.customers``."""

    def create(
        self,
        *,
        name: str,
        email: str,
        country: str | None = None,
        phone: str | None = None,
        company: str | None = None,
        address: str | None = None,
        city: str | None = None,
        state: str | None = None,
        zip: str | None = None,
        notes: str | None = None,
        status: Literal["active", "inactive", "archived"] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Customer:
        """Create a customer. The email must be new in the workspace.

        ``name``: full name
        ``email``: e-mail address, unique in the workspace

        Scope: ``customers:write``. Errors: ``conflict.duplicate``.
        """
        return self._client._run(
            _CREATE,
            {
                "name": name,
                "email": email,
                "country": country,
                "phone": phone,
                "company": company,
                "address": address,
                "city": city,
                "state": state,
                "zip": zip,
                "notes": notes,
                "status": status,
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
        """Archive a customer: reads answer 404 and lists leave it out unless ``status=archived`` is asked for.

        Deals, contracts and payments keep their link, and the email becomes free again.

        Scope: ``customers:write``.
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
    ) -> Customer:
        """Fetch one customer; the ETag header carries the version for the next write.

        ``fields``: sparse field set, for example id,status
        ``include``: nested resources to embed
        ``exclude``: nested resources to leave out
        ``format``: minimal: id, status and updated_at only

        Scope: ``customers:read``.
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
        search: str | None = None,
        timeout: float | None = None,
    ) -> CustomerPage:
        """List or search customers.

        ``search`` finds by name, company, email or phone through blind indexes; every word must match a word or the
        beginning of one. Archived customers appear only with ``status=archived``.

        ``fields``: sparse field set, for example id,status
        ``include``: nested resources to embed
        ``exclude``: nested resources to leave out
        ``format``: minimal: id, status and updated_at only
        ``limit``: records per page
        ``offset``: ignored when a cursor is given
        ``after``: next_cursor of an earlier answer
        ``before``: prev_cursor of an earlier answer
        ``sort``: newest first by this instant
        ``status``: archived customers appear only when asked for
        ``search``: name, company, email or phone

        Scope: ``customers:read``.
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
        search: str | None = None,
        timeout: float | None = None,
    ) -> Iterator[Customer]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "customers",
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "sort": sort,
                "status": status,
                "search": search,
            },
            timeout=timeout,
        )

    def update(
        self,
        id: str,
        *,
        name: str | Unset = UNSET,
        email: str | Unset = UNSET,
        country: str | Unset | None = UNSET,
        phone: str | Unset | None = UNSET,
        company: str | Unset | None = UNSET,
        address: str | Unset | None = UNSET,
        city: str | Unset | None = UNSET,
        state: str | Unset | None = UNSET,
        zip: str | Unset | None = UNSET,
        notes: str | Unset | None = UNSET,
        status: Literal["active", "inactive", "archived"] | Unset = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Customer:
        """Change some members of a customer; members that are left out stay as they are.

        ``email``: e-mail address, unique in the workspace

        Scope: ``customers:write``. Errors: ``conflict.duplicate``.
        """
        return self._client._run(
            _UPDATE,
            {
                "id": id,
                "name": name,
                "email": email,
                "country": country,
                "phone": phone,
                "company": company,
                "address": address,
                "city": city,
                "state": state,
                "zip": zip,
                "notes": notes,
                "status": status,
            },
            if_match=if_match,
            timeout=timeout,
        )


class AsyncCustomersGroup(AsyncGroup):
    """``client.customers``, asynchronously."""

    async def create(
        self,
        *,
        name: str,
        email: str,
        country: str | None = None,
        phone: str | None = None,
        company: str | None = None,
        address: str | None = None,
        city: str | None = None,
        state: str | None = None,
        zip: str | None = None,
        notes: str | None = None,
        status: Literal["active", "inactive", "archived"] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Customer:
        """Create a customer. The email must be new in the workspace."""
        return await self._client._run(
            _CREATE,
            {
                "name": name,
                "email": email,
                "country": country,
                "phone": phone,
                "company": company,
                "address": address,
                "city": city,
                "state": state,
                "zip": zip,
                "notes": notes,
                "status": status,
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
        """Archive a customer: reads answer 404 and lists leave it out unless ``status=archived`` is asked for."""
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
    ) -> Customer:
        """Fetch one customer; the ETag header carries the version for the next write."""
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
        search: str | None = None,
        timeout: float | None = None,
    ) -> CustomerPage:
        """List or search customers."""
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
        search: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Customer]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(
            _LIST,
            "customers",
            {
                "fields": fields,
                "include": include,
                "exclude": exclude,
                "format": format,
                "limit": limit,
                "sort": sort,
                "status": status,
                "search": search,
            },
            timeout=timeout,
        )

    async def update(
        self,
        id: str,
        *,
        name: str | Unset = UNSET,
        email: str | Unset = UNSET,
        country: str | Unset | None = UNSET,
        phone: str | Unset | None = UNSET,
        company: str | Unset | None = UNSET,
        address: str | Unset | None = UNSET,
        city: str | Unset | None = UNSET,
        state: str | Unset | None = UNSET,
        zip: str | Unset | None = UNSET,
        notes: str | Unset | None = UNSET,
        status: Literal["active", "inactive", "archived"] | Unset = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Customer:
        """Change some members of a customer; members that are left out stay as they are."""
        return await self._client._run(
            _UPDATE,
            {
                "id": id,
                "name": name,
                "email": email,
                "country": country,
                "phone": phone,
                "company": company,
                "address": address,
                "city": city,
                "state": state,
                "zip": zip,
                "notes": notes,
                "status": status,
            },
            if_match=if_match,
            timeout=timeout,
        )
