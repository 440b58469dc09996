import re
from urllib.parse import urlsplit

import pytest

from offers_site.environment import BadSetting
from offers_site.mail import settings_from


def test_a_directory_takes_the_mails():
    assert settings_from(urlsplit("file:///var/my%20mail")) == {
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": "/var/my mail",
    }


def test_a_server_takes_the_mails():
    settings = settings_from(urlsplit("smtp://me%40shop:p%40ss@mail.example:587?tls=yes"))

    assert settings["EMAIL_HOST"] == "mail.example"
    assert settings["EMAIL_PORT"] == 587
    assert settings["EMAIL_HOST_USER"] == "me@shop"
    assert settings["EMAIL_HOST_PASSWORD"] == "p@ss"
    assert (settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (True, False)


def test_smtps_is_encrypted_from_the_start():
    settings = settings_from(urlsplit("smtps://mail.example"))

    assert (settings["EMAIL_PORT"], settings["EMAIL_USE_SSL"]) == (465, True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://", "smtp://, smtps:// or file:///directory"),
        ("smtp://me:secret@mail.example?tls=true", "nothing after ? but tls=yes or tls=no"),
        ("smtp://me:secret@mail.example?starttls=yes", "nothing after ? but tls=yes or tls=no"),
        ("file://mail", "file:///directory"),
        ("file:mail", "file:///directory"),
    ],
)
def test_what_would_be_taken_for_something_else_is_refused(url, expected):
    """A word that is not known to us sent passwords over lines that anybody can read."""
    with pytest.raises(BadSetting, match=re.escape(expected)) as refusal:
        settings_from(urlsplit(url))

    assert "secret" not in str(refusal.value)
