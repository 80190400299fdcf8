# SPDX-License-Identifier: Apache-2.0
"""What a hosted agency holds of its peers' roots. Part of `alerts.models`; read and written by `alerts.peers` alone."""

from typing import ClassVar

from django.db import models

from peers.models import Agency


class PinBook(models.Model):
    """All pins of one agency, sealed under its secret as one text: none is changed, added or left out past the program."""

    agency = models.OneToOneField(Agency, models.PROTECT, primary_key=True, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    sealed = models.BinaryField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"pins of {self.agency_id}"


class PeerPin(models.Model):
    """A pin from before books, read once when the agency's book is begun; nothing else counts of it."""

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="pins")
    peer = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    root_fingerprint = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["agency", "peer"], name="peer_pin_once")]

    def __str__(self) -> str:
        return f"{self.agency_id} on {self.peer_id}"
