# SPDX-License-Identifier: Apache-2.0
"""Warnings to the keepers of a desk with a mailer that its certificate ends or a part of it is stuck, each sent once.

A row's subject is the kind of warning and what tells it from others of its kind: the end of a certificate and the days
ahead, the time since which a feed is not read. The mail says when a certificate ends; for any other warning it only
refers to the desk's first page.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db import transaction

from accord.moments import moment_of
from callers.task_calls import call_task
from notices.key_endings import BETWEEN, moment_text
from notices.models import Notification
from notices.queueing import queue_plain_notices, save_notices
from notices.states import Occasion
from officers.models import Officer

CERTIFICATE: Final = "certificate"


def certificate_warning(ends_at: datetime, days: int) -> str:
    """Return the subject of a warning some days ahead of a certificate's end."""
    return BETWEEN.join((CERTIFICATE, str(int(ends_at.timestamp())), str(days)))


def warn_keepers(warnings: Iterable[str], *, now: datetime) -> None:
    """Queue warnings that no keeper was told of before; may run at any time and again."""
    keepers = list(Officer.objects.keepers_to_tell())
    with transaction.atomic():
        for subject in warnings:
            save_notices(queue_plain_notices(subject, Occasion.DESK_WARNING, keepers, now=now))
        call_task("notices.send")


def certificate_ends_text(notice: Notification) -> str:
    """Return when the certificate ends, in the keeper's zone; empty for any other warning."""
    kind, _, rest = notice.subject.partition(BETWEEN)
    if kind != CERTIFICATE:
        return ""
    return moment_text(moment_of(int(rest.partition(BETWEEN)[0])), notice.officer)
