"""The building blocks of input models, and the translation of validation failures into field errors.

Input models carry the wire's own field names. A field marked with :class:`InQuery` travels in the query string of a
write request; every other field of a write is read from the JSON body. Undeclared members are dropped silently
(Salesbooth API, Field Whitelisting).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)

from dealwright.kernel import clock, money
from dealwright.kernel.errors import FieldError, InvalidFields, invalid_field


class InQuery:
    """Marks a field of a write operation that the documented call carries in the query string."""


class InHeader:
    """Marks a field that a header of this name may carry as well."""

    def __init__(self, header: str) -> None:
        self.header = header


class RawBody:
    """Marks the field that takes the whole body as it came, for operations that verify a signature over its bytes."""


class CalledUrl:
    """Marks a field that takes the address that was called, with its query, as the outside world spells it."""


class CommaSeparated:
    """Marks a list that the query string carries as one text, its members separated by commas."""


class Input(BaseModel):
    """Base of every input model. Unknown members are ignored, never stored."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True, hide_input_in_errors=True)


class Nothing(Input):
    """For operations that take no arguments."""


class Patch(Input):
    """Base of partial updates: an absent member and an explicit null are different things.

    ``changes()`` holds exactly the members that the caller sent; a member whose type lacks None refuses null.
    """

    def changes(self, *, besides: frozenset[str] = frozenset({"id"})) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set if name not in besides}


class Wire(BaseModel):
    """Base of every result model: declares the shape on the wire. No member has a silent default."""

    model_config = ConfigDict(extra="forbid")


class Received(Wire):
    """The small body of a webhook's answer."""

    received: bool


class Deleted(Wire):
    """The small body of a DELETE."""

    deleted: bool
    id: str


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


