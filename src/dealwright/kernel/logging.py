"""Logging, set up in one place: structlog and the standard library's loggers end in one stream on standard error.

What must not be read there is kept out here, whoever logs: tracebacks never show local variables (they could hold a
secret or a person's data), an exception tells its first line only (PostgreSQL quotes row values in the following
ones), values that database errors quote are cut off, and anything that looks like an API key or a password in an
address is masked in the finished line.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any, Final, TextIO

import asyncpg
import structlog
from structlog.types import EventDict, Processor

_SECRETS: Final = re.compile(r"\b((?:sb|st)_(?:live|test|pub)_)[0-9A-Za-z_]{8,}|(://[^:/@\s]*:)[^@\s]+(?=@)")
_LONGEST_MESSAGE: Final = 300


def configure(log_format: str = "console", stream: TextIO | None = None) -> None:
    """Send every log line to ``stream`` (standard error unless given), readable or as one JSON object per line."""
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
        )
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _exception, renderer, mask],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for talkative in ("uvicorn", "uvicorn.error", "asyncio", "alembic", "sqlalchemy", "procrastinate"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def mask(_logger: Any, _method: str, line: Any) -> Any:
    """A finished log line without API keys and without passwords in addresses."""
    return _SECRETS.sub(lambda found: f"{found[1] or found[2]}…", line) if isinstance(line, str) else line


def _exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Put the text of an exception, if there is one, where the renderers look for it."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = described(error)
    return event


def described(error: BaseException) -> str:
    """The traceback of an exception and its causes: frames and source lines, no local variables, short messages."""
    return "\n\n".join(_one(each) for each in reversed(list(_chain(error))))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, what it was raised from, and so on; each once."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _one(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    text = f"{frames}{type(error).__module__}.{type(error).__qualname__}: {short_message(error)}"
    if isinstance(error, BaseExceptionGroup):
        text += "".join(f"\n\n[{number}] {described(each)}" for number, each in enumerate(error.exceptions, 1))
    return text


def short_message(error: BaseException) -> str:
    """The first line of what an exception says; from database errors without the values that they quote."""
    message = next(iter(str(error).splitlines()), "")[:_LONGEST_MESSAGE]
    if isinstance(error, asyncpg.DataError | asyncpg.InterfaceError):
        message = re.sub(r"'.*'|: .*", ": …", message)
    return message
