"""Inputs and results of the import operations (Salesbooth API, CSV Import)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dealwright.kernel.fields import Flag, Identifier, Input, Wire
from dealwright.kernel.files import File

EntityName = Literal["customers", "products"]
Status = Literal["parsed", "validated", "executing", "executed", "failed"]
Mapping = Annotated[
    dict[str, str | None],
    Field(
        max_length=200,
        description="column of the file to field; null leaves a column out",
        examples=[{"Email": "email"}],
    ),
]


class ParseImport(Input):
    file: Annotated[File, Field(description="CSV with a header row")]
    entity: EntityName


class ValidateImport(Input):
    import_id: Identifier
    mapping: Mapping


class ExecuteImport(Input):
    import_id: Identifier
    mapping: Annotated[Mapping | None, Field(description="the validated one when left out")] = None
    skip_invalid: Annotated[Flag, Field(description="write the valid rows and leave the others out")] = False


class ImportId(Input):
    id: Identifier


class ParsedView(Wire):
    """What was found in a file."""

    id: str
    import_id: str
    entity: EntityName
    row_count: int
    columns: list[str]
    mapping: Annotated[dict[str, str], Field(description="the guess")]
    unmapped: Annotated[list[str], Field(description="columns that no field was found for")]
    available_fields: list[str]
    required_fields: list[str]
    preview: Annotated[list[dict[str, str]], Field(description="the first rows")]
    encoding: str
    delimiter: str


class RowError(Wire):
    """What is wrong with one field of one row."""

    row: Annotated[int, Field(description="number of the data row, from 1; the header does not count")]
    line: Annotated[int, Field(description="line of the file on which the row begins, from 1")]
    field: Annotated[str | None, Field(description="null when it is about the row as a whole")]
    column: Annotated[str | None, Field(description="the column that holds the field")]
    code: str
    message: str


class ValidatedView(Wire):
    id: str
    import_id: str
    valid: bool
    valid_rows: int
    error_rows: int
    errors: list[RowError]
    errors_omitted: Annotated[int, Field(description="errors beyond those that are listed")]


class ImportView(Wire):
    """How far an import is. ``imported`` counts written rows, ``skipped`` those left out as invalid, ``failed`` the
    invalid ones on account of which nothing was written.
    """

    id: str
    import_id: str
    entity: EntityName
    status: Status
    row_count: int
    processed: Annotated[int, Field(description="rows looked at so far, also while it is executing")]
    imported: int
    skipped: int
    failed: int
    created_at: str
    expires_at: Annotated[str, Field(description="when the file and this record are removed")]
