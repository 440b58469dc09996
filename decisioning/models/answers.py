"""What was answered to callers who gave their call a name."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from accounts.models import ApiKey


class NamedAnswer(models.Model):
    """The answer of a call with an Idempotency-Key, which is given again to the same call.

    It holds what was written for `people`, contacts and visitors by their primary keys: the
    database deletes it together with any of them.
    """

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)  # of the body that it answers
    body = models.TextField()
    people = ArrayField(models.BigIntegerField(), default=list)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "name"], name="one_answer_for_a_name")
        ]
        indexes = [GinIndex(fields=["people"], name="answers_of_people")]

    def __str__(self) -> str:
        return self.name
