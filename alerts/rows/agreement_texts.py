# SPDX-License-Identifier: Apache-2.0
"""Texts of agreements, own and received. Part of `alerts.models`."""

import uuid
from typing import ClassVar

from django.db import models

from peers.models import Agency


class AgreementText(models.Model):
    """Text that a proposed agreement names, as the agency's own envelope or one of `iss` holds it: sealed, never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    iss = models.CharField(max_length=23)
    jti = models.CharField(max_length=36)
    md = models.CharField(max_length=43)
    sealed = models.BinaryField()
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["agency", "md"], name="agreement_text_once")]

    def __str__(self) -> str:
        return self.md
