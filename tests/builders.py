# SPDX-License-Identifier: Apache-2.0
"""Builders for tests that need a hub with agencies on it: keys held in the test, a clock that the test sets.

    hub = Hub(tmp_path / "ledger")
    alpha, bravo, charlie = hub.make_agencies("xa-alpha", "xb-bravo", "xc-charlie")
    hub.make_agreement("G1", alpha, bravo, charlie)
    sealed = hub.alert_to(bravo, sender=alpha)
    hub.carry(alpha, sealed)
    hub.sequence()                                  # receipts, numbers
    hub.submit(bravo, hub.acknowledgement(bravo, sealed))

Agencies are registered without proof of possession, which has tests of its own; all else goes through the
services. `hub.now` moves only by `hub.later(...)`.
"""

import copy
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from accord.envelope.blobs import measure_blob
from accord.envelope.content import Attachment, NamedOfficer, OpenedAlert
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow, build_keyset_body
from accord.envelope.manifest import Reference, Terms
from accord.envelope.private import DecryptionKey, LedgerKey, Root, SignerSet, generate_decryption_key
from accord.envelope.reading import open_alert
from accord.envelope.releases import MadeRelease
from accord.envelope.reseal import ReleaseTerms, make_release
from accord.envelope.seal import Recipient, SealedEnvelope, seal
from accord.envelope.statements.form import SubjectRef, make_statement, parse_statement
from accord.envelope.tree.notes import VerifierKey
from accord.envelope.verifying import Ledger, VerifiedSlice, verify_slice
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Agency as Entry
from agencies.registry import register_keyset, verify_newcomer
from alerts.models import Alert
from alerts.peers.directory import VerifiedDirectory
from alerts.sending.ledger_places import take_places
from callers.actors import ApiClient, SystemActor
from callers.capabilities import EXCHANGE_SCOPES, Capability, Role, capabilities_of_roles
from callers.closed_lists import Lane
from callers.directory import AgencyKind, Custody
from hub.roles import EXCHANGE
from ledger.models import PendingEntry
from ledger.sequencer import Batch, sequence_batch
from officers.models import Officer
from officers.policy_in_force import begin_policy
from peers import following as peers_following
from peers.models import Agency, FeedCursor, HeldStatement
from sharing.agreements import current_version
from sharing.feed import present_epoch
from sharing.intake import Submission, submit_envelope
from sharing.models import Agreement, AgreementVersion, FeedHead, Statement
from sharing.numbering import number_covered
from sharing.slices import slice_for
from sharing.statements import submit_statement
from tests.agreements import record_agreement
from tests.desk_calls import hosted_agencies
from tests.entries import store_entry
from tests.exchange_keys import give_api_key
from tests.key_changes import KeyChanges, signing_keys_of
from tests.peers import compare_each_other
from tests.services import surroundings
from vault import services

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY_SECS = 24 * 3600
KEY_KINDS = frozenset({"keyset", "revoke"})
ALERT = {"schema": "accord-alert/1", "title": "Blue tablets", "alert_type": "new_substance"}

OPERATOR = SystemActor(
    "operator", None, frozenset({Capability.HUB_OPERATE, Capability.DESK_KEEP, Capability.DIRECTORY_READ})
)
"""The operator of a test's exchange, and the keeper of its desk."""


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def new_uuid7(at: datetime) -> str:
    """Return a fresh UUID 7 of this moment (RFC 9562)."""
    digits = f"{int(at.timestamp() * 1000):012x}7{os.urandom(2).hex()[1:]}8{os.urandom(8).hex()[1:]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


@dataclass
class HeldAgency:
    """An agency on the hub whose private keys the test holds."""

    row: Agency
    root: Root
    next_root: Root
    signing: dict[str, SignerSet]
    decryption: dict[str, DecryptionKey]

    @property
    def id(self) -> str:
        return self.row.pk

    @property
    def client(self) -> ApiClient:
        """The agency's system, as an API key with every scope would make it."""
        return ApiClient(self.id, "system", "prefix", EXCHANGE_SCOPES)

    @property
    def manager(self) -> SystemActor:
        """An actor who decides on agreements for the agency."""
        return SystemActor("seed", self.id, frozenset({Capability.AGENCY_MANAGE, Capability.AGREEMENT_READ}))

    @property
    def private_keys(self) -> dict[str, DecryptionKey]:
        return {key.public.kid: key for key in self.decryption.values()}

    def __deepcopy__(self, memo: dict[int, Any]) -> "HeldAgency":
        """Copy the row and share the keys, which never change."""
        row = copy.deepcopy(self.row, memo)
        return replace(self, row=row, signing=dict(self.signing), decryption=dict(self.decryption))


