"""What runs for a data directory, written down so that the next start can end what was left."""

import json
import os
from pathlib import Path
from typing import Any

from offers_site.embedded.places import Places


def clear(places: Places) -> None:
    places.children_note.unlink(missing_ok=True)


def replace(path: Path, text: str) -> None:
    """`path` holds `text`; a reader sees the former text or this one, never a part."""
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(text)
    fresh.replace(path)


def read(path: Path) -> Any:
    """What a note holds; None if there is none or a crash has garbled it."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
