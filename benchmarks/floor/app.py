"""The floor: the same SQL as Dealwright in a bare asyncpg and Starlette application.

For each request it parses the JSON, looks that the members are there, acquires a connection, replays the round trips
that :mod:`benchmarks.floor.recording` took down from Dealwright itself (BEGIN with the tenant, every SELECT and INSERT,
audit entry and event included, COMMIT; same role, row-level security on, same pool, same settings of the session) and
returns JSON of the same size. It checks no key, counts no limit, validates, encrypts, hashes and audits nothing of its
own: new ids and random bytes stand where Dealwright puts computed ones. Reads turn every fetched row into JSON.

Served by one uvicorn process with uvloop and httptools on ``FLOOR_PORT``; the recording is ``FLOOR_RECORDING``.
"""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.floor.script import Fill, Script, Step, load

Values = dict[str, Any]
Make = Callable[[Values], Any]


def _wire(prefix: str, key: UUID) -> str:
    return f"{prefix}_{base64.b32hexencode(key.bytes)[:26].decode().lower()}"


def _uuid(text: str) -> UUID:
    return UUID(bytes=base64.b32hexdecode(text[-26:].upper() + "======"))


def _new_id(values: Values, key: str) -> Any:
    """One id per key and request, random but for the time, like Dealwright's."""
    found = values.get(key)
    if found is None:
        milliseconds = int(values["now"].timestamp() * 1000)
        found = values[key] = UUID(bytes=milliseconds.to_bytes(6) + os.urandom(10))
    return found


def _maker(argument: Any) -> Make | None:
    """How to make an argument for a request, or None when the recorded one serves."""
    if isinstance(argument, list):
        makes = [_maker(part) for part in argument]
        if not any(makes):
            return None
        parts = list(zip(argument, makes, strict=True))
        return lambda values: [part if make is None else make(values) for part, make in parts]
    if not isinstance(argument, Fill):
        return None
    key, _, prefix = argument.key.partition(":")
    size = argument.size
    kinds: dict[str, Make] = {
        "uuid": lambda values: _new_id(values, key),
        "text": lambda values: _wire(prefix, _new_id(values, key)),
        "bytes": lambda values: os.urandom(size),
        "now": lambda values: values["now"],
        "given": lambda values: _uuid(values["given"][key]),
        "given_text": lambda values: values["given"][key],
    }
    return kinds[argument.kind]


class Ready:
    """A script with its fills found."""

    def __init__(self, script: Script) -> None:
        self.answer_bytes = script.answer_bytes
        self.answer = script.answer
        self._steps = [self._step(step) for step in script.steps]

    @staticmethod
    def _step(step: Step) -> tuple[str, str, list[Any], list[tuple[int, Make]]]:
        makes = [(place, make) for place, part in enumerate(step.arguments) if (make := _maker(part)) is not None]
        return step.method, step.sql, step.arguments, makes

    async def run(self, pool: Any, given: Mapping[str, Any]) -> tuple[Values, list[Any]]:
        """Replay; answers the values that were made and every row that was fetched."""
        values: Values = {"now": datetime.now(UTC), "given": given}
        rows: list[Any] = []
        async with pool.acquire() as connection:
            for method, sql, recorded, makes in self._steps:
                arguments = recorded
                if makes:
                    arguments = recorded.copy()
                    for place, make in makes:
                        arguments[place] = make(values)
                if method == "execute":
                    await connection.execute(sql, *arguments)
                elif method == "fetch":
                    rows += await connection.fetch(sql, *arguments)
                elif method == "fetchrow":
                    rows.append(await connection.fetchrow(sql, *arguments))
                else:
                    await connection.fetchval(sql, *arguments)
        return values, rows


_scripts = {name: Ready(script) for name, script in load(Path(os.environ["FLOOR_RECORDING"])).items()}
_state: dict[str, Any] = {}


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else str(value)


def _json(data: dict[str, Any], status: int, size: int) -> Response:
    """The answer, brought to the size of Dealwright's."""
    body = orjson.dumps({"error": False, "success": True, "data": data}, default=_plain)
    if len(body) + 10 < size:
        body = body[:-1] + b',"fill":"' + b"x" * (size - len(body) - 10) + b'"}'
    return Response(body, status, media_type="application/json")


def _writing(name: str, prefix: str, required: tuple[str, ...]) -> Any:
    async def write(request: Request) -> Response:
        given = orjson.loads(await request.body())
        if any(member not in given for member in required):
            return Response(status_code=400)
        script = _scripts[name]
        values, _ = await script.run(_state["pool"], given)
        return _json({"id": _wire(prefix, _new_id(values, "0")), **given}, 201, script.answer_bytes)

    return write


def _reading(name: str) -> Any:
    async def read(request: Request) -> Response:
        query = request.query_params
        script = _scripts[f"GET {name}?id" if "id" in query else f"GET {name}?limit"]
        _, rows = await script.run(_state["pool"], query)
        return _json({"rows": [dict(row) for row in rows]}, 200, script.answer_bytes)

    return read


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + orjson.dumps(value, default=str),
        decoder=lambda raw: orjson.loads(raw[1:]),
        format="binary",
    )


async def _no_reset(connection: Any) -> None:
    pass


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    _state["pool"] = await asyncpg.create_pool(
        os.environ["FLOOR_DATABASE_URL"],
        min_size=1,
        max_size=10,
        init=_prepare,
        reset=_no_reset,
        statement_cache_size=1000,
        max_cached_statement_lifetime=0,
        server_settings={"role": "dealwright_app", "jit": "off", "statement_timeout": "30s", "lock_timeout": "10s"},
    )
    yield
    await _state["pool"].close()


app = Starlette(
    lifespan=_lifespan,
    routes=[
        Route("/customers", _writing("POST /customers", "cust", ("name", "email")), methods=["POST"]),
        Route("/deals", _writing("POST /deals", "deal", ("title",)), methods=["POST"]),
        Route("/customers", _reading("/customers")),
        Route("/deals", _reading("/deals")),
    ],
)

if __name__ == "__main__":
    uvicorn.run(
        app, port=int(os.environ["FLOOR_PORT"]), log_level="warning", access_log=False, loop="uvloop", http="httptools"
    )
