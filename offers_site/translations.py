"""The French catalogue without GNU gettext: extract, check and compile with Babel alone.

    python -m offers_site.translations update | check | compile

`update` brings locale/fr/…/django.po in step with the sources and keeps what is translated; `check`
fails when a sentence is missing, fuzzy or no longer used; `compile` writes the .mo file.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
FRENCH = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
ROOMS = (
    "offers_site",
    "delivery",
    "decisioning",
    "catalog",
    "coupons",
    "contacts",
    "transfers",
    "jobs",
    "accounts",
)
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def main(task: str) -> int:
    if task == "compile":
        compile_catalogue()
        return 0
    catalogue = read_catalogue()
    found = extract_messages()
    if task == "update":
        catalogue.update(found, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        FRENCH.write_bytes(rendered(catalogue))
        return 0
    problems = [*differences(catalogue, found), *wrong(catalogue)]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


def read_catalogue() -> Catalog:
    with FRENCH.open("rb") as file:
        return read_po(file, locale="fr")


def extract_messages() -> Catalog:
    """Every marked sentence of the sources, in the order of the files."""
    found = Catalog(charset="utf-8")
    for name, source in code():
        stream = io.BytesIO(source.encode())
        for line, message, comments, context in extract("python", stream, keywords=KEYWORDS):
            found.add(message, None, [(name, line)], auto_comments=comments, context=context)
    for name, source in templates():
        for message, context in messages_of(source, name):
            found.add(message, None, [(name, 0)], flags=flags_of(message), context=context)
    return found


def code() -> Iterator[tuple[str, str]]:
    """The modules that name a function which translates; to read the others takes as long."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            source = path.read_text()
            if "gettext" in source and "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), source


def templates() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            yield str(path.relative_to(ROOT)), path.read_text()


# `templatize` makes calls of tags, such as `ngettext('one', 'many', count)`, and noise of the rest.
MARKED = re.compile(
    r"""\b(_|n?p?gettext)\(\s*((?:u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")\s*,?\s*)+)(?:count)?\)"""
)


def messages_of(source: str, name: str) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """The sentences of a template, each with its context."""
    if not settings.configured:
        settings.configure(DEBUG=False, TEMPLATES=[])  # templatize asks for nothing else
    for function, literals in MARKED.findall(templatize(source, origin=name)):
        texts = ast.literal_eval(f"({literals.rstrip().rstrip(',')},)")
        context = texts[0] if "p" in function.partition("gettext")[0] else None
        words = texts[1:] if context else texts
        yield words if len(words) > 1 else words[0], context


def flags_of(message: str | tuple[str, ...]) -> list[str]:
    """A sentence with `%(name)s` in it is checked for having the same names in both languages."""
    texts = (message,) if isinstance(message, str) else message
    return ["python-format"] if any("%(" in text for text in texts) else []


def differences(catalogue: Catalog, found: Catalog) -> Iterator[str]:
    known = {(message.id, message.context) for message in catalogue if message.id}
    used = {(message.id, message.context) for message in found if message.id}
    for message in found:
        if message.id and (message.id, message.context) not in known:
            yield f"not in the French catalogue (make messages): {message.id!r} {message.locations}"
    for message in catalogue:
        if message.id and (message.id, message.context) not in used:
            yield f"no longer used (make messages): {message.id!r}"


def wrong(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue:
        if not message.id:
            continue
        translations = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.fuzzy or not all(translations):
            yield f"not translated into French: {message.id!r}"
        for error in message.check(catalogue):
            yield f"translated wrongly: {message.id!r}: {error}"


def rendered(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=0, no_location=True, omit_header=False, sort_output=True)
    return buffer.getvalue()


def compile_catalogue() -> None:
    with FRENCH.with_suffix(".mo").open("wb") as file:
        write_mo(file, read_catalogue())


if __name__ == "__main__":
    if sys.argv[1:] not in [["update"], ["check"], ["compile"]]:
        sys.exit("usage: python -m offers_site.translations update | check | compile")
    sys.exit(main(sys.argv[1]))
