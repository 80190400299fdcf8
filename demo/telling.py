# SPDX-License-Identifier: Apache-2.0
"""Telling of the stories: each alert is noted in the diary with what became of it, and played through the services."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from accord.client.answering import Answer
from alerts.models import Alert
from alerts.sending.withdrawal import confirm_withdrawal, withdraw_alert
from demo.acts import (
    ON_DUTY,
    World,
    acknowledge,
    answer,
    open_received,
    received_by,
    send,
    send_with_own_keys,
    write_draft,
)
from demo.stories import DATA, Answered, Story, Told
from demo.world import AGENCIES, agency_of
from science.law.adopting import adopt_rules
from science.law.published import open_own_published, open_published
from science.law.reevaluating import reevaluate_structures

RELEASERS: Final = {"ilka": "benno", "aroha": "dele", "nourin": "haitham"}


def note_stories(world: World, stories: Sequence[Story]) -> None:
    """Note every alert of the stories in the diary."""
    for story in stories:
        for told in story.alerts:
            world.diary.note(world.moment(told.day, told.hour), partial(_tell, world, told))


def _tell(world: World, told: Told) -> None:
    """Send the alert, then note what its recipients and its sender did later."""
    md = _send(world, told)
    sent, diary = world.past.now, world.diary
    for agency, minutes in told.read.items():
        reader = _on_duty(agency, told.day)
        diary.note(sent + timedelta(minutes=minutes), partial(acknowledge, world, reader, md))
    for agency, minutes in told.opened.items():
        reader = _on_duty(agency, told.day)
        diary.note(sent + timedelta(minutes=minutes), partial(open_received, world, reader, md))
    for answered in told.answers:
        moment = world.moment(answered.day, answered.hour)
        diary.note(moment, partial(_answer, world, told, md, answered))
    for login in told.adopted_by:
        diary.note(sent + timedelta(hours=3), partial(_adopt, world, login, md))
    if told.withdrawn is not None:
        diary.note(world.moment(told.withdrawn.day, 14), partial(_withdraw, world, told, md))


def _send(world: World, told: Told) -> str:
    files = [(told.file, _attached(world, told))] if told.file else []
    fields = dict(told.fields)
    if told.in_force:
        where = {"jurisdiction": fields["place_country"], "effective": world.day(told.in_force)}
        fields["proposed_rule"] = where | {"file": told.file or None}
    if told.by in RELEASERS:
        return send(world, told.by, RELEASERS[told.by], write_draft(world, told.by, fields, files))
    agency = agency_of(told.by)
    return send_with_own_keys(world, agency.id, fields, suite=agency.suites[0], files=files)


def _attached(world: World, told: Told) -> bytes:
    text = (DATA / told.file).read_text(encoding="utf-8")
    return (text.replace("EFFECTIVE", world.day(told.in_force)) if told.in_force else text).encode()


def _answer(world: World, told: Told, md: str, answered: Answered) -> None:
    """Answer the question, and note that its sender acknowledges the answer three hours later."""
    expected = None if answered.expected is None else world.day(answered.expected)
    said = Answer(answered.code, expected=expected, text=answered.text)
    answer_md = answer(world, answered.by, RELEASERS.get(answered.by, ""), md, said)
    reader = _on_duty(agency_of(told.by).id, answered.day)
    world.diary.note(world.past.now + timedelta(hours=3), partial(acknowledge, world, reader, answer_md))


def _withdraw(world: World, told: Told, md: str) -> None:
    assert told.withdrawn is not None
    releaser = world.people[RELEASERS[told.by]]
    withdraw_alert(releaser, Alert.objects.get(md=md), code=told.withdrawn.code, now=world.past.now)
    world.past.carry()
    for agency in told.withdrawn.confirmed:
        world.later(40)
        officer = world.people[_on_duty(agency, told.day)]
        confirm_withdrawal(officer, received_by(officer, md), now=world.past.now)


def _adopt(world: World, login: str, md: str) -> None:
    """Follow the rule that came or went with the alert, as the desk-worker had judged what is stored, and judges it anew."""
    officer, now = world.people[login], world.past.now
    _judge(world)
    own = Alert.objects.filter(agency=officer.agency_id, md=md).first()
    if own is not None:
        published = open_own_published(officer, own, now=now)
    else:
        received = received_by(officer, md)
        published = open_published(officer, received, reason=ON_DUTY.value, reference="", now=now)
    adopt_rules(officer, published, now=now)
    _judge(world)


def _judge(world: World) -> None:
    while reevaluate_structures(now=world.past.now):
        pass


def _on_duty(agency_id: str, day: int) -> str:
    """Return who reads for an agency on a day: those on its duty list take turns."""
    agency = next(agency for agency in AGENCIES if agency.id == agency_id)
    duty = [officer.login for officer in agency.officers if officer.duty is not None]
    return duty[day % len(duty)]
