# SPDX-License-Identifier: Apache-2.0
"""Acts of officers in the past: write, submit, send, open, acknowledge and answer, at a desk or with an agency's own keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accord.client.answering import Answer
from accord.client.client import Client
from accord.client.outgoing import AlertToSend
from accord.envelope.content import Attachment, NamedOfficer
from alerts.document.building import build_document, build_terms
from alerts.document.check import check_document
from alerts.document.defaults import defaults_for
from alerts.document.rules import Circumstances
from alerts.document.values import read_values
from alerts.drafting.drafts import attach_file, create_draft
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import OpeningReason, open_alert
from alerts.replies.beginning import open_to_answer, start_reply
from alerts.review.preview import check_draft
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from demo.diary import Diary
from demo.founding import Founders
from demo.past import Past
from demo.people import People
from demo.world import agency_of
from officers.models import Officer

ON_DUTY = OpeningReason.ON_DUTY
Files = Sequence[tuple[str, bytes]]
"""Names and octets of attached files."""


@dataclass(frozen=True)
class World:
    """The actors of the past, the present moment of the story, and the diary of what is still to come."""

    past: Past
    people: People
    founders: Founders
    today: datetime
    diary: Diary

    def moment(self, day: int, hours: float = 9) -> datetime:
        """Return so many hours after midnight (UTC) of a day relative to today, but nothing later than now."""
        midnight = self.today.replace(hour=0, minute=0, second=0, microsecond=0)
        return min(midnight + timedelta(days=day, hours=hours), self.today)

    def day(self, day: int) -> str:
        """Return a day relative to today, as a form holds it."""
        return (self.today + timedelta(days=day)).date().isoformat()

    def later(self, minutes: float) -> None:
        self.past.move_to(self.past.now + timedelta(minutes=minutes))

    def client_of(self, login: str) -> Client:
        """Return the system of the agency whose officer has this login."""
        return self.founders.clients[agency_of(login).id]


def write_draft(world: World, author: str, fields: Mapping[str, Any], files: Files = ()) -> Alert:
    dated = {"event_date": yesterday(world), **fields} if "narrative" in fields else dict(fields)
    officer = world.people[author]
    alert = create_draft(officer, data=dated, now=world.past.now)
    for name, octets in files:
        attach_file(officer, alert, base=alert.current, filename=name, data=octets, now=world.past.now)
        alert.refresh_from_db()
    return alert


def yesterday(world: World) -> str:
    return (world.past.now - timedelta(days=1)).date().isoformat()


def submit(world: World, author: str, alert: Alert) -> Alert:
    """Submit a draft whose questions the author has answered with "Keep it"."""
    officer = world.people[author]
    world.later(4)
    findings = check_draft(officer, alert, now=world.past.now)
    if findings.blocks:
        raise ValueError(f"{author}, {world.past.now}: {findings.errors} {findings.open_questions}")
    return submit_alert(officer, alert, revision=alert.current, now=world.past.now)


def send(world: World, author: str, releaser: str, alert: Alert) -> str:
    """Submit a draft and have another officer check and release it; return `md` when it is carried."""
    submitted = submit(world, author, alert)
    second = world.people[releaser]
    world.later(3)
    validate_alert(second, submitted, revision=submitted.current, now=world.past.now)
    released = release_alert(second, submitted, revision=submitted.current, now=world.past.now)
    world.past.carry()
    return released.md


def send_with_own_keys(
    world: World,
    agency: str,
    fields: Mapping[str, Any],
    *,
    suite: str = "PQ1",
    names: tuple[NamedOfficer, ...] = (),
    files: Files = (),
) -> str:
    """Send the same document under the same terms from an agency's own system; return `md`."""
    now = world.past.now
    data = defaults_for(fields["alert_type"], today=now.date()) | {"event_date": yesterday(world)}
    data |= read_values(fields) | {"named_officers": [f"{one.agency} {one.officer}" for one in names]}
    known = Circumstances(now.date(), custody="agency", now=now, files=tuple(name for name, _octets in files))
    found = check_document(data, known=known)
    if found.blocks:
        raise ValueError(f"{fields['title']}: {found.errors} {found.open_questions}")
    terms = vars(build_terms(data, jti="", now=now))
    chosen = {name: value for name, value in terms.items() if name not in {"jti", "iat", "re"}}
    order = AlertToSend(
        alert=build_document(data),
        to=tuple(data["recipients"]),
        suite=suite,
        confirm_ec1=suite == "EC1",
        names=names,
        attachments=tuple(Attachment(name, "application/octet-stream", octets) for name, octets in files),
        **chosen,
    )
    md = world.founders.clients[agency].submit(order).md
    world.past.carry()
    return md


def received_by(officer: Officer, md: str) -> ReceivedAlert:
    return ReceivedAlert.objects.visible_to(officer).get(md=md)


def open_received(world: World, login: str, md: str) -> ReceivedAlert:
    """Open, but not acknowledge, as a hosted agency's officer."""
    officer = world.people[login]
    received = received_by(officer, md)
    open_alert(officer, received, reason=ON_DUTY, now=world.past.now)
    return received


def acknowledge(world: World, login: str, md: str) -> None:
    """Open and acknowledge as an officer, at the desk or with the keys of the officer's own agency."""
    if login in world.people.officers:
        received = open_received(world, login, md)
        acknowledge_alert(world.people[login], received, now=world.past.now)
        return
    client = world.client_of(login)
    named = world.people.public_id(login)
    client.open(md, officer=named)
    client.acknowledge(md, officer=named)


def answer(world: World, login: str, releaser: str, md: str, said: Answer) -> str:
    """Answer a question in the name of the officer's agency; at a desk another officer releases it. Return the answer's `md`."""
    if login not in world.people.officers:
        client = world.client_of(login)
        answered = client.submit(client.answer_order(md, said, officer=world.people.public_id(login)))
        world.past.carry()
        return answered.md
    officer = world.people[login]
    received = received_by(officer, md)
    opened = open_to_answer(officer, received, reason=ON_DUTY.value, now=world.past.now)
    data = {"answer_code": said.code, "narrative": said.text, "expected_at": said.expected}
    draft = start_reply(officer, opened, alert_type="answer", data=data, now=world.past.now)
    return send(world, login, releaser, draft)
