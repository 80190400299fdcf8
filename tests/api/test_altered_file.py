# SPDX-License-Identifier: Apache-2.0
"""An altered file answers alike at every address that serves it, and an unknown file as absent."""

from collections.abc import Callable
from typing import Any

import pytest

from alerts.drafting.drafts import attach_file
from alerts.models import Alert, ReceivedAlert
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from sharing.models import Blob
from tests.alerts.conftest import Desks
from tests.alerts.test_open_alert import drop_held
from tests.api.sessions import Session
from tests.security.world import undone


@pytest.fixture
def sent(desks: Desks) -> tuple[Alert, ReceivedAlert]:
    """An alert with one file, sent and received."""
    now, draft = desks.hub.now, desks.draft()
    attach_file(desks.lab.author, draft, base=1, filename="spectrum.msp", data=b"343 100", now=now)
    draft.refresh_from_db()
    submit_alert(desks.lab.author, draft, revision=2, now=now)
    validate_alert(desks.lab.releaser, draft, revision=2, now=now)
    alert = release_alert(desks.lab.releaser, draft, revision=2, now=now)
    desks.hub.sequence()
    desks.follow()
    return alert, ReceivedAlert.objects.get(md=alert.md)


UNOPENABLE = (409, "urn:accord:problem:unopenable")
AWAY = (503, "urn:accord:problem:exchange-away")
ALTERED: tuple[tuple[Callable[[bytes], bytes], tuple[int, str]], ...] = (
    (lambda octets: b"", AWAY),
    (lambda octets: b"x", AWAY),
    (lambda octets: b"x" * len(octets), UNOPENABLE),
)


def test_an_altered_file_stays_closed_for_sender_and_recipient(
    desks: Desks, sent: tuple[Alert, ReceivedAlert]
) -> None:
    """Octets of another length count as no answer of the exchange, others as a file that does not open."""
    alert, received = sent
    drop_held()
    for alter, answered in ALTERED:
        with undone():
            for blob in Blob.objects.all():
                Blob.objects.filter(pk=blob.pk).update(content=alter(bytes(blob.content or b"")))
            for answer in files(desks, alert, received, 0):
                assert (answer.status_code, answer.json()["type"]) == answered


def test_a_file_that_there_is_not_is_absent(desks: Desks, sent: tuple[Alert, ReceivedAlert]) -> None:
    for n in (1, 99, 10**17):
        for answer in files(desks, *sent, n):
            assert (answer.status_code, answer.json()["type"]) == (404, "urn:accord:problem:absent")


def files(desks: Desks, alert: Alert, received: ReceivedAlert, n: int) -> tuple[Any, Any]:
    """Return the answers to the recipient and to the sender."""
    at_recipient = f"alerts/received/{received.pk}/attachments/{n}"
    return (
        Session(desks.health.reader)("POST", at_recipient, {"reason": "on_duty"}),
        Session(desks.lab.author)("GET", f"alerts/{alert.pk}/attachments/{n}"),
    )
