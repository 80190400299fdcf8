# SPDX-License-Identifier: Apache-2.0
"""Moving an agency that holds its own keys from the `accord` command to its own desk.

- A keeper provides the home's key file with its passphrase, the state file or an API key, and the root's fingerprint
  from paper.
- The exchange says whose API key it is and how the agency was admitted; its keysets are verified from that fingerprint.
  Everything is asked and checked before anything is stored.
- Afterwards the desk follows the feed from its beginning, and its list of pins is empty: two officers compare each
  partner anew.
"""

import logging
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accord.calls.answers import AgencyAnswer, CallerAnswer
from accord.calls.errors import AnswerError, ClientError, RefusedError
from accord.calls.exchange import Exchange
from accord.envelope.errors import EnvelopeError, NoteError
from accord.moments import moment_of
from callers.actors import Actor
from callers.capabilities import Capability, require
from callers.directory import Custody
from callers.errors import AbsentError, InputError, NotBoundError
from ledger.audit import record_event
from officers.errors import TakenInError
from peers.entries import begin_entry
from peers.exchange import exchange_by
from peers.models import Agency
from peers.own_exchange import known_exchange, one_beginning_at_a_time, require_its_log
from vault.errors import VaultError
from vault.instances import HELD_ELSEWHERE, announce, own_instance, own_software
from vault.moving_in import (
    OpenedHome,
    OwnChain,
    keep_moved,
    lost_before,
    open_home,
    require_current_keys,
    verify_own_chain,
)

OF_THE_COMMAND: Final = "accord "
"""Beginning of the `accord` command's name at the exchange; a desk's name begins otherwise."""
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_API_KEY: Final = re.compile(r"[0-9a-f]{12}\.[A-Za-z0-9_-]{43}")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moving:
    """Input of the person. `state_file` or `api_key` may be empty; `is_stopped`: the person says that the command has stopped."""

    key_file: bytes = field(repr=False)
    passphrase: str = field(repr=False)
    fingerprint: str
    is_stopped: bool
    state_file: bytes = field(default=b"", repr=False)
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class MovedIn:
    """Agency at its desk; `lost` counts former encryption keys that did not come; a root in the file did not come either."""

    agency: Agency
    had_root: bool
    lost: int


@dataclass(frozen=True)
class _Checked:
    """Everything that was asked and verified, to be stored in one step."""

    home: OpenedHome
    api_key: str = field(repr=False)
    until: datetime
    entry: AgencyAnswer
    chain: OwnChain


def may_move_in() -> bool:
    """Tell whether this is an own desk that knows its exchange and has no agency yet."""
    is_told = settings.OWN_DESK and known_exchange() is not None
    return is_told and not Agency.objects.filter(is_hosted=True).exists()


def require_own_desk(keeper: Actor) -> None:
    """Raise NotPermittedError for all but a keeper, AbsentError where moving in is not possible: a hosting desk, or no
    exchange yet.
    """
    require(keeper, Capability.DESK_KEEP)
    if not settings.OWN_DESK or known_exchange() is None:
        raise AbsentError


@sensitive_variables()
def move_in(keeper: Actor, moving: Moving, *, now: datetime) -> MovedIn:
    """Take the agency in with the keys of its home, hold its identity here, and follow it. Not inside a transaction.

    Raises NotPermittedError, AbsentError (not an own desk, or no exchange yet), TakenInError, InputError (`key_file`,
    `passphrase`, `state_file`, `api_key`, `fingerprint`, `is_stopped`), `accord.calls.errors.ClientError`; then nothing
    is stored.
    """
    require_own_desk(keeper)
    _require_none_here()
    if not moving.is_stopped:
        raise InputError("is_stopped", _still_runs())
    home = open_home(moving.key_file, moving.passphrase, moving.state_file)
    api_key = moving.api_key or home.api_key
    exchange = exchange_by(_checked_api_key(api_key, moving))
    checked = _check(exchange, home, api_key, moving, now=now)
    named = _hold(exchange)
    agency = _store(keeper, exchange, checked, named, now=now)
    with suppress(ClientError, NotBoundError, VaultError):
        # It was announced above; the desk-worker repeats it each hour.
        announce(keeper, agency.pk, now=now)
    return MovedIn(agency, home.has_root, lost_before(checked.chain, home.keys))


def _require_none_here() -> None:
    here = Agency.objects.filter(is_hosted=True).first()
    if here is not None:
        raise TakenInError(here.pk)


@sensitive_variables("text")
def _checked_api_key(text: str, moving: Moving) -> str:
    if _API_KEY.fullmatch(text):
        return text
    if moving.api_key or moving.state_file:
        raise InputError(_source(moving), _("API key: it has 12 characters, a dot, 43 characters."))
    raise InputError(
        "state_file", _("State file: choose the home's state.accord, which holds the API key, or enter one.")
    )


def _source(moving: Moving) -> str:
    """Return the field with the API key."""
    return "api_key" if moving.api_key else "state_file"


