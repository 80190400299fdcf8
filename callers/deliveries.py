# SPDX-License-Identifier: Apache-2.0
"""States of a delivery: how far an envelope has come at one recipient."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Being logged")
    HELD = "held", _("Waiting")
    EXPIRED = "expired", _("Expired")
    AVAILABLE = "available", _("On its way")
    FETCHED = "fetched", _("Collected")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
