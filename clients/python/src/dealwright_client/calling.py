"""The two transports: they send what :mod:`dealwright_client.core` says, and wait as long as it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, TypeAlias, TypeVar

import httpx
from dealwright_client import core
from dealwright_client.core import Answer, Endpoint, Options, Pause, Received, Request, Retries
from dealwright_client.errors import ApiError, ConnectionFailed, TimedOut
from dealwright_client.streams import Frames, ServerEvent

T = TypeVar("T")
S = TypeVar("S", bound="Caller")
A = TypeVar("A", bound="AsyncCaller")

OnAnswer: TypeAlias = Callable[[Answer[Any]], None]

_SILENCE: Final = 45.0
"""Seconds without a byte after which a stream counts as lost; the server gives a sign of life every 15."""


def _failure(problem: httpx.TransportError) -> ConnectionFailed:
    kind = TimedOut if isinstance(problem, httpx.TimeoutException) else ConnectionFailed
    return kind(str(problem) or type(problem).__name__)


def _received(response: httpx.Response) -> Received:
    return Received(response.status_code, {**response.headers}, response.content)


def _patience(request: Request) -> httpx.Timeout:
    return httpx.Timeout(request.timeout, read=_SILENCE)


class _Settings:
    """What both clients are made from."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        *,
        timeout: float = 30.0,
        retries: Retries | int | None = None,
        delegation_id: str | None = None,
        on_answer: OnAnswer | None = None,
    ) -> None:
        self._options = Options(api_key, core.base_of(base_url), timeout, _retries(retries), delegation_id)
        self._on_answer = on_answer

    def _changed(self, timeout: float | None, retries: Retries | int | None, delegation_id: str | None) -> Options:
        old = self._options
        return replace(
            old,
            timeout=old.timeout if timeout is None else timeout,
            retries=old.retries if retries is None else _retries(retries),
            delegation_id=old.delegation_id if delegation_id is None else delegation_id,
        )

    def _answered(self, endpoint: Endpoint[T], received: Received) -> Answer[T]:
        answer = core.decode(endpoint, received)
        if self._on_answer is not None:
            self._on_answer(answer)
        return answer


def _retries(given: Retries | int | None) -> Retries:
    return Retries(most=given) if isinstance(given, int) else given or Retries()


