"""What HTML of mails and teasers may hold: everything that shows, nothing that acts or fetches."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping


def words(text: str) -> set[str]:
    return set(text.split())


TAGS = words("""
    a abbr address article aside b blockquote br caption center cite code col colgroup dd del
    details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins
    kbd li main mark nav ol p pre q s samp section small span strike strong sub summary sup table
    tbody td tfoot th thead time tr tt u ul var wbr
""")
# Elements that go together with all that stands in them; others leave their text behind.
DROPPED_WITH_CONTENT = words("""
    applet audio canvas datalist embed frame frameset head iframe math noembed noframes noscript
    object option script select style svg template textarea title video xmp
""")
LINK_SCHEMES = {"http", "https", "mailto", "tel"}
EVERYWHERE = words("align bgcolor class dir height lang role style title valign width")
CELL = words("abbr colspan headers nowrap rowspan scope")
ATTRIBUTES: dict[str, set[str]] = {
    "*": EVERYWHERE,
    # `_urltype` makes a click in a message count as interest
    "a": {"_urltype", "href", "hreflang", "rel", "target"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "font": {"color", "face", "size"},
    "hr": {"color", "noshade", "size"},
    "img": {"alt", "border", "hspace", "src", "vspace"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "q": {"cite"},
    "table": {"border", "cellpadding", "cellspacing", "rules", "summary"},
    "td": CELL,
    "th": CELL,
    "time": {"datetime"},
    "ul": {"type"},
}

# --- styles ---

SIDES = ("top", "right", "bottom", "left")
PROPERTIES = frozenset(
    {
        *words("""
        background background-color border border-collapse border-color border-radius
        border-spacing border-style border-width caption-side clear color direction display
        empty-cells float font font-family font-size font-style font-variant font-weight height
        letter-spacing line-height list-style list-style-type margin max-height max-width
        min-height min-width overflow overflow-wrap padding table-layout text-align
        text-decoration text-indent text-transform vertical-align white-space width word-break
        word-spacing word-wrap mso-line-height-rule mso-table-lspace mso-table-rspace
        mso-padding-alt
    """),
        *(f"{name}-{side}" for name in ("margin", "padding", "border") for side in SIDES),
        *(f"border-{side}-{part}" for side in SIDES for part in ("color", "style", "width")),
        *(f"border-{v}-{h}-radius" for v in ("top", "bottom") for h in ("left", "right")),
    }
)
# No backslash, no `@`, no comment, no brace: a value is words, numbers, colours and quoted fonts.
VALUE = re.compile(r"[\w#%.,\s'\"()+/!-]{1,300}", re.ASCII)
FUNCTIONS = frozenset({"rgb", "rgba", "hsl", "hsla", "linear-gradient"})
FUNCTION = re.compile(r"([\w-]*)\s*\(", re.ASCII)
# What would lay content over the page that it stands in.
WORDS: Mapping[str, Collection[str]] = {
    "display": words("""
        block inline inline-block none table table-cell table-row table-row-group flex
    """),
    "overflow": words("hidden visible auto"),
}


def allowed_styles(text: str) -> tuple[str, list[str]]:
    """The declarations of a style that may stay, and those that may not."""
    kept, refused = [], []
    for declaration in text.split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), " ".join(value.split())
        if not name and not value:
            continue
        if colon and is_allowed(name, value):
            kept.append(f"{name}: {value}")
        else:
            refused.append(declaration.strip()[:60])
    return "; ".join(kept), refused


def is_allowed(name: str, value: str) -> bool:
    if name not in PROPERTIES or not VALUE.fullmatch(value):
        return False
    if any(found.lower() not in FUNCTIONS for found in FUNCTION.findall(value)):
        return False
    if value.count('"') % 2 or value.count("'") % 2 or value.count("(") != value.count(")"):
        return False
    plain = value.lower().replace("!important", "").strip()
    if name in WORDS and plain not in WORDS[name]:
        return False
    return not (name.startswith(("margin", "text-indent")) and re.search(r"(^|[\s,])-", plain))
