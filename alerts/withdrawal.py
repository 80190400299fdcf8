# SPDX-License-Identifier: Apache-2.0
"""Withdraws an alert of ours with a signed retract, and confirms another agency's withdrawal.

Withdraw is the officer's act, retract its statement, recall its effect on deliveries. What was read stays read.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.form import SubjectRef
from agencies.capabilities import Capability, require
from agencies.errors import AbsentError, InputError
from agencies.models import Officer
from agencies.vault import doors
from alerts.finding import hosted_agency_of, lock_alert, lock_received
from alerts.models import Alert, ReceivedAlert
from alerts.refusals import audited_refusal
from alerts.retractions import as_it_stands
from alerts.states import Move, check_move
from ledger.audit import record_event
from sharing.deliveries import delivery_facts
from sharing.models import Envelope
from sharing.statements import submit_statement

if TYPE_CHECKING:
    from alerts.document.choices import Choices

WITHDRAWAL_CODES: Final["Choices"] = (
    ("error", gettext_lazy("Error")),
    ("contaminated", gettext_lazy("Contaminated sample or blank")),
    ("mistaken", gettext_lazy("Mistaken identity of the substance")),
    ("legal", gettext_lazy("Legal reason")),
)


def withdraw_alert(officer: Officer, alert: Alert, *, code: str, now: datetime) -> Alert:
    """Signs the retract and hands it to the exchange: new reading stops, each recipient must confirm."""
    require(officer, Capability.ALERT_WITHDRAW)
    hosted_agency_of(officer, command="accord retract")
    if code not in dict(WITHDRAWAL_CODES):
        raise InputError("code", _("Reason: choose one."))
    with audited_refusal(Move.WITHDRAW, officer, alert, now=now), transaction.atomic():
        locked = lock_alert(officer, alert)
        locked.state = check_move(locked, Move.WITHDRAW)
        statement = doors.sign_statement(
            officer,
            k="retract",
            sub=SubjectRef("manifest", locked.jti, locked.md),
            body={"code": code, "by": None},
            now=now,
        )
        submit_statement(officer, statement, now=now)
        locked.withdrawn_at, locked.withdrawn_by, locked.changed_at = now, officer, now
        locked.save()
        _record("alert.withdrawn", officer, locked.agency_id, str(locked.pk), now, code=code)
    return locked


def withdraw_unsent(officer: Officer, md: str, *, code: str, now: datetime) -> None:
    """Withdraws what stands in the agency's name and this desk never sent: somebody else used its key.

    Raises `AbsentError` for an envelope of others and for one that this desk sent (`withdraw_alert`).
    """
    require(officer, Capability.ALERT_WITHDRAW)
    agency = hosted_agency_of(officer, command="accord retract")
    if code not in dict(WITHDRAWAL_CODES):
        raise InputError("code", _("Reason: choose one."))
    with transaction.atomic():
        envelope = Envelope.objects.originated_by(officer).filter(pk=md).only("md", "jti", "iss_id").first()
        if envelope is None or Alert.objects.filter(agency=agency, md=md).exists():
            raise AbsentError
        subject, body = SubjectRef(MANIFEST, envelope.jti, md), {"code": code, "by": None}
        statement = doors.sign_statement(officer, k="retract", sub=subject, body=body, now=now)
        submit_statement(officer, statement, now=now)
        _record("alert.withdrawn", officer, agency.pk, md, now, code=code)


def withdrawal_preview(officer: Officer, alert: Alert) -> tuple[int, int]:
    """How many agencies would have to confirm, and how many of them have opened it."""
    facts = delivery_facts(officer, alert.md)
    return len(facts), sum(fact.opened_at is not None for fact in facts)


def confirm_withdrawal(officer: Officer, received: ReceivedAlert, *, now: datetime) -> ReceivedAlert:
    """A person of a recipient confirms that use of a withdrawn alert has stopped. Doing it twice is once.

    Raises `InputError` when no withdrawal of it counts now.
    """
    require(officer, Capability.ALERT_ACKNOWLEDGE)
    with transaction.atomic():
        locked = as_it_stands(lock_received(officer, received), now=now)
        hosted_agency_of(officer, command=f"accord confirm {locked.retract_od}")
        if locked.withdrawn_at is None:
            raise InputError("alert", _("This alert was not withdrawn."))
        if locked.withdrawal_confirmed_at is not None:
            return locked
        statement = doors.sign_statement(
            officer,
            k="confirm",
            sub=SubjectRef("retract", locked.retract_id, locked.retract_od),
            body={"st": "stopped"},
            now=now,
        )
        submit_statement(officer, statement, now=now)
        locked.withdrawal_confirmed_at = now
        locked.save(update_fields=["withdrawal_confirmed_at"])
        _record("withdrawal.confirmed", officer, locked.agency_id, locked.md, now)
    return locked


def _record(act: str, officer: Officer, agency_id: str, subject: str, now: datetime, code: str = "") -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=agency_id,
        subject=subject,
        detail={"code": code} if code else None,
        now=now,
    )
