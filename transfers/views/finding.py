"""Which transfers, and which subjects, a person may see."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404

from offers_site.http import StaffRequest
from transfers.models import Transfer
from transfers.subjects import Subject

Subjects = Mapping[str, Subject]


def find_transfer(request: StaffRequest, pk: uuid.UUID, **columns: Any) -> Transfer:
    visible = Transfer.objects.visible_to(request.user).select_related("job", "by", "key")
    return get_object_or_404(visible, pk=pk, **columns)


def find_import(request: StaffRequest, pk: uuid.UUID) -> Transfer:
    """An import that the person may see, and may do; 404 comes before 403."""
    transfer = find_transfer(request, pk, direction=Transfer.Direction.IMPORT)
    if not request.user.has_perm("transfers.import_data"):
        raise PermissionDenied
    return transfer


def subject_of(transfer: Transfer, subjects: Subjects) -> Subject:
    if transfer.subject not in subjects:
        raise Http404
    return subjects[transfer.subject]


def importable(request: StaffRequest, subjects: Subjects) -> list[Subject]:
    return [s for s in subjects.values() if s.is_on and allows(request, s.import_right)]


def exportable(request: StaffRequest, subjects: Subjects) -> list[Subject]:
    return [s for s in subjects.values() if s.is_on and allows(request, s.export_right)]


def allows(request: StaffRequest, right: str) -> bool:
    return not right or request.user.has_perm(right)
