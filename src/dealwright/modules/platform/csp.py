"""Reports about the content security policy: what is kept of one, and when there are suddenly many."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

WINDOW_SECONDS: Final = 300
FEW: Final = 20
"""So many reports in a window are never a spike."""
TIMES: Final = 4
"""A spike is so many times what the windows of the last hour had on average."""
BEFORE: Final = 12
"""Windows that a new one is compared with."""

_DIRECTIVE: Final = re.compile(r"[a-z][a-z-]{0,39}")
_WORD: Final = re.compile(r"[a-z][a-z-]{0,19}")


def window(now: datetime) -> datetime:
    """When the window began that an instant lies in."""
    return datetime.fromtimestamp(int(now.timestamp()) // WINDOW_SECONDS * WINDOW_SECONDS, UTC)


def threshold(before: int) -> int:
    """The number of reports in a window that makes it a spike, after ``before`` reports in the last hour's windows."""
    return max(FEW, -(-TIMES * before // BEFORE))


def facts(report: Mapping[str, Any]) -> dict[str, str]:
    """What is worth knowing of a report and says nothing of the person: no queries, no paths of other sites."""
    directive = str(report.get("effective-directive") or report.get("violated-directive") or "").split(" ")[0]
    return {
        "directive": directive if _DIRECTIVE.fullmatch(directive) else "unknown",
        "page": _place(report.get("document-uri")),
        "blocked": _origin(report.get("blocked-uri")),
    }


def _place(value: object) -> str:
    """The path of one of our own pages, its ids left out."""
    try:
        path = urlsplit(str(value)[:2000]).path
    except ValueError:
        return "unknown"
    parts = [part if re.fullmatch(r"[a-z-]{1,30}", part) else "*" for part in path.split("/") if part]
    return "/" + "/".join(parts[:8])


def _origin(value: object) -> str:
    """Scheme and host of what was blocked, or the word that browsers use for it (``inline``, ``eval``)."""
    text = str(value or "")[:2000]
    if _WORD.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return "unknown"
    known = host and re.fullmatch(r"[A-Za-z0-9.-]{1,253}", host) and re.fullmatch(r"[a-z-]{1,20}", parts.scheme)
    return f"{parts.scheme}://{host}" if known else "unknown"
