# SPDX-License-Identifier: Apache-2.0
"""Starting points for new drafts: templates an agency keeps, and copies of what it sent or received.

A copy is a draft like any other. Nothing of the old alert's life is copied but its marking, which is the loosest that the
copy may have. Days are set anew; files and answers to questions are not copied, nor is what a sender has reserved.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.access import agency_of, find_alert
from alerts.document.characters import hidden_characters
from alerts.document.display import choice_text
from alerts.document.fields import FIELDS
from alerts.document.kinds import PROFILE_QUERY, REPLIES
from alerts.drafting.drafts import create_draft, read_draft
from alerts.drafting.revisions import read_revision
from alerts.errors import CopyRefusedError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import open_alert
from alerts.red_readers import is_red
from alerts.rows.saved import DraftTemplate
from alerts.states import AlertState
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.markings import strictest
from callers.rows import one_of
from ledger.audit import record_event
from officers.models import Officer
from vault.sealed_store import REVISION, SealedStore, as_json

TEMPLATES: Final = SealedStore[dict[str, Any]]("drafttemplate", as_json, json.loads)
NAME_AT_MOST: Final = 80
TEMPLATES_AT_MOST: Final = 200
LEFT_BEHIND: Final = frozenset(
    {"event_date", "expiry", "review_date", "review_reason", "due_at", "due_reason", "question_change"}
)
OWN_FIELDS: Final = LEFT_BEHIND | {
    *("exhibit_no", "source_grade", "info_grade", "handling", "handling_condition"),
    *("recipients", "recipient_reasons", "for_attention", "named_officers", "reply_to"),
    *("lane", "purpose", "pri"),
}
"""Fields that a copy of a received alert leaves empty: the agency's own numbers, gradings, choices."""

COPIED_STATES: Final = frozenset({AlertState.RELEASED, AlertState.WITHDRAWN, AlertState.DRAFT})


@dataclass(frozen=True)
class TemplateShown:
    """Template as the page of new alerts lists it."""

    id: uuid.UUID
    name: str
    kind_text: str
    created_by: str
    created_at: datetime


# --- templates ----------------------------------------------------------------------------------------------


@transaction.atomic
def create_template(author: Officer, alert: Alert, *, name: str, now: datetime) -> DraftTemplate:
    """Keep the fields of a draft under a name of 1 to 80 characters. Raises `InputError` on `name`."""
    require(author, Capability.ALERT_WRITE)
    agency = agency_of(author)
    row = find_alert(author, alert.pk)
    if is_red(row.tlp, row.floor):
        raise InputError(
            "name", _("Name: RED is not kept as a template, which every author of your agency could read.")
        )
    data = read_draft(author, row).data
    _refuse_reply(data)
    content = {"name": _checked_name(name), "data": _without(data, LEFT_BEHIND)}
    if DraftTemplate.objects.filter(agency=agency).count() >= TEMPLATES_AT_MOST:
        raise InputError("name", _("Name: your agency keeps 200 templates; delete one first."))
    template = DraftTemplate(
        agency=agency, tlp=strictest(row.tlp, row.floor), created_by=author, created_at=now
    )
    template.sealed = TEMPLATES.seal(agency.pk, template.pk, content)
    template.save(force_insert=True)
    _record("template.created", author, str(template.pk), now)
    return template


def list_templates(officer: Officer) -> list[TemplateShown]:
    """Return the agency's templates by name."""
    require(officer, Capability.ALERT_WRITE)
    rows = list(DraftTemplate.objects.visible_to(officer).select_related("created_by"))
    sealed = [(row.pk, REVISION, row.sealed) for row in rows]
    opened = TEMPLATES.open_many(officer.agency_id or "", sealed, closed=())
    shown = [_shown(row, content) for row, content in zip(rows, opened, strict=True) if content]
    return sorted(shown, key=lambda template: (template.name.casefold(), template.id))


def find_template(officer: Officer, template_id: uuid.UUID) -> DraftTemplate:
    """Return a template of the officer's own agency; raises `AbsentError`."""
    row = one_of(DraftTemplate.objects.visible_to(officer).filter(pk=template_id))
    if row is None:
        raise AbsentError
    return row


