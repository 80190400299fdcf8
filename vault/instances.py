# SPDX-License-Identifier: Apache-2.0
"""Announcing at the exchange that this desk holds its agencies' identities.

- Before the desk announces itself it asks which versions the exchange speaks; where they have none in common it sends
  nothing.
- An honest exchange lets one desk or command hold an identity at a time, and names the holder to every other. While it
  names another holder, nothing is sent for the agency from here (`alerts.sending.sending_stopped`, `vault.outgoing`).
- That ends when the exchange accepts this desk again: the other holder has given the identity back, has been silent for
  a week, or a key officer has taken the identity over. An exchange that does not answer changes nothing.
- This keeps two honest holders from working against each other. It does not stop a thief of keys, who announces
  nothing.
"""

import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from accord.calls.errors import ClientError, OtherVersionError, RefusedError
from accord.version import VERSION
from callers.actors import Actor, SystemActor
from callers.binding import keep_bound
from callers.capabilities import Capability, require
from callers.errors import AbsentError, NotBoundError
from ledger.audit import record_event
from ledger.models import AuditEvent
from peers.exchange import calling_agencies, exchange_of, held_agencies
from vault.errors import VaultError
from vault.exchangekeys import note_scopes
from vault.handing import has_left
from vault.models import Announcement, DeskInstance

ANNOUNCE_TASK: Final = "vault.announce_instances"
HELD_ELSEWHERE: Final = "held-elsewhere"
ANNOUNCED_EVERY: Final = timedelta(minutes=10)
HEARD_WITHIN: Final = timedelta(minutes=20)
"""A desk that the exchange has not taken for so long stood still, and another one may hold the identity since: it asks before it sends."""
WORKER: Final = "desk-worker"
_HOLDER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SOFTWARE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,59}")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VersionsApart:
    """Versions of exchange and desk, oldest and newest of each, that do not overlap; `what` is "interface" or "profile"."""

    agency_id: str
    what: str
    theirs: tuple[int, int]
    ours: tuple[int, int]


@dataclass(frozen=True)
class Holder:
    """Another desk or command that holds an agency's identity, as the exchange names it; members are empty where it said nothing.

    `since` is when the exchange first named it here; `free_at` is when another holder may take its place if it stays
    silent.
    """

    agency_id: str
    holder: str
    software: str
    free_at: datetime | None
    since: datetime


def holder_elsewhere(agency_id: str) -> Holder | None:
    """Return the other holder that the exchange named last; None while it accepts this desk, or was never asked.

    Raises NotBoundError for a row that was altered outside the program.
    """
    return standstill_of(agency_id).holder


@dataclass(frozen=True)
class Standstill:
    """Obstacles to sending for an agency: it leaves this desk, or what the exchange said last. False where there is none.

    `gone`: it has left, and its private keys were destroyed here.
    """

    leaves: bool = False
    gone: bool = False
    holder: Holder | None = None
    apart: VersionsApart | None = None
    answered_at: datetime | None = None
    """When the exchange answered last; None where this desk has not announced itself yet."""

    def __bool__(self) -> bool:
        return self.leaves or self.holder is not None or self.apart is not None


_BOTH: Final = """
SELECT announcement.*, departure.agency_id IS NOT NULL AS may_leave, departure.destroyed_at IS NOT NULL AS is_gone
FROM (SELECT %s::text AS agency_id) AS asked
LEFT JOIN vault_announcement AS announcement USING (agency_id) LEFT JOIN vault_departure AS departure USING (agency_id)
"""
"""Both rows are read in one query, since every page needs them; without an announcement its columns are null."""


def standstill_of(agency_id: str) -> Standstill:
    """Return the obstacles to sending for the agency; raises NotBoundError for an answer that was altered outside the program."""
    (row,) = Announcement.objects.raw(_BOTH, [agency_id])
    if row.may_leave and has_left(agency_id):
        return Standstill(leaves=True, gone=row.is_gone)
    if not row.agency_id:
        return Standstill()
    row.require_bound()
    return Standstill(holder=_shown(row), apart=_apart(row), answered_at=row.answered_at)


def standstill_before_sending(actor: Actor, agency_id: str, *, now: datetime) -> Standstill:
    """Return what stands against sending; a desk that has not been heard for `HEARD_WITHIN` announces itself first.

    So does an own desk that has never been heard under its id, as one that was restored. An exchange that gives no answer changes
    nothing. Not inside a transaction. Raises as `standstill_of`.
    """
    found = standstill_of(agency_id)
    if found or not _stood_still(found.answered_at, now):
        return found
    with suppress(ClientError, NotBoundError, VaultError):
        announce(actor, agency_id, now=now)
    return standstill_of(agency_id)


def may_send_now(agency_id: str, *, now: datetime) -> bool:
    """Tell the desk-worker whether it may send, as `standstill_before_sending` finds; a row that was altered outside the program forbids it."""
    try:
        return not standstill_before_sending(SystemActor(WORKER, agency_id), agency_id, now=now)
    except NotBoundError:
        return False


