"""What files can be about: each room's subject, by the word that commands and programs use."""

from collections.abc import Mapping

from contacts.subject import Contacts
from coupons.subject.codes import Codes
from transfers.subjects import Subject, registered

SUBJECTS: Mapping[str, Subject] = registered(Contacts(), Codes())
