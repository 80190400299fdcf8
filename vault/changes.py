# SPDX-License-Identifier: Apache-2.0
"""Changes of a keyset, and the next keyset that each change makes. Pure.

- A keyset lists every key that the agency ever had, so a change never drops a row.
- A key that is replaced is *retiring* for thirty days; one that has ended is *retired*; one that the root has revoked
  states since when.
- Which root signs, and with which private keys, is decided elsewhere.

Source: docs/spec/envelope.md, "Keys".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext as _

from accord.envelope.encoding import members, parse_object, text
from accord.envelope.errors import EnvelopeError
from accord.envelope.keys import EC1, ENC, PQ1, SIGN, PublicKey, root_fingerprint, suite_rank
from accord.envelope.keysets import (
    KeyRow,
    Keyset,
    build_keyset_body,
    newest_encryption_key,
    newest_signing_keys,
)
from accord.envelope.private import DecryptionKey, SigningKey, generate_decryption_key
from accord.envelope.vocabulary import KEY_MARGIN_SECS
from callers.errors import AbsentError, InputError

KEY_LIFETIME_SECS: Final = 365 * 24 * 3600
OVERLAP_SECS: Final = 30 * 24 * 3600
USES: Final = (SIGN, ENC)

MAX_ROOT_CARD_BYTES: Final = 16 * 1024

_CARD_MEMBERS: Final = frozenset({"kind", "nroot", "root", "v"})
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_SIGNING_ALGS: Final = {PQ1: ("Ed25519", "ML-DSA-65"), EC1: ("Ed25519",)}

PrivateKey = SigningKey | DecryptionKey


@dataclass(frozen=True)
class RootCard:
    """Public half of a root, and the fingerprint of the root that follows it (64 hex digits)."""

    root: tuple[PublicKey, PublicKey]
    nroot: str

    @property
    def fingerprint(self) -> str:
        """Fingerprint of this root, 64 hex digits."""
        return root_fingerprint(self.root)


@dataclass(frozen=True)
class Create:
    """Make the first keyset: fresh keys of these suites under this root."""

    suites: tuple[str, ...]
    root: RootCard
    low: str = ""

    @property
    def lowest(self) -> str:
        """Lowest suite in which the agency is sealed to and its signatures count: PQ1 unless EC1 was chosen."""
        return self.low or (PQ1 if PQ1 in self.suites else EC1)


@dataclass(frozen=True)
class Renew:
    """Keep the keys for ninety days more."""


@dataclass(frozen=True)
class CancelRecovery:
    """Keep the keys, signed by the root that somebody wants to replace: that recovery never comes into force."""


@dataclass(frozen=True)
class Rotate:
    """Draw fresh keys of these uses; the old ones retire over thirty days. No suites: those the agency has now."""

    uses: tuple[str, ...] = USES
    suites: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Retire:
    """End one key now; nothing is said about what it signed."""

    kid: str


@dataclass(frozen=True)
class ChangeRoot:
    """Change to the root that was announced; the old root signs too."""

    root: RootCard


@dataclass(frozen=True)
class RecoverRoot:
    """Change to the root that was announced, which signs alone; the change takes effect after 72 hours in public."""

    root: RootCard


@dataclass(frozen=True)
class Move:
    """Draw fresh keys at this desk and end every other key: the former holder signs and receives no more.

    `root` is the announced root where the root moves too; without it the present root signs.
    """

    root: RootCard | None = None


Following = Renew | CancelRecovery | Rotate | Retire | ChangeRoot | RecoverRoot | Move
Change = Create | Following

NAMES: Final[Mapping[type, str]] = {
    Create: "create",
    Renew: "renew",
    CancelRecovery: "cancel_recovery",
    Rotate: "rotate",
    Retire: "retire",
    ChangeRoot: "change_root",
    RecoverRoot: "recover_root",
    Move: "move",
}
"""Name of each change, as it is stored and shown."""


@dataclass(frozen=True)
class Plan:
    """Body of the next keyset, the public keys that must sign it, in that order, and its fresh private keys."""

    body: dict[str, Any]
    signers: tuple[PublicKey, ...]
    rows: tuple[KeyRow, ...]
    drawn: tuple[PrivateKey, ...] = ()


def read_root_card(data: bytes, *, announce: str = "") -> RootCard:
    """Read the public half of a root, as `accord keygen` writes it: `{kind: accord-root, nroot, root, v: 1}`.

    `announce`, if given, is the fingerprint of the root that follows it, from paper (spaces and capitals allowed), and
    must not be another than the file's own. Raises InputError on the field `root` or `announce`.
    """
    try:
        card = members(
            parse_object(data.strip(), limit=MAX_ROOT_CARD_BYTES, where="root"), _CARD_MEMBERS, "root"
        )
        root, nroot = _public_root(card["root"]), text(card["nroot"], "root")
        known = card["kind"] == "accord-root" and card["v"] == 1
    except (EnvelopeError, TypeError, ValueError):
        known = False
    if not known:
        raise InputError("root", _("Root: choose the public file that `accord keygen` wrote beside it."))
    return RootCard(root, _announced("".join(announce.split()).lower(), nroot, root_fingerprint(root)))


def read_announced(text: str, *, own: str) -> str:
    """Read the fingerprint of a next root as a person types it; raises InputError (`announce`)."""
    return _announced("".join(text.split()).lower(), "", own)


def _public_root(root: object) -> tuple[PublicKey, PublicKey]:
    if not isinstance(root, list):
        raise TypeError
    classical, lattice = (PublicKey.from_jwk(jwk, SIGN) for jwk in root)
    root_fingerprint((classical, lattice))
    return classical, lattice


def _announced(given: str, stated: str, own: str) -> str:
    nroot = given or stated
    if given and stated and given != stated:
        raise InputError("announce", _("Next root: the file names another one than you typed."))
    if not _FINGERPRINT.fullmatch(nroot) or nroot == own:
        raise InputError(
            "announce", _("Next root: enter the 64 digits and letters a to f of the root that comes after.")
        )
    return nroot


def plan_first(change: Create, *, custody: str, at: int) -> Plan:
    """Plan the first keyset; raises InputError for unknown suites, or for a lowest suite that is not among them."""
    if change.low and change.low not in change.suites:
        raise InputError("low", _("Lowest suite: choose one of the agency's suites."))
    drawn: tuple[PrivateKey, ...] = (*draw_signing(change.suites), *draw_decryption(change.suites))
    rows = tuple(_fresh(key, at) for key in drawn)
    body = build_keyset_body(
        version=1,
        prev=None,
        root=change.root.root,
        nroot=change.root.nroot,
        custody=custody,
        low=change.lowest,
        rows=rows,
    )
    return Plan(body, change.root.root, rows, drawn)


def plan_next(
    before: Keyset, change: Following, *, custody: str = "", revoked: Mapping[str, int], at: int
) -> Plan:
    """Plan the next keyset; `revoked` maps kids to times, as the root's `revoke` statements say.

    `custody` is given where it changes. Raises InputError, AbsentError (a key that is not the agency's).
    """
    rows, drawn = _changed_rows(before, change, _carried(before.rows, revoked, at), at)
    next_root = change.root if isinstance(change, ChangeRoot | RecoverRoot | Move) else None
    card = next_root or RootCard(before.root, before.nroot)
    if next_root is not None:
        _check_succession(before, card)
    body = build_keyset_body(
        version=before.version + 1,
        prev=before.od,
        root=card.root,
        nroot=card.nroot,
        custody=custody or before.custody,
        low=before.low,
        rows=rows,
    )
    return Plan(body, _signers(before, change), tuple(rows), tuple(drawn))


def _check_succession(before: Keyset, card: RootCard) -> None:
    """Check that the root is the announced one, and announces a new one.

    It must not announce the root that it replaces, which may be in other hands. Raises InputError.
    """
    if card.fingerprint != before.nroot:
        raise InputError("root", _("Root: this is not the root that was announced as the next one."))
    if card.nroot in (before.root_fingerprint, before.nroot):
        raise InputError("announce", _("Next root: announce a new one, not one that your agency had before."))


def _signers(before: Keyset, change: Following) -> tuple[PublicKey, ...]:
    next_root = change.root if isinstance(change, ChangeRoot | Move) else None
    if next_root is not None:
        return (*before.root, *next_root.root)
    return change.root.root if isinstance(change, RecoverRoot) else before.root


def _changed_rows(
    before: Keyset, change: Following, rows: list[KeyRow], at: int
) -> tuple[list[KeyRow], list[PrivateKey]]:
    if isinstance(change, Rotate):
        return _rotated(before, rows, change, at)
    if isinstance(change, Retire):
        return _retired(before, rows, change.kid, at), []
    if isinstance(change, Move):
        return _moved(rows, at)
    return rows, []


def _carried(rows: Iterable[KeyRow], revoked: Mapping[str, int], at: int) -> list[KeyRow]:
    """Return the rows of the next keyset, with what was revoked or has ended marked."""
    return [_carry(row, revoked.get(row.kid), at) for row in rows]


def _carry(row: KeyRow, since: int | None, at: int) -> KeyRow:
    if since is not None and since <= at:
        return replace(row, st="revoked", since=since if row.since is None else min(since, row.since))
    has_ended = row.st in ("current", "retiring") and row.exp <= at
    return replace(row, st="retired") if has_ended else row


def _rotated(
    before: Keyset, rows: list[KeyRow], change: Rotate, at: int
) -> tuple[list[KeyRow], list[PrivateKey]]:
    if not change.uses or set(change.uses) - set(USES):
        raise InputError("uses", _("Choose signing, encryption or both."))
    suites = _suites_of(rows) if change.suites is None else change.suites
    drawn: list[PrivateKey] = []
    if SIGN in change.uses:
        drawn += draw_signing(suites)
    if ENC in change.uses:
        drawn += draw_decryption(suites)
    after = [_retiring(row, at) if row.use in change.uses else row for row in rows]
    after += [_fresh(key, at) for key in drawn]
    if _suites_usable(before, rows, at) and not _suites_usable(before, after, at):
        raise InputError("suites", _("Suites: with these your agency could no longer send or receive."))
    return after, drawn


def _retiring(row: KeyRow, at: int) -> KeyRow:
    if row.st != "current":
        return row
    return replace(row, st="retiring", exp=max(min(row.exp, at + OVERLAP_SECS), row.nbf + 1))


def _retired(before: Keyset, rows: list[KeyRow], kid: str, at: int) -> list[KeyRow]:
    row = next((row for row in rows if row.kid == kid), None)
    if row is None:
        raise AbsentError
    if row.st not in ("current", "retiring"):
        raise InputError("kid", _("Key: it has ended already."))
    ended = _ended(row, at)
    after = [ended if item.kid == kid else item for item in rows]
    if _suites_usable(before, rows, at) and not _suites_usable(before, after, at):
        raise InputError("kid", _("Key: it is the last of its kind. Rotate the keys instead."))
    return after


def _ended(row: KeyRow, at: int) -> KeyRow:
    # What a signing key has signed may still be on its way to the ledger, and must count when it gets there.
    margin = KEY_MARGIN_SECS if row.use == SIGN else 0
    return replace(row, st="retired", exp=max(min(row.exp, at + margin), row.nbf + 1))


def _moved(rows: Sequence[KeyRow], at: int) -> tuple[list[KeyRow], list[PrivateKey]]:
    suites = _suites_of(rows)
    drawn: list[PrivateKey] = [*draw_signing(suites), *draw_decryption(suites)]
    before = [_ended(row, at) if row.st in ("current", "retiring") else row for row in rows]
    return [*before, *(_fresh(key, at) for key in drawn)], drawn


def _suites_usable(before: Keyset, rows: Sequence[KeyRow], at: int) -> list[str]:
    """Return the suites in which an agency with these rows can both sign and be sealed to."""
    keyset = replace(before, rows=tuple(rows))
    return [
        suite
        for suite in (PQ1, EC1)
        if suite_rank(suite) >= suite_rank(before.low)
        and newest_signing_keys(keyset, suite, at)
        and newest_encryption_key(keyset, suite, at)
    ]


def _suites_of(rows: Iterable[KeyRow]) -> tuple[str, ...]:
    """Return the suites of the agency's encryption keys in use, or of its last ones: those in which it is sealed to."""
    listed = list(rows)
    found = [row for row in listed if row.use == ENC and row.st in ("current", "retiring")]
    held = {suite for row in found or [row for row in listed if row.use == ENC] for suite in row.key.suites}
    return tuple(suite for suite in (PQ1, EC1) if suite in held)


def _fresh(key: PrivateKey, at: int) -> KeyRow:
    return KeyRow(key.public, at, at + KEY_LIFETIME_SECS)


def draw_signing(suites: Sequence[str]) -> list[SigningKey]:
    """Draw the keys that sign in these suites; one Ed25519 key serves both. Raises InputError."""
    _check_suites(suites)
    return [
        SigningKey.generate(alg) for alg in dict.fromkeys(alg for s in suites for alg in _SIGNING_ALGS[s])
    ]


def draw_decryption(suites: Sequence[str]) -> list[DecryptionKey]:
    """Draw one key for each suite. Raises InputError."""
    _check_suites(suites)
    return [generate_decryption_key(suite) for suite in suites]


def _check_suites(suites: Sequence[str]) -> None:
    if not suites or set(suites) - {PQ1, EC1} or len(set(suites)) != len(suites):
        raise InputError("suites", _("Choose PQ1, EC1 or both."))
