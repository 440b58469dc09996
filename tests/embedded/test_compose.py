"""The compose file holds to the specification, and every command in it exists."""

import json
import re
import shutil
import sysconfig
from pathlib import Path

import jsonschema
import pytest
import yaml
from celery.app.utils import find_app
from django.conf import settings
from django.core.management import get_commands

from offers_site.environment import READ

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
OF_OTHERS = {"postgres", "redis"}
REFERENCE = re.compile(r"\$\{([A-Z_]+)(?::([?-])([^}]*))?\}")


@pytest.fixture
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def ours(compose):
    return {name: of for name, of in compose["services"].items() if name not in OF_OTHERS}


def test_the_compose_file_holds_to_the_specification(compose):
    schema = json.loads((HERE / "compose_spec.json").read_text())

    jsonschema.Draft201909Validator(schema).validate(compose)


def test_every_service_waits_for_services_that_exist(compose):
    services = compose["services"]

    for service in ours(compose).values():
        for name, wanted in service["depends_on"].items():
            healthy = wanted["condition"] == "service_healthy"
            assert name in services
            assert not healthy or "test" in services[name]["healthcheck"]


def test_every_command_exists(compose):
    scripts = sysconfig.get_path("scripts")

    for service in ours(compose).values():
        command = service.get("command") or command_of_image()
        assert shutil.which(command[0], path=scripts), command[0]
        if command[:2] == ["python", "manage.py"]:
            assert command[2] in get_commands()
        if command[0] == "celery":
            assert find_app(command[command.index("--app") + 1]).main == "offers_site"


def command_of_image():
    (line,) = re.findall(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return json.loads(line)


def test_every_queue_has_a_worker(compose):
    commands = [
        of["command"] for of in ours(compose).values() if "--queues" in of.get("command", [])
    ]
    queues = ",".join(command[command.index("--queues") + 1] for command in commands)

    assert sorted(queues.split(",")) == sorted(settings.QUEUES)


def test_there_is_one_clock(compose):
    clocks = [name for name, of in ours(compose).items() if "beat" in of.get("command", [])]

    assert clocks == ["beat"]


def test_it_sets_only_what_settings_read(compose):
    for service in ours(compose).values():
        assert set(service["environment"]) <= READ


def test_the_database_notices_within_a_minute_that_a_machine_is_gone(compose):
    command = compose["services"]["postgres"]["command"]

    assert command[0] == "postgres"
    assert dict(each.split("=") for each in command[2::2]) == {
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "60000",
    }
    assert set(command[1::2]) == {"-c"}


def test_secrets_come_from_outside():
    text = (ROOT / "docker-compose.yml").read_text()
    demanded = {name for name, mark, _ in REFERENCE.findall(text) if mark == "?"}

    assert demanded == {"BASE_URL", "POSTGRES_PASSWORD", "SECRET_KEY"}
    assert not re.search(
        r"^ENV .*(SECRET|PASSWORD)", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )


def test_the_image_installs_exactly_what_is_locked_and_runs_as_nobody_in_particular():
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert "--require-hashes" in dockerfile
    assert (ROOT / "requirements" / "base.txt").exists()
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == ["overture"]
