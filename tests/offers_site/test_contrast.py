"""The colours of both themes, measured as WCAG 2.2 measures them."""

import re
from itertools import product
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "static/css/tokens.css").read_text()
PAIR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
LIGHT = {name: light for name, light, _dark in PAIR.findall(TOKENS)}
DARK = {name: dark for name, _light, dark in PAIR.findall(TOKENS)}
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])

SURFACES = ("page", "sunken", "raised", "field", "hover")
STATES = ("good", "wait", "bad", "info")
TEXT = [
    *product(("ink", "muted", "faint"), SURFACES),
    *product(("ink", "muted"), ("pressed", "accent-soft", "live-bar")),
    *product(("accent-ink",), (*SURFACES, "pressed", "accent-soft")),
    *product(STATES, ("page", "raised", "sunken")),
    *((state, f"{state}-soft") for state in STATES),
    *(("ink", f"{state}-soft") for state in STATES),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-bad", "bad-fill"),
    ("on-bad", "bad-fill-hover"),
    ("live-ink", "live-bar"),
]
SHAPES = [
    *product(("line-strong",), ("page", "raised", "field")),
    *product(("focus",), SURFACES),
    *product(("accent",), ("page", "raised")),
    ("chart", "page"),
    ("chart", "raised"),
    ("chart", "chart-rest"),
]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def too_faint(theme, pairs, least):
    found = {f"{ink} on {ground}": contrast(theme[ink], theme[ground]) for ink, ground in pairs}
    return {pair: round(ratio, 2) for pair, ratio in found.items() if ratio < least}


def test_contrast_is_measured_as_the_standard_does():
    assert contrast("#ffffff", "#000000") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


@THEMES
def test_text_can_be_read(theme):
    assert too_faint(theme, TEXT, 4.5) == {}


@THEMES
def test_fields_focus_and_pictures_can_be_seen(theme):
    assert too_faint(theme, SHAPES, 3) == {}
