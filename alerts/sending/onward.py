# SPDX-License-Identifier: Apache-2.0
"""Releases onward: an officer prepares one, a second releases it; either side of it ends it.

- The alert goes, until a time, to agencies to which the exchange lets it go now. Its sender is told by the signed release.
- An emergency passes what is suspended, where the agreement says so; `alerts.sending.emergencies` has its review.
- What is shown of releases is read from the signed statements that the agency holds.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accord.envelope.errors import EnvelopeError, SealingError
from accord.envelope.manifest import Manifest
from accord.envelope.releases import EMERGENCY, RELEASE, UNRELEASE, MadeRelease
from accord.envelope.statements.form import SubjectRef, parse_statement
from accord.moments import moment_of
from alerts.access import agency_of, lock_alert, lock_received, sending_agency_of
from alerts.document.choices import PURPOSES
from alerts.errors import SecondPersonNeededError, SendingStoppedError
from alerts.models import Alert, ReceivedAlert
from alerts.peers.directory import VerifiedDirectory
from alerts.peers.pin_updates import pins_of
from alerts.peers.withheld_recipients import LANE_SUSPENDED, hold_back
from alerts.receiving.fetching import kept_ledger, require_access
from alerts.receiving.held_envelopes import Held, envelope_of
from alerts.review.verdicts import RecipientVerdict, ask_previews, verdicts_of
from alerts.rows.onward import OnwardRelease
from alerts.sending.emergencies import REVIEWED_WITHIN
from alerts.sending.hand_in import handing_in
from alerts.sending.release import sealing_to
from alerts.sending.sending_stopped import require_may_send
from alerts.states import SENT
from callers.capabilities import Capability, require
from callers.closed_lists import FLASH
from callers.errors import AbsentError, InputError
from callers.markings import is_about_life
from ledger.audit import record_event
from notices.emergencies import tell_of_emergency
from officers.attribution import attributed_to, counts_as
from officers.models import Officer
from officers.policy_in_force import policy_of
from peers.models import Agency, HeldStatement
from vault import services

if TYPE_CHECKING:
    from alerts.document.choices import Choices

About = Alert | ReceivedAlert
ENDING_CODES: Final["Choices"] = (
    ("error", gettext_lazy("Error")),
    ("condition", gettext_lazy("A condition was not kept")),
    ("expired", gettext_lazy("No longer needed")),
    ("legal", gettext_lazy("Legal reason")),
)


@dataclass(frozen=True)
class Released:
    """A release of an alert as its signed statement says; `ended_by` names who ended it before its time."""

    od: str
    by: str
    to: tuple[str, ...]
    until: datetime
    is_emergency: bool
    ended_by: str = ""

    def is_open(self, now: datetime) -> bool:
        """Tell whether it gives access now."""
        return not self.ended_by and now < self.until


@dataclass(frozen=True)
class Candidates:
    """Agencies to which an alert could be released, with each verdict; `latest` is the latest end of access."""

    rows: tuple[RecipientVerdict, ...]
    latest: datetime
    purpose: str
    is_about_life: bool


def candidates_for(
    officer: Officer, about: About, *, purpose: str = "", is_emergency: bool = False, now: datetime
) -> Candidates:
    """Ask the exchange to which agencies the alert could go onward now.

    Not inside a transaction. Raises SendingStoppedError, ExchangeAwayError, AbsentError.
    """
    require(officer, Capability.ALERT_ACKNOWLEDGE)
    manifest = _releasable(officer, about, now).unverified.manifest
    terms = manifest.terms
    rows = _judged(officer, manifest, None, purpose or terms.purpose, is_emergency, now)
    urgent = is_about_life(terms.pri, terms.lane)
    return Candidates(tuple(rows), moment_of(terms.keep), terms.purpose, urgent)


def prepare_release(
    officer: Officer,
    about: About,
    *,
    recipients: Collection[str],
    until: datetime,
    purpose: str = "",
    is_emergency: bool = False,
    now: datetime,
) -> OnwardRelease:
    """Prepare a release for a second officer. Not inside a transaction.

    Raises InputError (`recipients`, `until`, `purpose`, `is_emergency`), SendingStoppedError, ExchangeAwayError, AbsentError.
    """
    require(officer, Capability.ALERT_ACKNOWLEDGE)
    manifest = _releasable(officer, about, now).unverified.manifest
    terms, wanted = manifest.terms, sorted(set(recipients))
    purpose = purpose or terms.purpose
    if purpose not in dict(PURPOSES):
        raise InputError("purpose", _("Purpose: choose from the list."))
    if not now < until <= moment_of(terms.keep):
        raise InputError(
            "until", _("Open until: enter a time from now on, up to when the alert itself is deleted.")
        )
    if is_emergency and not is_about_life(terms.pri, terms.lane):
        text = _("Emergency: only for a flash alert on the public-health lane.")
        raise InputError("is_emergency", text)
    _require_will(officer, manifest, wanted, purpose, is_emergency, now)
    with transaction.atomic():
        locked = _lock(officer, about)
        row = OnwardRelease(
            agency=locked.agency,
            recipients=wanted,
            until=until,
            purpose=purpose,
            is_emergency=is_emergency,
            prepared_by=officer,
            prepared_at=now,
            **({"received": locked} if isinstance(locked, ReceivedAlert) else {"alert": locked}),
        )
        row.save(force_insert=True)
        _record("alert.onward_prepared", officer, row, now)
    return row


def release_onward(officer: Officer, prepared: OnwardRelease, *, now: datetime) -> OnwardRelease:
    """Seal for the agencies, sign the release and hand it in. Not inside a transaction.

    Raises SecondPersonNeededError for who prepared it, InputError where an agency may not receive it any more,
    SendingStoppedError, NotTakenError, AbsentError for what was released or discarded.
    """
    require(officer, Capability.ALERT_RELEASE)
    row = find_prepared(officer, prepared.pk)
    _require_second(officer, row)
    held = _releasable(officer, row.about, now)
    manifest = held.unverified.manifest
    _require_will(officer, manifest, row.recipients, row.purpose, row.is_emergency, now)
    made = _make(officer, row, held, now)
    with handing_in(officer, now=now) as handing:
        _lock(officer, row.about)
        locked = _lock_prepared(officer, row.pk)
        handing.release(made, manifest.terms.pri)
        locked.od, locked.released_by, locked.released_at = made.od, officer, now
        if locked.is_emergency:
            locked.review_by = now + REVIEWED_WITHIN
            tell_of_emergency(locked.agency_id, made.od, now=now)
        locked.save()
        _record("alert.released_onward", officer, locked, now)
    return locked


@transaction.atomic
def discard_release(officer: Officer, prepared: OnwardRelease, *, now: datetime) -> None:
    """Delete a prepared release. Raises AbsentError for what was released."""
    require(officer, Capability.ALERT_ACKNOWLEDGE)
    locked = _lock_prepared(officer, prepared.pk)
    _record("alert.onward_discarded", officer, locked, now)
    locked.delete()


def end_release(officer: Officer, about: About, od: str, *, code: str, now: datetime) -> None:
    """End a release of this alert before its time: an own one, or another agency's of an own alert. Not inside a transaction.

    Raises InputError (`code`), NotTakenError, AbsentError.
    """
    require(officer, Capability.ALERT_WITHDRAW)
    if code not in dict(ENDING_CODES):
        raise InputError("code", _("Reason: choose one."))
    agency = agency_of(officer).pk
    with handing_in(officer, now=now) as handing:
        locked = _lock(officer, about)
        said = HeldStatement.objects.filter(reader=agency, k=RELEASE, od=od, sub_d=locked.md).first()
        is_own = isinstance(locked, Alert)
        if said is None or not said.is_bound or not (is_own or said.iss == agency):
            raise AbsentError
        handing.state(UNRELEASE, SubjectRef(RELEASE, said.statement_id, od), {"code": code})
        record_event(
            "alert.unreleased",
            actor=officer.audit_name,
            agency=agency,
            subject=locked.md,
            detail={"release": od, "code": code},
            now=now,
        )


def releases_of(about: About) -> list[Released]:
    """Return every release of this alert that the agency has made or was told of, the newest first; the caller may see the alert."""
    rows = HeldStatement.objects.filter(reader=about.agency_id, k=RELEASE, sub_d=about.md).order_by("-pk")
    said = [row for row in rows if row.is_bound]
    ended = HeldStatement.objects.filter(
        reader=about.agency_id, k=UNRELEASE, sub_d__in=[row.od for row in said]
    )
    enders = {row.sub_d: row.iss for row in ended if row.is_bound} if said else {}
    named = {agency for row in said for agency in (row.iss, *row.body["aud"])} | set(enders.values())
    names = dict(Agency.objects.filter(pk__in=named).values_list("pk", "name"))
    return [
        Released(
            od=row.od,
            by=names.get(row.iss, row.iss),
            to=tuple(names.get(agency, agency) for agency in row.body["aud"]),
            until=moment_of(parse_statement(row.jws.encode()).statement.exp or 0),
            is_emergency=row.body["code"] == EMERGENCY,
            ended_by=names.get(enders[row.od], enders[row.od]) if row.od in enders else "",
        )
        for row in said
    ]


def has_releases(officer: Officer, about: About) -> bool:
    """Tell in one query whether a release of this alert was prepared, made or told of: most alerts have none."""
    waits = OnwardRelease.objects.visible_to(officer, about).filter(od="").order_by()
    said = HeldStatement.objects.filter(reader=about.agency_id, k=RELEASE, sub_d=about.md).order_by()
    text = Cast("pk", CharField())
    return bool(waits.values_list(text).union(said.values_list(text), all=True)[:1])


def prepared_of(officer: Officer, about: About | None = None) -> list[OnwardRelease]:
    """Return what waits for a second officer, of this alert or of all that the officer may see, oldest first."""
    rows = OnwardRelease.objects.visible_to(officer, about).filter(od="")
    return list(rows.select_related("prepared_by", "received__issuer", "alert")[:50])


def find_prepared(officer: Officer, release_id: UUID) -> OnwardRelease:
    """Return a prepared release; raises AbsentError, also for one that was released."""
    rows = OnwardRelease.objects.visible_to(officer).filter(od="")
    row = rows.select_related("received__issuer", "received__agency", "alert__agency", "prepared_by").filter(
        pk=release_id
    )
    found = row.first()
    if found is None:
        raise AbsentError
    found.require_bound()
    return found


def may_release(officer: Officer, row: OnwardRelease) -> bool:
    """Tell whether this officer may release what was prepared, as a second person."""
    return Capability.ALERT_RELEASE in officer.capabilities and not _counts_as_first(officer, row)


def _releasable(officer: Officer, about: About, now: datetime) -> Held:
    """Return the envelope; raises SendingStoppedError where the agency cannot release it, AbsentError where it is not sent."""
    require_may_send(officer, sending_agency_of(officer).pk, now=now)
    if isinstance(about, Alert) and about.state not in SENT:
        raise AbsentError
    if about.withdrawn_at is not None:
        raise SendingStoppedError(_("It was withdrawn: it goes to nobody any more."))
    held = envelope_of(officer, about.md, now=now)
    unverified = held.unverified
    terms, is_own = unverified.manifest.terms, unverified.manifest.iss == about.agency_id
    may = [release.statement.body["rel"] for release in unverified.via]
    if terms.rel == "none":
        raise SendingStoppedError(_("Its sender has said that it is not released onward: call the sender."))
    if not is_own and (terms.rel == "originator" or any(rel != "recipients" for rel in may)):
        raise SendingStoppedError(_("Your agency may not release it onward: call the sender."))
    if moment_of(terms.exp) <= now:
        raise SendingStoppedError(_("It has expired: its sender can send it anew."))
    require_access(VerifiedDirectory(about.agency_id, now), unverified, now)
    return held


def _judged(
    officer: Officer,
    manifest: Manifest,
    recipients: Collection[str] | None,
    purpose: str,
    is_emergency: bool,
    now: datetime,
) -> list[RecipientVerdict]:
    """Return the exchange's verdicts, and the agency's own: in an emergency its own suspension does not count."""
    terms, issuer = manifest.terms, officer.agency_id or ""
    said = {name: getattr(terms, name) for name in ("lane", "tlp", "pri", "status")}
    said |= {"purpose": purpose, "suite": manifest.suite, "md": manifest.md}
    said |= {"code": EMERGENCY if is_emergency else ""}
    rows = verdicts_of(ask_previews(issuer, said, recipients, now=now), said)
    held = hold_back(issuer, rows, pri=terms.pri)
    passes = {LANE_SUSPENDED} if is_emergency else set()
    return [before if row.code in passes else row for before, row in zip(rows, held, strict=True)]


def _require_will(
    officer: Officer,
    manifest: Manifest,
    recipients: Collection[str],
    purpose: str,
    is_emergency: bool,
    now: datetime,
) -> None:
    if not recipients:
        raise InputError("recipients", _("Agencies: choose one or more."))
    rows = _judged(officer, manifest, recipients, purpose, is_emergency, now)
    wont = [row.text for row in rows if not row.will]
    if wont:
        raise InputError("recipients", " ".join(wont))


def _make(officer: Officer, row: OnwardRelease, held: Held, now: datetime) -> MadeRelease:
    peers = VerifiedDirectory(row.agency_id, now)
    with sealing_to(officer, peers, [held.unverified.manifest.iss, *row.recipients], now=now):
        try:
            return services.release_onward(
                officer,
                held.unverified,
                recipients=row.recipients,
                until=int(row.until.timestamp()),
                purpose=row.purpose,
                code=EMERGENCY if row.is_emergency else None,
                peers=peers,
                pins=pins_of(peers, row.recipients),
                blobs=held.blobs if held.unverified.manifest.att else (),
                ledger=kept_ledger(peers.log(is_away=False), held.unverified),
                now=now,
            )
        except SealingError:
            raise
        except EnvelopeError as failure:
            raise SendingStoppedError(_("It does not verify any more: nothing was released.")) from failure


def _require_second(officer: Officer, row: OnwardRelease) -> None:
    if _counts_as_first(officer, row):
        raise SecondPersonNeededError("release")


def _counts_as_first(officer: Officer, row: OnwardRelease) -> bool:
    """Tell whether the officer prepared it; not asked of an emergency where one releaser may send a flash alert alone."""
    if row.is_emergency and row.about.pri == FLASH and policy_of(row.about.agency).flash_single_releaser:
        return False
    return not counts_as(officer).isdisjoint(attributed_to([row.prepared_by.audit_name]))


def _lock(officer: Officer, about: About) -> About:
    if isinstance(about, ReceivedAlert):
        return lock_received(officer, about)
    return lock_alert(officer, about)


def _lock_prepared(officer: Officer, release_id: UUID) -> OnwardRelease:
    rows = OnwardRelease.objects.visible_to(officer).select_for_update(of=("self",))
    row = rows.select_related("received", "alert").filter(pk=release_id, od="").first()
    if row is None:
        raise AbsentError
    return row


def _record(act: str, officer: Officer, row: OnwardRelease, now: datetime) -> None:
    record_event(
        act,
        actor=officer.audit_name,
        agency=row.agency_id,
        subject=row.about.md,
        detail={
            "agencies": row.recipients,
            "until": int(row.until.timestamp()),
            "emergency": row.is_emergency,
            **({"release": row.od} if row.od else {}),
        },
        now=now,
    )
