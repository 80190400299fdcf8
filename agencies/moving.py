# SPDX-License-Identifier: Apache-2.0
"""Moving an agency's keys to another holder: the operator allows it, and the agency's next keyset, signed by its root, states it.

Neither is enough alone. A desk that holds an agency's root could otherwise call its keys the agency's own, and RED would be
sealed to them.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accord.envelope.keysets import Keyset as SignedKeyset
from agencies.errors import CustodyRefusedError
from agencies.models import Agency, Succession
from agencies.registry import NewKeyset
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.directory import AgencyStatus, Custody
from callers.errors import InputError
from ledger.audit import record_event


def custody_after(agency: Agency) -> Custody:
    """Return who would hold the keys after a move: the agency itself, or a desk under the root that the agency keeps."""
    return Custody.AGENCY if agency.is_hosted else Custody.HUB_OWN_ROOT


def allow_move(operator: Actor, agency_id: str, *, now: datetime) -> Agency:
    """Let the agency's next keyset name another custody; a second call changes nothing.

    Raises NotPermittedError, InputError (`agency`).
    """
    require(operator, Capability.HUB_OPERATE)
    with transaction.atomic():
        agency = Agency.objects.select_for_update().get(pk=agency_id)
        if agency.status == AgencyStatus.ENTERING:
            raise InputError(
                "agency", _("Agency: it is still entering. Admit it with the custody that it is to have.")
            )
        _allow(operator, agency, custody_after(agency), "agency.move_allowed", now)
    return agency


def forbid_move(operator: Actor, agency_id: str, *, now: datetime) -> Agency:
    """Withdraw the permission, while no keyset has used it. Raises NotPermittedError."""
    require(operator, Capability.HUB_OPERATE)
    with transaction.atomic():
        agency = Agency.objects.select_for_update().get(pk=agency_id)
        _allow(operator, agency, "", "agency.move_forbidden", now)
    return agency


def check_custody(agency: Agency, newcomer: NewKeyset) -> None:
    """Raise CustodyRefusedError for a custody that is neither the present one nor allowed.

    A recovered root, which waits in public, changes no custody. A keyset that the log has was allowed before the exchange was
    restored.
    """
    custody = newcomer.keyset.custody
    is_allowed = custody == agency.custody_allowed and newcomer.keyset.succession != Succession.RECOVERED
    if custody != agency.custody and not is_allowed and not newcomer.is_logged:
        raise CustodyRefusedError(agency.pk, custody)


def take_custody(caller: Actor, agency: Agency, keyset: SignedKeyset, *, now: datetime) -> None:
    """Set the agency's custody from the keyset, in the transaction that stores the keyset; the agency is locked."""
    if keyset.custody == agency.custody:
        return
    before, agency.custody, agency.custody_allowed = agency.custody, keyset.custody, ""
    agency.save(update_fields=["custody", "custody_allowed"])
    detail = {"before": before, "custody": keyset.custody, "version": keyset.version}
    _record("agency.custody_changed", caller, agency, now, detail)


def _allow(operator: Actor, agency: Agency, custody: str, act: str, now: datetime) -> None:
    if agency.custody_allowed == custody:
        return
    agency.custody_allowed = custody
    agency.save(update_fields=["custody_allowed"])
    _record(act, operator, agency, now, {"custody": custody})


def _record(act: str, actor: Actor, agency: Agency, now: datetime, detail: dict[str, object]) -> None:
    record_event(act, actor=actor.audit_name, agency=agency.pk, subject=agency.pk, detail=detail, now=now)
