"""What names and codes of the catalogue look like."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

NAME = r"^[A-Za-z][A-Za-z0-9_-]*$"
CODE = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
SPACE_NAME = r"^[A-Za-z][A-Za-z0-9_-]*$"
RANK_SUFFIX = r"_[0-9]+$"

is_name = RegexValidator(
    r"^[A-Za-z][A-Za-z0-9_-]*\Z",
    _("Use letters, digits, dashes and underscores, and begin with a letter, as in “travel”."),
)
is_code = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z",
    _("Use letters, digits, dashes, dots and underscores, as in “ACC50”."),
)
has_no_rank = RegexValidator(
    r"_[0-9]+\Z",
    _("A space cannot end in an underscore and digits: that asks for a rank, as in “hero_2”."),
    inverse_match=True,
)


class NamedWithin:
    """Something whose name or code is its own only within its environment."""

    environment: Any

    @property
    def journal_key(self) -> str:
        name = getattr(self, "code", None) or self.name  # type: ignore[attr-defined] # one of both
        return f"{self.environment.name}/{name}"
