"""What must never be read in a log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import asyncpg
import pytest
import structlog

from dealwright.kernel import logging as logs

KEY = "sb_live_0123456789abcdefghij"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """The stream that logs go to; the set-up of the run comes back afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_neither_locals_nor_row_values(stream: io.StringIO, form: str) -> None:
    logs.configure(form, stream)
    password = "hidden-local"
    try:
        try:
            raise asyncpg.UniqueViolationError(f"duplicate key\nDETAIL:  Key (email)=({password}) exists")
        except asyncpg.PostgresError as problem:
            raise RuntimeError("it failed") from problem
    except RuntimeError:
        structlog.get_logger("test").exception("failed", attempt=1)
    text = stream.getvalue()
    assert "it failed" in text
    assert "duplicate key" in text
    assert "test_logging.py" in text
    assert "hidden-local" not in text.replace('password = "hidden-local"', "")


def test_json_lines_come_from_both_kinds_of_loggers(stream: io.StringIO) -> None:
    logs.configure("json", stream)
    structlog.get_logger("dealwright.test").warning("said", by="structlog")
    logging.getLogger("elsewhere").warning("said by %s", "logging")
    ours, theirs = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (ours["event"], ours["by"], ours["level"], ours["logger"]) == (
        "said",
        "structlog",
        "warning",
        "dealwright.test",
    )
    assert theirs["event"] == "said by logging"
    assert ours["timestamp"].endswith("Z")


@pytest.mark.parametrize("form", ["json", "console"])
def test_keys_and_passwords_are_masked(stream: io.StringIO, form: str) -> None:
    logs.configure(form, stream)
    structlog.get_logger("test").info("seen", key=KEY, url="postgresql://shop:hidden@db/shop")
    text = stream.getvalue()
    assert "sb_live_…" in text or "sb_live_\\u2026" in text
    assert KEY not in text
    assert "hidden" not in text
    assert "postgresql://shop:" in text


def test_values_quoted_by_database_errors_are_cut_off() -> None:
    message = logs.short_message(
        asyncpg.DataError("invalid input for query argument $3: 'jane@example.com' (expected int)")
    )
    assert "jane" not in message
    assert "query argument $3" in message
