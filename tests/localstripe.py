"""localstripe as a process of its own, and a door before it.

The process serves localstripe's application on 127.0.0.1 alone and keeps no file. The door gives it what Stripe has and
localstripe lacks: answers are repeated under an idempotency key, and intents take the list of payment methods under its
present name. And it can break as a network breaks.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qs

import httpx

KEY: Final = "sk_test_localstripe"
WEBHOOK_SECRET: Final = "whsec_only_the_tests_use_it"

_SERVER: Final = """
import socket
from aiohttp import web
from localstripe.resources import Store
from localstripe.server import app

Store.dump_to_disk = lambda self: None
listening = socket.socket()
listening.bind(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
web.run_app(app, sock=listening, print=None, access_log=None)
"""

Trouble = Literal["none", "refuse", "lose_answers", "fail"]


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Its address, for as long as the block lasts."""
    with subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


@dataclass
class Call:
    """A request as it came to the door."""

    method: str
    path: str
    key: str | None
    form: dict[str, list[str]]


@dataclass
class Door:
    """``trouble`` is what happens to requests whose path ends in ``at``; ``calls`` keeps all that came."""

    behind: str
    port: int = 0
    trouble: Trouble = "none"
    at: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def writes(self, ending: str) -> list[Call]:
        return [each for each in self.calls if each.method == "POST" and each.path.endswith(ending)]

    @contextlib.contextmanager
    def broken(self, trouble: Trouble, at: str = "") -> Iterator[None]:
        self.trouble, self.at = trouble, at
        try:
            yield
        finally:
            self.trouble, self.at = "none", ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            if (answer := await self._answer(method, path, headers, body)) is not None:
                writer.write(answer)
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes | None:
        key = headers.get("idempotency-key")
        self.calls.append(Call(method, path, key, parse_qs(body.decode())))
        trouble = self.trouble if path.endswith(self.at) else "none"
        if trouble == "refuse":
            return None
        if trouble == "fail":
            return _response("500 Internal Server Error", b'{"error": {"type": "api_error"}}')
        slot = f"{path} {key}"
        async with self.locks.setdefault(slot, asyncio.Lock()):
            answer = await self._pass(method, path, slot, headers, body)
        return None if trouble == "lose_answers" else _response(*answer)

    async def _pass(self, method: str, path: str, slot: str, headers: dict[str, str], body: bytes) -> tuple[str, bytes]:
        if method == "GET" or slot not in self.answers:
            passed = {"Authorization": headers["authorization"]}
            if body:
                passed["Content-Type"] = headers["content-type"]
                body = body.replace(b"allowed_payment_method_types", b"payment_method_types")
            async with httpx.AsyncClient() as client:
                found = await client.request(method, self.behind + path, headers=passed, content=body)
            self.answers[slot] = (f"{found.status_code} {found.reason_phrase}", found.content)
        return self.answers[slot]


def _response(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close"
    return head.encode() + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def door(behind: str) -> AsyncIterator[Door]:
    opened = Door(behind)
    server = await asyncio.start_server(opened.serve, "127.0.0.1", 0)
    opened.port = server.sockets[0].getsockname()[1]
    async with server:
        yield opened


class Browser:
    """What Stripe's script does in the customer's browser, and the merchant in the dashboard."""

    def __init__(self, behind: str) -> None:
        self._http = httpx.AsyncClient(base_url=behind, headers={"Authorization": f"Bearer {KEY}"})

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, path: str, **form: Any) -> dict[str, Any]:
        response = await self._http.post(f"/v1/{path}", data=form)
        assert response.is_success, response.text
        found: dict[str, Any] = response.json()
        return found

    async def get(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self._http.get(f"/v1/{path}")).json()
        return found

    async def card(self, number: str = "4242424242424242") -> str:
        form = {"type": "card", "card[number]": number, "card[exp_month]": 12, "card[exp_year]": 2030}
        return str((await self.post("payment_methods", **form, **{"card[cvc]": "123"}))["id"])

    async def pay(self, intent_id: str, number: str = "4242424242424242") -> dict[str, Any]:
        await self.post(f"payment_intents/{intent_id}", payment_method=await self.card(number))
        return await self.post(f"payment_intents/{intent_id}/confirm")

    async def authenticate(self, intent: dict[str, Any], *, success: bool) -> dict[str, Any]:
        form = {"client_secret": intent["client_secret"], "success": str(success).lower()}
        return await self.post(f"payment_intents/{intent['id']}/_authenticate", **form)

    async def deliver_to(self, name: str, url: str) -> None:
        """Have events sent to an address, signed."""
        response = await self._http.post(f"/_config/webhooks/{name}", data={"url": url, "secret": WEBHOOK_SECRET})
        assert response.is_success
