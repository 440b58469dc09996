"""Files of past propositions: what rules and caps make of them, and what is wrong with some."""

import json
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from catalog.actions.packages import apply_package
from catalog.packages.reading import read
from contacts.actions.contacts import erase_contact
from contacts.models import Contact
from decisioning.models import CapTotalUse, CapUse, Clock, Proposition, Transition
from decisioning.partitions import drop_months_before, month_after
from decisioning.showing import Showing
from tests.build import NOON, bearer, make_contact, make_key
from tests.decisioning.http import Bank, forget
from tests.keeping import Kept
from tests.transfers.conftest import export, import_file  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "contact_key,offer,space,status,occurred_at,weight,rank,external_id,changed_at\n"


def an_offer(code, weight, category, *caps):
    return {
        "code": code,
        "label": code.title(),
        "category": category,
        "contexts": [{"label": "Always", "weight": weight}],
        "content": {"title": code},
        "representations": [{"space": "page"}, {"space": "mail"}],
        "caps": list(caps),
    }


def a_space(name, channel, **more):
    fields = [{"name": "title", "required": True}]
    return {
        "name": name,
        "label": name,
        "channel": channel,
        "unitary": True,
        "fields": fields,
    } | more


PACKAGE = {
    "format": "overture-catalog/1",
    "environment": {"name": "shop", "label": "Shop", "timezone": "Europe/Paris"},
    "spaces": [a_space("page", "web", fallback_offer="BRAND"), a_space("mail", "email")],
    "categories": [
        {"name": "all", "label": "All"},
        {"name": "bags", "label": "Bags", "parent": "all"},
    ],
    "offers": [
        an_offer(
            "TOP",
            "9",
            "bags",
            {"limit": 3, "counts": "proposition", "per": "total"},
            {"limit": 2, "counts": "presented", "per": "contact", "every": {"months": 1}},
            {"limit": 5, "counts": "accepted", "per": "total", "spaces": "each"},
        ),
        an_offer("NEXT", "5", "all"),
        an_offer("LAST", "1", "bags"),
    ],
    "fallback_offers": [
        {
            "code": "BRAND",
            "label": "Brand",
            "content": {"title": "Brand"},
            "representations": [{"space": "page"}],
        }
    ],
    "presentation_rules": [
        {
            "name": "NO",
            "label": "Refused",
            "applies_to": "offer.category == 'bags'",
            "period": "10d",
            "scope": "category",
            "statuses": ["rejected"],
        },
        {
            "name": "PLANNED",
            "label": "Planned soon",
            "applies_to": "offer.code == 'TOP'",
            "period": "3d",
            "scope": "offer",
            "statuses": ["scheduled"],
        },
    ],
}  # fmt: skip


def make_shop():
    apply_package(read(json.dumps(PACKAGE).encode()), publish=True, by=None, at=NOON)
    for key in ("C1", "C2", "C3"):
        make_contact(key)


SHOP = Kept(make_shop)


@pytest.fixture
def shop():
    forget()
    SHOP.bring()
    yield Bank()
    forget()
    drop_months_before(month_after(now(), -1))  # what was made for old files is committed


@pytest.fixture
def load(shop, import_file):  # noqa: F811 (the fixture)
    def run(body, *options, **more):
        more = {"name": "propositions.csv", "subject": "propositions"} | more
        return import_file(body, *options, **more)

    return run


def ago(days):
    return (now() - timedelta(days=days)).isoformat()


def best(shop, who):
    (slot,) = shop.decide({"space": "page"}, environment="shop", target={"key": who}, record=False)[
        "slots"
    ]
    return [one["offer"] for one in slot["propositions"]]


def used(cap):
    return CapTotalUse.objects.filter(total__cap=cap).aggregate(n=Sum("used"))["n"]


