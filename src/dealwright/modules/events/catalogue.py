"""Reads ``catalogue.toml`` into the registry of event kinds (Salesbooth API, Webhooks, Available Events).

Where the main object of an event is a deal, the payload names it twice, ``id`` and ``deal_id``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from dealwright.kernel.event_types import EventType, event_types

_FILE: Final = Path(__file__).with_name("catalogue.toml")


def _read() -> list[EventType]:
    families = tomllib.loads(_FILE.read_text("utf-8"))
    return [
        EventType(name, family, facts["means"], tuple(facts["members"].split()))
        for family, kinds in families.items()
        for name, facts in kinds.items()
    ]


for _kind in _read():
    event_types.add(_kind)
