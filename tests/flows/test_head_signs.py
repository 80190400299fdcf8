# SPDX-License-Identifier: Apache-2.0
"""Operational keys in the vault, the root with the agency's head: the desk proposes, `accord sign` signs, the desk takes it.

The head's side is the client's own code, on files that never leave the head's machine.
"""

import time
from pathlib import Path

import pytest
from django.utils import timezone

from accord.client.ceremony import RootsAtHand, examine_proposal, open_root
from accord.client.errors import ProposalError
from accord.client.home import NewRoot, create_next_root, create_root
from accord.envelope.keys import EC1, PQ1
from accord.envelope.statements.form import parse_statement
from accord.keyfile import Argon2Cost
from agencies.accession import admit_agency
from agencies.models import Keyset, KeyState, Revocation
from alerts.receiving.opening import OpeningReason, open_alert
from callers.capabilities import Role
from callers.directory import Custody
from officers.keyfacts import key_facts
from officers.models import Officer
from peers.models import Agency
from tests.builders import OPERATOR, Hub
from tests.pages.desk_world import CONTENT, DeskWorld
from vault import proposing
from vault.changes import Change, ChangeRoot, Create, RecoverRoot, Renew, Rotate, read_root_card

pytestmark = pytest.mark.slow
PASSPHRASE = "correct horse battery staple"
CHEAP = Argon2Cost(memory_kib=64, passes=1, lanes=1)


class Head:
    """The head of xc-customs, with a key officer at the desk and two files of roots in a safe."""

    def __init__(self, hub: Hub, safe: Path) -> None:
        self.hub, self.safe = hub, safe
        self.root, self.next = create_root(safe, PASSPHRASE, now=int(time.time()), cost=CHEAP)
        entry = admit_agency(
            OPERATOR,
            "xc-customs",
            name="Customs, Cadria",
            kind="customs",
            country="XC",
            timezone="Asia/Amman",
            language="ar",
            custody=Custody.HUB_OWN_ROOT,
            root_fingerprint=self.root.fingerprint,
            now=timezone.now(),
        )
        self.agency = Agency.objects.get(pk=entry.pk)
        self.compares = True
        self.officer: Officer = hub.make_officer(self.agency, Role.KEY_OFFICER, Role.READER)

    def change(
        self, change: Change, *, root: NewRoot | None = None, next_root: NewRoot | None = None
    ) -> Keyset:
        payload = proposing.propose_keyset(self.officer, self.agency, change=change, now=timezone.now())
        stored = self._give_back(self.sign(payload, root=root, next_root=next_root))
        assert isinstance(stored, Keyset)
        return stored

    def revoke(self, kid: str) -> Revocation:
        now = timezone.now()
        payload = proposing.propose_revoke(
            self.officer, self.agency, kid=kid, since=now, code="stolen", now=now
        )
        stored = self._give_back(self.sign(payload, root=self.root))
        assert isinstance(stored, Revocation)
        return stored

    def sign(self, payload: bytes, *, root: NewRoot | None = None, next_root: NewRoot | None = None) -> bytes:
        """Sign on the head's machine, which compares with the keyset before."""
        before = proposing.previous_keyset(self.officer, self.agency, now=timezone.now())
        previous = before if self.compares else None
        roots = RootsAtHand(
            root=None if root is None else open_root(root.root_file, PASSPHRASE).root,
            next_root=None if next_root is None else open_root(next_root.root_file, PASSPHRASE).root,
        )
        _shown, signed = examine_proposal(payload, roots, previous=previous, now=int(time.time()))
        return signed

    def _give_back(self, signed: bytes) -> Keyset | Revocation:
        proposing.accept_proposal(self.officer, self.agency, signed, now=timezone.now())
        od = parse_statement(signed).od
        stored = Keyset.objects.filter(od=od).first() or Revocation.objects.get(od=od)
        self.hub.now = timezone.now()
        self.hub.sequence()
        return stored

    def enter(self) -> Keyset:
        card = read_root_card(self.root.public_file.read_bytes())
        return self.change(Create((PQ1, EC1), card), root=self.root)

    def after(self) -> NewRoot:
        """Make one more root, for a change to announce."""
        return create_next_root(self.safe, PASSPHRASE, now=int(time.time()), cost=CHEAP)


@pytest.fixture
def head(desk: DeskWorld, tmp_path: Path) -> Head:
    desk.hub.now = timezone.now()
    return Head(desk.hub, tmp_path / "safe")


def test_the_head_signs_and_the_hub_works_for_the_agency(desk: DeskWorld, head: Head) -> None:
    assert head.enter().version == 1
    head.hub.make_agreement("G7", "xa-lab", "xc-customs")
    desk.send(desk.draft(recipients=["xc-customs"]))
    received = desk.received(head.officer)
    opened = open_alert(head.officer, received, reason=OpeningReason.ON_DUTY, now=desk.hub.now)
    assert CONTENT in str(opened.sections)


def test_keys_are_rotated_renewed_and_revoked_on_the_heads_signature(head: Head) -> None:
    head.enter()
    stolen = next(key.kid for key in key_facts(head.officer, now=timezone.now()).keys if key.use == "sign")
    head.revoke(stolen)
    assert head.change(Rotate(), root=head.root).version == 2
    assert head.change(Renew(), root=head.root).version == 3
    states = {key.kid: key.state for key in key_facts(head.officer, now=timezone.now()).keys}
    assert states[stolen] == KeyState.REVOKED
    assert sorted(states.values()).count("current") == 4


def test_the_root_changes_and_the_head_names_the_one_after(head: Head) -> None:
    head.enter()
    after = head.after()
    card = read_root_card(head.next.public_file.read_bytes(), announce=after.fingerprint)
    changed = head.change(ChangeRoot(card), root=head.root, next_root=head.next)
    assert changed.succession == "changed"
    head.agency.refresh_from_db()
    assert head.agency.root_fingerprint == head.next.fingerprint
    # Both roots signed the keyset before, so the new root's file alone cannot check it.
    head.compares = False
    assert head.change(Renew(), root=head.next).version == 3


def test_a_lost_root_is_recovered_by_the_next_one_alone(head: Head) -> None:
    head.enter()
    card = read_root_card(head.next.public_file.read_bytes(), announce=head.after().fingerprint)
    assert head.change(RecoverRoot(card), next_root=head.next).succession == "recovered"
    waiting = key_facts(head.officer, now=timezone.now()).waiting
    assert waiting is not None and waiting.version == 2


def test_the_head_does_not_sign_what_another_root_should(head: Head) -> None:
    head.enter()
    payload = proposing.propose_keyset(head.officer, head.agency, change=Renew(), now=timezone.now())
    with pytest.raises(ProposalError):
        head.sign(payload, root=head.after())
    assert Agency.objects.get(pk="xc-customs").root_fingerprint == head.root.fingerprint
