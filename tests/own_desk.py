# SPDX-License-Identifier: Apache-2.0
"""An agency's own desk, as tests of RED need it: keys in the vault, the root offline, and partners with own keys.

settings.OWN_DESK = True
red = RedDesk.kept(folder)
red.received(red.partner, red.named)     # a RED alert of the partner's, which names this officer
red.sent(["xe-drugs officer-7"])         # one to the partner, released
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from django.test import override_settings
from django.utils import timezone

from accord.envelope.content import Attachment, NamedOfficer, OpenedAlert
from accord.envelope.keys import EC1, PQ1
from accord.envelope.manifest import Reference
from accord.envelope.private import Root
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import sign_statement
from alerts.drafting.drafts import create_draft
from alerts.models import Alert, ReceivedAlert
from alerts.peers.comparing import compare_fingerprints
from alerts.receiving.following import follow_feed
from alerts.review.validation import submit_alert, validate_alert
from alerts.sending.release import release_alert
from callers.actors import SystemActor
from callers.capabilities import Capability, Role
from callers.directory import Custody
from officers.models import Officer
from peers.models import Agency
from tests.agencies.heads import card_of
from tests.builders import HeldAgency, Hub
from tests.entries import store_entry
from tests.restored_worlds import restored_world
from tests.stages import Stages, act
from tests.stolen_vault_keys import as_recipient
from vault import proposing
from vault.changes import Change, Create

FRESH_SECONDS = 240.0
CONTENT = "Zirrostratus"
"""A word in every alert's text here: content has leaked if an officer who is not named meets it."""
DOCUMENT: Mapping[str, Any] = {
    "schema": "accord-alert/1",
    "alert_type": "new_substance",
    "title": f"Blue tablets {CONTENT}",
    "narrative": f"Reported by one laboratory. {CONTENT}",
}
DRAFT: Mapping[str, Any] = {
    "alert_type": "new_substance",
    "title": f"Impregnated paper {CONTENT}",
    "narrative": f"Two sheets. {CONTENT}",
    "identity_state": "tentative",
    "preferred_name": "etizolam",
    "harm_evidence": "none_yet",
    "inchikey": "VMZUTJCNQWMAGF-UHFFFAOYSA-N",
    "tlp": "RED",
    "lane": "science",
    "purpose": "science",
}
ASKED: Mapping[str, Any] = {
    "schema": "accord-alert/1",
    "alert_type": "request_for_information",
    "title": f"Who has met this powder {CONTENT}",
    "question": f"Have you seen it? {CONTENT}",
    "reply_to": ["officer-7"],
}
"""Document of a question of the partner's, whose officer 7 opens the answers."""
TABLE = Attachment("profile.csv", "text/csv", b"a,b\n1,2\n")


def make_own_agency(
    hub: Hub,
    agency_id: str,
    name: str,
    *,
    kind: str = "laboratory",
    timezone: str = "Europe/Vienna",
    root: Root | None = None,
) -> Agency:
    """Make an agency of custody `agency` at its own desk: keys made here, first keyset signed by its head, not logged yet.

    A test that needs the head's root gives it as `root`.
    """
    root, successor = root or Root.generate(), Root.generate()
    store_entry(
        agency_id,
        name=name,
        kind=kind,
        country=agency_id[:2].upper(),
        timezone=timezone,
        custody=Custody.AGENCY,
        root_fingerprint=root.fingerprint,
        admitted_at=hub.now,
    )
    agency = Agency.objects.get(pk=agency_id)
    agency.is_hosted = True
    agency.save()
    keeper = hub.make_officer(agency, Role.KEY_OFFICER, name="Benno Ashgrove")
    change_keys(keeper, Create((PQ1, EC1), card_of(root, successor)), root, now=hub.now)
    agency.refresh_from_db()
    return agency


def change_keys(officer: Officer, change: Change, root: Root, *, now: datetime) -> None:
    """Have a key officer propose a change, the head sign it, and the officer hand in the signed keyset."""
    assert officer.agency is not None
    payload = proposing.propose_keyset(officer, officer.agency, change=change, now=now)
    proposing.accept_proposal(officer, officer.agency, sign_statement(payload, root.signer), now=now)


@contextmanager
def at_desk_of(agency: Agency) -> Generator[None]:
    """Set OWN_DESK inside the block as at the desk of this agency: a desk of its own, or one that hosts others too."""
    with override_settings(OWN_DESK=agency.custody == Custody.AGENCY):
        yield


def compare_by_hand(agency: Agency, *peers: str, now: datetime) -> None:
    """Have two officers of the agency compare these peers' printed fingerprints."""
    prints = dict(Agency.objects.filter(pk__in=peers).values_list("pk", "root_fingerprint"))
    for person in ("first", "second"):
        actor = SystemActor(person, agency.pk, frozenset({Capability.PEER_COMPARE}))
        compare_fingerprints(actor, prints, now=now)


