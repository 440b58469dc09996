"""Whoever starts a job speaks one language; whoever reads what it is called may speak another."""

import pytest
from django.utils import translation

from jobs.actions import start_job, start_practice
from jobs.models import Job
from tests.build import NOON, bearer, make_key, make_user

pytestmark = pytest.mark.django_db

FRENCH = {"Accept-Language": "fr"}


@pytest.fixture
def ada(client):
    person = make_user("ada@example.org", role="administrator")
    client.force_login(person)
    return person


def titles(answer):
    return [row.title_read for row in answer.context["list"].rows]


def test_a_job_is_called_as_its_reader_says(client, ada):
    with translation.override("en"):
        job = start_practice(by=ada, at=NOON)
    with translation.override("fr"):
        start_practice(by=ada, at=NOON)

    assert job.titles == {
        "en": "Test of the workers",
        "fr": "Test des processus de travail",
    }
    for path in ("/jobs/", "/jobs/running/", job.get_absolute_url()):
        french = client.get(path, headers=FRENCH).content.decode()
        english = client.get(path, headers={"Accept-Language": "en"}).content.decode()
        assert "Test des processus de travail" in french, path
        assert ("workers" in french, "steps" in french) == (False, False), path
        assert ("processus" in english, "étapes" in english) == (False, False), path


def test_programs_read_titles_in_the_language_that_they_ask_for(client):
    with translation.override("en"):
        job = start_practice(by=make_user(), at=NOON)
    _key, secret = make_key("jobs")
    key = bearer(secret)

    french = client.get(f"/api/v1/jobs/{job.pk}", headers=key | FRENCH).json()
    (english,) = client.get("/api/v1/jobs", headers=key).json()["results"]

    assert (french["title"], french["unit"]) == ("Test des processus de travail", "étapes")
    assert (english["title"], english["unit"]) == ("Test of the workers", "steps")


def test_jobs_are_found_and_sorted_by_what_their_reader_reads(client, ada):
    def start(english, french):
        said = {"en": english, "fr": french}
        start_job(lambda: said[str(translation.get_language())], task="x", by=ada, at=NOON)

    start("Export", "Sortie")
    start("Import", "Entrée")
    start("Count", "Calcul")

    assert titles(client.get("/jobs/?sort=title")) == ["Count", "Export", "Import"]
    assert titles(client.get("/jobs/?sort=title", headers=FRENCH)) == [
        "Calcul",
        "Entrée",
        "Sortie",
    ]
    assert titles(client.get("/jobs/?q=sort", headers=FRENCH)) == ["Sortie"]
    assert titles(client.get("/jobs/?q=export", headers=FRENCH)) == []
    found = client.post("/search/", {"q": "entree"}, headers=FRENCH).content.decode()
    assert ("Entrée" in found, "Calcul" in found) == (True, False)


def test_a_job_that_is_known_in_one_language_is_called_so_in_all(client, ada):
    job = start_job(lambda: "Import of “codes.csv”", task="x", by=ada, at=NOON)
    Job.objects.filter(pk=job.pk).update(titles={"en": "Import of “codes.csv”"})

    for asked in ({}, FRENCH):
        assert titles(client.get("/jobs/?q=codes&sort=-title", headers=asked)) == [
            "Import of “codes.csv”"
        ]
