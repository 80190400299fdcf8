# SPDX-License-Identifier: Apache-2.0
"""Releases onward at the exchange, and their withdrawal.

- The envelope stays as it is: the release brings entries for further agencies, whose slices name it in `via`.
- All checks of the envelope come first, then policy, for each agency, under the locks of releaser and originator.
- What policy denies at its turn in the feed is not held: it ends.
- An agency gets an envelope once. Neither who else has it nor what the originator has suspended is told to a releaser.
- A rekey is not taken.

Source: docs/spec/envelope.md, "Releasing onward".
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from accord.envelope.encoding import MAX_MANIFEST_BYTES
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.jws import parse_jws
from accord.envelope.keyrule import Standing, Valid
from accord.envelope.manifest import Manifest, read_manifest
from accord.envelope.release_intake import EnvelopeFacts, VerifiedRelease, check_release
from accord.envelope.releases import EMERGENCY, REKEY, manifest_ref
from accord.envelope.statements.checks import VerifiedStatement
from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import Statement as Stated
from accord.envelope.statements.form import UnverifiedStatement, parse_statement
from accord.envelope.vocabulary import TYP_MANIFEST
from accord.envelope.worth import Refused, Signed
from agencies.directory import DatabaseKeyDirectory
from callers.errors import AbsentError
from ledger.proofs import log_places
from sharing.errors import ContentDeletedError, Denial, IssuerSuspendedError, PolicyDeniedError
from sharing.locks import lock_deliveries, share_issuers
from sharing.models import Delivery, Envelope, Release, Statement
from sharing.onward_access import chains_to, reached_before, releases_after, withdrawn_releases
from sharing.policy import Allowed, Denied, Onward, Terms, Verdict, judge_onward, not_onward
from sharing.policy_facts import Facts, read_facts
from sharing.recalls import recalls_that_count
from sharing.references import new_reference
from sharing.signatures import judge_signed, signed_statements
from sharing.states import VISIBLE_STATES, DeliveryState, move


@dataclass(frozen=True)
class OnwardRelease:
    """A posted release with its entries, at the time by which its window and ends are judged."""

    unverified: UnverifiedStatement
    entries: bytes
    at: datetime

    def store(self, stated: Stated, now: datetime) -> Collection[str]:
        """Check and judge it, store release and deliveries; return the originator, who is told, unless it releases.

        Raises `AbsentError`, `ContentDeletedError`, `IssuerSuspendedError`, `PolicyDeniedError`, `VerificationError`,
        `MalformedError`, `TooLargeError`.
        """
        assert stated.sub is not None
        originator = _originator(stated)
        share_issuers([stated.iss, originator])
        envelope = _lock(stated, now)
        verified = _check(self, _manifest_of(envelope), envelope, now)
        versions = _judge(envelope, stated, self.at)
        _store(envelope, verified, versions)
        return {originator} - {stated.iss}


def unrelease(stated: Stated, now: datetime) -> Collection[str]:
    """End the access by a release and by all that depend on it; return originator, releaser and everybody who has it by them.

    Raises `AbsentError`, `VerificationError`. A second one is taken and changes nothing.
    """
    assert stated.sub is not None
    release = Release.objects.select_related("envelope").filter(pk=stated.sub.d).first()
    if release is None or stated.iss not in (release.iss, release.envelope.iss_id):
        raise AbsentError
    said = Statement.objects.get(pk=release.od)
    facts = SubjectFacts(said.k, said.statement_id, said.od, said.iss_id, release.envelope.iss_id)
    check_entitled(stated, facts)
    given = Delivery.objects.filter(release_id__in=releases_after(release.od))
    locked = Delivery.objects.filter(pk__in=lock_deliveries(given))
    locked.filter(state=DeliveryState.PENDING).update(state=move(DeliveryState.PENDING, "expire"))
    holders = set(locked.filter(state__in=VISIBLE_STATES).values_list("recipient_id", flat=True))
    return {*holders, release.iss, release.envelope.iss_id} - {stated.iss}


def _originator(stated: Stated) -> str:
    """Return who sent the envelope, if its releaser has it."""
    assert stated.sub is not None
    known = Envelope.objects.known_to(stated.iss).filter(pk=stated.sub.d)
    found: str | None = known.values_list("iss_id", flat=True).first()
    if found is None:
        raise AbsentError
    return found


def _lock(stated: Stated, now: datetime) -> Envelope:
    """Lock the envelope: of a release and a retract, or of two releases, the second sees the first's effect."""
    assert stated.sub is not None
    row = Envelope.objects.select_for_update(no_key=True).get(pk=stated.sub.d)
    if row.manifest is None or int(now.timestamp()) >= row.keep:
        raise ContentDeletedError
    return row


def _manifest_of(envelope: Envelope) -> Manifest:
    assert envelope.manifest is not None
    jws = parse_jws(bytes(envelope.manifest), TYP_MANIFEST, limit=MAX_MANIFEST_BYTES)
    return read_manifest(jws.payload)


