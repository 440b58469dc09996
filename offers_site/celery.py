import os
from typing import Any

import structlog
from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "offers_site.settings")

app = Celery("offers_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Settings have configured the logs; a receiver here keeps Celery from doing it again."""


@signals.task_prerun.connect
def bind_task(task_id: str, task: Any, **kwargs: Any) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)


@signals.task_postrun.connect
def unbind_task(**kwargs: Any) -> None:
    structlog.contextvars.clear_contextvars()
