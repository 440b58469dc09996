"""Is this process alive, and could it work? Load balancers, `up` and the system page ask."""

import shutil
from collections.abc import Callable

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.models import Environment
from jobs.models import Job

OK = "ok"


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": OK})


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can do its work: database, broker and migrations are as it needs them."""
    found = states()
    ready = all(state == OK for state in found.values())
    return JsonResponse(
        {"status": OK if ready else "unavailable", **found}, status=200 if ready else 503
    )


def states() -> dict[str, str]:
    return {name: check() for name, check in CHECKS.items()}


def database_state() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return "unreachable"
    return OK


def broker_state() -> str:
    try:
        with broker() as client:
            client.ping()
    except redis.RedisError:
        return "unreachable"
    return OK


class Migrations:
    """Has the database what this process's code needs?

    The files on disk are read until it has; from then on the rows of the database alone are asked.
    Those that a newer process adds do not matter to this one; when one that is needed goes away,
    as with an older backup, the files are read again.
    """

    def __init__(self) -> None:
        self.needed: frozenset[tuple[str, str]] = frozenset()

    def state(self) -> str:
        try:
            if self.needed and self.needed <= self.applied():
                return OK
            executor = MigrationExecutor(connection)
            pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError:
            connection.close()
            return "unknown"
        self.needed = frozenset() if pending else frozenset(executor.loader.graph.nodes)
        return "pending" if pending else OK

    def applied(self) -> set[tuple[str, str]]:
        rows = MigrationRecorder(connection).migration_qs
        return set(rows.values_list("app", "name"))


CHECKS: dict[str, Callable[[], str]] = {
    "database": database_state,
    "broker": broker_state,
    "migrations": Migrations().state,
}


def broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)


def queue_depths() -> dict[str, int]:
    """How many tasks wait in each queue; nothing when the broker does not answer."""
    try:
        with broker() as client:
            return {queue: int(client.llen(queue)) for queue in settings.QUEUES}
    except redis.RedisError:
        return {}


def disk_free() -> int:
    """Bytes that are left where files are kept, and of an embedded database all else."""
    place = settings.PLACES.data
    existing = next(path for path in (place, *place.parents) if path.exists())
    return shutil.disk_usage(existing).free


def live_releases() -> dict[str, int]:
    """The number of the release that each environment decides from."""
    try:
        return dict(Environment.objects.values_list("name", "release_number"))
    except DatabaseError:
        return {}


def unfinished_jobs() -> dict[str, int]:
    try:
        return Job.objects.unfinished().count_by_state()
    except DatabaseError:
        return {}
