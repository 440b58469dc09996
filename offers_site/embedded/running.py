"""What `up` does, from the first check to the last process."""

import contextlib
import os
import shutil
import signal
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from offers_site.embedded import leftovers, notes, programs, readiness
from offers_site.embedded.addresses import check_port, has_display, local_url, reachable_address
from offers_site.embedded.children import Supervisor
from offers_site.embedded.lending import wanted_servers
from offers_site.embedded.locks import Lock, held_alone
from offers_site.embedded.output import STANDARD_OUTPUT, Output
from offers_site.embedded.places import Places
from offers_site.embedded.programs import Wishes
from offers_site.embedded.readyz import ReadyWatch
from offers_site.embedded.refusals import (
    OF_A_DISK,
    CannotStart,
    already_running,
    cannot_write,
    server_failed,
    server_slow,
    unsafe_directory,
)
from offers_site.embedded.servers import SECONDS_TO_START, Server, remove_sockets, servers

NAMES = ["overture", "postgres", "redis", "web", "interactive", "bulk", "beat"]
SERVERS = {"postgres", "redis"}
SECONDS_TO_BE_READY = 120
SECONDS_FOR_COMMANDS = 1.5
SECONDS_BETWEEN_LOOKS = 0.1


class Interrupted(BaseException):
    """Somebody wants `up` to end while it still starts."""


class Signals:
    """Ctrl-C and its like: counted, and felt at once only where that is safe."""

    def __init__(self) -> None:
        self.count = 0
        self._raises = False
        for order in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(order, self._heard)

    def _heard(self, order: int, frame: FrameType | None) -> None:
        self.count += 1
        if self._raises:
            self._raises = False
            raise Interrupted

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """A signal ends the block, with `Interrupted`."""
        self.check()
        self._raises = True
        try:
            yield
        finally:
            self._raises = False
        self.check()

    def check(self) -> None:
        if self.count:
            raise Interrupted

    def is_hurried(self) -> bool:
        return self.count > 1


