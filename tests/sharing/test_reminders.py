# SPDX-License-Identifier: Apache-2.0
"""An originator reminds recipients that have not answered: by their feeds, in order, once an hour, without any content."""

import pytest

from accord.envelope.seal import SealedEnvelope
from agencies.accession import suspend_agency
from agencies.models import Agency
from callers.errors import AbsentError, ReminderTooSoonError
from ledger.models import AuditEvent
from sharing.errors import IssuerSuspendedError
from sharing.feed import read_feed
from sharing.models import FeedItem, FeedReminder
from sharing.reminders import REMINDED_EVERY, newest_reminder, remind_recipients
from tests.builders import OPERATOR, HeldAgency, Hub
from tests.sharing.callers import Caller, slug
from tests.sharing.conftest import Callers, Four


def reminders(agency: HeldAgency) -> list[FeedItem]:
    return [item for item in read_feed(agency.client).items if item.what == FeedItem.REMINDER]


def remind(hub: Hub, agency: HeldAgency, sealed: SealedEnvelope) -> list[str]:
    remind_recipients(agency.client, sealed.md, now=hub.now)
    hub.sequence()
    return newest_reminder(agency.client, sealed.md).recipients


def test_before_a_withdrawal_those_who_have_not_acknowledged(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, four.charlie)
    hub.fetch(four.bravo, sealed)
    hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    assert remind(hub, four.alpha, sealed) == ["xc-charlie"]
    (item,) = reminders(four.charlie)
    first = read_feed(four.charlie.client).items[0]
    assert (item.number, item.d, item.iss, item.ref) == (2, sealed.md, "xa-alpha", first.ref)
    assert item.item_id not in {first.item_id, sealed.jti}
    assert not reminders(four.bravo) and not FeedReminder.objects.exists()
    event = AuditEvent.objects.get(act="delivery.reminded")
    assert (event.agency, event.subject, event.detail) == (
        "xa-alpha",
        sealed.md,
        {"agencies": ["xc-charlie"]},
    )


def test_after_a_withdrawal_those_who_have_not_confirmed(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, four.charlie)
    hub.fetch(four.bravo, sealed)
    hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    retract = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    hub.sequence()
    hub.submit(four.charlie, hub.confirmation(four.charlie, retract))
    assert remind(hub, four.alpha, sealed) == ["xb-bravo"]
    suspend_agency(OPERATOR, "xa-alpha", now=hub.later(seconds=REMINDED_EVERY.total_seconds()))
    assert remind(hub, four.alpha, sealed) == ["xb-bravo"], "a wrong alert is always called back"
    assert len(reminders(four.bravo)) == 2


def test_once_an_hour_and_not_where_all_have_answered(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    remind(hub, four.alpha, sealed)
    first = hub.now
    with pytest.raises(ReminderTooSoonError) as stop:
        remind_recipients(four.alpha.client, sealed.md, now=hub.later(minutes=59))
    assert stop.value.not_before == first + REMINDED_EVERY
    hub.fetch(four.bravo, sealed)
    hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    remind(hub, four.alpha, sealed)
    hub.later(hours=2)
    remind(hub, four.alpha, sealed)
    assert len(reminders(four.bravo)) == 1


def test_whom_policy_would_not_reach_is_not_asked(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, four.charlie)
    suspend_agency(OPERATOR, "xb-bravo", now=hub.now)
    assert remind(hub, four.alpha, sealed) == ["xc-charlie"]
    suspend_agency(OPERATOR, "xa-alpha", now=hub.later(hours=2))
    remind(hub, four.alpha, sealed)
    assert len(reminders(four.charlie)) == 1


def test_only_its_originator_reminds(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    for agency, md in ((four.bravo, sealed.md), (four.delta, sealed.md), (four.alpha, "A" * 43)):
        with pytest.raises(AbsentError):
            remind_recipients(agency.client, md, now=hub.now)
        with pytest.raises(AbsentError):
            newest_reminder(agency.client, md)
    Agency.objects.filter(pk="xa-alpha").update(status="entering")
    with pytest.raises(IssuerSuspendedError):
        remind_recipients(four.alpha.client, sealed.md, now=hub.now)


def test_over_http_the_same_again_is_answered_alike(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.deliver(four.alpha, four.bravo)
    path = f"envelopes/{sealed.md}/reminders"
    system = Caller(callers.alpha.authorization, {"HTTP_IDEMPOTENCY_KEY": "one"})
    answer = system.post_json(path, {})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["md"], answer.json()["recipients"]) == (sealed.md, ["xb-bravo"])
    assert answer.json()["reminded_at"] < answer.json()["again_at"]
    assert system.post_json(path, {}).json() == answer.json()
    again = callers.alpha.post_json(path, {})
    assert (again.status_code, slug(again)) == (409, "reminder-too-soon")
    assert again.json()["not_before"] == answer.json()["again_at"]
    hub.sequence()
    items = callers.bravo.get("inbox?after=0").json()["items"]
    assert [(item["what"], item["digest"]) for item in items] == [
        ("envelope", sealed.md),
        ("reminder", sealed.md),
    ]
