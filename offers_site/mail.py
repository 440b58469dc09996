"""EMAIL_URL as Django understands it."""

from urllib.parse import SplitResult, unquote

from offers_site.environment import BadSetting


def settings_from(url: SplitResult) -> dict[str, object]:
    """`smtp://user:password@host:587?tls=yes`, `smtps://host`, or `file:///directory`."""
    if url.scheme == "file":
        if url.netloc not in {"", "localhost"} or not url.path.startswith("/"):
            raise BadSetting("EMAIL_URL", "file:…", "file:///directory")
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": unquote(url.path),
        }
    if not url.hostname:
        raise BadSetting("EMAIL_URL", f"{url.scheme}:…", "smtp://, smtps:// or file:///directory")
    if url.query not in {"", "tls=yes", "tls=no"}:  # else passwords would go unprotected
        raise BadSetting("EMAIL_URL", f"{url.scheme}:…", "nothing after ? but tls=yes or tls=no")
    secured = url.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or (465 if secured else 25),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": secured,
        "EMAIL_USE_TLS": url.query == "tls=yes" and not secured,
        "EMAIL_TIMEOUT": 20,
    }
