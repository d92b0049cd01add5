"""Images go up, are looked at, and come back the same; in a folder and in a bucket."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer
from PIL import Image

from dealwright.kernel.errors import Unavailable
from dealwright.kernel.settings import Settings, SettingsError
from dealwright.modules.uploads import rules
from dealwright.providers.storage import Storage
from tests.conftest import Client, Workspace


def picture(kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (3, 2), "red").save(out, kind, **options)
    return out.getvalue()


async def upload(api: Client, name: str, content: bytes, claimed: str = "image/png") -> httpx.Response:
    return await api.post("/uploads", files={"file": (name, content, claimed)})


@pytest.mark.parametrize(("kind", "media_type"), [(kind, each[0]) for kind, each in rules.TYPES.items()])
async def test_images_come_back_as_they_went(api: Client, settings: Settings, kind: str, media_type: str) -> None:
    content = picture(kind)
    response = await upload(api, "../../evil.html", content, "text/html")
    assert response.status_code == 201
    data = response.json()["data"]
    assert (data["filename"], data["size"], data["mime_type"]) == ("evil.html", len(content), media_type)
    name = data["url"].rpartition("/")[2]
    assert rules.NAME.fullmatch(name)
    assert (settings.data_dir / "uploads" / name).read_bytes() == content
    shown = await api.http.get(data["url"])
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, content, media_type)
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "immutable" in shown.headers["cache-control"]
    again = await api.http.get(data["url"], headers={"if-none-match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_camera_writes_a_preview_behind_the_picture(api: Client) -> None:
    out = io.BytesIO()
    Image.new("RGB", (6, 4), "red").save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (3, 2), "blue")])
    response = await upload(api, "IMG_0001.JPG", out.getvalue(), "image/jpeg")
    assert response.status_code == 201
    data = response.json()["data"]
    assert (data["mime_type"], data["url"][-4:]) == ("image/jpeg", ".jpg")
    assert (await api.http.get(data["url"])).content == out.getvalue()


def _claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<html><script>alert(1)</script></html>",
        b"%PDF-1.7",
        picture("BMP"),
        picture("PNG")[:40],
        picture("JPEG")[:300],
        b"GIF89a/*<script>*/",
        _claiming(60_000, 60_000),
        _claiming(9_000, 9_000),
    ],
    ids=["svg", "html", "pdf", "bmp", "cut png", "cut jpeg", "polyglot", "bomb", "large"],
)
async def test_what_is_no_image(api: Client, content: bytes) -> None:
    response = await upload(api, "innocent.png", content)
    assert (response.status_code, response.json()["code"]) == (415, "validation_error.unsupported_file_type")


async def test_sizes_scopes_and_retries(api: Client, workspace: Workspace, settings: Settings) -> None:
    assert (await upload(api, "empty.png", b"")).status_code == 400
    assert (await api.post("/uploads", {})).status_code == 400
    large = await upload(api, "large.png", b"x" * (settings.max_upload_bytes + 70_000))
    assert (large.status_code, large.json()["code"]) == (413, "validation_error.file_too_large")
    reader = await workspace.key(scopes=["products:read"])
    assert (await upload(reader, "x.png", picture("PNG"))).status_code == 403
    options: dict[str, Any] = {"files": {"file": ("x.png", picture("PNG"))}, "headers": {"Idempotency-Key": "once"}}
    first, second = await api.post("/uploads", **options), await api.post("/uploads", **options)
    assert first.json()["data"] == second.json()["data"]
    assert (second.status_code, second.headers["idempotency-replayed"]) == (200, "true")


@pytest.mark.parametrize(
    "name", ["..%2f..%2fsecret.key", "../secret.key", "img_x.png", f"img_{'0' * 26}.svg", f"img_{'0' * 26}.png", "%00"]
)
async def test_names_that_lead_nowhere(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.get(f"/uploads/{name}")).status_code == 404


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0", b"RIFF    WEBP"]),
)
def test_any_bytes_are_judged(content: bytes, head: bytes) -> None:
    with contextlib.suppress(rules.NotAnImage):
        assert rules.kind_of(head + content)[1] in rules.MEDIA_TYPES


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """The official client of an S3 server on loopback, with a bucket."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="access",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket="pictures")
    yield client
    client.close()
    server.stop()


async def test_a_bucket(s3: Any, tmp_path: Path) -> None:
    own = {
        "s3_bucket": "pictures",
        "s3_endpoint": s3.meta.endpoint_url,
        "s3_access_key": "access",
        "s3_secret_key": "secret",
    }
    storage = Storage(Settings(data_dir=tmp_path, **own))
    content = picture("PNG")
    await storage.put("img_1.png", content, "image/png")
    assert await storage.get("img_1.png") == content
    kept = s3.get_object(Bucket="pictures", Key="img_1.png")
    assert (kept["Body"].read(), kept["ContentType"]) == (content, "image/png")
    await storage.remove("img_1.png")
    assert await storage.get("img_1.png") is None
    assert not (tmp_path / "uploads").exists()
    elsewhere = Storage(Settings(data_dir=tmp_path, **{**own, "s3_bucket": "nowhere"}))
    with pytest.raises(Unavailable):
        await elsewhere.put("img_1.png", content, "image/png")


def test_a_bucket_needs_its_keys(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="s3_access_key"):
        Storage(Settings(data_dir=tmp_path, s3_bucket="pictures"))
