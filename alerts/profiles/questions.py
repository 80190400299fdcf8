# SPDX-License-Identifier: Apache-2.0
"""Questions about profiles: an agency asks others for samples like its own; the others answer, agree and disclose.

- Score first, then consent. A question carries method, version and vector, and nothing of the case.
- The asked desk compares on its own side with its own samples only; a person there decides whether to answer.
- Case details follow when both agreed.
- Each message is a draft that a second person sends.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.access import agency_of, find_alert
from alerts.boxes.outbox import OWN_ALERT
from alerts.document.fields import EMPTY
from alerts.drafting.drafts import create_draft
from alerts.drafting.revisions import read_revision
from alerts.errors import ReplyRefusedError
from alerts.models import Alert, ReceivedAlert
from alerts.profiles.disclosure import has_agreed, is_question_withdrawn, sample_of
from alerts.profiles.samples import Leads, compare_with_held, comparison_member, profile_in
from alerts.query_audit import science_errors
from alerts.replies.beginning import Opened, no_case, start_reply
from alerts.replies.kinds import PROFILE_ANSWER, PROFILE_DETAILS, PROFILE_QUERY, TITLES
from alerts.rows.replies import ProfileQuestion
from alerts.sending.sent_document import sent_document
from alerts.states import SENT
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.markings import strictest
from ledger.audit import record_event
from officers.models import Officer

COMPARED: Final = "profile.compared"
CONTACT_CHARS: Final = 200
TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "exhibit": ("exhibit_no",),
    "when": ("event_date", "event_precision"),
    "where": ("place_country", "place_region", "geo_precision"),
    "amount": ("physical_form", "quantity", "unit"),
    "route": ("route", "concealment"),
    "profile": ("profile",),
    "isotopes": ("region_evidence",),
    "what": ("narrative",),
}
"""Fields of a sample's alert that its agency may choose to disclose, by the word for them."""


def start_question(
    author: Officer, sample: Alert, *, agencies: Collection[str], contact: str = "", now: datetime
) -> Alert:
    """Draft a question about the profile of an own sent alert, to these agencies, with the sample's marking.

    Raises `ReplyRefusedError` for an alert without a profile, `ScienceInputError` for a method without a known calibration, since
    nobody could compare it.
    """
    require(author, Capability.ALERT_WRITE)
    agency = agency_of(author)
    row = find_alert(author, sample.pk)
    if row.state not in SENT:
        raise AbsentError
    if row.withdrawn_at is not None:
        raise ReplyRefusedError(
            "withdrawn", _("This alert was withdrawn: nothing is asked about its sample.")
        )
    data = read_revision(row).data
    _require_known_method(data)
    if not agencies:
        raise InputError("recipients", _("To: choose whom to ask."))
    frame = {
        "alert_type": PROFILE_QUERY,
        "title": TITLES[PROFILE_QUERY],
        "status": row.status,
        "tlp": row.tlp,
        "handling": data.get("handling") or ["H0"],
        "handling_condition": data.get("handling_condition"),
        "lane": "science",
        "purpose": "science",
        "recipients": sorted(agencies),
        "profile": data["profile"],
        "contact": checked_contact(contact),
    }
    with transaction.atomic():
        floor = strictest(row.tlp, row.floor)
        draft = create_draft(author, data=no_case() | frame, floor=floor, now=now)
        ProfileQuestion.objects.create(alert=draft, sample=row, created_at=now)
        record_event(
            "profile.asked", actor=author.audit_name, agency=agency.pk, subject=str(draft.pk), now=now
        )
    return find_alert(author, draft.pk)


def leads_of(
    officer: Officer,
    document: Mapping[str, Any],
    row: Alert | ReceivedAlert,
    *,
    own_only: bool,
    now: datetime,
) -> Leads:
    """Return the agency's samples that match this document's; every comparison is audited.

    `row` is the document's own alert, which is not compared with itself. Raises `ReplyRefusedError` without a profile.
    """
    require(officer, Capability.SCIENCE_READ)
    agency = agency_of(officer)
    query = profile_in(document)
    if query is None:
        raise no_profile()
    with transaction.atomic():
        record_event(
            COMPARED,
            actor=officer.audit_name,
            agency=agency.pk,
            subject=row.md or str(row.pk),
            detail={"own": own_only},
            now=now,
        )
    return compare_with_held(officer, query, own_only=own_only, leave_out=row)


