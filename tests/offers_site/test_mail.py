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


def test_a_server_without_a_name_is_refused():
    with pytest.raises(BadSetting):
        settings_from(urlsplit("smtp://"))
