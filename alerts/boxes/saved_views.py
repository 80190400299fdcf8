# SPDX-License-Identifier: Apache-2.0
"""Saved views: named filters of a list, kept by one officer. Each list may open with one of them.

Filters are kept as codes that the list offers, never as text that somebody wrote. A code that is no longer offered is
left out when a view is used. Nobody sees another officer's views.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from alerts.rows.saved import SavedBox, SavedView
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from callers.rows import one_of
from ledger.audit import record_event
from officers.models import Officer

VIEWS_AT_MOST: Final = 20
NAME_AT_MOST: Final = 40
FILTERS: Final[Mapping[str, frozenset[str]]] = {
    SavedBox.INBOX: frozenset(
        {"unread", "waiting", "to_answer", "overdue", "kind", "lane", "pri", "tlp", "sender", "exercise"}
    ),
    SavedBox.OUTBOX: frozenset({"state", "to", "kind", "lane", "pri"}),
    SavedBox.QUEUE: frozenset({"pri", "state"}),
    SavedBox.DRAFTS: frozenset({"mine", "returned"}),
    SavedBox.ON_THE_WAY: frozenset({"state", "returned"}),
}
"""Filters that a view of each list may hold."""
NEEDED: Final[Mapping[str, Capability]] = {
    SavedBox.INBOX: Capability.ALERT_READ,
    SavedBox.OUTBOX: Capability.ALERT_READ,
    SavedBox.QUEUE: Capability.QUEUE_READ,
    SavedBox.DRAFTS: Capability.ALERT_WRITE,
    SavedBox.ON_THE_WAY: Capability.ALERT_WRITE,
}


def views_of(officer: Officer, box: str) -> Sequence[SavedView]:
    """Return the officer's views of one list, by name."""
    return list(_own(officer).filter(box=box).order_by("name"))


def find_view(officer: Officer, view_id: uuid.UUID | str) -> SavedView:
    """Return one of the officer's own views; raises `AbsentError` both for an absent and for another officer's view."""
    try:
        view = one_of(
            _own(officer).filter(pk=view_id if isinstance(view_id, uuid.UUID) else uuid.UUID(view_id))
        )
    except ValueError:
        raise AbsentError from None
    if view is None:
        raise AbsentError
    return view


@transaction.atomic
def create_view(
    officer: Officer, box: str, *, name: str, filters: Mapping[str, str], now: datetime
) -> SavedView:
    """Save the filters under a name; raises `InputError` for a name in use, no filter, or one view too many."""
    if box not in FILTERS:
        raise InputError("box", _("List: choose one."))
    require(officer, NEEDED[box])
    _lock(officer)
    kept = {key: value for key, value in filters.items() if key in FILTERS[box] and value}
    if not kept:
        raise InputError("filters", _("View: set at least one filter first."))
    if _own(officer).filter(box=box).count() >= VIEWS_AT_MOST:
        raise InputError("name", _("View: %(most)d are kept; delete one first.") % {"most": VIEWS_AT_MOST})
    view = SavedView(officer=officer, box=box, filters=kept, created_at=now, changed_at=now)
    view.name = _free_name(officer, view, name)
    view.save()
    _record("view.saved", officer, view, now)
    return view


@transaction.atomic
def rename_view(officer: Officer, view: SavedView, *, name: str, now: datetime) -> SavedView:
    """Rename a view; raises `InputError` for a name in use, `AbsentError` for another officer's view."""
    _lock(officer)
    row = find_view(officer, view.pk)
    row.name, row.changed_at = _free_name(officer, row, name), now
    row.save(update_fields=["name", "changed_at"])
    _record("view.renamed", officer, row, now)
    return row


@transaction.atomic
def delete_view(officer: Officer, view: SavedView, *, now: datetime) -> None:
    """Delete a view; raises `AbsentError` for another officer's view."""
    row = find_view(officer, view.pk)
    _record("view.deleted", officer, row, now)
    row.delete()


@transaction.atomic
def set_default_view(officer: Officer, view: SavedView, *, is_default: bool, now: datetime) -> SavedView:
    """Set or unset the view with which its list opens; raises `AbsentError` for another officer's view."""
    _lock(officer)
    row = find_view(officer, view.pk)
    _own(officer).filter(box=row.box, is_default=True).update(is_default=False)
    row.is_default, row.changed_at = is_default, now
    row.save(update_fields=["is_default", "changed_at"])
    _record("view.chosen" if is_default else "view.unchosen", officer, row, now)
    return row


def _own(officer: Officer) -> "QuerySet[SavedView]":
    return SavedView.objects.filter(officer=officer)


def _lock(officer: Officer) -> None:
    """Serialise changes of an officer's views, so that a second view of one name is refused with a sentence."""
    Officer.objects.select_for_update().get(pk=officer.pk)


def _free_name(officer: Officer, view: SavedView, name: str) -> str:
    clean = " ".join(name.split())
    if not (1 <= len(clean) <= NAME_AT_MOST and clean.isprintable()):
        raise InputError(
            "name", _("Name: use 1 to %(most)d characters on one line.") % {"most": NAME_AT_MOST}
        )
    taken = _own(officer).filter(box=view.box, name=clean).exclude(pk=view.pk)
    if taken.exists():
        raise InputError("name", _("Name: another view of this list has it."))
    return clean


def _record(act: str, officer: Officer, view: SavedView, now: datetime) -> None:
    """Record the change without the view's name, which the officer wrote."""
    record_event(
        act,
        actor=officer.audit_name,
        agency=officer.agency_id or "",
        subject=str(view.pk),
        detail={"list": view.box},
        now=now,
    )
