# SPDX-License-Identifier: Apache-2.0
"""Agencies, officers and keys for the tests of `agencies`: small, real, made through the services.

alpha and bravo are agencies with own keys, hosted ones are made with `hosted_agency`. Anything special is made
in the test.
"""

import os
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from accord.envelope.challenges import Challenge as EnvelopeChallenge
from accord.envelope.credentials import SealedCredential
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow, build_keyset_body
from accord.envelope.private import DecryptionKey, LedgerKey, Root, SignerSet, SigningKey
from accord.envelope.statements.checks import pop_suite
from accord.envelope.statements.form import make_statement, parse_statement
from accord.envelope.unseal import open_challenge, open_credential
from agencies.accession import accept_keyset, admit_agency, issue_challenge
from agencies.models import ApiKey, Key, Keyset
from callers.actors import ApiClient, SystemActor
from callers.capabilities import EXCHANGE_SCOPES, Capability
from callers.identifiers import uuid7_at
from hub.roles import EXCHANGE
from ledger.sequencer import sequence_batch
from officers.accounts import enrol_officer
from officers.models import Officer
from peers.models import Agency
from tests.builders import take_in_keys
from tests.exchange_keys import give_api_key
from tests.restored_worlds import restored_world
from tests.services import surroundings
from vault.services import create_agency_keys

