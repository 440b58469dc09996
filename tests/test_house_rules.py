"""The rules of this house that a machine can keep."""

import ast
import re
import subprocess
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path
from zipfile import ZipFile

import pytest
from django import forms
from django.core.management import call_command
from django.urls import get_resolver

from accounts.forms.preferences import AutoChoiceField
from offers_site.filters import ListFilter

ROOT = Path(__file__).parent.parent
ROOMS = (
    "accounts",
    "catalog",
    "contacts",
    "coupons",
    "decisioning",
    "delivery",
    "jobs",
    "offers_site",
    "rules",
    "transfers",
)
CLOCK = {"now", "today", "utcnow"}
WRITES = {
    "atomic",
    "bulk_create",
    "bulk_update",
    "create",
    "delete",
    "get_or_create",
    "save",
    "save_m2m",
    "select_for_update",
    "update_or_create",
}
# What anybody may ask for without signing in; a new entry wants a reason in its review.
PUBLIC_PAGES = {
    "accounts:sign-in",
    "accounts:password-forgotten",
    "accounts:password-set",
    "accounts:language-choose",
    "accounts:theme-choose",
    "api-docs",
    "api-openapi",
    "catalog:asset-file",
    "decisioning:link-follow",
    "decisioning:shop-away-api",
    "decisioning:shop-away-tag",
    "decisioning:shop-basket",
    "decisioning:shop-department",
    "decisioning:shop-home",
    "decisioning:shop-sign-in",
    "decisioning:tag",
    "healthz",
    "metrics",
    "readyz",
}


def modules(*patterns: str) -> list[Path]:
    return [path for pattern in patterns for room in ROOMS for path in (ROOT / room).glob(pattern)]


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text())))


def calls(path: Path) -> set[str]:
    return {
        node.func.attr
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


def offenders(words: set[str], *patterns: str) -> dict[str, set[str]]:
    """The modules matching `patterns` that call a method named in `words`."""
    found = {str(path.relative_to(ROOT)): calls(path) & words for path in modules(*patterns)}
    return {path: names for path, names in found.items() if names}


@pytest.mark.parametrize("door", ["views", "tasks", "api", "admin"])
def test_doors_do_not_write(door):
    assert offenders(WRITES, f"{door}.py", f"{door}/*.py") == {}


def test_only_doors_ask_the_clock():
    asking = {
        str(path.relative_to(ROOT))
        for path in modules("actions.py", "actions/*.py", "models.py", "forms.py", "journal.py")
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK)
            or (isinstance(node.func, ast.Name) and node.func.id in CLOCK)
        )
    }
    assert asking == set()


def test_the_engine_and_the_rules_have_no_clock():
    assert offenders(CLOCK, "engine/*.py") == {}
    rules = [path for path in (ROOT / "rules").glob("*.py") if calls(path) & CLOCK]
    assert rules == []


def test_no_model_overrides_save():
    overriding = [
        f"{path.name}:{node.lineno}"
        for path in modules("models.py", "models/*.py")
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}
    ]
    assert overriding == []


def test_nobody_listens_to_django_signals():
    listening = [
        str(path.relative_to(ROOT))
        for path in modules("**/*.py")
        if re.search(
            r"django\.(db\.models|core|contrib\.auth|dispatch)[\w.]*signals|receiver\(",
            path.read_text(),
        )
    ]
    assert listening == []


def test_imports_keep_their_layers():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.django_db
def test_every_model_change_has_its_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_templates_hold_no_script_and_no_style():
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son(?!e=)[a-z]+=|hx-on|javascript:", re.IGNORECASE
    )
    offending = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "templates").rglob("*.html")
        if "mail" not in path.parts  # a mail has no other place for its style
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if inline.search(line)
    ]
    assert offending == []


def test_every_icon_that_a_page_names_is_drawn():
    named = re.compile(r"""\bicon(?:=|\s+|: str = )["']([a-z0-9-]+)["']""")
    found = {
        name
        for folder in ("templates", *ROOMS)
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".html", ".py"}
        for name in named.findall(path.read_text())
    }
    with files("lucide").joinpath("lucide.zip").open("rb") as packed:
        drawn = {Path(name).stem for name in ZipFile(packed).namelist()}

    assert len(found) > 100
    assert found - drawn == set()


def test_nothing_is_fetched_from_elsewhere():
    elsewhere = re.compile(r"""(?:src|href|url\()\s*=?\s*["'(]?(?:https?:)?//""")
    paths = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static").rglob("*.*")]
    offending = [
        str(path.relative_to(ROOT))
        for path in paths
        if path.suffix in {".html", ".css", ".js"} and elsewhere.search(path.read_text())
    ]
    assert offending == []


def test_only_these_pages_are_public():
    public = {
        name
        for name, callback in named_views(get_resolver())
        if not getattr(callback, "login_required", True) and not name.startswith("api-1:")
    }
    assert public - {"gallery"} == PUBLIC_PAGES


def named_views(resolver, namespace=""):
    for entry in resolver.url_patterns:
        if hasattr(entry, "url_patterns"):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from named_views(entry, inner)
        else:
            yield f"{namespace}{entry.name}", entry.callback


def test_a_form_says_of_each_field_what_is_to_be_done_when_it_is_empty():
    """ "Enter a label." and not "This field is required."."""
    without_a_page = {"LanguageForm", "ThemeForm", "ListColumnsForm"}  # buttons send these
    get_resolver().url_patterns  # noqa: B018 (imports every form)
    silent = [
        f"{form.__module__}.{form.__name__}.{name}"
        for form in forms_of_ours(forms.BaseForm)
        if not issubclass(form, ListFilter)  # asks nothing
        for name, field in getattr(form, "base_fields", {}).items()
        if field.required
        and not field.widget.is_hidden
        and not isinstance(field, AutoChoiceField)  # nothing is a choice
        and field.error_messages["required"] == forms.Field.default_error_messages["required"]
        and form.__name__ not in without_a_page
    ]
    assert silent == []


def forms_of_ours(base):
    for form in base.__subclasses__():
        if form.__module__.partition(".")[0] in ROOMS and "gallery" not in form.__module__:
            yield form
        yield from forms_of_ours(form)


def test_views_are_functions():
    classes = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules("views.py", "views/*.py")
        for node in nodes(path)
        if isinstance(node, ast.ClassDef) and any("View" in ast.unparse(b) for b in node.bases)
    ]
    assert classes == []


def test_modules_stay_readable():
    """A module that passes about three hundred lines is split by noun."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules("**/*.py")
        if "migrations" not in path.parts and (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_every_setting_is_in_the_operations_guide():
    from offers_site.environment import READ  # noqa: PLC0415 (filled by the settings)

    guide = (ROOT / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)`", guide, re.MULTILINE))
    assert documented == READ


def test_the_locked_requirements_name_no_registry():
    naming = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "requirements").iterdir()
        if re.search(r"https?://|--(extra-)?index-url|--find-links", path.read_text())
    ]
    assert naming == []
