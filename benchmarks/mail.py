# SPDX-License-Identifier: Apache-2.0
"""The mails of one alert to a thousand officers, against a bare loop over one connection into the same sink.

Each of our mails is judged afresh and its outcome committed before the next begins. The notices are dated a day ahead, so that
the hub's own worker leaves them to this process, whose clock is a day ahead.
"""

import os
import statistics
import time
from datetime import datetime, timedelta

from benchmarks._figures import report
from benchmarks._mails import ready_mail, send_bare
from benchmarks._sink import mail_sink
from demo.ownership import set_up_every_app

NEEDS_HUB = True
AGENCIES, OFFICERS, ROUNDS = 10, 1000, 10
A_ROUND = OFFICERS // ROUNDS


def main() -> None:
    with mail_sink() as url:
        # Must be set before the settings are read.
        os.environ["EMAIL_URL"] = url
        set_up_every_app()
        ours = _OneAlert()
        bare = [ready_mail(number) for number in range(A_ROUND)]
        send_bare(url, bare[:10])
        taken: dict[str, list[float]] = {"hub": [], "bare": []}
        for number in range(ROUNDS):
            ours.queue(number)
            taken["bare"].append(send_bare(url, bare))
            taken["hub"].append(ours.send())
    value, floor = (statistics.median(taken[name]) * 1000 / A_ROUND for name in ("hub", "bare"))
    report(f"mail {OFFICERS}", value, floor)


class _OneAlert:
    """One alert to ten agencies; each round tells ten more officers of each."""

    def __init__(self) -> None:
        from benchmarks import _hub

        each = OFFICERS // AGENCIES
        agencies = [_hub.found_hosted_agency("mail") for _ in range(AGENCIES)]
        self._officers = [_hub.enrol_readers(agency, each) for agency in agencies]
        _send_leftovers()

    def queue(self, number: int) -> None:
        """Write the notices of one round."""
        from notices.alert_facts import AlertFacts
        from notices.models import Notification
        from notices.queueing import build_notices
        from notices.states import Occasion

        about = AlertFacts("m" * 43, "7QK4-M2XN", "routine", "actual", "GREEN", "science")
        share = slice(number * A_ROUND // AGENCIES, (1 + number) * A_ROUND // AGENCIES)
        for officers in self._officers:
            notices = build_notices(about, Occasion.ALERT, officers[share], now=_tomorrow())
            Notification.objects.bulk_create(notices)

    def send(self) -> float:
        """Send them as the worker does, batch by batch; return the seconds it took."""
        from notices.sending import send_notifications

        began, sent = time.perf_counter(), 0
        while sent < A_ROUND:
            tally = send_notifications(clock=_tomorrow)
            sent += tally.sent
            if not tally.sent:
                raise RuntimeError("notices are withheld")
        return time.perf_counter() - began


def _send_leftovers() -> None:
    """Send what the demonstration has postponed until today, which does not belong to this alert."""
    from notices.sending import send_notifications

    while send_notifications(clock=_tomorrow).sent:
        pass


def _now() -> datetime:
    from django.utils import timezone

    return timezone.now()


def _tomorrow() -> datetime:
    return _now() + timedelta(days=1)


if __name__ == "__main__":
    main()
