# SPDX-License-Identifier: Apache-2.0
"""Who will receive this: asked of the code that sends, stored when validated, compared when released."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from accord.envelope.encoding import b64u, canonical
from accord.envelope.keys import PQ1
from alerts.clearance import keep_to_ceiling, keep_to_floor
from alerts.document.check import check_document
from alerts.document.circumstances import StructureSeen
from alerts.document.defaults import defaults_for
from alerts.document.fields import FIELDS
from alerts.document.findings import Findings, Question
from alerts.document.rules import Circumstances
from alerts.document.shapes import is_acceptable
from alerts.document.values import read_values
from alerts.drafts import read_draft
from alerts.finding import hosted_agency_of, today_of
from alerts.models import Alert
from alerts.peers.holding import hold_unknown
from alerts.revisions import DraftContent
from alerts.science.composing import rule_problem
from alerts.science.intake import seen_structure
from alerts.science.replies.bounds import keep_to_source
from callers.actors import Actor
from callers.errors import AbsentError
from officers.models import Officer
from sharing.models import Circle
from sharing.policy import RecipientVerdict, Terms, preview_recipients

SUITE: Final = PQ1
TERMS: Final = ("lane", "purpose", "tlp", "pri", "status")
COMPARED: Final = ("agency", "will", "code", "agreement", "lane", "ceiling", "custody", "suite")
"""Sentences are left out: they change with the reader's language, what they say does not."""


@dataclass(frozen=True)
class Preview:
    """One row per chosen agency, by name. `digest` is what a page carries and a release compares."""

    rows: tuple[RecipientVerdict, ...] = ()

    @property
    def will(self) -> tuple[RecipientVerdict, ...]:
        return tuple(row for row in self.rows if row.will)

    @property
    def wont(self) -> tuple[RecipientVerdict, ...]:
        return tuple(row for row in self.rows if not row.will)

    @property
    def reachable(self) -> tuple[str, ...]:
        """Ids of those who will receive it, sorted."""
        return tuple(sorted(row.agency for row in self.will))

    @property
    def digest(self) -> str:
        return digest_of_rows(row.as_json() for row in self.rows)

    def as_json(self) -> list[dict[str, str | bool]]:
        return [row.as_json() for row in self.rows]


def digest_of_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """The digest of a preview, live or stored, over what decides and not over sentences."""
    compared = sorted([row[name] for name in COMPARED] for row in rows)
    return b64u(hashlib.sha256(canonical({"rows": compared})).digest())


def preview_of(issuer: str, data: Mapping[str, Any], *, now: datetime) -> Preview:
    """For a draft's fields as they stand; empty until lane, purpose, TLP and a recipient are chosen."""
    chosen = data.get("recipients") or []
    return _preview(issuer, chosen, data, now) if chosen else Preview()


def _preview(issuer: str, candidates: list[str] | None, data: Mapping[str, Any], now: datetime) -> Preview:
    terms = {name: data.get(name) for name in TERMS}
    if not all(is_acceptable(FIELDS[name], value) for name, value in terms.items()):
        return Preview()
    if candidates is not None and not is_acceptable(FIELDS["recipients"], candidates):
        return Preview()
    asked = Terms(suite=SUITE, **{name: str(value) for name, value in terms.items()})
    return Preview(tuple(hold_unknown(issuer, preview_recipients(issuer, candidates, asked, now=now))))


def preview_release(
    officer: Officer, alert: Alert, *, now: datetime, content: DraftContent | None = None
) -> Preview:
    """Who would receive the alert, as it stands, if it were sent now. `content` is what was just read of it."""
    return preview_of(alert.agency_id, (content or read_draft(officer, alert)).data, now=now)


def preview_recipients_of(officer: Officer, data: Mapping[str, Any], *, now: datetime) -> Preview:
    """The same for fields that are not saved yet, of the officer's own agency."""
    if officer.agency_id is None:
        raise AbsentError
    return preview_of(officer.agency_id, data, now=now)