def _stood_still(answered_at: datetime | None, now: datetime) -> bool:
    if answered_at is None:
        return settings.OWN_DESK
    return not now - HEARD_WITHIN < answered_at <= now


def holders_elsewhere() -> list[Holder]:
    """List the other holders that the exchange names; a row that was altered outside the program is ignored."""
    return [holder for row in _bound() if (holder := _shown(row)) is not None]


def was_here_since(named: Holder) -> datetime | None:
    """Return since when this very desk held the identity as the holder that is named, before it was restored; None for another one.

    The desk's own log says so, which came back with the backup.
    """
    said = AuditEvent.objects.filter(
        agency=named.agency_id, subject=f"instance:{named.holder}", act="instance.announced"
    )
    # Whoever calls by an API key is no part of this desk.
    return said.exclude(actor__startswith="client:").order_by("seq").values_list("at", flat=True).first()


def versions_apart() -> list[VersionsApart]:
    """List the agencies for which desk and exchange have no version in common; altered rows as in `holders_elsewhere`."""
    return [apart for row in _bound() if (apart := _apart(row)) is not None]


def may_send(agency_id: str) -> bool:
    """Tell whether no obstacle to sending is known; a row that was altered outside the program is one.

    An agency that leaves this desk sends from the next one.
    """
    try:
        return not standstill_of(agency_id)
    except NotBoundError:
        return False


def announce_held(*, now: datetime) -> int:
    """Announce this desk for each agency whose keys are here, and release the identities of others; return how many were accepted.

    Not inside a transaction. An error for one agency changes nothing, does not hold up the others, and is tried again.
    """
    held, taken = held_agencies(), 0
    due = [
        agency_id
        for agency_id in calling_agencies()
        if agency_id in held and not has_left(agency_id) and _is_due(agency_id, now)
    ]
    for agency_id in due:
        try:
            taken += announce(SystemActor(WORKER, agency_id), agency_id, now=now)
        except (ClientError, NotBoundError, VaultError) as trouble:
            log.warning("this desk is not announced for %s: %s", agency_id, type(trouble).__name__)
    here = [agency_id for agency_id in held if not has_left(agency_id)]
    for row in list(Announcement.objects.exclude(pk__in=here)):
        _give_back(row, now)
    return taken


def give_back(agency_id: str, *, now: datetime) -> None:
    """Release the identity of an agency that leaves this desk; the desk-worker repeats what fails. Not inside a transaction."""
    for row in Announcement.objects.filter(pk=agency_id):
        _give_back(row, now)


def announce(actor: Actor, agency_id: str, *, now: datetime) -> bool:
    """Tell the exchange that this desk holds the agency's identity; return whether it accepts that. Not inside a transaction.

    Raises NotBoundError where the desk's id was altered, and `accord.calls.errors.ClientError`, after which nothing has
    changed.
    """
    instance, exchange = own_instance(), exchange_of(agency_id)
    try:
        caller = exchange.caller()
        note_scopes(agency_id, caller.scopes)
        caller.require_common_versions()
        exchange.announce_instance(instance, software=own_software())
    except OtherVersionError as other:
        _note_versions(actor, agency_id, other, now)
        return False
    except RefusedError as refused:
        if refused.slug != HELD_ELSEWHERE:
            raise
        _note_holder(actor, agency_id, refused, now)
        return False
    _note_taken(actor, agency_id, now)
    return True


def take_over(actor: Actor, agency_id: str, holder: str, *, now: datetime) -> bool:
    """Have the exchange release the holder that was shown and accept this desk; return whether it holds the identity now.

    For a key officer, who knows that the other holder has stopped: the desk cannot ask it. Not inside a transaction.
    Raises NotPermittedError, AbsentError where the exchange now names another holder or none, NotBoundError,
    ClientError.
    """
    require(actor, Capability.KEY_MANAGE)
    named = holder_elsewhere(agency_id) if actor.agency_id == agency_id else None
    if named is None or not holder or named.holder != holder:
        raise AbsentError
    exchange_of(agency_id).release_instance(holder)
    with transaction.atomic():
        _record("instance.taken_over", actor, agency_id, holder, named.software, now)
    return announce(actor, agency_id, now=now)


def own_instance() -> str:
    """Return the id of this desk, drawn at the first call; raises NotBoundError where it was altered outside the program."""
    row = DeskInstance.objects.first()
    if row is None:
        # Where two processes draw one at the same time, the first one stays.
        keep_bound([DeskInstance(instance_id=str(uuid4()))])
        row = DeskInstance.objects.get()
    row.require_bound()
    return row.instance_id


def forget_instance(actor: str, *, now: datetime) -> None:
    """Have this desk draw another id when it is next needed, and announce itself under that id.

    For a desk restored from a backup: a desk that still runs with the earlier id is then another holder to the
    exchange.
    """
    with transaction.atomic():
        DeskInstance.objects.all().delete()
        Announcement.objects.all().delete()
        record_event("instance.forgotten", actor=actor, agency="", subject="desk", now=now)


