# SPDX-License-Identifier: Apache-2.0
"""A key that an officer suspends signs nothing more here; the exchange is told when it answers, and its refusal is shown."""

from datetime import timedelta
from pathlib import Path

import pytest

from accord.envelope.keys import SIGN
from agencies.models import Key
from callers.capabilities import usual_scopes
from callers.errors import AbsentError, NotBoundError, NotPermittedError
from ledger.models import AuditEvent
from officers.models import Officer
from peers.models import Agency
from tests.agencies.world import DAY, NOW, enrol, hosted_agency, logged_agencies
from tests.desk_calls import ViewsInPlaceOfSockets, give_exchange_keys
from tests.role_logins import under_login_of
from vault import agency_keys, outgoing, suspending
from vault.exchangekeys import HeldExchangeKeys, keep_exchange_key, lacking
from vault.models import SuspendedKey
from vault.own_keys import OwnKeyState
from vault.suspending import Told, reason_untold

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LATER = NOW + DAY


@pytest.fixture
def lab(tmp_path: Path) -> Agency:
    return logged_agencies(tmp_path, "xa-lab")


@pytest.fixture
def officer(lab: Agency) -> Officer:
    return enrol(lab, "key_officer", "releaser")


def test_a_suspension_holds_here_and_is_told_later(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    kid = Key.objects.filter(agency_id=lab.pk, use=SIGN)[0].pk
    exchange_as_asked.is_away = True
    for _ in range(2):
        assert suspending.suspend_key(officer, lab, kid, now=LATER) == Told.AWAY
    assert kid in OwnKeyState("xa-lab", LATER).suspended
    assert AuditEvent.objects.filter(act="key.suspended").count() == 1
    exchange_as_asked.is_away = False
    with under_login_of("desk-worker"):
        assert suspending.tell_suspensions(now=LATER + HOUR) == 1
        assert suspending.tell_suspensions(now=LATER + HOUR) == 0
    assert Key.objects.get(pk=kid).suspended_at is not None


def test_a_suspension_for_which_the_api_key_lacks_the_right_is_told_once_the_key_was_replaced(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_exchange_keys()
    kid = Key.objects.filter(agency_id=lab.pk, use=SIGN)[0].pk
    with monkeypatch.context() as patch:
        patch.setattr("tests.desk_calls.SCOPES", sorted(usual_scopes()))
        assert suspending.suspend_key(officer, lab, kid, now=LATER) == Told.LACKS_RIGHT
    assert lacking() == {"xa-lab": ["key:suspend"]} and kid in OwnKeyState("xa-lab", LATER).suspended
    exchange_as_asked.asked.clear()
    with under_login_of("desk-worker"):
        assert suspending.tell_suspensions(now=LATER + HOUR) == 0
    assert exchange_as_asked.asked == [], "nothing is told in vain"
    keep_exchange_key("xa-lab", HeldExchangeKeys().api_key_of("xa-lab"), LATER + 90 * DAY)
    with under_login_of("desk-worker"):
        assert suspending.tell_suspensions(now=LATER + HOUR) == 1
    assert Key.objects.get(pk=kid).suspended_at is not None and lacking() == {}


def test_another_refusal_of_a_suspension_is_not_taken_for_silence(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    kid = Key.objects.filter(agency_id=lab.pk, use=SIGN)[0].pk
    absent = b'{"type": "urn:accord:problem:absent", "title": "There is nothing."}'
    exchange_as_asked.answers = lambda path: (404, absent) if path.endswith("/suspension") else None
    assert suspending.suspend_key(officer, lab, kid, now=LATER) == Told.REFUSED
    exchange_as_asked.answers = None
    assert reason_untold("xa-lab") == Told.REFUSED
    with under_login_of("desk-worker"):
        assert suspending.tell_suspensions(now=LATER + HOUR / 2) == 0, "not in vain, over and over"
        assert suspending.tell_suspensions(now=LATER + HOUR) == 1
    assert reason_untold("xa-lab") == Told.TAKEN


def test_a_key_officer_of_the_agency_suspends_and_nobody_else(lab: Agency, officer: Officer) -> None:
    kid = Key.objects.filter(agency_id=lab.pk, use=SIGN)[0].pk
    for role in ("reader", "releaser", "agency_admin"):
        with pytest.raises(NotPermittedError):
            suspending.suspend_key(enrol(lab, role), lab, kid, now=NOW)
    other = enrol(hosted_agency("xb-health"), "key_officer")
    with pytest.raises(AbsentError):
        suspending.suspend_key(other, lab, kid, now=NOW)
    with pytest.raises(AbsentError):
        suspending.suspend_key(officer, lab, "k" * 43, now=NOW)
    assert not SuspendedKey.objects.exists()


def test_what_the_root_has_answered_is_not_suspended_anew(
    lab: Agency, officer: Officer, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    kid = Key.objects.filter(agency_id=lab.pk, use=SIGN)[0].pk
    exchange_as_asked.is_away = True
    suspending.suspend_key(officer, lab, kid, now=LATER)
    agency_keys.renew_agency_keys(officer, lab, now=LATER + HOUR)
    exchange_as_asked.is_away = False
    for _ in range(2):
        assert suspending.tell_suspensions(now=LATER + HOUR) == 0
        outgoing.send_waiting(now=LATER + HOUR)
    assert Key.objects.get(pk=kid).suspended_at is None
    assert not OwnKeyState("xa-lab", LATER + HOUR).suspended


def test_a_suspension_that_was_changed_is_noticed(lab: Agency, officer: Officer) -> None:
    kids = [key.pk for key in Key.objects.filter(agency_id=lab.pk, use=SIGN)]
    suspending.suspend_key(officer, lab, kids[0], now=LATER)
    SuspendedKey.objects.update(suspended_at=NOW - DAY)
    with pytest.raises(NotBoundError):
        _ = OwnKeyState("xa-lab", LATER).blocked
