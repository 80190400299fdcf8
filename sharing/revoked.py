# SPDX-License-Identifier: Apache-2.0
"""Outbox for revoked signing keys; it never decides what an object is worth.

`KeyWord` -> `RevokedKey` and one `Doubt` per object -> notices, and `FeedRepudiated` -> marks in feeds. Each step is taken
once, by the first worker; each display judges anew what a signature is worth.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from agencies.models import Agency
from sharing.rows import Row


class FeedMarked(Row):
    """A remark about an earlier item of a recipient's feed, waiting for its own number there."""

    recipient = models.CharField(max_length=23)
    d = models.CharField(max_length=43)
    iss = models.CharField(max_length=23)
    item_id = models.CharField(max_length=36)
    ref = models.CharField(max_length=9, blank=True)

    class Meta:
        abstract = True
        constraints: ClassVar = [models.UniqueConstraint(fields=["recipient", "d"], name="%(class)s_once")]


class FeedRepudiated(FeedMarked):
    """A key that signed the item was revoked; `item_id` and `ref` as in that feed."""


class FeedReminder(FeedMarked):
    """The originator asks again for an answer (`sharing.reminders`); `item_id` is the reminder's own."""


class KeyWord(Row):
    """A logged keyset or `revoke` whose revocations were not examined yet; deleted afterwards.

    `due_at` is later than its log time for a recovery, which counts only after its delay.
    """

    od = models.CharField(primary_key=True, max_length=43)
    agency = models.CharField(max_length=23)
    due_at = models.DateTimeField(db_index=True)


class RevokedKey(Row):
    """A signing key whose revocation was examined; `since` in seconds, the smallest so far."""

    kid = models.CharField(primary_key=True, max_length=43)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    since = models.BigIntegerField()
    found_at = models.DateTimeField()


class Doubt(Row):
    """An object that a revocation put in doubt, so that its holders are told once.

    It does not decide anything: each display judges anew what the object's signatures are worth.
    """

    d = models.CharField(primary_key=True, max_length=43)
    what = models.CharField(max_length=9)
    iss = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    kid = models.CharField(max_length=43)
    found_at = models.DateTimeField()
    expanded_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["found_at"], condition=Q(expanded_at__isnull=True), name="doubt_to_expand"),
        ]