@dataclass
class Hub(KeyChanges):
    """A hub in one process: its clock, and the sequencer's key and state folder."""

    folder: Path
    now: datetime = START
    key: LedgerKey = field(
        default_factory=lambda: LedgerKey.from_text(surroundings().world.secrets.ledger_keys[EXCHANGE])
    )

    def __deepcopy__(self, memo: dict[int, Any]) -> "Hub":
        return replace(self, folder=copy.deepcopy(self.folder, memo))

    def later(self, **delta: float) -> datetime:
        """Move the clock on and return the new time: `hub.later(hours=2)`."""
        self.now += timedelta(**delta)
        return self.now

    def sequence(self) -> Batch:
        """Sequence one batch (leaves, checkpoint, feed numbers), then have the desks take in new keys and places in the ledger."""
        batch = sequence_batch(self.now, self.key, self.folder, number_covered)
        if any(entry.kind in KEY_KINDS for entry in batch.covered):
            take_in_keys(now=self.now)
        if batch.covered:
            take_in_places(now=self.now)
        return batch

    def let_overtake(self, od: str) -> None:
        """Have this entry logged before all that wait, as one whose id was drawn first and committed last."""
        entry = PendingEntry.objects.get(od=od)
        entry.delete()
        entry.pk = 0
        entry.save(force_insert=True)

    # --- agencies ---------------------------------------------------------------------------------------

    def make_agencies(self, *ids: str, **changes: Any) -> list[HeldAgency]:
        """Make active agencies with logged keysets; `changes` are those of `make_agency`."""
        made = [self.make_agency(agency, log=False, **changes) for agency in ids]
        self.sequence()
        return made

    def make_agency(
        self,
        agency: str,
        *,
        suites: Sequence[str] = (PQ1, EC1),
        custody: str = Custody.AGENCY,
        low: str = EC1,
        name: str = "",
        kind: str = AgencyKind.LABORATORY,
        timezone: str = "Europe/Vienna",
        log: bool = True,
    ) -> HeldAgency:
        root, next_root = Root.generate(), Root.generate()
        row = store_entry(
            agency,
            name=name or f"Agency {agency}",
            kind=kind,
            country=agency[:2].upper(),
            timezone=timezone,
            custody=custody,
            root_fingerprint=root.fingerprint,
            admitted_at=self.now,
        )
        signing = signing_keys_of(suites)
        opening = {suite: generate_decryption_key(suite) for suite in suites}
        held = HeldAgency(row, root, next_root, signing, opening)
        self.publish_keyset(held, low=low)
        if log:
            self.sequence()
        return held

    def publish_keyset(
        self,
        agency: HeldAgency,
        *,
        low: str = EC1,
        rows: Sequence[KeyRow] | None = None,
        version: int = 1,
        prev: str | None = None,
        signer: SignerSet | None = None,
    ) -> str:
        """Sign, by the root alone where no signer is named, and register a keyset of all keys of the agency; return its od."""
        jws = make_statement(
            "keyset",
            iss=agency.id,
            signer=signer or agency.root.signer,
            suite=PQ1,
            id=new_uuid7(self.now),
            iat=seconds(self.now),
            exp=seconds(self.now) + 90 * DAY_SECS,
            nonce=os.urandom(16),
            body=build_keyset_body(
                version=version,
                prev=prev,
                root=agency.root.public,
                nroot=agency.next_root.fingerprint,
                custody=agency.row.custody,
                low=low,
                rows=self.key_rows(agency) if rows is None else rows,
            ),
        )
        entry = Entry.objects.get(pk=agency.id)
        newcomer = verify_newcomer(entry, jws, now=self.now)
        with transaction.atomic():
            register_keyset(OPERATOR, entry, newcomer, now=self.now)
        agency.row.refresh_from_db()
        return parse_statement(jws).od

    def key_rows(self, agency: HeldAgency) -> list[KeyRow]:
        """Return the agency's public keys, valid from a day ago for 366 days."""
        keys = {key.kid: key for signer in agency.signing.values() for key in signer.signers}
        keys |= {key.public.kid: key.public for key in agency.decryption.values()}
        begin = seconds(self.now) - DAY_SECS
        return [KeyRow(key, begin, begin + 366 * DAY_SECS) for key in keys.values()]

    def make_officer(self, agency: HeldAgency | Agency, *roles: str, name: str = "Ilka Torvane") -> Officer:
        """Make an active officer of an agency of this desk, without a password."""
        row = agency if isinstance(agency, Agency) else agency.row
        assert row.is_hosted, "whose agency holds its own keys has no account"
        begin_policy(row)
        officer = Officer(
            email=f"{os.urandom(6).hex()}@{row.pk}.example",
            full_name=name,
            agency=row,
            roles=list(roles or (Role.READER,)),
            joined_at=self.now,
        )
        officer.set_unusable_password()
        officer.save()
        return officer

    def api_key(self, agency: HeldAgency, *scopes: Capability) -> str:
        """Return an `Authorization` header value for the agency's system at the exchange."""
        _, secret = give_api_key(agency.id, scopes=scopes or EXCHANGE_SCOPES, now=self.now)
        return f"Api-Key {secret}"

    def make_agreement(
        self, ref: str, *parties: HeldAgency | str, lanes: Collection[str] = Lane.values, **changes: Any
    ) -> AgreementVersion:
        """Record an agreement: every lane, up to AMBER+STRICT, in force since a day ago, unless `changes` say otherwise."""
        usual: dict[str, Any] = {
            "title": f"Agreement {ref}",
            "ceiling": "AMBER+STRICT",
            "nbf": self.now - timedelta(days=1),
        }
        version = record_agreement(
            OPERATOR,
            ref=ref,
            parties=self._parties(parties),
            lanes=lanes,
            now=self.now,
            **(usual | changes),
        )
        compare_each_other(self._parties(parties), now=self.now)
        return version

    def _parties(self, parties: Iterable[HeldAgency | str]) -> list[str]:
        return [party if isinstance(party, str) else party.id for party in parties]

    def agreement(self, ref: str) -> Agreement:
        return Agreement.objects.get(ref=ref)

    # --- envelopes and statements -------------------------------------------------------------------------

    def terms(self, **changes: Any) -> Terms:
        """Return terms of a routine GREEN alert on the science lane, issued ten seconds ago."""
        now = seconds(self.now)
        usual: dict[str, Any] = {
            "kind": "alert",
            "status": "actual",
            "jti": new_uuid7(self.now),
            "iat": now - 10,
            "exp": now + 30 * DAY_SECS,
            "keep": now + 365 * DAY_SECS,
            "tlp": "GREEN",
            "rel": "none",
            "lane": "science",
            "purpose": "prevent",
            "pri": "routine",
            "ack_by": now + DAY_SECS,
        }
        return Terms(**(usual | changes))

    def alert_to(
        self,
        *recipients: HeldAgency,
        sender: HeldAgency,
        suite: str = PQ1,
        alert: dict[str, Any] | None = None,
        attachments: Sequence[Attachment] = (),
        names: Sequence[NamedOfficer] = (),
        **terms: Any,
    ) -> SealedEnvelope:
        """Sign and seal an alert; `terms` are fields of `Terms`."""
        directory = DatabaseKeyDirectory(self.now)
        directory.preload(agency.id for agency in (sender, *recipients))
        return seal(
            self.terms(**terms),
            alert or ALERT,
            suite=suite,
            originator=self._recipient(directory, sender),
            recipients=[self._recipient(directory, agency) for agency in recipients],
            signer=sender.signing[suite],
            nonce=os.urandom(16),
            now=seconds(self.now),
            names=names,
            attachments=attachments,
            confirm_ec1=True,
        )

    def _recipient(self, directory: DatabaseKeyDirectory, agency: HeldAgency) -> Recipient:
        keyset = directory.keyset(agency.id)
        assert keyset is not None, "sequence() first: a keyset counts from its receipt on"
        return Recipient(keyset, agency.root.fingerprint)

    def carry(self, sender: HeldAgency, sealed: SealedEnvelope) -> Submission:
        return submit_envelope(
            sender.client, manifest=sealed.manifest, jwe=sealed.jwe, blobs=sealed.blobs, now=self.now
        )

    def deliver(self, sender: HeldAgency, *recipients: HeldAgency, **terms: Any) -> SealedEnvelope:
        """Seal an alert, hand it in and sequence."""
        sealed = self.alert_to(*recipients, sender=sender, **terms)
        self.carry(sender, sealed)
        self.sequence()
        return sealed

    def fetch(self, reader: HeldAgency, sealed: SealedEnvelope) -> bytes:
        return slice_for(reader.client, sealed.md, now=self.now)

    def verified(self, reader: HeldAgency, sealed: SealedEnvelope) -> VerifiedSlice:
        """Fetch the slice and verify it with the ledger's key."""
        return verify_slice(
            self.fetch(reader, sealed),
            reader=reader.id,
            directory=DatabaseKeyDirectory(self.now),
            ledger=Ledger(keys=[VerifierKey.parse(self.key.vkey)]),
            now=seconds(self.now),
        )

    def open(self, reader: HeldAgency, sealed: SealedEnvelope) -> OpenedAlert:
        """Fetch the slice, verify it with the ledger's key, and open it."""
        return open_alert(
            self.verified(reader, sealed),
            keys=reader.private_keys,
            blobs=[measure_blob(blob) for blob in sealed.blobs],
            seen=lambda iss, jti: None,
            now=seconds(self.now),
        )

    def made_release(
        self, releaser: HeldAgency, sealed: SealedEnvelope, *to: HeldAgency, **terms: Any
    ) -> MadeRelease:
        """Fetch, open and seal again for further agencies; `terms` are fields of `ReleaseTerms`, or `suite`."""
        suite = terms.pop("suite", PQ1)
        usual: dict[str, Any] = {
            "id": new_uuid7(self.now),
            "iat": seconds(self.now),
            "exp": seconds(self.now) + DAY_SECS,
            "nonce": os.urandom(16),
            "purpose": "prevent",
        }
        directory = DatabaseKeyDirectory(self.now)
        return make_release(
            self.verified(releaser, sealed),
            audience=self.open(releaser, sealed).audience,
            terms=ReleaseTerms(**(usual | terms)),
            issuer=self._recipient(directory, releaser),
            key=releaser.decryption[suite],
            recipients=[self._recipient(directory, agency) for agency in to],
            signer=releaser.signing[suite],
            now=seconds(self.now),
        )

    def release_onward(
        self, releaser: HeldAgency, sealed: SealedEnvelope, *to: HeldAgency, **terms: Any
    ) -> Statement:
        """Release an envelope onward; it waits for `sequence`."""
        made = self.made_release(releaser, sealed, *to, **terms)
        return self.submit_release(releaser, made)

    def submit_release(self, releaser: HeldAgency, made: MadeRelease) -> Statement:
        return submit_statement(releaser.client, made.jws, entries=made.entries, now=self.now)

    def unreleased(self, agency: HeldAgency, release: Statement, **changes: Any) -> bytes:
        sub = SubjectRef("release", release.statement_id, release.od)
        return self.statement(agency, "unrelease", sub, **({"body": {"code": "error"}} | changes))

    def statement(self, agency: HeldAgency, k: str, sub: SubjectRef | None = None, **changes: Any) -> bytes:
        """Return a signed statement of this moment."""
        suite = PQ1 if PQ1 in agency.signing else EC1
        usual: dict[str, Any] = {
            "iss": agency.id,
            "signer": agency.signing[suite],
            "suite": suite,
            "id": new_uuid7(self.now),
            "iat": seconds(self.now),
            "nonce": os.urandom(16),
            "sub": sub,
            "body": {},
        }
        return make_statement(k, **(usual | changes))

    def acknowledgement(
        self, agency: HeldAgency, sealed: SealedEnvelope, st: str = "opened", **changes: Any
    ) -> bytes:
        code = {"opened": None, "refused": "policy", "unopenable": "key-missing"}[st]
        act = None if st == "unopenable" else "officer-1"
        usual: dict[str, Any] = {"sub": about(sealed), "body": {"st": st, "code": code}, "act": act}
        return self.statement(agency, "ack", **(usual | changes))

    def retraction(self, agency: HeldAgency, sealed: SealedEnvelope, **changes: Any) -> bytes:
        body = {"code": "contaminated", "by": None}
        usual: dict[str, Any] = {"sub": about(sealed), "body": body, "act": "officer-1"}
        return self.statement(agency, "retract", **(usual | changes))

    def reaffirmation(self, agency: HeldAgency, sub: SubjectRef, **changes: Any) -> bytes:
        return self.statement(agency, "reaffirm", sub, **({"act": "officer-1"} | changes))

    def confirmation(self, agency: HeldAgency, retract: Statement, **changes: Any) -> bytes:
        sub = SubjectRef("retract", retract.statement_id, retract.od)
        usual: dict[str, Any] = {"sub": sub, "body": {"st": "stopped"}, "act": "officer-1"}
        return self.statement(agency, "confirm", **(usual | changes))

    def suspension(
        self, agency: HeldAgency, *peers: str, lanes: Sequence[str] = ("science",), why: str | None = None
    ) -> bytes:
        body = {"lanes": sorted(lanes), "with": sorted(peers), "why": why}
        return self.statement(agency, "suspend", body=body, act="officer-1")

    def resumption(self, agency: HeldAgency, *peers: str, lanes: Sequence[str] = ("science",)) -> bytes:
        body = {"lanes": sorted(lanes), "with": sorted(peers)}
        return self.statement(agency, "resume", body=body, act="officer-1")

    def suspend(self, agency: HeldAgency, ref: str, *lanes: str) -> Statement:
        """Have the agency suspend these lanes, science without any, with every other party of an agreement."""
        said = self.suspension(agency, *self._others(agency, ref), lanes=lanes or ("science",))
        return self.submit(agency, said)

    def resume(self, agency: HeldAgency, ref: str, *lanes: str) -> Statement:
        """Have the agency resume these lanes, science without any, with every other party of an agreement."""
        said = self.resumption(agency, *self._others(agency, ref), lanes=lanes or ("science",))
        return self.submit(agency, said)

    def _others(self, agency: HeldAgency, ref: str) -> list[str]:
        version = current_version(self.agreement(ref), now=self.now)
        assert version is not None
        return [party.agency_id for party in version.parties.all() if party.agency_id != agency.id]

    def submit(self, agency: HeldAgency, jws: bytes) -> Statement:
        return submit_statement(agency.client, jws, now=self.now)


