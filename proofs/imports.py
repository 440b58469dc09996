"""What the proofs about imports share: files, the calls that send them, the workers."""

import contextlib
import hashlib
import http.client
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import psutil

from proofs.installation import Disproved, Installation, must, wait_for

ROWS = int(os.environ.get("PROOF_ROWS", "1000000"))
SMALL = 200_000  # rows below which chunks are small, too: a kill has to meet a job half done
MOST_MEMORY = 300  # megabytes of one worker
TYPES = {"score": "double", "points": "int", "vip": "bool", "interests": "list<string>"}
POOL = """
from django.utils.timezone import now
from coupons.actions.coupons import create_coupon
create_coupon({"label": "Soccer", "type": "individual"}, code="SOC", by=None, at=now())
"""
DECLARE = """
from django.utils.timezone import now
from contacts.actions.attributes import declare_attribute
for name, type in {types}.items():
    declare_attribute(name=name, label=name, type=type, by=None, at=now())
"""
COLUMNS = (
    "key;email;phone;first_name;last_name;birth_date;language;timezone;address1;postcode;city;"
    "country;email_opt_out;score;points;vip;interests"
)  # a key, and sixteen more
BROKEN = "not a day"
BOUNDARY = "a-line-that-no-file-of-ours-holds"


@dataclass(frozen=True)
class Rows:
    """A file of so many rows, of which those whose number is among `bad` are wrong."""

    count: int
    bad: frozenset[int] = frozenset()
    subject: ClassVar[str]
    table: ClassVar[str]
    prepare: ClassVar[str]  # what an installation needs before
    given: ClassVar[dict[str, str]] = {}  # what is told with the file
    fault: ClassVar[str]
    exported: ClassVar[tuple[str, ...]]
    few: ClassVar[int] = 500  # of a chunk of a small file

    def write(self, path: Path) -> list[int]:
        """Write them in no order; returns the lines on which the bad ones stand."""
        raise NotImplementedError

    def are(self, path: Path) -> bool:
        """Does this export have each good one once, and nothing else?"""
        raise NotImplementedError


class Codes(Rows):
    """The bad ones have a blank inside."""

    subject = "codes"
    table = "coupons_code"
    prepare = POOL
    given: ClassVar = {"coupon": "SOC"}
    fault = "code_invalid_chars"
    exported = ("--coupon", "SOC", "--columns", "code")
    few = 100

    def code(self, n: int) -> str:
        return f"K{n * 7919 % 10_000_019:08d}-{n:07d}"

    def write(self, path: Path) -> list[int]:
        with path.open("w", encoding="utf-8") as file:
            file.write("code\n")
            for n in range(1, self.count + 1):
                file.write(f"{self.code(n)[:4]} {n}\n" if n in self.bad else f"{self.code(n)}\n")
        return [n + 1 for n in sorted(self.bad)]

    def are(self, path: Path) -> bool:
        with path.open(encoding="utf-8") as file:
            next(file)
            found = sorted(line.rstrip("\n") for line in file)
        return found == sorted(self.code(n) for n in range(1, self.count + 1) if n not in self.bad)


class People(Rows):
    """The bad ones have an impossible date of birth."""

    subject = "contacts"
    table = "contacts_contact"
    prepare = DECLARE.format(types=TYPES)
    fault = "date_format"
    exported = ("--columns", COLUMNS.replace(";", ","))

    def line(self, n: int) -> str:
        born = BROKEN if n in self.bad else f"{1940 + n % 70}-{1 + n % 12:02d}-{1 + n % 28:02d}"
        return (
            f"C-{n:07d};person{n}@example.org;+336{n:08d};First {n % 997};Last {n % 9973};{born};"
            f"{'fr' if n % 3 else 'en-GB'};Europe/Paris;{n % 200} rue de la Paix;"
            f"{10000 + n % 89999};Ville {n % 3000};{'FR' if n % 5 else 'BE'};"
            f"{'true' if n % 50 == 0 else 'false'};{n % 1000 + 0.5};{n};"
            f"{'true' if n % 2 else 'false'};{'ski|opera' if n % 4 else ''}"
        )

    def write(self, path: Path) -> list[int]:
        """Write them in no order; returns the lines on which the bad ones stand."""
        order = list(range(1, self.count + 1))
        random.Random(11).shuffle(order)  # noqa: S311 (no secret)
        with path.open("w", encoding="utf-8") as file:
            file.write(COLUMNS + "\n")
            file.writelines(self.line(n) + "\n" for n in order)
        return [line for line, n in enumerate(order, start=2) if n in self.bad]

    def are(self, path: Path) -> bool:
        made = hashlib.sha256((COLUMNS + "\n").encode())
        for n in range(1, self.count + 1):
            if n not in self.bad:
                made.update((self.line(n) + "\n").encode())
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == made.digest()


