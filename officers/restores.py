# SPDX-License-Identifier: Apache-2.0
"""Rules after the database was restored from a backup: what it brought back lets nobody in until it is reviewed.

- Sessions, recovery codes and mailed links from before the restore no longer count: one that ended or was used after
  the backup would be valid again.
- An agency's sign-in is closed to all but its admins until one of them has reviewed roles, disabled officers and keys,
  and to the admins as well until whatever was past its `keep` is deleted.
- Changes of power from before the restore do not apply by themselves before that: one that was stopped would be waiting
  again.
- API keys still serve. Keepers, who belong to no agency, sign in.

One row says that there was a restore; all of this follows from comparing times with it. The login that adopts the
ledger thus needs no right on officers, sessions or factors, and nothing that a later version adds is forgotten.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import models, transaction
from django.utils.translation import gettext as _

from callers.capabilities import Capability, Role, require
from callers.errors import InputError
from ledger.audit import record_event
from ledger.models import Restore
from ledger.restores import newest_restore
from officers.accounts import admins_of
from officers.models import Officer
from officers.power_rows import PowerChange
from officers.restore_rows import RestoreReview
from peers.models import Agency

ROLES, DISABLED, KEYS = SECTIONS = ("roles", "disabled", "keys")
"""Sections that an admin confirms, each by itself, before sign-in opens."""


@dataclass(frozen=True)
class ClosedSignIn:
    """Reason why an officer whose proof was right is not signed in."""

    restore: Restore
    admins: tuple[Officer, ...]
    """Admins who may sign in and review, the first to call first; none: the keeper has to enrol one."""
    is_admin: bool
    """For an admin, sign-in waits only for the deletion of what is past its `keep`."""


def restore_in_review(agency: Agency) -> Restore | None:
    """Return the restore that nobody of this agency has reviewed yet; None where sign-in is open."""
    restore = newest_restore()
    if restore is None or restore.restored_at < agency.admitted_at:
        return None
    reviews = RestoreReview.objects.filter(agency=agency, restored_at=restore.restored_at)
    return None if any(review.is_bound for review in reviews) else restore


def agencies_in_review() -> models.QuerySet[Agency]:
    """Select agencies of this desk with officers who could sign in, which have not reviewed the last restore; for the keeper."""
    restore = newest_restore()
    if restore is None:
        return Agency.objects.none()
    reviews = RestoreReview.objects.filter(agency=models.OuterRef("pk"), restored_at=restore.restored_at)
    officers = Officer.objects.filter(agency=models.OuterRef("pk"), is_active=True)
    able = officers.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    before = Agency.objects.filter(is_hosted=True, admitted_at__lte=restore.restored_at)
    return before.filter(~models.Exists(reviews), models.Exists(able)).order_by("pk")


def closed_sign_in(officer: Officer) -> ClosedSignIn | None:
    """Return why this officer may not sign in yet; None where nothing prevents it."""
    if officer.agency is None:
        return None
    restore = restore_in_review(officer.agency)
    is_admin = may_sign_in_during_review(officer)
    if restore is None or (is_admin and not restore.deletes_still):
        return None
    able = admins_of(officer.agency).exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return ClosedSignIn(restore, tuple(able.order_by("duty_rank", "full_name")), is_admin)


def may_sign_in_during_review(officer: Officer) -> bool:
    """Tell whether the officer may sign in while the agency's review is open."""
    return Role.AGENCY_ADMIN in officer.roles


def holds_back(change: PowerChange) -> bool:
    """Tell whether a change of power waits for the review. A reset on the machine does not: it may be of the only admin."""
    restore = restore_in_review(change.agency)
    if restore is None or change.cause == PowerChange.Cause.MACHINE_RESET:
        return False
    return change.asked_at <= restore.restored_at


def review_restore(
    officer: Officer, *, restored_at: datetime, confirmed: Collection[str], now: datetime
) -> RestoreReview:
    """Confirm the review of all `SECTIONS` as an admin, which opens sign-in to everybody of the agency.

    Raises NotPermittedError; InputError for the first section that is not confirmed, where nothing waits, or where the
    last restore is not that of `restored_at`.
    """
    require(officer, Capability.OFFICER_MANAGE)
    with transaction.atomic():
        agency = Agency.objects.select_for_update().filter(pk=officer.agency_id).first()
        restore = restore_in_review(agency) if agency is not None else None
        if agency is None or restore is None:
            raise InputError("restored_at", _("Nothing waits: sign-in is open."))
        if restore.restored_at != restored_at:
            raise InputError(
                "restored_at", _("This desk was restored once more meanwhile: go through it again.")
            )
        for section in SECTIONS:
            if section not in confirmed:
                raise InputError(section, _("Go through every section, then confirm each."))
        review = RestoreReview.objects.create(
            agency=agency, restored_at=restore.restored_at, reviewed_by=officer, reviewed_at=now
        )
        record_event(
            "restore.reviewed",
            actor=officer.audit_name,
            agency=agency.pk,
            subject="database",
            detail={"restored": restore.restored_at.isoformat()},
            now=now,
        )
    return review