def _split(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _flag(value: object) -> object:
    """``?include_rotated`` (present), 1/0 and true/false all say yes or no."""
    return True if value == "" else value


def _known_currency(code: str) -> str:
    if not money.is_currency(code):
        raise ValueError(f"{code} is not an ISO 4217 currency code")
    return code


def _instant(value: object) -> object:
    if isinstance(value, str):
        return clock.parse_iso(value.strip())
    if isinstance(value, datetime):
        return value
    raise ValueError("must be an ISO 8601 date and time")


_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DAY.fullmatch(text := value.strip()):
        return date.fromisoformat(text)
    raise ValueError("must be a date as YYYY-MM-DD")


MAX_DEPTH: Final = 3
MAX_OBJECT_MEMBERS: Final = 200
MAX_NESTING: Final = 64
"""No request holds values nested deeper than this, whatever its fields."""


def depth(value: object) -> int:
    """Nesting depth of objects and arrays: ``{}`` is 1, ``{"a": {}}`` is 2, a scalar is 0."""
    if isinstance(value, Mapping):
        return 1 + max((depth(child) for child in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth(child) for child in value), default=0)
    return 0


def _shallow(value: dict[str, Any]) -> dict[str, Any]:
    if depth(value) > MAX_DEPTH:
        raise ValueError(f"must not be nested deeper than {MAX_DEPTH} levels")
    if len(value) > MAX_OBJECT_MEMBERS:
        raise ValueError(f"must not have more than {MAX_OBJECT_MEMBERS} members")
    return value


Amount = Annotated[
    Decimal,
    BeforeValidator(_no_boolean),
    Field(ge=0, le=money.LARGEST, allow_inf_nan=False),
    AfterValidator(money.storable),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": float(money.LARGEST)}),
]
"""A sum of money in major units, zero or more."""

PositiveAmount = Annotated[
    Decimal,
    BeforeValidator(_no_boolean),
    Field(gt=0, le=money.LARGEST, allow_inf_nan=False),
    AfterValidator(money.storable),
    Field(gt=0),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": float(money.LARGEST)}),
]
"""A sum of money in major units, more than zero."""

Number = Annotated[
    Decimal,
    BeforeValidator(_no_boolean),
    Field(allow_inf_nan=False, ge=-money.LARGEST, le=money.LARGEST),
    WithJsonSchema({"type": "number"}),
]
Integer = Annotated[int, BeforeValidator(_no_boolean), Field(ge=-(2**31), lt=2**31)]
"""A whole number that an integer column holds."""
Cents = Annotated[int, BeforeValidator(_no_boolean), Field(ge=0, le=money.to_minor(money.LARGEST, "USD"))]
"""A sum of US dollars in whole cents, zero or more."""
Flag = Annotated[bool, BeforeValidator(_flag)]
Currency = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    AfterValidator(_known_currency),
    Field(description="ISO 4217 code, upper case", examples=["USD"]),
]
Csv = Annotated[
    list[str],
    CommaSeparated(),
    BeforeValidator(_split),
    WithJsonSchema({"type": "string", "description": "comma-separated names"}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(clock.iso, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A calendar day."""
Metadata = Annotated[
    dict[str, Any],
    AfterValidator(_shallow),
    Field(description=f"free keys and values, at most {MAX_DEPTH} levels deep"),
]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=255)]
LongText = Annotated[str, StringConstraints(max_length=10_000)]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=255)]


_CODES: Final[dict[str, str]] = {
    "missing": "required",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_long",
    "too_short": "too_short",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
    "decimal_max_digits": "out_of_range",
    "decimal_max_places": "out_of_range",
    "decimal_whole_digits": "out_of_range",
    "finite_number": "out_of_range",
    "int_parsing_size": "out_of_range",
    "enum": "invalid_choice",
    "literal_error": "invalid_choice",
    "string_pattern_mismatch": "invalid_format",
    "value_error": "invalid",
}


def _label(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ").capitalize()


def _sentence(name: str, kind: str, error: Any) -> str:
    if kind == "missing" or (kind == "string_too_short" and error.get("ctx", {}).get("min_length") == 1):
        return f"{_label(name)} is required"
    said = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input ").removeprefix("Value ")
    return f"{_label(name)}: {said[:1].lower()}{said[1:]}" if said else f"{_label(name)} is invalid"


def field_errors(failure: ValidationError) -> InvalidFields:
    """Every failing field of a Pydantic failure as one 400 error (Salesbooth API, Error Handling)."""
    fields: dict[str, FieldError] = {}
    for error in failure.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in error["loc"]) or "body"
        kind = error["type"]
        code = _CODES.get(kind, "invalid_type" if kind.endswith(("_type", "_parsing")) else "invalid")
        if kind == "string_too_short" and error.get("ctx", {}).get("min_length") == 1:
            code = "required"
        fields.setdefault(name, FieldError(code, _sentence(name, kind, error)))
    return InvalidFields(fields)


M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], arguments: Mapping[str, Any]) -> M:
    """Build ``model`` from wire arguments; raises InvalidFields naming every bad field."""
    try:
        return model.model_validate(arguments)
    except ValidationError as failure:
        raise field_errors(failure) from None


def _unremarkable(value: object, level: int = 0) -> bool:
    """The quick look that almost every request passes; who fails it is asked for names by :func:`_strings`."""
    if isinstance(value, str):
        return "\x00" not in value
    if isinstance(value, dict):
        if level > MAX_NESTING:
            return False
        for key, child in value.items():
            if "\x00" in key or not _unremarkable(child, level + 1):
                return False
    elif isinstance(value, list):
        if level > MAX_NESTING:
            return False
        for child in value:
            if not _unremarkable(child, level + 1):
                return False
    return True


def _strings(value: object, path: str, level: int = 0) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping | list):
        if level > MAX_NESTING:
            name = path.partition(".")[0]
            raise invalid_field(name, "invalid", f"{_label(name)} must not be nested deeper than {MAX_NESTING} levels")
        if isinstance(value, list):
            for index, child in enumerate(value):
                yield from _strings(child, f"{path}.{index}", level + 1)
        else:
            for key, child in value.items():
                here = f"{path}.{key}" if path else str(key)
                yield here, str(key)
                yield from _strings(child, here, level + 1)


def refuse_nul(arguments: object) -> None:
    """PostgreSQL text cannot hold U+0000: refuse it by the name of its field instead of failing later.

    Values nested deeper than :data:`MAX_NESTING` are refused on the way, before anything recurses into them.
    """
    if _unremarkable(arguments):
        return
    for path, found in _strings(arguments, ""):
        if "\x00" in found:
            name = path.replace("\x00", "\ufffd")
            raise invalid_field(name, "invalid", f"{_label(name)} must not contain the NUL character")
