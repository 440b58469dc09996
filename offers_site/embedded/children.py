"""The children of `up`: each runs in a session of its own and is started again when it dies."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from offers_site.embedded import leftovers
from offers_site.embedded.output import Output
from offers_site.embedded.places import Places
from offers_site.embedded.refusals import CannotStart

GUARD = str(Path(__file__).with_name("guard.py"))
SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
SECONDS_TO_PROVE_ITSELF = 60.0


def nothing() -> None:
    """What most children need before they start."""


@dataclass(frozen=True, slots=True)
class Program:
    """What runs as one child. `stops_by` is tried in order, each for `patience` seconds."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    directory: Path
    stops_by: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGKILL)
    patience: float = 6.0
    killed_by: signal.Signals = signal.SIGKILL  # when the supervisor itself was killed
    before: Callable[[], None] = nothing


@dataclass(slots=True)
class Child:
    """One program under supervision."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    born: float = 0.0
    deaths: int = 0
    due: float = 0.0
    tried: int = 0
    asked: float = field(default=0.0)

    @property
    def name(self) -> str:
        return self.program.name


class Supervisor:
    """Runs programs until it is told to stop. Used from one thread, the one that forks."""

    def __init__(self, places: Places, output: Output) -> None:
        self._places = places
        self._output = output
        self._children: list[Child] = []
        self._guard = start_guard()

    def start(self, program: Program) -> Child:
        child = Child(program)
        self._children.append(child)
        self._run(child)
        return child

    def look(self, now: float) -> None:
        """Whatever has died since the last look is noted, and started again when it is due."""
        for child in self._children:
            if child.process is None:
                if now >= child.due:
                    self._run(child)
            elif has_died(child.process):
                self._bury(child, now)
        if self._guard.poll() is not None:
            self._replace_guard()

    def _replace_guard(self) -> None:
        self._close_guard()
        self._guard = start_guard()
        for child in self._children:
            self._tell_guard(child)

    def _run(self, child: Child) -> None:
        program = child.program
        try:
            program.before()
            child.process = subprocess.Popen(
                program.command,
                cwd=program.directory,
                env=program.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, CannotStart) as reason:
            child.deaths += 1
            child.due = time.monotonic() + pause(child.deaths)
            self._output.say(f"{child.name} cannot be started: {reason}")
            return
        child.born = time.monotonic()
        self._tell_guard(child)
        self._note()
        if child.process.stdout:
            self._output.follow(child.name, child.process.stdout)

    def _bury(self, child: Child, now: float) -> None:
        process = child.process
        if process is None:
            return
        ended = reap(process)
        self._forget(child)
        if now - child.born >= SECONDS_TO_PROVE_ITSELF:
            child.deaths = 0
        child.deaths += 1
        wait = pause(child.deaths)
        child.due = now + wait
        self._output.say(f"{child.name} {ended}; it starts again in {wait:g} s")

    def _forget(self, child: Child) -> None:
        if child.process:
            self._write_to_guard(f"- {child.process.pid}\n")
        child.process = None
        self._note()

    def stop(self, names: set[str], *, is_hurried: Callable[[], bool]) -> None:
        """The children with these names have ended, with everything in their groups."""
        leaving = [child for child in self._children if child.name in names and child.process]
        self._children = [child for child in self._children if child.name not in names]
        while leaving:
            for child in leaving:
                urge(child, time.monotonic(), hurried=is_hurried())
            for child in [child for child in leaving if child.process and has_died(child.process)]:
                leaving.remove(child)
                if child.process:
                    reap(child.process)
                self._forget(child)
            time.sleep(0.02)

    def close(self) -> None:
        """Nothing is left to guard."""
        self._write_to_guard("done\n")
        self._close_guard()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._guard.wait(5)

    def deaths_of(self, name: str) -> int:
        """How often this child has died in a row."""
        return sum(child.deaths for child in self._children if child.name == name)

    def names(self) -> set[str]:
        return {child.name for child in self._children}

    def _note(self) -> None:
        running = {child.name: child.process.pid for child in self._children if child.process}
        # A full disk must not end what runs well: the guard knows the children too.
        with contextlib.suppress(OSError):
            leftovers.note(self._places, running | {"guard": self._guard.pid})

    def _tell_guard(self, child: Child) -> None:
        if child.process:
            order = int(child.program.killed_by)
            self._write_to_guard(f"+ {child.process.pid} {order}\n")

    def _write_to_guard(self, line: str) -> None:
        if self._guard.stdin:
            with contextlib.suppress(OSError, ValueError):
                self._guard.stdin.write(line.encode())
                self._guard.stdin.flush()

    def _close_guard(self) -> None:
        if self._guard.stdin:
            with contextlib.suppress(OSError, ValueError):
                self._guard.stdin.close()


def start_guard() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", GUARD],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def pause(deaths: int) -> float:
    """Seconds to wait before a child is started again after so many deaths in a row."""
    return float(min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** (min(deaths, 10) - 1)))


def has_died(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has ended. It stays a zombie where that can be had, so that its number
    cannot be given to another process before its group is ended."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return process.poll() is not None
    try:
        found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return found is not None


def reap(process: subprocess.Popen[bytes]) -> str:
    """How the process ended, in words. Nothing of its group is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    status = process.wait()
    return f"was ended by signal {-status}" if status < 0 else f"ended with exit status {status}"


def urge(child: Child, now: float, *, hurried: bool) -> None:
    """Send the child the next of its signals when it has had its time with the last one."""
    program = child.program
    wait = 0.5 if hurried else program.patience
    if child.process is None or child.tried >= len(program.stops_by):
        return
    if child.tried and now - child.asked < wait:
        return
    order = program.stops_by[child.tried]
    child.tried += 1
    child.asked = now
    with contextlib.suppress(ProcessLookupError):
        if order is signal.SIGKILL:
            os.killpg(child.process.pid, order)
        else:
            child.process.send_signal(order)
