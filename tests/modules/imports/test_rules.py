"""How files are read: every encoding, delimiter and quoting that spreadsheets write."""

from __future__ import annotations

import codecs
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.imports import rules
from dealwright.modules.imports.entities import ENTITIES

CUSTOMERS = ENTITIES["customers"]
TEXT = "Name;E-Mail\r\nJürgen Groß;j@example.com\r\nRené;r@example.com\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_encodings(encoding: str) -> None:
    content = TEXT.encode(encoding)
    form = rules.form_of(content)
    assert (form.delimiter, form.columns) == (";", ("Name", "E-Mail"))
    assert [line.cells[0] for line in rules.lines(content, form)] == ["Jürgen Groß", "René"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str) -> None:
    rows = [["name", "notes"], ["A, B; C", "x"], ["B", "one, two; three | four"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    content = text.getvalue().encode()
    form = rules.form_of(content)
    assert form.delimiter == delimiter
    assert [line.cells for line in rules.lines(content, form)] == rows[1:]


def test_one_column_and_a_declared_separator() -> None:
    assert rules.form_of(b"email\na@example.com\n").columns == ("email",)
    content = b"sep=;\r\nname;email\r\nA,B;a@example.com\r\n"
    form = rules.form_of(content)
    assert form.columns == ("name", "email")
    [line] = rules.lines(content, form)
    assert (line.row, line.line, line.cells) == (1, 3, ["A,B", "a@example.com"])


def test_rows_and_lines_are_told_apart() -> None:
    content = b'name,notes\n"A","one\ntwo"\n\n  , \nB,"x ""y"" z"\nC,=1+1\n'
    form = rules.form_of(content)
    found = [(line.row, line.line, line.cells) for line in rules.lines(content, form)]
    assert found == [(1, 2, ["A", "one\ntwo"]), (2, 6, ["B", 'x "y" z']), (3, 7, ["C", "=1+1"])]
    assert rules.count(content, form) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b" \n \n", "empty"),
        (b'name,email\n"A,a@example.com\nB,b@example.com\n', "line 3"),
        (b'name,email\n"A"x,a@example.com\n', "line 2"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "binary"),
        (b"a" * 200_000, "too long"),
        (b"\xff\xfen\x00a\x00m", "not utf-16"),
        (codecs.BOM_UTF8 + b"sep=;\nname;email\n\xff;a@example.com\n", "not utf-8"),
    ],
)
def test_what_cannot_be_read(content: bytes, said: str) -> None:
    with pytest.raises(rules.NotCsv, match=said):
        rules.count(content, rules.form_of(content))


def test_headings() -> None:
    form = rules.form_of(b"Email,, email ,Email\nx,y,z,w\n")
    assert form.columns == ("Email", "Column 2", "email", "Email (2)")


@pytest.mark.parametrize(
    ("columns", "mapping"),
    [
        (("Full Name", "Email"), {"Full Name": "name", "Email": "email"}),
        (("First Name", "Last Name", "E-Mail"), {"First Name": "name", "Last Name": "name", "E-Mail": "email"}),
        (("First Name", "Name", "Mail"), {"Name": "name", "Mail": "email"}),
        (("Customer", "name"), {"name": "name"}),
        (("POSTCODE", "Télephone", "Other"), {"POSTCODE": "zip", "Télephone": "phone"}),
    ],
)
def test_guesses(columns: tuple[str, ...], mapping: dict[str, str]) -> None:
    assert rules.guess(columns, CUSTOMERS.names, CUSTOMERS.parts) == mapping


def test_every_field_is_one_of_the_model() -> None:
    for entity in ENTITIES.values():
        assert entity.names.keys() <= entity.model.model_fields.keys()
        assert set(entity.required) <= entity.names.keys()


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=12)


@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=20))
def test_what_is_written_is_read(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["one", "two", "three"], *rows])
    content = text.getvalue().encode("utf-8-sig")
    form = rules.Form("utf-8-sig", ",", False, ("one", "two", "three"))
    read = [line.cells for line in rules.lines(content, form)]
    assert read == [row for row in rows if any(cell.strip() for cell in row)]


@given(
    st.sampled_from((b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE)),
    st.sampled_from((b"", b"sep=;\n", "sep=;\n".encode("utf-16-le"))),
    st.binary(max_size=300),
)
def test_any_bytes_are_read_or_refused(mark: bytes, declaration: bytes, rest: bytes) -> None:
    content = mark + declaration + rest
    try:
        form = rules.form_of(content)
        rules.count(content, form)
    except rules.NotCsv:
        pass
