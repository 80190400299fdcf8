# SPDX-License-Identifier: Apache-2.0
"""Templates and copies: a template is the agency's and sealed; a copy is a new draft, and a reserved alert is not copied."""

import uuid
from typing import Any

import pytest

from alerts.drafting.drafts import create_draft, read_draft
from alerts.drafting.templates import (
    copy_alert,
    copy_received,
    create_template,
    delete_template,
    find_template,
    list_templates,
    start_from_template,
)
from alerts.errors import CopyRefusedError
from alerts.models import Alert
from alerts.rows.saved import DraftTemplate
from alerts.sending.withdrawal import withdraw_alert
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from tests.alerts.conftest import GOOD, Desks

SAID = "Two sheets, reported by a prison."
DATED = {"event_date": "2026-02-27", "review_date": "2026-12-01", "expiry": "2026-11-01", "exhibit_no": "X-7"}


def draft(desks: Desks, **changes: Any) -> Alert:
    data = {**GOOD, **DATED, "recipients": ["xb-health"], **changes}
    return create_draft(desks.lab.author, data=data, now=desks.hub.now)


def said(desks: Desks, alert: Alert) -> dict[str, Any]:
    return dict(read_draft(desks.lab.author, alert).data)


def acts() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("act", flat=True))


class TestTemplates:
    def test_a_draft_is_kept_and_started_from_with_new_days(self, desks: Desks) -> None:
        author, now = desks.lab.author, desks.hub.now
        template = create_template(author, draft(desks), name="  Prison post ", now=now)
        (shown,) = list_templates(author)
        assert (shown.name, shown.kind_text, shown.created_by) == (
            "Prison post",
            "New substance",
            author.full_name,
        )
        started = start_from_template(author, template, now=now)
        data = said(desks, started)
        assert (data["narrative"], data["recipients"], data["tlp"]) == (SAID, ["xb-health"], "GREEN")
        assert data["event_date"] is None
        assert data["expiry"] != DATED["expiry"] and data["review_date"] != DATED["review_date"]
        assert (started.state, started.current) == ("draft", 1)

    def test_name_and_text_lie_sealed(self, desks: Desks) -> None:
        create_template(desks.lab.author, draft(desks), name="Prison post", now=desks.hub.now)
        row = DraftTemplate.objects.values().get()
        assert b"Prison" not in b"".join(bytes(v) for v in row.values() if isinstance(v, bytes | memoryview))
        assert "Prison" not in str(row)

    def test_it_is_deleted_and_what_was_made_from_it_stays(self, desks: Desks) -> None:
        author, now = desks.lab.author, desks.hub.now
        template = create_template(author, draft(desks), name="Prison post", now=now)
        started = start_from_template(author, template, now=now)
        delete_template(author, template, now=now)
        assert list_templates(author) == []
        assert said(desks, started)["narrative"] == SAID
        for act in (start_from_template, delete_template):
            with pytest.raises(AbsentError):
                act(author, template, now=now)
        assert {"template.created", "template.deleted"} <= set(acts())

    def test_a_name_that_is_none(self, desks: Desks) -> None:
        for name in ["", "   ", "x" * 81, "two\nlines", "over\u202eride"]:
            with pytest.raises(InputError) as refused:
                create_template(desks.lab.author, draft(desks), name=name, now=desks.hub.now)
            assert refused.value.field == "name"
            assert DraftTemplate.objects.count() == 0

    def test_those_of_another_agency_are_absent(self, desks: Desks) -> None:
        template = create_template(desks.lab.author, draft(desks), name="Prison post", now=desks.hub.now)
        stranger, now = desks.health.author, desks.hub.now
        assert list_templates(stranger) == []
        for wanted in (template.pk, uuid.uuid4()):
            with pytest.raises(AbsentError):
                find_template(stranger, wanted)
        with pytest.raises(AbsentError):
            start_from_template(stranger, template, now=now)
        with pytest.raises(AbsentError):
            delete_template(stranger, template, now=now)

    def test_whoever_writes_nothing_keeps_nothing(self, desks: Desks) -> None:
        with pytest.raises(NotPermittedError):
            create_template(desks.lab.reader, draft(desks), name="Prison post", now=desks.hub.now)
        with pytest.raises(NotPermittedError):
            list_templates(desks.lab.reader)


class TestCopies:
    def test_a_sent_and_a_withdrawn_alert_become_new_drafts(self, desks: Desks) -> None:
        sent = desks.released()
        author, now = desks.lab.author, desks.hub.now
        for _ in range(2):
            copy = copy_alert(author, sent, now=now)
            data = said(desks, copy)
            assert (data["narrative"], data["title"], data["event_date"]) == (SAID, GOOD["title"], None)
            assert (copy.state, copy.md, copy.jti, copy.previous_id) == ("draft", "", "", None)
            assert read_draft(author, copy).attachments == ()
            if sent.state == "released":
                sent = withdraw_alert(desks.lab.releaser, sent, code="error", now=now)
        assert "alert.copied" in acts()

    def test_what_is_being_checked_is_not_copied(self, desks: Desks) -> None:
        waiting = desks.submitted()
        with pytest.raises(CopyRefusedError):
            copy_alert(desks.lab.author, waiting, now=desks.hub.now)

    def test_those_of_others_are_absent(self, desks: Desks) -> None:
        sent = desks.released()
        with pytest.raises(AbsentError):
            copy_alert(desks.health.author, sent, now=desks.hub.now)


class TestCopiesOfReceivedAlerts:
    def test_what_may_be_passed_on_is_copied_under_its_marking(self, committed_desks: Desks) -> None:
        desks = committed_desks
        received = desks.received(handling=["H0"], tlp="GREEN")
        copy = copy_received(desks.health.author, received, reason="on_duty", now=desks.hub.now)
        data = dict(read_draft(desks.health.author, copy).data)
        assert (data["narrative"], data["tlp"], data["recipients"]) == (SAID, "GREEN", [])
        assert (data["source_grade"], data["event_date"]) == (None, None), (
            "the sender's grading is not one's own"
        )
        assert {"alert.opened", "alert.copied"} <= set(acts())

    def test_what_the_sender_reserved_is_not(self, committed_desks: Desks) -> None:
        desks = committed_desks
        markings: tuple[dict[str, Any], ...] = (
            {"handling": ["H2"]},
            {"tlp": "AMBER"},
            {"handling": ["H3"], "handling_condition": "Ask."},
        )
        for marking in markings:
            received = desks.received(**{"handling": ["H0"], **marking})
            before = Alert.objects.count()
            with pytest.raises(CopyRefusedError):
                copy_received(desks.health.author, received, reason="on_duty", now=desks.hub.now)
            assert Alert.objects.count() == before, marking