@dataclass
class RedDesk:
    """An own desk with officers and partners: `named` and `other` read and write; `partner` and `third` hold own keys elsewhere."""

    hub: Hub
    agency: Agency
    named: Officer
    other: Officer
    releaser: Officer
    partner: HeldAgency
    third: HeldAgency
    stages: Stages | None = field(default=None, compare=False)
    """Where acts are put back from memory."""

    @classmethod
    def build(cls, folder: Path) -> Self:
        hub = Hub(folder, now=timezone.now().replace(microsecond=0))
        agency = make_own_agency(hub, "xa-own", "Forensic Laboratory")
        partner = hub.make_agency("xe-drugs", name="Drugs Bureau", log=False)
        third = hub.make_agency("xd-reg", name="Precursor Office", log=False)
        hub.sequence()
        agency.refresh_from_db()
        hub.make_agreement("G1", agency.pk, partner, third, ceiling="RED")
        author = hub.make_officer(agency, Role.AUTHOR, name="Ilka Torvane")
        other = hub.make_officer(agency, Role.AUTHOR, name="Sunniva Okparel")
        releaser = hub.make_officer(agency, Role.RELEASER, name="Haitham Vellan")
        return cls(hub, agency, author, other, releaser, partner, third)

    @classmethod
    def kept(cls, folder: Path) -> Self:
        red = restored_world("red desk", cls.build, folder, fresh_seconds=FRESH_SECONDS)
        red.stages = Stages(red, folder)
        return red

    def deliver(self, *named: Officer, **terms: Any) -> SealedEnvelope:
        """Have the partner's own system seal a RED alert that names these officers, and log it; the desk has not taken it in."""
        sealed = self._seal([NamedOfficer(self.agency.pk, officer.public_id) for officer in named], terms)
        self.hub.carry(self.partner, sealed)
        self.hub.sequence()
        return sealed

    @act
    def received(self, *named: Officer, **terms: Any) -> ReceivedAlert:
        """Deliver a RED alert that names these officers, and have the desk take it in."""
        sealed = self.deliver(*named, **terms)
        follow_feed(self.agency, now=self.hub.now)
        return ReceivedAlert.objects.get(agency=self.agency, md=sealed.md)

    def asked(self, *, hours: float = 8, **terms: Any) -> ReceivedAlert:
        """Have the partner ask the officer `named`, and the desk take it in."""
        due = int(self.hub.now.timestamp() + hours * 3600)
        return self.received(self.named, **({"alert": dict(ASKED), "reply_by": due} | terms))

    def answered(self, asked: Alert, code: str = "hit", **document: Any) -> ReceivedAlert:
        """Have the partner's own system answer a sent question, to the officer `named` alone, and the desk take it in."""
        said = {"schema": "accord-alert/1", "alert_type": "answer", "title": f"Re {CONTENT}"}
        terms = {"kind": "reply", "re": Reference(asked.jti, asked.md)}
        return self.received(self.named, **terms, alert=said | {"answer_code": code} | document)

    def open_elsewhere(self, reader: HeldAgency, alert: Alert) -> OpenedAlert:
        """Open a sent alert without files in the reader's own system."""
        sealed = SealedEnvelope(self.agency.pk, alert.jti, alert.md, b"", b"", ())
        return self.hub.open(reader, sealed)

    def _seal(self, names: Sequence[NamedOfficer], terms: Mapping[str, Any]) -> SealedEnvelope:
        usual = {"tlp": "RED", "alert": dict(DOCUMENT), "attachments": (TABLE,), "names": sorted(names)}
        return self.hub.alert_to(as_recipient(self.agency), sender=self.partner, **{**usual, **terms})

    @act
    def draft(self, *lines: str, **changes: Any) -> Alert:
        """Create a RED draft of the author `named` to the partner; the lines name its officers."""
        data = {**DRAFT, "recipients": [self.partner.id], "named_officers": list(lines), **changes}
        return create_draft(self.named, data=data, now=self.hub.now)

    @act
    def validate(self, alert: Alert) -> Alert:
        """Have the author submit a draft, and the second person validate it."""
        alert.refresh_from_db()
        submit_alert(self.named, alert, revision=alert.current, now=self.hub.now)
        alert.refresh_from_db()
        return validate_alert(self.releaser, alert, revision=alert.current, now=self.hub.now)

    @act
    def release(self, alert: Alert) -> Alert:
        """The same, and have the second person release it; then it is logged."""
        alert = self.validate(alert)
        sent = release_alert(self.releaser, alert, revision=alert.current, now=self.hub.now)
        self.hub.sequence()
        sent.refresh_from_db()
        return sent

    def validated(self, *lines: str, **changes: Any) -> Alert:
        return self.validate(self.draft(*lines, **changes))

    def sent(self, *lines: str, **changes: Any) -> Alert:
        return self.release(self.draft(*lines, **changes))
