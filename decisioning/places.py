"""The places for offers in a page that a server writes: asked for together, in one call.

The words that stand in a place stay there when there is no offer, and when nobody answers.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
import structlog
from django.db import DatabaseError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from pydantic import ValidationError

from decisioning.answering import Caller, NoSuchPlace, answer
from decisioning.calling import DecisionCall
from decisioning.recording import TooBusy

log = structlog.get_logger("overture.decisioning")
COOKIE = "overture_visitor"  # the same as the script's
A_YEAR = 365 * 24 * 3600


@dataclass
class Browser:
    """Whom a browser says it is, and whom it is to remember after the answer."""

    visitor: str = ""
    met: str = ""


@dataclass
class Page:
    """What is asked for a page, and the places that its template has named so far."""

    environment: str
    target: Mapping[str, Any]
    consent: bool = True
    call: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None
    browser: Browser | None = None  # None: nobody would remember a visitor
    places: list[tuple[Mapping[str, Any], SafeString]] = field(default_factory=list)
    mark: str = field(default_factory=lambda: secrets.token_hex(16))  # nobody can write it before

    def add(self, slot: Mapping[str, Any], own: SafeString) -> SafeString:
        """A place, which is filled when the page has named all of them."""
        self.places.append((slot, own))
        return format_html("{}", f"{self.mark}:{len(self.places) - 1};")

    def filled(self, written: str, *, at: datetime) -> SafeString:
        """The page with offers in their places."""
        slots = self.ask(at=at) if self.places else []

        def fill(found: re.Match[str]) -> str:
            number = int(found[1])
            return (offers_of(slots[number]) if slots else "") or self.places[number][1]

        pattern = rf"{self.mark}:(\d+);"
        return mark_safe(re.sub(pattern, fill, written))  # noqa: S308 (a template wrote it)

    def ask(self, *, at: datetime) -> Sequence[Mapping[str, Any]]:
        """The slots of the answer, in the order of the places; none when nobody answers."""
        try:
            found = answer(self.to_call(), caller=Caller(vouches=True), at=at)
        except ValidationError as error:
            log.error("page.bad_call", error=str(error))
        except NoSuchPlace as error:
            log.error("page.unknown", code=error.code, error=str(error))
        except (TooBusy, DatabaseError, psycopg.Error) as error:
            log.warning("page.unanswered", error=str(error))
        else:
            if self.browser is not None and self.consent and found["visitor"]:
                self.browser.met = found["visitor"]
            slots: Sequence[Mapping[str, Any]] = found["slots"]
            return slots
        return []

    def to_call(self) -> DecisionCall:
        given = {name: value for name, value in self.target.items() if value}
        target = {name: v if name == "keys" else str(v) for name, v in given.items()}
        visitor = self.browser.visitor if self.browser else ""
        if visitor and self.consent:
            target.setdefault("visitor", visitor)
        # who is nobody, and cannot be remembered, would be a new visitor with every page
        is_kept = bool(target) or self.browser is not None
        return DecisionCall.model_validate(
            {
                "environment": self.environment,
                "target": target or None,
                "slots": [slot for slot, _own in self.places],
                "call": self.call,
                "consent": self.consent,
                "record": is_kept,
                "language": self.language,
            }
        )


def offers_of(slot: Mapping[str, Any]) -> SafeString:
    """The offers of a slot as the script writes them; contents were cleaned when they were made."""
    shown = [one for one in slot["propositions"] if one["html"]]
    return format_html_join(
        "",
        '<div data-offer="{}">{}</div>',
        ((one["offer"], mark_safe(one["html"])) for one in shown),  # noqa: S308
    )