def read_own(officer: Officer, alert: Alert, *, now: datetime) -> dict[str, Any]:
    """Return the document of an own sent alert that was found for this officer. Raises `ReplyRefusedError` without a profile.

    Reading a question is audited here; a sample is read to be compared, which `leads_of` audits.
    """
    require(officer, Capability.ALERT_READ)
    if alert.state not in SENT:
        raise AbsentError
    document = sent_document(alert, read_revision(alert))
    if not document.get("profile"):
        raise no_profile()
    if document.get("alert_type") == PROFILE_QUERY:
        _record_reading(officer, alert, now)
    return document


@transaction.atomic
def _record_reading(officer: Officer, alert: Alert, now: datetime) -> None:
    record_event(
        "alert.opened",
        actor=officer.audit_name,
        agency=alert.agency_id,
        subject=alert.md,
        reason=OWN_ALERT,
        now=now,
    )


def start_answer(author: Officer, opened: Opened, *, sample: Alert, contact: str, now: datetime) -> Alert:
    """Draft an answer to a question: score, rates, verdict and contact, and nothing of the sample's case.

    Compares again. Raises `ReplyRefusedError` where the sample does not match: a near miss is never disclosed.
    """
    check_is_question(opened)
    own = find_alert(author, sample.pk)
    leads = leads_of(author, opened.view.document, opened.received, own_only=True, now=now)
    lead = next((lead for lead in leads.rows if lead.alert is not None and lead.alert.pk == own.pk), None)
    query = profile_in(opened.view.document)
    if lead is None or query is None:
        raise ReplyRefusedError("nothing", _("This sample is not alike enough: there is nothing to answer."))
    data = {"contact": checked_contact(contact, required=True)}
    found = {"comparison": comparison_member(lead.comparison, query)}
    return start_reply(
        author, opened, alert_type=PROFILE_ANSWER, data=data, computed=found, sample=own, now=now
    )


def start_details(
    author: Officer, opened: Opened, *, told: Collection[str] = (), contact: str = "", now: datetime
) -> Alert:
    """Draft the consent to exchange case details; the fields chosen from `TOLD` go with it once the other side agreed too.

    Raises `ReplyRefusedError` where nothing was answered yet, and where details are chosen too early.
    """
    if opened.source.alert_type not in (PROFILE_ANSWER, PROFILE_DETAILS):
        raise ReplyRefusedError("kind", _("Case details are told after an answer about a profile."))
    agency_id = author.agency_id or ""
    if is_question_withdrawn(agency_id, opened.source.md, now=now):
        raise ReplyRefusedError("withdrawn", _("The question was withdrawn: nothing more is told."))
    if told and not has_agreed(agency_id, opened.source.md, now=now):
        raise ReplyRefusedError(
            "early", _("The other side has not agreed yet: agree first, tell afterwards.")
        )
    sample = sample_of(author, opened.received)
    data: dict[str, Any] = {"contact": checked_contact(contact)}
    if told and sample is not None:
        data |= _chosen(read_revision(sample).data, told)
    return start_reply(author, opened, alert_type=PROFILE_DETAILS, data=data, sample=sample, now=now)


def check_is_question(opened: Opened) -> None:
    """Raise `ReplyRefusedError` for anything but a question about a profile."""
    if opened.source.alert_type != PROFILE_QUERY:
        raise ReplyRefusedError("kind", _("This is no question about a profile."))


def no_profile() -> ReplyRefusedError:
    """Return the error for an alert without a profile, or with an unreadable one."""
    return ReplyRefusedError("nothing", _("This alert has no profile: there is nothing to compare."))


def checked_contact(contact: str, *, required: bool = False) -> str | None:
    text = " ".join(contact.split())
    if len(text) > CONTACT_CHARS or not text.isprintable() or (required and not text):
        raise InputError("contact", _("Contact: use 1 to 200 characters on one line."))
    return text or None


def _chosen(data: Mapping[str, Any], told: Collection[str]) -> dict[str, Any]:
    names = [name for word, names in TOLD.items() if word in told for name in names]
    return {name: data[name] for name in names if data.get(name) not in EMPTY}


def _require_known_method(data: Mapping[str, Any]) -> None:
    from substances.profiles.methods import require_method

    profile = profile_in(data)
    if profile is None:
        raise no_profile()
    with science_errors():
        require_method(profile)
