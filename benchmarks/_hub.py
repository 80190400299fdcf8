# SPDX-License-Identifier: Apache-2.0
"""Agencies on the running scratch hub whose private keys are held here, and the traffic between them.

Import it after `set_up_every_app()`. Agencies are registered without proof of possession; everything else goes through the
services, and the hub's own processes do the rest.
"""

import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accord.calls.answers import read_agencies
from accord.envelope.content import Attachment
from accord.envelope.keys import PQ1
from accord.envelope.keysets import KeyRow, build_keyset_body
from accord.envelope.manifest import Terms
from accord.envelope.private import (
    DecryptionKey,
    Root,
    SignerSet,
    generate_decryption_key,
    generate_signing_keys,
)
from accord.envelope.seal import Recipient, SealedEnvelope, seal
from accord.envelope.statements.form import make_statement
from agencies.accession import admit_agency
from agencies.api import AgencySerializer
from agencies.apikeys import make_key
from agencies.directory import DatabaseKeyDirectory
from agencies.entrykeys import issue_entry_key
from agencies.models import Agency as Entry
from agencies.registry import register_keyset, verify_newcomer
from callers.actors import ApiClient, SystemActor
from callers.capabilities import OPERATES, Capability, Role, usual_scopes
from callers.closed_lists import Lane
from callers.digests import pepper_of
from callers.directory import AgencyKind, Custody
from demo.ownership import at_the_exchange, keep_exchange_apart, take_owners_login
from devtool.processes import wait_until
from ledger.proofs import receipts_for
from officers.entering import Confirmed, take_in
from officers.models import AgencyPolicy, Officer
from peers.entries import begin_entry
from peers.models import Agency
from sharing.agreements import record_agreement
from sharing.intake import submit_envelope
from sharing.models import FeedHead, FeedPending
from vault.services import create_agency_keys

# This process acts as exchange and desk at once, so neither's login suffices.
take_owners_login(os.environ["BENCH_OWNER_URL"])
keep_exchange_apart(
    os.environ["BENCH_EXCHANGE_OWNER_URL"],
    API_PEPPER=pepper_of(os.environ["BENCH_EXCHANGE_PEPPER"]),
    LEDGER_VKEY=os.environ["EXCHANGE_LEDGER_VKEY"],
)

OPERATOR = SystemActor("operator", None, OPERATES | {Capability.DESK_KEEP})
"""The operator of the scratch hub, exchange and desk."""
SCOPES = usual_scopes()
ALERT = {"schema": "accord-alert/1", "title": "Blue tablets", "alert_type": "new_substance"}
DAY_SECS = 24 * 3600
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class HeldAgency:
    """An agency on the hub and its private keys. `api_key` is the value of its `Authorization` header."""

    row: Agency
    root: Root
    signer: SignerSet
    decryption: DecryptionKey
    api_key: str

    @property
    def id(self) -> str:
        return self.row.pk

    @property
    def client(self) -> ApiClient:
        """Its system, calling the services in this process."""
        return ApiClient(self.id, "system", "prefix", SCOPES)


class Named(Protocol):
    """An agency to seal to."""

    @property
    def id(self) -> str: ...


def found_agencies(word: str, count: int) -> list[HeldAgency]:
    """Found `count` agencies with keysets in force and one agreement on every lane."""
    # A second run on one hub founds other agencies.
    word += secrets.token_hex(3)
    agencies = [_found(f"xz-{word}n{number}") for number in range(count)]
    _wait_until_logged([_publish(agency) for agency in agencies])
    join(agency.id for agency in agencies)
    return agencies


def found_hosted_agency(word: str) -> Agency:
    """Found an agency whose keys the hub holds, in PQ1, in force; it has no officer and no agreement."""
    now = timezone.now()
    row = admit(f"xz-{word}{secrets.token_hex(3)}", Custody.HUB, "", now)
    _wait_until_logged([create_agency_keys(OPERATOR, row, suites=(PQ1,), low=PQ1, now=now).od])
    return Agency.objects.get(pk=row.pk)


@at_the_exchange()
def join(parties: Iterable[str], *, ceiling: str = "AMBER") -> None:
    """Record one agreement on every lane between these agencies, from now on."""
    now, ref = timezone.now(), f"bench-{secrets.token_hex(3)}"
    record_agreement(
        OPERATOR,
        ref=ref,
        title=f"Agreement {ref}",
        parties=list(parties),
        lanes=Lane.values,
        ceiling=ceiling,
        nbf=now - timedelta(days=1),
        now=now,
    )


def _wait_until_logged(ods: Sequence[str]) -> None:
    with at_the_exchange():
        wait_until(
            lambda: len(receipts_for(ods)) == len(ods),
            "keysets in the ledger",
            timeout_seconds=PATIENCE_SECONDS,
        )


def admit(agency_id: str, custody: Custody, fingerprint: str, now: datetime) -> Agency:
    """Admit an invented laboratory; one with keys at the desk is taken in there."""
    with at_the_exchange():
        entry = admit_agency(
            OPERATOR,
            agency_id,
            name=f"Agency {agency_id}",
            kind=AgencyKind.LABORATORY,
            country="XZ",
            timezone="UTC",
            language="en",
            custody=custody,
            root_fingerprint=fingerprint,
            now=now,
        )
        (said,) = read_agencies({"items": [AgencySerializer(entry).data]})
    if custody == Custody.AGENCY:
        return begin_entry(said, is_hosted=False, now=now)
    with at_the_exchange():
        _, entry_key = issue_entry_key(OPERATOR, agency_id, client="desk", now=now)
    confirmed = Confirmed(said.name, said.custody, said.root_fingerprint)
    return take_in(OPERATOR, agency_id, entry_key, confirmed=confirmed, now=now)