@sensitive_variables("api_key")
def _check(exchange: Exchange, home: OpenedHome, api_key: str, moving: Moving, *, now: datetime) -> _Checked:
    fingerprint = checked_fingerprint(moving.fingerprint)
    caller = ask_caller(exchange, _source(moving))
    caller.require_common_versions()
    agency_id = caller.agency or ""
    if home.agency_id and home.agency_id != agency_id:
        raise InputError(
            "state_file",
            _("State file: it is of %(home)s, and the API key of %(key)s. Choose both of one agency.")
            % {"home": home.agency_id, "key": agency_id},
        )
    entry = _entry_of(exchange, agency_id)
    with ledger_trusted():
        require_its_log(exchange.checkpoint())
        chain = verify_own_chain(agency_id, fingerprint, exchange, now=now)
    if chain.keyset.custody != Custody.AGENCY:
        raise InputError(_source(moving), _other_custody() % {"id": agency_id})
    require_current_keys(chain, home.keys, now=now)
    return _Checked(home, api_key, moment_of(caller.until), entry, chain)


def checked_fingerprint(text: str) -> str:
    """Read a fingerprint as a person types it; raises InputError (`fingerprint`)."""
    fingerprint = "".join(text.split()).lower()
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise InputError(
            "fingerprint",
            _("Fingerprint: enter 64 digits and letters a to f, from paper; spaces are allowed."),
        )
    return fingerprint


def ask_caller(exchange: Exchange, field_name: str) -> CallerAnswer:
    """Ask the exchange whose API key this is; raises InputError on the field with the key, ClientError."""
    try:
        return exchange.caller()
    except RefusedError as refused:
        if refused.status not in {401, 403}:
            raise
        raise InputError(
            field_name,
            _(
                "API key: the exchange does not take it. Use one that serves: `accord systems issue` makes another, `accord api-key` renews the home's."
            ),
        ) from None


def entry_listed(exchange: Exchange, agency_id: str) -> AgencyAnswer:
    """Return the directory entry of the agency that asks; raises AnswerError, ClientError."""
    entry = next((one for one in exchange.agencies() if one.id == agency_id), None)
    if entry is None:
        raise AnswerError("The hub does not list the agency that asked.")
    return entry


def _entry_of(exchange: Exchange, agency_id: str) -> AgencyAnswer:
    entry = entry_listed(exchange, agency_id)
    if entry.custody != Custody.AGENCY:
        raise InputError("key_file", _other_custody() % {"id": agency_id})
    return entry


def _other_custody() -> str:
    return _(
        "%(id)s was admitted with keys held by somebody else's desk, and does not move in by a key file. Ask the exchange's operator."
    )


@contextmanager
def ledger_trusted() -> Generator[None]:
    """Turn a failed verification of the exchange's log into InputError (`exchange`)."""
    try:
        yield
    except NoteError:
        raise InputError(
            "exchange",
            _("Its log is signed by another key than this desk was told. Correct the exchange first."),
        ) from None
    except EnvelopeError as failed:
        raise InputError(
            "exchange",
            _("What the exchange gave does not verify (%(code)s). Do not move in; call its operator.")
            % {"code": failed.code},
        ) from None


def _hold(exchange: Exchange) -> tuple[str, str]:
    """Have the exchange accept this desk as the holder in place of the stopped command; return its id and software, or empty."""
    refused = _announced(exchange)
    if refused is None:
        return "", ""
    holder, software = str(refused.members.get("holder", "")), str(refused.members.get("software", ""))
    if not (holder and software.startswith(OF_THE_COMMAND)):
        raise InputError(
            "is_stopped",
            _(
                "The exchange names another holder: %(software)s. Have it give the identity back, or wait until it was silent for 7 days."
            )
            % {"software": software[:60] or holder[:36] or "?"},
        )
    exchange.release_instance(holder)
    if _announced(exchange) is not None:
        raise InputError("is_stopped", _still_runs())
    return holder, software


def _announced(exchange: Exchange) -> RefusedError | None:
    try:
        exchange.announce_instance(own_instance(), software=own_software())
    except RefusedError as refused:
        if refused.slug != HELD_ELSEWHERE:
            raise
        return refused
    return None


def _still_runs() -> str:
    return _(
        "The command still works for the agency. Stop it, `accord watch` and every timer first, then confirm it here."
    )


@sensitive_variables("checked")
def _store(
    keeper: Actor, exchange: Exchange, checked: _Checked, named: tuple[str, str], *, now: datetime
) -> Agency:
    """Store all or nothing; if storing fails the identity is released."""
    try:
        with transaction.atomic():
            one_beginning_at_a_time()
            _require_none_here()
            agency = begin_entry(checked.entry, is_hosted=True, now=now)
            keep_moved(checked.chain, checked.home.keys, checked.api_key, checked.until, now=now)
            _record(keeper, agency, checked, named, now)
    except BaseException:
        with suppress(ClientError):
            exchange.release_instance(own_instance())
        raise
    return agency


def _record(keeper: Actor, agency: Agency, checked: _Checked, named: tuple[str, str], now: datetime) -> None:
    detail = {"version": checked.chain.keyset.version, "keys": len(checked.home.keys)}
    record_event(
        "agency.moved_in",
        actor=keeper.audit_name,
        agency=agency.pk,
        subject=agency.pk,
        detail=detail,
        now=now,
    )
    holder, software = named
    if holder:
        record_event(
            "instance.taken_over",
            actor=keeper.audit_name,
            agency=agency.pk,
            subject=f"instance:{holder}",
            detail={"software": software},
            now=now,
        )
