# SPDX-License-Identifier: Apache-2.0
"""Agreements: the operator records them and never edits them. Every change waits for the transactions that rely on the policy
of its parties (`sharing.locks`).
"""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accord.envelope.statements.bodies import MAX_PARTIES
from accord.moments import LATEST_SHOWN, moment_of
from agencies.accession import resume_agency, suspend_agency
from agencies.models import Agency
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.closed_lists import Lane, Purpose, Tlp
from callers.directory import AgencyStatus
from ledger.audit import record_event
from sharing.errors import AgreementError
from sharing.locks import lock_deliveries, own_parties
from sharing.models import (
    Agreement,
    AgreementLane,
    AgreementParty,
    AgreementVersion,
    Circle,
    Delivery,
    FeedHeld,
    FeedRequeue,
)
from sharing.states import DeliveryState

MAX_CIRCLE_MEMBERS = 500

# Control characters, line and paragraph separators, and the marks that reorder a line of text.
_BROKEN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@transaction.atomic
def record_agreement(
    operator: Actor,
    *,
    ref: str,
    title: str,
    parties: Collection[str],
    lanes: Collection[str],
    ceiling: str,
    purposes: Collection[str] = (),
    nbf: datetime,
    until: datetime | None = None,
    survive_lanes: Collection[str] = (),
    survive_flash: bool = False,
    emergency: bool = False,
    now: datetime,
) -> AgreementVersion:
    """Record what agencies have agreed; a known `ref` gets its next version. An empty `purposes` means every purpose.

    Raises `AgreementError` naming the field, `NotPermittedError` for anyone but the operator.
    """
    require(operator, Capability.HUB_OPERATE)
    _check_line("ref", ref, 20)
    if "/" in ref:
        raise AgreementError("ref", "use no slash: pages are named by it")
    _check_line("title", title, 120)
    _check_terms(lanes, ceiling, purposes, survive_lanes, nbf, until)
    check_parties(parties)
    known = Agreement.objects.filter(ref=ref).first()
    own_parties({*parties, *(parties_ever(known) if known else ())})
    if known is not None and is_signed(known):
        raise AgreementError("ref", "its parties have signed it, and they alone change it")
    agreement, _ = Agreement.objects.get_or_create(ref=ref, defaults={"title": title, "recorded_at": now})
    version = AgreementVersion.objects.create(
        agreement=agreement,
        number=next_number(agreement),
        ceiling=ceiling,
        purposes=sorted(purposes),
        nbf=nbf,
        until=until,
        survive_lanes=sorted(survive_lanes),
        survive_flash=survive_flash,
        emergency=emergency,
        recorded_at=now,
        in_force_at=now,
    )
    AgreementParty.objects.bulk_create(
        AgreementParty(version=version, agency_id=id_) for id_ in sorted(parties)
    )
    AgreementLane.objects.bulk_create(AgreementLane(version=version, lane=lane) for lane in sorted(lanes))
    requeue_between(parties)
    _audit(operator, "agreement.recorded", agreement, {"number": version.number}, agency="", now=now)
    return version


@transaction.atomic
def record_circle(
    operator: Actor, *, name: str, agreement: str, members: Collection[str], now: datetime
) -> Circle:
    """Name a group of agencies under one agreement; raise `AgreementError` for an outsider."""
    require(operator, Capability.HUB_OPERATE)
    _check_line("name", name, 60)
    found = Agreement.objects.filter(ref=agreement).first()
    if found is None:
        raise AgreementError("agreement", "unknown")
    if Circle.objects.filter(name=name).exists():
        raise AgreementError("name", "a circle of this name stands already, or was ended")
    _check_members(found, members, now)
    circle = Circle.objects.create(name=name, agreement=found, recorded_at=now)
    circle.members.set(Agency.objects.filter(pk__in=members))
    _audit(operator, "circle.recorded", found, {"circle": name}, agency="", now=now)
    return circle


@transaction.atomic
def change_circle(operator: Actor, *, name: str, members: Collection[str], now: datetime) -> Circle:
    """Give a circle these members; none end it, and its name is not used again.

    It takes effect on the next request of each agency. Raises `AgreementError` for an outsider, and where there is no such circle.
    """
    require(operator, Capability.HUB_OPERATE)
    circle = (
        Circle.objects.select_for_update(of=("self",)).select_related("agreement").filter(name=name).first()
    )
    if circle is None:
        raise AgreementError("name", "no circle is called so")
    if members:
        _check_members(circle.agreement, members, now)
    circle.members.set(Agency.objects.filter(pk__in=members))
    Circle.objects.filter(pk=circle.pk).update(recorded_at=now)
    act = "circle.changed" if members else "circle.ended"
    _audit(operator, act, circle.agreement, {"circle": name}, agency="", now=now)
    return circle


def _check_members(agreement: Agreement, members: Collection[str], now: datetime) -> None:
    version = current_version(agreement, now=now)
    standing = version.parties.filter(left_at__isnull=True) if version else AgreementParty.objects.none()
    parties = set(standing.values_list("agency_id", flat=True))
    if not 1 <= len(set(members)) <= MAX_CIRCLE_MEMBERS or not parties.issuperset(members):
        raise AgreementError("members", f"name 1 to {MAX_CIRCLE_MEMBERS}, each a party of the agreement")


def current_version(agreement: Agreement, *, now: datetime) -> AgreementVersion | None:
    """Return the newest version in force that has begun, ended or not."""
    return agreement.versions.filter(nbf__lte=now, in_force_at__isnull=False).order_by("-number").first()