def test_caps_count_what_was_imported_exactly(shop, load):
    rows = [
        f"C1,TOP,page,presented,{ago(1 / 24)},9,1,a1,",
        f"C2,TOP,page,generated,{ago(100)},9,1,a2,{ago(99)}",
        f"C2,TOP,mail,accepted,{ago(100)},,,a3,{ago(1 / 24)}",
    ]
    assert best(shop, "C3") == ["TOP"]

    done = load(HEAD + "\n".join(rows))

    assert done.counters == (3, 3, 0, 0, 0, 0, 0)
    assert used("TOP/proposition/total/life/together") == 3
    assert used("TOP/accepted/total/life/each") == 1
    per_person = CapUse.objects.filter(cap="TOP/presented/contact/1months/together")
    # C2 was shown it a hundred days ago, in a month of its own, and said yes today
    assert sorted(per_person.values_list("contact__key", "used")) == [("C1", 1), ("C2", 1)]
    assert per_person.get(contact__key="C2").until < now()
    assert best(shop, "C3") == ["NEXT"]  # all three are gone


def test_rules_count_what_was_imported(shop, load):
    assert best(shop, "C1") == ["TOP"]

    load(HEAD + f"C1,LAST,mail,rejected,{ago(9)},,,,\nC2,LAST,mail,rejected,{ago(11)},,,,")

    assert best(shop, "C1") == ["NEXT"]
    assert best(shop, "C2") == ["TOP"]
    assert Clock.objects.get(contact__key="C1").ticks == 1
    (slot,) = shop.decide({"space": "page"}, environment="shop", target={"key": "C2"})["slots"]
    assert slot["propositions"][0]["offer"] == "TOP"  # and storing goes on from there


def test_rules_count_what_is_planned_for_the_days_to_come(shop, load):
    rows = [f"C1,TOP,mail,scheduled,{ago(-2)},,,,", f"C2,TOP,mail,scheduled,{ago(-4)},,,,"]

    assert load(HEAD + "\n".join(rows)).counters == (2, 2, 0, 0, 0, 0, 0)

    assert best(shop, "C1") == ["NEXT"]
    assert best(shop, "C2") == ["TOP"]


def test_a_row_lies_in_its_month_with_all_that_is_known_of_it(shop, load):
    load(HEAD + "C1,TOP,mail,3,2025-12-31T23:30:00+01:00,4.5,2,x-1,2026-01-02T08:00:00+01:00")

    (made,) = Proposition.objects.all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM decisioning_proposition")
        assert cursor.fetchone() == ("decisioning_proposition_2025_12",)
    assert (made.contact.key, made.offer, made.space, made.channel) == (
        "C1",
        "TOP",
        "mail",
        "email",
    )
    assert (made.status, made.rank, str(made.weight)) == (3, 2, "4.500000")
    assert (made.category, made.category_path) == ("bags", "all/bags")
    assert (made.interaction, made.release, made.data) == (None, None, {"external_id": "x-1"})
    assert made.at == datetime.fromisoformat("2025-12-31T22:30:00+00:00")
    (step,) = Transition.objects.all()
    assert (step.before, step.after, step.source) == (1, 3, "import")
    assert step.at == made.changed_at == datetime.fromisoformat("2026-01-02T07:00:00+00:00")


def test_the_same_file_again_changes_nothing(shop, load):
    body = (
        HEAD
        + f"C1,TOP,page,presented,{ago(1)},9,1,a1,\n"
        + f"C2,NEXT,page,rejected,{ago(2)},5,1,a2,{ago(1)}\n"
    )
    load(body)
    before = [
        list(model.objects.order_by("pk").values())
        for model in (Proposition, Transition, CapUse, CapTotalUse, Clock)
    ]

    assert load(body).counters == (2, 0, 0, 2, 0, 0, 0)
    assert load(body + body.replace(HEAD, "")).counters == (4, 0, 0, 2, 0, 2, 0)  # within one file
    after = [
        list(model.objects.order_by("pk").values())
        for model in (Proposition, Transition, CapUse, CapTotalUse, Clock)
    ]
    assert after == before


