# SPDX-License-Identifier: Apache-2.0
"""Acts of the key wizard and their services: the vault at once, or a proposal for the agency's head."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.envelope.encoding import object_digest
from accord.envelope.vocabulary import statement_typ
from alerts.errors import KeysMovedOnError
from callers.directory import Custody
from officers.keyfacts import KeyFacts, key_facts
from officers.models import Officer
from peers.models import Agency
from vault import agency_keys, proposing, suspending
from vault.changes import CancelRecovery, Change, ChangeRoot, Create, Move, RecoverRoot, Renew, Retire, Rotate
from vault.errors import CustodyRefusedError, KeysMovedError, RecoveryWaitsError


@dataclass(frozen=True)
class Act:
    """Act that an officer asked for.

    `values` are the form's, `version` is that of the keyset seen (0 for none).
    """

    officer: Officer
    facts: KeyFacts
    verb: str
    kid: str = ""
    version: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def agency(self) -> Agency:
        return self.facts.agency


@dataclass(frozen=True)
class Done:
    """Outcome of an act: the od of the `proposal` it made, or empty; `waits` where the exchange is still to take it.

    `told`: of a suspension, what the exchange said.
    """

    proposal: str = ""
    waits: bool = False
    told: suspending.Told = suspending.Told.TAKEN


SUSPEND: Final = "suspend"
AT_ONCE: Final = frozenset({SUSPEND})
"""What needs nobody's signature, whoever holds the root."""


def is_proposal(facts: KeyFacts, verb: str) -> bool:
    """Tell whether the agency's head has to sign before anything changes."""
    return facts.custody != Custody.HUB and verb not in AT_ONCE


def do_act(act: Act, *, now: datetime) -> Done:
    """Do the act. Not inside a transaction: the exchange is called.

    Raises KeysMovedOnError where the keys are not those that were seen, InputError on a field of the form, and what the
    services raise.
    """
    try:
        if is_proposal(act.facts, act.verb):
            _require_seen(act, now)
            return Done(proposal=_propose(act, now))
        if act.verb == SUSPEND:
            told = _suspend(act, now)
            return Done(waits=told != suspending.Told.TAKEN, told=told)
        return Done(waits=_HERE[act.verb](act, now))
    except (RecoveryWaitsError, CustodyRefusedError, KeysMovedError):
        raise KeysMovedOnError(moved_on_text()) from None


def moved_on_text() -> str:
    return _("Your agency's keys have changed since you loaded this page. Go back to them and look again.")


def _require_seen(act: Act, now: datetime) -> None:
    keyset = key_facts(act.officer, now=now).keyset
    if (keyset.version if keyset else 0) != act.version:
        raise KeysMovedOnError(moved_on_text())


def _propose(act: Act, now: datetime) -> str:
    if act.verb == "revoke":
        since, code = act.values["at"], act.values["code"]
        payload = proposing.propose_revoke(
            act.officer, act.agency, kid=act.kid, since=since, code=code, now=now
        )
        return object_digest(statement_typ("revoke"), payload)
    payload = proposing.propose_keyset(act.officer, act.agency, change=_CHANGES[act.verb](act), now=now)
    return object_digest(statement_typ("keyset"), payload)


_CHANGES: Final[Mapping[str, Callable[[Act], Change]]] = {
    "create": lambda act: Create(tuple(act.values["suites"]), act.values["card"]),
    "renew": lambda act: Renew(),
    "rotate": lambda act: Rotate(tuple(act.values["uses"])),
    "move": lambda act: Move(act.values.get("card")),
    "retire": lambda act: Retire(act.kid),
    "change_root": lambda act: ChangeRoot(act.values["card"]),
    "recover_root": lambda act: RecoverRoot(act.values["card"]),
    "cancel_recovery": lambda act: CancelRecovery(),
}


def _create(act: Act, now: datetime) -> bool:
    suites = tuple(act.values["suites"])
    return agency_keys.create_agency_keys(act.officer, act.agency, suites=suites, now=now).is_waiting


def _renew(act: Act, now: datetime) -> bool:
    return agency_keys.renew_agency_keys(act.officer, act.agency, seen=act.version, now=now).is_waiting


def _rotate(act: Act, now: datetime) -> bool:
    uses = tuple(act.values["uses"])
    return agency_keys.rotate_agency_keys(
        act.officer, act.agency, uses=uses, seen=act.version, now=now
    ).is_waiting


def _retire(act: Act, now: datetime) -> bool:
    return agency_keys.retire_agency_key(
        act.officer, act.agency, kid=act.kid, seen=act.version, now=now
    ).is_waiting


def _revoke(act: Act, now: datetime) -> bool:
    since, code = act.values["at"], act.values["code"]
    return agency_keys.revoke_agency_key(
        act.officer, act.agency, kid=act.kid, since=since, code=code, seen=act.version, now=now
    ).is_waiting


def _suspend(act: Act, now: datetime) -> suspending.Told:
    _require_seen(act, now)
    return suspending.suspend_key(act.officer, act.agency, act.kid, now=now)


def _change_root(act: Act, now: datetime) -> bool:
    return agency_keys.change_agency_root(act.officer, act.agency, seen=act.version, now=now).is_waiting


def _recover_root(act: Act, now: datetime) -> bool:
    return agency_keys.recover_agency_root(act.officer, act.agency, seen=act.version, now=now).is_waiting


def _cancel_recovery(act: Act, now: datetime) -> bool:
    return agency_keys.cancel_root_recovery(act.officer, act.agency, seen=act.version, now=now).is_waiting


_HERE: Final[Mapping[str, Callable[[Act, datetime], bool]]] = {
    "create": _create,
    "renew": _renew,
    "rotate": _rotate,
    "retire": _retire,
    "revoke": _revoke,
    "change_root": _change_root,
    "recover_root": _recover_root,
    "cancel_recovery": _cancel_recovery,
}
"""Functions that do a verb here; each returns whether the exchange has yet to take the result."""
