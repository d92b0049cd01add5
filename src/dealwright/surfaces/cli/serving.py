"""``dealwright up`` and ``dealwright serve``: one process that answers until it is asked to stop.

The port is taken first, so that a second server is refused before it touches anything; calls that come while the
database starts wait in the socket's queue. The embedded database starts while the application is still being imported:
both take about as long. A signal lets open requests finish, then stops the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, Self

import structlog
import typer
import uvicorn
import uvloop

from dealwright import __version__
from dealwright.kernel import clock, ids, logging
from dealwright.kernel import settings as settings_of
from dealwright.kernel.access import keys, workspaces
from dealwright.kernel.access.keys import NewKey
from dealwright.kernel.settings import PublicAddress, Settings
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.embedded import EmbeddedPostgres
from dealwright.surfaces.cli.problems import Refused, in_plain_words
from dealwright.surfaces.cli.store import place, settings_file

log = structlog.get_logger("dealwright")

FIRST_WORKSPACE: Final = "My workspace"
_QUEUE: Final = 2048
"""Connections that may wait to be accepted."""
_KEEP_ALIVE_SECONDS: Final = 75
"""Longer than load balancers keep idle connections (60 s is usual), so that they never write into a closed one."""
_FINISH_SECONDS: Final = 15
"""How long open requests may go on after a signal."""


def serve(overrides: Mapping[str, Any], *, introduce: bool, new_key: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; ``introduce`` makes the first workspace and prints where everything is."""
    with in_plain_words():
        settings = settings_of.load(overrides)
        logging.configure(settings.log_format)
        listening = _listen(settings)
        settings = settings.model_copy(update={"port": listening.getsockname()[1]})
        with _Head(settings) as head, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, overrides, listening, head, introduce=introduce, new_key=new_key))


class _Head:
    """A head start for the embedded database, in a thread; holds it until the application holds it itself."""

    def __init__(self, settings: Settings) -> None:
        self._database = EmbeddedPostgres(settings.data_dir) if settings.database_url is None else None
        self._thread = threading.Thread(target=self._start, name="database-head-start")

    def _start(self) -> None:
        with contextlib.suppress(Exception):  # the application meets the same problem, and says so
            if self._database is not None:
                self._database.start()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()

    def let_go(self) -> None:
        self._thread.join()
        if self._database is not None:
            self._database.stop()


def _listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises Refused when the address cannot be used or the port is taken."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise Refused(f"{settings.host!r} is not an address of this machine (host, DEALWRIGHT_HOST)") from None
    listening = socket.socket(family, kind)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(_QUEUE)
    except OSError as problem:
        listening.close()
        raise Refused(
            f"port {settings.port} of {settings.host} cannot be used: {problem.strerror}; "
            "stop what uses it or choose another with --port"
        ) from None
    return listening


class _Server(uvicorn.Server):
    """Uvicorn without its habit of raising the signal once more, which would end the process with the database open.

    ``on_exit`` is called when a signal has told it to stop, before it waits for open requests.
    """

    on_exit: Callable[[], None] = staticmethod(lambda: None)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.on_exit()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop_on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays possible
                loop.add_signal_handler(number, self.handle_exit, number, None)


async def _serve(
    settings: Settings,
    overrides: Mapping[str, Any],
    listening: socket.socket,
    head: _Head,
    *,
    introduce: bool,
    new_key: bool,
) -> None:
    from dealwright.app import Application

    application = Application(settings)
    server = _Server(
        uvicorn.Config(
            application,
            loop="none",
            http="httptools",
            ws="none",
            lifespan="off",  # started here, where a problem becomes a sentence
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=settings.forwarded_allow_ips,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_FINISH_SECONDS,
            backlog=_QUEUE,
        )
    )
    server.on_exit = application.end_streams
    server.stop_on_signals()
    try:
        await application.start()
        await asyncio.to_thread(head.let_go)
        assert application.services is not None
        if introduce:
            made = await _first_key(application.services.database, settings, new_key=new_key)
            _introduce(settings, overrides, made)
        else:
            typer.echo(f"Dealwright {__version__} serves {PublicAddress.of(settings).url} with {place(settings)}")
        if not server.should_exit:
            await server.serve([listening])
    finally:
        listening.close()
        await application.stop()


async def _first_key(database: Database, settings: Settings, *, new_key: bool) -> NewKey | None:
    """A test key of the first workspace: at the very first start, or because one was asked for.

    Where nobody else can reach the server, the first person who signs up gets this workspace.
    """
    async with database.system() as tx:
        if not await keys.is_new(tx) and not new_key:
            return None
        made = await keys.create_key(
            tx, workspace=FIRST_WORKSPACE, kind="test", now=clock.utc_now(), region=settings.region
        )
        if not new_key and settings.is_local:
            tenant = ids.decode(keys.TENANT_PREFIX, made.tenant_id)
            assert tenant is not None
            await workspaces.offer(tx, tenant)
        return made


def _introduce(settings: Settings, overrides: Mapping[str, Any], made: NewKey | None) -> None:
    from rich.console import Console
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    url = PublicAddress.of(settings).url
    file = settings_file(settings, overrides)
    rows = [
        ("Desk", f"{url}/"),
        ("Salesbooth", f"{url}/api/v1"),
        ("SalesThumb", f"{url}{settings.salesthumb_prefix}"),
        ("Docs", f"{url}/docs"),
    ]
    if made is not None:
        rows.append(("Test key", made.secret))
        rows.append(("", f"of workspace {made.workspace!r}; shown this once, so keep it"))
    else:
        rows.append(("Keys", "dealwright up --new-key, or dealwright keys create"))
    rows.append(("Data", str(settings.data_dir.resolve())))
    if settings.database_url is not None:
        rows.append(("Database", place(settings)))
    logs = "here"
    if settings.database_url is None:
        logs += f"; the database's in {settings.data_dir.resolve() / 'postgres.log'}"
    rows.append(("Logs", logs))
    rows.append(("Settings", f"{file}{'' if file.exists() else ' (none yet)'} and DEALWRIGHT_… variables"))
    table = Table.grid(padding=(0, 2))
    for label, value in rows:
        table.add_row(Text(label, style="bold"), Text(value, overflow="fold"))
    Console().print(Panel(table, title=f"Dealwright {__version__}", title_align="left", expand=False, padding=(1, 2)))
