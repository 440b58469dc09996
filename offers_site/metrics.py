"""What Prometheus reads at /metrics, summed over the web processes of this machine."""

import hmac
import os

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.http import require_GET
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from offers_site import health

REQUESTS = Counter("overture_requests_total", "Answered requests", ["method", "view", "status"])
REQUEST_SECONDS = Histogram(
    "overture_request_seconds",
    "Time to answer a request",
    ["view"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
LOOPBACK = {"127.0.0.1", "::1"}


@login_not_required
@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        return HttpResponseForbidden("A bearer token is needed: METRICS_TOKEN.\n")
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """With METRICS_TOKEN its bearer may read, without it only this machine."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    forwarded = "X-Forwarded-For" in request.headers
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not forwarded


def exposition() -> bytes:
    """The counters of every process, then what is measured at this moment."""
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library has no types here
    return generate_latest(registry) + generate_latest(measured_now())


def measured_now() -> CollectorRegistry:
    registry = CollectorRegistry()
    up = Gauge("overture_up", "Whether a service answers", ["service"], registry=registry)
    for service, state in health.states().items():
        up.labels(service).set(state == health.OK)
    free = Gauge("overture_disk_free_bytes", "Room for files", registry=registry)
    free.set(health.disk_free())
    depth = Gauge("overture_queue_depth", "Waiting tasks", ["queue"], registry=registry)
    for queue, waiting in health.queue_depths().items():
        depth.labels(queue).set(waiting)
    jobs = Gauge("overture_jobs", "Jobs that have not ended", ["state"], registry=registry)
    for job_state, number in health.unfinished_jobs().items():
        jobs.labels(job_state).set(number)
    release = Gauge("overture_release", "The live release", ["environment"], registry=registry)
    for environment, release_number in health.live_releases().items():
        release.labels(environment).set(release_number)
    return registry
