# SPDX-License-Identifier: Apache-2.0
"""Rows about one alert, received or own, whose `received` or `alert` names it: seen by whoever may see that alert."""

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

if TYPE_CHECKING:
    from alerts.models import Alert, ReceivedAlert
    from callers.actors import Actor

ONE_ALERT = Q(alert__isnull=True, received__isnull=False) | Q(alert__isnull=False, received__isnull=True)
"""Condition of the rows' check constraints."""


def about_visible(actor: "Actor", about: "Alert | ReceivedAlert | None" = None) -> Q:
    """Return the condition: the row is about an alert that the actor may see; about this one, where one is given.

    It is asked of each row: as a list of all that the actor may see it would cost with the number of alerts.
    """
    from alerts.models import Alert, ReceivedAlert

    if about is not None:
        rows = ReceivedAlert.objects if isinstance(about, ReceivedAlert) else Alert.objects
        seen = rows.visible_to(actor).filter(pk=about.pk)
        return Q(Exists(seen), **{"received" if isinstance(about, ReceivedAlert) else "alert": about})
    received = ReceivedAlert.objects.visible_to(actor).filter(pk=OuterRef("received"))
    own = Alert.objects.visible_to(actor).filter(pk=OuterRef("alert"))
    return Q(Exists(received)) | Q(Exists(own))
