# SPDX-License-Identifier: Apache-2.0
"""An agency loses its root: the announced one takes over after 72 hours in public, unless the old one cancels."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from accord.envelope.keysets import build_keyset_body, read_keyset
from accord.envelope.private import Root
from accord.envelope.statements.form import make_statement
from agencies.accession import accept_keyset
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Keyset, KeyUse
from agencies.registry import take_over_recoveries
from alerts.peers.directory import VerifiedDirectory
from alerts.receiving.opening import OpeningReason, open_alert
from callers.actors import SystemActor
from callers.capabilities import Capability, Role
from officers.keyfacts import key_facts
from officers.models import Officer
from tests.builders import DAY_SECS, HeldAgency, new_uuid7, seconds
from tests.pages.desk_world import CONTENT, DeskWorld
from vault import agency_keys
from vault.errors import RecoveryWaitsError
from vault.models import VaultKey

pytestmark = pytest.mark.slow
DELAY = timedelta(hours=72)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def key_officer(desk: DeskWorld) -> Officer:
    return desk.hub.make_officer(desk.health, Role.KEY_OFFICER)


def later(desk: DeskWorld, by: timedelta) -> None:
    desk.hub.later(seconds=by.total_seconds())
    desk.settle()


def reads_what_is_sent(desk: DeskWorld) -> bool:
    """Send from xa-lab to xb-health; tell whether its officer can read it."""
    desk.send(desk.draft(recipients=["xb-health"]))
    received = desk.received(desk.aroha)
    opened = open_alert(desk.aroha, received, reason=OpeningReason.ON_DUTY, now=desk.hub.now)
    return CONTENT in str(opened.sections)


def pinned(desk: DeskWorld, peer: str) -> str:
    """The root of the peer's keyset in force, to which the laboratory's own pins lead."""
    keyset = VerifiedDirectory("xa-lab", desk.hub.now).keyset(peer)
    assert keyset is not None
    return keyset.root_fingerprint


def root_in_force(desk: DeskWorld, agency: str) -> str:
    keyset = DatabaseKeyDirectory(desk.hub.now).keyset(agency)
    assert keyset is not None
    return keyset.root_fingerprint


# Keys held by the hub.


def test_a_hosted_agency_loses_its_root_and_works_on(desk: DeskWorld, key_officer: Officer) -> None:
    assert reads_what_is_sent(desk)
    old = root_in_force(desk, "xb-health")
    lost = [key.kid for key in read_keyset(bytes(Keyset.objects.get(agency="xb-health").jws)).root]
    VaultKey.objects.filter(kid__in=lost, use=KeyUse.ROOT).delete()
    begun = agency_keys.recover_agency_root(key_officer, desk.health, now=desk.tick())
    desk.settle()
    logged_at = desk.hub.now

    later(desk, timedelta(hours=70))
    assert root_in_force(desk, "xb-health") == old
    assert reads_what_is_sent(desk), "nothing changes while it waits"
    waiting = key_facts(key_officer, now=desk.hub.now).waiting
    assert waiting is not None and waiting.from_at is not None
    assert abs(waiting.from_at - (logged_at + DELAY)) <= MINUTE
    with pytest.raises(RecoveryWaitsError):
        agency_keys.rotate_agency_keys(key_officer, desk.health, now=desk.hub.now)

    later(desk, timedelta(hours=3))
    assert root_in_force(desk, "xb-health") == begun.keyset.root_fingerprint
    assert reads_what_is_sent(desk)
    assert pinned(desk, "xb-health") == begun.keyset.root_fingerprint
    agency_keys.rotate_agency_keys(key_officer, desk.health, now=desk.tick())
    desk.settle()
    assert reads_what_is_sent(desk)
    take_over_recoveries(now=desk.hub.now)
    desk.health.refresh_from_db()
    assert desk.health.root_fingerprint == begun.keyset.root_fingerprint


# Keys held by the agency.


def _signed(desk: DeskWorld, agency: HeldAgency, root: Root, announce: Root) -> bytes:
    """Sign the next keyset of an own-key agency by one root alone."""
    before = DatabaseKeyDirectory(desk.hub.now).keyset(agency.id)
    assert before is not None
    return make_statement(
        "keyset",
        iss=agency.id,
        signer=root.signer,
        suite="PQ1",
        id=new_uuid7(desk.hub.now),
        iat=seconds(desk.hub.now),
        exp=seconds(desk.hub.now) + 90 * DAY_SECS,
        nonce=os.urandom(16),
        body=build_keyset_body(
            version=before.version + 1,
            prev=before.od,
            root=root.public,
            nroot=announce.fingerprint,
            custody=before.custody,
            low=before.low,
            rows=before.rows,
        ),
    )


def _hand_in(desk: DeskWorld, agency: HeldAgency, keyset: bytes) -> Keyset:
    system = SystemActor("system", agency.id, frozenset({Capability.STATEMENT_SUBMIT}))
    row = accept_keyset(system, agency.id, pop=None, keyset=keyset, now=desk.tick())
    desk.settle()
    return row


def _reaches(desk: DeskWorld, agency: HeldAgency) -> bool:
    """Send from xa-lab to the agency; tell whether its own system opens the alert."""
    alert = desk.send(desk.draft(recipients=[agency.id]))
    sealed = _Sealed(alert.md)
    return "Nine collapses" in str(desk.hub.open(agency, sealed).alert)  # type: ignore[arg-type]


class _Sealed:
    """The attributes of a desk's sealed envelope that `Hub.open` reads."""

    blobs: tuple[bytes, ...] = ()

    def __init__(self, md: str) -> None:
        self.md = md


def test_an_agency_with_own_keys_loses_its_root_and_its_peers_follow(desk: DeskWorld) -> None:
    reg = desk.reg
    assert _reaches(desk, reg)
    old, third = reg.root.fingerprint, Root.generate()
    assert _hand_in(desk, reg, _signed(desk, reg, reg.next_root, third)).succession == "recovered"
    later(desk, timedelta(hours=71))
    assert root_in_force(desk, reg.id) == old
    assert _reaches(desk, reg) and pinned(desk, reg.id) == old
    later(desk, timedelta(hours=2))
    found = replace(reg, root=reg.next_root, next_root=third)
    assert root_in_force(desk, reg.id) == found.root.fingerprint
    assert _reaches(desk, found) and pinned(desk, reg.id) == found.root.fingerprint
    assert _hand_in(desk, found, _signed(desk, found, found.root, third)).version == 3
