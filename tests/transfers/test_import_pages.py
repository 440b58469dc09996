"""The wizard: how a file is understood, what will happen to it, and what became of it."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import JournalEntry
from offers_site.tasks import import_file as import_task
from tests.build import make_contact, make_user
from tests.transfers.conftest import contacts
from transfers import storing
from transfers.models import Template, Transfer

pytestmark = pytest.mark.django_db(transaction=True)
CREATE = reverse("transfers:import-create")
BODY = "key;email;birth_date\nC-1;a@example.org;1990-01-01\nC-2;b@example.org;31/12/1990\n"
CHOICES = {"operation": "insert", "on_duplicate": "reject", "max_rejects": "10%"}


@pytest.fixture(autouse=True)
def ada(client, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    user = make_user("ada@example.org", role="administrator", language="en", first_name="Ada")
    client.force_login(user)
    return user


def page(answer):
    return " ".join(answer.content.decode().split())


def upload(client, body, name="people.csv", **given):
    file = SimpleUploadedFile(name, body if isinstance(body, bytes) else body.encode())
    answer = client.post(CREATE, {"subject": "contacts", "file": file, **given})
    assert answer.status_code == 302, page(answer)
    return Transfer.objects.latest("created_at")


def settings_of(transfer):
    return reverse("transfers:import-settings", args=[transfer.pk])


def shown(client, transfer):
    return page(client.get(settings_of(transfer)))


def send(client, transfer, verb, **given):
    return client.post(settings_of(transfer), {**CHOICES, "verb": verb, **given})


def done(client, body=BODY, **given):
    """An import that has ended."""
    transfer = upload(client, body)
    answer = send(client, transfer, "start", **given)
    assert answer.status_code == 302, page(answer)
    transfer.refresh_from_db()
    import_task(str(transfer.job_id))
    return Transfer.objects.select_related("job").get(pk=transfer.pk)


def detail(client, transfer, query=""):
    return page(client.get(transfer.get_absolute_url() + query))


def chosen_for(html, word):
    """What stands chosen for a column of the file."""
    part = html[html.index(f">{word}</label>") :]
    return re.findall(r'value="([^"]*)" selected', part)[0]


# --- how it is understood ---


def test_the_first_rows_are_shown_with_what_is_wrong_with_them(client):
    html = shown(client, upload(client, BODY))

    assert "Read as UTF-8" in html
    assert "Read with ;" in html
    assert "2 rows looked at" in html
    assert "1 with something wrong" in html
    assert "Date of birth: Write dates as 2026-01-28, or declare the format" in html
    assert "Of the first 2 rows, 1 would be refused as it stands." in html


def test_dates_are_understood_as_declared_and_shown_as_understood(client):
    transfer = upload(client, "key;birth_date\nC-1;03/04/1990\n")

    html = page(send(client, transfer, "look", date_format="DD/MM/YYYY"))

    assert "<td>03/04/1990 → 1990-04-03</td>" in html
    assert "nothing wrong with them" in html
    transfer.refresh_from_db()
    assert transfer.options["date_format"] == "DD/MM/YYYY"  # the draft is kept at each step


def test_an_encoding_is_corrected(client):
    transfer = upload(client, "key;first_name\nC-1;Zoé\n".encode("windows-1252"))

    assert "no text in the encoding" in shown(client, transfer)
    html = page(send(client, transfer, "look", encoding="windows-1252"))

    assert "Read as Windows-1252" in html
    assert "<td>Zoé</td>" in html


def test_another_delimiter_makes_other_columns(client):
    transfer = upload(client, "key,email;key\nC-1,a@example.org;x\n")
    send(client, transfer, "look", delimiter=",")

    html = page(send(client, transfer, "look", delimiter=";"))

    assert ">key,email</label>" in html
    assert ">email;key</label>" not in html


def test_columns_are_recognised_passed_over_and_chosen(client):
    transfer = upload(client, "Clé;Courriel;shoe size\nC-1;a@example.org;38\nC-2;;39\n")

    html = shown(client, transfer)

    assert chosen_for(html, "Clé") == "key"
    assert chosen_for(html, "Courriel") == "email"
    assert chosen_for(html, "shoe size") == "-"
    assert "38 · 39" in html
    assert "not recognised" in html
    assert "1 column is passed over." in html


def test_a_header_that_is_not_known_at_all_is_mapped_by_hand(client):
    transfer = upload(client, "no,mail\nC-1,a@example.org\n")
    html = shown(client, transfer)
    assert "No column of the first line is known" in html
    assert "<td>a@example.org</td>" in html
    assert re.search(r'value="start" disabled', html)

    mapping = {"column_0": "key", "column_1": "email"}
    html = page(send(client, transfer, "look", **mapping))
    assert "No column of the first line is known" not in html
    assert "as you chose" in html
    assert send(client, transfer, "start", **mapping).status_code == 302
    transfer.refresh_from_db()
    import_task(str(transfer.job_id))

    assert contacts("key", "email") == [("C-1", "a@example.org")]


def test_a_column_is_not_imported_when_somebody_says_so(client):
    transfer = done(
        client,
        "key;email;city\nC-1;a@example.org;Lyon\n",
        column_0="key",
        column_1="-",
        column_2="city",
    )

    assert transfer.inserted == 1
    assert contacts("email", "city") == [(None, "Lyon")]


def test_one_column_cannot_be_two(client):
    transfer = upload(client, "key;email;mail2\nC-1;a@example.org;b@example.org\n")

    answer = send(client, transfer, "start", column_0="key", column_1="email", column_2="email")

    assert answer.status_code == 422
    assert "Two columns of the file are taken for the same one: email." in page(answer)


def test_htmx_gets_the_form_alone(client):
    transfer = upload(client, BODY)

    answer = client.post(
        settings_of(transfer), {**CHOICES, "verb": "look"}, headers={"HX-Request": "true"}
    )

    assert answer.content.decode().strip().startswith("<form")
    assert "<h1" not in page(answer)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({}, "Those whose key is there already are refused and listed"),
        ({"on_duplicate": "ignore"}, "Those whose key is there already are passed over."),
        ({"operation": "upsert"}, "The others change what is there"),
        ({"operation": "update"}, "Those with a new key are refused."),
        ({"all_or_nothing": "on"}, "If a single row is refused, nothing is imported."),
    ],
)
def test_what_will_happen_is_said_before_it_does(client, choices, said):
    assert said in page(send(client, upload(client, BODY), "look", **choices))


def test_settings_are_kept_under_a_name_and_used_again(client):
    transfer = upload(client, "no;born\nC-1;03/04/1990\n")
    mapping = {"column_0": "key", "column_1": "birth_date", "date_format": "DD/MM/YYYY"}
    send(client, transfer, "look", keep_as="Old system", **mapping)
    assert not Template.objects.exists()  # looking keeps nothing
    send(client, transfer, "try", keep_as="Old system", **mapping)

    second = upload(client, "no;born\nC-2;05/06/1990\n")
    template = Template.objects.get(name="Old system")
    html = page(client.get(f"{settings_of(second)}?template={template.pk}"))

    assert "05/06/1990 → 1990-06-05" in html
    assert chosen_for(html, "no") == "key"
    entry = JournalEntry.objects.get(verb="import_template.created")
    assert (entry.subject_label, entry.after) == ("Old system", {"subject": "contacts"})


def test_a_file_that_is_gone_is_asked_for_again(client):
    transfer = upload(client, BODY)
    storing.forget(storing.file_of(transfer.pk))
    Transfer.objects.filter(pk=transfer.pk).update(file_deleted_at=now())

    html = shown(client, transfer)

    assert "The file is no longer there" in html
    assert f"{CREATE}?subject=contacts&amp;like={transfer.pk}" in html
    assert 'value="start"' not in html


# --- trying it out ---


def test_a_try_out_says_what_an_import_would_do_and_leads_to_it(client):
    make_contact("C-1", city="Lyon")
    transfer = upload(client, "key;city\nC-1;Metz\nC-2;Nice\nC-2;Nice\n")
    send(client, transfer, "try", operation="upsert")
    transfer.refresh_from_db()
    import_task(str(transfer.job_id))

    html = detail(client, transfer)
    assert "An import would add 1, change 1 and refuse 1." in html
    assert "Mend and send again" not in html  # it would leave out what is right
    assert contacts("city") == ["Lyon"]

    again = reverse("transfers:import-again", args=[transfer.pk])
    answer = client.post(again, {"verb": "start"})
    real = Transfer.objects.latest("created_at")
    assert answer["Location"] == real.get_absolute_url()
    assert import_task(str(real.job_id)) == "finished"
    assert contacts("key", "city") == [("C-1", "Metz"), ("C-2", "Nice")]


# --- the report ---


def test_the_report_adds_up_and_says_where_and_why(client):
    make_contact("C-3")
    body = BODY + "C-3;c@example.org;\nC-1;d@example.org;\nC-4;;1990-02-30\n"

    html = detail(client, done(client, body, max_rejects="100%"))

    assert "5 = 1 + 0 + 0 + 0 + 4" in html
    assert "1 added, 0 changed; 4 refused and listed below." in html
    rows = re.findall(r'<span class="only-wide">(\d+)</span>', html)
    assert rows == ["3", "4", "5", "6"]
    assert "<code>31/12/1990</code>" in html
    assert "The same key is in line 2 already." in html


def test_one_reason_is_looked_at_alone(client):
    transfer = done(client, BODY + "C-1;d@example.org;\n", max_rejects="100%")

    html = detail(client, transfer, "?code=duplicate_in_file")

    assert re.findall(r'<span class="only-wide">(\d+)</span>', html) == ["4"]
    assert 'href="' + transfer.get_absolute_url() + '#rejects-title" aria-current="true"' in html
    assert "31/12/1990" in detail(client, transfer, "?code=unheard_of")


def test_refused_rows_are_mended_and_sent_again_with_the_same_settings(client):
    transfer = done(client, BODY.replace("key", "no"), column_0="key", on_duplicate="ignore")
    rejected = client.get(reverse("transfers:transfer-rejected", args=[transfer.pk]))
    body = b"".join(rejected.streaming_content).decode()
    assert body == "no;email;birth_date\nC-2;b@example.org;31/12/1990\n"
    assert f'name="like" value="{transfer.pk}"' in detail(client, transfer)

    mended = upload(client, body.replace("31/12/1990", "1990-12-31"), like=str(transfer.pk))
    assert mended.options == transfer.options
    assert chosen_for(shown(client, mended), "no") == "key"
    send(client, mended, "start", column_0="key", on_duplicate="ignore")
    mended.refresh_from_db()
    import_task(str(mended.job_id))

    assert contacts("key", "birth_date::text") == [("C-1", "1990-01-01"), ("C-2", "1990-12-31")]


def test_the_settings_of_an_import_that_one_may_not_see_are_not_taken(client):
    transfer = done(client, BODY, on_duplicate="ignore")
    client.force_login(make_user("dan@example.org", role="delivery_manager"))

    assert upload(client, BODY, like=str(transfer.pk)).options == {
        "max_rejects": "10%",
        "on_duplicate": "reject",
        "operation": "insert",
    }


def test_an_import_that_stopped_leads_back_to_its_settings(client):
    transfer = done(client, 'key;email\nC-1;"never closed\n')

    html = detail(client, transfer)

    assert "It stopped" in html
    assert "Look at the file and its settings" in html
    assert "Mend and send again" not in html  # the rest of the file would be left out


def test_a_file_deleted_since_is_asked_for_again(client):
    transfer = done(client)
    storing.forget(storing.file_of(transfer.pk))
    Transfer.objects.filter(pk=transfer.pk).update(file_deleted_at=now())

    html = detail(client, transfer)

    assert "The file is no longer there" in html
    assert "Upload it again" in html
    assert "Mend and send again" not in html
    answer = client.post(reverse("transfers:import-again", args=[transfer.pk]))
    assert (answer.status_code, Transfer.objects.count()) == (302, 1)


def test_whoever_may_no_longer_change_contacts_imports_nothing_again(client, ada):
    transfer = done(client)
    rights = ("transfers.import_data", "site.view_system")
    client.force_login(make_user("op@example.org", *rights))

    again = reverse("transfers:import-again", args=[transfer.pk])

    assert client.post(again, {"verb": "start"}).status_code == 403


# --- the list ---


def test_the_list_is_narrowed_by_file_person_direction_and_state(client):
    done(client)
    upload(client, BODY, name="draft.csv")

    def names(query):
        html = client.get(f"{reverse('transfers:transfer-list')}?{query}").content.decode()
        return re.findall(r'href="/transfers/[^"]+/">([^<]+\.csv)</a>', html)

    assert names("") == ["draft.csv", "people.csv"]
    assert names("state=finished_with_rejects") == ["people.csv"]
    assert names("state=draft") == ["draft.csv"]
    assert names("q=people") == ["people.csv"]
    assert names("q=ada") == ["draft.csv", "people.csv"]
    assert names("direction=export") == []
