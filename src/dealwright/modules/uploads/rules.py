"""Pure rules of uploads: what counts as an image, by its content alone."""

from __future__ import annotations

import io
import re
import warnings
from typing import Final

from PIL import Image, UnidentifiedImageError

MOST_PIXELS: Final = 50_000_000
"""An image of a few bytes can claim to be huge; nobody should have to unpack it."""

TYPES: Final = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "GIF": ("image/gif", "gif"),
                "WEBP": ("image/webp", "webp")}  # fmt: skip
_JPEG_WITH_MORE: Final = "MPO"
"""A JPEG that many cameras write, with a preview or a depth map behind the picture (CIPA DC-007)."""
MEDIA_TYPES: Final = {extension: media_type for media_type, extension in TYPES.values()}
NAME: Final = re.compile(r"img_[0-9a-v]{26}\.(jpg|png|gif|webp)")


class NotAnImage(ValueError):
    """The content is no image that is accepted; the message says why."""


def kind_of(content: bytes) -> tuple[str, str]:
    """Media type and extension of an image that decodes completely. Raises NotAnImage.

    SVG is refused like everything that is no picture: it is a document that may hold scripts.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=list(TYPES)) as image:
                width, height = image.size
                frames = getattr(image, "n_frames", 1)
                if width * height * frames > MOST_PIXELS:
                    raise NotAnImage(f"it has more than {MOST_PIXELS} pixels")
                for frame in range(frames):
                    image.seek(frame)
                    image.load()
                return TYPES["JPEG" if image.format == _JPEG_WITH_MORE else str(image.format)]
    except NotAnImage:
        raise
    except UnidentifiedImageError:
        raise NotAnImage("only JPEG, PNG, GIF and WebP are accepted, whatever the file is called") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAnImage(f"it has more than {MOST_PIXELS} pixels") from None
    except Exception:  # decoders raise whatever a broken file makes them
        raise NotAnImage("it is damaged") from None
