# SPDX-License-Identifier: Apache-2.0
"""Steps by which an own desk comes to work, from its first keeper to a first alert, as far as its keeper may know them.

The guide stores nothing: what is done is read from what there is, so that it continues wherever it was left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from alerts.models import Alert, ReceivedAlert
from alerts.peers.pins import read_book
from alerts.sending.sending_stopped import is_still_to_come
from alerts.states import AlertState
from callers.actors import Actor
from callers.capabilities import Role
from callers.directory import AgencyStatus
from officers.entering import Entry, entries
from officers.models import Officer
from peers.models import PeerAgreement
from peers.own_exchange import known_exchange
from vault.errors import VaultError

STEPS = ("exchange", "taken_in", "admin", "people", "keys", "active", "agreement", "peers", "duty", "alert")
"""The steps in their order; each stands on those before it."""


@dataclass(frozen=True)
class Step:
    """One of `STEPS`; `count` is a number where that says more than done."""

    name: str
    is_done: bool
    is_next: bool = False
    count: int = 0


@dataclass(frozen=True)
class SettingUp:
    """Steps, and the desk's agency once it was taken in."""

    steps: tuple[Step, ...]
    entry: Entry | None

    @property
    def is_over(self) -> bool:
        return all(step.is_done for step in self.steps)


def setting_up(keeper: Actor, *, now: datetime) -> SettingUp:
    """Return the progress of the desk. Raises NotPermittedError."""
    entry = next(iter(entries(keeper, now=now)), None)
    steps = list(_steps(entry, now))
    first = next((n for n, step in enumerate(steps) if not step.is_done), None)
    return SettingUp(
        tuple(Step(step.name, step.is_done, n == first, step.count) for n, step in enumerate(steps)), entry
    )


def _steps(entry: Entry | None, now: datetime) -> Iterator[Step]:
    yield Step("exchange", known_exchange() is not None)
    yield Step("taken_in", entry is not None)
    if entry is None:
        yield from (Step(name, is_done=False) for name in STEPS[2:])
        return
    yield Step("admin", entry.has_admin)
    yield Step("people", _has_people(entry))
    yield Step("keys", entry.has_keys)
    yield Step("active", _is_published(entry, now))
    yield Step("agreement", PeerAgreement.objects.filter(reader=entry.agency.pk).exists())
    compared = _compared(entry)
    yield Step("peers", compared > 0, count=compared)
    on_duty = Officer.objects.filter(agency=entry.agency, is_active=True, duty_rank__isnull=False).count()
    yield Step("duty", on_duty > 0, count=on_duty)
    yield Step("alert", _has_alert(entry))


def _has_people(entry: Entry) -> bool:
    """Tell whether officers who make keys, write and send have accepted."""
    come = Officer.objects.filter(agency=entry.agency, is_active=True, invited_email="")
    wanted = (Role.KEY_OFFICER, Role.AUTHOR, Role.RELEASER)
    return all(come.filter(roles__contains=[role.value]).exists() for role in wanted)


def _is_published(entry: Entry, now: datetime) -> bool:
    """Tell whether the agency takes part by the keys that were made here, and no more by those of a desk it comes from."""
    is_active = entry.has_keys and entry.agency.status == AgencyStatus.ACTIVE
    return is_active and not is_still_to_come(entry.agency.pk, now=now)


def _compared(entry: Entry) -> int:
    """Count the other agencies to which anything may be sealed."""
    if not entry.has_keys:
        return 0
    try:
        pins = read_book(entry.agency.pk).pins
    except VaultError:
        return 0
    return sum(pin.may_seal for peer, pin in pins.items() if peer != entry.agency.pk)


def _has_alert(entry: Entry) -> bool:
    """Tell whether something was sent or came in."""
    sent = Q(agency=entry.agency, state__in=(AlertState.RELEASED, AlertState.WITHDRAWN))
    return Alert.objects.filter(sent).exists() or ReceivedAlert.objects.filter(agency=entry.agency).exists()
