"""What offers are made of: declared fields, and pictures that we serve."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models.environments import Environment
from catalog.models.names import NamedWithin, is_name


class ContentType(models.TextChoices):
    TEXT = "text", _("Line of text")
    LONG_TEXT = "long_text", _("Text")
    HTML = "html", _("HTML")
    URL = "url", _("Link")
    IMAGE = "image", _("Picture")


# (type, label) of the fields that every offer has, in the order of forms.
BUILT_IN_FIELDS: Mapping[str, tuple[ContentType, str | Promise]] = {
    "title": (ContentType.TEXT, _("Title")),
    "destination_url": (ContentType.URL, _("Destination")),
    "acceptance_url": (ContentType.URL, _("Destination after acceptance")),
    "image_url": (ContentType.IMAGE, _("Picture")),
    "html": (ContentType.HTML, _("HTML")),
    "text": (ContentType.LONG_TEXT, _("Text")),
}


class ContentField(NamedWithin, models.Model):
    """A field of content that administrators have declared, besides the built-in ones."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="content_fields")
    name = models.CharField(_("name"), max_length=50, validators=[is_name])
    label = models.CharField(_("label"), max_length=80)
    type = models.CharField(_("type"), max_length=9, choices=ContentType.choices)
    help = models.CharField(_("help"), max_length=200, blank=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(_("created at"), editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("content field")
        verbose_name_plural = _("content fields")
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "name"],
                name="content_field_name_once",
                violation_error_message=_("There is already a field with this name."),
            ),
            models.CheckConstraint(
                name="content_field_is_not_built_in", condition=~Q(name__in=list(BUILT_IN_FIELDS))
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Asset(models.Model):
    """A picture that somebody has uploaded: checked, made anew, and served by its hash."""

    hash = models.CharField(max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    media_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    data = models.BinaryField()
    created_at = models.DateTimeField(_("uploaded at"), editable=False)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        constraints = [
            models.CheckConstraint(
                name="picture_is_of_a_kind_we_serve",
                condition=Q(media_type__in=["image/png", "image/jpeg", "image/gif", "image/webp"]),
            )
        ]

    def __str__(self) -> str:
        return self.name
