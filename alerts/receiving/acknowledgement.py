# SPDX-License-Identifier: Apache-2.0
"""Acknowledgement of a received alert: a signed statement by a person who could read the alert before.

The answers are a closed list: the agency has it, or it does not take it, for one of two reasons.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.statements.form import SubjectRef
from alerts.access import lock_received
from alerts.errors import NotOpenedError
from alerts.models import Alert, ReceivedAlert
from alerts.rows.replies import Reply
from alerts.sending.hand_in import Handing, handing_in
from callers.capabilities import Capability, require
from callers.errors import InputError
from ledger.audit import record_event
from officers.models import Officer

if TYPE_CHECKING:
    from alerts.document.choices import Choices

OPENED: Final = "opened"
ANSWERS: Final["Choices"] = (
    (OPENED, gettext_lazy("We have it.")),
    ("policy", gettext_lazy("We cannot take it: our rules do not let us use it.")),
    ("malformed", gettext_lazy("We cannot use it: what it says is not usable as it stands.")),
)
"""Answers by code: `opened`, or the code of a refusal."""


def acknowledge_alert(
    officer: Officer, received: ReceivedAlert, *, answer: str = OPENED, reason: str = "", now: datetime
) -> ReceivedAlert:
    """Sign `ack`, naming the officer by opaque id: opened, or refused with the code `answer`. A second call changes nothing.

    `reason` is for the agency's own audit, where many are acknowledged together. Raises `InputError` for an
    answer that is not listed, `NotOpenedError` before an officer of the agency has opened it, `NotTakenError`. Not inside a
    transaction.
    """
    require(officer, Capability.ALERT_ACKNOWLEDGE)
    if answer not in dict(ANSWERS):
        raise InputError("answer", _("Answer: choose one."))
    with handing_in(officer, now=now) as handing:
        return _acknowledge(handing, officer, lock_received(officer, received), answer, reason)


def acknowledge_answered(handing: Handing, answer: Alert) -> None:
    """Sign `ack` in the name of the author of an answer that is released now, if nobody has acknowledged what it answers.

    Inside the transaction of the release.
    """
    reply = Reply.of(answer)
    if reply is None or not isinstance(answer.author, Officer):
        return
    rows = ReceivedAlert.objects.select_for_update(of=("self",)).filter(
        agency_id=answer.agency_id, md=reply.re_md, first_opened_at__isnull=False
    )
    for received in rows:
        _acknowledge(handing, answer.author, received, OPENED, "")


def _acknowledge(
    handing: Handing, officer: Officer, locked: ReceivedAlert, answer: str, reason: str
) -> ReceivedAlert:
    if locked.acknowledged_at is not None:
        return locked
    if locked.first_opened_at is None:
        raise NotOpenedError
    _state_answer(handing, locked, answer)
    locked.acknowledged_at, locked.acknowledged_by, locked.answer = handing.now, officer, answer
    locked.save(update_fields=["acknowledged_at", "acknowledged_by", "answer"])
    record_event(
        "alert.acknowledged",
        actor=officer.audit_name,
        agency=locked.agency_id,
        subject=locked.md,
        reason=reason,
        detail=None if answer == OPENED else {"answer": answer},
        now=handing.now,
    )
    return locked


def _state_answer(handing: Handing, received: ReceivedAlert, answer: str) -> None:
    is_opened = answer == OPENED
    body = {"st": OPENED if is_opened else "refused", "code": None if is_opened else answer}
    handing.state("ack", SubjectRef("manifest", received.jti, received.md), body)
