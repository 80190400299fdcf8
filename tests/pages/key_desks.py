# SPDX-License-Identifier: Apache-2.0
"""An agency for the tests of the key pages whose head keeps the root offline, and the head's acts."""

from dataclasses import dataclass, field
from typing import Any, Self

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accord.envelope.encoding import canonical
from accord.envelope.private import Root, SignerSet
from accord.envelope.statements.form import sign_statement
from agencies.accession import admit_agency
from callers.capabilities import Role
from callers.directory import Custody
from officers.keyfacts import KeyFact, key_facts
from officers.models import Officer
from peers.models import Agency
from tests.builders import OPERATOR
from tests.pages.desk_world import DeskWorld


def key_of(officer: Officer, use: str = "sign", state: str = "current") -> KeyFact:
    """Return the first key of this use and state, as the page lists them."""
    facts = key_facts(officer, now=timezone.now())
    return next(key for key in facts.keys if key.use == use and key.state == state)


def version_of(officer: Officer) -> int:
    """Return the version of the keyset that the next change follows; 0 if there is none."""
    keyset = key_facts(officer, now=timezone.now()).keyset
    return keyset.version if keyset else 0


def states_of(officer: Officer) -> list[str]:
    """Return the states of all keys, sorted."""
    return sorted(key.state for key in key_facts(officer, now=timezone.now()).keys)


@dataclass
class Customs:
    """The agency xc-customs: keys in the vault, the root with its head."""

    desk: DeskWorld
    agency: Agency
    officer: Officer
    root: Root = field(repr=False)
    successor: Root = field(repr=False)
    after: Root = field(repr=False)

    @classmethod
    def build(cls, desk: DeskWorld) -> Self:
        root, successor, after = Root.generate(), Root.generate(), Root.generate()
        entry = admit_agency(
            OPERATOR,
            "xc-customs",
            name="Customs, Cadria",
            kind="customs",
            country="XC",
            timezone="Asia/Amman",
            language="ar",
            custody=Custody.HUB_OWN_ROOT,
            root_fingerprint=root.fingerprint,
            now=desk.hub.now,
        )
        agency = Agency.objects.get(pk=entry.pk)
        officer = desk.hub.make_officer(agency, Role.KEY_OFFICER, Role.READER)
        return cls(desk, agency, officer, root, successor, after)

    def card(self, root: Root, /, **changed: Any) -> SimpleUploadedFile:
        """Return the public half of a root, as a file."""
        usual = {"kind": "accord-root", "nroot": "", "root": [key.jwk for key in root.public], "v": 1}
        return SimpleUploadedFile("root.public.json", canonical(usual | changed) + b"\n")

    def sign(self, payload: bytes, *roots: Root) -> bytes:
        """Sign on the head's machine."""
        keys = [key for root in roots or (self.root,) for key in root.signer._keys]
        return sign_statement(payload, SignerSet(keys))

    def propose(self, client: Client, address: str, **data: Any) -> str:
        """Fill in a question; return the address of the proposal that it makes."""
        answer = client.post(address, {"version": version_of(self.officer), "go": "do", **data})
        assert answer.status_code == 302, answer.content.decode()
        return str(answer.headers["Location"])

    def hand_in(self, client: Client, proposal: str, *roots: Root) -> Any:
        """Download a proposal, sign it and hand it in."""
        signed = self.sign(client.get(f"{proposal}file/").content, *roots)
        answer = client.post(proposal, {"signed": SimpleUploadedFile("a.signed", signed)})
        self.desk.hub.now = timezone.now()
        self.desk.hub.sequence()
        return answer

    def enter(self, client: Client) -> None:
        """Create the first keys, of both suites."""
        words = {
            "root": self.card(self.root),
            "announce": self.successor.fingerprint,
            "suites": ["PQ1", "EC1"],
        }
        proposal = self.propose(client, "/keys/create/", **words)
        assert self.hand_in(client, proposal).status_code == 302
