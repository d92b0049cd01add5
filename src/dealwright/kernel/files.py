"""Files that a caller sends: the type that an input model declares, and what a handler gets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import InstanceOf, WithJsonSchema

from dealwright.kernel.errors import PayloadTooLarge


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file part of a form. The name and the media type are what the sender says: never trust them."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)

    def __str__(self) -> str:
        """What tells one file from another: an idempotency key remembers its request by this."""
        return f"{self.filename}:{hashlib.sha256(self.content).hexdigest()}"


File = Annotated[InstanceOf[UploadedFile], WithJsonSchema({"type": "string", "format": "binary"})]
"""A field that only multipart/form-data can carry."""


class FileTooLarge(PayloadTooLarge):
    """413: the file is larger than the server takes."""

    code = "validation_error.file_too_large"
