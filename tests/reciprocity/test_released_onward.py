# SPDX-License-Identifier: Apache-2.0
"""An alert that a third agency released onward counts between nobody: its sender's desk counts it only with whom it sent it to."""

from alerts.models import ReceivedAlert
from alerts.sending.onward import release_onward
from officers.models import Officer
from reciprocity.models import Contribution
from tests.alerts.conftest import Desk, Desks, desks
from tests.alerts.test_release_onward import prepare, received, second, settle, third

__all__ = ["desks", "received", "second", "third"]


def test_it_counts_between_sender_and_first_recipient_alone(
    desks: Desks, third: Desk, received: ReceivedAlert, second: Officer
) -> None:
    release_onward(second, prepare(desks, received, third), now=desks.hub.now)
    settle(desks, third)
    assert ReceivedAlert.objects.filter(agency=third.agency, md=received.md).exists()
    rows = Contribution.objects.filter(md=received.md, is_given=False)
    assert [(row.agency_id, row.peer_id) for row in rows] == [("xb-health", "xa-lab")]
