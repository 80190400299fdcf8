# SPDX-License-Identifier: Apache-2.0
"""Withdrawal of an own alert by a signed retract, and confirmation of another agency's withdrawal.

Withdraw is the officer's act, retract its statement, recall its effect on deliveries. What was read stays read.
An alert is withdrawn whole: each version gets a retract of its own, since some recipients may have an older
one only; and it is confirmed whole.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.form import SubjectRef
from alerts.access import agency_of, find_alert, lock_alert, lock_received
from alerts.errors import AmendmentRefusedError
from alerts.models import Alert, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.retractions import judge_for_display, judge_retracts
from alerts.receiving.signature_judging import recalls_that_count
from alerts.receiving.versions import IN_ORDER, lock_versions
from alerts.refusal_audit import audited_refusal
from alerts.replies.answers import settle_answered
from alerts.sending.amendment import check_newest, versions_of
from alerts.sending.hand_in import Handing, handing_in
from alerts.sending.own_name import unsent_in_sight
from alerts.sending.sent_signatures import sent_of, statement_signatures
from alerts.states import AlertState, Move, check_move
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from notices.telling import settle_withdrawal
from officers.models import Officer
from peers.deliveries import ask_at_once
from peers.models import HeldStatement

if TYPE_CHECKING:
    from alerts.document.choices import Choices

WITHDRAWAL_CODES: Final["Choices"] = (
    ("error", gettext_lazy("Error")),
    ("contaminated", gettext_lazy("Contaminated sample or blank")),
    ("mistaken", gettext_lazy("Mistaken identity of the substance")),
    ("legal", gettext_lazy("Legal reason")),
)


def withdraw_alert(officer: Officer, alert: Alert, *, code: str, now: datetime) -> Alert:
    """Sign the retracts and hand them to the exchange: nobody can read the alert newly, and each recipient must confirm.

    A withdrawal that does not count, because its key was revoked, is signed again; a retract that still counts is not.
    Raises `AmendmentRefusedError` for a version that was replaced: the newest is the one to withdraw.
    """
    require(officer, Capability.ALERT_WITHDRAW)
    if code not in dict(WITHDRAWAL_CODES):
        raise InputError("code", _("Reason: choose one."))
    with audited_refusal(Move.WITHDRAW, officer, alert, now=now), handing_in(officer, now=now) as handing:
        locked = lock_alert(officer, alert)
        if not void_withdrawals([locked], now=now):
            check_move(locked, Move.WITHDRAW)
        check_newest(locked)
        _check_none_queued(locked)
        versions = versions_of(locked)
        void = void_withdrawals(versions, now=now)
        for version in versions:
            if version.state != AlertState.WITHDRAWN or version.md in void:
                _withdraw_version(handing, officer, lock_alert(officer, version), code)
        settle_answered(locked)
    ask_at_once(locked.agency_id)
    return find_alert(officer, locked.pk)


def void_withdrawals(
    alerts: Iterable[Alert], *, peers: VerifiedDirectory | None = None, now: datetime
) -> set[str]:
    """Return the addresses of those of these own alerts whose withdrawal does not count now."""
    found = [alert for alert in alerts if alert.state == AlertState.WITHDRAWN]
    withdrawn = {alert.md for alert in found}
    if not found:
        return withdrawn
    return withdrawn - recalls_that_count(peers or VerifiedDirectory(found[0].agency_id, now), withdrawn)


def void_withdrawal_text(officer: Officer, alert: Alert, *, now: datetime) -> str:
    """Return why the newest withdrawal of an own alert does not count, for its page; empty where one does."""
    if not void_withdrawals([alert], now=now):
        return ""
    said = HeldStatement.objects.issued_by(alert.agency_id).filter(k="retract", sub_d=alert.md)
    newest = list(said.order_by("-held_since", "-od")[:1])
    return next((facts.text for facts in statement_signatures(officer, newest, now=now).values()), "")


def _check_none_queued(alert: Alert) -> None:
    """Refuse while the next version waits for the exchange: it would be sent after the withdrawal.

    Raises AmendmentRefusedError.
    """
    if Alert.objects.filter(previous=alert, state=AlertState.QUEUED).exists():
        text = _("Its next version waits for the exchange: cancel that first.")
        raise AmendmentRefusedError("queued", text)


def _withdraw_version(handing: Handing, officer: Officer, locked: Alert, code: str) -> None:
    now, locked.state = handing.now, AlertState.WITHDRAWN
    handing.state("retract", SubjectRef(MANIFEST, locked.jti, locked.md), {"code": code, "by": None})
    locked.withdrawn_at, locked.withdrawn_by, locked.changed_at = now, officer, now
    locked.save()
    _record("alert.withdrawn", officer, locked.agency_id, str(locked.pk), now, code=code)


def withdraw_unsent(officer: Officer, md: str, *, code: str, now: datetime) -> None:
    """Withdraw an envelope in the agency's name that was never sent from here: somebody else used its key.

    Raises `AbsentError` for an envelope of others and for one that this desk sent (`withdraw_alert`).
    """
    require(officer, Capability.ALERT_WITHDRAW)
    agency = agency_of(officer)
    if code not in dict(WITHDRAWAL_CODES):
        raise InputError("code", _("Reason: choose one."))
    with handing_in(officer, now=now) as handing:
        envelope = unsent_in_sight(officer).filter(md=md, log_time__isnull=False).first()
        if envelope is None or Alert.objects.filter(agency=agency, md=md).exists():
            raise AbsentError
        envelope.require_bound()
        subject, body = SubjectRef(MANIFEST, envelope.jti, md), {"code": code, "by": None}
        handing.state("retract", subject, body)
        _record("alert.withdrawn", officer, agency.pk, md, now, code=code)


def withdrawal_preview(officer: Officer, alert: Alert) -> tuple[int, int]:
    """Count the agencies that would have to confirm, and those of them that have opened any version."""
    reached, opened = set(), set()
    for sent in sent_of(officer, [version.md for version in versions_of(alert)]).values():
        reached |= {fact.recipient for fact in sent.facts}
        opened |= {fact.recipient for fact in sent.facts if fact.opened_at is not None}
    return len(reached), len(opened)


def confirm_withdrawal(officer: Officer, received: ReceivedAlert, *, now: datetime) -> ReceivedAlert:
    """Confirm, as a person of a recipient, that use of a withdrawn alert has stopped. A second call changes nothing.

    Every version of it that was withdrawn is confirmed with it. Raises `InputError` when no withdrawal counts now.
    """
    require(officer, Capability.ALERT_ACKNOWLEDGE)
    with handing_in(officer, now=now) as handing:
        lock_versions(received)
        locked = judge_for_display(lock_received(officer, received), now=now)
        if locked.withdrawn_at is None:
            raise InputError("alert", _("This alert was not withdrawn."))
        for version in withdrawn_versions(officer, locked, now=now):
            _confirm_version(handing, officer, version)
        locked.refresh_from_db(fields=["withdrawal_confirmed_at"])
    return locked


def withdrawn_versions(officer: Officer, locked: ReceivedAlert, *, now: datetime) -> list[ReceivedAlert]:
    """Return the versions of this alert, itself included, whose withdrawal counts now; locked."""
    rows = ReceivedAlert.objects.visible_to(officer).select_related("issuer")
    same = rows.filter(issuer_id=locked.issuer_id, first_md=locked.first_md).exclude(first_md="")
    found = list(same.select_for_update(of=("self",)).order_by(*IN_ORDER)) or [locked]
    judge_retracts(found, now=now)
    return [row for row in found if row.withdrawn_at is not None]


def _confirm_version(handing: Handing, officer: Officer, locked: ReceivedAlert) -> None:
    now = handing.now
    if locked.withdrawal_confirmed_at is not None:
        return
    subject = SubjectRef("retract", locked.retract_id, locked.retract_od)
    handing.state("confirm", subject, {"st": "stopped"})
    locked.withdrawal_confirmed_at = now
    locked.save(update_fields=["withdrawal_confirmed_at"])
    settle_withdrawal(locked.agency_id, locked.md)
    _record("withdrawal.confirmed", officer, locked.agency_id, locked.md, now)


def _record(act: str, officer: Officer, agency_id: str, subject: str, now: datetime, code: str = "") -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=agency_id,
        subject=subject,
        detail={"code": code} if code else None,
        now=now,
    )
