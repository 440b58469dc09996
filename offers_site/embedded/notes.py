"""Small JSON files that say what runs for a data directory."""

import json
import os
from pathlib import Path
from typing import Any


def write(path: Path, content: object) -> None:
    """`path` holds `content`; a reader sees the former text or this one, never a part."""
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(content))
    fresh.replace(path)


def read(path: Path) -> Any:
    """What a note holds; None if there is none or a crash has garbled it."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)