def _found(agency_id: str) -> HeldAgency:
    root, now = Root.generate(), timezone.now()
    row = admit(agency_id, Custody.AGENCY, root.fingerprint, now)
    with at_the_exchange():
        _, secret = make_key(
            OPERATOR,
            row.pk,
            client="system",
            scopes=sorted(SCOPES),
            lifetime=timedelta(days=1),
            networks=(),
            now=now,
        )
    return HeldAgency(
        row,
        root,
        SignerSet(generate_signing_keys(PQ1)),
        generate_decryption_key(PQ1),
        f"Api-Key {secret}",
    )


@at_the_exchange()
def _publish(agency: HeldAgency) -> str:
    """Sign and register the first keyset; return its od."""
    now = timezone.now()
    at = int(now.timestamp())
    keys = [*agency.signer.signers, agency.decryption.public]
    jws = make_statement(
        "keyset",
        iss=agency.id,
        signer=agency.root.signer,
        suite=PQ1,
        id=new_uuid7(now),
        iat=at,
        exp=at + 90 * DAY_SECS,
        nonce=os.urandom(16),
        body=build_keyset_body(
            version=1,
            prev=None,
            root=agency.root.public,
            nroot=Root.generate().fingerprint,
            custody=Custody.AGENCY,
            low=PQ1,
            rows=[KeyRow(key, at - DAY_SECS, at + 365 * DAY_SECS) for key in keys],
        ),
    )
    entry = Entry.objects.get(pk=agency.id)
    newcomer = verify_newcomer(entry, jws, now=now)
    with transaction.atomic():
        return register_keyset(OPERATOR, entry, newcomer, now=now).od


def enrol_readers(agency: Agency, count: int) -> list[Officer]:
    """Enrol officers who read alerts and cannot sign in; one SQL statement, since enrolling is not measured."""
    now, unusable = timezone.now(), make_password(None)
    AgencyPolicy.objects.bulk_create([AgencyPolicy(agency=agency)], ignore_conflicts=True)
    return Officer.objects.bulk_create(
        Officer(
            email=f"reader{number}@{agency.id}.example",
            full_name=f"Reader {number}",
            agency=agency,
            roles=[Role.READER.value],
            password=unusable,
            joined_at=now,
        )
        for number in range(count)
    )


def seal_alerts(
    sender: HeldAgency,
    recipients: Sequence[Named],
    count: int,
    attachments: Sequence[Attachment] = (),
) -> list[SealedEnvelope]:
    """Seal `count` alerts in PQ1, each with these attachments, without submitting them."""
    return seal_documents(sender, recipients, [ALERT] * count, attachments)


@at_the_exchange()
def seal_documents(
    sender: HeldAgency,
    recipients: Sequence[Named],
    documents: Sequence[Mapping[str, Any]],
    attachments: Sequence[Attachment] = (),
) -> list[SealedEnvelope]:
    """Seal an alert in PQ1 of each document, as `seal_alerts`."""
    now = timezone.now()
    directory = DatabaseKeyDirectory(now)
    directory.preload(agency.id for agency in (sender, *recipients))
    return [
        seal(
            _terms(now),
            document,
            suite=PQ1,
            originator=_as_known(directory, sender),
            recipients=[_as_known(directory, agency) for agency in recipients],
            signer=sender.signer,
            nonce=os.urandom(16),
            now=int(now.timestamp()),
            attachments=attachments,
        )
        for document in documents
    ]


def _as_known(directory: DatabaseKeyDirectory, agency: Named) -> Recipient:
    keyset = directory.keyset(agency.id)
    assert keyset is not None, "a keyset counts from its receipt on"
    return Recipient(keyset, keyset.root_fingerprint)


def _terms(now: datetime) -> Terms:
    at = int(now.timestamp())
    return Terms(
        kind="alert",
        status="actual",
        jti=new_uuid7(now),
        iat=at,
        exp=at + 30 * DAY_SECS,
        keep=at + 365 * DAY_SECS,
        tlp="GREEN",
        rel="none",
        lane="science",
        purpose="prevent",
        pri="routine",
    )


def new_uuid7(at: datetime) -> str:
    """Return a fresh UUID 7 of this moment (RFC 9562)."""
    digits = f"{int(at.timestamp() * 1000):012x}7{secrets.token_hex(2)[1:]}8{secrets.token_hex(8)[1:]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@at_the_exchange()
def submit(sender: HeldAgency, sealed: SealedEnvelope) -> None:
    """Submit it to the exchange's service."""
    submit_envelope(sender.client, manifest=sealed.manifest, jwe=sealed.jwe, blobs=(), now=timezone.now())


@at_the_exchange()
def wait_until_numbered() -> None:
    """Return once the sequencer has no work left."""
    wait_until(lambda: not FeedPending.objects.exists(), "numbers for all", timeout_seconds=PATIENCE_SECONDS)


def wait_until_followed() -> None:
    """Return once sequencer, worker and desk-worker have no work left."""
    from peers.models import Agency, FeedCursor

    def is_followed() -> bool:
        cursors = dict(FeedCursor.objects.values_list("reader", "number"))
        hosted = list(Agency.objects.filter(is_hosted=True).values_list("pk", flat=True))
        with at_the_exchange():
            heads = dict(FeedHead.objects.filter(pk__in=hosted).values_list("pk", "last"))
        return all(cursors.get(agency) == last for agency, last in heads.items())

    wait_until_numbered()
    wait_until(is_followed, "the desk to follow all feeds", timeout_seconds=PATIENCE_SECONDS)
