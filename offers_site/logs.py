"""Structured logs: one event a line, with the request or task that it belongs to."""

import logging
import logging.config
import sys

import structlog
from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, resolve
from structlog.typing import Processor

QUIET = {
    "axes": "ERROR",
    "celery.app.trace": "WARNING",
    "celery.beat": "WARNING",
    "celery.worker.strategy": "WARNING",
    "django.request": "ERROR",  # what was refused stands in our own line already
    "django.server": "WARNING",
    "kombu": "WARNING",
}


SECRET_PARTS = frozenset({"token", "key", "code_value"})


def path_to_log(request: HttpRequest) -> str:
    """The path, with secrets that stand in it (reset links) named instead of shown."""
    path = request.path
    match = request.resolver_match or match_of(f"{path}/")  # a link that lost its last slash
    for name, value in (match.kwargs if match else {}).items():
        if name in SECRET_PARTS:
            path = path.replace(str(value), f"<{name}>")
    return path


def match_of(path: str) -> ResolverMatch | None:
    try:
        return resolve(path)
    except Resolver404:
        return None


def name_secrets(record: logging.LogRecord) -> bool:
    """Let every line pass; Django's about a request say the path as our own do."""
    if record.name == "django.security.DisallowedHost":
        record.exc_info = None  # whoever looks for open doors shall not fill the log with traces
    request = getattr(record, "request", None)
    if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
        path, shown = (escaped(text) for text in (request.path, path_to_log(request)))
        record.args = tuple(shown if arg == path else arg for arg in record.args)
    return True


def escaped(text: str) -> str:
    """As Django escapes what it logs of a request."""
    return text.encode("unicode_escape").decode()


def json_lines() -> list[Processor]:
    """One object a line. Tracebacks say where, never what variables held: that may be a secret."""
    transformer = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [
        structlog.processors.ExceptionRenderer(transformer),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def text_lines() -> list[Processor]:
    """Lines for people, with the same silence about variables."""
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            pad_event_to=0,
            exception_formatter=structlog.dev.plain_traceback,
        )
    ]


def configure(*, level: str, as_json: bool) -> None:
    """Send everything that is logged, ours and the libraries', to standard error in one shape."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    rendered = json_lines() if as_json else text_lines()
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": formatter},
            "filters": {"secrets": {"()": lambda: name_secrets}},
            "handlers": {
                "stderr": {
                    "class": "logging.StreamHandler",
                    "formatter": "line",
                    "filters": ["secrets"],
                }
            },
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {name: {"level": at_least} for name, at_least in QUIET.items()},
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
