# SPDX-License-Identifier: Apache-2.0
"""Many slices at once: each given or refused as it would be alone, in order, bounded, by a constant number of queries."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accord.envelope.content import Attachment
from accord.envelope.errors import TooLargeError
from accord.envelope.seal import SealedEnvelope
from callers.capabilities import Capability
from ledger.models import AuditEvent, Leaf, PendingEntry
from ledger.verification import verify_ledger
from sharing.errors import ContentDeletedError, ExpiredError, FlowSuspendedError, RecalledError
from sharing.models import Delivery, Envelope
from sharing.slices import FULL_BYTES, MOST_SLICES, slice_for, slices_for
from tests.builders import Hub, seconds
from tests.sharing.callers import Answer, Caller, slug
from tests.sharing.conftest import Callers, Four

NOTHING = "A" * 43


def ask(caller: Caller, mds: Any) -> Answer:
    return caller.post_json("slices", {"mds": mds})


def items(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_each_is_given_as_alone_and_in_the_order_asked_for(hub: Hub, four: Four) -> None:
    sealed = [hub.deliver(four.alpha, four.bravo, four.charlie) for _ in range(3)]
    mds = [sealed[place].md for place in (2, 0, 1)]
    answers = slices_for(four.bravo.client, mds, now=hub.now)
    assert [answer.md for answer in answers] == mds
    assert [answer.given for answer in answers] == [
        slice_for(four.bravo.client, md, now=hub.now) for md in mds
    ]
    assert slices_for(four.alpha.client, mds, now=hub.now)[0].given != answers[0].given


def test_the_first_fetch_of_each_is_kept_and_every_one_audited(hub: Hub, four: Four) -> None:
    mds = [hub.deliver(four.alpha, four.bravo, four.charlie).md for _ in range(3)]
    first = hub.later(minutes=3)
    slices_for(four.bravo.client, mds[:2], now=first)
    slices_for(four.bravo.client, mds, now=hub.later(hours=1))
    fetched = Delivery.objects.filter(recipient_id=four.bravo.id).order_by("number")
    assert list(fetched.values_list("state", "fetched_at")) == [
        ("fetched", first),
        ("fetched", first),
        ("fetched", hub.now),
    ]
    events = AuditEvent.objects.filter(act="slice.served").order_by("seq")
    assert [(event.agency, event.actor, event.subject) for event in events] == [
        (four.bravo.id, four.bravo.client.audit_name, md) for md in [*mds[:2], *mds]
    ]
    assert not Delivery.objects.filter(recipient_id=four.charlie.id, fetched_at__isnull=False).exists()


def test_what_is_recorded_of_many_stands_in_the_ledger(hub: Hub, four: Four) -> None:
    mds = [hub.deliver(four.alpha, four.bravo).md for _ in range(3)]
    slices_for(four.bravo.client, mds, now=hub.now)
    assert PendingEntry.objects.count() == 3
    hub.sequence()
    assert not PendingEntry.objects.exists()
    assert verify_ledger([hub.key.verifier]).leaves == Leaf.objects.count()


def test_each_is_refused_for_its_own_reason(hub: Hub, four: Four) -> None:
    soon = {"exp": seconds(hub.now) + 100, "ack_by": None}
    expired, read_before = (hub.deliver(four.alpha, four.bravo, **soon) for _ in range(2))
    withdrawn = hub.deliver(four.alpha, four.bravo)
    suspended = hub.deliver(four.alpha, four.bravo, lane="trade")
    open_still = hub.deliver(four.alpha, four.bravo)
    deleted = hub.deliver(four.alpha, four.bravo, status="exercise", keep=seconds(hub.now) + 200, **soon)
    hub.fetch(four.bravo, read_before)
    hub.submit(four.alpha, hub.retraction(four.alpha, withdrawn))
    hub.suspend(four.bravo, "G1", "trade")
    hub.later(seconds=300)
    mds = [row.md for row in (expired, read_before, withdrawn, suspended, open_still, deleted)]
    kinds = [type(answer.given) for answer in slices_for(four.bravo.client, mds, now=hub.now)]
    assert kinds == [ExpiredError, bytes, RecalledError, FlowSuspendedError, bytes, ContentDeletedError]
    refused = AuditEvent.objects.filter(act="slice.refused").order_by("seq")
    assert [(event.subject, event.reason) for event in refused] == [
        (expired.md, "Expired"),
        (withdrawn.md, "Recalled"),
        (suspended.md, "FlowSuspended"),
        (deleted.md, "ContentDeleted"),
    ]
    untouched = Delivery.objects.filter(envelope_id__in=[expired.md, withdrawn.md, suspended.md, deleted.md])
    assert not untouched.filter(fetched_at__isnull=False).exists()


def test_the_number_of_queries_does_not_depend_on_the_number_of_slices(hub: Hub, four: Four) -> None:
    plain = [hub.deliver(four.alpha, four.bravo).md for _ in range(6)]
    of_others = [hub.deliver(four.charlie, four.bravo).md for _ in range(3)]
    withdrawn = [hub.deliver(four.alpha, four.bravo) for _ in range(3)]
    for sealed in withdrawn:
        hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    recalled = [sealed.md for sealed in withdrawn]
    counts = []
    few = [plain[0], of_others[0], recalled[0]]
    for wanted in (few, [*plain[1:], *of_others[1:], *recalled[1:], NOTHING]):
        with CaptureQueriesContext(connection) as queries:
            slices_for(four.bravo.client, wanted, now=hub.now)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 25, counts


def test_what_does_not_fit_comes_with_the_next_call(hub: Hub, four: Four) -> None:
    mds = [hub.deliver(four.alpha, four.bravo).md for _ in range(4)]
    large = "x" * (FULL_BYTES // 2)
    Envelope.objects.filter(pk__in=mds[1:3]).update(jwe_head=large)
    answers = slices_for(four.bravo.client, mds, now=hub.now)
    assert [answer.md for answer in answers] == mds[:2]
    assert not Delivery.objects.filter(envelope_id__in=mds[2:], fetched_at__isnull=False).exists()


def test_what_alone_is_too_large_is_refused_alone(hub: Hub, four: Four) -> None:
    mds = [hub.deliver(four.alpha, four.bravo).md for _ in range(2)]
    Envelope.objects.filter(pk=mds[0]).update(jwe_head="x" * (FULL_BYTES + 1))
    (answer,) = slices_for(four.bravo.client, mds, now=hub.now)
    assert isinstance(answer.given, TooLargeError)


def test_over_http_a_slice_is_its_own_text(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = [hub.deliver(four.alpha, four.bravo) for _ in range(2)]
    answer = ask(callers.bravo, [row.md for row in sealed])
    assert answer["Content-Type"] == "application/json"
    for item, row in zip(items(answer), sealed, strict=True):
        assert (set(item), item["md"]) == ({"md", "slice"}, row.md)
        assert item["slice"].encode() == callers.bravo.get(f"envelopes/{row.md}").content
        assert json.loads(item["slice"])["receipts"][0]["leaf"]["d"] == row.md


def test_over_http_a_refusal_is_the_problem_of_the_single_door(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    given, held = hub.deliver(four.alpha, four.bravo), hub.deliver(four.alpha, four.bravo, lane="trade")
    hub.suspend(four.bravo, "G1", "trade")
    first, second, third = items(ask(callers.bravo, [held.md, given.md, NOTHING]))
    assert first == {"md": held.md, "problem": callers.bravo.get(f"envelopes/{held.md}").json()}
    assert "slice" in second
    assert third == {"md": NOTHING, "problem": callers.bravo.get(f"envelopes/{NOTHING}").json()}


def test_what_is_for_others_and_what_never_was_answer_alike(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    foreign = hub.deliver(four.alpha, four.bravo)
    there, nowhere = items(ask(callers.delta, [foreign.md, NOTHING]))
    assert there["problem"] == nowhere["problem"]
    assert there["problem"]["status"] == 404
    assert not AuditEvent.objects.filter(act__startswith="slice.").exists()


OTHER_FORMS: list[Any] = [
    [],
    [NOTHING] * (MOST_SLICES + 1),
    [NOTHING, "A" * 42],
    [NOTHING, "A" * 42 + "/"],
    [NOTHING, None],
    [NOTHING, 1],
    [[NOTHING]],
    NOTHING,
    None,
    {NOTHING: NOTHING},
]
UNREADABLE: list[tuple[bytes, str, int, str]] = [
    (b"{", "application/json", 400, "malformed-request"),
    (b'{"mds":[],"mds":[]}', "application/json", 400, "malformed-request"),
    (b"[]", "application/json", 422, "input-refused"),
    (b"mds=" + NOTHING.encode(), "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
]


def test_a_question_of_another_form_is_refused_by_its_field(
    callers: Callers, subtests: pytest.Subtests
) -> None:
    for mds in OTHER_FORMS:
        with subtests.test(str(mds)[:40]):
            answer = ask(callers.bravo, mds)
            assert (answer.status_code, slug(answer), answer.json()["field"]) == (422, "input-refused", "mds")
    for body, media_type, status, problem in UNREADABLE:
        with subtests.test(body.decode()):
            answer = callers.bravo.post_octets("slices", body, media_type)
            assert (answer.status_code, slug(answer)) == (status, problem)


def test_as_many_as_are_allowed_may_be_asked_for_and_twice(callers: Callers) -> None:
    sealed = callers.hub.deliver(callers.four.alpha, callers.four.bravo)
    found = items(ask(callers.bravo, [sealed.md, *[NOTHING] * (MOST_SLICES - 2), sealed.md]))
    assert len(found) == MOST_SLICES
    assert found[0] == found[-1]
    assert Delivery.objects.get().state == "fetched"


def test_it_takes_the_scope_that_the_single_door_takes(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed: SealedEnvelope = hub.deliver(four.alpha, four.bravo)
    reader = Caller(hub.api_key(four.bravo, Capability.FEED_READ))
    assert ask(reader, [sealed.md]).status_code == 403
    assert ask(Caller("Api-Key nobody.nothing"), [sealed.md]).status_code == 401
    assert callers.bravo.get("slices").status_code == 405
    assert Delivery.objects.get().fetched_at is None


def test_attachments_are_not_counted_and_stay_where_they_are(hub: Hub, four: Four) -> None:
    file = Attachment("spectrum.msp", "text/plain", b"peaks" * 100_000)
    mds = [hub.deliver(four.alpha, four.bravo, attachments=[file]).md for _ in range(2)]
    answers = slices_for(four.bravo.client, mds, now=hub.now)
    assert sum(len(answer.given) for answer in answers if isinstance(answer.given, bytes)) < 100_000
    assert len(answers) == 2
