# SPDX-License-Identifier: Apache-2.0
"""Replies: who may answer with which kind, marking and recipients; and reviews by other laboratories."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from alerts.boxes.thread import read_thread
from alerts.drafting.drafts import save_revision
from alerts.drafting.templates import copy_alert
from alerts.errors import AlertIncompleteError, CopyRefusedError, ReplyRefusedError
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.forgetting import forget_cards
from alerts.receiving.opening import OpeningReason
from alerts.replies.beginning import Opened, open_to_answer, start_reply
from alerts.replies.reviews import Review, reviews_of
from alerts.review.preview import check_draft
from alerts.rows.replies import Reply
from alerts.sending.amendment import amend_alert
from alerts.sending.withdrawal import withdraw_alert
from callers.actors import SystemActor
from callers.markings import rows_within
from officers.models import AgencyPolicy, Officer
from sharing.models import Envelope
from tests.bound_rows import rewrite
from tests.pages.desk_world import CONTENT, DeskWorld
from tests.stages import act

ON_DUTY = OpeningReason.ON_DUTY.value
NEW_SUBSTANCE: Mapping[str, Any] = {
    "alert_type": "new_substance",
    "lane": "science",
    "purpose": "science",
    "harm_evidence": "none_yet",
    "cases_non_fatal": "unknown",
    "cases_fatal": "unknown",
}


@act
def opened_by(desk: DeskWorld, author: Officer, received: ReceivedAlert | None = None) -> Opened:
    row = received or desk.received(author)
    return open_to_answer(author, row, reason=ON_DUTY, now=desk.tick())


@act
def review(desk: DeskWorld, opinion: str = "agree", **data: Any) -> Alert:
    """Start the health authority's review of the alert it received last."""
    opened = opened_by(
        desk, desk.aroha, ReceivedAlert.objects.filter(agency=desk.health, kind="alert").latest("number")
    )
    return start_reply(
        desk.aroha, opened, alert_type="peer_review", data={"opinion": opinion} | data, now=desk.tick()
    )


@act
def sent_review(desk: DeskWorld, opinion: str = "agree", **data: Any) -> Alert:
    return desk.send(review(desk, opinion, **data), desk.haitham)


def reviews(desk: DeskWorld, officer: Officer, alert: Alert) -> list[Review]:
    return reviews_of(officer, {alert.md: 1}, now=desk.hub.now)


def test_a_review_is_an_envelope_of_kind_reply_that_names_the_alert_and_reaches_its_sender(
    desk: DeskWorld,
) -> None:
    alert = desk.send(desk.draft(**NEW_SUBSTANCE))
    reply = sent_review(desk, opinion_text="The 1H spectrum is the one of our reference.")
    envelope = Envelope.objects.get(md=reply.md)
    assert (envelope.kind, envelope.re_md, envelope.re_jti) == ("reply", alert.md, alert.jti)
    assert envelope.tlp == "GREEN"
    (seen,) = reviews(desk, desk.ilka, alert)
    assert (seen.name, seen.words, seen.version) == ("Health Authority, Belmora", "agrees", 1)
    assert seen.text.startswith("The 1H spectrum") and seen.log_index is not None and seen.standing.counts
    assert [row.words for row in reviews(desk, desk.aroha, alert)] == ["agrees"], "the reviewer sees its own"


def test_a_later_review_takes_the_place_of_the_earlier_and_a_withdrawn_one_does_not_stand(
    desk: DeskWorld,
) -> None:
    alert = desk.send(desk.draft(**NEW_SUBSTANCE))
    sent_review(desk, "needs_data")
    second = sent_review(desk, "agree")
    assert [row.opinion for row in reviews(desk, desk.ilka, alert)] == ["agree"]
    withdraw_alert(desk.haitham, second, code="error", now=desk.tick())
    desk.settle()
    assert reviews(desk, desk.ilka, alert) == [], "nobody goes back to an older opinion by themselves"
    assert reviews(desk, desk.aroha, alert) == []


def test_the_thread_tells_of_the_reply_on_both_sides(desk: DeskWorld) -> None:
    alert = desk.send(desk.draft(**NEW_SUBSTANCE))
    reply = sent_review(desk)
    at_lab = read_thread(desk.ilka, {alert.md: 1}, now=desk.hub.now)
    assert [(entry.what, entry.agency) for entry in at_lab] == [("sent", "xa-lab"), ("reply", "xb-health")]
    assert at_lab[1].text == "reviewed it: agrees" and at_lab[1].received is not None
    at_health = read_thread(desk.aroha, {alert.md: 1}, now=desk.hub.now)
    assert at_health[1].alert == reply.pk


def test_a_reply_is_never_marked_more_loosely_nor_sent_to_whoever_has_not_got_the_alert(
    desk: DeskWorld,
) -> None:
    desk.send(
        desk.draft(
            **{**NEW_SUBSTANCE} | {"tlp": "AMBER", "handling": ["H1", "H2"], "recipients": ["xb-health"]}
        )
    )
    looser = review(desk, tlp="GREEN", handling=["H1"], recipients=["xa-lab", "xd-reg"])
    with pytest.raises(AlertIncompleteError) as refused:
        desk.submit(looser)
    assert refused.value.errors["tlp"] == [
        "TLP: not looser than what you answer; choose TLP:AMBER or stricter."
    ]
    assert refused.value.errors["handling"] == ["Handling: keep H2 of what you answer."]
    assert "nobody else" in refused.value.errors["recipients"][0]


