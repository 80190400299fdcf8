# SPDX-License-Identifier: Apache-2.0
"""Steps by which an agency comes in at this desk, as far as the keeper may know them: done or not, nobody's name.

- The exchange's operator has first admitted the agency and issued a key for entering. With this key the desk reads what
  was admitted, and hands in the first keyset.
- An agency that holds its own keys comes in at its own desk (`OWN_DESK`) or with its own system, and at no other desk.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from accord.calls.answers import AccessionAnswer, AgencyAnswer
from accord.calls.errors import ApiKeyRefusedError
from accord.envelope.errors import NoteError
from accord.moments import moment_of
from callers.actors import Actor
from callers.capabilities import Capability, Role, require
from callers.directory import AGENCY_ID_FORM, Custody
from callers.errors import AbsentError, InputError, MoveError
from ledger.audit import record_event
from officers.errors import TakenInError
from officers.invitations import Invited, invited_of
from officers.models import Officer
from peers.entries import begin_entry
from peers.exchange import exchange_by
from peers.models import Agency
from peers.own_exchange import (
    known_exchange,
    one_beginning_at_a_time,
    require_its_clock,
    require_its_log,
)
from peers.own_keysets import own_keysets_until
from vault.entrykeys import entry_keys_until, keep_entry_key
from vault.own_keys import agencies_with_keys

_ENTRY_KEY: Final = re.compile(r"[0-9a-f]{12}\.[A-Za-z0-9_-]{43}")
_REFUSED: Final = gettext_lazy(
    "Key for entering: the exchange does not take it. It is mistyped, has ended, or a newer one was issued; ask the exchange's operator."
)


@dataclass(frozen=True)
class Admitted:
    """Admitted agency as the exchange describes it; `until` is when the key for entering ends."""

    entry: AgencyAnswer
    until: datetime


@dataclass(frozen=True)
class Confirmed:
    """Facts that the keeper has compared with the operator's; the fingerprint is empty where the desk makes the root."""

    name: str
    custody: str
    root_fingerprint: str


@dataclass(frozen=True)
class Entry:
    """State of an agency that comes in.

    `waiting` is the first agency admin's invitation until it is accepted; `keyset_until` is from the keyset as the desk
    has verified it.
    """

    agency: Agency
    has_admin: bool
    first_admin: Officer | None
    waiting: Invited | None
    entry_key_until: datetime | None
    has_keys: bool
    keyset_until: datetime | None

    def has_entry_key(self, now: datetime) -> bool:
        """Tell whether there is a key for entering that has not ended."""
        return self.entry_key_until is not None and now < self.entry_key_until


@sensitive_variables("entry_key")
def ask_admitted(keeper: Actor, agency_id: str, entry_key: str, *, now: datetime) -> Admitted:
    """Ask the exchange what it has admitted under this id and key for entering. Not inside a transaction.

    Raises NotPermittedError, TakenInError, InputError (`agency_id`, `entry_key`; `exchange`, `clock` at an own desk),
    `accord.calls.errors.ClientError`.
    """
    require(keeper, Capability.DESK_KEEP)
    if not AGENCY_ID_FORM.fullmatch(agency_id):
        raise InputError("agency_id", _("Agency id: use a country code, a hyphen, a name."))
    _require_room(agency_id)
    return _asked(agency_id, entry_key, now)


def _require_room(agency_id: str) -> None:
    """Raise TakenInError for an agency that is here already, InputError where an own desk has another one."""
    if Agency.objects.filter(pk=agency_id, is_hosted=True).exists():
        raise TakenInError(agency_id)
    if settings.OWN_DESK and Agency.objects.filter(is_hosted=True).exists():
        raise InputError("agency_id", _("Agency id: this desk is one agency's own, and has it already."))


@sensitive_variables("entry_key")
def take_in(keeper: Actor, agency_id: str, entry_key: str, *, confirmed: Confirmed, now: datetime) -> Agency:
    """Create the agency's row at this desk and keep its key for entering. Not inside a transaction.

    Raises as `ask_admitted`, and InputError for each fact that differs from what was confirmed.
    """
    asked = known_exchange()
    admitted = ask_admitted(keeper, agency_id, entry_key, now=now)
    for field, said in asdict(confirmed).items():
        if said != getattr(admitted.entry, field):
            raise InputError(field, _("The exchange says something else. Look again, and ask its operator."))
    with transaction.atomic():
        # Another person may have gone through the same pages meanwhile.
        one_beginning_at_a_time()
        _require_room(agency_id)
        if known_exchange() != asked:
            raise InputError("exchange", _("Another exchange was named meanwhile. Begin this step again."))
        agency = begin_entry(admitted.entry, is_hosted=True, now=now)
        _keep_key("agency.taken_in", keeper, agency, entry_key, admitted.until, now)
    return agency