def test_what_became_of_it_can_be_told_later(shop, load):
    first, told = ago(3), ago(2)
    load(HEAD + f"C1,TOP,page,presented,{first},9,1,a1,")
    later = HEAD + f"C1,TOP,page,accepted,{first},9,1,a1,{told}"

    assert load(later).codes == [(2, "duplicate_in_db")]
    assert load(later, "--on-duplicate", "update").counters == (1, 0, 1, 0, 0, 0, 0)
    assert load(later, "--on-duplicate", "update").counters == (1, 0, 0, 1, 0, 0, 0)
    assert used("TOP/accepted/total/life/each") == 1
    assert Proposition.objects.get().status == 3
    back = later.replace("accepted", "scheduled")
    assert load(back, "--operation", "update").codes == [(2, "status_cannot_follow")]
    other = later.replace("a1", "a9")
    assert load(other, "--operation", "update").codes == [(2, "not_updatable")]


WRONG = [
    ("C9,TOP,page,presented,{day},,,,", "recipient_unknown"),
    ("C1,NOPE,page,presented,{day},,,,", "offer_unknown"),
    ("C1,TOP,nowhere,presented,{day},,,,", "space_unknown"),
    ("C1,TOP,page,bought,{day},,,,", "enum_invalid"),
    ("C1,TOP,page,presented,2999-01-01,,,,", "date_range"),
    ("C1,TOP,page,presented,{tomorrow},,,,", "not_happened_yet"),
    ("C1,TOP,page,scheduled,{in_two_years},,,,", "planned_too_far"),
    ("C1,TOP,page,accepted,{day},,,,{before}", "changed_before"),
    ("C1,TOP,page,accepted,{day},,,,{tomorrow}", "not_happened_yet"),
    ("C1,TOP,page,presented,,,,,", "required_missing"),
    (",TOP,page,presented,{day},,,,", "required_missing"),
    ("C1,,page,presented,{day},,,,", "required_missing"),
    ("C1,TOP,page,presented,soon,,,,", "date_format"),
    ("C1,TOP,page,presented,{day},heavy,,,", "number_invalid"),
    ("C1,TOP,page,presented,{day},99999999999999999999,,,", "number_invalid"),
    ("C1,TOP,page,presented,{day},,0,,", "number_invalid"),
    ("C1,TOP,page,presented,{day},,32768,,", "number_invalid"),
    ("C1,TOP,page,presented,{day}", "column_count"),
    ("C1,TOP,page,presented,{day},,," + "x" * 201 + ",", "field_too_long"),
    ("C1,T\x01P,page,presented,{day},,,,", "ctrl_char"),
]


def test_each_wrong_row_is_refused_with_its_line_and_its_reason(shop, load):
    words = {"day": ago(1), "before": ago(2), "tomorrow": ago(-1), "in_two_years": ago(-730)}
    body = HEAD + "\n".join(line.format(**words) for line, _code in WRONG)

    done = load(body + f"\nC1,NEXT,page,,{ago(1)},,,,\n")

    assert done.codes == [(line, code) for line, (_row, code) in enumerate(WRONG, 2)]
    assert done.counters == (21, 1, 0, 0, 0, 20, 0)
    (made,) = Proposition.objects.all()
    assert (made.offer, made.status, made.rank, str(made.weight)) == ("NEXT", 1, 1, "0.000000")
    assert not CapUse.objects.exists()


def test_a_fallback_offer_is_history_that_nothing_counts(shop, load):
    assert load(HEAD + f"C1,BRAND,page,presented,{ago(1)},,,,").counters == (1, 1, 0, 0, 0, 0, 0)
    assert Proposition.objects.get().is_fallback


def test_what_is_older_than_anything_kept_is_remarked_upon(shop, load):
    done = load(HEAD + "C1,NEXT,page,presented,2019-03-01,,,,")

    assert (done["inserted"], done.codes) == (1, [(2, "older_than_kept")])


