# SPDX-License-Identifier: Apache-2.0
"""Inbox, outbox, queue, drafts and start page: the rows that each officer sees, page by page."""

from datetime import timedelta

import pytest
from django.db import connection

from alerts.boxes.drafts import list_drafts
from alerts.boxes.inbox import list_received
from alerts.boxes.outbox import list_sent, read_sent
from alerts.boxes.queue import list_waiting
from alerts.boxes.start import read_start
from alerts.models import Alert, ReceivedAlert
from alerts.projections.cards import card_of
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from alerts.review.validation import return_alert
from callers.capabilities import Role
from callers.errors import InputError, NotPermittedError
from ledger.models import AuditEvent
from sharing.models import Delivery
from tests.alerts.conftest import Desks


def many_received(desks: Desks, count: int) -> None:
    """Copy one received row `count` times; lists read only rows and cards."""
    first = desks.received()
    copies = ReceivedAlert.objects.bulk_create(
        ReceivedAlert(
            **{
                field.attname: getattr(first, field.attname)
                for field in ReceivedAlert._meta.concrete_fields
                if field.attname not in {"id", "number", "jti", "reference", "card"}
            },
            number=number,
            jti=f"copy-{number}",
            reference=f"ref-{number}",
        )
        for number in range(2, count + 1)
    )
    assert len(copies) == count - 1


class TestInbox:
    def test_newest_first_with_cards(self, desks: Desks) -> None:
        desks.received(title="The first alert")
        desks.received(title="The second alert")
        rows = list_received(desks.health.reader, now=desks.hub.now).rows
        assert [row.card.title for row in rows if row.card] == ["The second alert", "The first alert"]
        assert [row.state_text for row in rows] == ["Not opened", "Not opened"]

    def test_a_row_says_how_many_analyses_an_alert_has(self, desks: Desks) -> None:
        line = {"technique": "ms", "method": "LC-MS/MS", "reference": "literature", "conclusion": "indicated"}
        desks.received(evidence=[])
        desks.received(evidence=[line])
        desks.received(evidence=[line, line])
        rows = list_received(desks.health.reader, now=desks.hub.now).rows
        words = [[word for word in row.card.about if "analys" in word] for row in rows if row.card]
        assert words == [["2 analyses"], ["1 analysis"], []]
        card = card_of({"evidence": [line, line | {"file": "a.msp"}]})
        assert card.about[-1] == "2 analyses (1 with a file)"

    def test_strangers_see_an_empty_box_and_auditors_none(self, desks: Desks) -> None:
        desks.received()
        assert list_received(desks.stranger.reader, now=desks.hub.now).rows == ()
        with pytest.raises(NotPermittedError):
            auditor = desks.hub.make_officer(desks.health.agency, Role.AUDITOR)
            list_received(auditor, now=desks.hub.now)

    def test_pages_follow_without_gap_or_double(self, desks: Desks) -> None:
        many_received(desks, 120)
        seen, cursor, queries = [], "", []
        while True:
            page = list_received(desks.health.reader, cursor=cursor, now=desks.hub.now)
            seen += [row.received.number for row in page.rows]
            queries.append(len(page.rows))
            if page.next is None:
                break
            cursor = page.next
        assert seen == list(range(120, 0, -1)) and queries == [50, 50, 20]

    def test_a_page_costs_the_same_queries_however_full(
        self, desks: Desks, django_assert_max_num_queries: object
    ) -> None:
        many_received(desks, 50)
        with django_assert_max_num_queries(8):  # type: ignore[operator]
            list_received(desks.health.reader, now=desks.hub.now)

    def test_a_cursor_of_another_form_is_refused(self, desks: Desks) -> None:
        for cursor in ["x", "-1", "1" * 19, "1 OR 1=1"]:
            with pytest.raises(InputError, match=r"^cursor: "):
                list_received(desks.health.reader, cursor=cursor, now=desks.hub.now)

    def test_filters(self, desks: Desks) -> None:
        reader = desks.health.reader
        opened = desks.opened(title="Opened and acknowledged")
        acknowledge_alert(reader, opened, now=desks.hub.now)
        desks.received(title="Exercise only", status="exercise", alert_type="harm_cluster")
        desks.received(title="On trade", lane="trade", purpose="regulatory_control")

        def titles(**filters: object) -> list[str]:
            page = list_received(reader, now=desks.hub.now + timedelta(days=2), **filters)  # type: ignore[arg-type]
            assert page.filtered is bool(filters)
            return [row.card.title for row in page.rows if row.card]

        assert titles() == ["On trade", "Exercise only", "Opened and acknowledged"]
        assert titles(unread=True) == ["On trade", "Exercise only"]
        assert titles(overdue=True) == ["On trade"]
        assert titles(kind="harm_cluster") == ["Exercise only"]
        assert titles(lane="trade") == ["On trade"]
        assert titles(exercise=True) == ["Exercise only"]
        assert titles(exercise=False) == ["On trade", "Opened and acknowledged"]
        assert titles(sender="xa-lab") == titles()[:3]
        assert titles(sender="xq-none") == []

    def test_an_unanswered_alert_says_since_when_it_is_overdue(self, desks: Desks) -> None:
        desks.received()
        rows = list_received(desks.health.reader, now=desks.hub.now + timedelta(hours=25)).rows
        assert [row.state_text for row in rows] == ["Overdue since 3 Mar 2026 12:00 UTC"]

    def test_a_damaged_card_hides_neither_itself_nor_the_others(self, desks: Desks) -> None:
        damaged = desks.received(title="The damaged one")
        desks.received(title="The sound one")
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE alerts_receivedalert SET card = set_byte(card, 60, get_byte(card, 60) # 1) WHERE id = %s",
                [damaged.pk],
            )
        rows = list_received(desks.health.reader, now=desks.hub.now).rows
        assert [(row.card.title, row.card.is_damaged) for row in rows if row.card] == [
            ("The sound one", False),
            ("", True),
        ]

    def test_a_card_moved_to_another_row_is_damaged(self, desks: Desks) -> None:
        one, other = desks.received(title="Number one"), desks.received(title="The other")
        ReceivedAlert.objects.filter(pk=one.pk).update(card=other.card)
        rows = list_received(desks.health.reader, now=desks.hub.now).rows
        assert [row.card.is_damaged for row in rows if row.card] == [False, True]


