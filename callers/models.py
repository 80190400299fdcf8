# SPDX-License-Identifier: Apache-2.0
"""Rows that both halves keep, each in its own database."""

from typing import ClassVar

from django.db import models


class IdempotentRequest(models.Model):
    """Outcome of a write with an `Idempotency-Key`; never its body."""

    actor = models.CharField(max_length=120)
    key = models.CharField(max_length=120)
    request_mac = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    """HTTP status of the answer; null while the request is in progress."""
    resource = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["actor", "key"], name="idempotency_key_once")
        ]

    def __str__(self) -> str:
        return self.key
