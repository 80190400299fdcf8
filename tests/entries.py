# SPDX-License-Identifier: Apache-2.0
"""The desk's rows of agencies in tests: the desk hears at once of every agency that a test stores at the exchange.

A real desk hears it within a round of its worker, which has tests of its own. Every agency of a test whose keys are
with the hub belongs to this desk.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.db.models.signals import post_save
from django.utils import timezone
from psycopg import sql

from accord.calls.answers import read_agencies
from agencies.accession import admit_agency
from agencies.api import AgencySerializer
from agencies.entrykeys import issue_entry_key
from agencies.models import Agency as Entry
from callers.actors import SystemActor
from callers.capabilities import OPERATES
from officers.accounts import enrol_keeper
from officers.models import Officer
from officers.operating import INSTALLER
from peers.entries import begin_entry, note_first_release
from peers.models import Agency

_takes_in_by_hand: Final = ContextVar("takes in by hand", default=False)


def change_entry(agency_id: str, **facts: Any) -> Agency:
    """Change facts at the exchange; return the desk's row after it has heard."""
    entry = Entry.objects.get(pk=agency_id)
    for name, value in facts.items():
        setattr(entry, name, value)
    entry.save()
    return Agency.objects.get(pk=agency_id)


def store_entry(agency_id: str, **facts: Any) -> Agency:
    """Store an agency at the exchange without admission; return the desk's row after it has heard."""
    Entry.objects.create(pk=agency_id, **facts)
    return Agency.objects.get(pk=agency_id)


def admit_elsewhere(agency_id: str, *, custody: str = "hub", now: datetime, **facts: Any) -> str:
    """Admit an agency at the exchange without telling any desk; return its key for entering."""
    known: dict[str, Any] = {
        "name": f"Agency {agency_id}",
        "kind": "laboratory",
        "country": agency_id[:2].upper(),
    }
    known |= {"timezone": "UTC", "language": "en"} | facts
    operator = SystemActor("operator", None, OPERATES)
    with the_desk_takes_in_by_hand():
        admit_agency(operator, agency_id, custody=custody, now=now, **known)
    return issue_entry_key(operator, agency_id, client="desk", now=now)[1]


def have_released(*agency_ids: str, now: datetime) -> None:
    """Note that these agencies now release their first actual alert."""
    with transaction.atomic():
        for agency_id in agency_ids:
            note_first_release(agency_id, now=now)


def _tell_desk(sender: type[Entry], instance: Entry, **_: object) -> None:
    if _takes_in_by_hand.get() and not Agency.objects.filter(pk=instance.pk).exists():
        return
    entry = Entry.objects.get(pk=instance.pk)
    (said,) = read_agencies({"items": [dict(AgencySerializer(entry).data)]})
    with _as_the_owner():
        begin_entry(said, is_hosted=entry.is_hosted, now=entry.admitted_at)


@contextmanager
def _as_the_owner() -> Generator[None]:
    """Work under the owner's login, by statements that no test counts."""
    opened = connection.connection
    before = opened.execute("SELECT current_user").fetchone()[0]
    counted, connection.force_debug_cursor = connection.force_debug_cursor, False
    opened.execute("RESET ROLE")
    try:
        yield
    finally:
        opened.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(before)))
        connection.force_debug_cursor = counted


@contextmanager
def the_desk_is_told_at_once() -> Generator[None]:
    """Make or change the desk's row at each save of an entry inside the block."""
    post_save.connect(_tell_desk, sender=Entry)
    try:
        yield
    finally:
        post_save.disconnect(_tell_desk, sender=Entry)


@contextmanager
def the_desk_takes_in_by_hand() -> Generator[None]:
    """Have the desk hear nothing of new agencies inside the block: a keeper takes them in."""
    before = _takes_in_by_hand.set(True)
    try:
        yield
    finally:
        _takes_in_by_hand.reset(before)


def make_keeper() -> Officer:
    """Return the keeper of an own desk that has no agency yet."""
    return enrol_keeper(
        INSTALLER,
        email="noor@desk.example",
        full_name="Noor Ashdene",
        password="seventeen brown herons",
        now=timezone.now(),
    )