class TestOutbox:
    def test_what_became_of_each(self, desks: Desks) -> None:
        row = desks.received(recipients=[desks.health.id, desks.own.id])
        Delivery.objects.filter(envelope_id=row.md).update(told_at=desks.hub.now)
        open_alert(desks.health.reader, row, reason="on_duty", now=desks.hub.now)
        sent = list_sent(desks.lab.reader, now=desks.hub.now).rows[0]
        assert (sent.told, sent.opened, sent.acknowledged, sent.total) == (2, 1, 0, 2)
        page = read_sent(desks.lab.reader, sent.alert, now=desks.hub.now)
        assert {r.name: r.text for r in page.recipients} == {
            "Health Authority": "Opened",
            "Agency xe-drugs": "Told",
        }
        late = read_sent(desks.lab.reader, sent.alert, now=desks.hub.later(days=2))
        assert {r.text for r in late.recipients} == {"Overdue since 3 Mar 2026 12:00 UTC"}

    def test_before_the_receipt_it_is_being_logged(self, desks: Desks) -> None:
        alert = desks.released()
        page = read_sent(desks.lab.reader, alert, now=desks.hub.now)
        assert (page.log_index, page.logged_at) == (None, None)
        assert [r.text for r in page.recipients] == ["Being logged"]
        desks.sequence()
        logged = read_sent(desks.lab.reader, alert, now=desks.hub.now)
        assert logged.log_index is not None and [r.text for r in logged.recipients] == ["On its way"]

    def test_filter_by_recipient(self, desks: Desks) -> None:
        desks.released(title="To health")
        desks.released(title="To drugs", recipients=[desks.own.id])
        rows = list_sent(desks.lab.reader, to=desks.own.id, now=desks.hub.now).rows
        assert [row.card.title for row in rows if row.card] == ["To drugs"]

    def test_reading_an_own_alert_is_audited_and_shows_what_was_sent(self, desks: Desks) -> None:
        alert = desks.released(pri="flash", lane="public_health", cas_rn="58-08-3")
        page = read_sent(desks.lab.reader, alert, now=desks.hub.now)
        assert page.document["cas_rn"] is None
        assert (
            AuditEvent.objects.filter(act="alert.opened", subject=alert.md, reason="own alert").count() == 1
        )


