"""How well a found record fits a query: a pure score between 0 and 1."""

from __future__ import annotations

from dealwright.kernel.crypto import words


def score(query: str, label: str) -> float:
    """1 for the label itself, less the less of the label the query covers and the less it stands at its beginning.

    Every record that is scored was found by all of the query's words, in its label or elsewhere; a match outside of
    the label scores at least 0.3.
    """
    wanted, shown = words(query), words(label)
    if wanted and wanted == shown:
        return 1.0
    if not wanted or not shown:
        return 0.3
    hits = [word for word in wanted if any(each.startswith(word) for each in shown)]
    found = len(hits) / len(wanted)
    covered = sum(len(word) for word in hits) / sum(len(each) for each in shown)
    first = 1.0 if shown[0].startswith(wanted[0]) else 0.0
    return round(0.3 + 0.35 * found + 0.2 * min(covered, 1.0) + 0.1 * first, 2)
