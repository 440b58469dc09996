"""The tree of categories: looked at, put in order, switched on and off."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actions.granting import Stale
from catalog.actions import categories as actions
from catalog.actions.approvals import AlreadyDone
from catalog.actions.releases import publish_design, switch
from catalog.deleting import check_category_unused
from catalog.describing import category_shape
from catalog.forms.categories import CategoryForm
from catalog.gathering import Kind
from catalog.models import Category, Environment, Offer
from catalog.outlining import Branch, matching, offers_in_design, offers_in_live, outline
from catalog.problems import NotAcceptable, StillUsed
from catalog.recap import said
from catalog.standing import WORDS, facts_of, live_shapes, live_since, since_live, standings
from catalog.tree import Tree, tree_of
from catalog.views.doors import CatalogueRequest, changes, sees
from catalog.views.saving import entries_of, in_its_zone, publish, saved, status_of
from catalog.wordbook import environment_labels
from offers_site.http import ask_and_act, render_confirmation, render_page

LONGEST = 200
MOST_OFFERS = 20


@require_safe
@sees("category")
@in_its_zone
def category_tree(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    context = tree_context(request, environment)
    return render_page(request, "catalog/category_tree.html", context, fragment="tree")


def tree_context(
    request: CatalogueRequest, environment: Environment, *, moved: str = ""
) -> dict[str, Any]:
    text = request.GET.get("q", "").replace("\0", "")[:LONGEST].strip()
    branches = branches_of(request, environment)
    shapes = {each.name: each.category for each in branches}
    switched = next((each for each in branches if each.name == request.GET.get("switched")), None)
    found = {} if request.place.is_live else standings(environment, Kind.CATEGORY, shapes)
    user = request.user
    return {
        "environment": environment,
        "branches": matching(branches, text),
        "number": len(branches),
        "text": text,
        "at": now(),
        "moved": moved,
        "switched": switched,
        "standings": {name: (each, WORDS[each]) for name, each in found.items()},
        "may_move": user.has_perm("catalog.change_category") and not request.place.is_live,
        "may_switch": user.has_perm("catalog.disable_live_offer"),
    }


def branches_of(request: CatalogueRequest, environment: Environment) -> list[Branch]:
    """The tree on the side that is looked at, as far as the person may see it."""
    at = now()
    if request.place.is_live:
        shapes = live_shapes(environment, Kind.CATEGORY, request.user)
        order = dict(
            Category.objects.filter(environment=environment).values_list("name", "position")
        )
        last = len(order)
        ordered = sorted(
            shapes.values(), key=lambda one: (order.get(one.name, last), one.label, one.name)
        )
        return outline(ordered, offers_in_live(environment, request.user), at=at)
    rows = [category for category, _depth in tree_seen(request, environment).walk()]
    return outline(
        [category_shape(row) for row in rows],
        offers_in_design(environment, request.user),
        at=at,
        rows={row.name: row for row in rows},
    )


def tree_seen(request: CatalogueRequest, environment: Environment) -> Tree:
    seen = Category.objects.filter(environment=environment).visible_to(request.user)
    tree = tree_of(seen.for_category_tree())
    for category in tree.by_key.values():
        category.environment = environment
        if category.parent_id is not None and category.parent_id in tree.by_key:
            category.parent = tree.by_key[category.parent_id]
    return tree


# --- order ---


@require_POST
@changes("category")
@in_its_zone
def category_move(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    """Put a category elsewhere: one step (`to`), or below `parent` at `position`."""
    tree = tree_seen(request, environment)
    category = find(request, environment, name)
    try:
        parent, position = target_of(request, tree, category)
        version = int(request.POST["version"]) if request.POST.get("version") else None
    except (ValueError, KeyError):
        return HttpResponseBadRequest()
    try:
        actions.move_category(
            category, parent=parent, position=position, version=version, by=request.user, at=now()
        )
    except (Stale, NotAcceptable) as refusal:
        messages.error(request, str(refusal))
    if request.htmx:
        context = tree_context(request, environment, moved=name)
        return render(request, "catalog/category_tree.html#tree", context)
    return redirect("catalog:category-tree", environment.name)


def target_of(
    request: CatalogueRequest, tree: Tree, category: Category
) -> tuple[Category | None, int | None]:
    """Where it goes: (the category above, its place there); raises ValueError and KeyError."""
    beside = [each.pk for each in tree.below.get(category.parent_id, ())]
    place = beside.index(category.pk)
    above = tree.by_key.get(category.parent_id) if category.parent_id else None
    match request.POST.get("to", ""):
        case "up":
            return above, max(place - 1, 0)
        case "down":
            return above, min(place + 1, len(beside) - 1)
        case "in" if place > 0:
            return tree.by_key[beside[place - 1]], None
        case "out" if above is not None:
            among = [each.pk for each in tree.below.get(above.parent_id, ())]
            outer = tree.by_key.get(above.parent_id) if above.parent_id else None
            return outer, among.index(above.pk) + 1
        case "in" | "out":
            return above, place
    wanted = request.POST["parent"]
    (parent,) = [each for each in tree.by_key.values() if each.name == wanted] if wanted else [None]
    return parent, max(int(request.POST["position"]), 0)


# --- off and on ---


@require_POST
@sees("category")
def category_switch(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    """Off or on, in design and in live at once; the page offers to take it back."""
    if not request.user.has_perm("catalog.disable_live_offer"):
        raise PermissionDenied
    enabled = request.POST.get("enabled") == "yes"
    category = find(request, environment, name)
    try:
        made = switch([category], enabled=enabled, by=request.user, at=now())
    except AlreadyDone as refusal:
        messages.info(request, str(refusal))
        return redirect("catalog:category-tree", environment.name)
    if made is not None:
        words = {"category": category, "number": made.number}
        said_ = (
            _("%(category)s is enabled: release %(number)s, from the next decision on.")
            if enabled
            else _("%(category)s is disabled: release %(number)s, from the next decision on.")
        )
        messages.success(request, said_ % words)
    address = reverse("catalog:category-tree", args=[environment.name])
    return redirect(f"{address}?{urlencode({'switched': name})}")


# --- one category ---


@require_safe
@sees("category")
@in_its_zone
def category_detail(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    branches = branches_of(request, environment)
    branch = next((each for each in branches if each.name == name), None)
    if branch is None:
        raise Http404
    told = environment_labels(environment)
    shape = branch.category
    hidden = (
        *("parent", "filter", "start", "end", "multiplier", "multiplier_start"),
        *("multiplier_end", "themes", "enabled"),
    )
    context: dict[str, Any] = {
        "environment": environment,
        "branch": branch,
        "category": shape,
        "at": now(),
        "children": [each for each in branches if each.parent == name],
        "filters": [
            (where, rule, said(rule, told))
            for where, rule in (
                (environment.label, filter_of(request, environment)),
                *((each.label, each.filter) for each in branch.filters),
            )
            if rule
        ],
        "facts": facts_of(environment, Kind.CATEGORY, shape, without=hidden),
        "since": live_since(environment, Kind.CATEGORY).get(name),
        "may_switch": request.user.has_perm("catalog.disable_live_offer"),
    }
    if branch.row is not None:
        standing = standings(environment, Kind.CATEGORY, {name: shape})[name]
        offers = Offer.objects.visible_to(request.user).filter(category=branch.row)
        context |= {
            "row": branch.row,
            "standing": standing,
            "standing_label": WORDS[standing],
            "change": since_live(environment, Kind.CATEGORY, shape),
            "offers": offers.order_by("label", "code")[:MOST_OFFERS],
            "entries": entries_of(request, "category", branch.row.journal_key),
        }
    return render(request, "catalog/category_detail.html", context)


def filter_of(request: CatalogueRequest, environment: Environment) -> str:
    """The environment's filter on the side that is looked at."""
    if not request.place.is_live:
        return environment.filter
    live = live_shapes(environment, Kind.ENVIRONMENT, request.user).get(environment.name)
    return (live.filter if live else "") or ""


