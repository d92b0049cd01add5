"""The HTTP client of the deliveries against receivers that do not behave."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dealwright.kernel.clock import utc_now
from dealwright.modules.webhooks import sender as sending
from dealwright.modules.webhooks.sender import Policy, Sender
from tests.receiver import receiver

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    made = Sender(Policy(allow_private=True))
    yield made
    await made.close()


@contextlib.asynccontextmanager
async def talking(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that reads one request and then does as told."""
    tasks: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for writer in tasks:
            writer.transport.abort()


def saying(*parts: bytes) -> Talk:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return talk


async def test_connections_are_used_again(sender: Sender) -> None:
    async with receiver() as somewhere:
        for _ in range(5):
            assert (await sender.send(somewhere.url("/a?b=c"), b"{}", {})).code == 200
        assert len(somewhere._writers) == 1
        assert somewhere.received[0].path == "/a?b=c"
        assert somewhere.received[0].headers["host"] == f"127.0.0.1:{somewhere.port}"


async def test_a_receiver_that_closed_the_kept_connection_is_connected_to_again(sender: Sender) -> None:
    async with receiver() as somewhere:
        assert (await sender.send(somewhere.url(), b"{}", {})).success
        port = somewhere.port
        await somewhere.stop()
        await somewhere.start(port)
        assert (await sender.send(somewhere.url(), b"{}", {})).success


@pytest.mark.parametrize(
    ("said", "code", "error"),
    [
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), 204, None),
        ((b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"), 200, None),
        ((b"HTTP/1.0 200 OK\r\n\r\n", b"until the end"), 200, None),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n",), 200, None),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",), 200, None),
        ((b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000_000), 200, None),
        ((b"SSH-2.0-OpenSSH_9\r\n",), None, "The endpoint's answer is not valid HTTP"),
        ((b"HTTP/1.1 200 OK\r\n", *[b"X-Much: " + b"x" * 9000 + b"\r\n"] * 20), None,
         "The endpoint's answer is not valid HTTP"),
        ((b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",), None,
         "The endpoint's answer is not valid HTTP"),
        ((), None, "The endpoint closed the connection without an answer"),
    ],
)  # fmt: skip
async def test_what_receivers_say(sender: Sender, said: tuple[bytes, ...], code: int | None, error: str | None) -> None:
    async with talking(saying(*said)) as url:
        answer = await sender.send(url, b"{}", {})
    assert (answer.code, answer.error) == (code, error)
    assert len(answer.body) <= 1000


async def test_an_attempt_ends_in_time_whatever_trickles_in(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.5)

    async def trickle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    async with talking(trickle) as url:
        began = time.monotonic()
        answer = await sender.send(url, b"{}", {})
    assert time.monotonic() - began < 2
    assert (answer.code, answer.error) == (None, "No answer within 0.5 seconds")


def certified(name: str) -> tuple[ssl.SSLContext, str]:
    """A server's context with a certificate of its own for ``name``, and the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = utc_now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = made.public_bytes(Encoding.PEM)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        context.load_cert_chain(file.name)
    return context, certificate.decode()


async def test_certificates_are_checked_against_the_name_in_the_url(sender: Sender) -> None:
    context, certificate = certified("localhost")
    async with talking(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), tls=context) as url:
        url = url.replace("http://127.0.0.1", "https://localhost")
        unknown = await sender.send(url, b"{}", {})
        assert unknown.code is None
        assert "certificate is not valid" in str(unknown.error)
        sender._transport._tls.load_verify_locations(cadata=certificate)
        assert (await sender.send(url, b"{}", {})).code == 200
        other = await sender.send(url.replace("localhost", "127.0.0.1"), b"{}", {})
        assert "certificate is not valid" in str(other.error)
    async with talking(saying(b"HTTP/1.1 200 OK\r\n\r\n")) as url:
        plain = await sender.send(url.replace("http:", "https:"), b"{}", {})
    assert plain.code is None
    assert plain.error is not None


async def test_private_addresses_are_refused_by_number_and_by_name() -> None:
    strict = Sender(Policy(allow_private=False))
    async with receiver() as somewhere:
        for host in ("127.0.0.1", "localhost"):
            answer = await strict.send(f"http://{host}:{somewhere.port}/", b"{}", {})
            assert answer.code is None
            assert "private or reserved" in str(answer.error)
        assert somewhere.received == []
    await strict.close()