@sensitive_variables("entry_key")
def replace_entry_key(keeper: Actor, agency_id: str, entry_key: str, *, now: datetime) -> None:
    """Keep another key for entering of an agency without keys. Not inside a transaction.

    Raises NotPermittedError, AbsentError, MoveError (it has keys), InputError (`entry_key`),
    `accord.calls.errors.ClientError`.
    """
    entry = entry_of(keeper, agency_id, now=now)
    if entry.has_keys:
        raise MoveError(entry.agency.status, "enter")
    admitted = _asked(agency_id, entry_key, now)
    with transaction.atomic():
        _keep_key("agency.entry_key_kept", keeper, entry.agency, entry_key, admitted.until, now)


def entries(keeper: Actor, *, now: datetime) -> list[Entry]:
    """List the agencies that this desk has taken in, by name. Raises NotPermittedError."""
    require(keeper, Capability.DESK_KEEP)
    hosted = Agency.objects.visible_to(keeper).filter(is_hosted=True)
    return _entries(hosted.order_by("name", "pk"), now)


def entry_of(keeper: Actor, agency_id: str, *, now: datetime) -> Entry:
    """Return one agency that this desk has taken in. Raises NotPermittedError, AbsentError."""
    require(keeper, Capability.DESK_KEEP)
    found = _entries(Agency.objects.visible_to(keeper).filter(is_hosted=True, pk=agency_id), now)
    if not found:
        raise AbsentError
    return found[0]


@sensitive_variables("entry_key")
def _asked(agency_id: str, entry_key: str, now: datetime) -> Admitted:
    if not _ENTRY_KEY.fullmatch(entry_key):
        raise InputError("entry_key", _("Key for entering: enter it as the exchange's operator gave it."))
    try:
        exchange = exchange_by(entry_key)
        answer = exchange.accession()
        if settings.OWN_DESK and answer is not None:
            require_its_log(answer.checkpoint)
            require_its_clock(exchange.hub_clock(), now)
    except ApiKeyRefusedError:
        raise InputError("entry_key", str(_REFUSED)) from None
    except NoteError:
        text = _("Its log is signed by another key than this desk was told. Correct the exchange first.")
        raise InputError("exchange", text) from None
    return Admitted(_fitting(answer, agency_id), moment_of(answer.until)) if answer else _no_entry_key()


def _no_entry_key() -> Admitted:
    raise InputError("entry_key", _("Key for entering: this is a system's key. Ask the exchange's operator."))


def _fitting(answer: AccessionAnswer, agency_id: str) -> AgencyAnswer:
    """Return the admitted entry, if this desk may take it in under this id; raises InputError."""
    entry = answer.entry
    if entry.id != agency_id:
        text = _("Key for entering: it lets %(id)s enter. Compare the id with what you were given.")
        raise InputError("entry_key", text % {"id": entry.id})
    if (entry.custody == Custody.AGENCY) != settings.OWN_DESK:
        raise InputError("entry_key", _other_custody() % {"id": entry.id})
    if answer.keyset is not None:
        raise InputError("entry_key", _("Key for entering: it has served, the agency's first keyset stands."))
    return entry


def _other_custody() -> str:
    if settings.OWN_DESK:
        return _(
            "Key for entering: %(id)s was admitted with keys held by somebody else's desk. Ask the exchange's operator to admit it with keys of its own."
        )
    return _(
        "Key for entering: %(id)s holds its own keys and enters by its own desk or system, not by somebody else's desk."
    )


def _keep_key(act: str, keeper: Actor, agency: Agency, text: str, until: datetime, now: datetime) -> None:
    keep_entry_key(agency.pk, text, expires_at=until, now=now)
    record_event(act, actor=keeper.audit_name, agency=agency.pk, subject=agency.pk, now=now)


def _entries(found: Iterable[Agency], now: datetime) -> list[Entry]:
    agencies = list(found)
    come, first = _admins(agencies)
    waiting = invited_of(first.values(), now=now)
    keys, entered, keysets = entry_keys_until(), agencies_with_keys(), own_keysets_until()
    return [
        Entry(
            agency=agency,
            has_admin=agency.pk in come,
            first_admin=first.get(agency.pk),
            waiting=waiting.get(first[agency.pk].public_id) if agency.pk in first else None,
            entry_key_until=keys.get(agency.pk),
            has_keys=agency.pk in entered,
            keyset_until=keysets.get(agency.pk),
        )
        for agency in agencies
    ]


def _admins(agencies: Iterable[Agency]) -> tuple[set[str | None], dict[str | None, Officer]]:
    """Return the agencies with an admin who has signed up, and for the others the first one invited.

    The keeper has invited that one, and may know the name.
    """
    admins = Officer.objects.filter(
        agency__in=agencies, is_active=True, roles__contains=[Role.AGENCY_ADMIN.value]
    )
    rows = list(admins.order_by("-joined_at"))
    come = {row.agency_id for row in rows if not row.password.startswith(UNUSABLE_PASSWORD_PREFIX)}
    return come, {row.agency_id: row for row in rows if row.agency_id not in come}
