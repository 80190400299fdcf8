# SPDX-License-Identifier: Apache-2.0
"""Preview of who will receive an alert: asked of the exchange, stored at validation, compared at release."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.calls.answers import PreviewAnswer
from accord.envelope.encoding import b64u, canonical
from accord.envelope.keys import PQ1
from alerts.access import agency_of, today_of
from alerts.document.check import check_document
from alerts.document.circumstances import StructureSeen
from alerts.document.defaults import new_fields
from alerts.document.fields import FIELDS
from alerts.document.findings import Findings, Question
from alerts.document.rules import Circumstances
from alerts.document.structures import seen_structure
from alerts.document.validators import is_acceptable
from alerts.document.values import read_values
from alerts.drafting.drafts import read_draft
from alerts.drafting.registry import problems_of
from alerts.drafting.revisions import DraftContent
from alerts.errors import ExchangeAwayError, SendingStoppedError
from alerts.models import Alert
from alerts.peers.agreements import ensure_agreements_asked
from alerts.peers.withheld_recipients import LANE_SUSPENDED, hold_back, with_keys_failed
from alerts.replies.rules import keep_to_source, keep_to_version
from alerts.review.reply_readers import keep_to_reply_readers
from alerts.review.tlp_ceiling import keep_red_apart, keep_to_ceiling, keep_to_floor
from alerts.review.verdicts import RecipientVerdict, ask_previews, keep_answers, last_answers, verdicts_of
from callers.actors import Actor
from callers.directory import Custody
from officers.models import Officer
from peers.agreements import kept_agreements
from vault.red import takes_red

SUITE: Final = PQ1
TERMS: Final = ("lane", "purpose", "tlp", "pri", "status")
COMPARED: Final = ("agency", "will", "code", "agreement", "lane", "ceiling", "custody", "suite")
"""Columns that are compared; sentences are left out, since they change with the reader's language."""


@dataclass(frozen=True)
class Preview:
    """Preview: one row per chosen agency, by name. `digest` is what a page carries and a release compares.

    `as_of`: time of the answer, if the exchange could not be asked now; None for an answer of now. `from_exchange` holds the question
    and the exchange's answers.
    """

    rows: tuple[RecipientVerdict, ...] = ()
    as_of: datetime | None = None
    from_exchange: "PreviewAnswers | None" = field(default=None, repr=False, compare=False)

    @property
    def will(self) -> tuple[RecipientVerdict, ...]:
        return tuple(row for row in self.rows if row.will)

    @property
    def wont(self) -> tuple[RecipientVerdict, ...]:
        return tuple(row for row in self.rows if not row.will)

    @property
    def reachable(self) -> tuple[str, ...]:
        """Ids of the agencies that will receive it, sorted."""
        return tuple(sorted(row.agency for row in self.will))

    @property
    def held(self) -> str:
        """Words on why nobody receives it now, where nothing but a suspended lane is the reason; else empty."""
        is_held = bool(self.rows) and all(row.code == LANE_SUSPENDED for row in self.rows)
        return " ".join(row.text for row in self.rows) if is_held else ""

    @property
    def digest(self) -> str:
        return digest_of_rows(row.as_json() for row in self.rows)

    def as_json(self) -> list[dict[str, str | bool]]:
        return [row.as_json() for row in self.rows]

    def held_again(self) -> "Preview":
        """Return the exchange's same answers with the agency's present pins and suspensions applied; asks nobody."""
        return self if self.from_exchange is None else replace(self, rows=self.from_exchange.rows())

    def among(self, chosen: Collection[str]) -> "Preview":
        """Return the preview with the rows of these agencies alone."""
        return Preview(tuple(row for row in self.rows if row.agency in chosen), self.as_of)


@dataclass(frozen=True)
class PreviewAnswers:
    """Question to the exchange for a preview, and its answers."""

    issuer: str
    terms: Mapping[str, str]
    answers: Sequence[PreviewAnswer]

    def rows(self) -> tuple[RecipientVerdict, ...]:
        """Return the verdicts, with recipients denied whom the agency itself holds back."""
        verdicts = verdicts_of(self.answers, self.terms)
        return tuple(hold_back(self.issuer, verdicts, pri=self.terms["pri"]))


