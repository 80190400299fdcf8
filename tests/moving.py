# SPDX-License-Identifier: Apache-2.0
"""An agency that moves from a hosted desk to an empty own desk (`tests.two_desks`).

moving = build_moving(folder, settings, hosted_with_own_root)
moving.leave()
with moving.home.entered():
    keys = moving.come()
    moving.name_keys(keys, moving.sign(moving.propose(keys)))
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

from django.utils import timezone
from pytest_django import Settings

from accord.client.ceremony import RootsAtHand, examine_proposal
from accord.envelope.private import Root
from accord.envelope.statements.form import sign_statement
from agencies.models import Instance
from alerts.drafting.drafts import create_draft
from alerts.history.handing_over import hand_over_history
from alerts.history.taking_in import HistoryIn, take_history
from alerts.models import Alert
from alerts.receiving.following import follow_feed
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from callers.capabilities import Role
from callers.directory import Custody
from officers.arrival import Coming, begin_arrival
from officers.departure import agree_to_leave, ask_to_leave, leaving_of
from officers.models import Officer
from peers.models import Agency
from tests.agencies.heads import card_file, card_of
from tests.builders import HeldAgency, Hub, make_hosted_agency
from tests.desk_calls import give_exchange_keys
from tests.entries import make_keeper, store_entry
from tests.exchange_keys import give_api_key
from tests.own_desk import DRAFT
from tests.stolen_vault_keys import as_recipient
from tests.two_desks import SecondDesk
from vault import proposing
from vault.changes import Create, Move
from vault.instances import announce_held
from vault.outgoing import send_waiting

OWN, PARTNER = "xc-customs", "xe-drugs"
TITLE = "Blue tablets"


@dataclass
class Moving:
    """A hosted agency, a partner with own keys, and an own desk that has been told its exchange."""

    hub: Hub
    home: SecondDesk
    agency: Agency
    partner: HeldAgency
    root: Root
    keys: Officer
    second: Officer
    next_root: Root | None = None
    """The root that the head has made, where the present one is at the hosted desk."""

    @property
    def now(self) -> Any:
        return self.hub.now

    def receive(self, **terms: Any) -> str:
        sealed = self.hub.alert_to(as_recipient(self.agency), sender=self.partner, **terms)
        self.hub.carry(self.partner, sealed)
        self.hub.sequence()
        return sealed.md

    def sent(self, agency: Agency) -> Alert:
        author, releaser = (self.hub.make_officer(agency, role) for role in (Role.AUTHOR, Role.RELEASER))
        draft = create_draft(author, data={**DRAFT, "tlp": "GREEN", "recipients": [PARTNER]}, now=self.now)
        submit_alert(author, draft, revision=1, now=self.now)
        draft.refresh_from_db()
        validate_alert(releaser, draft, revision=draft.current, now=self.now)
        return release_alert(releaser, draft, revision=draft.current, now=self.now)

    def leave(self) -> None:
        ask_to_leave(self.keys, now=self.now)
        agree_to_leave(self.second, now=self.now)

    @staticmethod
    def here() -> Agency:
        """Return the agency's row at the desk that is entered."""
        return Agency.objects.get(pk=OWN)

    @property
    def stage(self) -> str:
        leaving = leaving_of(self.keys, now=self.now)
        return leaving.stage if leaving else ""

    def come(self, keeper: Officer | None = None) -> Officer:
        """Have the keeper at home take the agency in; return its key officer there."""
        key = give_api_key(OWN, now=self.now)[1]
        agency = begin_arrival(
            keeper or make_keeper(), Coming(key, self.agency.root_fingerprint), now=self.now
        )
        return self.hub.make_officer(agency, Role.KEY_OFFICER, Role.READER)

    def card_file(self) -> bytes:
        """Return the public half of the head's root as a file."""
        return card_file(self.root)

    @cached_property
    def announced_root(self) -> str:
        """The fingerprint of the root that is announced next."""
        return Root.generate().fingerprint

    def propose(self, officer: Officer) -> bytes:
        """Propose new keys at home."""
        card = card_of(self.next_root, Root.generate()) if self.next_root else None
        return proposing.propose_keyset(officer, self.here(), change=Move(card), now=self.now)

    def sign(self, payload: bytes) -> bytes:
        """Sign a proposal on the head's machine.

        If the root is at the hosted desk, the keyset that this desk signed before is laid beside it.
        """
        before = proposing.previous_keyset(self.keys, self.agency, now=self.now)
        roots = RootsAtHand(next_root=self.next_root) if self.next_root else RootsAtHand(root=self.root)
        return examine_proposal(payload, roots, previous=before, now=int(self.now.timestamp()))[1]

    def name_keys(self, officer: Officer, signed: bytes) -> None:
        """Hand in at home what the root has signed, and have it logged."""
        proposing.accept_proposal(officer, self.here(), signed, now=self.now)
        announce_held(now=self.now)
        send_waiting(now=self.now)
        self.hub.sequence()

    def hosted_follows(self) -> None:
        follow_feed(self.agency, now=self.hub.later(minutes=1))

    def history(self) -> bytes:
        with hand_over_history(self.keys, now=self.now).file as file:
            return file.read()

    def take(self, officer: Officer, history: bytes) -> HistoryIn:
        return take_history(officer, BytesIO(history), now=self.now)


def whole_hosted(hub: Hub) -> tuple[Agency, Root]:
    """Make an agency whose root too is at the hosted desk; return it with the root that its head makes."""
    agency = make_hosted_agency(hub, OWN, "Customs, Cadria")
    return agency, Root.generate()


def hosted_with_own_root(hub: Hub) -> tuple[Agency, Root]:
    root, successor = Root.generate(), Root.generate()
    store_entry(
        OWN,
        name="Customs, Cadria",
        kind="customs",
        country="XC",
        timezone="Europe/Vienna",
        custody=Custody.HUB_OWN_ROOT,
        root_fingerprint=root.fingerprint,
        admitted_at=hub.now,
    )
    agency = Agency.objects.get(pk=OWN)
    officer = hub.make_officer(agency, Role.KEY_OFFICER)
    change = Create(("PQ1", "EC1"), card_of(root, successor))
    payload = proposing.propose_keyset(officer, agency, change=change, now=hub.now)
    proposing.accept_proposal(officer, agency, sign_statement(payload, root.signer), now=hub.now)
    return agency, root


def build_moving(folder: Path, settings: Settings, begin: Callable[[Hub], tuple[Agency, Root]]) -> Moving:
    hub = Hub(folder / "ledger", now=timezone.now().replace(microsecond=0))
    agency, root = begin(hub)
    partner = hub.make_agency(PARTNER, name="Drugs Bureau", log=False)
    hub.sequence()
    agency.refresh_from_db()
    hub.make_agreement("G1", OWN, partner)
    give_exchange_keys()
    announce_held(now=hub.now)
    assert Instance.objects.filter(agency_id=OWN).exists()
    keys, second = (hub.make_officer(agency, Role.KEY_OFFICER) for _ in range(2))
    return Moving(hub, SecondDesk(settings), agency, partner, root, keys, second)
