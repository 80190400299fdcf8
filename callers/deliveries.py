# SPDX-License-Identifier: Apache-2.0
"""States of a delivery: how far an envelope has come at one recipient."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class DeliveryState(models.TextChoices):
    PENDING = "pending", _("Being logged")
    HELD = "held", _("Waiting")
    EXPIRED = "expired", _("Expired")
    AVAILABLE = "available", _("On its way")
    FETCHED = "fetched", _("Collected")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")


UNACKNOWLEDGED: Final = (DeliveryState.AVAILABLE, DeliveryState.FETCHED)
"""States of what has come to a recipient, who has not acknowledged it."""
REACHED: Final = (*UNACKNOWLEDGED, DeliveryState.ACKNOWLEDGED)
