"""Exports in the browser: from a list, in a form, as a job, to whoever may have the file."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import JournalEntry
from contacts.models import Contact
from jobs.models import Job
from offers_site.tasks import export_file as export_task
from tests.build import make_audience, make_contact, make_role, make_user
from transfers import storing
from transfers.models import Transfer

pytestmark = pytest.mark.django_db(transaction=True)
CREATE = reverse("transfers:export-create") + "?subject=contacts"
CHOICES = {
    "which": "all",
    "changed": "any",
    "profile": "machine",
    "format": "csv",
    "delimiter": ";",
}


@pytest.fixture(autouse=True)
def people(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)
    for key, name in (("B-1", "Zoé"), ("B-2", "Anne"), ("C-1", "Bea")):
        make_contact(key, first_name=name, city="Lyon", country="FR")


@pytest.fixture
def marie(client):
    """She may export, and may not see personal data."""
    user = make_user("marie@example.org", role="offer_manager", language="en")
    client.force_login(user)
    return user


def page(answer):
    return " ".join(answer.content.decode().split())


def started(client, address=CREATE, **given):
    answer = client.post(address, {**CHOICES, **given})
    assert answer.status_code == 302, page(answer)
    return Transfer.objects.latest("created_at")


def done(transfer):
    assert export_task(str(transfer.job_id)) == "finished"
    return Transfer.objects.select_related("job").get(pk=transfer.pk)


def link(client, transfer):
    answer = client.post(reverse("transfers:export-fetch", args=[transfer.pk]))
    return answer["Location"] if answer.status_code == 302 else answer.status_code


def fetched(client, transfer):
    answer = client.get(link(client, transfer))
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


# --- from the list ---


def test_the_list_exports_what_it_shows(client, ada):
    shown = page(client.get("/contacts/?q=b-&sort=-key&columns=key,name,opt_outs"))
    address = re.findall(r'id="export-link" href="([^"]+)"', shown)[0].replace("&amp;", "&")

    form = page(client.get(address))
    transfer = done(started(client, address, which="shown"))

    assert 'chip-label">Search:</span>b-' in form
    assert "Those of the list: Key, First name, Last name, No email" in form
    assert fetched(client, transfer).splitlines() == [
        "key;first_name;last_name;email_opt_out;sms_opt_out;phone_opt_out;post_opt_out",
        "B-2;Anne;;false;false;false;false",
        "B-1;Zoé;;false;false;false;false",
    ]


def test_the_link_follows_the_list_while_somebody_types(client, ada):
    answer = client.get("/contacts/?q=b-", headers={"HX-Request": "true"})

    assert re.search(r'id="export-link" href="[^"]*q=b-[^"]*" hx-swap-oob="true"', page(answer))


def test_without_the_right_the_list_offers_no_export(client):
    client.force_login(make_user("luc@example.org", role="analyst"))

    assert "export-link" not in page(client.get("/contacts/"))


def test_an_audience_is_exported(client, ada):
    make_audience("bs", 'contact.key.startsWith("B")')

    address = f"{CREATE}&audience=bs"
    transfer = done(started(client, address, which="chosen", columns=["key"]))

    assert 'chip-label">Audience:</span>Bs' in page(client.get(address))
    assert fetched(client, transfer) == "key\nB-1\nB-2\n"


def test_an_audience_that_asks_for_personal_data_does_not_leave_without_the_right(client, marie):
    make_audience("lyon", 'contact.city == "Lyon"')

    answer = client.get(f"{CREATE}&audience=lyon", follow=True)

    assert "This audience asks for personal data" in page(answer)
    assert client.post(f"{CREATE}&audience=lyon", CHOICES).status_code == 302
    assert not Transfer.objects.exists()


# --- the form ---


def test_columns_are_chosen_and_put_in_order(client, ada):
    chosen = {"which": "chosen", "columns": ["country", "key"], "delimiter": "tab"}

    assert fetched(client, done(started(client, **chosen))) == (
        "country\tkey\nFR\tB-1\nFR\tB-2\nFR\tC-1\n"
    )


def test_what_is_missing_is_said(client, ada):
    answer = client.post(
        CREATE, {**CHOICES, "which": "chosen", "changed": "since", "profile": "machine"}
    )

    assert answer.status_code == 422
    assert "Choose at least one column." in page(answer)
    assert "Say since when." in page(answer)


def test_the_first_rows_are_shown_before_anything_leaves(client, ada):
    asked = {**CHOICES, "verb": "look", "which": "chosen", "columns": ["key", "first_name"]}

    answer = client.post(CREATE, asked, headers={"HX-Request": "true"})

    assert "<strong>3 rows</strong>, 2 columns" in page(answer)
    assert "<td>B-1</td><td>Zoé</td>" in page(answer)
    assert "<h1" not in page(answer)
    assert not Transfer.objects.exists()


def test_personal_columns_are_neither_offered_nor_taken(client, marie):
    form = page(client.get(CREATE))
    asked = client.post(CREATE, {**CHOICES, "which": "chosen", "columns": ["key", "first_name"]})
    transfer = done(started(client))

    assert 'value="first_name"' not in form
    assert "9 columns stay here" in form
    assert asked.status_code == 422
    assert "Anne" not in fetched(client, transfer)
    assert transfer.options["shows_personal"] is False


def test_the_next_export_goes_on_from_the_last_one_of_the_same_rows(client, ada):
    done(started(client))
    narrowed = page(client.get(f"{CREATE}&q=b-"))
    again = page(client.get(CREATE))
    Contact.objects.update(changed_at=now() - timedelta(days=1))
    Contact.objects.filter(key="B-2").update(changed_at=now())

    transfer = done(started(client, changed="last", which="chosen", columns=["key"]))

    assert "since my last export" in again
    assert "since my last export" not in narrowed
    assert fetched(client, transfer) == "key\nB-2\n"


def test_an_export_is_asked_for_again_as_it_was(client, ada):
    transfer = done(started(client, which="chosen", columns=["country", "key"], delimiter="tab"))

    form = page(client.get(f"{CREATE}&again={transfer.pk}"))

    assert re.search(r'value="chosen"[^>]*checked', form)
    assert re.search(r'value="tab"[^>]* selected', form)
    assert form.index('value="country"') < form.index('value="key"') < form.index('value="city"')


# --- the file ---


def test_a_link_works_once_and_for_one_person(client, ada):
    transfer = done(started(client))
    address = link(client, transfer)

    other = make_user("bob@example.org", role="administrator")
    client.force_login(other)
    refused = client.get(address, follow=True)
    client.force_login(ada)
    first = client.get(address)
    first.close()
    second = client.get(address, follow=True)

    assert "This link has been used, or is not yours." in page(refused)
    assert first["Content-Disposition"].startswith("attachment")
    assert second.redirect_chain == [(transfer.get_absolute_url(), 302)]
    assert link(client, transfer) != address
    verbs = list(JournalEntry.objects.order_by("id").values_list("verb", "by"))
    assert verbs == [("transfer.exported", ada.pk), ("transfer.downloaded", ada.pk)]


def test_a_link_is_not_forged(client, ada):
    transfer = done(started(client))
    address = link(client, transfer)
    forged = address[:-3] + ("a" if address[-3] != "a" else "b") + address[-2:]

    assert client.get(forged).status_code == 302
    assert not JournalEntry.objects.filter(verb="transfer.downloaded").exists()


def test_after_a_day_the_file_is_gone_and_the_page_says_so(client, ada):
    transfer = done(started(client))
    address = link(client, transfer)
    Job.objects.filter(pk=transfer.job_id).update(ended_at=now() - timedelta(hours=25))

    assert (client.get(address).status_code, link(client, transfer)) == (404, 404)
    shown = page(client.get(transfer.get_absolute_url()))
    assert "Exports are deleted after 24 hours." in shown
    assert "Export again" in shown
    assert storing.file_of(transfer.pk).exists()  # until the clock deletes it


def test_rights_are_asked_for_when_the_file_is_fetched(client):
    role = make_role(
        "Mover",
        "transfers.export_data",
        "contacts.view_contact",
        "contacts.view_personal_data",
    )
    person = make_user("eve@example.org", role=role, language="en")
    client.force_login(person)
    transfer = done(started(client))
    address = link(client, transfer)
    role.rights = ["transfers.export_data", "contacts.view_contact"]
    role.save()

    assert client.get(address).status_code == 403
    assert link(client, transfer) == 403
    assert "You may not have this file" in page(client.get(transfer.get_absolute_url()))


def test_somebody_who_sees_the_system_but_no_personal_data_cannot_fetch_them(client, ada):
    transfer = done(started(client))
    rights = ("site.view_system", "transfers.export_data", "contacts.view_contact")
    client.force_login(make_user("op@example.org", *rights, language="en"))

    assert client.get(transfer.get_absolute_url()).status_code == 200
    assert link(client, transfer) == 403


def test_the_journal_keeps_who_exported_what_but_not_what_was_searched_for(client, ada):
    started(client, f"{CREATE}&q=anne%40example.org", limit="7")

    entry = JournalEntry.objects.get(verb="transfer.exported")

    assert (entry.by, entry.after["subject"], entry.after["personal_data"]) == (
        ada,
        "contacts",
        True,
    )
    assert entry.after["narrowed_by"] == ["q", "limit"]
    assert "anne" not in str(entry.after)
