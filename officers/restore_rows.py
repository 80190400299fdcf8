# SPDX-License-Identifier: Apache-2.0
"""Reviews of restores by an agency's admin. Part of `officers.models`."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from callers.binding import BoundRow


class RestoreReview(BoundRow):
    """Review by an agency's admin of what a restore, and every earlier one, brought back.

    It names the restore by its time, since row numbers come back with a backup and are given again.
    """

    BOUND: ClassVar = ("id", "agency", "restored_at", "reviewed_by", "reviewed_at")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey("peers.Agency", models.PROTECT, related_name="restore_reviews")
    restored_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-reviewed_at"]
        indexes: ClassVar = [models.Index(fields=["agency", "restored_at"], name="restore_review_of_agency")]

    def __str__(self) -> str:
        return f"{self.agency_id}: restore of {self.restored_at}"
