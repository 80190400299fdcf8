# SPDX-License-Identifier: Apache-2.0
"""A read has an ETag and answers 304 to it; a change names the version that it was made from."""

from itertools import product

from alerts.models import Alert
from tests.alerts.conftest import Desks
from tests.api.sessions import Session

READS = (
    "directory",
    "alerts?box=drafts",
    "alerts?box=inbox",
    "alerts/{alert}",
    "circles",
    "agreements",
)


def test_the_same_read_again_answers_304_without_a_body(desks: Desks) -> None:
    author, alert = Session(desks.lab.author), desks.draft().pk
    for path in READS:
        address = path.format(alert=alert)
        first = author("GET", address)
        again = author("GET", address, if_none_match=first["ETag"])
        assert (first.status_code, again.status_code, again.content) == (200, 304, b""), path
        assert again["ETag"] == first["ETag"]
        assert "no-store" in first["Cache-Control"] or "private" in first["Cache-Control"]
        assert author("GET", address, if_none_match='"another"').status_code == 200


def test_an_officer_who_calls_is_never_answered_from_memory(desks: Desks) -> None:
    answer = Session(desks.lab.author)("GET", "caller")
    assert "ETag" not in answer and answer["Cache-Control"] == "no-store"
    assert answer.json()["agency"] == "xa-lab" and "alert:write" in answer.json()["capabilities"]


def test_the_tag_of_a_read_changes_with_what_is_shown_and_still_serves_a_change(desks: Desks) -> None:
    author, alert = Session(desks.lab.author), desks.draft()
    before = author("GET", f"alerts/{alert.pk}")["ETag"]
    changed = author("PATCH", f"alerts/{alert.pk}", {"data": {"title": "Another title"}}, etag=before)
    assert (changed.status_code, changed["ETag"]) == (200, '"2-draft"')
    after = author("GET", f"alerts/{alert.pk}", if_none_match=before)
    assert after.status_code == 200 and after["ETag"] != before
    assert author("POST", f"alerts/{alert.pk}/submit", etag=after["ETag"]).status_code == 200


def test_what_became_of_a_sent_alert_is_never_hidden_behind_an_old_tag(desks: Desks) -> None:
    received = desks.received()
    author, reader = Session(desks.lab.author), Session(desks.health.reader)
    sent = f"alerts/{Alert.objects.get(md=received.md).pk}"
    before = author("GET", sent)
    reader("POST", f"alerts/received/{received.pk}/open", {"reason": "on_duty"})
    reader("POST", f"alerts/received/{received.pk}/acknowledge")
    after = author("GET", sent, if_none_match=before["ETag"])
    assert after.status_code == 200
    assert after.json()["recipients"][0]["acknowledged_at"] is not None


CHANGES = (
    ("PATCH", "", {"data": {"title": "Another title"}}),
    ("DELETE", "", None),
    ("POST", "/submit", None),
    ("DELETE", "/attachments/0", None),
)


BASES = (("", 428), ("*", 428), ('W/"1-draft"', 428), ('"1-submitted"', 412), ('"9-draft"', 412))


def test_a_change_without_its_base_is_asked_for_it_and_one_from_another_is_refused(desks: Desks) -> None:
    author, alert = Session(desks.lab.author), desks.draft()
    for (method, under, body), (etag, status) in product(CHANGES, BASES):
        refused = author(method, f"alerts/{alert.pk}{under}", body, etag=etag)
        assert refused.status_code == status, (method, under, etag)
    alert.refresh_from_db()
    assert (alert.current, alert.state) == (1, "draft")


def test_a_draft_is_not_discarded_over_what_somebody_else_saved(desks: Desks) -> None:
    author, alert = Session(desks.lab.author), desks.draft()
    author("PATCH", f"alerts/{alert.pk}", {"data": {"title": "Another title"}}, etag='"1-draft"')
    refused = author("DELETE", f"alerts/{alert.pk}", etag='"1-draft"')
    assert (refused.status_code, refused.json()["number"]) == (412, 2)


def test_a_tag_that_is_sent_where_none_is_needed_is_compared_all_the_same(desks: Desks) -> None:
    alert, releaser = desks.validated(), Session(desks.lab.releaser)
    for under, body in (("/withdraw", {"code": "error"}), ("/return", {"reason": "Why?"})):
        answer = releaser("POST", f"alerts/{alert.pk}{under}", body, etag='"1-draft"')
        assert (answer.status_code, answer.json()["type"]) == (412, "urn:accord:problem:stale-tag"), under
