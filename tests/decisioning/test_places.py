"""Offers that a Django site writes into its pages: the tags `offers` and `offer_slot`."""

import psycopg
import pytest
from django.http import HttpResponse
from django.template import Context, RequestContext, Template, TemplateSyntaxError
from django.test import RequestFactory

from contacts.models import Contact
from decisioning import places
from decisioning.middleware import remember_visitors
from decisioning.models import Interaction, Proposition
from tests.decisioning.http import forget, open_bank

pytestmark = pytest.mark.django_db
LOAD = "{% load overture_offers %}"
HERO = '{% offer_slot "webHero" %}<p>Own words.</p>{% endoffer_slot %}'


@pytest.fixture
def bank():
    yield open_bank()
    forget()


def render(text, **context):
    return Template(LOAD + text).render(Context(context))


def visit(text, cookie="", **context):
    """A page as a site with our middleware serves it."""
    request = RequestFactory().get("/")
    if cookie:
        request.COOKIES["overture_visitor"] = cookie

    @remember_visitors
    def view(request):
        return HttpResponse(Template(LOAD + text).render(RequestContext(request, context)))

    return view(request)


def test_an_offer_takes_the_place_of_the_words(bank):
    page = render(
        '{% offers "contacts" key=who %}<b>{{ who }}</b>' + HERO + "{% endoffers %}", who="C6"
    )

    assert page.startswith('<b>C6</b><div data-offer="SAVE">')
    assert "Own words." not in page
    (made,) = Proposition.objects.all()
    assert (made.contact.key, made.offer, made.identification) == ("C6", "SAVE", "explicit")


def test_all_places_of_a_page_are_one_decision(bank):
    page = render(
        '{% offers "contacts" key="C6" %}{% for n in "12" %}{% with space="webHero_"|add:n %}'
        "{% offer_slot space %}{% endoffer_slot %}{% endwith %}{% endfor %}{% endoffers %}"
    )

    assert [part.partition('"')[0] for part in page.split('data-offer="')[1:]] == ["SAVE", "PRESS"]
    assert Interaction.objects.count() == 1


def test_where_there_is_no_offer_the_words_stay(bank, monkeypatch):
    end = '{% offer_slot "nowhere" %}<p>Own words.</p>{% endoffer_slot %}{% endoffers %}'
    hero = '{% offer_slot "webHero" count=99 %}A{% endoffer_slot %}'
    mail = '{% offer_slot "emailBody" %}A{% endoffer_slot %}'

    assert render('{% offers "nowhere" %}' + end) == "<p>Own words.</p>"
    assert render('{% offers "contacts" consent=False %}' + mail + end) == "A<p>Own words.</p>"
    assert render('{% offers "contacts" key="C6" %}' + hero + end) == "A<p>Own words.</p>"
    monkeypatch.setattr(places, "answer", fail)
    assert render('{% offers "contacts" key="C6" %}' + mail + end) == "A<p>Own words.</p>"


def fail(*given, **more):
    raise psycopg.OperationalError("the server is away")


@pytest.mark.django_db(transaction=True)
def test_a_browser_that_agreed_is_met_once_and_known_again(bank):
    anonymous = '{% offers "contacts" consent=agreed %}' + HERO + "{% endoffers %}"
    assert not visit(anonymous, agreed=False).cookies
    assert not Contact.objects.filter(kind="visitor").exists()

    response = visit(anonymous, agreed=True)
    met = Contact.objects.get(kind="visitor")
    assert response.cookies["overture_visitor"].value == met.key
    assert 'data-offer="ANON-' in response.content.decode()

    again = visit(anonymous, cookie=met.key, agreed=True)
    assert not again.cookies
    assert met.propositions.count() == 2
    visit('{% offers "contacts" key="C6" %}' + HERO + "{% endoffers %}", cookie=met.key)
    met.refresh_from_db()
    assert met.linked_contact.key == "C6"


def test_nobody_is_made_a_visitor_whom_no_browser_would_remember(bank):
    page = render('{% offers "contacts" %}' + HERO + "{% endoffers %}")

    assert 'data-offer="ANON-' in page
    assert not Contact.objects.filter(kind="visitor").exists()
    assert not Proposition.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "{% offers %}{% endoffers %}",
        '{% offers "contacts" who="C6" %}{% endoffers %}',
        '{% offers "contacts" key %}{% endoffers %}',
        '{% offers "contacts" %}',
        HERO,
    ],
)
def test_what_is_written_wrongly_is_told_to_who_wrote_it(text):
    with pytest.raises(TemplateSyntaxError):
        render(text)
