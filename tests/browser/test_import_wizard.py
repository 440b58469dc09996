"""A file with errors: dropped, understood, imported, mended and sent again, on a telephone."""

import pytest

from offers_site.tasks import import_file as import_task
from tests.browser.conftest import NARROW, asked_often
from tests.browser.waiting import expect
from tests.transfers.conftest import contacts
from transfers.models import Transfer

ROWS = [
    "Clé;Courriel;né le;Ville où la personne habite",
    "C-1;a@example.org;03/04/1990;Saint-Germain-en-Laye",
    "C-2;b@example.org;31/02/1990;Lyon",
    "C-3;c@example.org;05/06/1990;Villeneuve-lès-Avignon",
]
DROP = """(place, given) => {
    const [name, text] = given;
    const files = new DataTransfer();
    files.items.add(new File([text], name, { type: "text/csv" }));
    for (const kind of ["dragenter", "dragover", "drop"])
        place.dispatchEvent(
            new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true })
        );
}"""


@pytest.fixture(autouse=True)
def no_worker(settings, tmp_path, monkeypatch):
    """The test is the worker, so that it sees every state of the page."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr("jobs.running.enqueue", lambda job: None)


def expect_to_fit(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def work():
    transfer = Transfer.objects.latest("created_at")
    assert import_task(str(transfer.job_id)) == "finished"


@pytest.fixture
def wizard(open_page, page):
    with asked_often(page):
        yield open_page("/transfers/import/")


def test_a_file_with_errors_is_imported_mended_and_sent_again(wizard):
    page = wizard
    page.set_viewport_size(NARROW)

    # dropped
    place = page.locator("[data-drop]")
    place.evaluate(DROP, ["people.csv", "\n".join(ROWS)])
    expect(page.locator("[data-chosen]")).to_contain_text("people.csv")
    expect(page.get_by_label("The file to import")).to_be_focused()
    expect_to_fit(page)
    page.get_by_role("button", name="Look at the file").click()

    # understood, and put right: what is not recognised is passed over for now
    expect(page.get_by_text("2 columns are passed over.")).to_be_visible()
    expect_to_fit(page)
    page.get_by_label("né le").select_option(label="Date of birth (birth_date)")
    expect(page.get_by_text("3 with something wrong")).to_be_visible()
    page.get_by_label("Dates").select_option("DD/MM/YYYY")
    expect(page.get_by_text("1 with something wrong")).to_be_visible()
    expect(page.get_by_text("03/04/1990 → 1990-04-03").first).to_be_attached()
    expect(page.get_by_label("né le")).to_have_value("birth_date")
    expect(
        page.get_by_text("Of the first 3 rows, 1 would be refused as it stands.")
    ).to_be_visible()
    expect_to_fit(page)
    page.get_by_role("button", name="Start the import").click()

    # while it runs, and when it has ended
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    expect_to_fit(page)
    work()
    expect(page.get_by_text("2 added, 0 changed; 1 refused and listed below.")).to_be_visible()
    expect(page.get_by_text("3 = 2 + 0 + 0 + 0 + 1")).to_be_visible()
    expect(page.locator("tbody tr")).to_contain_text("31/02/1990")
    expect_to_fit(page)

    # mended and sent again
    with page.expect_download() as download:
        page.get_by_role("link", name="Rejected rows").click()
    text = download.value.path().read_text()
    assert text == f"{ROWS[0]}\n{ROWS[2]}\n"
    mended = {
        "name": "mended.csv",
        "mimeType": "text/csv",
        "buffer": text.replace("31/02/1990", "28/02/1990").encode(),
    }
    page.get_by_label("The mended file").set_input_files(mended)
    page.get_by_role("button", name="Send the mended file").click()
    expect(page.get_by_text("nothing wrong with them")).to_be_visible()
    expect(page.get_by_label("né le")).to_have_value("birth_date")
    page.get_by_role("button", name="Start the import").click()
    expect(page.get_by_text("Waiting", exact=True)).to_be_visible()
    work()
    expect(page.get_by_text("1 added, 0 changed, and nothing refused.")).to_be_visible()

    assert contacts("key", "birth_date::text") == [
        ("C-1", "1990-04-03"),
        ("C-2", "1990-02-28"),
        ("C-3", "1990-06-05"),
    ]


def test_columns_are_put_in_order_by_keyboard_and_shown_as_they_will_leave(open_page):
    page = open_page("/transfers/export/?subject=contacts")
    page.set_viewport_size(NARROW)

    page.get_by_label("Those that I choose").check()
    page.get_by_role("button", name="Move Email address up").press("Enter")
    expect(page.get_by_role("button", name="Move Email address up")).to_be_focused()
    expect(page.locator("[data-moved]")).to_have_text("Email address is now number 1.")

    expect(page.locator("#export-preview")).to_contain_text("0 rows, 18 columns")
    boxes = page.locator("input[name=columns]")
    assert [boxes.nth(n).get_attribute("value") for n in range(2)] == ["email", "key"]
    expect_to_fit(page)