class Imports:
    """The imports of an installation, over HTTP as programs use them."""

    def __init__(self, here: Installation, rows: Rows) -> None:
        self.here = here
        command = here.command("shell", "-v0", "-c", rows.prepare)
        said, _ = command.communicate(timeout=60)
        must(command.returncode == 0, f"not prepared: {said}")
        words = ("apikey", "create", "--name", "proof", "--scopes", "imports", "--json")
        said, _ = here.command(*words).communicate(timeout=60)
        self.key = str(json.loads(said.splitlines()[-1])["key"])

    def send(self, path: Path, rows: Rows, **fields: str) -> str:
        """The job that a file has become."""
        head, tail = b"", f"\r\n--{BOUNDARY}--\r\n".encode()
        for name, value in {"subject": rows.subject, **rows.given, **fields}.items():
            head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
            head += f"\r\n\r\n{value}\r\n".encode()
        head += (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{path.name}"'
            "\r\nContent-Type: text/csv\r\n\r\n"
        ).encode()
        size = len(head) + path.stat().st_size + len(tail)
        said = self.call("POST", "", parts(head, path, tail), size)
        return str(said["job"])

    def read(self, job: str) -> dict[str, Any]:
        """How far it is; while the web is away, nothing is known."""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            return self.call("GET", f"/{job}")
        return {"state": "unknown", "read": 0}

    def lines_refused(self, job: str) -> list[tuple[int, str]]:
        found, cursor = [], ""
        while True:
            page = self.call("GET", f"/{job}/errors?limit=1000{cursor}")
            found += [(each["line"], each["error_code"]) for each in page["results"]]
            if not page["next"]:
                return found
            cursor = f"&cursor={page['next']}"

    def call(
        self, method: str, path: str, body: Iterator[bytes] | None = None, size: int = 0
    ) -> dict[str, Any]:
        link = http.client.HTTPConnection("127.0.0.1", self.here.port, timeout=300)
        headers = {"Authorization": f"Bearer {self.key}", "Host": f"localhost:{self.here.port}"}
        if body:
            headers |= {
                "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
                "Content-Length": str(size),
            }
        try:
            link.request(method, f"/api/v1/imports{path}", body, headers)
            answer = link.getresponse()
            said = answer.read()
            must(answer.status in {200, 202}, f"{answer.status}: {said[:500]!r}")
            return dict(json.loads(said))
        finally:
            link.close()

    def wait(self, jobs: list[str], memory: "Memory", seconds: float) -> list[dict[str, Any]]:
        """The jobs once all have ended, by themselves."""
        deadline = time.monotonic() + seconds
        while True:
            memory.look()
            said = [self.read(job) for job in jobs]
            if all(each["state"].startswith(("finished", "failed")) for each in said):
                return said
            must(time.monotonic() < deadline, f"after {seconds:g} s: {said}")
            time.sleep(0.3)

    def must_hold(self, rows: Rows) -> None:
        """The installation has these, each once and exactly as the file had them."""
        path = self.here.data.with_suffix(".export")
        words = ("export", rows.subject, *rows.exported, "--output", str(path))
        said, _ = self.here.command(*words).communicate(timeout=600)
        must(path.exists(), f"no export: {said}")
        must(rows.are(path), f"what is there differs from the file: {path}")
        path.unlink()


def parts(head: bytes, path: Path, tail: bytes) -> Iterator[bytes]:
    yield head
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block
    yield tail


class Memory:
    """What the workers have held at their most, in megabytes, whoever they were."""

    def __init__(self, here: Installation) -> None:
        self.here = here
        self.most = 0.0

    def look(self) -> None:
        with contextlib.suppress(Disproved, psutil.Error, OSError):
            for process in workers(self.here):
                self.most = max(self.most, high_water(process))


def workers(here: Installation) -> list[psutil.Process]:
    """The processes that do long work, and the one above them."""
    above = here.child("bulk@%h")
    return [above, *above.children(recursive=True)]


def high_water(process: psutil.Process) -> float:
    """Linux keeps the highest; elsewhere what is held at this moment has to do."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return float(process.memory_info().rss) / 1e6
    found = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
    return int(found[0].split()[1]) * 1024 / 1e6 if found else 0.0


def kill_at(
    imports: Imports,
    memory: Memory,
    job: str,
    rows: int,
    *,
    step: Callable[[], None],
    all_of_them: bool,
) -> int:
    """Once a job has read so many rows, SIGKILL its worker; returns how many it had read then.

    The job does a chunk for each `step`, so that no machine is too quick to meet it half done.
    """

    def far_enough() -> bool:
        step()
        memory.look()
        said = imports.read(job)
        must(not said["state"].startswith(("finished", "failed")), f"it was too quick: {said}")
        return bool(said["read"] >= rows and said["state"] == "running")

    wait_for(far_enough, 900, f"{job} had not read {rows} rows")
    victims = workers(imports.here)
    for process in victims if all_of_them else victims[1:]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    return int(imports.read(job)["read"])


def settings(rows: Rows) -> dict[str, str]:
    """Small files go in small chunks, so that they take many."""
    return {"IMPORT_CHUNK_ROWS": str(rows.few)} if ROWS < SMALL else {}
