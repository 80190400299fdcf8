# SPDX-License-Identifier: Apache-2.0
"""The head of an agency of custody `hub-own-root`: the root is offline, a key officer works at the desk."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from accord.envelope.encoding import canonical
from accord.envelope.keys import EC1, PQ1
from accord.envelope.private import Root, SignerSet
from accord.envelope.statements.form import parse_statement, sign_statement
from agencies.models import Keyset, Revocation
from peers.models import Agency
from tests.agencies.world import NOW, enrol, log_everything
from vault import proposing
from vault.changes import Change, Create, RootCard, read_root_card


def card_file(root: Root, /, **changed: Any) -> bytes:
    """The public half of a root in the form that the client writes."""
    usual: dict[str, Any] = {
        "kind": "accord-root",
        "nroot": "",
        "root": [key.jwk for key in root.public],
        "v": 1,
    }
    return canonical(usual | changed) + b"\n"


def card_of(root: Root, successor: Root) -> RootCard:
    """The root card as the head hands it over, with the fingerprint of the next root from paper."""
    return read_root_card(card_file(root), announce=successor.fingerprint)


@dataclass
class Head:
    """The agency's head, with the root offline and an officer at the desk."""

    agency: Agency
    root: Root
    successor: Root
    folder: Path

    def __post_init__(self) -> None:
        self.officer = enrol(self.agency, "key_officer", "releaser")

    def propose(self, change: Change, *, now: datetime = NOW) -> bytes:
        return proposing.propose_keyset(self.officer, self.agency, change=change, now=now)

    def sign(self, payload: bytes, *signers: Root) -> bytes:
        keys = [key for root in signers or (self.root,) for key in root.signer._keys]
        return sign_statement(payload, SignerSet(keys))

    def hand_in(self, signed: bytes, *, now: datetime = NOW) -> Keyset | Revocation:
        """Hand in the signed statement; return the exchange's row of it."""
        proposing.accept_proposal(self.officer, self.agency, signed, now=now)
        od = parse_statement(signed).od
        return Keyset.objects.filter(od=od).first() or Revocation.objects.get(od=od)

    def change(self, change: Change, *signers: Root, now: datetime = NOW) -> Keyset:
        stored = self.hand_in(self.sign(self.propose(change, now=now), *signers), now=now)
        assert isinstance(stored, Keyset)
        log_everything(self.folder, now=now)
        self.agency.refresh_from_db()
        return stored

    def enter(self, *suites: str) -> Keyset:
        return self.change(Create(suites or (PQ1, EC1), card_of(self.root, self.successor)))
