# SPDX-License-Identifier: Apache-2.0
"""Desk and exchange without a common version: nothing goes out, and people read which of the two is too old."""

import json
from datetime import timedelta
from typing import Any

import pytest

from alerts.errors import OtherVersionsError
from alerts.receiving.opening import open_alert
from alerts.sending.release import release_alert
from ledger.models import AuditEvent
from peers.models import Outgoing
from tests.alerts.conftest import Desks
from tests.alerts.test_hold_identity import announce
from tests.desk_calls import answer_as_of, give_exchange_keys, the_exchange
from vault.instances import ANNOUNCED_EVERY, may_send, versions_apart

NEWER = {"api": {"oldest": 2, "newest": 3}, "profile": {"oldest": 1, "newest": 1}}
OVERLAPPING = {"api": {"oldest": 1, "newest": 2}, "profile": {"oldest": 1, "newest": 2}}
OLDER = {"api": {"oldest": 1, "newest": 1}, "profile": {"oldest": 0, "newest": 0}}


@pytest.fixture(autouse=True)
def _answers_now(desks: Desks, exchange_as_asked: object) -> None:
    give_exchange_keys()
    answer_as_of(desks.hub.now)


def speak(versions: dict[str, Any]) -> None:
    """Let the exchange answer these versions to a caller, and all else as it is."""

    def said(path: str, answer: bytes) -> bytes:
        if not path.endswith("/caller"):
            return answer
        return json.dumps(json.loads(answer) | {"versions": versions}).encode()

    the_exchange.lies = said


@pytest.mark.parametrize(
    ("versions", "what", "theirs", "says"),
    [
        (NEWER, "interface", (2, 3), "This desk is too old"),
        (OLDER, "profile", (0, 0), "The exchange is too old"),
    ],
)
def test_nothing_is_signed_and_it_is_said_which_one_is_too_old(
    desks: Desks, versions: dict[str, Any], what: str, theirs: tuple[int, int], says: str
) -> None:
    alert = desks.validated()
    speak(versions)
    assert announce(desks, ANNOUNCED_EVERY) == 0
    with pytest.raises(OtherVersionsError, match="sending stopped") as refused:
        release_alert(desks.lab.releaser, alert, revision=alert.current, now=desks.hub.now)
    assert (refused.value.what, refused.value.theirs, refused.value.ours) == (what, theirs, (1, 1))
    assert says in refused.value.text
    assert not Outgoing.objects.exists()


def test_an_exchange_that_still_speaks_ours_is_called_as_before(desks: Desks) -> None:
    speak(OVERLAPPING)
    assert announce(desks, ANNOUNCED_EVERY) == 3
    assert may_send(desks.lab.id) and versions_apart() == []


def test_what_was_queued_leaves_once_they_understand_each_other_and_each_change_is_audited_once(
    desks: Desks,
) -> None:
    speak(NEWER)
    assert announce(desks, ANNOUNCED_EVERY) == announce(desks, ANNOUNCED_EVERY) == 0
    assert {apart.agency_id for apart in versions_apart()} == {
        desks.lab.id,
        desks.health.id,
        desks.stranger.id,
    }
    the_exchange.behave()
    assert announce(desks, timedelta(minutes=5)) == 3
    assert may_send(desks.lab.id)
    acts = AuditEvent.objects.filter(act__startswith="instance.", agency=desks.lab.id).order_by("seq")
    said = [row.act for row in acts if row.actor == "system:desk-worker"]
    assert said == ["instance.versions_apart", "instance.announced"]


def test_what_is_held_is_read_meanwhile(desks: Desks) -> None:
    received = desks.received()
    speak(NEWER)
    announce(desks, ANNOUNCED_EVERY)
    assert open_alert(desks.health.reader, received, reason="on_duty", now=desks.hub.now).title
