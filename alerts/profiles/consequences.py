# SPDX-License-Identifier: Apache-2.0
"""Sentences on what sending a message about a profile discloses, for the officer who decides on it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from alerts.models import Alert
from alerts.replies.kinds import PROFILE_ANSWER, PROFILE_DETAILS, PROFILE_QUERY
from alerts.replies.summary import summary_of
from peers.models import Agency


def consequence_of(alert: Alert, data: Mapping[str, Any]) -> str:
    """Return the sentence beside the button that sends it; empty unless it is about a profile."""
    alert_type = data.get("alert_type")
    if alert_type == PROFILE_QUERY:
        return _("They learn that you hold a sample with this profile, and nothing of its case.")
    if alert_type not in (PROFILE_ANSWER, PROFILE_DETAILS):
        return ""
    names = Agency.objects.filter(pk__in=data.get("recipients") or ()).order_by("name")
    named = {"name": ", ".join(names.values_list("name", flat=True))}
    if alert_type == PROFILE_ANSWER:
        return _("Answer to %(name)s? They learn that you hold a sample with this likeness.") % named
    if summary_of(data, files=alert.attachments.count()).has_case:
        return _("%(name)s learns the case details above. What was read stays read.") % named
    return _("%(name)s learns that you are ready to exchange case details, and none of them yet.") % named
