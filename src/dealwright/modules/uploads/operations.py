"""Uploading an image (Salesbooth API, Uploads)."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Annotated

from pydantic import Field

from dealwright.kernel import ids
from dealwright.kernel.context import Steps
from dealwright.kernel.errors import Unavailable, UnsupportedMediaType, invalid_field
from dealwright.kernel.fields import Input, Wire
from dealwright.kernel.files import File, FileTooLarge
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.uploads import rules
from dealwright.providers.storage import Storage


class UnsupportedFileType(UnsupportedMediaType):
    """415: the file is no image of an accepted type."""

    code = "validation_error.unsupported_file_type"


class NewUpload(Input):
    file: Annotated[File, Field(description="JPEG, PNG, GIF or WebP")]


class UploadView(Wire):
    url: Annotated[str, Field(description="public address; it never changes")]
    filename: Annotated[str, Field(description="the name that was sent")]
    size: Annotated[int, Field(description="bytes")]
    mime_type: str


@operation(
    "uploads.create",
    "POST",
    "/uploads",
    scope="products:write",
    result=UploadView,
    status=201,
    errors=(FileTooLarge, UnsupportedFileType, Unavailable),
    own_transactions=True,
)
async def create_upload(steps: Steps, params: NewUpload) -> Reply:
    """Upload one image file.

    What it is, is read from its content, never from its name. The file is kept as it came, what a camera wrote into it
    included, under a name that cannot be guessed.
    """
    file = params.file
    if not file.content:
        raise invalid_field("file", "required", "File is empty")
    try:
        media_type, extension = await asyncio.to_thread(rules.kind_of, file.content)
    except rules.NotAnImage as problem:
        raise UnsupportedFileType(f"The file cannot be used: {problem}") from None
    upload_id = f"img_{ids.token(26)}"
    name = f"{upload_id}.{extension}"
    storage = steps.providers.get(Storage)
    await storage.put(name, file.content, media_type)
    try:
        async with steps.transaction() as ctx:
            digest = hashlib.sha256(file.content).hexdigest()
            ctx.note("upload", upload_id, "upload.created", {"size": len(file.content), "sha256": digest})
    except BaseException:
        await storage.remove(name)
        raise
    return Reply(
        {
            "url": f"{steps.origin}/uploads/{name}",
            "filename": file.filename,
            "size": len(file.content),
            "mime_type": media_type,
        }
    )
