# SPDX-License-Identifier: Apache-2.0
"""Departure of an agency to another desk: two officers decide it, nothing is sent from then on, and its history is handed over.

1. A key officer asks for it, and another one, who is independent of the first, agrees. From then on nothing is sent
   from here, and the exchange may accept another holder of the identity.
2. The other desk makes keys of its own; the agency's root signs the keyset that names them and ends all earlier ones.
3. Once that keyset is in the log, the history is handed over, as often as it is asked for
   (`alerts.history.handing_over`).
4. With the receipt of a history that was taken in, the private keys here are destroyed.

Until the keyset of step 2 is in force, the agency may stay.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.envelope.keys import show_fingerprint
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.errors import AbsentError, InputError, MoveError, NotPermittedError
from callers.task_calls import call_task
from ledger.audit import record_event
from officers.attribution import is_independent
from officers.models import Officer
from peers.models import Agency, Outgoing, OutgoingState
from vault.handing import keyset_elsewhere
from vault.instances import ANNOUNCE_TASK, give_back
from vault.models import Departure, ExchangeKey, KeyStatement, VaultKey

HERE, ASKED, LEAVING, ELSEWHERE, GONE = "here", "asked", "leaving", "elsewhere", "gone"
RECEIPT_CHARS: Final = 16


@dataclass(frozen=True)
class Leaving:
    """Progress of an agency that leaves.

    `stage` is "asked", "leaving" (nothing is sent), "elsewhere" (the keyset names another holder), or "gone".
    `may_agree`: this officer may be the second. `version` is that of the keyset that names the other holder, 0 before.
    """

    agency: Agency
    stage: str
    asked_at: datetime
    agreed_at: datetime | None
    destroyed_at: datetime | None
    files: int
    may_manage: bool
    may_agree: bool
    version: int

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether the exchange has taken the keys of the other desk, and so all that leads there was done."""
        return self.stage in (ELSEWHERE, GONE)


def leaving_of(officer: Officer, *, now: datetime) -> Leaving | None:
    """Return the progress of the own agency's departure; None where nobody has asked for it. Raises NotPermittedError,
    AbsentError, NotBoundError.
    """
    require(officer, Capability.KEY_READ)
    agency = _agency_of(officer)
    row = Departure.objects.filter(pk=agency.pk).first()
    if row is None:
        return None
    row.require_bound()
    keyset = keyset_elsewhere(agency.pk, now=now) if row.agreed_at else None
    stage = ASKED if row.agreed_at is None else LEAVING if keyset is None else ELSEWHERE
    may_manage = Capability.KEY_MANAGE in officer.capabilities
    return Leaving(
        agency=agency,
        stage=GONE if row.destroyed_at else stage,
        asked_at=row.asked_at,
        agreed_at=row.agreed_at,
        destroyed_at=row.destroyed_at,
        files=len(row.files),
        may_manage=may_manage,
        may_agree=may_manage and stage == ASKED and is_independent(officer, [row.asked_by]),
        version=keyset.version if keyset else 0,
    )


def awaits_agreement(officer: Officer, *, now: datetime) -> bool:
    """Tell whether somebody has asked that the agency leaves, and this officer may be the second who agrees."""
    if officer.agency is None or Capability.KEY_MANAGE not in officer.capabilities:
        return False
    leaving = leaving_of(officer, now=now)
    return leaving is not None and leaving.may_agree


def ask_to_leave(officer: Officer, *, now: datetime) -> None:
    """Ask to leave, as the first of two; repeating changes nothing. Raises NotPermittedError, AbsentError, MoveError (it
    was agreed).
    """
    agency = _managed(officer)
    with transaction.atomic():
        row = _locked(agency)
        if row is None:
            Departure(agency_id=agency.pk, asked_by=officer.audit_name, asked_at=now).save(force_insert=True)
            _record("agency.leave_asked", officer, agency, now)
        elif row.agreed_at is not None:
            raise MoveError(LEAVING, "ask")


