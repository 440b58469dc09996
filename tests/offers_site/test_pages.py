"""Home, search, system, the side, confirmations and refusals."""

import pytest
from django.conf import settings as site
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.test import override_settings
from django.urls import ResolverMatch, path, resolve, reverse

from accounts.actions.labels import create_label
from accounts.rights import Right
from offers_site.http import ENVIRONMENT_KEY
from offers_site.navigation import Frame
from offers_site.templatetags.overture import duration, exactly, length, relatively, when
from offers_site.urls import (  # noqa: F401 (the refusals of the pages below)
    handler400,
    handler403,
    handler404,
    handler500,
)
from offers_site.urls import urlpatterns as site_patterns
from offers_site.views import errors
from offers_site.views.home import home
from tests.build import NOON, make_key, make_user

pytestmark = pytest.mark.django_db


def breaks(request):
    raise RuntimeError("as it was meant to")


def finds_no_database(request):
    raise OperationalError("connection refused")


urlpatterns = [
    *site_patterns,
    path("breaks/", breaks),
    path("api/v1/breaks/", breaks),
    path("away/", finds_no_database),
    path("api/v1/away/", finds_no_database),
]


@pytest.fixture
def administrator(client):
    user = make_user("ada@example.org", role="administrator", first_name="Ada", last_name="Morel")
    client.force_login(user)
    return user


# --- home ---


