# SPDX-License-Identifier: Apache-2.0
"""Previews of who may receive: asked of the exchange, worded at the desk, and trusted for nothing more."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from accord.calls.answers import PreviewAnswer
from alerts.drafting.revisions import read_revision
from alerts.errors import AlertIncompleteError, ChangedSinceValidationError, ExchangeAwayError
from alerts.peers.pins import Pin, change_book
from alerts.review.preview import Preview, preview_release, shown_preview
from alerts.review.validation import submit_alert, validate_alert
from alerts.review.verdicts import KEPT_FOR, worded
from alerts.sending.release import release_alert
from callers import clock
from peers.models import LastVerdicts
from sharing.models import Envelope
from tests.alerts.conftest import Desks
from tests.api.sessions import Session
from tests.desk_calls import ViewsInPlaceOfSockets
from vault import services

PREVIEWS = "/api/v1/previews"


def answering(**changes: Any) -> Callable[[str, bytes], bytes]:
    """Let the exchange give other verdicts about every recipient."""

    def lies(path: str, octets: bytes) -> bytes:
        if path != PREVIEWS:
            return octets
        items = [{**item, **changes} for item in json.loads(octets)["items"]]
        return json.dumps({"items": items}).encode()

    return lies


def test_the_exchange_is_asked_once_for_a_release(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    alert = desks.validated()
    exchange_as_asked.asked.clear()
    release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
    assert exchange_as_asked.asked.count(PREVIEWS) == 1


def test_while_it_is_away_nothing_goes_on_of_which_it_never_said_anything(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    draft, submitted, validated = desks.draft(), desks.submitted(), desks.validated()
    LastVerdicts.objects.all().delete()
    exchange_as_asked.is_away = True
    now = desks.hub.later(minutes=1)
    with pytest.raises(ExchangeAwayError):
        submit_alert(desks.lab.author, draft, revision=1, now=now)
    with pytest.raises(ExchangeAwayError):
        validate_alert(desks.lab.releaser, submitted, revision=1, now=now)
    with pytest.raises(ExchangeAwayError):
        release_alert(desks.lab.releaser, validated, revision=1, now=now)
    assert not Envelope.objects.exists()
    for alert, state in ((draft, "draft"), (submitted, "submitted"), (validated, "validated")):
        alert.refresh_from_db()
        assert alert.state == state


def test_what_it_said_last_is_shown_with_its_age_for_a_week_while_it_is_away(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    submitted, validated = desks.submitted(), desks.validated()
    before = preview_release(desks.lab.releaser, validated, now=desks.hub.now)
    exchange_as_asked.is_away = True
    later = desks.hub.now + timedelta(hours=3)
    for alert in (submitted, validated):
        assert shown_preview(alert, read_revision(alert), now=later) == Preview(
            before.rows, as_of=validated.validated_at
        )
    too_late = desks.hub.now + KEPT_FOR + timedelta(seconds=1)
    assert shown_preview(validated, read_revision(validated), now=too_late) is None


def test_its_age_stands_in_the_json_too(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    validated = desks.validated()
    exchange_as_asked.is_away = True
    monkeypatch.setattr(clock, "now", lambda: desks.hub.now + timedelta(hours=3))
    told = Session(desks.lab.releaser)("GET", f"alerts/{validated.pk}").json()
    assert [row["agency"] for row in told["preview"]["items"]] == [desks.health.id]
    assert told["preview"]["as_of"] is not None


@pytest.mark.parametrize("method", ["check", "check-recipients"])
def test_a_question_that_cannot_be_asked_is_no_answer(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets, method: str
) -> None:
    exchange_as_asked.is_away = True
    data = {"alert_type": "new_substance", "tlp": "GREEN", "recipients": [desks.health.id]}
    answer = Session(desks.lab.author)("POST", f"alerts/{method}", {"data": data})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:accord:problem:exchange-away")


def test_a_reason_that_this_desk_does_not_know_denies_in_safe_words(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    alert = desks.draft()
    words = {"name": "<b>Somebody else</b>", "url": "https://example.org"}
    exchange_as_asked.lies = answering(allowed=False, code="moon-too-full", args=words)
    (row,) = preview_release(desks.lab.author, alert, now=desks.hub.now).rows
    assert (row.will, row.code) == (False, "moon-too-full")
    assert row.text == "Health Authority cannot receive it, for a reason that this desk does not know."
    with pytest.raises(AlertIncompleteError):
        submit_alert(desks.lab.author, alert, revision=1, now=desks.hub.now)


@pytest.mark.parametrize(
    ("code", "args"),
    [
        ("agreement-ended", {"ref": "G1", "until": "the day after tomorrow"}),
        ("agreement-ended", {}),
        ("lane-suspended", {"lane": "gossip", "name": "x", "open": []}),
        ("lane-suspended", {"lane": "science", "open": "all"}),
        ("red-custody", {}),
    ],
)
def test_a_known_reason_with_arguments_of_another_shape_is_worded_safely(
    code: str, args: Mapping[str, Any]
) -> None:
    text = worded(PreviewAnswer("xb-health", False, code, args), "Health Authority")
    assert text == "Health Authority cannot receive it, for a reason that this desk does not know."


def test_the_name_in_a_sentence_is_the_directorys_in_the_language_of_the_reader() -> None:
    answer = PreviewAnswer("xb-health", False, "no-agreement", {"name": "Somebody else"})
    assert worded(answer, "Health Authority") == "No agreement joins you and Health Authority."
    with translation.override("fr"):
        assert "Health Authority" in worded(answer, "Health Authority") != "No agreement joins you and"


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"ref": "G1"},
        {"ref": "G1", "tlp": "PURPLE"},
        {"ref": "x" * 21, "tlp": "GREEN"},
        {"ref": [], "tlp": "RED"},
    ],
)
def test_an_allowance_by_no_agreement_is_no_answer(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets, args: dict[str, Any]
) -> None:
    alert = desks.draft()
    exchange_as_asked.lies = answering(args=args)
    with pytest.raises(ExchangeAwayError) as away:
        preview_release(desks.lab.author, alert, now=desks.hub.now)
    assert away.value.is_answered


def test_verdicts_on_others_than_those_asked_about_are_no_answer(
    desks: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    alert = desks.draft()
    exchange_as_asked.lies = answering(agency=desks.stranger.id)
    with pytest.raises(ExchangeAwayError):
        preview_release(desks.lab.author, alert, now=desks.hub.now)


def test_what_the_agency_itself_changes_while_it_is_sealed_stops_the_release(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exchange was asked before; the pins are compared again under the lock."""
    alert, sign = desks.validated(recipients=[desks.health.id, desks.own.id]), services.seal_alert

    def seal_and_forget(*args: Any, **kwargs: Any) -> Any:
        sealed = sign(*args, **kwargs)
        change_book(desks.lab.id, lambda book: book.with_pin(desks.own.id, Pin()), now=desks.hub.now)
        return sealed

    monkeypatch.setattr(services, "seal_alert", seal_and_forget)
    with pytest.raises(ChangedSinceValidationError) as changed:
        release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.now)
    assert changed.value.what == "recipients" and not Envelope.objects.exists()
