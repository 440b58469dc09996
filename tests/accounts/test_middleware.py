import pytest
from django.http import HttpResponse
from django.utils import timezone, translation

from accounts.middleware import apply_preferences, zone_named
from tests.build import make_user

pytestmark = pytest.mark.django_db


def test_a_stranger_is_answered_in_the_language_of_the_browser(client):
    answer = client.get("/sign-in/", headers={"Accept-Language": "fr-CA,fr;q=0.9,en;q=0.5"})

    assert answer["Content-Language"] == "fr"
    assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))


def test_what_a_person_has_chosen_goes_before_cookie_and_browser(client):
    client.force_login(make_user(language="en"))
    client.cookies["overture_language"] = "fr"

    answer = client.get("/preferences/", headers={"Accept-Language": "fr"})

    assert answer["Content-Language"] == "en"


def test_nothing_of_it_is_left_for_the_next_request(client):
    client.force_login(make_user(language="fr", time_zone="Pacific/Auckland"))

    client.get("/preferences/")

    assert translation.get_language() == "en"
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_request_without_a_session_costs_no_query(rf, django_assert_num_queries):
    def answer(request):
        return HttpResponse(translation.get_language())

    with django_assert_num_queries(0):
        response = apply_preferences(answer)(rf.get("/", headers={"Accept-Language": "fr"}))

    assert response.content == b"fr"


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/key", "/sign-in/"])
def test_health_checks_programs_and_strangers_cost_no_query(
    client, django_assert_num_queries, path
):
    with django_assert_num_queries(0):
        client.get(path)


def test_a_zone_that_has_gone_out_of_use_is_the_installation_s(settings):
    assert zone_named("Mars/Olympus").key == settings.TIME_ZONE
    assert zone_named("../../etc/passwd").key == settings.TIME_ZONE
    assert zone_named("").key == settings.TIME_ZONE
