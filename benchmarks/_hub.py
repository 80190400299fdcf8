# SPDX-License-Identifier: Apache-2.0
"""Agencies on the running scratch hub whose private keys are held here, and what passes between them.

Import it after `django.setup()`. Agencies are registered without proof of possession; all else goes through the
services, and the hub's own processes do the rest.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

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
from agencies.apikeys import make_key
from agencies.directory import DatabaseKeyDirectory
from agencies.models import Agency, AgencyKind, Custody
from agencies.registry import register_keyset, verify_newcomer
from callers.actors import ApiClient, SystemActor
from callers.capabilities import Capability, Role, scopes_that_work
from devtool.processes import wait_until
from ledger.proofs import receipts_for
from officers.models import AgencyPolicy, Officer
from sharing.agreements import record_agreement
from sharing.models import Delivery, FeedHead, FeedPending
from sharing.terms import Lane

OPERATOR = SystemActor("operator", None, frozenset({Capability.HUB_OPERATE, Capability.DIRECTORY_READ}))
SCOPES = scopes_that_work(is_hosted=False)
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


def found_agencies(word: str, count: int) -> list[HeldAgency]:
    """`count` agencies with keysets in force and one agreement on every lane."""
    # A second run on one hub founds others.
    word += secrets.token_hex(3)
    agencies = [_found(f"xz-{word}n{number}") for number in range(count)]
    ods = [_publish(agency) for agency in agencies]
    wait_until(
        lambda: len(receipts_for(ods)) == count, "keysets in the ledger", timeout_seconds=PATIENCE_SECONDS
    )
    now = timezone.now()
    record_agreement(
        OPERATOR,
        ref=f"bench-{word}",
        title=f"Agreement of the agencies {word}",
        parties=[agency.id for agency in agencies],
        lanes=Lane.values,
        ceiling="AMBER",
        nbf=now - timedelta(days=1),
        now=now,
    )
    return agencies


def _found(agency_id: str) -> HeldAgency:
    root, now = Root.generate(), timezone.now()
    row = admit_agency(
        OPERATOR,
        agency_id,
        name=f"Agency {agency_id}",
        kind=AgencyKind.LABORATORY,
        country="XZ",
        timezone="UTC",
        language="en",
        custody=Custody.AGENCY,
        root_fingerprint=root.fingerprint,
        now=now,
    )
    _, secret = make_key(
        OPERATOR,
        row,
        client="system",
        scopes=sorted(SCOPES),
        lifetime=timedelta(days=1),
        networks=(),
        now=now,
    )
    return HeldAgency(
        row, root, SignerSet(generate_signing_keys(PQ1)), generate_decryption_key(PQ1), f"Api-Key {secret}"
    )


def _publish(agency: HeldAgency) -> str:
    """Sign and register the first keyset; its od."""
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
    newcomer = verify_newcomer(agency.row, jws, now=now)
    with transaction.atomic():
        return register_keyset(OPERATOR, agency.row, newcomer, now=now).od


def enrol_readers(agency: HeldAgency, count: int) -> list[Officer]:
    """Officers who read alerts and cannot sign in; one statement, since enrolling is not what is measured."""
    now, unusable = timezone.now(), make_password(None)
    AgencyPolicy.objects.bulk_create([AgencyPolicy(agency=agency.row)], ignore_conflicts=True)
    return Officer.objects.bulk_create(
        Officer(
            email=f"reader{number}@{agency.id}.example",
            full_name=f"Reader {number}",
            agency=agency.row,
            roles=[Role.READER.value],
            password=unusable,
            joined_at=now,
        )
        for number in range(count)
    )


def seal_alerts(
    sender: HeldAgency,
    recipients: Sequence[HeldAgency],
    count: int,
    attachments: Sequence[Attachment] = (),
) -> list[SealedEnvelope]:
    """`count` alerts in PQ1, each with these attachments, sealed but not submitted."""
    now = timezone.now()
    directory = DatabaseKeyDirectory(now)
    directory.preload(agency.id for agency in (sender, *recipients))
    return [
        seal(
            _terms(now),
            ALERT,
            suite=PQ1,
            originator=_as_known(directory, sender),
            recipients=[_as_known(directory, agency) for agency in recipients],
            signer=sender.signer,
            nonce=os.urandom(16),
            now=int(now.timestamp()),
            attachments=attachments,
        )
        for _ in range(count)
    ]


def _as_known(directory: DatabaseKeyDirectory, agency: HeldAgency) -> Recipient:
    keyset = directory.keyset(agency.id)
    assert keyset is not None, "a keyset counts from its receipt on"
    return Recipient(keyset, agency.root.fingerprint)


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
    """A fresh UUID 7 of this moment (RFC 9562)."""
    digits = f"{int(at.timestamp() * 1000):012x}7{secrets.token_hex(2)[1:]}8{secrets.token_hex(8)[1:]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def wait_until_numbered() -> None:
    """Return once the sequencer has worked off everything."""
    wait_until(lambda: not FeedPending.objects.exists(), "numbers for all", timeout_seconds=PATIENCE_SECONDS)


def wait_until_followed() -> None:
    """Return once sequencer, worker and desk-worker have worked off everything."""
    from sharing.models import DeskCursor

    def is_followed() -> bool:
        cursors = dict(DeskCursor.objects.values_list("agency_id", "after"))
        return all(cursors.get(agency) == last for agency, last in FeedHead.objects.values_list("pk", "last"))

    wait_until_numbered()
    wait_until_expanded()
    wait_until(is_followed, "the desk to follow all feeds", timeout_seconds=PATIENCE_SECONDS)


def wait_until_expanded() -> None:
    """Return once the worker has looked at every delivery that has a number."""
    waiting = Delivery.objects.filter(number__isnull=False, expanded_at__isnull=True)
    wait_until(lambda: not waiting.exists(), "notices for all", timeout_seconds=PATIENCE_SECONDS)
