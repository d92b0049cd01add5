"""Pure rules of the activity feed: names and patterns of events, and how entries and notifications read."""

from __future__ import annotations

import re
from typing import Final, Literal

from dealwright.kernel.event_types import event_types
from dealwright.modules.webhooks.rules import meant

Channel = Literal["email", "webhook", "in_app"]
CHANNELS: Final[tuple[Channel, ...]] = ("email", "webhook", "in_app")
PREFIXES: Final = {"entry": "act", "rule": "rule", "notification": "notif"}

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)+")


def event_name(text: str) -> str:
    """The name of an event, also of one that this version does not know. Raises ValueError."""
    if len(text) > 100 or not _NAME.fullmatch(text):
        raise ValueError(f"{text[:100]} is not the name of an event, for example deal.created")
    return text


def event_pattern(text: str) -> str:
    """An event's name, or a pattern (``payment.*``, ``*``) that means at least one event. Raises ValueError."""
    if text not in event_types and not meant([text], (kind.name for kind in event_types)):
        raise ValueError(f"{text[:100]} is neither the name of an event nor a pattern (payment.*, *) that means any")
    return text


def title(event: str) -> str:
    """``deal.signature_added`` → ``Deal signature added``."""
    return re.sub(r"[._-]+", " ", event).capitalize()


def summary(event: str) -> str:
    """One sentence on what happened."""
    return event_types[event].description if event in event_types else f"{title(event)}."


def message(event: str, entity_type: str, entity_id: str) -> str:
    """What a notification says."""
    return f"{summary(event)} ({entity_type.replace('_', ' ')} {entity_id})"
