"""``dealwright worker``: the background work of a server, without the server.

Servers that should leave that work to workers run with DEALWRIGHT_RUN_WORKERS=0.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from typing import Any

import typer
import uvloop

from dealwright import __version__
from dealwright.app import services
from dealwright.kernel import logging
from dealwright.kernel import settings as settings_of
from dealwright.kernel.settings import Settings
from dealwright.surfaces.cli.problems import in_plain_words
from dealwright.surfaces.cli.store import place


def work(overrides: Mapping[str, Any]) -> None:
    """Work until SIGTERM or SIGINT; deliveries under way are finished or given back."""
    with in_plain_words():
        settings = settings_of.load(overrides).model_copy(update={"run_workers": True})
        logging.configure(settings.log_format)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    async with services(settings):
        typer.echo(f"Dealwright {__version__} works with {place(settings)}")
        await stop.wait()
