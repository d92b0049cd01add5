"""Bodies of multipart/form-data, for the operations that take a file."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Final

from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from dealwright.kernel.errors import InvalidRequest
from dealwright.kernel.files import UploadedFile

MEDIA_TYPE: Final = "multipart/form-data"
ENVELOPE: Final = 65_536
"""Bytes that a form may have beyond its file."""

_MOST_FIELDS: Final = 50
_LONGEST_NAME: Final = 255


def is_form(content_type: str | None) -> bool:
    return content_type is not None and content_type.partition(";")[0].strip().lower() == MEDIA_TYPE


async def parse(body: bytes, content_type: str) -> dict[str, Any]:
    """The parts by name: text, or an :class:`UploadedFile`. Raises InvalidRequest for what is no such form."""

    async def stream() -> AsyncGenerator[bytes]:
        yield body

    parser = MultiPartParser(
        Headers({"content-type": content_type}), stream(), max_files=2, max_fields=_MOST_FIELDS, max_part_size=ENVELOPE
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError) as problem:
        said = problem.message if isinstance(problem, MultiPartException) else "it cannot be read"
        raise InvalidRequest(f"The form is not valid: {said}", code="validation_error.invalid_form") from None
    found: dict[str, Any] = {}
    try:
        for name, value in form.multi_items():
            if name in found:
                raise InvalidRequest(f"{name[:60]} was sent more than once", code="validation_error.invalid_form")
            found[name] = await _file(value) if isinstance(value, UploadFile) else value
    finally:
        await form.close()
    return found


async def _file(part: UploadFile) -> UploadedFile:
    name = "".join(each for each in part.filename or "" if each.isprintable())
    return UploadedFile(
        filename=name.replace("\\", "/").rpartition("/")[2][-_LONGEST_NAME:],
        media_type=part.content_type or "",
        content=await part.read(),
    )
