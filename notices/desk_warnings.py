# SPDX-License-Identifier: Apache-2.0
"""Warnings to the keepers of this desk, where a mailer runs: its certificate ends, or something of it stands still. Each once.

A row's subject is the kind of warning and what tells this one from another of its kind: of a certificate its end and how
many days ahead, of a feed that is not read since when. The mail says when a certificate ends, and of anything else no more
than that the first page says what it is.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from accord.moments import moment_of
from callers.doorbell import ring
from notices.key_endings import BETWEEN, moment_text
from notices.models import Notification
from notices.queueing import queue_plain_notices, save_notices
from notices.states import Occasion
from officers.models import Officer

CERTIFICATE: Final = "certificate"


def certificate_warning(ends_at: datetime, days: int) -> str:
    """Return what a warning some days ahead of a certificate's end is about."""
    return BETWEEN.join((CERTIFICATE, str(int(ends_at.timestamp())), str(days)))


def warn_keepers(warnings: Iterable[str], *, now: datetime) -> None:
    """Queue what no keeper was told of before; may run at any time and twice."""
    keepers = list(Officer.objects.keepers_to_tell())
    with transaction.atomic():
        for subject in warnings:
            save_notices(queue_plain_notices(subject, Occasion.DESK_WARNING, keepers, now=now))
        ring("notices.send")


def certificate_ends_text(notice: Notification) -> str:
    """Return when the certificate ends, in the keeper's zone; empty for any other warning."""
    kind, _, rest = notice.subject.partition(BETWEEN)
    if kind != CERTIFICATE:
        return ""
    return moment_text(moment_of(int(rest.partition(BETWEEN)[0])), notice.officer)
