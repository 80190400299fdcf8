# SPDX-License-Identifier: Apache-2.0
"""Officers of the asking agency who may open the answers to a RED question: those who may read the question itself."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from accord.document.rules import asks
from accord.envelope.vocabulary import RED
from alerts.document.fields import FIELDS
from alerts.document.findings import Findings
from alerts.models import Alert, AlertRevision
from callers.capabilities import Capability
from callers.markings import is_within
from officers.models import Officer
from officers.releasers import officers_who


def reply_readers(alert: Alert) -> list[Officer]:
    """Return whom a RED question may name to open its answers: whoever has written it, and releasers (`alerts.red_readers`)."""
    writers = set(AlertRevision.objects.filter(alert=alert).values_list("author", flat=True))
    return [
        row
        for row in officers_who(Capability.ALERT_READ, [alert.agency_id])
        if (row.audit_name in writers or Capability.ALERT_RELEASE in row.capabilities)
        and is_within(row, tlp=RED, pri=alert.pri, lane=alert.lane)
    ]


def keep_to_reply_readers(alert: Alert, data: Mapping[str, Any], findings: Findings) -> Findings:
    """Add a finding where a RED question names an officer who may not read it."""
    named = data.get("reply_to") or ()
    if data.get("tlp") != RED or not asks(data) or findings.errors.get("reply_to") or not named:
        return findings
    if set(named) <= {row.public_id for row in reply_readers(alert)}:
        return findings
    return replace(findings, errors={**findings.errors, "reply_to": (str(FIELDS["reply_to"].problem),)})
