# SPDX-License-Identifier: Apache-2.0
"""Facts about an agency's own keys that its officers may know, for the key page and its questions.

They come from the keyset that the agency's next statement follows, as the desk has verified it or handed it in. Keys
that an officer has suspended here, and revocations that are not logged yet, are taken into account. Custody is always
stated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accord.envelope.keys import ENC, SIGN, show_fingerprint
from accord.envelope.keysets import KeyRow
from accord.envelope.keysets import Keyset as EnvelopeKeyset
from accord.moments import moment_of
from callers.capabilities import Capability, require
from callers.directory import Custody
from callers.endings import THRESHOLDS, short_kid
from callers.errors import AbsentError, InputError
from officers.models import Officer
from peers.models import Agency
from vault.handing import has_left
from vault.models import Arrival
from vault.own_keys import OwnKeyState

CUSTODY_NOTES: Final[Mapping[str, Promise]] = {
    Custody.AGENCY: gettext_lazy(
        "Your agency's own desk signs and opens for it, and nobody else can. What changes its keys is signed by your agency's head, offline."
    ),
    Custody.HUB_OWN_ROOT: gettext_lazy(
        "This desk signs and opens for your agency. What changes its keys is signed by your agency's head, offline."
    ),
    Custody.HUB: gettext_lazy(
        "This desk signs and opens for your agency and holds its root too. What it signs proves nothing against whoever runs the desk."
    ),
}

OWN_CUSTODY: Final = gettext_lazy("This desk can act as your agency")

ELSEWHERE_NOTE: Final = gettext_lazy(
    "This desk holds no working key of your agency: nothing is signed here, and nothing new opens here."
)

CURRENT, RETIRING, RETIRED, REVOKED = "current", "retiring", "retired", "revoked"
STATE_TEXTS: Final[Mapping[str, str | Promise]] = {
    CURRENT: gettext_lazy("Current"),
    RETIRING: gettext_lazy("Retiring"),
    RETIRED: gettext_lazy("Retired"),
    REVOKED: gettext_lazy("Revoked"),
    "suspended": pgettext_lazy("key", "Suspended"),
    "ended": gettext_lazy("Ended"),
}

PURPOSES: Final[Mapping[str, Promise]] = {
    SIGN: gettext_lazy("Signing"),
    ENC: gettext_lazy("Encryption"),
}

ALWAYS: Final = frozenset({"suspend"})
CHANGES: Final = frozenset({"renew", "rotate", "retire", "revoke", "change_root", "recover_root"})


@dataclass(frozen=True)
class KeyFact:
    """One key of the agency. `short` is what the officer types to confirm; `since` is set only where it is revoked."""

    kid: str
    use: str
    purpose: str
    alg: str
    suite: str
    state: str
    state_text: str
    begins: datetime
    until: datetime
    since: datetime | None
    days_left: int
    is_ending: bool

    @property
    def short(self) -> str:
        """The last four characters of the kid."""
        return short_kid(self.kid)


@dataclass(frozen=True)
class KeysetFact:
    """Keyset that counts now, or as soon as the log has it. Fingerprints in groups of four."""

    version: int
    od: str
    low: str
    until: datetime
    days_left: int
    is_logged: bool
    is_ended: bool
    root: str
    next_root: str


@dataclass(frozen=True)
class RecoveryFact:
    """Recovered root that waits; `from_at` is None until it is logged."""

    version: int
    from_at: datetime | None
    root: str


@dataclass(frozen=True)
class KeyFacts:
    """Content of the key page; `verbs` are the acts open to this officer now.

    `elsewhere` is the custody that the keyset names where this desk does not hold the keys, else empty; `comes`: the agency has
    come here from another desk, or is to; `has_history`: some of what it had there was taken in.
    """

    agency: Agency
    custody: str
    custody_text: str
    custody_note: str
    keyset: KeysetFact | None
    keys: tuple[KeyFact, ...]
    waiting: RecoveryFact | None
    may_manage: bool
    verbs: frozenset[str]
    elsewhere: str = ""
    comes: bool = False
    has_history: bool = False

    @property
    def is_awaited(self) -> bool:
        """Tell whether the agency is to come here, and another desk holds its keys until then."""
        return self.comes and bool(self.elsewhere)


def key_facts(officer: Officer, *, now: datetime) -> KeyFacts:
    """Return the own agency's keys; raises NotPermittedError, AbsentError (an officer without an agency)."""
    require(officer, Capability.KEY_READ)
    agency = officer.agency
    if agency is None:
        raise AbsentError
    own_keys = OwnKeyState(agency.pk, now)
    keyset, waiting = own_keys.keyset, own_keys.waiting
    may_manage = Capability.KEY_MANAGE in officer.capabilities
    elsewhere = keyset.custody if keyset and keyset.custody != agency.custody else ""
    arrival = Arrival.objects.filter(pk=agency.pk).first()
    verbs = (
        _verbs(keyset, waiting) if not elsewhere else frozenset({"move"} if arrival and not waiting else ())
    )
    if has_left(agency.pk):
        # Only the next desk changes keys.
        verbs &= {"suspend", "revoke"}
    return KeyFacts(
        agency=agency,
        custody=agency.custody,
        custody_text=_custody_text(agency.custody, elsewhere),
        custody_note=str(ELSEWHERE_NOTE if elsewhere else CUSTODY_NOTES[agency.custody]),
        keyset=_keyset_fact(keyset, own_keys.is_logged(keyset.od), now) if keyset else None,
        keys=_key_facts(agency, keyset, own_keys, now) if keyset else (),
        waiting=_recovery_fact(waiting) if waiting else None,
        may_manage=may_manage,
        verbs=verbs if may_manage else frozenset(),
        elsewhere=elsewhere,
        comes=arrival is not None,
        has_history=arrival is not None and bool(arrival.files),
    )