def test_home_lists_what_is_left_to_set_up(client, administrator, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    make_user("bob@example.org", role="analyst")

    page = client.get(reverse("home"))

    assert [step.is_done for step in page.context["steps"]] == [True, False, False, False]
    assert "1 of 4 done" in page.content.decode()


def test_the_setup_list_goes_when_all_is_done(client, administrator, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.BASE_URL = "https://offers.example.org"
    make_user("bob@example.org")
    make_key()

    assert client.get(reverse("home")).context["steps"] == []


def test_the_setup_list_can_be_put_away(client, administrator):
    answer = client.post(reverse("home"))

    assert answer.url == reverse("home")
    assert client.get(reverse("home")).context["steps"] == []


def test_home_tells_an_agent_nothing_of_system_and_journal(client):
    client.force_login(make_user("agent@example.org", role="agent"))

    page = client.get(reverse("home"))

    assert page.context["queue_works"] is None
    assert page.context["news"] is None
    assert page.context["steps"] == []


def test_home_shows_what_happened_lately(client, administrator):
    create_label(code="brand-a", name="Brand A", description="", by=administrator, at=NOON)

    page = client.get(reverse("home")).content.decode()

    assert "<strong>Ada Morel</strong>" in page
    assert "created the label Brand A" in page


# --- the frame ---


def test_the_rail_shows_only_what_may_be_opened(client):
    client.force_login(make_user("analyst@example.org", role="analyst"))

    rail = client.get(reverse("home")).context["frame"].rail

    assert [link.label for section in rail for link in section.links] == [
        "Home",
        "Offers",
        "Fallback offers",
        "Categories",
        "Spaces",
        "Presentation rules",
        "Predefined filters",
        "Offer templates",
        "Tags",
        "Releases",
        "Contacts",
        "Visitors",
        "Audiences",
        "Attributes",
        "Coupons",
        "Decisions",
        "Environments",
        "Imports and exports",
        "Jobs",
    ]


@pytest.mark.parametrize(
    ("address", "entry"),
    [
        ("/catalogue/shop/create-offer/", "Offers"),
        ("/pictures/", "Offers"),
        ("/catalogue/shop/create-fallback-offer/", "Fallback offers"),
        ("/catalogue/shop/create-category/", "Categories"),
        ("/catalogue/shop/create-space/", "Spaces"),
        ("/catalogue/shop/requirements/", "Spaces"),
        ("/catalogue/shop/declare-content-field/", "Spaces"),
        ("/catalogue/shop/create-presentation-rule/", "Presentation rules"),
        ("/catalogue/shop/create-filter/", "Predefined filters"),
        ("/catalogue/shop/create-template/", "Offer templates"),
        ("/catalogue/shop/package/", "Releases"),
        ("/coupon-folders/create/", "Coupons"),
        ("/coupon-folders/7/delete/", "Coupons"),
    ],
)
def test_the_rail_says_to_which_entry_a_page_belongs(rf, address, entry):
    request = rf.get(address)
    request.user = make_user("ada@example.org", role="administrator")
    request.session = {ENVIRONMENT_KEY: "shop"}
    request.resolver_match = resolve(address)

    rail = Frame(request).rail

    assert [link.label for section in rail for link in section.links if link.is_current] == [entry]


@pytest.mark.urls("tests.with_gallery")
def test_the_side_is_kept_and_said(client, administrator):
    answer = client.post(reverse("side-choose"), {"side": "live", "next": "/gallery/"})
    page = client.get(answer.url).content.decode()

    assert answer.url == "/gallery/"
    assert '<body data-side="live"' in page
    assert "the catalogue cannot be edited here" in page


@pytest.mark.parametrize("path", ["/", "/jobs/", "/people/", "/contacts/", "/nothing-here/"])
def test_a_page_without_sides_offers_no_switch_and_shows_none(client, administrator, path):
    client.post(reverse("side-choose"), {"side": "live"})

    page = client.get(path).content.decode()

    assert client.session["side"] == "live"
    assert "data-side" not in page
    assert reverse("side-choose") not in page


@pytest.mark.parametrize(
    ("namespaces", "name", "has_sides"),
    [(["catalog"], "offer-list", True), (["accounts"], "role-list", False), ([], "home", False)],
)
def test_the_pages_of_the_catalogue_have_two_sides(rf, namespaces, name, has_sides):
    request = rf.get("/")
    request.resolver_match = ResolverMatch(home, (), {}, name, namespaces, namespaces)

    assert Frame(request).has_sides is has_sides


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:1", "home", "*"]
)
def test_no_choice_leads_off_the_site(client, administrator, elsewhere):
    answer = client.post(reverse("side-choose"), {"side": "nonsense", "next": elsewhere})

    assert answer.url == reverse("home")
    assert client.session["side"] == "design"


# --- search ---


def found(client, text):
    groups = client.get(reverse("search"), {"q": text}).context["found"]
    return {group.label: [hit.label for hit in group.hits] for group in groups}


def test_search_finds_pages_people_roles_and_keys(client, administrator):
    make_key(name="Morel's shop")

    assert found(client, "ada morel") == {"People": ["Ada Morel"]}
    assert found(client, "morel") == {"People": ["Ada Morel"], "API keys": ["Morel's shop"]}
    assert found(client, "ADMINISTRATOR") == {"Roles": ["Administrator"]}
    assert found(client, "journal") == {"Pages": ["Journal"]}


def test_search_finds_nothing_that_may_not_be_seen(client, administrator):
    client.force_login(make_user("agent@example.org", role="agent"))

    assert found(client, "morel") == {}
    assert found(client, "journal") == {}


@pytest.mark.parametrize("text", ["", "\0", "%", "_", "x" * 5000, "' OR 1=1 --"])
def test_search_takes_any_text(client, administrator, text):
    assert client.get(reverse("search"), {"q": text}).status_code == 200


# --- system ---


def test_system_shows_settings_and_no_secret(client, administrator, settings):
    settings.METRICS_TOKEN = "measure-me-not"

    page = client.get(reverse("system")).content.decode()

    assert "JOURNAL_RETENTION_DAYS" in page
    assert "measure-me-not" not in page
    assert site.SECRET_KEY not in page


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_system_says_that_redis_is_away_and_asks_nobody_else(
    client, administrator, settings, monkeypatch, headers
):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.delattr("offers_site.views.system.current_app")  # would wait for the queue

    page = client.get(f"{reverse('system')}?workers", headers=headers).content.decode()

    assert "Redis is away" in page
    assert "No worker answers" not in page


def test_system_asks_the_workers_only_when_it_is_asked(client, administrator, monkeypatch):
    monkeypatch.setattr("offers_site.views.system.ask_workers", list)

    at_once = client.get(reverse("system")).content.decode()
    then = client.get(reverse("system"), headers={"HX-Request": "true"}).content.decode()

    assert 'hx-trigger="load"' in at_once
    assert "No worker answers" not in at_once
    assert "No worker answers" in then
    assert "<html" not in then


# --- refusals ---


def test_a_refusal_names_the_right_and_whom_to_ask(client, administrator):
    client.force_login(make_user("agent@example.org", role="agent"))

    page = client.get(reverse("system"))

    assert page.status_code == 403
    assert str(Right.VIEW_SYSTEM.label) in page.content.decode()
    assert "mailto:ada@example.org" in page.content.decode()


def test_a_refusal_can_name_a_right_itself():
    assert errors.missing_rights(PermissionDenied("accounts.manage_people")) == [
        Right.MANAGE_PEOPLE
    ]
    assert errors.missing_rights(PermissionDenied("you know why")) == []


def test_nothing_here_is_said_inside_the_frame(client, administrator):
    page = client.get("/nothing/")

    assert page.status_code == 404
    assert 'aria-label="Main navigation"' in page.content.decode()


def test_strangers_are_told_in_the_sheet(client):
    page = client.get("/nothing/")

    assert page.status_code == 404
    assert "There is nothing at this address" in page.content.decode()
    assert 'aria-label="Main navigation"' not in page.content.decode()


def test_programs_are_told_in_json(client):
    answer = client.get("/api/v1/nothing/")

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


@override_settings(ROOT_URLCONF="tests.offers_site.test_pages")
def test_our_own_faults_are_told_without_the_database(
    client, administrator, django_assert_max_num_queries
):
    client.raise_request_exception = False

    with django_assert_max_num_queries(4):  # the session and the person, before it breaks
        page = client.get("/breaks/")
    answer = client.get("/api/v1/breaks/")

    assert page.status_code == 500
    assert "Something went wrong" in page.content.decode()
    assert answer.json()["code"] == "server_error"


@override_settings(ROOT_URLCONF="tests.offers_site.test_pages")
def test_without_a_database_another_try_may_do(client, administrator):
    client.raise_request_exception = False

    page, answer = client.get("/away/"), client.get("/api/v1/away/")

    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "Error 503" in page.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["code"] == "unavailable"


def test_an_expired_form_is_explained(client, administrator):
    client.handler.enforce_csrf_checks = True

    page = client.post(reverse("side-choose"), {"side": "live"})

    assert page.status_code == 403
    assert "This form has expired" in page.content.decode()


# --- words ---


def test_a_moment_takes_the_focus_that_shows_it_exactly_unless_a_link_does():
    exact = 'title="21 November 2026, 12:00:00 (UTC)"'
    assert f"{exact} tabindex=" in when(NOON)
    assert f"{exact}>" in when(NOON, in_link=True)
    assert when(None) == '<span class="nothing">—</span>'
    assert when(None, "never") == "never"


def test_moments_are_told_as_people_tell_them():
    def told(seconds):
        return relatively(NOON, at=NOON + seconds * (NOON.resolution * 1_000_000))

    assert told(3) == "just now"
    assert told(-3) == "in a moment"
    assert told(130) == "2 minutes ago"
    assert told(-7200) == "in 2 hours"
    assert told(26 * 3600) == "1 day ago"
    assert told(8 * 86400) == "21 Nov"
    assert told(400 * 86400) == "21 Nov 2026"
    assert exactly(NOON) == "21 November 2026, 12:00:00 (UTC)"


def test_lengths_are_rounded_to_what_matters():
    assert [length(20), length(3540), length(5400)] == ["1 minute", "59 minutes", "2 hours"]
    assert [duration(40), duration(200), duration(4800), duration(3 * 86400)] == [
        "40 s",
        "3 min",
        "1 h 20 min",
        "3 d",
    ]


def test_a_fault_before_anybody_is_known_is_told_in_the_language_of_the_browser(
    client, administrator, monkeypatch
):
    def fail(request):
        raise OperationalError("away")

    client.raise_request_exception = False
    monkeypatch.setattr("accounts.middleware.person_of", fail)

    page = client.get("/", headers={"Accept-Language": "fr"})

    assert page.status_code == 503
    assert '<html lang="fr"' in page.content.decode()
    assert "Une erreur s’est produite" in page.content.decode()
