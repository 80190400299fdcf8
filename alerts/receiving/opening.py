# SPDX-License-Identifier: Apache-2.0
"""Opening of a received alert by an officer, who gives a reason. Every check runs at each opening; each is audited."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.calls.errors import ClientError
from accord.envelope.content import OpenedAlert
from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.keyrule import Standing
from accord.envelope.reaffirming import standing_after
from accord.envelope.statements.bodies import MANIFEST
from accord.envelope.statements.form import SubjectRef
from alerts.access import find_received, lock_received
from alerts.document.display import Section, describe
from alerts.document.fields import FIELDS
from alerts.document.files import AttachmentFile, AttachmentShown, inert_media_type
from alerts.document.marking import Marking, marking_of
from alerts.document.reading import AsText, ReadDocument, read_as_text, read_document
from alerts.errors import ReceiptPendingError, UnknownSchemaError, UnopenableError
from alerts.models import ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.withheld_recipients import is_uncompared
from alerts.receiving.attachments import opened_files
from alerts.receiving.case_references import recorded
from alerts.receiving.fetching import fetch_and_open, seen_by
from alerts.receiving.held_envelopes import held_blob
from alerts.receiving.reporting import report_openings
from alerts.receiving.retractions import judge_for_display
from alerts.receiving.signature_judging import reaffirms_of
from alerts.receiving.signature_state import SignatureFacts, signature_facts_of
from alerts.receiving.verification import Verification, failed_text, verified
from alerts.review.tlp_ceiling import check_reason
from alerts.sending.withdrawal import WITHDRAWAL_CODES
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.task_calls import call_task
from officers.models import Officer
from peers.models import Agency
from vault import services
from vault.handing import is_gone

MAX_CASE_CHARS: Final = 60
SHOWN_AT_MOST: Final = 3
"""Limit of files that are opened with an alert, for its page to show."""


class OpeningReason(TextChoices):
    ON_DUTY = "on_duty", gettext_lazy("On duty")
    ASSIGNED = "assigned", gettext_lazy("Assigned to me")
    CASE_NUMBER = "case_number", gettext_lazy("Case number")
    LAWFULNESS_CHECK = "lawfulness_check", gettext_lazy("Lawfulness check")


@dataclass(frozen=True)
class OpenedView:
    """Content of the page, in memory for one answer; nothing of it is kept."""

    received: ReceivedAlert
    title: str = field(repr=False)
    document: Mapping[str, Any] = field(repr=False)
    sections: list[Section] = field(repr=False)
    marking: Marking = field(repr=False)
    attachments: tuple[AttachmentShown, ...] = field(repr=False)
    audience: tuple[str, ...]
    verification: Verification
    marks: tuple[str, ...]
    standing: SignatureFacts
    files: tuple[AttachmentFile, ...] = field(default=(), repr=False)
    rules: bytes | None = field(default=None, repr=False)
    as_text: tuple[AsText, ...] = field(default=(), repr=False)
    more_as_text: int = 0
    missing: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    """Ids of the officers of the own agency whom a RED alert names."""


def preset_reason(received: ReceivedAlert) -> str:
    """Return the reason preset in the form: on duty for flash, none for others."""
    return OpeningReason.ON_DUTY.value if received.pri == "flash" else ""


def open_alert(
    officer: Officer,
    received: ReceivedAlert,
    *,
    reason: str,
    reference: str = "",
    wants: Callable[[str, int], bool] | None = None,
    with_rules: bool = False,
    now: datetime,
) -> OpenedView:
    """Open and verify an alert. The first opening by an officer of the agency is reported to the originator.

    `reference` is the case number, needed for that reason only. Raises `InputError`, `ReceiptPendingError`,
    `UnopenableError`, or what the exchange refuses (one of
    `fetching.CLOSED`). Not inside a transaction. `wants` chooses, by name and size in octets, up to
    `SHOWN_AT_MOST` files that are opened with it, `with_rules` the file of rules that a change of the law brings.
    """
    row, opened, peers = _open(officer, received, reason, reference, now)
    document, is_known = _read(opened)
    row = judge_for_display(_mark_opened(officer, row, now), peers=peers, now=now)
    view = _view(row, opened, document, signatures_shown(row, opened, peers), peers, is_known=is_known)
    if with_rules:
        view = replace(view, rules=_rules_of(officer, row, opened, view.document, now))
    if wants is None:
        return view
    files = opened_files(officer, opened, wants, now=now, at_most=SHOWN_AT_MOST)
    return replace(view, files=tuple(files.values()))


def open_attachment(
    officer: Officer, received: ReceivedAlert, *, n: int, reason: str, reference: str = "", now: datetime
) -> AttachmentFile:
    """Open one file of an alert, verified, in memory; this is an opening of its own, with its own reason."""
    row, opened, _ = _open(officer, received, reason, reference, now)
    note = next((note for note in opened.attachments if note.n == n), None)
    if note is None:
        raise AbsentError
    data = _file_of(officer, row, opened, n, now)
    return AttachmentFile(note.fn, inert_media_type(note.fn, data), data)


def _file_of(officer: Officer, row: ReceivedAlert, opened: OpenedAlert, n: int, now: datetime) -> bytes:
    try:
        return services.open_attachment(opened, n, held_blob(officer, row.md, n, now=now))
    except EnvelopeError as failure:
        raise UnopenableError(failed_text(row), row.reference) from failure


def _rules_of(
    officer: Officer, row: ReceivedAlert, opened: OpenedAlert, document: Mapping[str, Any], now: datetime
) -> bytes | None:
    """Return the file that a change of the law names; None where it names none, or the alert has no file of that name."""
    name = (document.get("proposed_rule") or {}).get("file")
    note = next((note for note in opened.attachments if name and note.fn == name), None)
    return None if note is None else _file_of(officer, row, opened, note.n, now)


def reason_text(reason: str, reference: str) -> str:
    """Return the reason as the audit keeps it; raises `InputError` when none was given."""
    if reason not in OpeningReason.values:
        raise InputError("reason", _("Reason: choose one."))
    case = " ".join(reference.split())
    if reason != OpeningReason.CASE_NUMBER:
        return reason
    if len(reference.strip().splitlines()) > 1 or not case.isprintable():
        raise InputError("reference", _("Case number: use one line, without control or direction marks."))
    if not 1 <= len(case) <= MAX_CASE_CHARS:
        raise InputError("reference", _("Case number: use 1 to 60 characters."))
    return f"{reason}: {case}"


def _open(
    officer: Officer, received: ReceivedAlert, reason: str, reference: str, now: datetime
) -> tuple[ReceivedAlert, OpenedAlert, VerifiedDirectory]:
    require(officer, Capability.ALERT_READ)
    row = find_received(officer, received.pk)
    if reason == OpeningReason.CASE_NUMBER:
        reference = recorded(officer, reference)
    words = reason_text(reason, reference)
    check_reason(row, reason)
    if row.unopenable or is_gone(row.agency_id):
        raise UnopenableError(failed_text(row), row.reference)
    peers = VerifiedDirectory(row.agency_id, now)
    return row, _opened(officer, row, words, peers, now), peers


def _opened(
    officer: Officer, row: ReceivedAlert, words: str, peers: VerifiedDirectory, now: datetime
) -> OpenedAlert:
    try:
        return fetch_and_open(
            officer, row.md, reason=words, seen=seen_by(row.agency_id), peers=peers, now=now
        )
    except VerificationError as failure:
        if failure.failure is Failure.RECEIPT_MISSING:
            raise ReceiptPendingError from failure
        raise UnopenableError(failed_text(row), row.reference) from failure
    except EnvelopeError as failure:
        raise UnopenableError(failed_text(row), row.reference) from failure


def _read(opened: OpenedAlert) -> tuple[ReadDocument, bool]:
    """Return the document, and whether its schema is known here."""
    try:
        return read_document(opened.alert), True
    except UnknownSchemaError:
        return read_as_text(opened.alert), False


def _mark_opened(officer: Officer, received: ReceivedAlert, now: datetime) -> ReceivedAlert:
    """Note the first opening and report it. Ring the worker if it has not read the alert: it may open now."""
    if received.derived_at is None:
        call_task("alerts.follow_feed")
    if received.first_opened_at is not None:
        return received
    with transaction.atomic():
        locked = lock_received(officer, received)
        if locked.first_opened_at is None:
            locked.first_opened_at = now
            locked.save(update_fields=["first_opened_at"])
    with suppress(ClientError):
        # The worker repeats a report that did not arrive.
        report_openings(locked.agency_id)
    return locked


def signatures_shown(
    received: ReceivedAlert, opened: OpenedAlert, peers: VerifiedDirectory
) -> tuple[SignatureFacts, tuple[str, ...]]:
    """Return the standing of the signatures that were just verified, with all that was said since.

    First the sender's; then a sentence for each release on the way here that does not simply count. The releasing agency
    answers for the release alone.
    """
    manifest = opened.manifest
    signed = [(SubjectRef(MANIFEST, manifest.jti, manifest.md), manifest.iss)]
    signed += [(release.ref, release.iss) for release in opened.via]
    said = reaffirms_of(peers, [ref.d for ref, _ in signed])
    own, *releases = (
        standing_after(standing, said.get(ref.d, ()), ref, iss)
        for standing, (ref, iss) in zip(opened.standings, signed, strict=True)
    )
    names = dict(Agency.objects.filter(pk__in=[item.iss for item in opened.via]).values_list("pk", "name"))
    sentences = [
        _release_text(standing, names.get(release.iss, release.iss))
        for release, standing in zip(opened.via, releases, strict=True)
    ]
    return signature_facts_of(own, received.issuer.name), tuple(filter(None, sentences))


def _release_text(standing: Standing, name: str) -> str:
    text = signature_facts_of(standing, name).text
    words = {"name": name, "text": text}
    return _("About the release by %(name)s that brought this here: %(text)s") % words if text else ""


def _view(
    received: ReceivedAlert,
    opened: OpenedAlert,
    document: ReadDocument,
    standings: tuple[SignatureFacts, tuple[str, ...]],
    peers: VerifiedDirectory,
    *,
    is_known: bool,
) -> OpenedView:
    standing, about_releases = standings
    data = document.data
    return OpenedView(
        received=received,
        title=str(data.get("title") or ""),
        document=data,
        sections=describe(data),
        marking=marking_of(opened.manifest.terms.tlp, data.get("handling"), data.get("handling_condition")),
        attachments=tuple(AttachmentShown(note.n, note.fn, note.size) for note in opened.attachments),
        audience=opened.audience,
        verification=verified(received, opened, standing),
        marks=tuple(
            _marks(received, opened, document, (standing.text, *about_releases), peers, is_known=is_known)
        ),
        standing=standing,
        as_text=document.as_text,
        more_as_text=document.more,
        missing=document.missing,
        named=tuple(name.officer for name in opened.names if name.agency == received.agency_id),
    )


def _marks(
    received: ReceivedAlert,
    opened: OpenedAlert,
    document: ReadDocument,
    doubts: Sequence[str],
    peers: VerifiedDirectory,
    *,
    is_known: bool,
) -> list[str]:
    """Return the sentences that the page shows above the content."""
    marks = []
    if received.withdrawn_at is not None:
        words = {
            "name": received.issuer.name,
            "why": dict(WITHDRAWAL_CODES).get(received.retract_code, received.retract_code),
        }
        marks.append(_("Withdrawn by %(name)s: %(why)s. Do not act on it.") % words)
    if opened.manifest.terms.status != "actual":
        marks.append(_("This is an exercise."))
    marks.extend(filter(None, (*doubts, received.retract_doubt)))
    if is_uncompared(peers, received.issuer_id):
        marks.append(
            _(
                "Sender not compared: no two officers of your agency have compared its fingerprint. Call it first."
            )
        )
    if _was_first_opened_late(received, opened):
        marks.append(_("Opened after it expired; call the sender before you act on it."))
    if not opened.log_compared:
        marks.append(_("The log could not be compared with what your agency saw of it before."))
    if not is_known:
        marks.append(_("This alert uses a form that this desk does not know yet; call the sender."))
    elif document.as_text:
        marks.append(_("Some parts were not understood here; they are shown as they came."))
    if document.missing:
        labels = ", ".join(str(FIELDS[name].label) for name in document.missing)
        marks.append(_("The sender left out what every alert says: %(labels)s.") % {"labels": labels})
    return marks


def _was_first_opened_late(received: ReceivedAlert, opened: OpenedAlert) -> bool:
    """Tell whether it was first opened after it expired; an agency that opened it in time sees no warning later."""
    first = received.first_opened_at
    return first is not None and int(first.timestamp()) >= opened.manifest.terms.exp
