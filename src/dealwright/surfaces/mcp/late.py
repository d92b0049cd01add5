"""The MCP endpoint that gets ready behind the first answers of the server.

The protocol's SDK takes a third of all the time that imports take. Nobody has to wait for it who does not speak MCP, so
it is imported in a thread once the server has started; the first calls through MCP wait for that.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from dealwright.kernel.access.admission import Admission
from dealwright.kernel.feed.feed import Feed
from dealwright.kernel.operations import Operation, Registry
from dealwright.kernel.pipeline import Pipeline
from dealwright.kernel.settings import Settings

if TYPE_CHECKING:
    from dealwright.surfaces.mcp.http import McpEndpoint


class LateEndpoint:
    """Stands for the endpoint that :func:`dealwright.surfaces.mcp.endpoint.create` makes of the same arguments."""

    def __init__(
        self,
        registry: Registry,
        pipeline: Pipeline,
        admission: Admission,
        feed: Feed,
        settings: Settings,
        *,
        more_tools: Iterable[Operation] = (),
    ) -> None:
        async def make() -> McpEndpoint:
            module = await asyncio.to_thread(importlib.import_module, "dealwright.surfaces.mcp.endpoint")
            endpoint: McpEndpoint = module.create(registry, pipeline, admission, feed, settings, more_tools=more_tools)
            return endpoint

        self._made = asyncio.create_task(make())

    async def __call__(self, scope: Scope, receive: Receive, send: Send, base: str) -> None:
        endpoint = await asyncio.shield(self._made)
        await endpoint(scope, receive, send, base)

    def end_streams(self) -> None:
        """Let go of the callers whose answers have no end."""
        if self._made.done() and not self._made.cancelled() and self._made.exception() is None:
            self._made.result().end_streams()

    async def stop(self) -> None:
        """Wait until nothing is being imported any more."""
        await asyncio.gather(self._made, return_exceptions=True)
