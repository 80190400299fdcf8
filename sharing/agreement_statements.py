# SPDX-License-Identifier: Apache-2.0
"""Agreements by signed statements of their parties: proposal, acceptance, refusal, leaving.

- A proposal is an agreement's first version, or the next after the one in force that it names; its proposer accepts by it. Several
  may stand beside each other.
- It is in force once every party has accepted that same statement; the version before it counts until then.
- A first version may take up the ref of an agreement that the operator recorded, by one of its parties: so that is countersigned.
- A next version names every party that the one in force still has: nobody is put out by others.
- Who leaves is a party no more, at once. What goes on between the others stays.

| the version is | accept | refuse | leave |
|---|---|---|---|
| proposed | noted; by the last party: in force | refused | no |
| in force | no | no | the party is out |
| refused, ended, or replaced by another in force | no | no | no |
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import Statement as Stated
from accord.moments import moment_of
from agencies.models import Agency
from callers.directory import AgencyStatus
from callers.errors import AbsentError
from sharing.agreements import (
    check_parties,
    newest_version,
    next_number,
    parties_ever,
    requeue_between,
)
from sharing.errors import AgreementError, IssuerSuspendedError
from sharing.locks import own_parties
from sharing.models import Agreement, AgreementLane, AgreementParty, AgreementVersion, Statement

MAX_OPEN: Final = 20
"""Proposals of one agency that may wait for answers at once: a proposal reaches agencies that have agreed nothing with it."""


def propose_agreement(stated: Stated, now: datetime) -> Collection[str]:
    """Store a proposal, accepted by its proposer; return the other parties.

    Raises `AgreementError` naming the member, `IssuerSuspendedError`, `VerificationError` unless the proposer is a party.
    """
    check_entitled(stated, None)
    _check_may_propose(stated.iss, now)
    body, parties = stated.body, set(stated.body["parties"])
    check_parties(parties)
    agreement = _agreement_of(stated, now)
    own_parties({*parties, *parties_ever(agreement)})
    _check_follows(agreement, stated)
    assert stated.exp is not None
    version = AgreementVersion.objects.create(
        agreement=agreement,
        number=next_number(agreement),
        ceiling=body["tlp"],
        purposes=body["purposes"],
        nbf=moment_of(body["nbf"]),
        until=moment_of(stated.exp),
        survive_lanes=body["survive"]["lanes"],
        survive_flash=body["survive"]["flash"],
        emergency=body["emergency"],
        recorded_at=now,
        od=stated.od,
        text_md=body["text"]["md"] if body["text"] else "",
    )
    AgreementParty.objects.bulk_create(
        AgreementParty(version=version, agency_id=party, accepted_at=now if party == stated.iss else None)
        for party in sorted(parties)
    )
    AgreementLane.objects.bulk_create(AgreementLane(version=version, lane=lane) for lane in body["lanes"])
    return parties - {stated.iss}


def answer_agreement(stated: Stated, now: datetime) -> Collection[str]:
    """Accept or refuse a proposal; return the other parties. To accept twice changes nothing.

    Raises `AbsentError` for a stranger, `AgreementError` for what is proposed no more.
    """
    version, parties = _enter(stated)
    _check_open(version, now)
    if stated.body["st"] == "refuse":
        version.refused_at = now
        version.save(update_fields=["refused_at"])
        return parties
    version.parties.filter(agency_id=stated.iss, accepted_at__isnull=True).update(accepted_at=now)
    if not version.parties.filter(accepted_at__isnull=True).exists():
        version.number, version.in_force_at = next_number(version.agreement), now
        version.save(update_fields=["number", "in_force_at"])
        requeue_between({stated.iss, *parties})
    return parties


def leave_agreement(stated: Stated, now: datetime) -> Collection[str]:
    """End the issuer's part in an agreement, by its newest version in force; return the other parties. Raises as `answer_agreement`.

    Where that version begins later, the agency leaves the one that counts until then, too.
    """
    version, parties = _enter(stated)
    if version != newest_version(version.agreement):
        raise AgreementError("agreement", "it is not in force: refuse it, or leave the version that is")
    own = AgreementParty.objects.filter(
        version__agreement=version.agreement, version__in_force_at__isnull=False, agency_id=stated.iss
    )
    if not own.filter(left_at__isnull=True).update(left_at=now):
        raise AgreementError("agreement", "your agency has left it already")
    return parties


def _check_may_propose(agency: str, now: datetime) -> None:
    if Agency.objects.get(pk=agency).status != AgencyStatus.ACTIVE:
        raise IssuerSuspendedError
    own = Statement.objects.filter(iss_id=agency, k="agreement").values("od")
    waiting = AgreementVersion.objects.filter(
        od__in=own, in_force_at__isnull=True, refused_at__isnull=True, until__gt=now
    )
    if waiting.count() >= MAX_OPEN:
        raise AgreementError(
            "agreement", f"{MAX_OPEN} of your proposals wait for answers; more can be made then"
        )


def _agreement_of(stated: Stated, now: datetime) -> Agreement:
    """Return the agreement with the proposal's ref, made where there is none and the proposal is a first version."""
    ref = stated.body["ref"]
    found = Agreement.objects.filter(ref=ref).first()
    if found is not None:
        return found
    if stated.body["prev"] is not None:
        raise AgreementError("prev", "no agreement of this ref is in force")
    try:
        with transaction.atomic():
            return Agreement.objects.create(ref=ref, title=ref, recorded_at=now)
    except IntegrityError:
        raise AgreementError("ref", "in use; choose another") from None


