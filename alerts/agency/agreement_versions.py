# SPDX-License-Identifier: Apache-2.0
"""Versions of agreements that the agency proposes, accepts, refuses and leaves, by statements that it signs.

What the exchange refuses is undone here, and said with its reason.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.agreement_texts import KeptText, VersionText, text_terms
from accord.agreements import ACCEPT, AGREEMENT, LEAVE, SignedVersion, VersionState, newest_agreed
from accord.calls.agreements import AgreementAnswer
from accord.document.agreement_texts import check_text
from accord.envelope.errors import MalformedError, SealingError, SealRefusal
from accord.envelope.seal import SealedEnvelope
from alerts.access import agency_of
from alerts.agency.agreement_texts import keep_text, texts_of
from alerts.agency.agreements import AgreementShown
from alerts.errors import AgreementRefusedError, NotTakenError
from alerts.peers.agreements import ask_for_agreements_again
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pin_updates import keep_seen, pins_of
from alerts.peers.signed_agreements import signed_versions
from alerts.review.preview import SUITE
from alerts.sending.hand_in import Handing, handing_in
from alerts.sending.release import sealing_to
from callers.capabilities import Capability, require
from callers.errors import AbsentError
from callers.identifiers import RANDOM_SIZE_BYTES, uuid7_at
from ledger.audit import record_event
from officers.models import Officer
from peers.models import Agency, HeldStatement
from vault import services


@dataclass(frozen=True)
class Terms:
    """Terms of a version as officers enter them; the agency itself is always a party. `text` is a document of
    `accord.document.agreement_texts`.
    """

    ref: str
    parties: frozenset[str]
    lanes: frozenset[str]
    tlp: str
    purposes: frozenset[str]
    begins: datetime
    until: datetime
    survive_lanes: frozenset[str] = frozenset()
    survive_flash: bool = False
    clocks: str = "freeze"
    emergency: bool = False
    text: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class VersionAhead:
    """Version that may take, or has taken, the place of what the exchange lists.

    `waits`: for the officer's agency. `missing` are the names of the parties that have not answered.
    """

    version: SignedVersion
    state: VersionState
    waits: bool
    missing: tuple[str, ...]


_AHEAD: Final = (VersionState.PROPOSED, VersionState.AGREED, VersionState.IN_FORCE)


def versions_of(officer: Officer, *, now: datetime) -> tuple[SignedVersion, ...]:
    """Return every version that names the officer's agency, the newest first; raises NotPermittedError, NotBoundError."""
    require(officer, Capability.AGREEMENT_READ)
    return signed_versions(agency_of(officer).pk, now=now)[::-1]


def versions_ahead(
    officer: Officer, versions: Iterable[SignedVersion], listed: Iterable[AgreementShown], *, now: datetime
) -> list[VersionAhead]:
    """Return those of these versions that are newer than what the exchange lists, what waits for the officer's agency first."""
    own, at, known = officer.agency_id or "", int(now.timestamp()), list(versions)
    ods = {one.said.od for one in listed}
    standing = {one.ref: one.body["ver"] for one in known if one.od in ods}
    found = [
        one
        for one in known
        if one.state(at) in _AHEAD and own not in one.left and one.body["ver"] > standing.get(one.ref, 0)
    ]
    names = _names({party for one in found for party in one.unanswered})
    rows = (
        VersionAhead(
            one,
            one.state(at),
            one.waits_for(own, at),
            tuple(sorted(names[party] for party in one.unanswered)),
        )
        for one in found
    )
    return sorted(rows, key=lambda row: not row.waits)


def proposals_to_answer(officer: Officer, *, now: datetime) -> list[tuple[SignedVersion, str]]:
    """Return each proposal that waits for the agency, with its proposer's name; none for who may not answer."""
    if Capability.AGENCY_MANAGE not in officer.capabilities:
        return []
    own, at = agency_of(officer).pk, int(now.timestamp())
    waiting = [one for one in versions_of(officer, now=now) if one.waits_for(own, at)]
    names = _names({one.statement.iss for one in waiting})
    return [(one, names[one.statement.iss]) for one in waiting]


def _names(agencies: Collection[str]) -> dict[str, str]:
    """Return the name of each of these agencies, its id where it has none here."""
    known = Agency.objects.filter(pk__in=agencies).values_list("pk", "name") if agencies else ()
    return {agency: agency for agency in agencies} | dict(known)


