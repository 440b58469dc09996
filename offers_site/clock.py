"""The clock that wakes what is due. It goes on when the machine's own clock is set back."""

from typing import Any

import structlog
from celery.beat import PersistentScheduler

log = structlog.get_logger("overture.clock")


class Clock(PersistentScheduler):
    """Celery's, which waits for as long as its last round seems to lie ahead: for years, if a
    machine started with a wrong date, and after a restart still, for it remembers its rounds."""

    def tick(self, *args: Any, **options: Any) -> float:
        entries = self.schedule.values()
        early = [e for e in entries if e.last_run_at and e.last_run_at > e.default_now()]
        for entry in early:
            entry.last_run_at = entry.default_now()
        if early:
            log.warning("clock.set_back", entries=len(early))
            self._heap = None  # what is next is reckoned anew
        seconds: float = super().tick(*args, **options)
        return seconds
