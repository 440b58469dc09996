"""XML of coupons, their codes and redemptions: AS-27 to AS-29, and the document that all share."""

import gzip
import io
import socket
import threading
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.db import connection
from django.utils.dateparse import parse_datetime

from coupons.models import Code, Coupon, Redemption
from coupons.stock import stock_of
from offers_site.subjects import SUBJECTS
from tests.build import make_contact, make_coupon
from tests.coupons.conftest import issue, stored

pytestmark = pytest.mark.django_db(transaction=True)
SPACE = 'xmlns="urn:couponexchange:1"'
DOCUMENT = f"""<?xml version="1.0" encoding="UTF-8"?>
<couponExchange {SPACE} version="1.0" timezone="Europe/Paris">
  <coupons>
    <coupon code="CPN23" type="individual" startDate="2026-01-25" endDate="2026-01-28"
            externalId="S">
      <label>Soccer coupons</label><description>For soccer fans.</description>
      <limits perCode="1" total="" perCustomer="1"/>
      <attributes><attribute name="season">winter</attribute>
        <attribute name="year" type="json">2026</attribute></attributes>
      <values>
        <value code="Trynow" segment="soccer" label="Try it now"/>
        <value code="2for1" endDate="2026-01-27T18:00:00+01:00" recipientKey="C-1042"/>
      </values>
    </coupon>
    <coupon code="SUMMER" type="anonymous"><label>Summer</label></coupon>
  </coupons>
  <redemptions source="pos-fr">
    <redemption id="T-88231" coupon="CPN23" code="Trynow" redeemedOn="2026-01-26T11:02:09+01:00"
                customerKey="C-1042" orderId="O-7" amount="59.90" currency="EUR" store="LYON-2"/>
    <rollback id="T-88300" of="T-88231" on="2026-01-27T09:00:00+01:00" reason="refund"/>
  </redemptions>
</couponExchange>
"""


def at(text):
    return parse_datetime(text)


def test_one_document_for_three_kinds_of_file(import_coupons, import_codes, import_redemptions):
    make_contact("C-1042")
    coupons = import_coupons(DOCUMENT, name="all.xml")
    codes = import_codes(DOCUMENT, name="all.xml")
    issue("Trynow", at=at("2026-01-25T12:00:00+01:00"))
    redemptions = import_redemptions(DOCUMENT, name="all.xml")

    assert coupons.counters == (2, 2, 0, 0, 0, 0, 0)
    assert codes.counters == (2, 2, 0, 0, 0, 0, 0)
    assert redemptions.counters == (2, 2, 0, 0, 0, 0, 0)
    coupon = Coupon.objects.get(code="CPN23")
    assert (coupon.label, coupon.type, coupon.external_id) == ("Soccer coupons", "individual", "S")
    assert coupon.end_at == at("2026-01-29T00:00:00+01:00")
    assert (coupon.max_redemptions_per_code, coupon.max_redemptions_per_customer) == (1, 1)
    assert coupon.max_redemptions_total is None
    assert (coupon.attributes, coupon.timezone) == (
        {"season": "winter", "year": 2026},
        "Europe/Paris",
    )
    first, second = Code.objects.order_by("-code").select_related("shelf")
    assert (first.code, first.shelf.segment, first.label) == ("Trynow", "soccer", "Try it now")
    assert (second.code, second.restricted_to) == ("2for1", "C-1042")
    assert second.shelf.end_at == at("2026-01-27T17:00:00Z")
    use, back = Redemption.objects.order_by("id")
    assert (use.source, use.external_id, str(use.amount)) == ("pos-fr", "T-88231", "59.90")
    assert (back.kind, back.of, back.comment, back.external_id) == (
        "rollback",
        use,
        "refund",
        "T-88300",
    )


def test_what_leaves_comes_back_the_same(
    import_coupons, import_codes, import_redemptions, export_file
):
    make_contact("C-1042")
    import_coupons(DOCUMENT, name="all.xml")
    import_codes(DOCUMENT, name="all.xml")
    issue("Trynow", at=at("2026-01-25T12:00:00+01:00"))
    import_redemptions(DOCUMENT, name="all.xml")

    written = {
        name: export_file(name, "--format", "xml") for name in ("coupons", "codes", "redemptions")
    }
    again = (
        import_coupons(written["coupons"], "--operation", "upsert", name="again.xml"),
        import_codes(written["codes"], "--on-duplicate", "ignore", name="again.xml"),
        import_redemptions(written["redemptions"], name="again.xml"),
    )

    assert [each.counters for each in again] == [
        (2, 0, 0, 2, 0, 0, 0),
        (2, 0, 0, 0, 2, 0, 0),
        (2, 0, 0, 2, 0, 0, 0),
    ]
    assert '<coupon code="CPN23" type="individual" status="active"' in written["coupons"]
    assert '<limits perCode="1" perCustomer="1"/>' in written["coupons"]
    assert '<attribute name="year" type="json">2026</attribute>' in written["coupons"]
    assert '<coupon code="CPN23"><values>\n    <value code="2for1"' in written["codes"]
    assert 'status="issued"' in written["codes"]
    assert 'id="T-88300" action="rollback" of="T-88231"' in written["redemptions"]


