"""Why something that staff asked for is not done; each carries a sentence for people."""

from django.utils.translation import gettext as _

from accounts.models import User
from contacts.declaring import NameTaken, NotAttributable
from contacts.vocabulary import audiences_naming

__all__ = [
    "KeyTaken",
    "NameTaken",
    "NotAttributable",
    "NotInState",
    "NotLinkable",
    "NotMergeable",
    "StillUsed",
    "audiences_in_the_way",
]


class KeyTaken(Exception):
    """There is already somebody with this key, or there was before they were merged."""


class StillUsed(Exception):
    """Something else needs it."""


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
