"""Whom an event concerns, where several APIs share a workspace."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OtherApis:
    """The kinds of records that only another API knows: what happens to them stays out of this one's log and feed."""

    kinds: frozenset[str]
