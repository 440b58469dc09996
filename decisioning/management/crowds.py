"""`decide --audience`: everybody whom a rule describes, looked at here or stored as a run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.timezone import now

from catalog.models import Environment
from contacts.models import ContactQuerySet
from decisioning import runs
from decisioning.actions.runs import start_run
from decisioning.calling import Warned, moment_of
from decisioning.counting import Counts
from decisioning.models import Run
from decisioning.populations import (
    ForVisitors,
    NoSuchSpace,
    Population,
    ask_everybody,
    look,
)
from decisioning.rows import Drawn
from jobs import running
from jobs.models import Job
from jobs.running import Step
from offers_site.commands import CommandError, OvertureCommand
from offers_site.values import NoSuchMoment
from rules.refusals import BadRule
from rules.wording import complaint

CHUNK = 1_000
NOBODY = "No contact meets this rule."


class Everybody:
    """One run of the command."""

    def __init__(self, command: OvertureCommand, options: dict[str, Any], *, as_json: bool) -> None:
        self.command, self.options, self.as_json = command, options, as_json
        self.began = time.monotonic()
        self.told = 0.0

    def decide(self) -> None:
        population = self.population()
        environment = Environment.objects.get(pk=population.environment)
        with rule_refused(self.options["audience"]):
            if self.options["record"]:
                self.record(population)
            else:
                self.look(population, environment)

    def population(self) -> Population:
        space, warnings = self.options["space"], list[Warned]()
        try:
            found = ask_everybody(
                space,
                count=self.options["count"],
                categories=self.options["categories"],
                themes=self.options["themes"],
                call=self.options["call"],
                seed=self.options["seed"],
                warnings=warnings,
            )
        except NoSuchSpace:
            raise CommandError(f"No space {space} is live.") from None
        except ForVisitors:
            sentence = f"The space {space} is for visitors; an audience is of contacts."
            raise CommandError(sentence) from None
        for one in warnings:
            self.command.stderr.write(f"{one['pointer']}: {one['detail']}")
        return found

    # --- looking ---

    def look(self, population: Population, environment: Environment) -> None:
        """A line for each contact, and what it comes to."""
        at = self.moment(environment)
        people = runs.members(self.options["audience"], environment, at=at)
        total = people.count() if self.shows_progress else None
        counts = Counts()
        try:
            for pks in chunks(people):
                for one in look(population, pks, at=at):
                    counts.add(one)
                    self.write(one)
                self.progress(counts.people, total)
        except KeyboardInterrupt:
            raise CommandError(f"Stopped after {counts.people:,} contacts.") from None
        self.tell(counts, {})
        if not counts.people:
            raise CommandError(NOBODY)

    def moment(self, environment: Environment) -> datetime:
        if not self.options["at"]:
            return now()
        try:
            return moment_of(self.options["at"], ZoneInfo(environment.timezone))
        except NoSuchMoment as refusal:
            raise CommandError(f"--at: {refusal}", returncode=2) from None
        except ValueError:
            sentence = "--at: expected a date and time in ISO 8601."
            raise CommandError(sentence, returncode=2) from None

    def write(self, one: Drawn) -> None:
        if self.as_json:
            self.command.answer(described(one))
            return
        said = ", ".join(f"{made.offer} {made.weight:g}" for made in one.made)
        reason = next((str(each.reason) for each in one.answers if each.reason), "")
        self.command.stdout.write("\t".join([one.key, said or reason]))

    # --- recording ---

    def record(self, population: Population) -> None:
        workers = self.options["workers"]
        run = start_run(
            population, self.options["audience"], by=None, at=now(), helpers=0, here=True
        )
        helpers = [join(run) for _number in range(workers - 1)]
        try:
            with suppress(KeyboardInterrupt), runs.another_hand(run.job_id, clock=now):
                running.run(run.job_id, self.work)
        finally:
            for helper in helpers:
                helper.wait()
        job = Job.objects.get(pk=run.job_id)
        self.tell(runs.counts_of(run), {"job": str(job.pk), "state": str(job.state)})
        if job.state != Job.State.FINISHED:
            raise CommandError(f"{job.get_state_display()}. {job.failure_sentence}".strip())
        if not job.total:
            raise CommandError(NOBODY)

    def work(self, job: Job) -> Generator[Step, None, None]:
        for step in runs.work(job, clock=now):
            yield step
            self.progress(job.done, job.total)

    # --- what it comes to ---

    def tell(self, counts: Counts, more: dict[str, Any]) -> None:
        seconds = round(time.monotonic() - self.began, 1)
        if self.as_json:
            self.command.answer({**more, **counts.told(), "seconds": seconds})
        else:
            self.command.say(
                f"{counts.propositions:,} propositions for {counts.people:,} contacts"
                f" in {seconds:,} s; {counts.without_offer:,} without an offer,"
                f" {counts.fewer_than_asked:,} with fewer than asked",
                as_json=not self.options["record"],
            )

    @property
    def shows_progress(self) -> bool:
        return bool(self.command.stderr.isatty())

    def progress(self, done: int, total: int | None) -> None:
        """A line that is written over on a terminal; nothing elsewhere."""
        if not self.shows_progress or not total or time.monotonic() - self.told < 0.5:
            return
        self.told = time.monotonic()
        rate = done / (self.told - self.began)
        left = f", {(total - done) / rate:,.0f} s left" if rate else ""
        self.command.stderr.write(
            f"\r{done:,} of {total:,} contacts, {rate:,.0f} a second{left}  ", ending=""
        )
        self.command.stderr.flush()


def described(one: Drawn) -> dict[str, Any]:
    """What one contact gets, as the line of a program."""
    return {
        "contact": one.key,
        "release": one.release,
        "reason": next((str(each.reason) for each in one.answers if each.reason), None),
        "propositions": [
            {
                "offer": made.offer,
                "rank": made.rank,
                "weight": float(made.weight),
                "context": made.context,
                "fallback": made.is_fallback,
            }
            for made in one.made
        ],
    }


def chunks(people: ContactQuerySet) -> Iterator[list[int]]:
    """Their primary keys in order, some at a time."""
    last = 0
    while found := list(
        people.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        yield found
        last = found[-1]


@contextmanager
def rule_refused(rule: str) -> Iterator[None]:
    """A rule that is none is shown, with every place where it is wrong."""
    try:
        yield
    except BadRule as refusal:
        lines = ["--audience: this is no rule that describes contacts."]
        for mistake in refusal.mistakes:
            lines += pointed(rule, mistake.start, mistake.end)
            lines.append(complaint(mistake, "en"))
        raise CommandError("\n".join(lines), returncode=2) from None


def pointed(rule: str, start: int, end: int) -> list[str]:
    """The line of the rule in which something stands, and carets below it."""
    begin = rule.rfind("\n", 0, start) + 1
    line = rule[begin:].partition("\n")[0]
    number = max(1, min(end, begin + len(line)) - start)
    return [f"  {line}", f"  {' ' * (start - begin)}{'^' * number}"]


# --- several processes ---


def join(run: Run) -> subprocess.Popen[bytes]:
    """Another process that helps, as somebody on another machine would."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "decide", "--join"]
    return subprocess.Popen([*command, str(run.job_id)], stdout=subprocess.DEVNULL)


def help_with(job: str) -> int:
    """Decide along with the others until nothing is left; how far the run is then."""
    run = None
    with suppress(ValueError):
        run = Run.objects.select_related("job", "environment").filter(job=UUID(job)).first()
    if run is None:
        raise CommandError(f"There is no run {job}.")
    with suppress(KeyboardInterrupt), runs.another_hand(run.job_id, clock=now):
        runs.help_with(run, clock=now)
    return runs.done(run)