@transaction.atomic
def suspend_agency_flow(operator: Actor, agency_id: str, *, now: datetime) -> Agency:
    """Stop new flow from and to an agency on this hub; return once no transaction relies on the earlier policy.

    Without the lock, a submission that was judged a moment earlier could still be stored afterwards. Raises `NotPermittedError`
    for anyone but the operator.
    """
    require(operator, Capability.HUB_OPERATE)
    own_parties({agency_id, *partners_of(agency_id)})
    return suspend_agency(operator, agency_id, now=now)


@transaction.atomic
def resume_agency_flow(operator: Actor, agency_id: str, *, now: datetime) -> int:
    """Lift the hub's suspension of an agency and queue its held deliveries again; return how many.

    Changing the agency's status alone would leave held deliveries waiting until they expire. Raises `NotPermittedError` for
    anyone but the operator.
    """
    require(operator, Capability.HUB_OPERATE)
    # Taken before the agency's row is locked: intake holds these locks when it refers to that row.
    own_parties({agency_id, *partners_of(agency_id)})
    resume_agency(operator, agency_id, now=now)
    return requeue_held(agency_id)


@transaction.atomic
def requeue_held(agency: str) -> int:
    """Queue held deliveries from or to an agency again, after the hub has lifted that agency's suspension."""
    own_parties({agency, *partners_of(agency)})
    return requeue(Q(iss=agency) | Q(recipient=agency))


def requeue_between(parties: Collection[str]) -> int:
    """Queue held deliveries among these agencies again; return how many."""
    return requeue(Q(iss__in=parties, recipient__in=parties))


def requeue(which: Q) -> int:
    """Queue held deliveries again, each once; the sequencer asks policy again at their turn."""
    held = list(FeedHeld.objects.select_for_update().filter(which).order_by("pk"))
    ids = lock_deliveries(Delivery.objects.filter(pk__in=[row.delivery_id for row in held]))
    FeedRequeue.objects.bulk_create(
        FeedRequeue(delivery_id=row.delivery_id, position=row.position, iss=row.iss, recipient=row.recipient)
        for row in held
    )
    FeedHeld.objects.filter(pk__in=ids).delete()
    Delivery.objects.filter(pk__in=ids, state=DeliveryState.HELD).update(state=DeliveryState.PENDING)
    return len(ids)


def newest_version(agreement: Agreement) -> AgreementVersion | None:
    """Return the newest version in force, begun or not."""
    return agreement.versions.filter(in_force_at__isnull=False).order_by("-number").first()


def is_signed(agreement: Agreement) -> bool:
    """Tell whether the newest version in force, begun or not, was signed by its parties."""
    newest = newest_version(agreement)
    return newest is not None and newest.od != ""


def parties_ever(agreement: Agreement) -> set[str]:
    """Return every agency that a version names, proposed or in force."""
    rows = AgreementParty.objects.filter(version__agreement=agreement)
    return set(rows.values_list("agency_id", flat=True))


def partners_of(agency: str) -> set[str]:
    """Return every agency with which this one has, or had, an agreement; itself, where it has any."""
    theirs = AgreementParty.objects.filter(agency_id=agency).values("version_id")
    return set(AgreementParty.objects.filter(version_id__in=theirs).values_list("agency_id", flat=True))


def next_number(agreement: Agreement) -> int:
    """Return the number of the version that comes into force next."""
    newest = newest_version(agreement)
    return 1 if newest is None else newest.number + 1


def _check_line(field: str, text: str, most: int) -> None:
    """Check a name that pages show on one line with others."""
    if not 1 <= len(text.strip()) <= len(text) <= most or _BROKEN_LINE.search(text):
        raise AgreementError(field, f"use 1 to {most} characters on one line, without control characters")


def check_parties(parties: Collection[str]) -> None:
    """Raise `AgreementError` unless these are 2 to `MAX_PARTIES` agencies that have entered."""
    if not 2 <= len(set(parties)) <= MAX_PARTIES:
        raise AgreementError("parties", f"name 2 to {MAX_PARTIES} agencies")
    known = Agency.objects.filter(pk__in=parties).exclude(status=AgencyStatus.ENTERING)
    unknown = set(parties) - set(known.values_list("id", flat=True))
    if unknown:
        raise AgreementError("parties", f"not on this hub: {', '.join(sorted(unknown))}")


def _check_terms(
    lanes: Collection[str],
    ceiling: str,
    purposes: Collection[str],
    survive_lanes: Collection[str],
    nbf: datetime,
    until: datetime | None,
) -> None:
    _check_words("lanes", lanes, Lane.values)
    _check_words("ceiling", [ceiling], Tlp.values)
    _check_words("purposes", purposes, Purpose.values)
    _check_words("survive_lanes", survive_lanes, lanes)
    if not lanes:
        raise AgreementError("lanes", "name one at least")
    for name, moment in (("nbf", nbf), ("until", until)):
        if moment is not None and moment > moment_of(LATEST_SHOWN):
            raise AgreementError(name, "must be before the end of the year 9999")
    if until is not None and until <= nbf:
        raise AgreementError("until", "must be after the beginning")


def _check_words(field: str, words: Iterable[str], allowed: Sequence[str] | Collection[str]) -> None:
    unknown = sorted(set(words) - set(allowed))
    if unknown:
        raise AgreementError(field, f"not one of {', '.join(sorted(allowed))}: {', '.join(unknown)}")


def _audit(
    actor: Actor, act: str, agreement: Agreement, detail: dict[str, object], *, agency: str, now: datetime
) -> None:
    record_event(
        act,
        actor=actor.audit_name,
        agency=agency,
        subject=f"agreement:{agreement.ref}",
        detail=detail,
        now=now,
    )