class TestQueueAndDrafts:
    def test_the_queue_is_for_those_who_release(self, desks: Desks) -> None:
        desks.submitted(title="Waits for release", pri="urgent")
        rows = list_waiting(desks.lab.releaser).rows
        assert [row.card.title for row in rows if row.card] == ["Waits for release"]
        assert list_waiting(desks.lab.releaser, pri="flash").rows == ()
        assert list_waiting(desks.health.releaser).rows == ()
        with pytest.raises(NotPermittedError):
            list_waiting(desks.lab.reader)

    def test_the_queue_shows_hints_and_checked_recipients(self, desks: Desks) -> None:
        desks.validated(narrative=None, technique=["ms"])
        row = list_waiting(desks.lab.releaser).rows[0]
        assert row.card is not None and row.card.hints == 2 and row.to == (desks.health.id,)

    def test_drafts_of_the_agency_or_mine(self, desks: Desks) -> None:
        colleague = desks.hub.make_officer(desks.lab.agency, Role.AUTHOR)
        desks.draft(title="Written by Ilka")
        desks.hub.later(minutes=1)
        desks.draft(title="Written by a colleague", author=colleague)

        def titles(mine: bool) -> list[str]:
            return [row.card.title for row in list_drafts(colleague, mine=mine).rows if row.card]

        assert titles(False) == ["Written by a colleague", "Written by Ilka"]
        assert titles(True) == ["Written by a colleague"]
        assert list_drafts(desks.health.author).rows == ()

    def test_a_draft_counts_what_is_still_empty_required_or_not(self, desks: Desks) -> None:
        full, gap = desks.draft(), desks.draft(title=None)
        empty = {row.alert.pk: row.card.hints for row in list_drafts(desks.lab.author).rows if row.card}
        assert empty[gap.pk] == empty[full.pk] + 1

    def test_a_returned_draft_is_marked(self, desks: Desks) -> None:
        return_alert(desks.lab.releaser, desks.submitted(), reason="Say where.", now=desks.hub.now)
        assert [row.was_returned for row in list_drafts(desks.lab.author).rows] == [True]

    def test_pages_of_drafts_follow_by_time(self, desks: Desks) -> None:
        for number in range(53):
            desks.hub.later(seconds=1)
            Alert.objects.create(
                agency=desks.lab.agency, created_by="x", created_at=desks.hub.now, changed_at=desks.hub.now,
                current=number,
            )  # fmt: skip
        first = list_drafts(desks.lab.author)
        second = list_drafts(desks.lab.author, cursor=first.next or "")
        numbers = [row.alert.current for row in (*first.rows, *second.rows)]
        assert numbers == list(range(52, -1, -1)) and second.next is None
        for cursor in ("x", "2026-03-02T12:00:00_" + str(first.rows[0].alert.pk), "2026-03-02_x"):
            with pytest.raises(InputError, match=r"^cursor: "):
                list_drafts(desks.lab.author, cursor=cursor)


class TestStart:
    def test_each_role_sees_its_own_work(self, desks: Desks) -> None:
        desks.submitted(title="Waits for release")
        desks.received(title="Waits for an answer")
        assert [
            row.card.title for row in read_start(desks.lab.releaser, now=desks.hub.now).to_release if row.card
        ] == ["Waits for release"]
        waiting = read_start(desks.health.reader, now=desks.hub.now)
        assert [row.card.title for row in waiting.to_acknowledge if row.card] == ["Waits for an answer"]
        assert read_start(desks.stranger.reader, now=desks.hub.now).nothing_waits
