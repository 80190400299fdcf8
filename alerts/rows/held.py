# SPDX-License-Identifier: Apache-2.0
"""Envelopes as the exchange gave them to an agency, sealed. Part of `alerts.models`; read by `alerts.receiving.held_envelopes` alone."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from peers.models import Agency


class HeldEnvelope(models.Model):
    """One agency's slice of an envelope, octet for octet; every check is made again whenever it is opened.

    Deleted once `keep` has passed. `is_whole` once all of its blobs are here.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    md = models.CharField(max_length=43)
    slice = models.BinaryField()
    keep = models.DateTimeField()
    fetched_at = models.DateTimeField()
    is_whole = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "md"], condition=Q(is_whole=True), name="held_envelope_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["keep"], name="held_envelope_keep")]

    def __str__(self) -> str:
        return f"{self.md} for {self.agency_id}"


class HeldBlob(models.Model):
    """Sealed attachment of an envelope, octet for octet."""

    envelope = models.ForeignKey(HeldEnvelope, models.DO_NOTHING, related_name="blobs")
    """`alerts.receiving.held_envelopes` deletes blobs before the envelope, without reading their content."""
    n = models.PositiveSmallIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["envelope", "n"], name="held_blob_once")]

    def __str__(self) -> str:
        return f"blob {self.n}"


class AwaitedEnvelope(models.Model):
    """Envelope that the feed named and that cannot be used as it is given: a proxy's page, another envelope.

    If the alert is filed too, it was not given as its originator signed it. If not, it is shown to nobody: `iss`, `jti` and
    `reference` are the exchange's word.
    """

    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+")
    number = models.BigIntegerField()
    md = models.CharField(max_length=43)
    iss = models.CharField(max_length=23)
    jti = models.CharField(max_length=36)
    reference = models.CharField(max_length=16)
    named_at = models.DateTimeField()
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "md"], name="awaited_envelope_once")
        ]
        indexes: ClassVar = [models.Index(fields=["agency", "due_at"], name="awaited_envelope_due")]

    def __str__(self) -> str:
        return f"{self.md} for {self.agency_id}"
