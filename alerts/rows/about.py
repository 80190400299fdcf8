# SPDX-License-Identifier: Apache-2.0
"""Rows about one alert, received or own, whose `received` or `alert` names it: seen by whoever may see that alert."""

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

if TYPE_CHECKING:
    from callers.actors import Actor

ONE_ALERT = Q(alert__isnull=True, received__isnull=False) | Q(alert__isnull=False, received__isnull=True)
"""Condition of the rows' check constraints."""


def about_visible(actor: "Actor") -> Q:
    """Return the condition: the row is about an alert that the actor may see.

    It is asked of each row: as a list of all that the actor may see it would cost with the number of alerts.
    """
    from alerts.models import Alert, ReceivedAlert

    received = ReceivedAlert.objects.visible_to(actor).filter(pk=OuterRef("received"))
    own = Alert.objects.visible_to(actor).filter(pk=OuterRef("alert"))
    return Q(Exists(received)) | Q(Exists(own))
