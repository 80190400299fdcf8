# SPDX-License-Identifier: Apache-2.0
"""Tables that a plain service would keep of an alert: its octets, and a row for each recipient."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class Received(models.Model):
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    manifest = models.BinaryField()
    jwe = models.BinaryField()
    received_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar["models.Manager[Received]"] = models.Manager()

    def __str__(self) -> str:
        return str(self.pk)


class Copy(models.Model):
    received = models.ForeignKey(Received, models.PROTECT)
    recipient = models.CharField(max_length=23, db_index=True)
    state = models.CharField(max_length=12, default="pending")

    objects: ClassVar["models.Manager[Copy]"] = models.Manager()

    def __str__(self) -> str:
        return self.recipient
