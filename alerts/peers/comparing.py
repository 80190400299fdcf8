# SPDX-License-Identifier: Apache-2.0
"""Comparison of a peer's fingerprint, from the peer's paper or by telephone, with the one kept here.

Two officers of the agency compare, each alone. Until the second has, the first comparison can be undone and nothing is
sealed to the peer. The telephone number for it comes from outside this hub.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accord.envelope.keys import show_fingerprint
from accord.envelope.keysets import RECOVERED, Keyset
from accord.moments import moment_of
from alerts.access import agency_of
from alerts.peers.circles import Place, new_places
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pins import Book, Comparison, Origin, Pin, change_book
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError
from ledger.audit import record_event
from officers.attribution import is_independent
from officers.models import Officer
from peers.agreements import kept_agreements
from peers.models import Agency
from vault.errors import SealBrokenError

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class PeerTrust:
    """Trust in a peer by the agency's own pins, for page and API. Names in the audit's form, times in seconds."""

    agency: Agency
    pin: Pin
    shown: str
    """Fingerprint of the root in force, 64 digits; empty while there is none, or where it failed a check."""
    problem: str
    """Cause of a failed check, as in the audit; empty without one."""
    new_in: Sequence[Place] = ()
    """Circles in which it is to be confirmed."""
    root_change: Keyset | None = None
    """Keyset by which another root took the place of the one that is pinned here."""

    @property
    def is_recovered(self) -> bool:
        """Tell whether the root in force came without the word of the one before it."""
        return self.root_change is not None and self.root_change.succession == RECOVERED

    @property
    def root_text(self) -> str:
        """Words on what became of its root since it was compared or first seen; empty where it stands."""
        if self.root_change is None or self.root_change.log_time is None:
            return ""
        if self.is_recovered:
            text = _(
                "Its root was recovered on %(day)s, without the old root. Compare the new fingerprint from paper."
            )
        else:
            text = _(
                "It changed its root on %(day)s, which the old root signed. Compare the new fingerprint from paper."
            )
        return text % {"day": date_format(moment_of(self.root_change.log_time), _("j M Y"))}

    @property
    def groups(self) -> str:
        """Digits in groups of four."""
        return show_fingerprint(self.shown) if self.shown else ""

    @property
    def is_compared(self) -> bool:
        """Tell whether two officers have compared the trusted root."""
        return self.pin.origin == Origin.COMPARED

    @property
    def state_text(self) -> str:
        """State in words."""
        if self.problem:
            return _("Its keys failed a check")
        if self.pin.waiting is not None:
            return _("One officer has compared it")
        return str(Origin(self.pin.origin).label)

    @property
    def tone(self) -> str:
        """Tone of the state's words."""
        if self.problem:
            return "danger"
        return "ok" if self.is_compared else "warn"


def may_compare(actor: Actor) -> bool:
    """Tell whether the actor may compare fingerprints for the own agency."""
    return Capability.PEER_COMPARE in actor.capabilities


def peers_of(actor: Actor, *, now: datetime) -> list[PeerTrust]:
    """List every agency of the directory but the own one, by name; raises NotPermittedError."""
    require(actor, Capability.KEY_READ)
    own = agency_of(actor)
    rows = list(Agency.objects.visible_to(actor).exclude(pk=own.pk).order_by("name", "pk"))
    directory = VerifiedDirectory(own.pk, now)
    directory.preload(row.pk for row in rows)
    places = new_places(directory.book, kept_agreements(own.pk))
    return [_trust(row, directory, places.get(row.pk, ())) for row in rows]


def peer_of(actor: Actor, peer_id: str, *, now: datetime) -> PeerTrust:
    """Return one peer; raises AbsentError, and as `peers_of`."""
    require(actor, Capability.KEY_READ)
    own = agency_of(actor)
    row = Agency.objects.visible_to(actor).filter(pk=peer_id).first()
    if row is None:
        raise AbsentError
    directory = VerifiedDirectory(own.pk, now)
    places = new_places(directory.book, kept_agreements(own.pk))
    return _trust(row, directory, places.get(row.pk, ()))


