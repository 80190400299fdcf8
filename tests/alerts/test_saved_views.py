# SPDX-License-Identifier: Apache-2.0
"""Saved views: made, renamed, chosen and deleted by their officer alone; filters by an allow-list, never content."""

import pytest
from django.db import IntegrityError, transaction

from alerts.boxes.saved_views import (
    FILTERS,
    VIEWS_AT_MOST,
    create_view,
    delete_view,
    find_view,
    rename_view,
    set_default_view,
    views_of,
)
from alerts.rows.saved import SavedView
from callers.capabilities import Role
from callers.errors import AbsentError, InputError, NotPermittedError
from desk.alerts.boxes.queries import BoxQuery
from ledger.models import AuditEvent
from tests.alerts.conftest import Desks


def test_the_life_of_a_view(desks: Desks) -> None:
    officer, now = desks.health.reader, desks.hub.now
    hostile = {
        "unread": "yes",
        "q": "etizolam",
        "agency__officers__password": "x",
        "ordering": "-pk",
        "lane": "",
    }
    view = create_view(officer, "inbox", name="  My   morning ", filters=hostile, now=now)
    assert (view.name, view.filters) == ("My morning", {"unread": "yes"})
    other = create_view(officer, "inbox", name="Overdue", filters={"overdue": "yes"}, now=now)
    assert [item.name for item in views_of(officer, "inbox")] == ["My morning", "Overdue"]
    assert views_of(officer, "outbox") == [] == views_of(desks.health.author, "inbox")

    rename_view(officer, view, name="Évening صباح", now=now)
    set_default_view(officer, view, is_default=True, now=now)
    set_default_view(officer, other, is_default=True, now=now)
    assert [(item.name, item.is_default) for item in views_of(officer, "inbox")] == [
        ("Overdue", True),
        ("Évening صباح", False),
    ]
    set_default_view(officer, other, is_default=False, now=now)
    assert not SavedView.objects.filter(is_default=True).exists()
    delete_view(officer, view, now=now)
    assert [item.name for item in views_of(officer, "inbox")] == ["Overdue"]
    acts = list(
        AuditEvent.objects.filter(act__startswith="view.").order_by("seq").values_list("act", flat=True)
    )
    assert acts == [
        *("view.saved", "view.saved", "view.renamed", "view.chosen", "view.chosen", "view.unchosen"),
        "view.deleted",
    ]
    assert not any("morning" in str(event.__dict__) for event in AuditEvent.objects.all())


def test_what_is_refused(desks: Desks) -> None:
    officer, now = desks.health.reader, desks.hub.now
    view = create_view(officer, "inbox", name="Mine", filters={"unread": "yes"}, now=now)
    for field, box, name, filters in (
        ("name", "inbox", "Mine", {"unread": "yes"}),
        ("name", "inbox", " ", {"unread": "yes"}),
        ("name", "inbox", "x" * 41, {"unread": "yes"}),
        ("name", "inbox", "a\u202eb", {"unread": "yes"}),
        ("filters", "inbox", "Empty", {"mine": "yes"}),
        ("box", "audit", "Audit", {"act": "alert.opened"}),
    ):
        with pytest.raises(InputError) as refused:
            create_view(officer, box, name=name, filters=filters, now=now)
        assert refused.value.field == field
    create_view(officer, "outbox", name="Mine", filters={"state": "withdrawn"}, now=now)
    with pytest.raises(NotPermittedError):
        create_view(officer, "queue", name="Queue", filters={"pri": "flash"}, now=now)
    with pytest.raises(NotPermittedError):
        auditor = desks.hub.make_officer(desks.health.agency, Role.AUDITOR)
        create_view(auditor, "inbox", name="Mine", filters={"unread": "yes"}, now=now)
    colleague = desks.health.author
    for change in (
        lambda: rename_view(colleague, view, name="Stolen", now=now),
        lambda: set_default_view(colleague, view, is_default=True, now=now),
        lambda: delete_view(colleague, view, now=now),
        lambda: find_view(colleague, "no id at all"),
    ):
        with pytest.raises(AbsentError):
            change()
    for number in range(VIEWS_AT_MOST - 1):
        create_view(officer, "inbox", name=f"View {number}", filters={"unread": "yes"}, now=now)
    with pytest.raises(InputError):
        create_view(officer, "inbox", name="One too many", filters={"unread": "yes"}, now=now)


def test_the_database_keeps_one_default_too(desks: Desks) -> None:
    officer, now = desks.health.reader, desks.hub.now
    view = create_view(officer, "inbox", name="Mine", filters={"unread": "yes"}, now=now)
    set_default_view(officer, view, is_default=True, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(
            officer=officer, box="inbox", name="Other", is_default=True, created_at=now, changed_at=now
        )


def test_json_takes_the_filters_that_a_view_can_hold() -> None:
    assert set(BoxQuery().fields) - {"box", "cursor", "limit"} == frozenset().union(*FILTERS.values())
