"""Settings come from the environment; docs/operations.md lists every variable read here."""

import contextlib
import hashlib
import os
import secrets
import time
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from offers_site import logs, mail
from offers_site.embedded.places import Places
from offers_site.environment import (
    BadSetting,
    env_address,
    env_choice,
    env_flag,
    env_hosts,
    env_int,
    env_path,
    env_redis,
    env_sender,
    env_text,
    env_url,
    env_zone,
    name_in_header,
)

django_stubs_ext.monkeypatch()  # lets ModelForm[User] be written at run time

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = env_flag("DEBUG", default=False)

# --- One installation: its data directory, its address, its secret ---

PLACES = Places(env_path("OVERTURE_DATA_DIR", BASE_DIR / ".overture"))
BASE_URL = env_address("BASE_URL", "http://localhost:8000", schemes={"http", "https"}).rstrip("/")


def read_or_make_secret() -> str:
    """The secret of SECRET_KEY, or one that is made once and kept in the data directory."""
    given = env_text("SECRET_KEY")
    if given:
        return given
    kept = PLACES.data / "secret-key"
    if not kept.exists():
        PLACES.data.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # another process was first
            descriptor = os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(50))
    return read_when_written(kept)


def read_when_written(path: Path) -> str:
    """The text of a file, which another process may have made a moment ago and not yet written."""
    deadline = time.monotonic() + 5
    while not (text := path.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return text


SECRET_KEY = read_or_make_secret()
# Browsers do not tell ports apart: without a name of its own, a second installation on the same
# machine would sign people out of the first.
INSTALLATION = hashlib.sha256(SECRET_KEY.encode()).hexdigest()[:8]
HAS_HTTPS = BASE_URL.startswith("https://")

ALLOWED_HOSTS = [
    *env_hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"),
    name_in_header(BASE_URL),
]
CSRF_TRUSTED_ORIGINS = [urlsplit(BASE_URL)._replace(path="").geturl()] if HAS_HTTPS else []
# Behind a proxy that ends TLS: how many proxies stand between, so that addresses are not forged.
PROXY_COUNT = env_int("PROXY_COUNT", 0, most=5)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXY_COUNT else None

# --- What it is put together from ---

INSTALLED_APPS = [
    "offers_site",
    "delivery",
    "decisioning",
    "catalog",
    "coupons",
    "contacts",
    "transfers",
    "jobs",
    "accounts",
    "django_htmx",
    "template_partials",
    "crispy_forms",
    "crispy_bootstrap5",
    "bootstrap",
    "django_prose_editor",
    "ninja",
    "csp",
    "axes",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "offers_site.apps.Assets",
]

MIDDLEWARE = [
    "offers_site.middleware.describe_request",
    "offers_site.middleware.answer_programs",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "offers_site.middleware.ContentPolicy",
    "offers_site.middleware.keep_private",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.middleware.apply_preferences",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "offers_site.urls"
WSGI_APPLICATION = "offers_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.template.context_processors.tz",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "offers_site.navigation.frame",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "offers_site.templatetags.overture",
                "offers_site.templatetags.stencils",
            ],
        },
    }
]
FORM_RENDERER = "offers_site.controls.Renderer"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- The servers it talks to ---

DATABASE_URL = env_address("DATABASE_URL", "", schemes={"postgres", "postgresql"})
REDIS_URL = env_redis("REDIS_URL")
EMBEDS_POSTGRES = not DATABASE_URL
EMBEDS_REDIS = not REDIS_URL
if EMBEDS_REDIS:
    REDIS_URL = PLACES.redis_url


# A server that is out of reach without a word is noticed in half a minute, not after hours.
WATCHFUL = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 20_000,
}


def database() -> dict[str, object]:
    if DATABASE_URL:
        address = dict(environ.Env.db_url_config(DATABASE_URL))
    else:
        address = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "overture",
            "USER": "overture",
            "HOST": str(PLACES.sockets),
        }
    if not address.get("NAME"):
        raise BadSetting("DATABASE_URL", "…", "a URL that ends in the name of a database")
    options = {"connect_timeout": 5, "application_name": "overture", **WATCHFUL}
    options |= address.get("OPTIONS", {})
    return {
        **address,
        "OPTIONS": options,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": f"test_{address['NAME']}"},
    }


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}

