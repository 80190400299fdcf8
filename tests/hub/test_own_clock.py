# SPDX-License-Identifier: Apache-2.0
"""An exchange whose own clock is wrong refuses nothing finally because of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hub.own_clock import is_off
from sharing.models import Envelope, FeedMark
from tests.builders import seconds
from tests.sharing.callers import slug
from tests.sharing.conftest import Callers, callers, four, hub  # noqa: F401

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def signed(at: Any, callers: Callers) -> Any:  # noqa: F811
    times: Any = {"iat": seconds(at), "exp": seconds(at + timedelta(days=1))}
    return callers.hub.alert_to(callers.four.bravo, sender=callers.four.alpha, **times)


@pytest.mark.parametrize(
    ("ahead", "status", "problem"),
    [(HOUR, 503, "clock"), (timedelta(0), 422, "envelope-refused")],
    ids=["the sequencer is an hour ahead of us", "the sequencer agrees with us"],
)
def test_what_is_signed_an_hour_ahead_of_us_is_not_refused_for_good_while_our_clock_is_in_doubt(
    callers: Callers,  # noqa: F811
    ahead: timedelta,
    status: int,
    problem: str,
) -> None:
    now = timezone.now()
    FeedMark.objects.update(beat=now + ahead)
    answer = callers.alpha.post_envelope(signed(now + HOUR, callers))
    assert (answer.status_code, slug(answer)) == (status, problem)
    assert ("Retry-After" in answer) is (status == 503)
    assert not Envelope.objects.exists()


def test_a_refusal_that_does_not_hang_on_time_stays_final(callers: Callers) -> None:  # noqa: F811
    FeedMark.objects.update(beat=timezone.now() + HOUR)
    sealed = callers.hub.alert_to(callers.four.bravo, sender=callers.four.alpha)
    other = callers.hub.alert_to(callers.four.bravo, sender=callers.four.alpha)
    answer = callers.alpha.post_parts({"manifest": sealed.manifest, "jwe": other.jwe})
    assert (answer.status_code, slug(answer)) == (422, "envelope-refused")


@pytest.mark.parametrize(
    ("database", "beat", "off"),
    [
        (timedelta(0), timedelta(0), False),
        (timedelta(seconds=60), timedelta(seconds=60), False),
        (timedelta(seconds=61), timedelta(0), True),
        (timedelta(seconds=-61), timedelta(0), True),
        (timedelta(0), timedelta(seconds=61), True),
        (timedelta(0), timedelta(days=-1), False),
    ],
)
def test_who_says_that_our_clock_is_off(database: timedelta, beat: timedelta, off: bool) -> None:
    now = timezone.now()
    assert is_off(now, database=now + database, beat=now + beat) is off
    assert is_off(now, database=now, beat=None) is False
