# SPDX-License-Identifier: Apache-2.0
"""An alert released onward, step by step, with every part open to the test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from accord.envelope.blobs import BlobFacts
from accord.envelope.content import OpenedAlert
from accord.envelope.errors import Failure, OpeningError, VerificationError
from accord.envelope.intake import VerifiedEnvelope
from accord.envelope.jwe import leaf_hashes, read_entries
from accord.envelope.reading import open_alert
from accord.envelope.release_intake import EnvelopeFacts, VerifiedRelease, accept_release
from accord.envelope.reseal import ResealedEntries, reseal
from accord.envelope.seal import SealedEnvelope
from accord.envelope.slices import build_slice
from accord.envelope.statements.checks import VerifiedStatement, verify_statement
from accord.envelope.statements.form import SubjectRef, make_statement, parse_statement
from accord.envelope.tree import merkle
from accord.envelope.verifying import VerifiedSlice
from tests.envelope.world import DAY, NOW, Agency, World, known_agency, terms, uuid7

DELTA, ECHO, FOXTROT = "xd-delta", "xe-echo", "xf-fox"
Released = tuple[bytes, ResealedEntries]


class Chain:
    """An alert by alpha to bravo and charlie, and its onward releases."""

    def __init__(
        self, world: World, rel: str = "recipients", *, sealed: SealedEnvelope | None = None
    ) -> None:
        self.world = world
        for name in (DELTA, ECHO, FOXTROT):
            world.directory.keysets[name] = [known_agency(name).keyset]
        self.carried: VerifiedEnvelope = world.intake(sealed or world.seal(terms=terms(rel=rel)))
        self.receipts = [world.ledger.log(self.carried.md)]
        self.slices = {
            agency.id: world.slice_of(self.carried, agency.id, self.receipts)
            for agency in (world.alpha, *world.others)
        }

    def release(
        self,
        issuer: Agency,
        to: Sequence[str],
        *,
        held: bytes | None = None,
        log_time: int = NOW,
        **changes: Any,
    ) -> Released:
        """Release by `issuer` what it holds, and log it; `changes` go to body or terms."""
        own = held or self.slices[issuer.id]
        verified = self.world.verify(own, issuer.id)
        resealed = reseal(
            verified,
            key=issuer.decryption[self.world.suite],
            recipients=[known_agency(name).recipient for name in to],
            now=NOW,
        )
        body = {
            "parent": None, "aud": list(resealed.aud), "rn": resealed.rn, "rr": resealed.rr,
            "rel": "recipients", "purpose": "prevent", "cond": [], "code": None,
        }  # fmt: skip
        body |= {name: changes.pop(name) for name in list(changes) if name in body}
        arguments: dict[str, Any] = {
            "iss": issuer.id,
            "signer": issuer.signing[self.world.suite],
            "suite": self.world.suite,
            "id": uuid7(20 + len(self.receipts)),
            "iat": NOW,
            "exp": NOW + 10 * DAY,
            "nonce": bytes(16),
            "sub": SubjectRef("manifest", self.carried.manifest.jti, self.carried.md),
            "body": body,
        }
        return make_statement("release", **(arguments | changes)), resealed

    @property
    def bravo(self) -> Agency:
        """The first recipient, which releases onward."""
        return self.world.others[0]

    def onward(self, via: Sequence[Released], issuer: str, to: str, **changes: Any) -> Released:
        """Release by an agency that has access by `via`."""
        parent, held = parse_statement(via[-1][0]).od, self.slice(issuer, via)
        return self.release(known_agency(issuer), [to], held=held, **({"parent": parent} | changes))

    def facts(self, **changes: Any) -> EnvelopeFacts:
        """The exchange's facts about the alert."""
        known = EnvelopeFacts(self.carried.manifest, self.carried.recipients)
        return replace(known, **changes)

    def accept(
        self,
        release: Released,
        via: Sequence[Released] = (),
        *,
        entries: bytes | None = None,
        facts: EnvelopeFacts | None = None,
        caller: str | None = None,
        now: int = NOW,
    ) -> VerifiedRelease:
        """Have the exchange accept a release after those in `via`, which it has accepted and logged."""
        unverified = parse_statement(release[0])
        return accept_release(
            unverified,
            release[1].entries if entries is None else entries,
            envelope=facts or self.facts(),
            via=[self.accepted(jws) for jws, _ in via],
            caller=caller or unverified.statement.iss,
            directory=self.world.directory,
            now=now,
        )

    def accepted(self, jws: bytes, log_time: int = NOW) -> VerifiedStatement:
        """A release that was accepted before, with its standing now."""
        return verify_statement(parse_statement(jws), self.world.directory, log_time=log_time)

    def refusal(self, *release: Any, **facts: Any) -> VerificationError:
        """The exchange's refusal; takes the arguments of `accept`."""
        with pytest.raises(VerificationError) as refused:
            self.accept(*release, **facts)
        return refused.value

    def slice(self, reader: str, via: Sequence[Released]) -> bytes:
        """The slice of an agency that has access by the last of these releases."""
        _, resealed = via[-1]
        array = json.loads(resealed.entries)
        texts = [entry.text for entry in read_entries(array, self.world.suite)]
        index = resealed.aud.index(reader)
        receipts = [*self.receipts]
        receipts += [self.world.ledger.log(parse_statement(jws).od) for jws, _ in via]
        return build_slice(
            manifest=self.carried.manifest_bytes,
            jwe_head=self.carried.jwe_head,
            entry=texts[index],
            index=index,
            path=merkle.inclusion_path(leaf_hashes(resealed.aud, texts), index),
            receipts=[receipt.as_json() for receipt in receipts],
            via=[jws for jws, _ in via],
        )

    def verify(self, octets: bytes, reader: str, **changes: Any) -> VerifiedSlice:
        return self.world.verify(octets, reader, **changes)

    def open(self, octets: bytes, reader: str, **changes: Any) -> OpenedAlert:
        agency = known_agency(reader)
        verified = self.verify(octets, reader, **changes)
        blobs: list[BlobFacts] = []
        return open_alert(
            verified, keys=agency.private_keys, blobs=blobs, seen=lambda iss, jti: None, now=NOW
        )

    def failure(self, octets: bytes, reader: str, **changes: Any) -> Failure:
        with pytest.raises(VerificationError) as refused:
            self.verify(octets, reader, **changes)
        return refused.value.failure

    def opening_cause(self, octets: bytes, reader: str) -> Failure:
        """The cause for which a slice whose outer checks hold does not open."""
        verified = self.verify(octets, reader)
        with pytest.raises(OpeningError) as refused:
            open_alert(
                verified,
                keys=known_agency(reader).private_keys,
                blobs=[],
                seen=lambda iss, jti: None,
                now=NOW,
            )
        return refused.value.cause
