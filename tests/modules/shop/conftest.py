"""Tests of the shop speak to it through the SalesThumb API."""

from tests.shop import shop  # noqa: F401
