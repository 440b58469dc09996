"""The check of the French catalogue sees what is wrong."""

from babel.messages.catalog import Catalog

from offers_site import translations


def catalogue(**messages):
    made = Catalog(locale="fr")
    for sentence, french in messages.items():
        made.add(sentence, french)
    return made


def test_sentences_are_found_in_code_and_in_templates(monkeypatch):
    monkeypatch.setattr(
        translations,
        "code",
        lambda: [
            ("views.py", '_("Saved.")\nngettext("one", "%(n)s", n)\npgettext("verb", "Open")')
        ],
    )
    page = """<p class="it's">{% translate "Offers" %} {{ _('It\\'s “here”') }}
      {% crumb _("Jobs") %}
      {% blocktranslate count number=n trimmed %}one person{% plural %}
        {{ number }} people
      {% endblocktranslate %} {% translate "May" context "month" as may %}"""
    monkeypatch.setattr(translations, "templates", lambda: [("page.html", page)])

    found = {(message.id, message.context) for message in translations.extract_messages()}

    assert found - {("", None)} == {
        ("Saved.", None),
        (("one", "%(n)s"), None),
        ("Open", "verb"),
        ("Offers", None),
        ("It's “here”", None),
        ("Jobs", None),
        (("one person", "%(number)s people"), None),
        ("May", "month"),
    }


def test_a_new_and_an_unused_sentence_are_named():
    known, used = catalogue(Old="Vieux"), catalogue(New="")

    problems = list(translations.differences(known, used))

    assert [problem.split(":")[0] for problem in problems] == [
        "not in the French catalogue (make messages)",
        "no longer used (make messages)",
    ]


def test_an_empty_translation_is_named():
    assert list(translations.wrong(catalogue(Saved=""))) == ["not translated into French: 'Saved'"]


def test_a_lost_placeholder_is_named():
    made = Catalog(locale="fr")
    made.add("%(offer)s is live.", "%(ofre)s est en ligne.", flags=["python-format"])

    (problem,) = translations.wrong(made)

    assert problem.startswith("translated wrongly: '%(offer)s is live.'")