def compare_fingerprint(actor: Actor, peer: Agency, fingerprint: str, *, now: datetime) -> Pin:
    """Record that one officer compared these digits; the second officer makes them the pin. Raises as `compare_fingerprints`."""
    return compare_fingerprints(actor, {peer.pk: fingerprint}, now=now)[peer.pk]


@transaction.atomic
def compare_fingerprints(
    actor: Actor, fingerprints: Mapping[str, str], *, by_list: Mapping[str, str] | None = None, now: datetime
) -> dict[str, Pin]:
    """Record comparisons with several peers; `by_list` names the list by which (`alerts.peers.fingerprint_lists`).

    Raises NotPermittedError, InputError, SealBrokenError.
    """
    own = agency_of(actor)
    require(actor, Capability.PEER_COMPARE)
    digits = {peer: _checked(text) for peer, text in fingerprints.items()}

    def change(book: Book) -> Book:
        for peer, root in digits.items():
            pin = book.pins.get(peer, Pin())
            book = book.with_pin(peer, _compared(actor, pin, root, now))
        return book

    book = change_own_book(own, change, now=now)
    for peer, root in digits.items():
        is_second = book.pins[peer].waiting is None
        act = "peer.compared" if is_second else "peer.first_compared"
        _record(act, actor, own, peer, now, root=root, **(by_list or {}))
    return {peer: book.pins[peer] for peer in digits}


@transaction.atomic
def undo_comparison(actor: Actor, peer: Agency, *, now: datetime) -> None:
    """Undo a first comparison before the second. Raises NotPermittedError, InputError (there is none)."""
    own = agency_of(actor)
    require(actor, Capability.PEER_COMPARE)

    def change(book: Book) -> Book:
        pin = book.pins.get(peer.pk)
        if pin is None or pin.waiting is None:
            raise InputError("fingerprint", _("Nothing waits for a second comparison here."))
        return book.with_pin(peer.pk, replace(pin, waiting=None))

    change_own_book(own, change, now=now)
    _record("peer.comparison_undone", actor, own, peer.pk, now)


def _compared(actor: Actor, pin: Pin, root: str, now: datetime) -> Pin:
    mine = Comparison(root, actor.audit_name, int(now.timestamp()))
    if pin.origin == Origin.COMPARED and pin.root == root:
        raise InputError("fingerprint", _("Two officers have compared this fingerprint already."))
    if pin.waiting is None or pin.waiting.root != root:
        return replace(pin, waiting=mine)
    if not _is_another(actor, pin.waiting.by):
        raise InputError("fingerprint", _("You compared it first: another officer compares it too."))
    compared = Pin(root, 0, Origin.COMPARED, (pin.waiting, mine), circles=pin.circles)
    return replace(compared, version=pin.version, revoked=pin.revoked) if pin.root == root else compared


def change_own_book(own: Agency, change: Callable[[Book], Book], *, now: datetime) -> Book:
    """Change the agency's book; raises InputError for a book that was changed past the program."""
    try:
        return change_book(own.pk, change, now=now)
    except SealBrokenError:
        text = _("Your agency's pins were changed outside the program. Ask whoever runs this desk.")
        raise InputError("fingerprint", text) from None


def _is_another(actor: Actor, first: str) -> bool:
    if isinstance(actor, Officer):
        return is_independent(actor, [first])
    return actor.audit_name != first


def _trust(row: Agency, directory: VerifiedDirectory, new_in: Sequence[Place]) -> PeerTrust:
    keyset = directory.keyset(row.pk)
    shown = keyset.root_fingerprint if keyset else ""
    pin, problem = directory.book.pins.get(row.pk, Pin()), directory.alarms.get(row.pk, "")
    return PeerTrust(row, pin, shown, problem, new_in, directory.root_change(row.pk))


def _checked(text: str) -> str:
    digits = "".join(text.split()).lower()
    if not _FINGERPRINT.fullmatch(digits):
        raise InputError("fingerprint", _("Fingerprint: 64 digits and letters a to f."))
    return digits


def _record(act: str, actor: Actor, agency: Agency, peer: str, now: datetime, **detail: object) -> None:
    record_event(act, actor=actor.audit_name, agency=agency.pk, subject=peer, detail=detail, now=now)
