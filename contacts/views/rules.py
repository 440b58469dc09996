"""What the rule builder asks while somebody builds: does it mean something, how many, which ten."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.timezone import get_current_timezone, now
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contacts import rulebuilding, rulecounting
from contacts.discretion import Figure
from contacts.rulebuilding import Examined, Unreadable
from contacts.rulecounting import Counted, Weighed
from contacts.rulewords import words_for
from contacts.vocabulary import Datum, Predefined, Topics
from offers_site.http import StaffRequest
from rules.kinds import DECLARABLE
from rules.parsing import parse
from rules.refusals import BadRule
from rules.tree import Node

LARGEST_BODY = 256 * 1024
MOST_CALL_DATA = 500
MOST_AROUND = 50
MOST_FILTERS = 1_000

may_view_audiences = permission_required("contacts.view_audience", raise_exception=True)


@require_POST
@may_view_audiences
def rule_check(request: StaffRequest) -> HttpResponse:
    """The canonical text, the tree, the blocks, the sentence, and every mistake with its place."""
    try:
        found = examined(request, body_of(request))
    except Unreadable:
        return unreadable()
    return JsonResponse(rulebuilding.answer(found, get_language() or "en"))


@require_POST
@may_view_audiences
def rule_count(request: StaffRequest) -> HttpResponse:
    """How many people; `patient` waits longer for the exact number. Of a weight: how much."""
    try:
        asked = body_of(request)
        found = examined(request, asked)
        if found.is_weight:
            return weight_counted(found)
        if found.blocks is None:
            raise Unreadable
        counted = rulecounting.count(
            found.words,
            found.blocks,
            around=around_of(asked),
            at=now(),
            zone=get_current_timezone(),
            milliseconds=rulecounting.LATER if asked.get("patient") is True else rulecounting.SOON,
        )
    except Unreadable:
        return unreadable()
    except rulecounting.Withheld as refusal:
        return JsonResponse({"withheld": str(refusal)})
    except rulecounting.TooSlow:
        return JsonResponse({"message": _("This takes too long to count.")}, status=503)
    return JsonResponse(counted_json(counted))


def weight_counted(found: Examined) -> HttpResponse:
    """What a weight comes to; raises Unreadable and TooSlow."""
    if found.checked is None:
        raise Unreadable
    weighed = rulecounting.weigh(found.words, found.checked, at=now(), zone=get_current_timezone())
    if not isinstance(weighed, Weighed):
        return JsonResponse({"left_out": weighed})
    return JsonResponse(
        {
            "all": figure_json(weighed.all),
            "known": figure_json(weighed.known),
            "amounts": [weighed.least, weighed.mean, weighed.most],
            "left_out": [],
            "about": weighed.all.about,
        }
    )


@require_POST
@may_view_audiences
def rule_sample(request: StaffRequest) -> HttpResponse:
    """Ten people whom a rule describes, for the dialog."""
    try:
        asked = body_of(request)
        found = examined(request, asked)
        path = asked.get("path", [])
        is_path = isinstance(path, list) and all(type(at) is int and at >= 0 for at in path)
        if found.blocks is None or not is_path:
            raise Unreadable
        sample = rulecounting.sample(
            found.words,
            found.blocks,
            tuple(path),
            around=around_of(asked) if asked.get("within") is True else (),
            at=now(),
            zone=get_current_timezone(),
        )
    except (Unreadable, BadRule, ValueError):
        return unreadable()
    except rulecounting.Withheld as refusal:
        return render(request, "contacts/_rule_sample.html", {"withheld": str(refusal)})
    except rulecounting.TooSlow:
        return JsonResponse({"message": _("This takes too long to count.")}, status=503)
    context = {
        "people": sample.people,
        "figure": sample.figure,
        "shows_personal": request.user.has_perm("contacts.view_personal_data"),
        "may_open": request.user.has_perm("contacts.view_contact"),
    }
    return render(request, "contacts/_rule_sample.html", context)


def body_of(request: StaffRequest) -> dict[str, Any]:
    """The JSON object that was sent; raises Unreadable."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
        raise Unreadable
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    if not isinstance(body, dict):
        raise Unreadable
    return body


def examined(request: StaffRequest, asked: Mapping[str, Any]) -> Examined:
    words = words_for(request.user, topics=topics_of(asked))
    is_weight = asked.get("weight") is True
    return rulebuilding.examine(asked, words, get_current_timezone(), is_weight=is_weight)


def topics_of(asked: Mapping[str, Any]) -> Topics:
    """What the rule may speak of, as its field wrote it into the page; raises Unreadable."""
    given, filters = asked.get("call") or [], asked.get("filters") or []
    if not isinstance(given, list) or len(given) > MOST_CALL_DATA:
        raise Unreadable
    if not isinstance(filters, list) or len(filters) > MOST_FILTERS:
        raise Unreadable
    return Topics(
        call=tuple(datum_of(each) for each in given),
        offer=asked.get("offer") is not False,
        propositions=asked.get("propositions") is True,
        filters=tuple(filter_of(each) for each in filters),
        people=asked.get("people") is not False,
        kind="visitor" if asked.get("kind") == "visitor" else "contact",
    )


def filter_of(given: object) -> Predefined:
    match given:
        case {"name": str(name), "label": str(label), "rule": str(rule)}:
            return Predefined(name, label, rule)
    raise Unreadable


def datum_of(given: object) -> Datum:
    match given:
        case {"name": str(name), "kind": str(kind), "label": str(label), "choices": list(choices)}:
            pass
        case _:
            raise Unreadable
    if kind not in DECLARABLE:
        raise Unreadable
    labels = {}
    for each in choices:
        match each:
            case [str(value), str(shown)]:
                labels[value] = shown
            case _:
                raise Unreadable
    return Datum(name, DECLARABLE[kind], label, labels)


def around_of(asked: Mapping[str, Any]) -> list[Node]:
    """The rules that surround this one; one that is no rule any more surrounds nothing."""
    given = asked.get("around") or []
    if not isinstance(given, list) or len(given) > MOST_AROUND:
        raise Unreadable
    found = []
    for text in given:
        if not isinstance(text, str):
            raise Unreadable
        with suppress(BadRule):
            found.append(parse(text))
    return found


def counted_json(counted: Counted) -> dict[str, Any]:
    return {
        "all": figure_json(counted.all),
        "count": figure_json(counted.rule),
        "within": figure_json(counted.within),
        "parts": {
            ".".join(map(str, path)): figure_json(figure) for path, figure in counted.parts.items()
        },
        "left_out": list(counted.left_out),
        "about": counted.is_about,
    }


def figure_json(figure: Figure | None) -> dict[str, Any] | None:
    if figure is None:
        return None
    told = {"number": figure.number, "about": figure.about}
    return {**told, "fewer": True} if figure.fewer else told


def unreadable() -> HttpResponse:
    return JsonResponse({"message": _("This is not what the rule builder sends.")}, status=400)
