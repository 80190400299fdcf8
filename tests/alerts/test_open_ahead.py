# SPDX-License-Identifier: Apache-2.0
"""Alerts opened in one run: each opening is audited before any alert is filed, and one that does not open is tried alone."""

from typing import NoReturn

import pytest

from alerts.models import ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.feed_notices import FeedNotices
from alerts.receiving.fetching import open_ahead
from alerts.receiving.held_envelopes import envelope_of
from alerts.receiving.taking import ROLE
from callers.actors import SystemActor
from ledger.models import AuditEvent
from tests.alerts.conftest import Desks
from tests.alerts.test_follow_feed import break_ciphertext, received_by, retract, send_from_partner
from tests.desk_calls import at_its_moment


class KilledError(BaseException):
    """An end that no loop catches, like a kill."""


def acts(act: str) -> list[str]:
    return sorted(AuditEvent.objects.filter(act=act).values_list("subject", flat=True))


def test_every_opening_of_a_run_is_audited_before_the_first_alert_is_filed(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    mds = sorted(send_from_partner(desks) for _ in range(3))

    def killed(*args: object) -> NoReturn:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(FeedNotices, "tell_of_arrivals", killed)
        with pytest.raises(KilledError):
            desks.follow()
    assert (acts("alert.screened"), ReceivedAlert.objects.count()) == (mds, 0)
    desks.follow()
    assert sorted(ReceivedAlert.objects.values_list("md", flat=True)) == mds
    assert acts("alert.screened") == sorted(mds * 2), "a kill repeats what was audited together, no more"


def test_what_does_not_open_is_told_and_keeps_none_of_its_run_closed(desks: Desks) -> None:
    before, broken, after = (send_from_partner(desks) for _ in range(3))
    break_ciphertext(broken)
    desks.follow()
    assert [received_by(desks, md).unopenable for md in (before, broken, after)] == [False, True, False]
    assert acts("alert.screened") == sorted([before, after])
    assert acts("alert.unopenable") == [broken]


def test_a_withdrawal_between_two_alerts_counts_from_its_place_on(desks: Desks) -> None:
    first = send_from_partner(desks)
    desks.follow()
    second = send_from_partner(desks)
    retract(desks, received_by(desks, first), follow=False)
    third = send_from_partner(desks)
    desks.follow()
    withdrawn = [received_by(desks, md).withdrawn_at is not None for md in (first, second, third)]
    assert withdrawn == [True, False, False]
    assert acts("alert.screened") == sorted([first, second, third])


def test_of_two_under_one_id_the_first_is_opened(desks: Desks) -> None:
    md = send_from_partner(desks)
    actor, now = SystemActor(ROLE, desks.health.id), desks.hub.now
    held = at_its_moment(envelope_of)(actor, md, now=now)
    opened = open_ahead(
        actor,
        [held, held],
        reason="intake",
        seen=lambda iss, jti: None,
        peers=VerifiedDirectory(desks.health.id, now),
        now=now,
    )
    assert (list(opened), acts("alert.screened")) == ([md], [md])
