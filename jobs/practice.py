"""A job that does nothing of use, step by step: it shows that queue, workers and progress work."""

import time
from collections.abc import Generator

from jobs.models import Job
from jobs.running import Step

STEPS = 100
PAUSE = 0.2  # seconds; long enough to see, short enough to wait for


def practise(job: Job) -> Generator[Step, None, None]:
    for number in range(job.checkpoint.get("next", 0), STEPS):
        time.sleep(PAUSE)
        yield Step(done=1, checkpoint={"next": number + 1}, total=STEPS)