class Caller(_Settings):
    """Sends over a blocking connection. Safe to share between threads.

    ``base_url`` is the server's address; ``timeout`` seconds for each try; ``retries`` the further tries or a
    :class:`Retries`; ``on_answer`` sees every good :class:`Answer` with its version, trace id and headers;
    ``http_client`` replaces the connection pool and stays open when the client is closed.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str,
        *,
        timeout: float = 30.0,
        retries: Retries | int | None = None,
        delegation_id: str | None = None,
        on_answer: OnAnswer | None = None,
        http_client: httpx.Client | None = None,
    ) -> None:
        super().__init__(
            api_key, base_url, timeout=timeout, retries=retries, delegation_id=delegation_id, on_answer=on_answer
        )
        self._owned = http_client is None
        self._http = http_client or httpx.Client()

    def __enter__(self: S) -> S:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._owned:
            self._http.close()

    def with_options(
        self: S,
        *,
        timeout: float | None = None,
        retries: Retries | int | None = None,
        delegation_id: str | None = None,
    ) -> S:
        """The same client on the same connections with other options, for example inside a delegation."""
        options = self._changed(timeout, retries, delegation_id)
        return type(self)(
            options.api_key,
            options.base_url,
            timeout=options.timeout,
            retries=options.retries,
            delegation_id=options.delegation_id,
            on_answer=self._on_answer,
            http_client=self._http,
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Answer[Any]:
        """Call a path for which there is no method here; with an idempotency key it is safe to repeat."""
        endpoint = _endpoint(method, path, query, idempotency_key)
        arguments = {**(body or {}), **(query or {})}
        return self._call(endpoint, arguments, if_match=if_match, idempotency_key=idempotency_key, timeout=timeout)

    def _run(self, endpoint: Endpoint[T], arguments: Mapping[str, object], **how: Any) -> T:
        return self._call(endpoint, arguments, **how).data

    def _call(self, endpoint: Endpoint[T], arguments: Mapping[str, object], **how: Any) -> Answer[T]:
        way = core.attempts(core.build(endpoint, arguments, self._options, **how), self._options.retries)
        try:
            step = next(way)
            while True:
                if isinstance(step, Pause):
                    time.sleep(step.seconds)
                    step = next(way)
                    continue
                try:
                    received = self._sent(step)
                except httpx.TransportError as problem:
                    step = way.throw(_failure(problem))
                else:
                    step = way.send(received)
        except StopIteration as end:
            return self._answered(endpoint, end.value)

    def _sent(self, request: Request) -> Received:
        return _received(
            self._http.request(
                request.method, request.url, headers=request.headers, content=request.content, timeout=request.timeout
            )
        )

    def _pages(
        self, endpoint: Endpoint[Any], member: str, arguments: Mapping[str, object], **how: Any
    ) -> Generator[Any, None, None]:
        place: Mapping[str, object] | None = arguments
        while place is not None:
            page = self._run(endpoint, place, **how)
            yield from page[member]
            place = core.following(place, page)

    def _stream(self, endpoint: Endpoint[Any], arguments: Mapping[str, Any]) -> Generator[ServerEvent, None, None]:
        frames = Frames(arguments.get("last_event_id"))
        tried = 0
        while True:
            request = core.build(endpoint, {**arguments, "last_event_id": frames.last_event_id}, self._options)
            failure: ApiError | ConnectionFailed
            try:
                with self._http.stream(
                    request.method, request.url, headers=request.headers, timeout=_patience(request)
                ) as response:
                    if response.status_code >= 400:
                        response.read()
                        raise core.error_of(_received(response))
                    for piece in response.iter_bytes():
                        tried = 0
                        yield from frames.feed(piece)
                failure = ConnectionFailed("the stream ended")
            except httpx.TransportError as problem:
                failure = _failure(problem)
            except ApiError as problem:
                failure = problem
            frames.broken()
            pause = self._options.retries.pause(tried, failure)
            if pause is None:
                raise failure
            tried += 1
            time.sleep(pause)


class AsyncCaller(_Settings):
    """Sends over an asynchronous connection. The arguments are those of :class:`Caller`."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        *,
        timeout: float = 30.0,
        retries: Retries | int | None = None,
        delegation_id: str | None = None,
        on_answer: OnAnswer | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        super().__init__(
            api_key, base_url, timeout=timeout, retries=retries, delegation_id=delegation_id, on_answer=on_answer
        )
        self._owned = http_client is None
        self._http = http_client or httpx.AsyncClient()

    async def __aenter__(self: A) -> A:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._owned:
            await self._http.aclose()

    def with_options(
        self: A,
        *,
        timeout: float | None = None,
        retries: Retries | int | None = None,
        delegation_id: str | None = None,
    ) -> A:
        """The same client on the same connections with other options, for example inside a delegation."""
        options = self._changed(timeout, retries, delegation_id)
        return type(self)(
            options.api_key,
            options.base_url,
            timeout=options.timeout,
            retries=options.retries,
            delegation_id=options.delegation_id,
            on_answer=self._on_answer,
            http_client=self._http,
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
        if_match: int | str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Answer[Any]:
        """Call a path for which there is no method here; with an idempotency key it is safe to repeat."""
        endpoint = _endpoint(method, path, query, idempotency_key)
        arguments = {**(body or {}), **(query or {})}
        return await self._call(
            endpoint, arguments, if_match=if_match, idempotency_key=idempotency_key, timeout=timeout
        )

    async def _run(self, endpoint: Endpoint[T], arguments: Mapping[str, object], **how: Any) -> T:
        return (await self._call(endpoint, arguments, **how)).data

    async def _call(self, endpoint: Endpoint[T], arguments: Mapping[str, object], **how: Any) -> Answer[T]:
        way = core.attempts(core.build(endpoint, arguments, self._options, **how), self._options.retries)
        try:
            step = next(way)
            while True:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    step = next(way)
                    continue
                try:
                    received = await self._sent(step)
                except httpx.TransportError as problem:
                    step = way.throw(_failure(problem))
                else:
                    step = way.send(received)
        except StopIteration as end:
            return self._answered(endpoint, end.value)

    async def _sent(self, request: Request) -> Received:
        return _received(
            await self._http.request(
                request.method, request.url, headers=request.headers, content=request.content, timeout=request.timeout
            )
        )

    async def _pages(
        self, endpoint: Endpoint[Any], member: str, arguments: Mapping[str, object], **how: Any
    ) -> AsyncGenerator[Any, None]:
        place: Mapping[str, object] | None = arguments
        while place is not None:
            page = await self._run(endpoint, place, **how)
            for item in page[member]:
                yield item
            place = core.following(place, page)

    async def _stream(self, endpoint: Endpoint[Any], arguments: Mapping[str, Any]) -> AsyncGenerator[ServerEvent, None]:
        frames = Frames(arguments.get("last_event_id"))
        tried = 0
        while True:
            request = core.build(endpoint, {**arguments, "last_event_id": frames.last_event_id}, self._options)
            failure: ApiError | ConnectionFailed
            try:
                async with self._http.stream(
                    request.method, request.url, headers=request.headers, timeout=_patience(request)
                ) as response:
                    if response.status_code >= 400:
                        await response.aread()
                        raise core.error_of(_received(response))
                    async for piece in response.aiter_bytes():
                        tried = 0
                        for event in frames.feed(piece):
                            yield event
                failure = ConnectionFailed("the stream ended")
            except httpx.TransportError as problem:
                failure = _failure(problem)
            except ApiError as problem:
                failure = problem
            frames.broken()
            pause = self._options.retries.pause(tried, failure)
            if pause is None:
                raise failure
            tried += 1
            await asyncio.sleep(pause)


def _endpoint(method: str, path: str, query: Mapping[str, object] | None, idempotency_key: str | None) -> Endpoint[Any]:
    return Endpoint(method.upper(), path, frozenset(query or ()), idempotent=idempotency_key is not None, nulls=True)


class Group:
    """The operations of one area."""

    def __init__(self, client: Caller) -> None:
        self._client = client


class AsyncGroup:
    """The operations of one area."""

    def __init__(self, client: AsyncCaller) -> None:
        self._client = client
