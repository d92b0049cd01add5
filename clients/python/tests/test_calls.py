"""How calls are made, repeated and answered, against a receiver that fails on purpose."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from dealwright_client import (
    AsyncDealwright,
    BillingError,
    ConnectionFailed,
    Dealwright,
    InternalError,
    RateLimitedError,
    Retries,
    StaleVersionError,
    TimedOut,
    TransientError,
    ValidationError,
)
from dealwright_client.core import Endpoint, Options, Received, attempts, base_of, build, following
from dealwright_client.streams import Frames

QUICK = Retries(most=3, base=0.01, cap=0.02)
OPTIONS = Options("sb_test_x", "http://server/api/v1")
DROP, HANG = -1, -2


class Flaky:
    """Answers what the script says, then 200; keeps every request."""

    def __init__(self) -> None:
        self.script: list[tuple[int, dict[str, str], Any]] = []
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        flaky = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                flaky.seen.append((self.command, self.path, headers, body))
                status, more, answer = flaky.script.pop(0) if flaky.script else (200, {}, {"data": {"id": "x"}})
                if status == HANG:
                    flaky.released.wait(5)
                if status < 0:
                    self.close_connection = True
                    return
                raw = answer if isinstance(answer, bytes) else json.dumps({"success": status < 400, **answer}).encode()
                self.send_response(status)
                for name, value in {"content-type": "application/json", **more}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PATCH = do_DELETE = handle_any

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def flaky() -> Iterator[Flaky]:
    server = Flaky()
    yield server
    server.stop()


@pytest.fixture
def client(flaky: Flaky) -> Iterator[Dealwright]:
    with Dealwright("sb_test_x", flaky.url, retries=QUICK) as found:
        yield found


@pytest.mark.parametrize("trouble", [429, 502, 503, 504, DROP])
def test_a_create_is_repeated_under_one_key(flaky: Flaky, client: Dealwright, trouble: int) -> None:
    flaky.script = [(trouble, {}, b"<html>"), (trouble, {}, b"")]
    assert client.customers.create(name="Jane", email="jane@example.com")["id"] == "x"
    keys = {headers["idempotency-key"] for _, _, headers, _ in flaky.seen}
    bodies = {body for _, _, _, body in flaky.seen}
    assert (len(flaky.seen), len(keys), len(bodies)) == (3, 1, 1)
    client.customers.create(name="Jane", email="jane@example.com")
    assert flaky.seen[-1][2]["idempotency-key"] not in keys, "another call is another intention"


async def test_the_asynchronous_client_does_the_same(flaky: Flaky) -> None:
    flaky.script = [(503, {}, b""), (DROP, {}, b"")]
    async with AsyncDealwright("sb_test_x", flaky.url, retries=QUICK) as client:
        await client.customers.create(name="Jane", email="jane@example.com")
    assert len({headers["idempotency-key"] for _, _, headers, _ in flaky.seen}) == 1
    assert len(flaky.seen) == 3


def test_reads_are_repeated_and_other_writes_are_not(flaky: Flaky, client: Dealwright) -> None:
    flaky.script = [(503, {}, b""), (200, {}, {"data": {"id": "x"}})]
    assert client.customers.get("x")["id"] == "x"
    for trouble in (503, DROP):
        flaky.seen.clear()
        flaky.script = [(trouble, {}, b"")]
        with pytest.raises((TransientError, ConnectionFailed)):
            client.customers.update("x", name="Jane", if_match=1)
        assert len(flaky.seen) == 1


def test_it_gives_up_after_the_last_try(flaky: Flaky, client: Dealwright) -> None:
    flaky.script = [(503, {}, {"code": "transient_error.circuit_open", "ref": "trace_1"})] * 9
    with pytest.raises(TransientError) as raised:
        client.customers.get("x")
    assert (raised.value.code, raised.value.ref, len(flaky.seen)) == ("transient_error.circuit_open", "trace_1", 4)


def test_what_will_not_pass_is_not_repeated(flaky: Flaky, client: Dealwright) -> None:
    cap = {"category": "rate_limited", "code": "rate_limited.spending_limit_exceeded", "recovery": {"retryable": False}}
    for status, answer, error in (
        (429, cap, RateLimitedError),
        (500, {"category": "internal_error"}, InternalError),
        (402, {"category": "billing"}, BillingError),
        (400, b"not json", ValidationError),
    ):
        flaky.seen.clear()
        flaky.script = [(status, {}, answer)]
        with pytest.raises(error):
            client.customers.create(name="Jane", email="jane@example.com")
        assert len(flaky.seen) == 1


def test_a_twin_that_still_runs_is_waited_for(flaky: Flaky, client: Dealwright) -> None:
    running = {
        "category": "conflict",
        "code": "conflict.idempotency_in_progress",
        "recovery": {"action": "wait_and_retry", "retryable": True},
    }
    flaky.script = [(409, {}, running)]
    assert client.customers.create(name="Jane", email="jane@example.com")["id"] == "x"


def test_a_call_has_its_own_patience(flaky: Flaky, client: Dealwright) -> None:
    flaky.script = [(HANG, {}, b"")]
    with pytest.raises(TimedOut):
        client.customers.update("x", name="Jane", timeout=0.1)


def test_pauses_are_random_bounded_and_honour_the_server() -> None:
    def pauses(most: int, failure: Received, retries: Retries) -> list[float]:
        way = attempts(build(Endpoint("GET", "/x"), {}, OPTIONS), retries)
        found = []
        next(way)
        with pytest.raises((RateLimitedError, TransientError)):
            for _ in range(most + 1):
                found.append(way.send(failure).seconds)  # type: ignore[union-attr]
                next(way)
        return found

    retries = Retries(most=6, base=1.0, cap=5.0)
    found = [pauses(6, Received(503, {}, b""), retries) for _ in range(50)]
    for attempt in range(6):
        drawn = [each[attempt] for each in found]
        assert max(drawn) <= min(5.0, 2**attempt)
        assert len({round(each, 6) for each in drawn}) > 25, "full jitter"
    asked = pauses(6, Received(429, {"retry-after": "7"}, b""), retries)
    assert all(7 <= each <= 8 for each in asked)
    assert pauses(6, Received(503, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, b""), retries)[0] <= 1
    assert pauses(0, Received(429, {"retry-after": "3600"}, b""), retries) == [], "nobody waits for an hour"


def test_requests_say_what_was_meant() -> None:
    listing: Endpoint[Any] = Endpoint("GET", "/deals", query=frozenset({"status", "fields", "after", "since"}))
    request = build(listing, {"status": None, "fields": ["id", "total"], "since": date(2026, 3, 9)}, OPTIONS)
    assert (request.url, request.content) == ("http://server/api/v1/deals?fields=id%2Ctotal&since=2026-03-09", None)
    create: Endpoint[Any] = Endpoint("POST", "/deals/{id}/items", idempotent=True)
    members = {"id": "a/b", "price": Decimal("0.10"), "at": datetime(2026, 3, 9, tzinfo=UTC), "note": None}
    request = build(create, members, OPTIONS)
    assert request.url == "http://server/api/v1/deals/a%2Fb/items"
    assert json.loads(request.content or b"") == {"price": "0.10", "at": "2026-03-09T00:00:00+00:00"}
    patch: Endpoint[Any] = Endpoint("PATCH", "/deals/{id}", nulls=True)
    request = build(patch, {"id": "x", "note": None}, OPTIONS, if_match=5)
    assert (request.content, request.headers["if-match"]) == (b'{"note": null}', 'W/"5"')
    with pytest.raises(ValueError, match="zone"):
        build(create, {"id": "x", "at": datetime(2026, 3, 9)}, OPTIONS)
    for escape in ("..", "."):
        with pytest.raises(ValueError, match="path"):
            build(patch, {"id": escape}, OPTIONS)


def test_files_travel_in_a_form() -> None:
    upload: Endpoint[Any] = Endpoint("POST", "/uploads", files=frozenset({"file"}), idempotent=True)
    request = build(upload, {"file": ('a"b.png', b"\x89PNG"), "kind": "logo"}, OPTIONS)
    body = request.content or b""
    assert b'name="file"; filename="a%22b.png"' in body
    assert b"\r\n\r\n\x89PNG\r\n" in body
    assert b'name="kind"\r\n\r\nlogo\r\n' in body


def test_bases() -> None:
    assert (
        base_of("https://deals.example.com")
        == base_of("https://deals.example.com/")
        == base_of("https://deals.example.com/api/v1")
    )
    assert base_of("https://deals.example.com/v1/") == "https://deals.example.com/v1"
    for bad in ("deals.example.com", "ftp://deals.example.com", ""):
        with pytest.raises(ValueError, match="base_url"):
            base_of(bad)


def test_the_next_page() -> None:
    def after(**pagination: Any) -> Any:
        return following({"limit": 2}, {"pagination": pagination})

    assert after(next_cursor="cur_1", offset=0, has_more=True) == {"limit": 2, "after": "cur_1"}
    assert after(next_cursor=None, offset=0, has_more=False, count=2, limit=2) is None
    assert after(offset=2, limit=2, total=5) == {"limit": 2, "offset": 4}
    assert after(offset=4, limit=2, total=5) is None
    assert after(offset=4, limit=2, total=9, count=0) is None, "an empty page ends every list"


def test_a_stale_version_carries_the_current_record(flaky: Flaky, client: Dealwright) -> None:
    flaky.script = [(412, {}, {"category": "conflict", "code": "conflict.stale_version", "data": {"version": 4}})]
    with pytest.raises(StaleVersionError) as raised:
        client.customers.update("x", name="Jane", if_match=3)
    assert raised.value.current == {"version": 4}


def test_frames_in_any_pieces() -> None:
    text = (
        b'event: connected\ndata: {"a":1}\n\nid: seq:1\nevent: deal.created\ndata: {"t":"\xe2\x80\xa8"}\n\n'
        b": heartbeat\n\nid: seq:2\r\nevent: deal.closed\r\ndata: {}\r\n\r\n"
    )
    for size in (1, 3, 7, 1000):
        frames = Frames()
        events = [each for at in range(0, len(text), size) for each in frames.feed(text[at : at + size])]
        assert [(each.event, each.data, each.id) for each in events] == [
            ("deal.created", {"t": "\u2028"}, "seq:1"),
            ("deal.closed", {}, "seq:2"),
        ]


def test_the_key_is_in_no_representation() -> None:
    client = Dealwright("sb_live_secret", "https://deals.example.com")
    assert "sb_live_secret" not in repr(vars(client))
    client.close()


async def test_options_for_some_calls(flaky: Flaky) -> None:
    async with AsyncDealwright("sb_test_x", flaky.url) as client:
        agent = client.with_options(delegation_id="del_1", retries=0)
        await asyncio.gather(agent.customers.get("x"), client.customers.get("y"))
    found = {path: headers.get("x-delegation-id") for _, path, headers, _ in flaky.seen}
    assert found == {"/api/v1/customers/x": "del_1", "/api/v1/customers/y": None}