@require_http_methods(["GET", "POST"])
@changes("category")
def category_create(request: CatalogueRequest, environment: Environment) -> HttpResponse:
    form = CategoryForm(
        request.POST or None,
        user=request.user,
        environment=environment,
        tree=tree_seen(request, environment),
        initial={"parent": request.GET.get("below", "")},
    )
    if form.is_valid():
        category = saved(
            form,
            lambda: actions.create_category(environment, form.shape(), by=request.user, at=now()),
        )
        if category is not None:
            messages.success(request, _("%(category)s is created.") % {"category": category})
            return redirect(category)
    context = {"form": form, "environment": environment}
    return render(request, "catalog/category_create.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@changes("category")
@in_its_zone
def category_edit(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    category = find(request, environment, name)
    form = CategoryForm(
        request.POST or None,
        user=request.user,
        environment=environment,
        tree=tree_seen(request, environment),
        category=category,
        shape=category_shape(category),
        version=category.version,
    )
    if form.is_valid():
        edited = saved(
            form,
            lambda: actions.edit_category(
                category, form.shape(), version=form.read_at, by=request.user, at=now()
            ),
        )
        if edited is not None:
            messages.success(request, _("%(category)s is saved.") % {"category": edited})
            return redirect(edited)
    context = {"form": form, "environment": environment, "category": category}
    return render(request, "catalog/category_edit.html", context, status=status_of(form))


@require_http_methods(["GET", "POST"])
@changes("category")
def category_delete(request: CatalogueRequest, environment: Environment, name: str) -> HttpResponse:
    category = find(request, environment, name)
    return ask_and_act(
        request,
        lambda: actions.delete_category(category, by=request.user, at=now()),
        title=_("Delete the category %(category)s?") % {"category": category},
        consequence=_("It is gone from live as well. Offers in it have to be moved first."),
        verb=_("Delete the category"),
        back=category.get_absolute_url(),
        done=_("%(category)s is deleted.") % {"category": category},
        refusals=StillUsed,
        check=lambda: check_category_unused(category, request.user),
        then=reverse("catalog:category-tree", args=[environment.name]),
    )


@require_http_methods(["GET", "POST"])
@changes("category", right="catalog.publish")
def category_publish(
    request: CatalogueRequest, environment: Environment, name: str
) -> HttpResponse:
    category = find(request, environment, name)
    if request.method == "GET":
        return render_confirmation(
            request,
            title=_("Publish %(category)s?") % {"category": category},
            consequence=_(
                "What design says of this category and those above it, of the environment and of "
                "its presentation rules is live with the next decision. Offers stay as they are."
            ),
            verb=_("Publish changes"),
            back=category.get_absolute_url(),
            danger=False,
        )
    return publish(
        request,
        environment,
        lambda: publish_design(environment, categories=[category], by=request.user, at=now()),
        back=category.get_absolute_url(),
    )


def find(request: CatalogueRequest, environment: Environment, name: str) -> Category:
    seen = Category.objects.filter(environment=environment).visible_to(request.user)
    rows = seen.select_related("parent", "environment").prefetch_related("access_labels")
    category: Category = get_object_or_404(rows, name=name)
    return category