def _check_follows(agreement: Agreement, stated: Stated) -> None:
    """Refuse a first version of what is agreed already, and a next one that follows another than the one in force."""
    prev, newest = stated.body["prev"], newest_version(agreement)
    standing = newest.parties.filter(left_at__isnull=True) if newest else AgreementParty.objects.none()
    if not set(standing.values_list("agency_id", flat=True)).issubset(stated.body["parties"]):
        raise AgreementError(
            "parties", "name every party of the version in force: nobody is put out, a party leaves"
        )
    if prev is None:
        if not _may_take_up(newest, agreement, stated.iss):
            raise AgreementError("ref", "in use; choose another")
        return
    if newest is None or newest.od != prev or not _is_party(newest, stated.iss):
        raise AgreementError("prev", "not the version in force")
    signed = Statement.objects.get(pk=prev)
    if stated.body["ver"] != signed.body["ver"] + 1:
        raise AgreementError("ver", "the version in force, and one")


def _may_take_up(newest: AgreementVersion | None, agreement: Agreement, proposer: str) -> bool:
    """Tell whether a first version may have this ref.

    It may where nobody has used it, where what was proposed under it named the proposer and never came into force, and where the
    operator recorded it with the proposer as a party.
    """
    if newest is None:
        known = parties_ever(agreement)
        return not known or proposer in known
    return newest.od == "" and _is_party(newest, proposer)


def _is_party(version: AgreementVersion, agency: str) -> bool:
    return version.parties.filter(agency_id=agency, left_at__isnull=True).exists()


def _enter(stated: Stated) -> tuple[AgreementVersion, Collection[str]]:
    """Return the version that the statement is about, locked, and the other parties; nothing relies on their policy any more."""
    assert stated.sub is not None
    found = AgreementVersion.objects.filter(od=stated.sub.d).select_related("agreement").first()
    proposal = Statement.objects.filter(pk=stated.sub.d).first()
    if found is None or proposal is None:
        raise AbsentError
    parties = set(found.parties.values_list("agency_id", flat=True))
    if stated.iss not in parties:
        raise AbsentError
    facts = SubjectFacts(
        k=proposal.k, id=proposal.statement_id, d=proposal.od, iss=proposal.iss_id, parties=parties
    )
    check_entitled(stated, facts)
    own_parties(parties_ever(found.agreement))
    found.refresh_from_db()
    return found, parties - {stated.iss}


def _check_open(version: AgreementVersion, now: datetime) -> None:
    if version.in_force_at is not None:
        raise AgreementError("agreement", "in force already")
    if version.refused_at is not None:
        raise AgreementError("agreement", "it was refused")
    if version.until is not None and version.until <= now:
        raise AgreementError("agreement", "it has ended")
    if version.number != next_number(version.agreement):
        raise AgreementError("agreement", "another version is in force since")
