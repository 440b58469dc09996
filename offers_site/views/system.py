"""The state of the installation, for those who run it."""

from __future__ import annotations

import platform
import shutil
import tomllib
from dataclasses import dataclass
from typing import Any

import django
import redis
from celery import current_app
from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from kombu.exceptions import OperationalError

from offers_site import health
from offers_site.http import StaffRequest, render_page

PATIENCE = 1.0  # seconds that a worker has to answer


@dataclass(frozen=True)
class Worker:
    name: str
    processes: int
    uptime: int | None
    done: int


@require_GET
@permission_required("site.view_system", raise_exception=True)
def system_detail(request: StaffRequest) -> HttpResponse:
    """The page at once; the workers, who are slow to answer, when htmx asks or without script."""
    states = health.states()
    reachable = states["broker"] == health.OK  # if not, nothing else waits for it
    context: dict[str, Any] = {"queue_is_away": not reachable}
    if request.htmx or "workers" in request.GET:
        context |= {"workers": ask_workers() if reachable else [], "asked": True}
    if not request.htmx:
        context |= {
            "checks": states,
            "queues": health.queue_depths() if reachable else {},
            "software": software(redis_version() if reachable else "—"),
            "machine": machine(),
            "settings": settings_that_matter(),
        }
    return render_page(request, "system.html", context, fragment="workers")


def ask_workers() -> list[Worker]:
    """Those that answered in time."""
    try:
        answers = current_app.control.inspect(timeout=PATIENCE).stats() or {}
    except (OSError, redis.RedisError, OperationalError):
        return []
    return [
        Worker(
            name,
            int(answer.get("pool", {}).get("max-concurrency", 1)),
            answer.get("uptime"),
            sum(answer.get("total", {}).values()),
        )
        for name, answer in sorted(answers.items())
    ]


def software(redis_version: str) -> list[tuple[str, str]]:
    return [
        ("Overture", version()),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        ("PostgreSQL", postgresql_version()),
        ("Redis", redis_version),
    ]


def version() -> str:
    """What pyproject.toml says; the file is part of every installation."""
    stated = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    return str(stated["project"]["version"])


def postgresql_version() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            row = cursor.fetchone()
    except DatabaseError:
        return "—"
    return str(row[0]).partition(" ")[0] if row else "—"


def redis_version() -> str:
    try:
        with health.broker() as client:
            info: Any = client.info("server")
    except redis.RedisError:
        return "—"
    return str(info.get("redis_version", "—"))


def machine() -> list[tuple[str, str]]:
    place = settings.PLACES.data
    existing = next(path for path in (place, *place.parents) if path.exists())
    disk = shutil.disk_usage(existing)
    free = _("%(free)s of %(total)s") % {
        "free": filesizeformat(disk.free),
        "total": filesizeformat(disk.total),
    }
    return [
        (_("System"), f"{platform.system()} {platform.release()}"),
        (_("Data directory"), str(place)),
        (_("Disk free"), free),
    ]


def settings_that_matter() -> list[tuple[str, str, str]]:
    """(variable, its value, what it means); never a secret."""
    mail = settings.EMAIL_BACKEND.endswith("filebased.EmailBackend")
    return [
        ("BASE_URL", settings.BASE_URL, _("Where links in emails lead")),
        (
            "EMAIL_URL",
            _("files in %(directory)s") % {"directory": settings.EMAIL["EMAIL_FILE_PATH"]}
            if mail
            else f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}",
            _("Where emails go"),
        ),
        ("FROM_EMAIL", settings.DEFAULT_FROM_EMAIL, _("Who sends them")),
        ("DATABASE_URL", where(embedded=settings.EMBEDS_POSTGRES), _("PostgreSQL")),
        ("REDIS_URL", where(embedded=settings.EMBEDS_REDIS), _("Redis")),
        ("DEFAULT_LANGUAGE", settings.LANGUAGE_CODE, _("For those who have not chosen")),
        ("TIME_ZONE", settings.TIME_ZONE, _("For those who have not chosen")),
        (
            "JOURNAL_RETENTION_DAYS",
            str(settings.JOURNAL_RETENTION_DAYS),
            _("How many days the journal keeps"),
        ),
        ("PROXY_COUNT", str(settings.PROXY_COUNT), _("Proxies in front of us")),
        ("METRICS_TOKEN", said(bool(settings.METRICS_TOKEN)), _("Are measurements protected?")),
        ("DEBUG", said(settings.DEBUG), _("For development only")),
    ]


def where(*, embedded: bool) -> str:
    return _("embedded") if embedded else _("a server of yours")


def said(flag: bool) -> str:
    return _("yes") if flag else _("no")