def digest_of_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the digest of a preview, live or stored, over the deciding columns and not over sentences."""
    compared = sorted([row[name] for name in COMPARED] for row in rows)
    return b64u(hashlib.sha256(canonical({"rows": compared})).digest())


def preview_of(issuer: str, data: Mapping[str, Any], *, now: datetime) -> Preview:
    """Preview a draft's fields; empty until lane, purpose, TLP and a recipient are chosen.

    While the exchange is away, its last answer is used. Not inside a transaction. Raises ExchangeAwayError where there is none.
    """
    chosen = data.get("recipients") or []
    return _preview(issuer, chosen, data, now) if chosen else Preview()


def preview_for_act(issuer: str, data: Mapping[str, Any], *, now: datetime) -> Preview:
    """Preview as `preview_of`, for an act that rests on it; the answers are kept, for an act while the exchange is away."""
    preview = preview_of(issuer, data, now=now)
    if preview.from_exchange is not None and preview.as_of is None:
        keep_answers(issuer, preview.from_exchange.terms, preview.from_exchange.answers, now=now)
    return preview


def _preview(issuer: str, candidates: list[str] | None, data: Mapping[str, Any], now: datetime) -> Preview:
    terms = {name: data.get(name) for name in TERMS}
    if not all(is_acceptable(FIELDS[name], value) for name, value in terms.items()):
        return Preview()
    if candidates is not None and not is_acceptable(FIELDS["recipients"], candidates):
        return Preview()
    said = {"suite": SUITE, **{name: str(value) for name, value in terms.items()}}
    ensure_agreements_asked(issuer, now=now)
    answers, as_of = _answers(issuer, said, candidates, now)
    answered = PreviewAnswers(issuer, said, answers)
    return Preview(answered.rows(), as_of=as_of, from_exchange=answered)


def _answers(
    issuer: str, terms: Mapping[str, str], candidates: Collection[str] | None, now: datetime
) -> tuple[Sequence[PreviewAnswer], datetime | None]:
    """Return the answers of now; if the exchange is away, the last ones about these recipients, with their time."""
    try:
        return ask_previews(issuer, terms, candidates, now=now), None
    except ExchangeAwayError as away:
        last = None
        if candidates is not None and not away.is_answered:
            last = last_answers(issuer, terms, candidates, now=now)
        if last is None:
            raise
        return last


def preview_release(
    officer: Officer, alert: Alert, *, now: datetime, content: DraftContent | None = None
) -> Preview:
    """Preview the alert as it would be sent now. `content` is its revision, if the caller has read it."""
    return preview_of(alert.agency_id, (content or read_draft(officer, alert)).data, now=now)


def shown_preview(alert: Alert, content: DraftContent, *, now: datetime) -> Preview | None:
    """Preview the alert for display; None while the exchange is away and has no earlier answer."""
    try:
        return for_display(alert.agency_id, preview_of(alert.agency_id, content.data, now=now))
    except ExchangeAwayError:
        return None


def preview_recipients_of(officer: Officer, data: Mapping[str, Any], *, now: datetime) -> Preview:
    """Preview fields that are not saved yet, of the officer's own agency."""
    return preview_of(agency_of(officer).pk, data, now=now)


def candidates_for(officer: Officer, data: Mapping[str, Any], *, now: datetime) -> Preview:
    """Preview every other agency of the directory, to choose from."""
    return _preview(agency_of(officer).pk, None, data, now)


def for_display(issuer: str, preview: Preview) -> Preview:
    """Return the preview with a text on each recipient to which a release would be stopped for its keys; the digest is the same."""
    return replace(preview, rows=tuple(with_keys_failed(issuer, preview.rows)))


def circles_for(officer: Officer) -> list[tuple[str, list[str]]]:
    """Return named groups the officer's agency belongs to, each with the ids of its other members."""
    kept = kept_agreements(officer.agency_id or "")
    return [
        (circle.name, sorted(member for member in circle.members if member != officer.agency_id))
        for circle in (kept.circles if kept else ())
    ]