class Up:
    """One run of Overture on one data directory."""

    def __init__(self, places: Places, wishes: Wishes) -> None:
        self._places = places
        self._wishes = wishes
        self._signals = Signals()
        self._output = Output(NAMES)
        self._supervisor = Supervisor(places, self._output)
        self._local_url = local_url(wishes.host, wishes.port)

    def run(self) -> None:
        """Returns when somebody has asked for the end and everything has ended."""
        try:
            self._start()
            self._watch()
            self._output.say(_("Stopping"))
        except Interrupted:
            pass
        finally:
            self._stop()

    def _start(self) -> None:
        places = self._places
        with held_alone(places.starting):
            self._wait_for_commands()
            leftovers.end_leftovers(places)
            self._start_servers()
            with self._signals.interrupting():
                readiness.check_database()
                readiness.check_redis()
                readiness.migrate(places, self._output.say)
        with self._signals.interrupting():
            readiness.collect_static(places, self._output.say)
            if self._wishes.demo:
                readiness.load_demo(self._output.say)
        connection.close()
        prepare_metrics(places)
        for program in programs.of_application(places, self._wishes, settings.BASE_URL):
            self._supervisor.start(program)

    def _wait_for_commands(self) -> None:
        """No command uses servers that a command started: ours would be in their way."""
        keeping = Lock(self._places.keeping)
        if not keeping.try_take():
            self._output.say(_("Waiting for the end of a command that uses this data directory"))
            while not keeping.try_take():
                self._signals.check()
                time.sleep(SECONDS_BETWEEN_LOOKS)
        keeping.close()

    def _start_servers(self) -> None:
        with self._signals.interrupting():
            wanted = servers(self._places, wanted_servers())
        for server in wanted:
            self._supervisor.start(programs.of_server(server))
        for server in wanted:
            self._wait_for(server)

    def _wait_for(self, server: Server) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while not server.answers():
            self._signals.check()
            if self._supervisor.deaths_of(server.name):
                time.sleep(0.1)  # until its last words are read
                raise server_failed(server.title, "\n".join(self._output.said[server.name]))
            if time.monotonic() > deadline:
                raise server_slow(server.title, SECONDS_TO_START)
            self._supervisor.look(time.monotonic())
            time.sleep(0.02)

    def _watch(self) -> None:
        """Until somebody asks for the end."""
        address = reachable_address(self._wishes.address)
        ready = ReadyWatch(address, self._wishes.port, settings.BASE_URL)
        late = time.monotonic() + SECONDS_TO_BE_READY
        while not self._signals.count:
            self._supervisor.look(time.monotonic())
            if ready.has_news():
                late = float("inf")
                self._announce()
            elif time.monotonic() > late:
                late = float("inf")
                self._output.say(
                    _("Not ready after %(seconds)s seconds: the lines above say why.")
                    % {"seconds": SECONDS_TO_BE_READY}
                )
            time.sleep(SECONDS_BETWEEN_LOOKS)

    def _announce(self) -> None:
        lines = [_("Overture is ready: %(url)s") % {"url": self._local_url}]
        if self._wishes.demo:
            if readiness.has_demo_shop():
                lines.append(
                    _("A shop to try it in: %(url)s") % {"url": f"{self._local_url}/shop/"}
                )
            lines += in_columns(readiness.demo_sign_ins())
        self._output.announce(lines)
        if self._wishes.browser and has_display() and os.isatty(STANDARD_OUTPUT):
            with contextlib.suppress(webbrowser.Error):
                webbrowser.open(self._local_url)

    def _stop(self) -> None:
        hurried = self._signals.is_hurried
        self._supervisor.stop(self._supervisor.names() - SERVERS, is_hurried=hurried)
        # A command that begins now waits, rather than to meet servers that are about to go, and one
        # that has begun has a moment to end.
        starting, using = Lock(self._places.starting), Lock(self._places.using)
        if starting.take_within(0.5) and not hurried():
            using.take_within(SECONDS_FOR_COMMANDS)
        self._supervisor.stop(SERVERS, is_hurried=hurried)
        self._supervisor.close()
        if wanted_servers():
            remove_sockets(self._places)
        shutil.rmtree(self._places.metrics, ignore_errors=True)
        notes.remove(self._places.children_note)
        notes.remove(self._places.up_note)
        using.close()
        starting.close()
        self._output.drain(1)


def prepare_metrics(places: Places) -> None:
    """The directory of the counters is empty, and ours alone."""
    shutil.rmtree(places.metrics, ignore_errors=True)
    try:
        places.metrics.mkdir(mode=0o700)
    except FileExistsError:
        raise unsafe_directory(places.metrics) from None


def in_columns(rows: list[tuple[str, str, str]]) -> list[str]:
    """The rows as lines whose columns stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def check_our_port(places: Places, wishes: Wishes) -> None:
    """The port is free, if need be after what a killed `up` has left there is gone."""
    try:
        check_port(wishes.address, wishes.port)
    except CannotStart:
        keeping = Lock(places.keeping)
        try:
            if not keeping.try_take():
                raise  # what is noted belongs to a command that runs
            leftovers.end_leftovers(places)
        finally:
            keeping.close()
        check_port(wishes.address, wishes.port)


def run(places: Places, wishes: Wishes) -> None:
    """Overture runs until it is told to stop. Raises `CannotStart`, and then nothing is left."""
    running = Lock(places.up)
    try:
        if not running.take_within(0.3):
            note = notes.read(places.up_note) or {}
            raise already_running(places.data, note.get("pid", 0), note.get("url", ""))
        check_our_port(places, wishes)
        url = local_url(wishes.host, wishes.port)
        notes.write(places.up_note, {"pid": os.getpid(), "url": url})
        Up(places, wishes).run()
    except OSError as reason:
        if reason.errno not in OF_A_DISK:
            raise
        raise cannot_write(places.data, reason) from reason
    finally:
        running.close()
