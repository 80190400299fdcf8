# SPDX-License-Identifier: Apache-2.0
"""What the exchange keeps when a signing key is revoked: an outbox, never the truth about an object.

`KeyWord` -> `RevokedKey` and one `Doubt` an object -> notices, and `FeedRepudiated` -> marks in feeds. Each step
is taken once, by whoever comes first; what a signature is worth is judged again at each display.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from agencies.models import Agency
from sharing.rows import Row


class FeedMarked(Row):
    """Something that is said in a recipient's feed of what came in it before, and waits for its number there."""

    recipient = models.CharField(max_length=23)
    d = models.CharField(max_length=43)
    iss = models.CharField(max_length=23)
    item_id = models.CharField(max_length=36)
    ref = models.CharField(max_length=9, blank=True)

    class Meta:
        abstract = True
        constraints: ClassVar = [models.UniqueConstraint(fields=["recipient", "d"], name="%(class)s_once")]


class FeedRepudiated(FeedMarked):
    """A key that signed it was revoked; `item_id` and `ref` as in that feed."""


class FeedReminder(FeedMarked):
    """Its originator asks once more for an answer (`sharing.reminders`); `item_id` is the reminder's own."""


class KeyWord(Row):
    """A logged keyset or `revoke` whose revocations nobody has looked for yet; gone once they are told.

    `due_at` is later than its log time for a recovery, which says nothing before its delay is over.
    """

    od = models.CharField(primary_key=True, max_length=43)
    agency = models.CharField(max_length=23)
    due_at = models.DateTimeField(db_index=True)


class RevokedKey(Row):
    """A signing key whose revocation was looked into; `since` in seconds, the smallest there was so far."""

    kid = models.CharField(primary_key=True, max_length=43)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    since = models.BigIntegerField()
    found_at = models.DateTimeField()


class Doubt(Row):
    """An object that a revocation put in doubt, so that those who hold it are told once.

    Never the truth about it: what its signatures are worth is judged again at each display.
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
