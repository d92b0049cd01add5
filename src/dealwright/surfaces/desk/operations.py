"""The operations of both APIs under one roof."""

from __future__ import annotations

from typing import Final

from dealwright.kernel.operations import Operation, Registry

SHOP: Final = "shop:"
"""Before the ids of the SalesThumb API, of which some repeat ids of the Salesbooth API."""


class Operations:
    """Operations by id, those of the shop as ``shop:appointments.list``."""

    def __init__(self, registry: Registry, shop: Registry) -> None:
        self._registry, self._shop = registry, shop

    def _where(self, name: str) -> tuple[Registry, str]:
        return (self._shop, name.removeprefix(SHOP)) if name.startswith(SHOP) else (self._registry, name)

    def __contains__(self, name: str) -> bool:
        registry, operation = self._where(name)
        return operation in registry

    def __getitem__(self, name: str) -> Operation:
        registry, operation = self._where(name)
        return registry[operation]