def version_of(officer: Officer, od: str, *, now: datetime) -> SignedVersion:
    """Return one version; raises AbsentError, and as `versions_of`."""
    return version_among(versions_of(officer, now=now), od)


def version_among(versions: Iterable[SignedVersion], od: str) -> SignedVersion:
    """Return the version of this digest; raises AbsentError."""
    found = next((one for one in versions if one.od == od), None)
    if found is None:
        raise AbsentError
    return found


def version_agreed(officer: Officer, ref: str, *, now: datetime) -> SignedVersion | None:
    """Return the newest version of this agreement that every party has signed, begun or not; None without one."""
    return newest_agreed(versions_of(officer, now=now), ref, int(now.timestamp()))


def version_signed(versions: Iterable[SignedVersion], standing: AgreementShown) -> SignedVersion | None:
    """Return the version that says what the exchange states of an agreement, if its every party has signed it here."""
    said = standing.said
    found = next((one for one in versions if one.od == said.od), None)
    is_signed = (
        found is not None
        and found.is_signed
        and found.parties - found.left.keys() == frozenset(said.parties)
        and _terms_signed(found) == _terms_said(said)
    )
    return found if is_signed else None


def _terms_signed(one: SignedVersion) -> tuple[object, ...]:
    body, survive = one.body, one.body["survive"]
    sets = (body["lanes"], body["purposes"], survive["lanes"])
    return (one.ref, body["tlp"], body["nbf"], one.until, survive["flash"], *map(frozenset, sets))


def _terms_said(said: AgreementAnswer) -> tuple[object, ...]:
    sets = (said.lanes, said.purposes, said.survive_lanes)
    return (said.ref, said.ceiling, said.nbf, said.until, said.survive_flash, *map(frozenset, sets))


def propose_agreement(officer: Officer, terms: Terms, *, now: datetime) -> str:
    """Propose a first version, or the next after the one in force; return the digest of the proposal.

    Its text is sealed for the other parties and follows it. Not inside a transaction. Raises AgreementRefusedError naming the
    field, SendingStoppedError, NotTakenError, NotPermittedError.
    """
    require(officer, Capability.AGENCY_MANAGE)
    own = agency_of(officer)
    _check(terms, own, now)
    before = version_agreed(officer, terms.ref, now=now)
    body = _body(terms, own, before)
    peers = VerifiedDirectory(own.pk, now)
    text = _sealed_text(officer, terms, body, peers, now)
    if text is not None:
        body["text"] = {"jti": text.jti, "md": text.md}
    od = ""
    try:
        with handing_in(officer, now=now) as handing:
            od = handing.state(AGREEMENT, None, body, exp=int(terms.until.timestamp()))
            if text is not None:
                _hand_in_text(handing, od, text, terms, peers)
            _record("agreement.proposed", handing, own, od, ref=terms.ref)
    except MalformedError:
        raise AgreementRefusedError(
            "ref", _("Reference: letters and digits, with spaces, full stops and hyphens between them.")
        ) from None
    except NotTakenError as refused:
        if not HeldStatement.objects.filter(reader=own.pk, od=od).exists():
            raise
        raise AgreementRefusedError(
            "text",
            _("Text: the exchange refuses it, so that nobody can accept this. %(why)s")
            % {"why": refused.text},
        ) from refused
    ask_for_agreements_again(officer, own.pk, now=now)
    return od


def texts_of_versions(officer: Officer, versions: Iterable[SignedVersion]) -> dict[str, VersionText]:
    """Return what is here of the texts of these versions, by od; raises NotPermittedError, SecretMissingError."""
    require(officer, Capability.AGREEMENT_READ)
    return texts_of(agency_of(officer).pk, list(versions))


def text_of_version(officer: Officer, version: SignedVersion) -> VersionText:
    """Return what is here of the text of a version; raises as `texts_of_versions`."""
    return texts_of_versions(officer, [version])[version.od]


def _sealed_text(
    officer: Officer, terms: Terms, body: Mapping[str, Any], peers: VerifiedDirectory, now: datetime
) -> SealedEnvelope | None:
    if terms.text is None:
        return None
    others = sorted(set(body["parties"]) - {peers.reader})
    jti = uuid7_at(now, secrets.token_bytes(RANDOM_SIZE_BYTES))
    sent = text_terms(body, jti=jti, now=int(now.timestamp()), until=int(terms.until.timestamp()))
    with sealing_to(officer, peers, others, now=now):
        try:
            return services.seal_agreement_text(
                officer,
                terms=sent,
                document=terms.text,
                suite=SUITE,
                recipients=others,
                peers=peers,
                pins=pins_of(peers, others),
                now=now,
            )
        except SealingError as refusal:
            if refusal.reason is not SealRefusal.CONTENT_TOO_LARGE:
                raise
            raise AgreementRefusedError("text", _("Text: too long to be sealed; shorten it.")) from refusal