EMAIL = mail.settings_from(
    env_url("EMAIL_URL", PLACES.mail.as_uri(), schemes={"smtp", "smtps", "file"})
)
globals().update(EMAIL)
DEFAULT_FROM_EMAIL = env_sender("FROM_EMAIL", "Overture <overture@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Work in the background ---

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
    "?db=", "?virtual_host="
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "queue_order_strategy": "priority",
    # Somebody may be waiting for the page that queues a task: rows remember what was not queued.
    "socket_connect_timeout": 2,
    "socket_timeout": 3,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "offers_site.clock:Clock"
QUEUES = ("interactive", "bulk", "send")
CELERY_BEAT_SCHEDULE = {
    "wake-jobs": {"task": "jobs.tasks.wake_jobs", "schedule": 10.0},
    "mail-due-links": {"task": "accounts.tasks.mail_due_links", "schedule": 30.0},
    "make-planned-releases": {"task": "catalog.tasks.make_planned_releases", "schedule": 15.0},
    "remind-reviewers": {"task": "catalog.tasks.remind_reviewers", "schedule": 300.0},
    "purge-journal": {
        "task": "accounts.tasks.purge_journal",
        "schedule": crontab(hour="4", minute="10"),
    },
    "lapse-holds": {"task": "coupons.tasks.lapse_holds", "schedule": 60.0},
    "reap-reservations": {"task": "coupons.tasks.reap_reservations", "schedule": 15.0},
    "lapse-reservations": {"task": "coupons.tasks.lapse_reservations", "schedule": 300.0},
    "add-up-coupons": {"task": "coupons.tasks.add_up_coupons", "schedule": 120.0},
    "tell-of-coupons": {"task": "coupons.tasks.tell_of_coupons", "schedule": 600.0},
    "check-coupons": {
        "task": "coupons.tasks.check_coupons",
        "schedule": crontab(hour="3", minute="40"),
    },
    "purge-transfers": {
        "task": "transfers.tasks.purge_transfers",
        "schedule": crontab(hour="4", minute="30"),
    },
    "purge-visitors": {
        "task": "contacts.tasks.purge_visitors",
        "schedule": crontab(hour="4", minute="40"),
        "options": {"queue": "bulk"},
    },
    "make-months": {
        "task": "decisioning.tasks.make_months",
        "schedule": crontab(hour="2", minute="10"),
        "options": {"queue": "bulk"},
    },
    "purge-propositions": {
        "task": "decisioning.tasks.purge_propositions",
        "schedule": crontab(hour="4", minute="50"),
        "options": {"queue": "bulk"},
    },
    "purge-sessions": {
        "task": "accounts.tasks.purge_sessions",
        "schedule": crontab(hour="4", minute="20"),
    },
}
JOURNAL_RETENTION_DAYS = env_int("JOURNAL_RETENTION_DAYS", 180, least=1, most=36_500)
VISITOR_RETENTION_DAYS = env_int("VISITOR_RETENTION_DAYS", 30, least=1, most=36_500)
# What rooms above contacts know of somebody: called with a person's names while they are erased.
PERSON_FORGETTERS = ["coupons.forgetting.forget_person"]
PAGE_CALLS_PER_MINUTE = env_int("PAGE_CALLS_PER_MINUTE", 1_200, least=1)
PROPOSITION_RETENTION_DAYS = env_int("PROPOSITION_RETENTION_DAYS", 365, least=1, most=36_500)
IMPORT_CHUNK_ROWS = env_int("IMPORT_CHUNK_ROWS", 5_000, least=100, most=50_000)
IMPORT_FILE_DAYS = env_int("IMPORT_FILE_DAYS", 30, least=1, most=36_500)
IMPORT_ERRORS_DAYS = env_int("IMPORT_ERRORS_DAYS", 90, least=1, most=36_500)

# --- People ---

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "home"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HANDLER = "accounts.throttling.Throttle"
AXES_LOCKOUT_CALLABLE = "accounts.views.sessions.locked_out"
AXES_USERNAME_FORM_FIELD = "email"
AXES_RESET_ON_SUCCESS = True
# It keeps what was sent with a wrong password, and names only `password` itself as a secret.
AXES_SENSITIVE_PARAMETERS = ["old", "again", "csrfmiddlewaretoken"]
AXES_ENABLE_ADMIN = False
AXES_ENABLE_ACCESS_FAILURE_LOG = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "offers_site.http.address_of"

SESSION_ENGINE = "offers_site.sessions"
SESSION_COOKIE_NAME = f"overture_session_{INSTALLATION}"
CSRF_COOKIE_NAME = f"overture_csrf_{INSTALLATION}"
LANGUAGE_COOKIE_NAME = "overture_language"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HAS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "offers_site.views.errors.csrf_refused"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- Language and time ---

USE_TZ = True
TIME_ZONE = env_zone("TIME_ZONE", "UTC")
LANGUAGE_CODE = env_choice("DEFAULT_LANGUAGE", "en", ["en", "fr"])
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "offers_site.formats"
USE_THOUSAND_SEPARATOR = True

# --- Files that browsers fetch ---

STATIC_URL = "static/"
STATIC_ROOT = env_path("STATIC_DIR", PLACES.static)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = PLACES.data / "files"
MEDIA_URL = "never-served/"  # else the server of the tests serves them at the addresses of pages

# --- Logs and measurements ---

LOG_LEVEL = env_choice("LOG_LEVEL", "INFO", ["DEBUG", "INFO", "WARNING", "ERROR"])
LOG_FORMAT = env_choice("LOG_FORMAT", "text", ["json", "text"])
LOGGING_CONFIG = None
logs.configure(level=LOG_LEVEL, as_json=LOG_FORMAT == "json")
METRICS_TOKEN = env_text("METRICS_TOKEN")
