# SPDX-License-Identifier: Apache-2.0
"""Change of the law as an alert brings it: its statement, and the file of rules attached to it.

Reading it is an opening of the alert, with a reason and in the audit, and so is the reading of its file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts.boxes.outbox import SentAlert, open_sent_file, read_sent
from alerts.document.files import AttachmentShown
from alerts.models import Alert, ReceivedAlert
from alerts.receiving.opening import OpenedView, open_alert
from alerts.red_readers import is_red
from callers.errors import AbsentError
from officers.models import Officer
from peers.models import Agency

FIELD = "proposed_rule"
_RED = gettext_lazy("It is marked RED, and what the agency follows is read by all of it.")


@dataclass(frozen=True)
class Published:
    """Published change of the law. One of `received` and `alert` is set. `data` is None where no file of rules is attached.

    `doubt` says why the alert may not be relied on now; empty where it may.
    """

    issuer: Agency
    received: ReceivedAlert | None
    alert: Alert | None
    md: str
    reference: str
    title: str = field(repr=False)
    jurisdiction: str
    effective: date
    filename: str = field(repr=False)
    data: bytes | None = field(repr=False)
    doubt: str = ""

    @property
    def is_own(self) -> bool:
        return self.alert is not None


def open_published(
    officer: Officer, received: ReceivedAlert, *, reason: str, reference: str, now: datetime
) -> Published:
    """Open the change that a received alert brings. Raises AbsentError where it brings none, and as `open_alert`."""
    view = open_alert(officer, received, reason=reason, reference=reference, with_rules=True, now=now)
    jurisdiction, effective, name = _stated(view.document)
    return Published(
        issuer=view.received.issuer,
        received=view.received,
        alert=None,
        md=view.received.md,
        reference=view.received.reference,
        title=view.title,
        jurisdiction=jurisdiction,
        effective=effective,
        filename=name,
        data=view.rules,
        doubt=_doubt(view),
    )


def open_own_published(officer: Officer, alert: Alert, *, now: datetime) -> Published:
    """Open the change that an own alert brings; an agency may follow what it has published."""
    sent = read_sent(officer, alert, now=now)
    jurisdiction, effective, name = _stated(sent.document)
    n = _number(sent.attachments, name)
    return Published(
        issuer=sent.alert.agency,
        received=None,
        alert=sent.alert,
        md=sent.alert.md,
        reference="",
        title=sent.title,
        jurisdiction=jurisdiction,
        effective=effective,
        filename=name,
        data=None if n is None else open_sent_file(officer, sent.alert, n=n, now=now).data,
        doubt=_own_doubt(sent),
    )


def _stated(document: Mapping[str, Any]) -> tuple[str, date, str]:
    stated = document.get(FIELD)
    if not stated:
        raise AbsentError
    return str(stated["jurisdiction"]), date.fromisoformat(stated["effective"]), str(stated["file"] or "")


def _number(attachments: Sequence[AttachmentShown], name: str) -> int | None:
    return next((file.n for file in attachments if name and file.filename == name), None)


def _doubt(view: OpenedView) -> str:
    row = view.received
    if is_red(row.tlp):
        return str(_RED)
    if row.withdrawn_at is not None:
        return _("Its sender withdrew this alert.")
    if row.replaced_by_id is not None:
        return _("A newer version of this alert replaces it.")
    if row.status != "actual":
        return _("This is an exercise.")
    return "" if view.standing.counts else view.standing.text


def _own_doubt(sent: SentAlert) -> str:
    if is_red(sent.alert.tlp):
        return str(_RED)
    if sent.alert.withdrawn_at is not None:
        return _("Your agency withdrew this alert.")
    if sent.alert.replaced_at is not None:
        return _("A newer version of this alert replaces it.")
    if sent.alert.status != "actual":
        return _("This is an exercise.")
    return "" if sent.standing.counts else sent.standing.text