@transaction.atomic
def start_from_template(author: Officer, template: DraftTemplate, *, now: datetime) -> Alert:
    """Create a draft with the template's fields, and the days of a new one."""
    require(author, Capability.ALERT_WRITE)
    row = find_template(author, template.pk)
    content = TEMPLATES.open(row.agency_id, row.pk, row.sealed)
    return create_draft(author, data=_known(content["data"]), floor=row.tlp, now=now)


@transaction.atomic
def delete_template(officer: Officer, template: DraftTemplate, *, now: datetime) -> None:
    """Delete a template; any author of the agency may. Drafts made from it stay."""
    require(officer, Capability.ALERT_WRITE)
    row = one_of(DraftTemplate.objects.visible_to(officer).select_for_update().filter(pk=template.pk))
    if row is None:
        raise AbsentError
    _record("template.deleted", officer, str(row.pk), now)
    row.delete()


# --- copies -------------------------------------------------------------------------------------------------


@transaction.atomic
def copy_alert(author: Officer, alert: Alert, *, now: datetime) -> Alert:
    """Create a draft from an own alert that was sent or withdrawn, or is still a draft."""
    require(author, Capability.ALERT_WRITE)
    row = find_alert(author, alert.pk)
    data = read_revision(row).data
    _refuse_reply(data)
    if row.state not in COPIED_STATES:
        raise CopyRefusedError(_("This alert is being checked. Copy it once it is sent or returned."))
    copy = create_draft(
        author, data=_known(_without(data, LEFT_BEHIND)), floor=strictest(row.tlp, row.floor), now=now
    )
    _record("alert.copied", author, str(row.pk), now)
    return copy


def copy_received(
    author: Officer, received: ReceivedAlert, *, reason: str, reference: str = "", now: datetime
) -> Alert:
    """Create a draft from a received alert, under its sender's TLP. The alert is opened, for the reason given.

    Raises `CopyRefusedError` when the sender has reserved passing on (H2, AMBER and above), and whatever keeps
    the alert closed. Not inside a transaction: the opening is audited on its own.
    """
    require(author, Capability.ALERT_WRITE)
    view = open_alert(author, received, reason=reason, reference=reference, now=now)
    _refuse_reply(view.document)
    if received.withdrawn_at is not None:
        raise CopyRefusedError(_("The sender withdrew this alert: it is not copied."))
    if not _may_pass_on(received, view.document):
        raise CopyRefusedError(_("Not passed on without the sender's permission. Ask the sender first."))
    data = _without(view.document, OWN_FIELDS) | {"tlp": received.tlp, "status": received.status}
    with transaction.atomic():
        copy = create_draft(author, data=_known(data), floor=received.tlp, now=now)
        _record("alert.copied", author, received.reference, now)
    return copy


def _refuse_reply(document: Mapping[str, Any]) -> None:
    if document.get("alert_type") in REPLIES | PROFILE_QUERY:
        raise CopyRefusedError(
            _("A reply and a message on a profile begin at what they are about, not as a copy.")
        )


def _may_pass_on(received: ReceivedAlert, document: Mapping[str, Any]) -> bool:
    return received.tlp in {"GREEN", "CLEAR"} and not {"H2", "H3"} & set(document.get("handling") or ())


def _without(data: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names and value is not None}


def _known(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of this version of the form; an old template may hold others. Names of files are emptied."""
    known = {name: value for name, value in data.items() if name in FIELDS}
    if known.get("evidence"):
        known["evidence"] = [{**row, "file": None} for row in known["evidence"]]
    if known.get("proposed_rule"):
        known["proposed_rule"] = {**known["proposed_rule"], "file": None}
    return known


def _checked_name(name: str) -> str:
    text = name.strip()
    if not 0 < len(text) <= NAME_AT_MOST or hidden_characters(text, lines=False):
        raise InputError("name", _("Name: use 1 to 80 characters on one line."))
    return text


def _shown(row: DraftTemplate, content: Mapping[str, Any]) -> TemplateShown:
    kind = content["data"].get("alert_type")
    by = row.created_by.display_name if isinstance(row.created_by, Officer) else ""
    return TemplateShown(
        row.pk, content["name"], choice_text("alert_type", kind) if kind else "", by, row.created_at
    )


def _record(act: str, officer: Officer, subject: str, now: datetime) -> None:
    record_event(act, actor=officer.audit_name, agency=officer.agency_id or "", subject=subject, now=now)
