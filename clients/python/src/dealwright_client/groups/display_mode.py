"""Display mode: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class DisplayMode(TypedDict):
    mode: Literal["standalone", "browser", "auto"]
    """auto: whatever the browser detects"""


_GET: Final[Endpoint[DisplayMode]] = Endpoint("GET", "/display-mode")
_SET: Final[Endpoint[DisplayMode]] = Endpoint("POST", "/display-mode")


class DisplayModeGroup(Group):
    """``client.display_mode``."""

    def get(
        self,
        *,
        timeout: float | None = None,
    ) -> DisplayMode:
        """How the session's pages are to be shown."""
        return self._client._run(_GET, {}, timeout=timeout)

    def set(
        self,
        *,
        mode: Literal["standalone", "browser", "auto"],
        timeout: float | None = None,
    ) -> DisplayMode:
        """Have the session's pages shown as an installed app or in the browser; auto leaves it to the browser
        again.

        Nobody being signed in is fine; the choice is then the page's own to remember.
        """
        return self._client._run(_SET, {"mode": mode}, timeout=timeout)


class AsyncDisplayModeGroup(AsyncGroup):
    """``client.display_mode``, asynchronously."""

    async def get(
        self,
        *,
        timeout: float | None = None,
    ) -> DisplayMode:
        """How the session's pages are to be shown."""
        return await self._client._run(_GET, {}, timeout=timeout)

    async def set(
        self,
        *,
        mode: Literal["standalone", "browser", "auto"],
        timeout: float | None = None,
    ) -> DisplayMode:
        """Have the session's pages shown as an installed app or in the browser; auto leaves it to the browser
        again."""
        return await self._client._run(_SET, {"mode": mode}, timeout=timeout)
