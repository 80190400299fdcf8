# SPDX-License-Identifier: Apache-2.0
"""The last page of a draft and the second person's page compute a control status: the audit records each once."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from alerts.models import Alert
from ledger.models import AuditEvent
from tests.page_queries import reads_of, without_checks
from tests.pages.conftest import SignIn
from tests.pages.desk_world import DeskWorld

NITAZENE: dict[str, Any] = {
    "structure": "CCN(CC)CCN1C2=CC=CC=C2N=C1CC1=CC=C(OC)C=C1",
    "preferred_name": "metodesnitazene",
}


@pytest.fixture
def author(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.ilka)


@pytest.fixture
def draft(desk: DeskWorld) -> Alert:
    return desk.draft(**NITAZENE)


def screened() -> list[tuple[str, str, str, object]]:
    events = AuditEvent.objects.filter(act="substance.screened").order_by("seq")
    return [(event.actor, event.subject, event.reason, event.detail) for event in events]


def test_the_preview_is_audited_once_for_each_revision_by_id_alone(
    desk: DeskWorld, author: Client, draft: Alert
) -> None:
    first = (desk.ilka.audit_name, str(draft.pk), "draft", {"revision": 1})
    for step in (1, 2, 3, 5, 6, 7, 9, 10, 11):
        author.get(f"/drafts/{draft.pk}/{step}/")
    assert screened() == []
    for _ in range(2):
        assert "Meets the definition" in author.get(f"/drafts/{draft.pk}/4/").content.decode()
    assert screened() == [first]
    author.post(f"/drafts/{draft.pk}/2/", {"revision": 1, "go": "save", "shown": ["title"], "title": "Other"})
    author.get(f"/drafts/{draft.pk}/4/")
    assert screened() == [first, (desk.ilka.audit_name, str(draft.pk), "draft", {"revision": 2})]
    told = repr([event.__dict__ for event in AuditEvent.objects.filter(act="substance.screened")])
    assert "nitazene" not in told and "CCN" not in told


def test_a_draft_that_names_no_substance_asks_nothing(desk: DeskWorld, author: Client) -> None:
    empty = desk.draft(
        structure=None,
        preferred_name=None,
        inchikey=None,
        formula=None,
        cas_rn=None,
        identity_state="unknown",
    )
    assert author.get(f"/drafts/{empty.pk}/4/").status_code == 200
    assert screened() == []


def test_the_second_persons_page_is_audited_too(
    desk: DeskWorld, author: Client, as_officer: SignIn, draft: Alert
) -> None:
    author.post(f"/drafts/{draft.pk}/submit/", {"revision": 1})
    draft.refresh_from_db()
    assert (draft.state, draft.current) == ("submitted", 2)
    page = as_officer(desk.benno).get(f"/queue/{draft.pk}/")
    assert page.status_code == 200
    assert screened() == [(desk.benno.audit_name, str(draft.pk), "draft", {"revision": 2})]


def test_the_first_showing_keeps_to_twenty_queries_and_the_checks_of_keys(
    author: Client, draft: Alert
) -> None:
    with CaptureQueriesContext(connection) as queries:
        author.get(f"/drafts/{draft.pk}/4/")
    reads = reads_of(queries)
    own = len(without_checks(reads))
    assert len(screened()) == 1 and own <= 20 and len(reads) - own <= 12, (own, len(reads) - own)


def test_a_name_of_two_scripts_stops_at_its_field(desk: DeskWorld, author: Client) -> None:
    mixed = desk.draft(preferred_name="f\u0435ntanyl", structure=None, inchikey=None)
    page = author.get(f"/drafts/{mixed.pk}/2/?check=1").content.decode()
    assert "two scripts" in page and 'href="#field-preferred_name"' in page