def candidates_for(officer: Officer, data: Mapping[str, Any], *, now: datetime) -> Preview:
    """A row for every agency of the directory, to choose from."""
    if officer.agency_id is None:
        raise AbsentError
    return _preview(officer.agency_id, None, data, now)


def circles_for(officer: Officer) -> list[tuple[str, list[str]]]:
    """Named groups the officer's agency belongs to, each with the ids of its other members."""
    circles = Circle.objects.filter(members=officer.agency_id).prefetch_related("members").order_by("name")
    return [
        (circle.name, sorted(member.pk for member in circle.members.all() if member.pk != officer.agency_id))
        for circle in circles
    ]


@dataclass(frozen=True)
class Judged:
    """What reading the structure and the attached rules of revision `number` gave."""

    number: int
    structure: StructureSeen | None = field(repr=False)
    rule_problem: str = field(repr=False)


def judged_of(alert: Alert, content: DraftContent) -> Judged:
    """May take many seconds, in another process: whoever locks the alert asks before, and compares the number after."""
    return Judged(content.number, seen_structure(content.data), rule_problem(alert, content))


def findings_of(
    actor: Actor,
    alert: Alert,
    content: DraftContent,
    preview: Preview,
    *,
    judged: Judged | None = None,
    now: datetime,
) -> Findings:
    """Every finding over a revision, with today's date and the policy that `preview` asked.

    `judged` is what was asked of this text before the alert was locked; without it, it is asked now.
    """
    judged = judged or judged_of(alert, content)
    known = Circumstances(
        today_of(actor, now),
        preview.reachable,
        alert.agency.custody,
        now,
        judged.structure,
        files=[note.filename for note in content.attachments],
        rule_problem=judged.rule_problem,
    )
    found = keep_to_ceiling(actor, content.data, check_document(content.data, known=known, kept=content.kept))
    return keep_to_floor(alert, content.data, keep_to_source(alert, content, found, now=now))


def fields_of_draft(actor: Actor, data: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """All fields of the draft that `data` would make, with the defaults of its kind; raises InputError."""
    values = read_values(data)
    return defaults_for(values.get("alert_type"), today=today_of(actor, now)) | values


def check_fields(
    actor: Actor, data: Mapping[str, Any], *, kept: Iterable[str] = (), now: datetime
) -> Findings:
    """The findings over the draft that `data` would make; raises InputError for what no draft could hold."""
    agency = hosted_agency_of(actor, command="accord submit")
    values = fields_of_draft(actor, data, now=now)
    preview = preview_of(agency.pk, values, now=now)
    structure = seen_structure(values)
    known = Circumstances(today_of(actor, now), preview.reachable, agency.custody, now, structure)
    return check_document(values, known=known, kept=kept)


def check_written(actor: Actor, alert: Alert, content: DraftContent, *, now: datetime) -> Findings:
    """Every finding over a revision that a system wrote, with the policy as it stands now."""
    preview = preview_of(alert.agency_id, content.data, now=now)
    return findings_of(actor, alert, content, preview, now=now)


def check_content(
    officer: Officer,
    alert: Alert,
    content: DraftContent,
    *,
    judged: Iterable[RecipientVerdict] | None = None,
    now: datetime,
) -> Findings:
    """As `check_draft`, of a revision that is open already. `judged` saves asking the policy a second time."""
    if judged is None:
        preview = preview_of(alert.agency_id, content.data, now=now)
    else:
        chosen = content.data.get("recipients") or ()
        preview = Preview(tuple(row for row in judged if row.agency in chosen))
    return findings_of(officer, alert, content, preview, now=now)


def questions_of(officer: Officer, content: DraftContent, *, now: datetime) -> tuple[Question, ...]:
    """What is asked of a revision's author; no policy has a say in that."""
    known = Circumstances(today_of(officer, now), now=now, structure=seen_structure(content.data))
    return check_document(content.data, known=known, kept=content.kept).questions


def check_draft(officer: Officer, alert: Alert, *, now: datetime) -> Findings:
    """The findings an author sees at each step and before submitting."""
    return check_content(officer, alert, read_draft(officer, alert), now=now)
