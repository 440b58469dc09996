"""Why something that staff asked for is not done; each carries a sentence for people."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import User
from contacts.blocking import Use
from contacts.declaring import NameTaken, NotAttributable
from contacts.vocabulary import audiences_naming

NAMED = 10  # of those in the way

__all__ = [
    "KeyTaken",
    "NameTaken",
    "NotAttributable",
    "NotInState",
    "NotLinkable",
    "NotMergeable",
    "StillUsed",
    "audiences_in_the_way",
    "sentences_about",
]


class KeyTaken(Exception):
    """There is already somebody with this key, or there was before they were merged."""


class StillUsed(Exception):
    """Something else needs it: audiences, and `uses` of rooms above."""

    def __init__(self, sentence: str, uses: Iterable[Use] = ()) -> None:
        super().__init__(sentence)
        self.uses = tuple(uses)


class NotMergeable(Exception):
    """These two cannot become one."""


class NotLinkable(Exception):
    """This visitor cannot be linked to that contact."""


class NotInState(Exception):
    """It is not, or no longer, in the state that this needs."""


def audiences_in_the_way(by: User | None, **named: str) -> str:
    """The audiences that name an attribute or an audience, as far as `by` may see them.

    Nothing when there are none at all.
    """
    using = audiences_naming(**named, by=None)
    seen = [label for _name, label in audiences_naming(**named, by=by)] if using else []
    return ", ".join(seen if len(seen) == len(using) else [*seen, _("some that you may not see")])


def sentences_about(uses: Sequence[Use]) -> list[str]:
    """What rooms above ask for in design and in live, each with what to do first."""
    live = [use for use in uses if use.is_live]
    are_live = {use.thing for use in live}
    designed = [use for use in uses if use.thing not in are_live]
    said = []
    if designed:
        message = _("These ask for it: %(uses)s. Change them first.")
        said.append(message % {"uses": named(designed)})
    if live:
        message = _("These ask for it in live: %(uses)s. Change and publish them first.")
        said.append(message % {"uses": named(live)})
    return said


def named(uses: Iterable[Use]) -> str:
    """The first few that may be seen, each with where it stands; the others are counted."""
    uses = list(uses)
    seen = [f"{use.name} ({use.place})" for use in uses if use.is_seen]
    if not seen:
        return pgettext("things", "some that you may not see")
    text, more = ", ".join(seen[:NAMED]), len(uses) - len(seen[:NAMED])
    if more:
        text += ngettext(" and %(more)s other", " and %(more)s others", more) % {"more": more}
    return text
