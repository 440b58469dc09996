"""The codes of a pool: looking, adding, and the whole life of one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.rights import Right
from coupons.actions import codes as actions
from coupons.actions.refusing import CodeTaken, FieldRefused, NotInState
from coupons.browsing import MOST_FOUND, Wanted, beginning_with, choose, with_code
from coupons.disclosing import eyes_of, held_codes, life_of, states_of
from coupons.finding import Ambiguous, find
from coupons.forms.codes import CodeAddForm, CodeFilter, FindForm, filter_of
from coupons.models import Batch, Code, Coupon, Shelf, Standing
from coupons.views.letting import allowed, find_code, find_pool
from coupons.views.tabs import frame_of
from offers_site.filters import ListFilter
from offers_site.http import StaffRequest, render_form, render_page
from offers_site.keysets import Keyset
from offers_site.lists import Bulk, Column, List, ListPage, Selection

COLUMNS = (
    Column("code", gettext_lazy("Code"), pinned=True),
    Column("status", gettext_lazy("Status")),
    Column("redeemed_on", gettext_lazy("Redeemed on")),
    Column("channel", gettext_lazy("Channel")),
    Column("address", gettext_lazy("Address")),
    Column("label", gettext_lazy("Label")),
    Column("segment", gettext_lazy("Segment")),
    Column("delivery", gettext_lazy("Delivery")),
    Column("assigned_on", gettext_lazy("Assigned on")),
    Column("uses", gettext_lazy("Uses"), numeric=True),
    Column("batch", gettext_lazy("Batch"), shown=False),
    Column("end", gettext_lazy("Valid until"), shown=False),
)
BULK = (
    Bulk(
        "void",
        pgettext_lazy("several", "Void"),
        "coupons:codes-void",
        Right.VOID_CODES,
        danger=True,
    ),
    Bulk("put-back", gettext_lazy("Put back"), "coupons:codes-put-back", Right.VOID_CODES),
    Bulk("delete", gettext_lazy("Delete"), "coupons:codes-delete", Right.VOID_CODES, danger=True),
)
MOST_BATCHES = 100  # in the filter; the others are reached from the batches themselves


def list_of(filters: type[ListFilter]) -> List:
    return List(
        name="codes",
        template="coupons/code_list.html",
        columns=COLUMNS,
        filters=filters,
        bulk=BULK,
    )


list_of(CodeFilter)  # known by its name before somebody asks for a page


@require_GET
@allowed()
def code_list(request: StaffRequest, code: str) -> HttpResponse:
    coupon, at = find_pool(request, code), now()
    batches = {batch.pk: batch for batch in batches_of(request, coupon)}
    filters = filter_of(segments_of(coupon), batches.values())

    def select(form: ListFilter) -> Selection[Code]:
        chosen = choose(coupon, wanted_of(form), at=at)
        name = f"codes.{coupon.pk}.{chosen.order}"
        keys = Keyset(chosen.codes, chosen.order, name=name, descending=True)
        return Selection(keys, chosen.count)

    page = list_of(filters).page_of(request, select)
    dress(page, coupon, batches, at=at)
    context = frame_of(request, coupon, "code-list", at=at)
    if context["eyes"].codes and page.rows:
        actions.note_seen(coupon, by=request.user, at=at)
    context |= {
        "list": page,
        "find_form": FindForm(auto_id="find-%s"),
        "wanted": wanted_of(page.form),
        "all_of_them": all_of_them(request, coupon, page),
        "export_url": export_url(request, coupon, wanted_of(page.form)),
        "import_url": import_url(request, coupon),
    }
    return render_page(request, "coupons/code_list.html", context, fragment="list")


def wanted_of(form: ListFilter) -> Wanted:
    assert isinstance(form, CodeFilter)  # noqa: S101 (for the type checker)
    return form.wanted


def segments_of(coupon: Coupon) -> list[str]:
    shelves = Shelf.objects.filter(coupon=coupon, total__gt=0)
    return list(shelves.order_by("segment").values_list("segment", flat=True).distinct())


def batches_of(request: StaffRequest, coupon: Coupon) -> list[Batch]:
    """The latest ones, and the one that the address names."""
    batches = Batch.objects.filter(coupon=coupon)
    latest = list(batches.order_by("-pk")[:MOST_BATCHES])
    asked = request.GET.get("batch", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 19:
        latest += [each for each in batches.filter(pk=asked) if each not in latest]
    return latest


def dress(page: ListPage[Code], coupon: Coupon, batches: dict[int, Batch], *, at: Any) -> None:
    """Give the rows what their cells show, so that none of them asks the database."""
    held = held_codes(page.rows, at=at)
    missing = {row.batch_id for row in page.rows} - set(batches)
    known = {**batches, **Batch.objects.in_bulk(missing)} if missing else batches
    for row in page.rows:
        row.coupon, row.batch = coupon, known[row.batch_id]
        row.states = states_of(row, at=at, is_held=row.pk in held)  # type: ignore[attr-defined]


# What can be done to all that a filter shows: name, words, whether the status allows it.
def all_of_them(
    request: StaffRequest, coupon: Coupon, page: ListPage[Code]
) -> list[tuple[str, str]]:
    if not page.rows or not request.user.has_perm(Right.VOID_CODES):
        return []
    status = wanted_of(page.form).status
    fitting = {
        "void": status in {"", "available", "reserved", "issued"},
        "put-back": status == Standing.Status.VOID,
        "delete": status == Standing.Status.AVAILABLE,
    }
    words = {
        "void": _("Void all of them"),
        "put-back": _("Put all of them back"),
        "delete": _("Delete all of them"),
    }
    query = urlencode({name: page.form.asked(name) or "" for name in page.form.fields})
    return [
        (str(words[kind]), f"{reverse(f'coupons:all-codes-{kind}', args=[coupon.code])}?{query}")
        for kind, fits in fitting.items()
        if fits
    ]


def export_url(request: StaffRequest, coupon: Coupon, wanted: Wanted) -> str:
    if not request.user.has_perms(("transfers.export_data", Right.EXPORT_CODES)):
        return ""
    asked = {
        "subject": "codes",
        "coupon": coupon.code,
        "status": wanted.status if wanted.status in Standing.Status else "",
        "segment": wanted.segment,
        "batch": wanted.batch,
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('transfers:export-create')}?{query}"


def import_url(request: StaffRequest, coupon: Coupon) -> str:
    if not request.user.has_perms(("transfers.import_data", Right.ADD_CODES)):
        return ""
    query = urlencode({"subject": "codes", "coupon": coupon.code})
    return f"{reverse('transfers:import-create')}?{query}"


@require_http_methods(["GET", "POST"])
@allowed(Right.ADD_CODES)
def code_add(request: StaffRequest, code: str) -> HttpResponse:
    coupon = find_pool(request, code)
    form = CodeAddForm(request.POST or None, coupon=coupon, segments=segments_of(coupon))
    if form.is_valid() and add(request, coupon, form):
        messages.success(request, _("The code is added."))
        if "again" in request.POST:
            return redirect("coupons:code-add", coupon.code)
        return redirect("coupons:code-list", coupon.code)
    return render_form(request, "coupons/code_add.html", {"form": form, "coupon": coupon})


def add(request: StaffRequest, coupon: Coupon, form: CodeAddForm) -> bool:
    values = dict(form.cleaned_data)
    text = values.pop("code")
    try:
        actions.add_code(coupon, text, **values, by=request.user, at=now())
    except FieldRefused as refusal:
        form.refuse(refusal.name, str(refusal))
    except CodeTaken as refusal:
        form.add_error("code", str(refusal))
    except NotInState as refusal:
        form.add_error(None, str(refusal))
    return not form.errors


@require_GET
@allowed()
def code_detail(request: StaffRequest, pk: int) -> HttpResponse:
    code, at = find_code(request, pk), now()
    eyes = eyes_of(request.user)
    context = {
        "code": code,
        "coupon": code.coupon,
        "title": eyes.code(code),
        "eyes": eyes,
        "life": life_of(code, at=at),
        "shows_journal": request.user.has_perm("accounts.view_journal"),
    }
    return render(request, "coupons/code_detail.html", context)


# --- finding what somebody has before them ---


@require_http_methods(["GET", "POST"])
@allowed(Right.VIEW_CODES)
def code_find(request: StaffRequest) -> HttpResponse:
    """One code among all pools; the answer is its page. It is sent in the body."""
    form = FindForm(request.POST or None)
    found: list[Code] = []
    if form.is_valid():
        visible = Coupon.objects.visible_to(request.user)
        text = form.cleaned_data["code"]
        found = with_code(text, among=visible)
        if len(found) == 1:
            return redirect(found[0])
        if not found:
            coupon = coupon_called(request, text)
            if coupon is not None:
                return redirect(coupon)
            form.add_error("code", _("There is no such code."))
    return render_form(request, "coupons/code_find.html", {"form": form, "found": found})


def coupon_called(request: StaffRequest, text: str) -> Coupon | None:
    """The coupon whose own code this is, or the one that shows it in proofs."""
    try:
        known = find(text)
    except Ambiguous:
        return None
    visible = Coupon.objects.visible_to(request.user)
    if known is not None:
        if known.is_specimen:
            messages.info(request, _("This is the code that proofs of this coupon show."))
        return visible.filter(pk=known.coupon.pk).first()
    return visible.filter(code_norm=text.strip().upper()).first()


@require_POST
@allowed(Right.VIEW_CODES)
def code_find_in(request: StaffRequest, code: str) -> HttpResponse:
    """One code of a pool, or those that begin like what was typed."""
    coupon = find_pool(request, code)
    form = FindForm(request.POST, auto_id="find-%s")
    found: list[Code] = []
    if form.is_valid():
        text = form.cleaned_data["code"]
        exact = with_code(text, among=Coupon.objects.filter(pk=coupon.pk))
        if exact:
            return redirect(exact[0])
        found = beginning_with(text, coupon)
        if not found:
            form.add_error("code", _("No code of this coupon begins like this."))
    for each in found:
        each.coupon = coupon
        each.states = states_of(each, at=now())  # type: ignore[attr-defined]
    context = frame_of(request, coupon, "code-list", at=now())
    context |= {"form": form, "found": found, "is_cut": len(found) == MOST_FOUND}
    return render_form(request, "coupons/code_found.html", context)
