"""`generate codes --coupon CODE --count N`: codes by a pattern, from the shell."""

import sys
import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any

from django.utils.timezone import now

from coupons import generating
from coupons.actions.generating import Generation, start_generating
from coupons.actions.refusing import FieldRefused, NotInState
from coupons.management.commands.coupons import find
from coupons.models import Batch
from coupons.patterns import DEFAULT
from jobs import running
from jobs.models import Job
from jobs.running import Step
from offers_site.commands import CommandError, CommandParser, OvertureCommand, text


class Command(OvertureCommand):
    help = "Make codes for a coupon. Should this process be killed, the workers take it up."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("what", choices=["codes"], metavar="codes")
        parser.add_argument("--coupon", required=True, metavar="CODE")
        parser.add_argument("--count", required=True, type=int, metavar="N")
        parser.add_argument("--pattern", type=text(64), metavar="SOCCER-####-####")
        parser.add_argument(
            "--charset", type=text(200), metavar="safe|alnum|letters|digits|CHARACTERS"
        )
        parser.add_argument("--check", action="store_true", help="end codes in a check character")
        parser.add_argument("--segment", type=text(100), default="", metavar="S")
        parser.add_argument("--label", type=text(200), default="", help="the name of the batch")

    def handle(self, *args: Any, as_json: bool, **given: Any) -> None:
        coupon = find(given["coupon"])
        own = {"pattern": given["pattern"], "charset": given["charset"], "check": given["check"]}
        own = {name: value for name, value in own.items() if value}
        began = time.monotonic()
        try:
            started = start_generating(
                coupon,
                given["count"],
                pattern={**(coupon.code_pattern or DEFAULT), **own} if own else None,
                segment=given["segment"],
                label=given["label"],
                by=None,
                at=now(),
                here=True,
            )
        except FieldRefused as refusal:
            said = f"--{refusal.name.replace('_', '-')}: {refusal}"
            status = 2 if refusal.code == "number_invalid" else 1
            raise CommandError(said, returncode=status) from refusal
        except NotInState as refusal:
            raise CommandError(str(refusal)) from refusal
        for sentence in started.warnings.values():
            self.stderr.write(sentence)
        with suppress(KeyboardInterrupt):
            running.run(started.job.pk, self.work)
        self.tell(started, as_json=as_json, seconds=time.monotonic() - began)

    def work(self, job: Job) -> Generator[Step, None, None]:
        told = 0.0
        for step in generating.work(job):
            yield step
            if sys.stderr.isatty() and time.monotonic() - told > 0.5:
                told = time.monotonic()
                self.stderr.write(f"\r{job.percent or 0:3d} %", ending="")
                self.stderr.flush()

    def tell(self, started: Generation, *, as_json: bool, seconds: float) -> None:
        batch = Batch.objects.select_related("job").get(pk=started.batch.pk)
        job = Job.objects.get(pk=started.job.pk)
        if as_json:
            self.answer(
                {
                    "job": str(job.pk),
                    "state": str(job.state),
                    "batch": batch.pk,
                    "read": batch.wanted,
                    "inserted": batch.made,
                    **dict.fromkeys(("updated", "unchanged", "ignored", "rejected", "blank"), 0),
                    "errors_file": None,
                    "warnings": list(started.warnings),
                    "seconds": round(seconds, 3),
                }
            )
        else:
            self.stdout.write(f"{batch.made:,} codes made")
        if job.state != Job.State.FINISHED:
            raise CommandError(f"{job.get_state_display()}. {job.failure_sentence}".strip())