def _check(posted: OnwardRelease, manifest: Manifest, envelope: Envelope, now: datetime) -> VerifiedRelease:
    stated = posted.unverified.statement
    if stated.body["code"] == REKEY:
        raise VerificationError(Failure.VIA, "rekey is not taken")
    chain = _chain_before(stated, envelope)
    theirs = envelope.deliveries.filter(release=None).values_list("recipient_id", flat=True)
    facts = EnvelopeFacts(
        manifest=manifest,
        audience=sorted(theirs),
        standing=_standing_of_envelope(manifest, envelope, now),
        retracted=bool(recalls_that_count([envelope.md], now=now)),
        withdrawn=withdrawn_releases([row.od for row in chain], now=now),
    )
    return check_release(
        posted.unverified,
        posted.entries,
        envelope=facts,
        via=_via(chain, now),
        directory=DatabaseKeyDirectory(now),
        now=int(posted.at.timestamp()),
    )


def _chain_before(stated: Stated, envelope: Envelope) -> Sequence[Release]:
    """Return the releases up to the parent; a parent that is none of this envelope's is no parent."""
    parent = stated.body["parent"]
    if parent is None:
        return ()
    if not Release.objects.filter(pk=parent, envelope=envelope).exists():
        raise VerificationError(Failure.VIA, "unknown parent")
    return chains_to([parent])[parent]


def _via(chain: Sequence[Release], now: datetime) -> list[VerifiedStatement]:
    """Return the releases with their present standing; they were verified when they came."""
    rows = Statement.objects.in_bulk([row.od for row in chain])
    worth = judge_signed(signed_statements(rows.values()), now=now)
    return [
        VerifiedStatement(
            parse_statement(bytes(rows[row.od].jws)).statement, _standing(worth.get(row.od)), None
        )
        for row in chain
    ]


def _standing_of_envelope(manifest: Manifest, envelope: Envelope, now: datetime) -> Standing:
    index, logged = log_places([envelope.md])[envelope.md]
    signed = Signed(
        manifest_ref(manifest), manifest.iss, tuple(manifest.signers), manifest.suite, logged, index
    )
    return _standing(judge_signed([signed], now=now)[envelope.md])


def _standing(worth: Standing | Refused | None) -> Standing:
    """Return a standing; nothing is released on a signature that was refused."""
    if isinstance(worth, Refused):
        raise VerificationError(Failure.REPUDIATED)
    return worth or Valid()


def _judge(envelope: Envelope, stated: Stated, at: datetime) -> dict[str, int]:
    """Return the agreement's version for each agency; raise when one of them is denied."""
    onward = Onward(stated.iss, stated.body["purpose"], stated.body["code"] == EMERGENCY, envelope.iss_id)
    aud = stated.body["aud"]
    facts = read_facts([onward.iss, envelope.iss_id], aud, now=at)
    verdicts = judge_release(facts, envelope, onward, aud, now=at)
    denials = [
        Denial(agency, verdict.code, verdict.args)
        for agency, verdict in verdicts.items()
        if isinstance(verdict, Denied)
    ]
    if any(denial.code == "issuer-suspended" for denial in denials):
        raise IssuerSuspendedError
    if denials:
        raise PolicyDeniedError(denials)
    return {
        agency: verdict.agreement_version
        for agency, verdict in verdicts.items()
        if isinstance(verdict, Allowed)
    }


def judge_release(
    facts: Facts, envelope: Envelope, onward: Onward, agencies: Collection[str], *, now: datetime
) -> dict[str, Verdict]:
    """Return a verdict for each agency of a release; one that has, or had, the envelope is denied like one its originator bars."""
    before = reached_before(envelope, agencies)
    return {agency: _verdict(facts, envelope, onward, agency, agency in before, now) for agency in agencies}


def _verdict(
    facts: Facts, envelope: Envelope, onward: Onward, agency: str, has_had_it: bool, now: datetime
) -> Verdict:
    verdict = judge_onward(facts, onward, agency, Terms.of_envelope(envelope), now=now)
    is_own = agency == envelope.iss_id
    return not_onward(facts, agency) if isinstance(verdict, Allowed) and (has_had_it or is_own) else verdict


def _store(envelope: Envelope, verified: VerifiedRelease, versions: dict[str, int]) -> None:
    stated = verified.statement
    assert stated.exp is not None
    release = Release.objects.create(
        od=stated.od,
        envelope=envelope,
        parent_id=stated.body["parent"],
        iss=stated.iss,
        purpose=stated.body["purpose"],
        is_emergency=stated.body["code"] == EMERGENCY,
        until=stated.exp,
        leaf_hashes=b"".join(verified.leaf_hashes),
    )
    Delivery.objects.bulk_create(
        Delivery(
            envelope=envelope,
            recipient_id=entry.agency,
            iss=envelope.iss_id,
            index=entry.index,
            entry=entry.text,
            agreement_version_id=versions[entry.agency],
            release=release,
            reference=new_reference(),
        )
        for entry in verified.entries
    )