def _hand_in_text(
    handing: Handing, od: str, text: SealedEnvelope, terms: Terms, peers: VerifiedDirectory
) -> None:
    assert terms.text is not None
    others = sorted(terms.parties - {peers.reader})
    handing.send_text(od, text, others)
    keep_text(peers.reader, KeptText(text.iss, text.jti, text.md, terms.text), now=handing.now)
    keep_seen(peers, others, now=handing.now)


def answer_version(officer: Officer, od: str, st: str, *, now: datetime) -> None:
    """Accept or refuse a proposal; its proposer takes it back by refusing. Not inside a transaction.

    Raises AbsentError, AgreementRefusedError (it is not open to that), NotTakenError, NotPermittedError.
    """
    require(officer, Capability.AGENCY_MANAGE)
    own, version = agency_of(officer), version_of(officer, od, now=now)
    is_open = version.waits_for if st == "accept" else version.may_refuse
    if not is_open(own.pk, int(now.timestamp())):
        raise AgreementRefusedError("agreement", _("It does not wait for your agency any more."))
    if st == "accept" and not text_of_version(officer, version).may_be_accepted:
        raise AgreementRefusedError(
            "agreement", _("Its text is not here as it was signed: it can be refused, not accepted.")
        )
    refused = "agreement.taken_back" if version.statement.iss == own.pk else "agreement.refused"
    act = "agreement.accepted" if st == "accept" else refused
    with handing_in(officer, now=now) as handing:
        handing.state(ACCEPT, version.subject, {"st": st})
        _record(act, handing, own, od, ref=version.ref)
    ask_for_agreements_again(officer, own.pk, now=now)


def leave_agreement(officer: Officer, ref: str, *, now: datetime) -> None:
    """Leave a signed agreement, at once. Not inside a transaction; raises as `answer_version`."""
    require(officer, Capability.AGENCY_MANAGE)
    own, version = agency_of(officer), version_agreed(officer, ref, now=now)
    if version is None or own.pk in version.left:
        raise AbsentError
    with handing_in(officer, now=now) as handing:
        handing.state(LEAVE, version.subject, {})
        _record("agreement.left", handing, own, version.od, ref=ref)
    ask_for_agreements_again(officer, own.pk, now=now)


def _check(terms: Terms, own: Agency, now: datetime) -> None:
    others = terms.parties - {own.pk}
    if not others or Agency.objects.filter(pk__in=others, gone_at=None).count() != len(others):
        raise AgreementRefusedError("parties", _("Parties: choose one or more other agencies."))
    if not terms.lanes:
        raise AgreementRefusedError("lanes", _("Lanes: choose one or more."))
    if not terms.survive_lanes <= terms.lanes:
        raise AgreementRefusedError("survive_lanes", _("A lane that survives is one of the lanes."))
    if not terms.purposes:
        raise AgreementRefusedError("purposes", _("Purposes: choose one or more."))
    if terms.until <= max(terms.begins, now):
        raise AgreementRefusedError("until", _("End: later than the beginning, and than now."))
    faults = (
        [] if terms.text is None else check_text(terms.text, parties={*terms.parties, own.pk}, writing=True)
    )
    if faults:
        raise AgreementRefusedError("text", _("Text: %(fault)s") % {"fault": faults[0]})


def _body(terms: Terms, own: Agency, before: SignedVersion | None) -> dict[str, Any]:
    return {
        "ref": terms.ref,
        "ver": before.body["ver"] + 1 if before else 1,
        "prev": before.od if before else None,
        "parties": sorted(terms.parties | {own.pk}),
        "lanes": sorted(terms.lanes),
        "tlp": terms.tlp,
        "purposes": sorted(terms.purposes),
        "nbf": int(terms.begins.timestamp()),
        "survive": {"lanes": sorted(terms.survive_lanes), "flash": terms.survive_flash},
        "clocks": terms.clocks,
        "emergency": terms.emergency,
        "text": None,
    }


def _record(act: str, handing: Handing, own: Agency, od: str, *, ref: str) -> None:
    record_event(
        act, actor=handing.actor.audit_name, agency=own.pk, subject=od, detail={"ref": ref}, now=handing.now
    )
