"""Why something that staff asked for is not done; each carries a sentence for people."""

from contacts.declaring import NameTaken, NotAttributable

__all__ = [
    "KeyTaken",
    "NameTaken",
    "NotAttributable",
    "NotInState",
    "NotLinkable",
    "NotMergeable",
    "StillUsed",
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
