# SPDX-License-Identifier: Apache-2.0
"""An altered file answers alike at every address that serves it, and an unknown file as absent."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from alerts.drafting.drafts import attach_file
from alerts.models import Alert, ReceivedAlert
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from sharing.models import Blob
from tests.alerts.conftest import Desks
from tests.alerts.test_open_alert import drop_held
from tests.api.sessions import Session


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
ALTERED = {
    "empty": (lambda octets: b"", AWAY),
    "one octet": (lambda octets: b"x", AWAY),
    "other octets": (lambda octets: b"x" * len(octets), UNOPENABLE),
}


@pytest.mark.parametrize(("alter", "answered"), ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_file_stays_closed_for_sender_and_recipient(
    desks: Desks,
    sent: tuple[Alert, ReceivedAlert],
    alter: Callable[[bytes], bytes],
    answered: tuple[int, str],
) -> None:
    """Octets of another length count as no answer of the exchange, others as a file that does not open."""
    alert, received = sent
    drop_held()
    for blob in Blob.objects.all():
        Blob.objects.filter(pk=blob.pk).update(content=alter(bytes(blob.content or b"")))
    at_recipient = Session(desks.health.reader)(
        "POST", f"alerts/received/{received.pk}/attachments/0", {"reason": "on_duty"}
    )
    at_sender = Session(desks.lab.author)("GET", f"alerts/{alert.pk}/attachments/0")
    for answer in (at_recipient, at_sender):
        assert (answer.status_code, answer.json()["type"]) == answered


@pytest.mark.parametrize("n", [1, 99, 10**17])
def test_a_file_that_there_is_not_is_absent(desks: Desks, sent: tuple[Alert, ReceivedAlert], n: int) -> None:
    alert, received = sent
    answers = [
        Session(desks.health.reader)(
            "POST", f"alerts/received/{received.pk}/attachments/{n}", {"reason": "on_duty"}
        ),
        Session(desks.lab.author)("GET", f"alerts/{alert.pk}/attachments/{n}"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.json()["type"] for answer in answers} == {"urn:accord:problem:absent"}
    assert desks.hub.now <= timezone.now()
