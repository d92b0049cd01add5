"""Tests of the shop speak to it through the SalesThumb API; its deliveries come from an application that works."""

from tests.modules.webhooks.conftest import own_database, receiver, room, start, working  # noqa: F401
from tests.shop import shop  # noqa: F401
