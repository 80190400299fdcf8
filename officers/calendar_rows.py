# SPDX-License-Identifier: Apache-2.0
"""Calendars of agencies: working days, hours, holidays. Part of `officers.models`."""

from datetime import time
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models


class AgencyCalendar(models.Model):
    """Calendar of one agency, from when it first states one; the zone is the agency's. It is no secret, and gives nobody power.

    `working_days` are ISO weekdays; `holidays` are days as YYYY-MM-DD with their names, in order.
    """

    agency = models.OneToOneField("peers.Agency", models.PROTECT, primary_key=True, related_name="calendar")
    working_days = ArrayField(models.PositiveSmallIntegerField())
    opens = models.TimeField(default=time(9))
    closes = models.TimeField(default=time(17))
    holidays = models.JSONField(default=list, blank=True)

    class Meta:
        ordering: ClassVar = ["agency"]

    def __str__(self) -> str:
        return f"calendar of {self.agency_id}"