def check_typed(kid: str, typed: str) -> None:
    """The confirmation of what cannot be undone: the last four characters of the kid, in capitals or not. Raises InputError."""
    if typed.strip().lower() != short_kid(kid).lower():
        raise InputError("typed", _("Confirm: type %(short)s.") % {"short": short_kid(kid)})


def _custody_text(custody: str, elsewhere: str) -> str:
    """Return who holds the keys, as the agency's own officers read it at this desk."""
    return str(
        OWN_CUSTODY if custody == Custody.HUB and not elsewhere else Custody(elsewhere or custody).label
    )


def _verbs(keyset: EnvelopeKeyset | None, waiting: EnvelopeKeyset | None) -> frozenset[str]:
    if keyset is None:
        return frozenset({"create"})
    return ALWAYS | ({"cancel_recovery", "revoke"} if waiting is not None else CHANGES)


def _keyset_fact(keyset: EnvelopeKeyset, is_logged: bool, now: datetime) -> KeysetFact:
    until = moment_of(keyset.exp)
    return KeysetFact(
        version=keyset.version,
        od=keyset.od,
        low=keyset.low,
        until=until,
        days_left=_days_left(until, now),
        is_logged=is_logged,
        is_ended=until <= now,
        root=show_fingerprint(keyset.root_fingerprint),
        next_root=show_fingerprint(keyset.nroot),
    )


def _recovery_fact(waiting: EnvelopeKeyset) -> RecoveryFact:
    begins = waiting.in_force_from
    return RecoveryFact(
        waiting.version,
        None if begins is None else moment_of(begins),
        show_fingerprint(waiting.root_fingerprint),
    )


def _key_facts(
    agency: Agency, keyset: EnvelopeKeyset, own_keys: OwnKeyState, now: datetime
) -> tuple[KeyFact, ...]:
    """Return the keys, signing before encryption, and the newest first within each."""
    revoked, suspended = own_keys.revoked, own_keys.suspended
    facts = [_key_fact(row, revoked.get(row.kid), row.kid in suspended, now) for row in keyset.rows]
    newest_first = sorted(facts, key=lambda fact: fact.begins, reverse=True)
    return tuple(sorted(newest_first, key=lambda fact: fact.use != SIGN))


def _key_fact(row: KeyRow, revoked: int | None, is_suspended: bool, now: datetime) -> KeyFact:
    since = min((at for at in (row.since, revoked) if at is not None), default=None)
    until = moment_of(row.exp)
    state = _state(row, since, is_suspended, now)
    return KeyFact(
        kid=row.kid,
        use=str(row.use),
        purpose=str(PURPOSES[row.use]),
        alg=row.key.alg,
        suite=", ".join(sorted(row.key.suites)),
        state=state,
        state_text=str(STATE_TEXTS[state]),
        begins=moment_of(row.nbf),
        until=until,
        since=None if since is None else moment_of(since),
        days_left=_days_left(until, now),
        is_ending=state == CURRENT and until - now <= timedelta(days=THRESHOLDS[-1]),
    )


def _state(row: KeyRow, since: int | None, is_suspended: bool, now: datetime) -> str:
    if since is not None:
        return REVOKED
    if row.st in (CURRENT, RETIRING) and moment_of(row.exp) <= now:
        return "ended"
    return "suspended" if is_suspended and row.st != RETIRED else row.st


def _days_left(until: datetime, now: datetime) -> int:
    return max((until - now).days, 0)