def agree_to_leave(officer: Officer, *, now: datetime) -> None:
    """Agree as the second of two: nothing is sent from here any more, and the identity is released. Not inside a transaction.

    Where the exchange is away the desk-worker releases it later. Raises NotPermittedError (the first one, or somebody
    who counts as the first), AbsentError, MoveError (nobody has asked), InputError (`waiting`: something is still to be
    sent).
    """
    agency = _managed(officer)
    with transaction.atomic():
        row = _locked(agency)
        if row is None:
            raise MoveError(HERE, "agree")
        if row.agreed_at is not None:
            return
        if not is_independent(officer, [row.asked_by]):
            raise NotPermittedError(Capability.KEY_MANAGE, ask=_("another key officer of your agency"))
        _require_nothing_waits(agency)
        row.agreed_by, row.agreed_at = officer.audit_name, now
        row.save()
        _record("agency.leave_agreed", officer, agency, now)
    give_back(agency.pk, now=now)


def stay(officer: Officer, *, now: datetime) -> None:
    """Cancel the departure, while no keyset names another holder. Raises NotPermittedError, AbsentError, MoveError."""
    agency = _managed(officer)
    with transaction.atomic():
        row = _locked(agency)
        if row is None:
            raise MoveError(HERE, "stay")
        if keyset_elsewhere(agency.pk, now=now) is not None or row.destroyed_at is not None:
            raise MoveError(ELSEWHERE, "stay")
        row.delete()
        _record("agency.stays", officer, agency, now)
    call_task(ANNOUNCE_TASK)


def note_history(officer: Officer, digest: str, envelopes: int, *, is_last: bool, now: datetime) -> None:
    """Note a part of the history before it is handed over. Raises NotPermittedError, AbsentError, MoveError.

    Only the receipt of a last part allows the keys to be destroyed.
    """
    agency = _managed(officer)
    with transaction.atomic():
        row = _locked(agency)
        if row is None or row.agreed_at is None or row.destroyed_at is not None:
            raise MoveError(ASKED, "hand_over")
        if is_last:
            row.files = [*row.files, digest]
            row.save()
        _record("agency.history_handed_over", officer, agency, now, envelopes=envelopes, digest=digest)


def destroy_keys(officer: Officer, receipt: str, *, now: datetime) -> None:
    """Delete the private keys of an agency that has left, and the API key with which this desk calls for it.

    `receipt` is what the other desk shows of the history that it took in. Raises NotPermittedError, AbsentError,
    MoveError, InputError (`receipt`).
    """
    agency = _managed(officer)
    with transaction.atomic():
        row = _locked(agency)
        if row is None:
            raise AbsentError
        if keyset_elsewhere(agency.pk, now=now) is None:
            raise MoveError(LEAVING, "destroy")
        if row.destroyed_at is not None:
            return
        given = "".join(receipt.split()).lower()
        if given not in {receipt_of(digest) for digest in row.files}:
            raise InputError(
                "receipt",
                _(
                    "Receipt: it is of no last part of a history that was handed over here. Compare it with the other desk's page."
                ),
            )
        row.destroyed_at = now
        row.save()
        deleted, _by = VaultKey.objects.filter(agency_id=agency.pk).delete()
        ExchangeKey.objects.filter(pk=agency.pk).delete()
        _record("agency.keys_destroyed", officer, agency, now, keys=deleted)


def receipt_of(digest: str) -> str:
    """Return the receipt of a history, which a person reads at one desk and types at the other: 16 hex digits."""
    return sha256(f"accord history receipt {digest}".encode()).hexdigest()[:RECEIPT_CHARS]


def show_receipt(digest: str) -> str:
    """Return the receipt in groups of four."""
    return show_fingerprint(receipt_of(digest))


def _require_nothing_waits(agency: Agency) -> None:
    statements = KeyStatement.objects.filter(agency_id=agency.pk, taken_at=None, ended_at=None).count()
    waiting = statements + Outgoing.objects.filter(reader=agency.pk, state=OutgoingState.QUEUED).count()
    if waiting:
        raise InputError(
            "waiting",
            _("%(count)d items wait for the exchange. Let them go out first, or cancel them.")
            % {"count": waiting},
        )


def _managed(officer: Officer) -> Agency:
    require(officer, Capability.KEY_MANAGE)
    return _agency_of(officer)


def _agency_of(officer: Officer) -> Agency:
    if officer.agency is None:
        raise AbsentError
    return officer.agency


def _locked(agency: Agency) -> Departure | None:
    Agency.objects.select_for_update(no_key=True).get(pk=agency.pk)
    row = Departure.objects.filter(pk=agency.pk).first()
    if row is not None:
        row.require_bound()
    return row


def _record(act: str, actor: Actor, agency: Agency, now: datetime, **detail: object) -> None:
    record_event(act, actor=actor.audit_name, agency=agency.pk, subject=agency.pk, detail=detail, now=now)
