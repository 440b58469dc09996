"""Where coupons lie, and for whom that is hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Count, Q
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from accounts.journal import Actor
from accounts.models import AccessLabel, ApiKey, User

if TYPE_CHECKING:
    from coupons.models.coupons import Coupon


LONGEST = 300


class FolderQuerySet(models.QuerySet["Folder"]):
    def within(self, paths: Iterable[str]) -> Self:
        """The folders with these paths, and all below them."""
        found = Q(pk__in=[])
        for path in paths:
            found |= Q(path=path) | Q(path__startswith=f"{path}/")
        return self.filter(found)

    def visible_to(self, user: User) -> Self:
        """Those of which `user` holds every label, of all above them too."""
        return self.all() if user.is_administrator else self.exclude(pk__in=hidden_folders(user))

    def open_to(self, by: Actor) -> Self:
        """Those that whoever acts may know of, as of coupons."""
        person = person_of(by)
        seen = self.visible_to(person) if person else self.all()
        paths = paths_of(by)
        return seen.within(paths) if paths else seen

    def for_folder_list(self, coupons: models.QuerySet[Coupon]) -> Self:
        """With their labels, and how many of these coupons lie in each."""
        counted = Count("coupons", filter=Q(coupons__in=coupons), distinct=True)
        return self.annotate(number_of_coupons=counted).prefetch_related("access_labels")


class Folder(models.Model):
    """A place for coupons, by its path from the top: `Spring/Shops/Lyon`.

    Every folder above it is a row too. Its labels hold for all coupons in it and below it.
    """

    path = models.CharField(_("folder"), max_length=LONGEST, unique=True)
    access_labels = models.ManyToManyField(
        AccessLabel, verbose_name=_("access labels"), related_name="coupon_folders", blank=True
    )
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects = FolderQuerySet.as_manager()

    class Meta:
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        constraints = [
            models.CheckConstraint(
                name="folder_path_has_names",
                condition=Q(path__regex=r"^[^/[:cntrl:]]+(/[^/[:cntrl:]]+)*$"),
            )
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def label(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def parts_above(self) -> list[str]:
        return self.path.split("/")[:-1]


def person_of(by: Actor) -> User | None:
    """Whose labels count: a key has those of whoever made it, the console has all."""
    return by if by is None or isinstance(by, User) else by.created_by


def paths_of(by: Actor) -> list[str]:
    """The folders to which a key is kept; nothing where all are open."""
    return by.coupon_folders if isinstance(by, ApiKey) else []


def knows_all(by: Actor) -> bool:
    """Is no coupon hidden from whoever acts? Spares tills a query."""
    person = person_of(by)
    return not paths_of(by) and (person is None or person.is_administrator)


def paths_above(path: str) -> list[str]:
    """Of the folders in which one lies, from the top."""
    parts = path.split("/")
    return ["/".join(parts[:number]) for number in range(1, len(parts))]


def hidden_folders(user: User) -> RawSQL:
    """The keys of the folders with a label that `user` lacks, and of all below them."""
    return RawSQL(HIDDEN, [list(user.held_label_keys)])  # noqa: S611 (no word of a person)


HIDDEN = """
SELECT below.id FROM coupons_folder_access_labels carried
JOIN coupons_folder f ON f.id = carried.folder_id
JOIN coupons_folder below ON below.id = f.id OR starts_with(below.path, f.path || '/')
WHERE carried.accesslabel_id <> ALL (%s::bigint[])
"""


def labels_of(folder: Folder) -> list[AccessLabel]:
    """Its own, and those that hold in it because of the folders above."""
    own = list(folder.access_labels.all())
    return list(dict.fromkeys([*own, *inherited([folder.path])[folder.path]]))


def inherited(paths: Iterable[str]) -> Mapping[str, list[AccessLabel]]:
    """The labels that hold in the folders with these paths because of those above them."""
    above = {path: paths_above(path) for path in paths}
    asked = {each for each_above in above.values() for each in each_above}
    rows = Folder.objects.filter(path__in=asked).prefetch_related("access_labels")
    labels = {row.path: list(row.access_labels.all()) for row in rows}
    return {
        path: list(dict.fromkeys(label for each in each_above for label in labels.get(each, ())))
        for path, each_above in above.items()
    }
