# SPDX-License-Identifier: Apache-2.0
"""State of a sent alert at each agency that received any version of it, and of its withdrawal."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.boxes.state_words import delivery_text
from alerts.models import Alert
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.suspensions import AnswerClock
from alerts.receiving.signature_state import signature_facts_of
from alerts.receiving.verification import answer_doubt_text
from alerts.replies.answers import AnswerGiven, AskedBack
from alerts.sending.amendment import versions_seen
from alerts.sending.sent_signatures import Answer, answers_of, sent_of
from officers.models import Officer
from peers.models import Agency, HeldStatement
from peers.sent import DeliveryFact, Sent


@dataclass(frozen=True)
class Receipt:
    """State at one agency; the facts are those of the newest version that was sent to it, `version` its number."""

    agency: str
    name: str
    version: int
    fact: DeliveryFact
    text: str
    doubt: str = ""
    zone: str = "UTC"
    phone: str = ""
    answer: AnswerGiven | None = None
    """Its newest answer, if the alert asks for one."""
    asked_back: AskedBack | None = None
    clock: AnswerClock | None = None
    """Clock of its answer, if the alert asks for one."""
    for_attention: bool = False
    """The question is for its attention, and it owes no answer."""

    @property
    def answer_by(self) -> datetime | None:
        """Time by which its answer is due: as it was signed, and later by suspensions that are over."""
        return self.clock.due if self.clock else None

    @property
    def frozen_since(self) -> datetime | None:
        """Moment since which a suspension stops the clock of its answer; None while that runs."""
        return self.clock.frozen_since if self.clock else None

    @property
    def suspended_since(self) -> datetime | None:
        """Moment since which a suspension holds its answer back, whether its clock runs or not."""
        return self.clock.suspended_since if self.clock else None

    @property
    def stopped_by(self) -> tuple[str, ...]:
        """Those of the two agencies that suspend the lane, where that holds its answer back."""
        return self.clock.stopped_by if self.clock else ()

    @property
    def is_confirmed(self) -> bool:
        return self.fact.recall_confirmed_at is not None


@dataclass(frozen=True)
class Receipts:
    """States of one alert: first agencies with the newest version, then those with an older one only."""

    rows: tuple[Receipt, ...]
    newest: Alert
    terms: Sent
    """Terms of the version that was asked about: when its answer is due, and when it expires."""
    withdrawal_logged: bool = False
    """True once the withdrawal is in the feeds of all agencies with any version."""

    @property
    def current(self) -> tuple[Receipt, ...]:
        return tuple(row for row in self.rows if row.version == self.newest.version)

    @property
    def earlier(self) -> tuple[Receipt, ...]:
        return tuple(row for row in self.rows if row.version != self.newest.version)

    @property
    def unconfirmed(self) -> tuple[Receipt, ...]:
        return tuple(row for row in self.rows if row.fact.recalled_at and not row.is_confirmed)

    @property
    def confirmed(self) -> int:
        return sum(row.is_confirmed for row in self.rows)

    @property
    def asked(self) -> tuple[Receipt, ...]:
        """Agencies with the newest version that owe an answer."""
        return tuple(row for row in self.current if not row.for_attention)

    @property
    def answered(self) -> int:
        return sum(row.answer is not None and row.answer.is_final for row in self.asked)

    def with_answers(
        self,
        answers: Mapping[str, AnswerGiven],
        back: Mapping[str, AskedBack],
        clocks: Mapping[str, AnswerClock],
        for_attention: Collection[str] = (),
    ) -> "Receipts":
        """Return the same with what each agency has answered and asked back and its clock, by its id, and which owe no answer."""
        rows = (
            replace(
                row,
                answer=answers.get(row.agency),
                asked_back=back.get(row.agency),
                for_attention=row.agency in for_attention,
                clock=clocks.get(row.agency),
            )
            for row in self.rows
        )
        return replace(self, rows=tuple(rows))

    @property
    def reminded_at(self) -> datetime | None:
        return self.newest.reminded_at


def read_receipts(
    officer: Officer, alert: Alert, *, peers: VerifiedDirectory | None = None, now: datetime
) -> Receipts:
    """Read the states for the whole alert, whichever version is asked about.

    The newest version is the newest that the officer may see.
    """
    versions = versions_seen(officer, alert)
    newest = versions[0]
    sent = sent_of(officer, {alert.md, *(version.md for version in versions)})
    answers = answers_of(officer, sent, with_mail=True, peers=peers, now=now)
    held = _newest_held(versions, answers)
    known = Agency.objects.in_bulk(held)
    terms = sent[alert.md]
    rows = [
        _receipt(known[agency], version, answer, terms.ack_by, now)
        for agency, (version, answer) in held.items()
    ]
    ordered = tuple(sorted(rows, key=lambda row: (-row.version, row.name)))
    return Receipts(ordered, newest, terms, withdrawal_logged=_is_withdrawal_logged(versions))


def recipients_of(
    officer: Officer, version: Alert, receipts: Receipts, *, due: datetime | None, now: datetime
) -> tuple[Receipt, ...]:
    """Return the states of this version alone, by agency."""
    if version.version == receipts.newest.version:
        return receipts.current
    answers = answers_of(officer, sent_of(officer, [version.md]), with_mail=True, now=now)[version.md]
    known = Agency.objects.in_bulk([fact.recipient for fact, _ in answers])
    rows = [
        _receipt(known[fact.recipient], version.version, (fact, worth), due, now) for fact, worth in answers
    ]
    return tuple(sorted(rows, key=lambda row: row.name))


def _is_withdrawal_logged(versions: Sequence[Alert]) -> bool:
    """Tell whether the withdrawal of every version is logged; then it has its number in the feeds."""
    withdrawn = [version for version in versions if version.withdrawn_at is not None]
    if not withdrawn:
        return False
    said = HeldStatement.objects.issued_by(withdrawn[0].agency_id).filter(
        k="retract", sub_d__in=[version.md for version in withdrawn], log_time__isnull=False
    )
    return said.values("sub_d").distinct().count() == len(withdrawn)


def _newest_held(
    versions: Sequence[Alert], answers: Mapping[str, Sequence[Answer]]
) -> dict[str, tuple[int, Answer]]:
    """Return, by agency, the newest version that was sent to it.

    A withdrawal counts as confirmed once every version of it is confirmed.
    """
    held: dict[str, tuple[int, Answer]] = {}
    for version in versions:
        for fact, worth in answers.get(version.md, ()):
            if fact.recipient not in held:
                held[fact.recipient] = (version.version, (fact, worth))
            elif fact.recalled_at is not None and fact.recall_confirmed_at is None:
                number, (newest, newest_worth) = held[fact.recipient]
                held[fact.recipient] = (number, (replace(newest, recall_confirmed_at=None), newest_worth))
    return held


def _receipt(
    agency: Agency,
    version: int,
    answer: Answer,
    due: datetime | None,
    now: datetime,
) -> Receipt:
    (fact, worth), name = answer, agency.name
    doubt = answer_doubt_text(signature_facts_of(worth, name), name) if worth is not None else ""
    text = delivery_text(fact, due, now)
    return Receipt(agency.pk, name, version, fact, text, doubt, agency.timezone, agency.duty_phone)
