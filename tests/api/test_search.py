# SPDX-License-Identifier: Apache-2.0
"""Search in JSON: by POST, since the words are content; pages by a sealed cursor; audited without the words."""

from ledger.models import AuditEvent
from tests.alerts.conftest import Desks
from tests.api.sessions import Session


def test_an_identifier_and_a_word_find_what_was_received_and_what_was_sent(desks: Desks) -> None:
    desks.received()
    reader, author = Session(desks.health.reader), Session(desks.lab.author)
    exact = reader("POST", "alerts/search", {"text": "VMZUTJCNQWMAGF-UHFFFAOYSA-N"})
    words = author("POST", "alerts/search", {"text": "impregnated", "box": "sent"})
    assert (exact.status_code, exact.json()["is_exact"], len(exact.json()["received"])) == (200, True, 1)
    assert (words.status_code, words.json()["is_exact"], len(words.json()["sent"])) == (200, False, 1)
    assert words.json()["next"] is None


def test_the_search_is_audited_and_its_text_stands_nowhere(desks: Desks) -> None:
    Session(desks.health.reader)("POST", "alerts/search", {"text": "Zirrostratus"})
    event = AuditEvent.objects.get(act="alert.searched")
    assert "Zirrostratus" not in str(event.__dict__)


def test_a_stranger_finds_nothing_and_another_s_cursor_is_refused(desks: Desks) -> None:
    desks.received()
    stranger = Session(desks.stranger.reader)
    found = stranger("POST", "alerts/search", {"text": "impregnated"}).json()
    assert (found["received"], found["sent"], found["next"]) == ([], [], None)
    forged = stranger("POST", "alerts/search", {"text": "impregnated", "cursor": "MTIz.abc"})
    assert forged.json()["type"] == "urn:accord:problem:cursor-refused"


def test_nothing_to_look_for_is_named(desks: Desks) -> None:
    answer = Session(desks.health.reader)("POST", "alerts/search", {})
    assert (answer.status_code, answer.json()["field"]) == (422, "text")
