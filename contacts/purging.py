"""What is kept of visitors, and for how long."""

from datetime import datetime

from django.db import transaction

from contacts.models import Contact

CHUNK = 5_000


def purge_visitors(*, before: datetime) -> int:
    """Delete the visitors who have not changed since, and whom nobody has linked to a contact.

    Everything that hangs on them goes with them. Returns how many visitors.
    """
    purged, last = 0, 0
    while True:
        number, last = purge_chunk(before, last)
        purged += number
        if not last:
            return purged


@transaction.atomic
def purge_chunk(before: datetime, after_pk: int) -> tuple[int, int]:
    """Delete the first of them after a primary key; how many, and the last of them (0: no more).

    Whoever is being changed just now is no idle visitor and is passed over.
    """
    idle = Contact.objects.visitors().idle_since(before).filter(pk__gt=after_pk).order_by("pk")
    locked = idle.select_for_update(skip_locked=True).values_list("pk", flat=True)
    pks = list(locked[:CHUNK])
    _all, by_kind = Contact.objects.filter(pk__in=pks).delete()
    return by_kind.get(Contact._meta.label, 0), pks[-1] if len(pks) == CHUNK else 0
