# SPDX-License-Identifier: Apache-2.0
"""Thefts from the vault: somebody else signs with the keys of a hosted agency, and a key officer revokes them."""

from datetime import datetime
from typing import Any

from accord.envelope.keys import PQ1, SIGN
from accord.envelope.keysets import newest_signing_keys
from accord.envelope.private import SignerSet, SigningKey
from agencies.directory import DatabaseKeyDirectory
from callers.capabilities import Role
from peers.models import Agency
from tests.builders import HeldAgency, Hub, seconds
from vault.agency_keys import revoke_agency_key, rotate_agency_keys
from vault.models import KeyStatement
from vault.wrapped_keys import private_keys


class PinnedRoot:
    """The root of a hosted agency as others know it: its fingerprint only."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint


def as_recipient(agency: Agency) -> HeldAgency:
    """Return a hosted agency as its senders know it, without private keys."""
    known: Any = PinnedRoot(agency.root_fingerprint)
    return HeldAgency(agency, known, known, {}, {})


def steal_keys(hub: Hub, agency: Agency) -> HeldAgency:
    """Return a hosted agency with its newest signing keys, as a thief in the vault would hold it."""
    kids = signing_kids(hub, agency)
    held = private_keys(agency.pk, kids)
    keys = [key for kid in kids if isinstance(key := held[kid], SigningKey)]
    thief = as_recipient(agency)
    thief.signing[PQ1] = SignerSet(keys)
    return thief


def signing_kids(hub: Hub, agency: Agency) -> list[str]:
    """Return the kids of the keys that the agency signs with now, in PQ1."""
    keyset = DatabaseKeyDirectory(hub.now).keyset(agency.pk)
    assert keyset is not None
    return [row.kid for row in newest_signing_keys(keyset, PQ1, seconds(hub.now))]


def submit_as_thief(hub: Hub, agency: Agency, *, to: Agency) -> str:
    """Submit an alert that the agency never sent, valid in every other way; return its md."""
    thief = steal_keys(hub, agency)
    sealed = hub.alert_to(as_recipient(to), sender=thief)
    hub.carry(thief, sealed)
    return sealed.md


def revoke_hosted_key(hub: Hub, agency: Agency, *, since: datetime) -> KeyStatement:
    """Have a key officer at the desk revoke the newest signing key as stolen, from `since` on."""
    officer = hub.make_officer(agency, Role.KEY_OFFICER)
    kid = signing_kids(hub, agency)[0]
    return revoke_agency_key(officer, agency, kid=kid, since=since, code="stolen", now=hub.now)


def replace_signing_keys(hub: Hub, agency: Agency) -> None:
    """Replace the agency's signing keys and log the keyset."""
    rotate_agency_keys(hub.make_officer(agency, Role.KEY_OFFICER), agency, uses=[SIGN], now=hub.now)
    hub.sequence()