@dataclass(frozen=True)
class Judged:
    """Results of reading the structure and applying the features' rules to revision `number`."""

    number: int
    structure: StructureSeen | None = field(repr=False)
    problems: Mapping[str, str] = field(repr=False)


def judged_of(alert: Alert, content: DraftContent) -> Judged:
    """Read the structure and apply the features' rules.

    May take many seconds, in another process: call it before locking the alert, and compare the number afterwards.
    """
    return Judged(content.number, seen_structure(content.data), problems_of(alert, content))


def findings_of(
    actor: Actor,
    alert: Alert,
    content: DraftContent,
    preview: Preview | None,
    *,
    judged: Judged | None = None,
    now: datetime,
) -> Findings:
    """Return every finding over a revision, with today's date and the recipients by `preview`; None: nobody was asked.

    What a suspended lane alone keeps from all its recipients is judged as if nobody had been asked: it is submitted, and waits
    (`require_not_held`).
    `judged` is the result for this text from before the alert was locked; without it, it is computed now.
    """
    judged = judged or judged_of(alert, content)
    known = Circumstances(
        today_of(actor, now),
        None if preview is None or preview.held else preview.reachable,
        custody=custody_of(alert.agency_id),
        now=now,
        structure=judged.structure,
        files=[note.filename for note in content.attachments],
        problems=judged.problems,
    )
    found = keep_to_ceiling(actor, content.data, check_document(content.data, known=known, kept=content.kept))
    found = keep_red_apart(alert, content.data, found)
    found = keep_to_reply_readers(alert, content.data, found)
    found = keep_to_version(alert, content.data, found)
    return keep_to_floor(alert, content.data, keep_to_source(alert, content, found, now=now))


def why_held(preview: Preview | None) -> str:
    """Say why an alert waits for a suspended lane to open, and how it goes out then; empty where it does not."""
    if preview is None or not preview.held:
        return ""
    text = _("Held by suspension: %(why)s It waits here. Send it once the lane is open again.")
    return text % {"why": preview.held}


def require_not_held(preview: Preview) -> None:
    """Raise SendingStoppedError for what waits for a suspended lane to open."""
    if text := why_held(preview):
        raise SendingStoppedError(text)


def custody_of(agency_id: str) -> str:
    """Return the holder of the keys by which a draft of this agency is judged: the agency, at its own desk, or the hub."""
    return (Custody.AGENCY if takes_red(agency_id) else Custody.HUB).value


def fields_of_draft(actor: Actor, data: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Return all fields of the draft that `data` would make, with the defaults of its kind; raises InputError."""
    return new_fields(read_values(data), today=today_of(actor, now))


def check_fields(
    actor: Actor, data: Mapping[str, Any], *, kept: Iterable[str] = (), now: datetime
) -> Findings:
    """Return the findings over the draft that `data` would make; raises InputError for what no draft could hold."""
    own, values = agency_of(actor), fields_of_draft(actor, data, now=now)
    preview, structure = preview_of(own.pk, values, now=now), seen_structure(values)
    known = Circumstances(
        today_of(actor, now), preview.reachable, custody=custody_of(own.pk), now=now, structure=structure
    )
    return check_document(values, known=known, kept=kept)


def check_written(actor: Actor, alert: Alert, content: DraftContent, *, now: datetime) -> Findings:
    """Return every finding over a revision that a system wrote; recipients as far as the exchange can be asked."""
    return findings_of(actor, alert, content, shown_preview(alert, content, now=now), now=now)


def questions_of(officer: Officer, content: DraftContent, *, now: datetime) -> tuple[Question, ...]:
    """Return the questions for a revision's author; they do not depend on the agency's policy."""
    known = Circumstances(today_of(officer, now), now=now, structure=seen_structure(content.data))
    return check_document(content.data, known=known, kept=content.kept).questions


def check_draft(officer: Officer, alert: Alert, *, now: datetime) -> Findings:
    """Return the findings for an author before submitting; recipients as far as the exchange can be asked."""
    content = read_draft(officer, alert)
    return findings_of(officer, alert, content, shown_preview(alert, content, now=now), now=now)
