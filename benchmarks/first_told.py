# SPDX-License-Identifier: Apache-2.0
"""Time from the submission of an alert to the last of its mails, on the running hub: exchange, sequencer, worker.

A hundred officers of ten agencies are told. The floor is the loop that mails a hundred people, alone.
"""

import os
import statistics
from datetime import datetime

from benchmarks._figures import report
from benchmarks._http import Target, make_form, post_in_turn
from benchmarks._mails import ready_mail, send_bare
from demo.ownership import set_up_every_app
from devtool.processes import wait_until

NEEDS_HUB = True
AGENCIES, EACH, ROUNDS = 10, 10, 5
OFFICERS = AGENCIES * EACH
PATIENCE_SECONDS = 120


def main() -> None:
    set_up_every_app()
    from django.utils import timezone

    from benchmarks import _hub

    sender, _ = _hub.found_agencies("told", 2)
    recipients = [_hub.found_hosted_agency("told") for _ in range(AGENCIES)]
    _hub.join([sender.id, *(agency.pk for agency in recipients)])
    for agency in recipients:
        _hub.enrol_readers(agency, EACH)
    exchange = Target(os.environ["EXCHANGE_URL"], "/api/v1/envelopes", {"Authorization": sender.api_key})
    bare = [ready_mail(number) for number in range(OFFICERS)]
    told, alone = [], []
    for sealed in _hub.seal_alerts(sender, recipients, 1 + ROUNDS):
        alone.append(send_bare(os.environ["EMAIL_URL"], bare))
        form = make_form({"manifest": sealed.manifest, "jwe": sealed.jwe})
        submitted = timezone.now()
        post_in_turn(exchange, [form])
        told.append((_told_at(sealed.md) - submitted).total_seconds())
    # The first round warms the worker up.
    report(f"first told {OFFICERS}", statistics.median(told[1:]), statistics.median(alone[1:]), unit="s")


def _told_at(md: str) -> datetime:
    """Return when the last mail of an alert was accepted, once all have been."""
    from notices.models import Notification
    from notices.states import NotificationState

    sent = Notification.objects.filter(subject=md, state=NotificationState.SENT)
    wait_until(lambda: sent.count() == OFFICERS, "mails to all", timeout_seconds=PATIENCE_SECONDS)
    return max(notice.sent_at for notice in sent if notice.sent_at is not None)


if __name__ == "__main__":
    main()
