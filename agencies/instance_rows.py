# SPDX-License-Identifier: Apache-2.0
"""Rows for who holds an agency's keys, as the holder has announced it. Part of `agencies.models`."""

from django.db import models


class Instance(models.Model):
    """The one holder of an agency's identity (`agencies.instances`); it keeps `instance_id` over restarts."""

    agency = models.OneToOneField(
        "agencies.Agency", models.PROTECT, primary_key=True, related_name="instance"
    )
    instance_id = models.CharField(max_length=36)
    software = models.CharField(max_length=60)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.instance_id
