# SPDX-License-Identifier: Apache-2.0
"""Rules of the agency's own policy: how strict a marking a role may send, and which reason opens an alert."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.envelope.vocabulary import RED
from alerts.document.findings import Findings
from alerts.models import Alert, ReceivedAlert
from alerts.red_readers import is_red
from callers.actors import Actor
from callers.errors import InputError
from callers.markings import is_within, strictest
from officers.policy_in_force import policy_of

CASE_REASONS: Final = frozenset({"case_number", "lawfulness_check"})
ON_DUTY: Final = "on_duty"


def keep_to_ceiling(actor: Actor, data: Mapping[str, Any], findings: Findings) -> Findings:
    """Add a finding on the TLP where it is stricter than the actor's roles may send."""
    marks = {name: str(data.get(name) or "") for name in ("tlp", "pri", "lane")}
    if not marks["tlp"] or is_within(actor, **marks):
        return findings
    return _with(findings, above_ceiling_text(actor))


def above_ceiling_text(actor: Actor) -> str:
    """Say what to do where a marking is above the actor's ceiling."""
    return _("TLP: your agency lets your role send up to TLP:%(tlp)s; choose that or ask a colleague.") % {
        "tlp": actor.tlp_ceiling
    }


def keep_to_floor(alert: Alert, data: Mapping[str, Any], findings: Findings) -> Findings:
    """Add a finding on the TLP where it is looser than the marking of the alert's source."""
    tlp = str(data.get("tlp") or "")
    if findings.errors.get("tlp") or not tlp or strictest(tlp, alert.floor) == tlp:
        return findings
    text = _("TLP: not looser than what this was made from; choose TLP:%(tlp)s or stricter.")
    return _with(findings, text % {"tlp": alert.floor})


def keep_red_apart(alert: Alert, data: Mapping[str, Any], findings: Findings) -> Findings:
    """Add a finding on the TLP where a reply or a next version is marked RED, and what it answers or replaces is not."""
    is_first = alert.kind == "alert" and not alert.previous_id
    if data.get("tlp") != RED or findings.errors.get("tlp") or is_first or is_red(alert.floor):
        return findings
    text = _("TLP: only what answers or replaces a RED alert is marked RED; write a new alert.")
    return _with(findings, text)


def _with(findings: Findings, text: str) -> Findings:
    texts = (*findings.errors.get("tlp", ()), text)
    return replace(findings, errors={**findings.errors, "tlp": texts})


def check_reason(received: ReceivedAlert, reason: str) -> None:
    """Raise InputError (`reason`) where the agency asks for a case number and this reason has none."""
    if reason not in reasons_that_open(received, {reason}):
        raise InputError("reason", _("Reason: your agency asks for a case number here; choose it."))


def opens_on_duty(received: ReceivedAlert) -> bool:
    """Tell whether a list may offer to open it on duty: not RED, which says for whom it is opened, and no case number is asked for."""
    return not is_red(received.tlp) and ON_DUTY in reasons_that_open(received, {ON_DUTY})


def reasons_that_open(received: ReceivedAlert, offered: set[str]) -> set[str]:
    """Return those of these codes that the agency accepts for this alert; a flash alert may always be opened on duty."""
    if not policy_of(received.agency).case_number_required:
        return offered
    return offered & (CASE_REASONS | ({ON_DUTY} if received.pri == "flash" else frozenset()))
