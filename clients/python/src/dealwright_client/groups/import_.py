"""Import: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.values import File


class Import(TypedDict):
    """How far an import is. ``imported`` counts written rows, ``skipped`` those left out as invalid, ``failed`` the
    invalid ones on account of which nothing was written."""

    id: str
    import_id: str
    entity: Literal["customers", "products"]
    status: Literal["parsed", "validated", "executing", "executed", "failed"]
    row_count: int
    processed: int
    """rows looked at so far, also while it is executing"""
    imported: int
    skipped: int
    failed: int
    created_at: str
    expires_at: str
    """when the file and this record are removed"""


class Parsed(TypedDict):
    """What was found in a file."""

    id: str
    import_id: str
    entity: Literal["customers", "products"]
    row_count: int
    columns: list[str]
    mapping: dict[str, str]
    """the guess"""
    unmapped: list[str]
    """columns that no field was found for"""
    available_fields: list[str]
    required_fields: list[str]
    preview: list[dict[str, str]]
    """the first rows"""
    encoding: str
    delimiter: str


class RowError(TypedDict):
    """What is wrong with one field of one row."""

    row: int
    """number of the data row, from 1; the header does not count"""
    line: int
    """line of the file on which the row begins, from 1"""
    field: str | None
    """null when it is about the row as a whole"""
    column: str | None
    """the column that holds the field"""
    code: str
    message: str


class Validated(TypedDict):
    id: str
    import_id: str
    valid: bool
    valid_rows: int
    error_rows: int
    errors: list[RowError]
    errors_omitted: int
    """errors beyond those that are listed"""


_EXECUTE: Final[Endpoint[Import]] = Endpoint("POST", "/import/execute", idempotent=True)
_GET: Final[Endpoint[Import]] = Endpoint("GET", "/import/{id}")
_PARSE: Final[Endpoint[Parsed]] = Endpoint("POST", "/import", files=frozenset({"file"}), idempotent=True)
_VALIDATE: Final[Endpoint[Validated]] = Endpoint("POST", "/import/validate", idempotent=True)


class ImportGroup(Group):
    """``client.import_``."""

    def execute(
        self,
        *,
        import_id: str,
        mapping: Mapping[str, str | None] | None = None,
        skip_invalid: bool | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Import:
        """Step 3: write the rows, all in one transaction: any failure leaves nothing behind.

        More than 2,000 rows are written in the background: the answer is 202 with ``X-Job-ID``, and ``GET
        /import?id=`` tells how far it is. Rows are checked again while they are written.

        ``mapping``: the validated one when left out
        ``skip_invalid``: write the valid rows and leave the others out

        Scope: ``customers:write``. Errors: ``conflict.duplicate``, ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _EXECUTE,
            {"import_id": import_id, "mapping": mapping, "skip_invalid": skip_invalid},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def get(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Import:
        """How far an import is.

        Scope: ``customers:write``.
        """
        return self._client._run(_GET, {"id": id}, timeout=timeout)

    def parse(
        self,
        *,
        file: File,
        entity: Literal["customers", "products"],
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Parsed:
        """Step 1: upload a CSV file and see what its columns probably mean. No record is written.

        UTF-8, UTF-16 and Windows-1252 are told apart by their content, as are comma, semicolon, tab and bar. The
        file waits encrypted for the other steps, for a day. Products need the scope ``products:write``.

        ``file``: CSV with a header row

        Scope: ``customers:write``.
        """
        return self._client._run(
            _PARSE, {"file": file, "entity": entity}, idempotency_key=idempotency_key, timeout=timeout
        )

    def validate(
        self,
        *,
        import_id: str,
        mapping: Mapping[str, str],
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Validated:
        """Step 2: check every row under a mapping. No record is written.

        Each error names the row (from 1, the header not counted), the line of the file and the field. An e-mail
        that a customer or an earlier row has is an error. At most 1,000 errors are listed; all are counted.

        ``mapping``: column of the file to field; null leaves a column out

        Scope: ``customers:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _VALIDATE, {"import_id": import_id, "mapping": mapping}, idempotency_key=idempotency_key, timeout=timeout
        )


class AsyncImportGroup(AsyncGroup):
    """``client.import_``, asynchronously."""

    async def execute(
        self,
        *,
        import_id: str,
        mapping: Mapping[str, str | None] | None = None,
        skip_invalid: bool | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Import:
        """Step 3: write the rows, all in one transaction: any failure leaves nothing behind."""
        return await self._client._run(
            _EXECUTE,
            {"import_id": import_id, "mapping": mapping, "skip_invalid": skip_invalid},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def get(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Import:
        """How far an import is."""
        return await self._client._run(_GET, {"id": id}, timeout=timeout)

    async def parse(
        self,
        *,
        file: File,
        entity: Literal["customers", "products"],
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Parsed:
        """Step 1: upload a CSV file and see what its columns probably mean. No record is written."""
        return await self._client._run(
            _PARSE, {"file": file, "entity": entity}, idempotency_key=idempotency_key, timeout=timeout
        )

    async def validate(
        self,
        *,
        import_id: str,
        mapping: Mapping[str, str],
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Validated:
        """Step 2: check every row under a mapping. No record is written."""
        return await self._client._run(
            _VALIDATE, {"import_id": import_id, "mapping": mapping}, idempotency_key=idempotency_key, timeout=timeout
        )
