# SPDX-License-Identifier: Apache-2.0
"""An actual alert is kept long enough to be examined later, and the auditor sees what is kept briefly.

The sequence: an author and a releaser of one mind send with `keep` tomorrow, so that nothing is left of it.
"""

from datetime import timedelta
from typing import Any

import pytest

from alerts.errors import AlertIncompleteError
from alerts.review.validation import submit_alert
from callers.capabilities import Role
from ledger.models import AuditEvent
from sharing.errors import KeepTooShortError
from sharing.models import Envelope
from tests.alerts.conftest import Desks
from tests.builders import DAY_SECS, seconds
from tests.stages import act


def day(desks: Desks, days: int) -> str:
    return (desks.hub.now + timedelta(days=days)).date().isoformat()


@act
def carry(desks: Desks, **terms: Any) -> str:
    """Carry an alert of an agency with its own program, which sets any terms."""
    health = desks.hub.make_agency(f"xh-h{Envelope.objects.count()}")
    desks.hub.make_agreement(f"H{Envelope.objects.count()}", desks.own.id, health.id)
    sealed = desks.hub.alert_to(health, sender=desks.own, ack_by=None, **terms)
    return desks.hub.carry(desks.own, sealed).md


@pytest.mark.parametrize("days", [1, 30])
def test_the_desk_takes_no_real_alert_that_is_deleted_within_a_month(desks: Desks, days: int) -> None:
    alert = desks.draft(expiry=day(desks, 1), review_date=day(desks, days))
    with pytest.raises(AlertIncompleteError) as stopped:
        submit_alert(desks.lab.author, alert, revision=1, now=desks.hub.now)
    assert set(stopped.value.errors) == {"review_date"}


def test_a_month_and_a_day_is_enough_and_stands_in_the_audit(desks: Desks) -> None:
    sent = desks.released(expiry=day(desks, 1), review_date=day(desks, 31))
    event = AuditEvent.objects.get(act="envelope.kept_short")
    keep = Envelope.objects.get(md=sent.md).keep
    assert (event.agency, event.subject, event.detail) == (desks.lab.id, sent.md, {"keep": keep})
    auditor = desks.hub.make_officer(desks.lab.agency, Role.AUDITOR)
    assert AuditEvent.objects.visible_to(auditor).filter(act="envelope.kept_short").exists()


def test_what_is_kept_for_years_is_no_news(desks: Desks) -> None:
    desks.released()
    assert not AuditEvent.objects.filter(act="envelope.kept_short").exists()


def test_danger_to_life_is_not_held_up_and_is_kept_all_the_same(desks: Desks) -> None:
    life = {"pri": "flash", "lane": "public_health", "purpose": "public_health"}
    sent = desks.released(**life, expiry=day(desks, 1), review_date=day(desks, 1))
    assert Envelope.objects.get(md=sent.md).keep >= seconds(desks.hub.now) + 30 * DAY_SECS


@pytest.mark.parametrize(
    "early",
    [{"iat": 0, "keep": DAY_SECS}, {"iat": -10, "keep": 30 * DAY_SECS - 11}, {"iat": -DAY_SECS, "keep": 29 * DAY_SECS - 1}],
    ids=["tomorrow", "a second too soon", "dated back"],
)  # fmt: skip
def test_the_exchange_takes_none_whoever_signs(desks: Desks, early: dict[str, int]) -> None:
    now = seconds(desks.hub.now)
    terms = {name: now + offset for name, offset in early.items()}
    with pytest.raises(KeepTooShortError):
        carry(desks, exp=now + 100, **terms)
    assert not Envelope.objects.exists()
    assert AuditEvent.objects.filter(agency=desks.own.id, act="envelope.refused").exists()


def test_thirty_days_from_its_signing_are_enough_and_an_exercise_is_over_sooner(desks: Desks) -> None:
    now = seconds(desks.hub.now)
    assert carry(desks, exp=now + 100, iat=now - 10, keep=now - 10 + 30 * DAY_SECS)
    assert carry(desks, exp=now + 100, keep=now + 200, status="exercise")