def own_software() -> str:
    """Return name and version, and the desk's host name where the exchange accepts the text."""
    name = f"Accord desk {VERSION}"
    with_host = f"{name} {urlsplit(settings.HUB_URL).hostname}"
    return with_host if _SOFTWARE.fullmatch(with_host) else name


def _shown(row: Announcement) -> Holder | None:
    if row.refused_at is None:
        return None
    return Holder(row.agency_id, row.holder, row.software, row.free_at, row.refused_at)


def _apart(row: Announcement) -> VersionsApart | None:
    if not row.versions:
        return None
    what, *bounds = row.versions
    return VersionsApart(row.agency_id, what, (bounds[0], bounds[1]), (bounds[2], bounds[3]))


def _bound() -> list[Announcement]:
    return [row for row in Announcement.objects.order_by("pk") if row.is_bound]


def _is_due(agency_id: str, now: datetime) -> bool:
    """Tell whether it is time to announce; a refused announcement is always due, so that the end of the refusal is noticed."""
    row = Announcement.objects.filter(pk=agency_id).first()
    if row is None or not row.is_bound or row.refused_at is not None or row.versions:
        return True
    return not now - ANNOUNCED_EVERY < row.answered_at <= now


@transaction.atomic
def _note_holder(actor: Actor, agency_id: str, refused: RefusedError, now: datetime) -> None:
    row = _locked(agency_id, now)
    holder, software = _said(refused, "holder", _HOLDER), _said(refused, "software", _SOFTWARE)
    is_news = row.refused_at is None or (row.holder, row.software) != (holder, software)
    row.refused_at, row.answered_at = row.refused_at or now, now
    row.holder, row.software, row.free_at, row.versions = holder, software, _free_at(refused), []
    row.save()
    if is_news:
        log.error(
            "another one holds the identity of %s: %s, %s; nothing is sent", agency_id, software, holder
        )
        _record("instance.held_elsewhere", actor, agency_id, holder, software, now)


@transaction.atomic
def _note_versions(actor: Actor, agency_id: str, other: OtherVersionError, now: datetime) -> None:
    row = _locked(agency_id, now)
    versions = [other.what, *other.theirs, *other.ours]
    is_news, row.versions, row.answered_at = row.versions != versions, versions, now
    row.save()
    if is_news:
        log.error("nothing is sent for %s: %s", agency_id, other)
        record_event(
            "instance.versions_apart",
            actor=actor.audit_name,
            agency=agency_id,
            subject=f"instance:{own_instance()}",
            detail={"what": other.what, "theirs": list(other.theirs), "ours": list(other.ours)},
            now=now,
        )


@transaction.atomic
def _note_taken(actor: Actor, agency_id: str, now: datetime) -> None:
    row = _locked(agency_id, now)
    is_news = row._state.adding or row.refused_at is not None or bool(row.versions)
    if is_news:
        log.info("this desk holds the identity of %s", agency_id)
        _record("instance.announced", actor, agency_id, own_instance(), own_software(), now)
    row.refused_at, row.holder, row.software, row.free_at = None, "", "", None
    row.versions, row.answered_at = [], now
    row.save()


def _locked(agency_id: str, now: datetime) -> Announcement:
    """Return the agency's row, locked; a row that was altered outside the program is replaced by an empty one."""
    row = Announcement.objects.select_for_update().filter(pk=agency_id).first()
    if row is not None and not row.is_bound:
        log.error("what the exchange said of the identity of %s was changed past the program", agency_id)
        row.delete()
        row = None
    return row or Announcement(agency_id=agency_id, answered_at=now)


def _give_back(row: Announcement, now: datetime) -> None:
    """Release an identity whose keys are not here any more, or not to be used here; what fails is tried again later.

    Where this desk cannot call for the agency any more, the exchange releases the identity after a week.
    """
    actor = SystemActor(WORKER, row.agency_id)
    try:
        if row.agency_id in calling_agencies():
            exchange_of(row.agency_id).release_instance(own_instance())
    except (ClientError, NotBoundError, VaultError) as trouble:
        log.warning("the identity of %s is not given back: %s", row.agency_id, type(trouble).__name__)
        return
    with transaction.atomic():
        if Announcement.objects.filter(pk=row.pk).delete()[0]:
            _record("instance.released", actor, row.agency_id, own_instance(), own_software(), now)


def _said(refused: RefusedError, name: str, form: re.Pattern[str]) -> str:
    """Return a member of the refusal where it has the expected form, since it is shown to people; else ""."""
    said = refused.members.get(name)
    return said if isinstance(said, str) and form.fullmatch(said) else ""


def _free_at(refused: RefusedError) -> datetime | None:
    said = refused.members.get("free_at")
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None


def _record(act: str, actor: Actor, agency_id: str, holder: str, software: str, now: datetime) -> None:
    record_event(
        act,
        actor=actor.audit_name,
        agency=agency_id,
        subject=f"instance:{holder}",
        detail={"software": software},
        now=now,
    )