def test_what_was_withdrawn_takes_no_reply_and_stops_one_that_is_under_way(desk: DeskWorld) -> None:
    alert = desk.send(desk.draft(**NEW_SUBSTANCE))
    waiting = desk.submit(review(desk))
    withdraw_alert(desk.benno, alert, code="contaminated", now=desk.tick())
    desk.settle()
    with pytest.raises(ReplyRefusedError, match="withdrawn"):
        desk.validate(waiting, desk.haitham)
    with pytest.raises(ReplyRefusedError, match="withdrawn"):
        opened_by(desk, desk.aroha)


def test_a_reply_begins_at_what_it_answers_and_nowhere_else(desk: DeskWorld) -> None:
    with pytest.raises(AlertIncompleteError) as refused:
        desk.submit(desk.draft(alert_type="peer_review", opinion="agree"))
    assert "begins on the page" in refused.value.errors["alert_type"][0]


def test_who_begins_a_second_review_goes_on_with_the_first(desk: DeskWorld) -> None:
    desk.send(desk.draft(**NEW_SUBSTANCE))
    assert review(desk).pk == review(desk, "disagree").pk


def test_the_next_version_of_a_review_stands_in_its_place(desk: DeskWorld) -> None:
    alert = desk.send(desk.draft(**NEW_SUBSTANCE))
    first = sent_review(desk, "needs_data")
    draft = amend_alert(desk.aroha, first, now=desk.tick())
    save_revision(desk.aroha, draft, data={"opinion": "agree"}, base=draft.current, now=desk.tick())
    draft.refresh_from_db()
    second = desk.send(draft, desk.haitham)
    envelope = Envelope.objects.get(md=second.md)
    assert (envelope.kind, envelope.re_md) == ("update", first.md)
    for officer in (desk.ilka, desk.aroha):
        assert [row.opinion for row in reviews(desk, officer, alert)] == ["agree"]


def test_an_officer_below_the_marking_learns_nothing_of_a_reply(desk: DeskWorld) -> None:
    alert = desk.send(desk.draft(**NEW_SUBSTANCE))
    sent_review(desk, tlp="AMBER")
    assert len(reviews(desk, desk.ilka, alert)) == 1
    rewrite(AgencyPolicy.objects.filter(pk="xa-lab"), role_ceilings={"author": "GREEN"})
    ilka = Officer.objects.get(pk=desk.ilka.pk)
    assert rows_within(ilka), "the ceiling holds for this test"
    assert reviews(desk, ilka, alert) == []
    assert [entry.what for entry in read_thread(ilka, {alert.md: 1}, now=desk.hub.now)] == ["sent"]


def test_a_reply_is_not_copied_into_an_alert_of_its_own(desk: DeskWorld) -> None:
    desk.send(desk.draft(**NEW_SUBSTANCE))
    reply = sent_review(desk)
    with pytest.raises(CopyRefusedError):
        copy_alert(desk.aroha, reply, now=desk.tick())


def test_at_rest_a_reply_lies_sealed(desk: DeskWorld) -> None:
    alert = desk.send(desk.draft(**NEW_SUBSTANCE))
    sent_review(desk, opinion_text=f"As ours. {CONTENT}")
    rows = list(Reply.objects.all())
    assert len(rows) == 2 and all(row.summary for row in rows)
    assert all(CONTENT.encode() not in bytes(row.summary or b"") for row in rows)
    assert reviews(desk, desk.ilka, alert)[0].text.endswith(CONTENT)


def test_what_is_kept_of_a_reply_goes_with_its_card(desk: DeskWorld) -> None:
    alert = desk.send(desk.draft(**NEW_SUBSTANCE))
    sent_review(desk)
    row = ReceivedAlert.objects.get(agency=desk.lab)
    assert Reply.objects.get(received=row).summary
    forget_cards(SystemActor("desk-worker"), now=row.keep)
    assert Reply.objects.get(received=row).summary is None
    assert reviews(desk, desk.ilka, alert) == []


def test_with_the_alert_goes_what_own_replies_hold_of_it_and_no_later_version_is_sent(
    desk: DeskWorld,
) -> None:
    desk.send(desk.draft(**NEW_SUBSTANCE))
    sent = sent_review(desk)
    row = ReceivedAlert.objects.get(agency=desk.health, kind="alert")
    forget_cards(SystemActor("desk-worker"), now=row.keep - timedelta(seconds=1))
    assert Reply.objects.get(alert=sent).source is not None
    under_way = amend_alert(desk.aroha, sent, now=desk.tick())
    forget_cards(SystemActor("desk-worker"), now=row.keep)
    own = Reply.objects.filter(agency=desk.health, alert__isnull=False)
    assert list(own.values_list("source", flat=True)) == [None, None]
    found = check_draft(desk.aroha, under_way, now=desk.hub.now)
    assert found.errors["alert_type"] == ("Its content was deleted: it takes no reply.",)
