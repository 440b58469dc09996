"""What files can be about: each room's subject, by the word that commands and programs use."""

from collections.abc import Mapping

from contacts.subject import Contacts
from coupons.subject.codes import Codes
from coupons.subject.coupons import Coupons
from coupons.subject.redemptions import Redemptions
from decisioning.subject import Propositions
from transfers.subjects import Subject, registered

SUBJECTS: Mapping[str, Subject] = registered(
    Contacts(), Coupons(), Codes(), Redemptions(), Propositions()
)
