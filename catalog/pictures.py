"""Pictures that people upload: checked by what they hold, and made anew.

Nothing of an uploaded file is served. It is decoded under limits and encoded again, which leaves
behind whatever hid in it: positions, comments, a second file after the first.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, ImageSequence

from catalog.models.content import Asset

LARGEST_FILE = 5 * 1024 * 1024
LARGEST_SIDE = 8_000
MOST_PIXELS = 25_000_000
MOST_FRAMES = 200
MOST_PIXELS_OF_ALL_FRAMES = 100_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MEDIA_TYPES: Mapping[str, str] = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
EXTENSIONS: Mapping[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
}
LONGEST_NAME = 120


class BadPicture(ValueError):
    """A file that is no picture of ours: a sentence for people."""


@dataclass(frozen=True)
class Picture:
    """A picture that was made anew."""

    media_type: str
    width: int
    height: int
    data: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def read_picture(data: bytes) -> Picture:
    """The picture in a file, made anew; raises BadPicture."""
    if not data:
        raise BadPicture(_("This file is empty."))
    if len(data) > LARGEST_FILE:
        message = _("A picture may have %(most)d MB at most.")
        raise BadPicture(message % {"most": LARGEST_FILE // 1024**2})
    if data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise BadPicture(_("Drawings (SVG) can hold programs: save it as PNG, JPEG, GIF or WebP."))
    check_canvas(data)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            check_size(opened.width, opened.height)
            return remade(opened)
    except BadPicture:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_many_pixels() from None
    except Exception as error:  # a decoder meets whatever people send
        message = _("This is no picture that can be read: use PNG, JPEG, GIF or WebP.")
        raise BadPicture(message) from error


def check_canvas(data: bytes) -> None:
    """What a WebP says of its size, before its decoder makes room for that."""
    if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X" and len(data) >= 30:
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        check_size(width, height)


def check_size(width: int, height: int) -> None:
    if max(width, height) > LARGEST_SIDE:
        message = _("A picture may have %(most)d pixels on a side at most.")
        raise BadPicture(message % {"most": LARGEST_SIDE})
    if width * height > MOST_PIXELS:
        raise too_many_pixels()


def too_many_pixels() -> BadPicture:
    message = _("A picture may have %(most)d million pixels at most.")
    return BadPicture(message % {"most": MOST_PIXELS // 1_000_000})


def remade(opened: Image.Image) -> Picture:
    kind = str(opened.format)
    frames = getattr(opened, "n_frames", 1)
    if frames > MOST_FRAMES or frames * opened.width * opened.height > MOST_PIXELS_OF_ALL_FRAMES:
        raise BadPicture(_("This animation has too many pictures: shorten it."))
    written = io.BytesIO()
    if frames > 1 and kind in {"GIF", "WEBP"}:
        size = write_animation(opened, kind, written)
    else:
        size = write_still(opened, kind, written)
    return Picture(MEDIA_TYPES[kind], *size, written.getvalue())


def write_still(opened: Image.Image, kind: str, to: io.BytesIO) -> tuple[int, int]:
    upright = ImageOps.exif_transpose(opened)
    plain = bare(upright.convert(mode_for(upright, kind)))
    plain.save(to, kind, **OPTIONS[kind])
    return plain.size


OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "PNG": {"optimize": True},
    "JPEG": {"quality": 88, "optimize": True, "progressive": True},
    "GIF": {"optimize": True},
    "WEBP": {"quality": 88, "method": 4},
}


def mode_for(image: Image.Image, kind: str) -> str:
    """How colours are kept: eight bits, and transparency where there is some."""
    if kind == "JPEG":
        return "L" if image.mode in {"L", "1"} else "RGB"
    if kind == "PNG" and image.mode in {"L", "1", "P", "LA", "RGB", "RGBA"}:
        return "RGBA" if image.mode == "P" and "transparency" in image.info else image.mode
    return "RGBA" if image.has_transparency_data else "RGB"


def bare(image: Image.Image) -> Image.Image:
    """The pixels and nothing else."""
    plain = Image.frombytes(image.mode, image.size, image.tobytes())
    if image.mode == "P" and (palette := image.getpalette()):
        plain.putpalette(palette)
    return plain


def write_animation(opened: Image.Image, kind: str, to: io.BytesIO) -> tuple[int, int]:
    lengths: list[int] = []
    loop = opened.info.get("loop", 0)

    def frames() -> Iterator[Image.Image]:
        for frame in ImageSequence.Iterator(opened):
            lengths.append(max(int(frame.info.get("duration") or 100), 20))
            yield bare(frame.convert("RGBA"))

    first, *others = list(frames())
    first.save(
        to,
        kind,
        save_all=True,
        append_images=others,
        duration=lengths,
        loop=loop,
        **({"disposal": 2} if kind == "GIF" else {"quality": 80}),
    )
    return first.size


def name_of(file_name: str) -> str:
    """What a picture is called: the name of its file, without folders and what cannot be read."""
    name = re.sub(r"[\x00-\x1f\x7f<>]", "", re.split(r"[\\/]", file_name)[-1]).strip()
    return name[-LONGEST_NAME:] or _("Picture")


def keep(picture: Picture, *, name: str, at: datetime) -> tuple[Asset, bool]:
    """Store a picture, once; says whether it is new. Belongs in a transaction."""
    return Asset.objects.get_or_create(
        hash=picture.hash,
        defaults={
            "name": name_of(name),
            "media_type": picture.media_type,
            "width": picture.width,
            "height": picture.height,
            "size": len(picture.data),
            "data": picture.data,
            "created_at": at,
        },
    )


def address_of(asset: Asset) -> str:
    """Where it is served, and what the content of offers says."""
    return f"/assets/{asset.hash}.{EXTENSIONS[asset.media_type]}"


def recent(text: str = "") -> QuerySet[Asset]:
    """Pictures, the newest first, whose names hold every word of a text."""
    found = Asset.objects.defer("data").order_by("-created_at", "-pk")
    for word in text.split()[:5]:
        found = found.filter(name__resembles=word)
    return found
