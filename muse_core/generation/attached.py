"""The pictures in a message of OpenAI's shape -> encoded images.

    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0…"}}

Only pictures that are sent along are read: an address is never fetched. Whether the bytes can be decoded is
the visual search's to say; what is no PNG, JPEG, WebP or GIF by its first bytes is refused here, whatever its
label says.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

MAX_PICTURE_BYTES = 5_000_000
MAX_PICTURES = 4  # of one conversation
_KINDS = ("PNG", "JPEG", "WebP", "GIF")


def is_picture(part: Any) -> bool:
    """Whether a content part claims to be one."""
    return isinstance(part, Mapping) and part.get("type") in ("image_url", "input_image")


def picture_of(part: Mapping[str, Any]) -> bytes:
    """The encoded image of a content part. ValueError that says what to send instead."""
    given = part.get("image_url")
    url = given.get("url") if isinstance(given, Mapping) else given
    if not isinstance(url, str) or not url.startswith("data:"):
        raise ValueError(
            "found a picture without its content, expected a data: address (data:image/png;base64,…); "
            "no address is fetched"
        )
    head, _, body = url.partition(",")
    if not head.endswith(";base64") or len(body) > MAX_PICTURE_BYTES * 4 // 3 + 4:
        raise ValueError(
            f"found a picture of {len(body):,} characters as {head[:40]!r}, expected base64 of at most "
            f"{MAX_PICTURE_BYTES:,} bytes"
        )
    try:
        return checked_picture(base64.b64decode(body, validate=True))
    except binascii.Error:
        raise ValueError("found a picture that is no base64; send the file's bytes in base64") from None


def checked_picture(data: bytes) -> bytes:
    """The same bytes; ValueError where they are too many or no picture."""
    if len(data) > MAX_PICTURE_BYTES:
        raise ValueError(f"found a picture of {len(data):,} bytes, expected at most {MAX_PICTURE_BYTES:,}")
    if kind_of(data) is None:
        raise ValueError(f"found {_guess(data)}, expected a picture: {', '.join(_KINDS)}")
    return data


def kind_of(data: bytes) -> str | None:
    """The media type of an encoded picture by its first bytes; None for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "image/gif" if data[:6] in (b"GIF87a", b"GIF89a") else None


def _guess(data: bytes) -> str:
    if not data:
        return "an empty file"
    return "a zip file" if data[:4] == b"PK\x03\x04" else f"a file that begins with {data[:8]!r}"
