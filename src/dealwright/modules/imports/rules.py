"""Pure rules of imports: how a CSV file is to be read, and which column holds what."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 200
PREVIEWED: Final = 5

_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 65_536
_SAMPLED_ROWS: Final = 50
_LONGEST_PREVIEW: Final = 200
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATOR_LINE: Final = re.compile(r"sep=(\t|[^\w\s\"\x00])\r?\n?", re.IGNORECASE)


class NotCsv(ValueError):
    """The file cannot be read as a table; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written."""

    encoding: str
    delimiter: str
    declared: bool
    """Whether its first line only says ``sep=;``, as spreadsheets write it."""
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One record of the file: its number among the data rows (from 1), the line it begins on, its cells."""

    row: int
    line: int
    cells: list[str]


def encoding_of(content: bytes) -> str:
    """By its byte order mark; else UTF-8 when it is, else Windows-1252, else Latin-1, in which anything is text."""
    for mark, name in _BOMS:
        if content.startswith(mark):
            return name
    for name in ("utf-8", "cp1252"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            for start in range(0, len(content), _SAMPLE):
                decoder.decode(content[start : start + _SAMPLE])
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return name
    return "latin-1"


def delimiter_of(sample: str) -> str:
    """The character that cuts the most rows of a sample into as many cells, two or more, as the first row has."""

    def fit(delimiter: str) -> tuple[float, int]:
        rows = []
        try:
            for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                if row:
                    rows.append(len(row))
                if len(rows) == _SAMPLED_ROWS:
                    break
        except csv.Error:
            pass
        if not rows or rows[0] < 2:
            return 0.0, 0
        return rows.count(rows[0]) / len(rows), rows[0]

    return max(_DELIMITERS, key=fit)


def form_of(content: bytes) -> Form:
    """Encoding, delimiter and header of a file. Raises NotCsv."""
    if not content.strip():
        raise NotCsv("the file is empty")
    encoding = encoding_of(content)
    if b"\x00" in content[:_SAMPLE] and not encoding.startswith("utf-16"):
        raise NotCsv("it holds binary data")
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    sample = decoder.decode(content[:_SAMPLE])
    declared = _SEPARATOR_LINE.match(sample)
    delimiter = declared[1] if declared else delimiter_of(sample)
    if not declared and len(content) > _SAMPLE and "\n" not in sample:
        raise NotCsv("its first line is too long")
    form = Form(encoding, delimiter, declared is not None, ())
    header = next(_records(content, form), None)
    if header is None:
        raise NotCsv("it has no header row")
    if len(header.cells) > MOST_COLUMNS:
        raise NotCsv(f"it has more than {MOST_COLUMNS} columns")
    columns = _column_names(header.cells)
    return Form(encoding, delimiter, form.declared, columns)


def _column_names(cells: Sequence[str]) -> tuple[str, ...]:
    """The header's texts, each once: empty ones get a number, repeated ones a count."""
    names: list[str] = []
    for index, cell in enumerate(cells, 1):
        wanted = " ".join(cell.split())[:_LONGEST_PREVIEW] or f"Column {index}"
        name, count = wanted, 1
        while name in names:
            count += 1
            name = f"{wanted} ({count})"
        names.append(name)
    return tuple(names)


def _records(content: bytes, form: Form) -> Iterator[Line]:
    """Every record that is not blank, the header as number 0, read piece by piece. Raises NotCsv."""
    text = io.TextIOWrapper(io.BytesIO(content), form.encoding, newline="")
    skipped = 1 if form.declared else 0
    reader = csv.reader(text, delimiter=form.delimiter, strict=True)
    number, line = 0, skipped + 1
    try:
        if form.declared:
            text.readline()
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Line(number, line, cells)
                number += 1
            line = reader.line_num + skipped + 1
    except csv.Error as problem:
        raise NotCsv(f"line {reader.line_num + skipped}: {problem}") from None
    except UnicodeDecodeError:
        raise NotCsv(f"line {reader.line_num + skipped + 1} is not {form.encoding}") from None


def lines(content: bytes, form: Form) -> Iterator[Line]:
    """The data rows in order. Raises NotCsv for broken quoting, naming the line."""
    records = _records(content, form)
    next(records, None)
    yield from records


def count(content: bytes, form: Form) -> int:
    """How many data rows there are. Raises NotCsv, also when there are too many."""
    found = 0
    for found, _ in enumerate(lines(content, form), 1):
        if found > MOST_ROWS:
            raise NotCsv(f"it has more than {MOST_ROWS} rows; cut it into several files")
    return found


def preview(content: bytes, form: Form) -> list[dict[str, str]]:
    """The first rows, by column, long cells cut."""
    found: list[dict[str, str]] = []
    for line in lines(content, form):
        if len(found) == PREVIEWED:
            break
        cells = (cell.strip()[:_LONGEST_PREVIEW] for cell in line.cells)
        found.append(dict(zip(form.columns, cells, strict=False)))
    return found


def _plain(text: str) -> str:
    """A heading as it is compared: letters and digits only, without accents and case."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in folded if each.isalnum())


def guess(
    columns: Sequence[str], names: Mapping[str, Sequence[str]], parts: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Which column probably holds which field: by the field's own name, else by one of ``names``, each field once; else
    by ``parts``, of which several columns make one field together (first and last name).
    """
    found: dict[str, str] = {}

    def look(known: Mapping[str, str], *, together: bool) -> None:
        filled = set(found.values())
        for column in columns:
            field = known.get(_plain(column))
            if field is not None and column not in found and field not in filled:
                found[column] = field
                if not together:
                    filled.add(field)

    look({_plain(field): field for field in names}, together=False)
    look({_plain(name): field for field, others in names.items() for name in others}, together=False)
    look({_plain(name): field for field, others in parts.items() for name in others}, together=True)
    return {column: found[column] for column in columns if column in found}


def values(line: Line, form: Form, mapping: Mapping[str, str]) -> dict[str, Any]:
    """The mapped cells of a row by field; empty ones are left out, columns of one field joined by a space."""
    found: dict[str, Any] = {}
    for column, cell in zip(form.columns, line.cells, strict=False):
        field = mapping.get(column)
        text = cell.strip()
        if field is None or not text:
            continue
        found[field] = f"{found[field]} {text}" if field in found else text
    return found


def excess(line: Line, form: Form) -> int:
    """How many cells a row has beyond the header's, empty ones at the end aside."""
    cells = line.cells
    filled = len(cells)
    while filled > len(form.columns) and not cells[filled - 1].strip():
        filled -= 1
    return filled - len(form.columns) if filled > len(form.columns) else 0
