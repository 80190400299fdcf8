# SPDX-License-Identifier: Apache-2.0
"""Thefts from the vault: the hub signs for a hosted agency, and here somebody else does so with its keys."""

from datetime import datetime
from typing import Any

from accord.envelope.keys import PQ1, SIGN
from accord.envelope.keysets import newest_signing_keys
from accord.envelope.private import SignerSet, SigningKey
from agencies.directory import DatabaseKeyDirectory
from callers.capabilities import Role
from peers.models import Agency
from tests.builders import HeldAgency, Hub, seconds
from vault.keeping import private_keys
from vault.lives import revoke_agency_key, rotate_agency_keys
from vault.models import OwnWord


class PinnedRoot:
    """Of a hosted agency others know the root's fingerprint only."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint


def as_recipient(agency: Agency) -> HeldAgency:
    """A hosted agency as its senders know it."""
    known: Any = PinnedRoot(agency.root_fingerprint)
    return HeldAgency(agency, known, known, {}, {})


def steal_keys(hub: Hub, agency: Agency) -> HeldAgency:
    """The same with its newest signing keys, as somebody has them who reached into the vault."""
    kids = signing_kids(hub, agency)
    held = private_keys(agency.pk, kids)
    keys = [key for kid in kids if isinstance(key := held[kid], SigningKey)]
    thief = as_recipient(agency)
    thief.signing[PQ1] = SignerSet(keys)
    return thief


def signing_kids(hub: Hub, agency: Agency) -> list[str]:
    """Of the keys that the agency signs with now, in PQ1."""
    keyset = DatabaseKeyDirectory(hub.now).keyset(agency.pk)
    assert keyset is not None
    return [row.kid for row in newest_signing_keys(keyset, PQ1, seconds(hub.now))]


def submit_as_thief(hub: Hub, agency: Agency, *, to: Agency) -> str:
    """An alert that the agency never sent, good in every other way; its md."""
    thief = steal_keys(hub, agency)
    sealed = hub.alert_to(as_recipient(to), sender=thief)
    hub.carry(thief, sealed)
    return sealed.md


def revoke_hosted_key(hub: Hub, agency: Agency, *, since: datetime) -> OwnWord:
    """By a key officer, at the desk: stolen, and to be believed no longer from `since` on."""
    officer = hub.make_officer(agency, Role.KEY_OFFICER)
    kid = signing_kids(hub, agency)[0]
    return revoke_agency_key(officer, agency, kid=kid, since=since, code="stolen", now=hub.now)


def replace_signing_keys(hub: Hub, agency: Agency) -> None:
    """New signing keys, logged."""
    rotate_agency_keys(hub.make_officer(agency, Role.KEY_OFFICER), agency, uses=[SIGN], now=hub.now)
    hub.sequence()
