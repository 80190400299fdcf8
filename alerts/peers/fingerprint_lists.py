# SPDX-License-Identifier: Apache-2.0
"""Comparison of many peers by one list that an agency's root has signed: the own root, or one that two officers compared.

The signing agency vouches for the list. The list replaces the paper of each peer, but no officer: two officers compare by it,
each alone, and each ticks whom they accept. A signed list is valid for 90 days.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.fingerprints import FingerprintList, build_list, read_signed_list, verify_list
from accord.envelope.keys import PublicKey, show_fingerprint
from accord.envelope.rootforms import NONCE_BYTES
from alerts.access import agency_of
from alerts.peers.comparing import PeerTrust, compare_fingerprints, peers_of
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pins import Origin
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.directory import Custody
from callers.errors import InputError
from peers.models import Agency
from vault.outgoing import new_id


@dataclass(frozen=True)
class Listed:
    """Line of a list beside the peer's state here. `listed`: its digits in groups of four."""

    trust: PeerTrust
    listed: str
    is_same: bool
    may_take: bool

    @property
    def text(self) -> str:
        """State of the line in words."""
        if not self.trust.shown:
            return _("No keys of it are here")
        if not self.is_same:
            return _("Another fingerprint than here")
        return self.trust.state_text if self.trust.is_compared else _("The same as here")

    @property
    def tone(self) -> str:
        """Tone of the state's words."""
        return "ok" if self.is_same else "danger"


@dataclass(frozen=True)
class ListRead:
    """List whose signature holds. `absent`: how many of its agencies are not in the directory here."""

    said: FingerprintList
    signer: Agency
    rows: Sequence[Listed]
    absent: int


def offer_list(actor: Actor, *, now: datetime) -> bytes:
    """Make the list of all peers that two officers have compared, for the own root to sign offline.

    Raises NotPermittedError, AbsentError, InputError (`agency`: no keys yet, a root at this desk, nobody compared).
    """
    require(actor, Capability.PEER_COMPARE)
    own = agency_of(actor)
    if own.custody == Custody.HUB:
        raise InputError(
            "agency", _("Your agency's root is at this desk, so the list would be the desk's own word.")
        )
    keyset = VerifiedDirectory(own.pk, now).keyset(own.pk)
    roots = {row.agency.pk: row.shown for row in peers_of(actor, now=now) if _may_be_listed(row)}
    if keyset is None or not roots:
        raise InputError("agency", _("There is nothing to list: two officers have compared no agency yet."))
    return build_list(
        iss=own.pk,
        root=keyset.root,
        id=new_id(now),
        iat=int(now.timestamp()),
        nonce=secrets.token_bytes(NONCE_BYTES),
        roots=roots,
    )


def read_fingerprint_list(actor: Actor, data: bytes, *, now: datetime) -> ListRead:
    """Verify a list and compare it with the pins here. Raises NotPermittedError, AbsentError, InputError (`signed`)."""
    require(actor, Capability.PEER_COMPARE)
    own = agency_of(actor)
    try:
        signer, root = _signer_of(actor, own, read_signed_list(data).iss, now)
        said = verify_list(data, root=root, now=int(now.timestamp()))
    except EnvelopeError as refused:
        raise InputError("signed", _refused_text(refused)) from None
    rows = [_beside(actor, row, said) for row in peers_of(actor, now=now) if row.agency.pk in said.roots]
    absent = len(said.roots) - len(rows) - (own.pk in said.roots)
    return ListRead(said, signer, rows, absent)


def compare_by_list(actor: Actor, data: bytes, agencies: Collection[str], *, now: datetime) -> int:
    """Compare these agencies by the list, as one of two officers; return how many of them both have now compared.

    Raises as `read_fingerprint_list`, and InputError (`agencies`).
    """
    read = read_fingerprint_list(actor, data, now=now)
    may_take = {row.trust.agency.pk: row.trust.shown for row in read.rows if row.may_take}
    if not agencies or not may_take.keys() >= set(agencies):
        raise InputError("agencies", _("Agencies: tick those that you take from the list."))
    by_list = {"list": read.said.od, "signer": read.signer.pk}
    pins = compare_fingerprints(actor, {one: may_take[one] for one in agencies}, by_list=by_list, now=now)
    return sum(pin.waiting is None for pin in pins.values())


def _may_be_listed(row: PeerTrust) -> bool:
    return row.is_compared and not row.problem and row.shown == row.pin.root


def _beside(actor: Actor, row: PeerTrust, said: FingerprintList) -> Listed:
    listed = said.roots[row.agency.pk]
    is_same = row.shown == listed
    waiting = row.pin.waiting
    is_mine = waiting is not None and waiting.root == listed and waiting.by == actor.audit_name
    may_take = is_same and not row.problem and not row.is_compared and not is_mine
    return Listed(row, show_fingerprint(listed), is_same, may_take)


def _signer_of(actor: Actor, own: Agency, iss: str, now: datetime) -> tuple[Agency, Sequence[PublicKey]]:
    """Return the agency that should have signed, and its root; raises InputError unless it is the own or a compared one."""
    signer = Agency.objects.visible_to(actor).filter(pk=iss).first()
    directory = VerifiedDirectory(own.pk, now)
    keyset = directory.keyset(iss) if signer else None
    pin = directory.book.pins.get(iss)
    is_believed = iss == own.pk or (pin is not None and pin.origin == Origin.COMPARED)
    if signer is None or keyset is None or not is_believed or iss in directory.alarms:
        raise InputError(
            "signed",
            _(
                "List: it is to be signed by %(id)s, whose fingerprint two officers of your agency have not compared."
            )
            % {"id": iss},
        )
    return signer, keyset.root


def _refused_text(refused: EnvelopeError) -> str:
    failure = refused.failure if isinstance(refused, VerificationError) else None
    if failure is Failure.STALE:
        return _("List: it was made more than 90 days ago. Ask for a newer one.")
    if failure is Failure.FUTURE:
        return _("List: it was made in the future. Compare this machine's clock.")
    if failure in (Failure.SIGNATURE, Failure.SIGNERS):
        return _(
            "List: the root of the agency that it names has not signed it, or it was changed on its way."
        )
    return _("List: it is no signed list of fingerprints. Choose the file that `accord sign` wrote.")