def make_hosted_agency(hub: Hub, agency_id: str, name: str, *, suites: Sequence[str] = (PQ1, EC1)) -> Agency:
    """Make an agency whose keys are in the vault; its keyset waits for `sequence`."""
    agency = store_entry(
        agency_id,
        name=name,
        kind=AgencyKind.LABORATORY,
        country=agency_id[:2].upper(),
        timezone="Europe/Vienna",
        custody=Custody.HUB,
        admitted_at=hub.now,
    )
    services.create_agency_keys(OPERATOR, agency, suites=suites, now=hub.now)
    agency.refresh_from_db()
    return agency


def client_with(agency_id: str, *roles: str) -> ApiClient:
    """Return a system of the agency with the capabilities of these roles."""
    return ApiClient(agency_id, "system", "prefix", capabilities_of_roles(roles))


def about(sealed: SealedEnvelope) -> SubjectRef:
    return SubjectRef("manifest", sealed.jti, sealed.md)


def reference_to(sealed: SealedEnvelope) -> Reference:
    """Return the member `re` of a reply or an update."""
    return Reference(sealed.jti, sealed.md)


def take_in_keys(*, now: datetime) -> None:
    """Have each hosted agency take in everybody's newest keys, as the desk-worker does."""
    peers = list(Agency.objects.values_list("pk", flat=True))
    for agency in sorted(hosted_agencies()):
        directory = VerifiedDirectory(agency, now)
        directory.refresh(peers)
        directory.refresh_own()


def take_in_places(*, now: datetime) -> None:
    """Have each hosted agency learn where the ledger holds its alerts and statements, as the desk-worker does."""
    sent = Alert.objects.filter(released_at__isnull=False, log_index=None).values_list("agency_id", flat=True)
    said = HeldStatement.objects.filter(log_time=None).values_list("reader", flat=True)
    for agency in sorted({*sent, *said}):
        follower = peers_following.feed_follower_of(VerifiedDirectory(agency, now).memory, now=now)
        take_places(follower, now=now)
        follower.memory.write()


def desk_reaches_the_heads(*, now: datetime) -> None:
    """Set the desk's cursor of every feed to the feed's head, as if the desk had taken in all of it."""
    for recipient, last in FeedHead.objects.values_list("recipient", "last"):
        FeedCursor.objects.filter(reader=recipient).delete()
        FeedCursor(
            reader=recipient, epoch=present_epoch(), number=last, head=last, moved_at=now, asked_at=now
        ).save(force_insert=True)
