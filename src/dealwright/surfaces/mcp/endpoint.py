"""The MCP endpoint put together; importing this loads the SDK of the protocol, which takes its time."""

from __future__ import annotations

from collections.abc import Iterable

from dealwright.kernel.access.admission import Admission
from dealwright.kernel.feed.feed import Feed
from dealwright.kernel.operations import Operation, Registry
from dealwright.kernel.pipeline import Pipeline
from dealwright.kernel.settings import Settings
from dealwright.surfaces.mcp import compact
from dealwright.surfaces.mcp.calls import Calls
from dealwright.surfaces.mcp.http import McpEndpoint
from dealwright.surfaces.mcp.resources import Resources
from dealwright.surfaces.mcp.server import make_server
from dealwright.surfaces.mcp.subscriptions import Subscriptions
from dealwright.surfaces.mcp.tools import Tools


def create(
    registry: Registry,
    pipeline: Pipeline,
    admission: Admission,
    feed: Feed,
    settings: Settings,
    *,
    more_tools: Iterable[Operation] = (),
) -> McpEndpoint:
    """The endpoint over every tool and resource of the registry, with its compact mode (``?mode=compact``).

    ``more_tools`` are operations of another API that the same keys may use as tools.
    """
    calls = Calls(pipeline, admission, registry)
    tools, resources = Tools([*registry, *more_tools], calls), Resources(registry, calls)
    subscriptions = Subscriptions(pipeline.database, feed, resources, pipeline.clock)
    whole = make_server(tools, resources, subscriptions)
    short = make_server(compact.CompactTools(tools), resources, subscriptions, compact.INSTRUCTIONS)
    return McpEndpoint(lambda mode: short if mode == "compact" else whole, admission, settings, subscriptions)
