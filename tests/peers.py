# SPDX-License-Identifier: Apache-2.0
"""Comparison of fingerprints by two persons of each hosted agency, as agencies do when they agree to share."""

import os
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from accord.envelope.keys import PQ1
from accord.envelope.seal import Recipient, SealedEnvelope, seal
from agencies.directory import DatabaseKeyDirectory
from alerts.peers.comparing import compare_fingerprints
from alerts.peers.newcomers import confirm_circle_member
from alerts.peers.pins import Origin, read_book
from callers.actors import SystemActor
from callers.capabilities import Capability
from peers.models import Agency
from sharing.models import Circle
from vault.models import VaultSecret

if TYPE_CHECKING:
    from tests.builders import HeldAgency, Hub


def compare_each_other(agency_ids: Iterable[str], *, now: datetime) -> None:
    """Have these agencies compare one another's fingerprints through the service; skip those already compared."""
    rows = [row for row in Agency.objects.filter(pk__in=list(agency_ids)) if row.root_fingerprint]
    for own in rows:
        # An agency that has no keys here yet has no desk either.
        if VaultSecret.objects.filter(agency_id=own.pk).exists():
            _compare(own, [peer for peer in rows if peer.pk != own.pk], now)


def _compare(own: Agency, peers: list[Agency], now: datetime) -> None:
    known = {peer for peer, pin in read_book(own.pk).pins.items() if pin.origin == Origin.COMPARED}
    wanted = {peer.pk: peer.root_fingerprint for peer in peers if peer.pk not in known}
    for person in ("first", "second"):
        actor = SystemActor(person, own.pk, frozenset({Capability.PEER_COMPARE}))
        if wanted:
            compare_fingerprints(actor, wanted, now=now)


def sealed_for(hub: "Hub", sender: "HeldAgency", recipient: str) -> SealedEnvelope:
    """Seal an alert in the sender's own system for one agency, by the keys that the register shows."""
    directory = DatabaseKeyDirectory(hub.now)
    places = [
        Recipient(keyset, keyset.root_fingerprint)
        for keyset in map(directory.keyset, (sender.id, recipient))
        if keyset is not None
    ]
    return seal(
        hub.terms(),
        {"schema": "accord-alert/1", "title": "Blue tablets", "alert_type": "new_substance"},
        suite=PQ1,
        originator=places[0],
        recipients=places[1:],
        signer=sender.signing[PQ1],
        nonce=os.urandom(16),
        now=int(hub.now.timestamp()),
    )


def confirm_each_other(circle: Circle, *, now: datetime) -> None:
    """Have every hosted member confirm the others in the circle, through the service."""
    members = list(circle.members.all())
    here = set(Agency.objects.filter(is_hosted=True).values_list("pk", flat=True))
    for own in members:
        actor = SystemActor("checker", own.pk, frozenset({Capability.ALERT_VALIDATE}))
        for peer in members if own.pk in here else ():
            if peer.pk != own.pk:
                confirm_circle_member(actor, Agency.objects.get(pk=peer.pk), [circle.name], now=now)
