# SPDX-License-Identifier: Apache-2.0
"""Pins of a hosted agency for its peers' roots. Part of `alerts.models`; read and written by `alerts.peers` alone."""

from django.db import models

from peers.models import Agency


class PinBook(models.Model):
    """All pins of one agency, sealed under its secret as one text, so that SQL can neither change, add nor remove one unnoticed."""

    agency = models.OneToOneField(Agency, models.PROTECT, primary_key=True, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    sealed = models.BinaryField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"pins of {self.agency_id}"