def test_trying_out_leaves_nothing(shop, load):
    done = load(HEAD + f"C1,TOP,page,presented,{ago(1)},,,a1,", "--dry-run")

    assert done["inserted"] == 1
    assert not Proposition.objects.exists()
    assert not CapUse.objects.exists()


def test_xml_says_the_same(shop, load):
    body = (
        '<propositions><proposition externalId="a1"><contactKey>C1</contactKey><offer>TOP</offer>'
        f"<space>page</space><status>rejected</status><occurredAt>{ago(1)}</occurredAt>"
        "</proposition></propositions>"
    )
    assert load(body, name="propositions.xml")["inserted"] == 1
    assert best(shop, "C1") == ["NEXT"]


def test_it_leaves_as_it_came(shop, load, export):  # noqa: F811 (the fixture)
    load(HEAD + "C1,TOP,mail,accepted,2026-11-01T10:00:00Z,4.5,2,x-1,2026-11-02T10:00:00Z")
    columns = HEAD.strip()

    out = export("--columns", columns, "--profile", "machine", subject="propositions").decode(
        "utf-8-sig"
    )

    assert out.splitlines()[1].replace(";", ",") == (
        "C1,TOP,mail,accepted,2026-11-01T10:00:00Z,4.500000,2,x-1,2026-11-02T10:00:00Z"
    )


def test_programs_read_every_column_of_an_export(shop, load, export):  # noqa: F811
    load(HEAD + f"C1,NEXT,page,presented,{ago(1)},2.5,3,a1,")
    names, row = export(subject="propositions").decode().splitlines()
    exported = dict(zip(names.split(";"), row.split(";"), strict=True))

    (told,) = shop.client.get("/api/v1/contacts/C1/propositions", headers=shop.headers).json()[
        "results"
    ]

    assert set(exported) <= set(told)
    assert (told["external_id"], told["category"], told["id"]) == ("a1", "all", exported["id"])


def test_programs_send_such_files_too(shop):
    _key, secret = make_key("imports", name="History")
    body = (HEAD + f"C1,NEXT,page,presented,{ago(1)},,,a1,").encode()

    response = shop.client.post(
        "/api/v1/imports",
        {"subject": "propositions", "file": SimpleUploadedFile("p.csv", body)},
        headers=bearer(secret),
    )

    assert response.status_code == 202


def test_nobody_who_was_erased_comes_back(shop, load):
    erase_contact(Contact.objects.get(key="C1"), by=None, at=now())

    assert load(HEAD + f"C1,NEXT,page,presented,{ago(1)},,,,").codes == [(2, "recipient_unknown")]


def test_months_are_looked_up_once_and_not_row_by_row(shop, load):
    rows = [f"C1,NEXT,page,presented,2026-0{1 + n % 2}-03T10:{n:02}:00Z,,,m{n}," for n in range(50)]

    with CaptureQueriesContext(connection) as asked:
        assert load(HEAD + "\n".join(rows))["inserted"] == 50

    assert sum("to_regclass" in query["sql"] for query in asked) == 2


def test_what_is_imported_meanwhile_is_known_to_the_decision(shop, load, monkeypatch):
    """Between reading somebody's history and storing a decision, that history grew."""
    was, seen = Showing.show, []

    def show(self, draft):
        seen.append([one.offer for one in draft.made])
        if len(seen) == 1:
            load(HEAD + f"C1,LAST,mail,rejected,{ago(1)},,,,")
        return was(self, draft)

    monkeypatch.setattr(Showing, "show", show)
    (slot,) = shop.decide({"space": "page"}, environment="shop", target={"key": "C1"})["slots"]

    assert seen == [["TOP"], ["NEXT"]]
    assert [one["offer"] for one in slot["propositions"]] == ["NEXT"]
    assert sorted(Proposition.objects.values_list("offer", flat=True)) == ["LAST", "NEXT"]
