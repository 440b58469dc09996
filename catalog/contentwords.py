"""What the forms of content are made of: fields, spaces, languages, and the names to be offered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalog.models import ContentField, Environment, Space
from catalog.models.content import BUILT_IN_FIELDS
from catalog.rendering import KIND_OF_TYPE, Kind
from catalog.rendering.filters import FILTERS
from contacts.columns import known
from contacts.vocabulary import in_a_sentence


@dataclass(frozen=True)
class FieldOfForm:
    """A field of content as a form shows it."""

    name: str
    label: str
    kind: Kind
    help: str = ""


@dataclass(frozen=True)
class SpaceOfForm:
    """A space whose representation a form edits."""

    name: str
    label: str
    channel: str
    fields: tuple[str, ...] = ()  # empty: all that there are
    required: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Word:
    """A name that may stand in a template, and what people call it."""

    name: str
    label: str


@dataclass(frozen=True)
class ContentSettings:
    """Everything that a form of content has to know of its environment."""

    environment: str
    language: str
    fields: tuple[FieldOfForm, ...]
    spaces: tuple[SpaceOfForm, ...] = ()
    words: tuple[Word, ...] = field(default=(), repr=False)

    @property
    def kinds(self) -> dict[str, Kind]:
        return {each.name: each.kind for each in self.fields}

    def with_spaces(self, spaces: Iterable[Space]) -> ContentSettings:
        """The same with these spaces, in their order."""
        return ContentSettings(
            self.environment,
            self.language,
            self.fields,
            tuple(map(space_of_form, spaces)),
            self.words,
        )


def content_settings(environment: Environment) -> ContentSettings:
    """The fields, the language and the names of an environment. Costs two queries."""
    return ContentSettings(
        environment=environment.name,
        language=environment.language,
        fields=tuple(fields_of(environment)),
        words=tuple(words_of(environment)),
    )


def fields_of(environment: Environment) -> list[FieldOfForm]:
    """The built-in fields, then those that administrators have declared."""
    built_in = [
        FieldOfForm(name, str(label), KIND_OF_TYPE[kind.value])
        for name, (kind, label) in BUILT_IN_FIELDS.items()
    ]
    declared = ContentField.objects.filter(environment=environment).order_by("position", "pk")
    return built_in + [
        FieldOfForm(each.name, each.label, KIND_OF_TYPE[each.type], each.help) for each in declared
    ]


def space_of_form(space: Space) -> SpaceOfForm:
    return SpaceOfForm(
        name=space.name,
        label=space.label,
        channel=space.channel,
        fields=tuple(each["name"] for each in space.fields),
        required=frozenset(each["name"] for each in space.fields if each.get("required")),
    )


def words_of(environment: Environment) -> list[Word]:
    """What may stand between braces here."""
    found = [
        Word(f"contact.{column.name}", in_a_sentence(str(column.label)))
        for column in known().values()
    ]
    found += [
        Word(f"call.{name}", in_a_sentence(str(datum.get("label") or name)))
        for name, datum in environment.call_data.items()
    ]
    return found + [Word(name, str(label)) for name, label in own_words()]


def own_words() -> Sequence[tuple[str, str]]:
    return (
        ("offer.code", _("code of the offer")),
        ("offer.label", _("label of the offer")),
        ("offer.category", _("category of the offer")),
        ("offer.end", _("last day of the offer")),
        ("proposition.rank", _("rank of the proposition")),
        ("space.name", _("name of the space")),
        ("space.channel", _("channel of the space")),
        ("language", _("language of the content")),
        ("links.click", _("link that counts a click")),
        ("links.accept", _("link that accepts the offer")),
        ("links.reject", _("link that refuses the offer")),
    )


def for_browser(settings: ContentSettings) -> dict[str, Any]:
    """What the module in the browser completes with."""
    return {
        "words": [{"name": word.name, "label": word.label} for word in settings.words],
        "filters": sorted(FILTERS),
    }


def language_label(code: str) -> str:
    """A language in the language of the reader."""
    reader = Locale.parse((get_language() or "en").replace("-", "_"))
    try:
        name = Locale.parse(code.replace("-", "_")).get_display_name(reader)
    except (ValueError, UnknownLocaleError):
        name = None
    return (name or code)[:1].upper() + (name or code)[1:]


# Languages that a variant can be added in; any other code may be written by a package.
LANGUAGES = (
    *("en", "fr", "de", "es", "it", "pt", "nl", "pl", "cs", "da", "sv", "fi", "nb", "el", "hu"),
    *("ro", "bg", "hr", "sk", "sl", "tr", "ar", "he", "ja", "ko", "zh", "uk"),
)
