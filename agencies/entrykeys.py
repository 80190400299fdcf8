# SPDX-License-Identifier: Apache-2.0
"""Keys for entering: an agency brings its keys in without the operator keeping any access.

- The operator hands out a key, to the agency or to the keeper of the desk that is to hold its keys. It permits the calls of
  accession and reads only what was admitted.
- It ends when the agency's keyset is accepted; for one more day the same keyset may be handed in again and gets the same
  answer.
- That answer holds the agency's first working key, sealed to the agency's own encryption key: neither the carrier of the keyset
  nor whoever handed out the key for entering can read it.
- An agency that has entered and has no working key left gets such a key, too. It carries the statement, signed by the agency's
  own keys, that asks for another (`agencies.credentials`). The key alone is worth nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accord.envelope.credentials import key_for_credential, seal_credential
from accord.envelope.errors import Failure, VerificationError
from accord.envelope.keysets import Keyset as EnvelopeKeyset
from agencies.apikeys import KEYRING, make_key
from agencies.expiring_rows import FirstApiKey
from agencies.models import Agency, ApiKey, Keyset
from callers.actors import Actor, ApiClient
from callers.capabilities import ACCESSION_SCOPES, CALLS_OF_A_DESK, Capability, require, usual_scopes
from callers.directory import AgencyStatus
from callers.errors import NotPermittedError
from callers.systemkeys import MAX_LIFETIME

ENTRY_LIFETIME: Final = timedelta(days=30)
ANSWERED_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Accession:
    """The progress of an agency's accession, as its key for entering may see it."""

    agency: Agency
    key_until: datetime
    keyset: Keyset | None


def issue_entry_key(operator: Actor, agency_id: str, *, client: str, now: datetime) -> tuple[ApiKey, str]:
    """Issue a key for entering and return it with its text, shown only once; an earlier one ends.

    Raises NotPermittedError (no operator, an agency that has entered), InputError.
    """
    require(operator, Capability.HUB_OPERATE)
    with transaction.atomic():
        locked = Agency.objects.select_for_update().get(pk=agency_id)
        if locked.status != AgencyStatus.ENTERING:
            raise NotPermittedError(Capability.APIKEY_MANAGE, ask=_("an agency admin of that agency"))
        return _issue(operator, locked.pk, client, now)


def issue_return_key(operator: Actor, agency_id: str, *, client: str, now: datetime) -> tuple[ApiKey, str]:
    """Issue a key for entering to an agency that has entered and has no working key left; its text is shown only once.

    It serves only to hand in the agency's own `apikey`. Raises NotPermittedError (no operator, an agency that is still
    entering), InputError.
    """
    require(operator, Capability.HUB_OPERATE)
    with transaction.atomic():
        locked = Agency.objects.select_for_update().get(pk=agency_id)
        if locked.status == AgencyStatus.ENTERING:
            raise NotPermittedError(Capability.HUB_OPERATE)
        return _issue(operator, locked.pk, client, now)


def end_entry_keys(actor: Actor, agency_id: str, *, now: datetime) -> None:
    """End an agency's keys for entering at once."""
    KEYRING.end(actor, _serving(agency_id, now), now=now)


def has_entry_key(agency_id: str, *, now: datetime) -> bool:
    """Tell whether the agency has a valid key for entering."""
    return bool(_serving(agency_id, now))


def is_for_entering(caller: Actor) -> bool:
    """Tell whether the caller holds a key for entering and nothing more."""
    return isinstance(caller, ApiClient) and Capability.KEY_ENROL in caller.scopes


def accession_of(caller: Actor, *, now: datetime) -> Accession:
    """Return the state of the caller's own accession; raise NotPermittedError for any key but one for entering."""
    require(caller, Capability.KEY_ENROL)
    agency = Agency.objects.get(pk=caller.agency_id)
    until = max(key.expires_at for key in _serving(agency.pk, now))
    return Accession(agency, until, agency.keysets.order_by("-version").first())


def end_entry(
    caller: Actor, agency: Agency, row: Keyset, keyset: EnvelopeKeyset, *, for_desk: bool, now: datetime
) -> None:
    """End every key for entering, now that the first keyset stands, and make the first working key.

    Call it in the transaction that stores the keyset. Only a caller with a key for entering gets a working one;
    `for_desk`: a desk hands the keyset in, so the key gets the scopes of a desk.
    Raises VerificationError if there is no key to seal it to.
    """
    entry_keys = _serving(agency.pk, now)
    for key in entry_keys:
        key.expires_at = min(key.expires_at, now + ANSWERED_FOR)
        key.save(update_fields=["expires_at"])
    if is_for_entering(caller):
        assert isinstance(caller, ApiClient)
        used = next(key for key in entry_keys if key.prefix == caller.prefix)
        _make_first_key(caller, agency, row, keyset, used, _scopes(agency, for_desk=for_desk), now)


def first_key_of(keyset: Keyset, *, now: datetime) -> FirstApiKey | None:
    """Return the agency's first working key, sealed, while handing in its keyset again still gets the same answer."""
    rows = FirstApiKey.objects.filter(keyset=keyset, expires_at__gt=now)
    return rows.select_related("api_key").first()


def _issue(operator: Actor, agency_id: str, client: str, now: datetime) -> tuple[ApiKey, str]:
    end_entry_keys(operator, agency_id, now=now)
    return make_key(
        operator,
        agency_id,
        client=client,
        scopes=sorted(ACCESSION_SCOPES),
        lifetime=ENTRY_LIFETIME,
        networks=(),
        is_entry=True,
        now=now,
    )


def _scopes(agency: Agency, *, for_desk: bool) -> list[str]:
    """Return the scopes of the first key: the calls of a desk, or a system's usual ones."""
    return sorted(CALLS_OF_A_DESK if for_desk or agency.is_hosted else usual_scopes())


def _make_first_key(
    caller: ApiClient,
    agency: Agency,
    row: Keyset,
    keyset: EnvelopeKeyset,
    entry: ApiKey,
    scopes: list[str],
    now: datetime,
) -> None:
    sealed_to = key_for_credential(keyset, int(now.timestamp()))
    if sealed_to is None:
        raise VerificationError(Failure.KEY_NOT_CURRENT, "no encryption key to seal the API key to")
    key, text = make_key(
        caller,
        agency.pk,
        client=entry.client,
        scopes=scopes,
        lifetime=MAX_LIFETIME,
        networks=entry.networks,
        follows=entry,
        now=now,
    )
    sealed = seal_credential(agency.pk, keyset.od, sealed_to.key, text.encode("ascii"))
    FirstApiKey.objects.create(
        keyset=row, api_key=key, kid=sealed.kid, jwe=sealed.jwe, expires_at=now + ANSWERED_FOR
    )


def _serving(agency_id: str, now: datetime) -> list[ApiKey]:
    keys = ApiKey.objects.filter(
        agency_id=agency_id, is_entry=True, revoked_at__isnull=True, expires_at__gt=now
    )
    return list(keys.order_by("created_at"))