NOW = datetime(2027, 1, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PASSWORD = "wendelgass im regen 7"
OPERATOR = SystemActor("install", None, frozenset({Capability.HUB_OPERATE, Capability.DESK_KEEP}))
"""The person who runs the exchange and the desk of a test."""


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def new_id(at: datetime) -> str:
    return uuid7_at(at, os.urandom(10))


def admit(agency_id: str, *, custody: str = "", fingerprint: str = "", now: datetime = NOW) -> Agency:
    """Admit an agency, hosted here unless a fingerprint or a custody is given; draw a fingerprint where one is needed."""
    custody = custody or ("agency" if fingerprint else "hub")
    if custody != "hub" and not fingerprint:
        fingerprint = secrets.token_hex(32)
    entry = admit_agency(
        OPERATOR,
        agency_id,
        name=f"Agency {agency_id}",
        kind="laboratory",
        country="XA",
        timezone="Europe/Vienna",
        language="en",
        custody=custody,
        root_fingerprint=fingerprint,
        duty_phone="+00 1 234",
        now=now,
    )
    return Agency.objects.get(pk=entry.pk)


def system_of(agency_id: str) -> ApiClient:
    """A system of the agency that may suspend its keys."""
    return ApiClient(agency_id, "case system", "0" * 12, frozenset({Capability.KEY_SUSPEND}))


def enrol(
    agency: Agency, *roles: str, email: str = "", now: datetime = NOW, password: str | None = None
) -> Officer:
    """Enrol an officer, who cannot sign in without a password; enrol the agency's admin first where it has none."""
    admins = Officer.objects.filter(agency=agency, roles__contains=["agency_admin"], is_active=True)
    admin = admins.first()
    if admin is None:
        admin = enrol_officer(
            OPERATOR,
            agency,
            email=f"admin@{agency.pk}.example",
            full_name="Ada Admin",
            roles=["agency_admin"],
            now=now,
        )
    if roles == ("agency_admin",) and not email:
        return admin
    address = email or f"{secrets.token_hex(4)}@{agency.pk}.example"
    return enrol_officer(
        admin, agency, email=address, full_name="Olga Officer", roles=roles, password=password, now=now
    )


def hosted_agency(agency_id: str, *, suites: Sequence[str] = (PQ1, EC1), now: datetime = NOW) -> Agency:
    """An agency whose keys, root included, are in the vault; its keyset is accepted but not logged."""
    agency = admit(agency_id, custody="hub", now=now)
    create_agency_keys(OPERATOR, agency, suites=suites, now=now)
    agency.refresh_from_db()
    return agency


def logged_agencies(folder: Path, *agency_ids: str) -> Agency:
    """Hosted agencies, at first the only ones, whose keysets are in force; return the first."""
    return restored_world(f"hosted {agency_ids}", lambda folder: _log_agencies(folder, agency_ids), folder)


def _log_agencies(folder: Path, agency_ids: Sequence[str]) -> Agency:
    agencies = [hosted_agency(agency_id) for agency_id in agency_ids]
    log_everything(folder, now=NOW)
    return agencies[0]


def api_key(
    agency: Agency, *, scopes: Collection[str] | None = None, now: datetime = NOW, **more: Any
) -> tuple[ApiKey, str]:
    """Make an API key at the exchange, with every scope that exists there unless `scopes` are given."""
    chosen = EXCHANGE_SCOPES if scopes is None else scopes
    return give_api_key(agency.pk, scopes=chosen, now=now, **({"client": "case system"} | more))


@dataclass(frozen=True)
class OwnKeys:
    """The private keys of an agency with own keys; `rows` describe them in its next keyset."""

    agency: str
    root: Root
    successor: Root
    signing: tuple[SigningKey, ...]
    decryption: tuple[DecryptionKey, ...]
    rows: tuple[KeyRow, ...]
    custody: str = "agency"
    low: str = "EC1"

    @classmethod
    def draw(cls, agency: str, *, now: datetime = NOW) -> "OwnKeys":
        """Draw fresh keys for both suites, valid for a year."""
        signing = (SigningKey.generate("Ed25519"), SigningKey.generate("ML-DSA-65"))
        decryption = (DecryptionKey.generate("HPKE-9-KE"), DecryptionKey.generate("X25519"))
        rows = tuple(_row(key, now) for key in (*signing, *decryption))
        return cls(agency, Root.generate(), Root.generate(), signing, decryption, rows)

    def adding(self, key: SigningKey | DecryptionKey, *, now: datetime = NOW) -> "OwnKeys":
        """Return these keys and one more."""
        rows = (*self.rows, _row(key, now))
        if isinstance(key, SigningKey):
            return replace(self, signing=(*self.signing, key), rows=rows)
        return replace(self, decryption=(*self.decryption, key), rows=rows)

    def offered(self) -> list[dict[str, Any]]:
        """The keys in the form in which a challenge is requested for them."""
        return [{"jwk": row.key.jwk, "use": row.use} for row in self.rows]

    def keyset(
        self,
        *,
        version: int = 1,
        prev: str | None = None,
        now: datetime = NOW,
        lives: timedelta = 90 * DAY,
        signer: SignerSet | None = None,
        **changed: Any,
    ) -> bytes:
        body = build_keyset_body(
            version=version,
            prev=prev,
            root=self.root.public,
            nroot=self.successor.fingerprint,
            custody=self.custody,
            low=self.low,
            rows=self.rows,
        )
        terms = {
            "iss": self.agency,
            "suite": PQ1,
            "id": new_id(now),
            "iat": seconds(now),
            "exp": seconds(now + lives),
            "nonce": os.urandom(16),
            "body": body,
        }
        return make_statement("keyset", signer=signer or self.root.signer, **(terms | changed))

    def pop(
        self,
        challenge: EnvelopeChallenge | dict[str, Any],
        *,
        now: datetime = NOW,
        signing: Sequence[SigningKey] | None = None,
        enc: list[dict[str, str]] | None = None,
    ) -> bytes:
        """Make the proof of possession that answers a challenge."""
        answer = challenge if isinstance(challenge, dict) else challenge.as_json()
        signer = SignerSet(self.signing if signing is None else signing)
        return make_statement(
            "pop",
            iss=self.agency,
            signer=signer,
            suite=pop_suite(signer.signers),
            id=new_id(now),
            iat=seconds(now),
            nonce=os.urandom(16),
            body={"chal": answer["chal"], "enc": self.nonces(answer) if enc is None else enc},
        )

    def nonces(self, answer: dict[str, Any]) -> list[dict[str, str]]:
        held = {key.public.kid: key for key in self.decryption}
        return [
            {
                "kid": item["kid"],
                "nonce": open_challenge(
                    item["jwe"], agency=self.agency, chal=answer["chal"], key=held[item["kid"]]
                ),
            }
            for item in answer["sealed"]
        ]

    def first_api_key(self, answer: dict[str, Any]) -> str:
        """Open the first API key in the answer to the keyset that brought the agency in."""
        held = {key.public.kid: key for key in self.decryption}
        sealed = SealedCredential(answer["api_key"]["kid"], answer["api_key"]["jwe"])
        return open_credential(sealed, agency=self.agency, od=answer["od"], key=held[sealed.kid])

    def revoke(
        self,
        kid: str,
        *,
        since: datetime,
        now: datetime = NOW,
        signer: SignerSet | None = None,
        id: str = "",
    ) -> bytes:
        return make_statement(
            "revoke",
            iss=self.agency,
            signer=signer or self.root.signer,
            suite=PQ1,
            id=id or new_id(now),
            iat=seconds(now),
            nonce=os.urandom(16),
            body={"kid": kid, "since": seconds(since), "code": "stolen"},
        )


def enrolling(agency: Agency) -> SystemActor:
    """The agency's own system as the actor of accession."""
    return SystemActor("test", agency.pk, frozenset({Capability.KEY_ENROL}))


def own_agency(agency_id: str, *, now: datetime = NOW) -> tuple[Agency, OwnKeys]:
    """An agency with own keys whose first keyset is accepted but not logged."""
    keys = OwnKeys.draw(agency_id, now=now)
    agency = admit(agency_id, fingerprint=keys.root.fingerprint, now=now)
    accept(agency, keys, keys.keyset(now=now), now=now)
    agency.refresh_from_db()
    return agency, keys


def accept(agency: Agency, keys: OwnKeys, keyset: bytes, *, now: datetime = NOW) -> Keyset:
    """Take challenge, proof and keyset over all keys through the services."""
    known = set(Key.objects.filter(agency_id=agency.pk).values_list("kid", flat=True))
    offered = [row for row in keys.offered() if _kid(keys, row) not in known]
    caller = enrolling(agency)
    if not offered:
        return accept_keyset(caller, agency.pk, pop=None, keyset=keyset, now=now)
    challenge = issue_challenge(caller, agency.pk, offered, now=now)
    new_signing = [key for key in keys.signing if key.public.kid not in known]
    pop = keys.pop(challenge, now=now, signing=new_signing or keys.signing)
    return accept_keyset(caller, agency.pk, pop=pop, keyset=keyset, now=now)


def od_of(statement: bytes) -> str:
    return parse_statement(statement).od


def log_everything(folder: Path, *, now: datetime) -> None:
    """Log all that waits, signed by the ledger key that every process of the suite trusts, and let the desk take it in."""
    key = LedgerKey.from_text(surroundings().world.secrets.ledger_keys[EXCHANGE])
    sequence_batch(now, key, folder, lambda covered, at: None)
    take_in_keys(now=now)


def _row(key: SigningKey | DecryptionKey, now: datetime) -> KeyRow:
    return KeyRow(key.public, seconds(now), seconds(now + 365 * DAY))


def _kid(keys: OwnKeys, offered: dict[str, Any]) -> str:
    return next(row.kid for row in keys.rows if row.key.jwk == offered["jwk"])