def test_codes_of_several_coupons_stand_in_their_own(import_codes, export_file):
    make_coupon("A", type="individual")
    make_coupon("B", type="individual")
    import_codes("code;coupon_code\nb2;B\na1;A\nb1;B\na2;A\n")

    written = export_file("codes", "--format", "xml", "--columns", "coupon_code,code")

    assert written == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<couponExchange xmlns="urn:couponexchange:1" version="1.0" timezone="UTC">\n'
        "  <coupons>\n"
        '    <coupon code="A"><values>\n    <value code="a1"/>\n    <value code="a2"/>\n'
        "    </values></coupon>\n"
        '    <coupon code="B"><values>\n    <value code="b1"/>\n    <value code="b2"/>\n'
        "    </values></coupon>\n"
        "  </coupons>\n"
        "</couponExchange>\n"
    )


# --- AS-27, AS-28: nothing outside of the document is read ---


@pytest.fixture
def listening():
    """A port that notes whether anybody comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)  # whoever has connected waits to be accepted
        yield server


def visited(server):
    try:
        server.accept()
    except BlockingIOError:
        return False
    return True


DOCTYPES = {
    "entity": '<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "parameter": '<!DOCTYPE c [<!ENTITY % x SYSTEM "http://127.0.0.1:{port}/x">%x;]>',
    "external": '<!DOCTYPE c SYSTEM "http://127.0.0.1:{port}/c.dtd">',
    "laughs": '<!DOCTYPE c [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>",
    "quadratic": f'<!DOCTYPE c [<!ENTITY x "{"A" * 50_000}">]>',
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", DOCTYPES)
def test_a_doctype_ends_the_file(import_codes, listening, name, encoding):
    pool = make_coupon("SOC", type="individual")
    doctype = DOCTYPES[name].replace("{port}", str(listening.getsockname()[1]))
    body = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n{doctype}\n'
        f'<couponExchange {SPACE}><values><value code="&x;"/></values></couponExchange>'
    )

    done = import_codes(body.encode(encoding), "--coupon", "SOC", name="codes.xml")

    assert (done.status, done["state"], done["read"]) == (1, "failed", 0)
    assert [(r.code, r.line) for r in done.rejects] == [("xml_dtd_forbidden", 2)]
    assert (stored(pool, "code"), visited(listening)) == ([], False)


def test_a_file_that_unpacks_to_far_too_much(import_codes):
    make_coupon("SOC", type="individual")
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        file.write(b"code\n" + b" " * 6_000_000)

    done = import_codes(packed.getvalue(), "--coupon", "SOC", name="codes.csv.gz")

    assert done["state"] == "failed"
    assert [code for _line, code in done.codes] == ["file_bomb"]


# --- AS-29 ---


def broken(count):
    values = "".join(f'<value code="V{n}"/>\n' for n in range(1, 1_101))
    end = "".join(f'<value code="V{n}"/>\n' for n in range(1_101, count + 1))
    return values, end


def test_broken_xml_in_the_middle(import_codes, settings):
    settings.IMPORT_CHUNK_ROWS = 100  # of codes there are four times as many in a chunk
    pool = make_coupon("SOC", type="individual")
    values, end = broken(1_200)
    head = f'<?xml version="1.0"?>\n<couponExchange {SPACE}><coupons><coupon code="SOC"><values>\n'
    tail = "</values></coupon></coupons></couponExchange>"
    wrong = f'{head}{values}<value code="X"\n{end}{tail}'

    tried = import_codes(wrong, "--operation", "validate_only", name="codes.xml")
    assert (tried.status, stored(pool, "code")) == (1, [])
    done = import_codes(wrong, name="codes.xml")

    assert (done.status, done["state"], done["inserted"]) == (1, "failed", 1_100)
    assert stock_of(pool)["total"] == 1_100
    fatal = done.rejects[-1]
    assert (fatal.code, fatal.severity) == ("xml_not_well_formed", "fatal")
    assert (fatal.line, fatal.detail["column"]) == (1_104, 1)

    mended = import_codes(
        f"{head}{values}{end}{tail}", "--on-duplicate", "ignore", name="codes.xml"
    )
    assert mended.counters == (1_200, 100, 0, 0, 1_100, 0, 0)
    assert stock_of(pool)["total"] == 1_200


def test_records_that_are_wrong_are_named_by_their_place(import_codes):
    make_coupon("SOC", type="individual")
    body = (
        f'<couponExchange {SPACE}><coupons><coupon code="SOC"><values>\n'
        '<value code="A" colour="red"/>\n<value code="B" endDate="soon"/>\n<value label="C"/>\n'
        '<value code="D"/>\n</values></coupon></coupons>\n<values><value code="E"/></values>'
        "</couponExchange>"
    )

    done = import_codes(body, name="codes.xml")

    assert done.counters == (5, 1, 0, 0, 0, 4, 0)
    assert [(r.line, r.column, r.code) for r in done.rejects] == [
        (2, "/values/value[1]/@colour", "xml_unknown_element"),
        (3, "/values/value[2]/endDate", "date_format"),
        (4, "/values/value[3]/code", "required_missing"),
        (7, "/values/value[5]/couponCode", "required_missing"),
    ]


@pytest.mark.parametrize("body", ["<a/>", '<codes version="1.0"><code value="A"/></codes>'])
def test_a_document_of_another_kind_is_not_passed_over_in_silence(import_codes, body):
    done = import_codes(body, name="codes.xml")

    assert (done.status, done["state"], done.counters) == (1, "failed", (0, 0, 0, 0, 0, 0, 0))
    assert [(r.line, r.code, r.column) for r in done.rejects] == [(1, "xml_unknown_element", "")]


def test_two_kinds_at_once(import_codes, import_coupons):
    """Codes go on coming in while coupons do."""
    import_coupons(DOCUMENT, name="all.xml")
    make_contact("C-1042")
    done = []

    def run(take, name):
        try:
            done.append(take(DOCUMENT, name=name))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=(import_coupons, "b.xml")),
        threading.Thread(target=run, args=(import_codes, "c.xml")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(each.counters for each in done) == [
        (2, 0, 0, 0, 0, 2, 0),
        (2, 2, 0, 0, 0, 0, 0),
    ]


# --- the published schema ---

XS = "{http://www.w3.org/2001/XMLSchema}"
OURS = "{urn:couponexchange:1}"


def declared(schema, name):
    """The attributes of a type of the schema, and its elements with their types."""
    kind = schema.find(f"{XS}complexType[@name='{name}']")
    elements = {each.get("name"): each.get("type") for each in kind.iter(f"{XS}element")}
    return {each.get("name") for each in kind.findall(f"{XS}attribute")}, elements


def undeclared(schema, element, kind):
    """What an element has, itself or below, that its type does not know."""
    if kind == "contact" or kind is None or kind.startswith("xs:"):
        return []
    attributes, elements = declared(schema, kind)
    found = [f"{kind}/@{name}" for name in element.attrib if name not in attributes]
    for child in element:
        name = child.tag.removeprefix(OURS)
        if name not in elements:
            found.append(f"{kind}/{name}")
        else:
            found += undeclared(schema, child, elements[name])
    return found


@pytest.fixture
def schema():
    return ElementTree.parse(settings.BASE_DIR / "static" / "couponexchange-1.xsd").getroot()  # noqa: S314 (ours)


def test_the_published_schema_knows_all_columns(schema):
    for kind, subject in (("coupon", "coupons"), ("value", "codes"), ("redemption", "redemptions")):
        attributes, elements = declared(schema, kind)
        names = {c.in_xml for c in SUBJECTS[subject].columns().values()} - {"attributes"}
        assert names - attributes == set(), kind
        assert names - set(elements) == set(), kind


def test_the_published_schema_knows_what_leaves(
    schema, import_coupons, import_codes, import_redemptions, export_file
):
    make_contact("C-1042")
    import_coupons(DOCUMENT, name="all.xml")
    import_codes(DOCUMENT, name="all.xml")
    import_redemptions(DOCUMENT, name="all.xml")
    documents = [
        DOCUMENT,
        *(export_file(name, "--format", "xml") for name in ("coupons", "codes", "redemptions")),
    ]

    for document in documents:
        root = ElementTree.fromstring(document)  # noqa: S314 (ours)
        assert root.tag == f"{OURS}couponExchange"
        for part in root:
            assert undeclared(schema, part, part.tag.removeprefix(OURS)) == []
