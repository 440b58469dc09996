"""From the bytes of a file to bytes in which commas, quotes and line ends are what they seem.

UTF-8 and the single-byte encodings are that already. UTF-16 is turned into UTF-8 while it is read;
half a pair of surrogates becomes bytes that are no UTF-8, so that only its row is refused.
"""

import codecs
from bisect import bisect_right
from typing import IO

from transfers.reading.faults import FileFault

BLOCK = 1 << 16
DECLARABLE = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "utf16": "utf-16",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "iso-8859-1": "iso8859-1",
    "latin-1": "iso8859-1",
    "iso-8859-15": "iso8859-15",
}
MARKS = (
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF32_BE, ""),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def recognise(start: bytes, declared: str) -> tuple[str, int]:
    """The encoding and the length of the byte order mark. Nothing is guessed; or FileFault."""
    for mark, name in MARKS:
        if start.startswith(mark):
            if not name:
                raise FileFault("enc_unknown", line=1)
            return name, len(mark)
    encoding = DECLARABLE.get(declared.lower() or "utf-8", "")
    first_line = start.partition(b"\n")[0][:200]
    if encoding in {"", "utf-16"} or (b"\0" in first_line and is_wide(start)):
        raise FileFault("enc_unknown", line=1)
    return encoding, 0


def is_wide(start: bytes) -> bool:
    """Is every second byte NUL, as in UTF-16 without its mark?"""
    sample = start[: len(start) // 2 * 2][:64]
    return (
        bool(sample)
        and min(sample[::2].count(0), sample[1::2].count(0)) == 0
        and (max(sample[::2].count(0), sample[1::2].count(0)) * 4 >= len(sample))
    )


class Stream:
    """Bytes to be split into records, and where each of them stood in the file."""

    def __init__(self, file: IO[bytes], encoding: str, mark: int) -> None:
        self.file = file
        self.mark = mark
        self.wide = encoding if encoding.startswith("utf-16-") else ""
        self.encoding = "utf-8" if self.wide else encoding
        self.decoder = (
            codecs.getincrementaldecoder(self.wide)("surrogatepass") if self.wide else None
        )
        self.here: list[int] = [0]  # where blocks begin, in the bytes that we hand out
        self.there: list[int] = [mark]  # and in the file
        self.blocks: dict[int, bytes] = {}

    def read(self, size: int) -> bytes:
        if self.decoder is None:
            return self.file.read(size)
        while block := self.file.read(BLOCK):
            if given := self.recoded(block):
                return given
        return self.recoded(b"", last=True)

    def recoded(self, block: bytes, *, last: bool = False) -> bytes:
        if self.decoder is None:
            return block
        try:
            text = self.decoder.decode(block, last)
        except UnicodeDecodeError:  # an odd byte at the very end, or a pair cut in two by it
            self.decoder.reset()
            return b"\xff" if last else b""
        given = text.encode("utf-8", "surrogatepass")
        if given:
            self.blocks = {self.here[-1]: given, **dict(list(self.blocks.items())[:40])}
            self.here.append(self.here[-1] + len(given))
            self.there.append(self.there[-1] + len(text.encode(self.wide, "surrogatepass")))
        return given

    def go_to(self, offset: int) -> bytes:
        """Go on from `offset`; returns what was read beyond it."""
        if not self.wide:
            if offset:
                self.file.seek(self.mark + offset)
            return b""
        while offset > 0:
            block = self.read(offset)
            if not block:
                return b""
            if len(block) > offset:
                return block[offset:]
            offset -= len(block)
        return b""

    def place(self, offset: int) -> int:
        """The byte of the file which an offset in our bytes comes from."""
        if not self.wide:
            return offset + self.mark
        number = bisect_right(self.here, offset) - 1
        block = self.blocks.get(self.here[number], b"")
        before = block[: offset - self.here[number]]
        units = len(before.decode("utf-8", "surrogatepass").encode(self.wide, "surrogatepass"))
        return self.there[number] + units
