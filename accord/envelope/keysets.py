# SPDX-License-Identifier: Apache-2.0
"""Keysets: every key an agency ever had, signed by its root.

`verify_keyset` is the only entry point for keysets from outside. Invariants of a chain:

- The root stays, or changes only to the one announced (`nroot`).
- A later keyset never drops a key, never changes its `jwk`, `use` or `nbf`, never moves `exp` before its own `iat`, moves
  `since` only earlier.

Not handled here: storage, receipts (the caller passes the log time it has proved), networks. Whether a signature counts is
`accord.envelope.keyrule`. Source: docs/spec/envelope.md, "Keys".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from accord.envelope.errors import Failure, KeyRefusedError, VerificationError
from accord.envelope.jws import verify_jws
from accord.envelope.keys import ED25519, ENC, ML_DSA_65, PQ1, SIGN, PublicKey, root_fingerprint
from accord.envelope.statements.form import Statement, UnverifiedStatement, parse_statement, read_payload
from accord.envelope.vocabulary import MAX_KEY_SECS, statement_typ

MAX_KEYSET_SECS: Final = 90 * 24 * 3600
RECOVERY_DELAY_SECS: Final = 72 * 3600

SAME, CHANGED, RECOVERED = "same", "changed", "recovered"


@dataclass(frozen=True)
class KeyRow:
    """One key as its agency's keyset states it. Times in seconds; `since` only when revoked."""

    key: PublicKey
    nbf: int
    exp: int
    st: str = "current"
    since: int | None = None

    @property
    def kid(self) -> str:
        """The key's thumbprint."""
        return self.key.kid

    @property
    def use(self) -> str:
        """ "sign" or "enc"."""
        return self.key.use

    def as_json(self) -> dict[str, Any]:
        """Return the row as it stands in a keyset."""
        return {
            "jwk": self.key.jwk,
            "use": self.use,
            "nbf": self.nbf,
            "exp": self.exp,
            "st": self.st,
            "since": self.since,
        }


@dataclass(frozen=True)
class Keyset:
    """A keyset whose signatures were checked, by `verify_keyset` or before it was stored."""

    agency: str
    version: int
    prev: str | None
    od: str
    iat: int
    exp: int
    root: tuple[PublicKey, PublicKey]
    nroot: str
    custody: str
    low: str
    rows: tuple[KeyRow, ...]
    signers: tuple[str, ...]
    log_time: int | None
    succession: str = SAME
    log_index: int | None = None

    @property
    def root_fingerprint(self) -> str:
        """64 hex digits."""
        return root_fingerprint(self.root)

    @property
    def in_force_from(self) -> int | None:
        """The log time; for a root recovered by `nroot` alone 72 hours later. None until logged.

        It ignores the chain: see `newest_in_force`.
        """
        if self.log_time is None:
            return None
        return self.log_time + (RECOVERY_DELAY_SECS if self.succession == RECOVERED else 0)

    def row(self, kid: str) -> KeyRow | None:
        """Return the row of this key, or None."""
        return next((row for row in self.rows if row.kid == kid), None)


Place = tuple[int, int]
"""A log time, and the index of a leaf within its second."""
_BEFORE_ITS_SECOND, _AFTER_ITS_SECOND = -1, 1 << 53


def place_from(log_time: int, index: int | None) -> Place:
    """Return the place from which a revocation or a keyset counts; without an index, before everything of its second."""
    return log_time, _BEFORE_ITS_SECOND if index is None else index


def place_judged(log_time: int, index: int | None) -> Place:
    """Return the place of an object that is judged; without an index, after everything of its second."""
    return log_time, _AFTER_ITS_SECOND if index is None else index


@dataclass(frozen=True)
class Revocation:
    """A logged revocation of a key: a `revoke`, or the keyset that first stated it (code None)."""

    agency: str
    kid: str
    since: int
    code: str | None
    od: str
    log_time: int
    index: int | None = None
    """The leaf that holds it; without one it comes before everything of its second."""


@dataclass(frozen=True)
class RecipientKey:
    """A recipient as intake needs it: its newest encryption key of the suite, and custody."""

    agency: str
    kid: str
    alg: str
    curve: str | None
    custody: str


class KeyDirectory(Protocol):
    """A source of verified keysets: a database, or a client's state file."""

    def keyset(self, agency: str) -> Keyset | None:
        """Return the newest keyset in force, or None for an unknown agency."""
        ...

    def keyset_logged_before(self, agency: str, log_time: int, index: int | None = None) -> Keyset | None:
        """Return the newest keyset that was in force for leaf `index` at `log_time`: `newest_in_force` of the chain."""
        ...

    def revocations(self, agency: str) -> Sequence[Revocation]:
        """Return every logged revocation of the agency's keys; see `revocations_of`."""
        ...


class IntakeDirectory(KeyDirectory, Protocol):
    """A directory of the exchange: adds blocked keys, and all recipients at once."""

    def suspended_kids(self, agency: str) -> Collection[str]:
        """Keys blocked at intake by hub or key officer."""
        ...

    def owners(self, kids: Sequence[str]) -> Mapping[str, str]:
        """Return the agency of each of these encryption keys, of any state; unknown kids are missing."""
        ...

    def recipient_keys(self, agencies: Sequence[str], suite: str, now: int) -> Mapping[str, RecipientKey]:
        """Return the keys of `newest_encryption_key`, by agency.

        Missing are agencies without a key of the suite, those whose newest one is blocked, and those whose `low` is above the
        suite.
        """
        ...


def build_keyset_body(
    *,
    version: int,
    prev: str | None,
    root: Sequence[PublicKey],
    nroot: str,
    custody: str,
    low: str,
    rows: Iterable[KeyRow],
) -> dict[str, Any]:
    """Return the body for `build_statement("keyset", ...)`; `nroot` = fingerprint of the next root."""
    return {
        "ver": version,
        "prev": prev,
        "root": [key.jwk for key in root],
        "nroot": nroot,
        "custody": custody,
        "low": low,
        "keys": [row.as_json() for row in rows],
    }


def read_keyset(
    data: bytes, *, log_time: int | None = None, log_index: int | None = None, succession: str = SAME
) -> Keyset:
    """Read a keyset from the caller's own store, where it was verified before; checks the form only."""
    return replace(_keyset_of(_parse(data).statement, log_time, succession, PublicKey), log_index=log_index)


def verify_keyset(
    data: bytes,
    *,
    pinned: str,
    previous: Keyset | None = None,
    strict: bool = False,
    log_time: int | None = None,
) -> Keyset:
    """Verify a keyset against the pinned root fingerprint, or against the previous keyset.

    With `previous` its root (or its announced successor) decides and `pinned` must be the root of one of the two. `strict` (the
    hub) requires version 1 first and then each version in turn; a reader may have missed some. Raises MalformedError,
    KeyRefusedError or VerificationError.
    """
    unverified = _parse(data)
    keyset = _keyset_of(unverified.statement, log_time, SAME, PublicKey.from_jwk)
    _check_rows(keyset)
    signing, succession = _expected_signers(keyset, previous)
    verify_jws(unverified.jws, signing)
    _check_succession(keyset, pinned, previous, strict=strict)
    return replace(keyset, succession=succession)


def check_next_keyset(payload: bytes, *, previous: Keyset) -> Keyset:
    """Check an unsigned keyset's payload by every other rule, as `verify_keyset` does, strictly."""
    statement = read_payload(payload, "keyset")
    keyset = _keyset_of(statement, None, SAME, PublicKey.from_jwk)
    _check_rows(keyset)
    signing, succession = _expected_signers(keyset, previous)
    if statement.signers != tuple(key.kid for key in signing):
        raise VerificationError(Failure.SIGNERS)
    _check_succession(keyset, keyset.root_fingerprint, previous, strict=True)
    return replace(keyset, succession=succession)


def _check_succession(keyset: Keyset, pinned: str, previous: Keyset | None, *, strict: bool) -> None:
    roots = {keyset.root_fingerprint} | ({previous.root_fingerprint} if previous else set())
    if pinned not in roots:
        raise VerificationError(Failure.KEYSET_ROOT)
    if strict and previous is None and keyset.version != 1:
        raise VerificationError(Failure.KEYSET_CHAIN, "first version is 1")
    if previous is not None:
        _check_order(keyset, previous, strict=strict)
        _check_kept_rows(keyset, previous)


def _parse(data: bytes) -> UnverifiedStatement:
    unverified = parse_statement(data)
    if unverified.statement.k != "keyset":
        raise VerificationError(Failure.TYP, statement_typ("keyset"))
    return unverified


def _keyset_of(statement: Statement, log_time: int | None, succession: str, key_of: Any) -> Keyset:
    body = statement.body
    classical, lattice = (key_of(jwk, SIGN) for jwk in body["root"])
    root_fingerprint((classical, lattice))
    assert statement.exp is not None
    return Keyset(
        agency=statement.iss,
        version=body["ver"],
        prev=body["prev"],
        od=statement.od,
        iat=statement.iat,
        exp=statement.exp,
        root=(classical, lattice),
        nroot=body["nroot"],
        custody=body["custody"],
        low=body["low"],
        rows=tuple(
            KeyRow(key_of(row["jwk"], row["use"]), row["nbf"], row["exp"], row["st"], row["since"])
            for row in body["keys"]
        ),
        signers=statement.signers,
        log_time=log_time,
        succession=succession,
    )


def _check_rows(keyset: Keyset) -> None:
    if keyset.exp - keyset.iat > MAX_KEYSET_SECS or any(r.exp - r.nbf > MAX_KEY_SECS for r in keyset.rows):
        raise VerificationError(Failure.KEYSET_CHAIN, "exp over 90 days, or of a key over 5 years")
    kids = [row.kid for row in keyset.rows]
    if len(set(kids)) != len(kids):
        raise KeyRefusedError("kid twice in a keyset")
    if {key.kid for key in keyset.root} & set(kids):
        raise KeyRefusedError("root key in a row")
    if any(row.since is not None and row.since > keyset.iat for row in keyset.rows):
        raise VerificationError(Failure.KEYSET_CHAIN, "since after iat")


def _expected_signers(keyset: Keyset, previous: Keyset | None) -> tuple[tuple[PublicKey, ...], str]:
    """Return the required signers: the root; at a change old then new; at a recovery the announced root alone."""
    if previous is None or keyset.root_fingerprint == previous.root_fingerprint:
        # `nroot` changes only with the root: a thief of the root must not name its successor.
        if previous is not None and keyset.nroot != previous.nroot:
            raise VerificationError(Failure.KEYSET_CHAIN, "nroot under the same root")
        return keyset.root, SAME
    if keyset.root_fingerprint != previous.nroot:
        raise VerificationError(Failure.KEYSET_ROOT)
    if len(keyset.signers) == len(keyset.root):
        return keyset.root, RECOVERED
    return (*previous.root, *keyset.root), CHANGED


def _check_order(keyset: Keyset, previous: Keyset, *, strict: bool) -> None:
    if keyset.agency != previous.agency:
        raise VerificationError(Failure.ISSUER)
    follows = keyset.version == previous.version + 1
    if keyset.version <= previous.version or (strict and not follows):
        raise VerificationError(Failure.KEYSET_CHAIN, "version")
    if follows and keyset.prev != previous.od:
        raise VerificationError(Failure.KEYSET_CHAIN, "prev")
    if keyset.iat < previous.iat:
        raise VerificationError(Failure.KEYSET_CHAIN, "iat")


def _check_kept_rows(keyset: Keyset, previous: Keyset) -> None:
    kept = {row.kid: row for row in keyset.rows}
    for old in previous.rows:
        new = kept.get(old.kid)
        if new is None or new.use != old.use or new.nbf != old.nbf:
            raise VerificationError(Failure.KEYSET_CHAIN, "a key was dropped or changed")
        if new.exp != old.exp and new.exp < keyset.iat:
            raise VerificationError(Failure.KEYSET_CHAIN, "exp moved before iat")
        if old.since is not None and (new.since is None or new.since > old.since):
            raise VerificationError(Failure.KEYSET_CHAIN, "since moved later")
    if {key.kid for key in previous.root} & kept.keys():
        raise KeyRefusedError("root key in a row")


def newest_in_force(keysets: Iterable[Keyset], now: int, *, index: int | None = None) -> Keyset | None:
    """Return the newest of an agency's accepted keysets that is in force at `now`; pass all of them, see `in_force`."""
    return next(reversed(in_force(keysets, now, index=index)), None)


def in_force(keysets: Iterable[Keyset], now: int, *, index: int | None = None) -> list[Keyset]:
    """Return those of an agency's accepted keysets that have come into force by `now`, oldest first.

    None does before the one it follows, nor without it: a keyset that follows a recovery neither shortens its 72 hours nor
    survives its cancelling. `now` may be a past moment; later keysets change nothing about it. `index` is the leaf in question:
    a keyset logged in that second at a higher one came after it.
    """
    chain = list(keysets)
    begins = _begin_places(chain)
    place = place_judged(now, index)
    begun = [keyset for keyset in chain if keyset.od in begins and begins[keyset.od] <= place]
    return sorted(begun, key=lambda keyset: keyset.version)


def _begin_places(keysets: Iterable[Keyset]) -> dict[str, Place]:
    """Return where each keyset comes into force, by od; one that never does is missing.

    The oldest given one stands on its own; over a gap every older one counts as the previous.
    """
    logged = sorted((item for item in keysets if item.log_time is not None), key=lambda item: item.version)
    known = {keyset.od for keyset in logged}
    begins: dict[str, Place] = {}
    for keyset in logged:
        own = _own_place(keyset)
        followed = begins.get(keyset.prev or "")
        before = followed if keyset.prev in known else max(begins.values(), default=own)
        if own is not None and before is not None and not _is_displaced(keyset, logged):
            begins[keyset.od] = max(own, before)
    return begins


def _own_place(keyset: Keyset) -> Place | None:
    """Return where a keyset comes into force by its own facts alone."""
    moment = keyset.in_force_from
    index = None if keyset.succession == RECOVERED else keyset.log_index
    return None if moment is None else place_from(moment, index)


def _is_displaced(keyset: Keyset, others: Iterable[Keyset]) -> bool:
    """Tell whether another keyset with the same predecessor displaces this one.

    A recovery is displaced by an earlier one, or by a keyset of the old root within its delay; a later keyset by the recovery.
    """
    rivals = [other for other in others if other.prev == keyset.prev and other.od != keyset.od]
    recoveries = [rival for rival in rivals if rival.succession == RECOVERED]
    if keyset.succession == RECOVERED:
        in_time = any(_is_in_time(rival, keyset) for rival in rivals if rival.succession != RECOVERED)
        return in_time or any((one.log_time or 0) <= (keyset.log_time or 0) for one in recoveries)
    return any(not _is_in_time(keyset, recovery) for recovery in recoveries)


def _is_in_time(word: Keyset, recovery: Keyset) -> bool:
    end = recovery.in_force_from
    return word.log_time is not None and end is not None and word.log_time < end


def revocations_of(
    keysets: Iterable[Keyset], revokes: Iterable[Revocation] = (), *, now: int | None = None
) -> tuple[Revocation, ...]:
    """Return all revocations of an agency: its logged `revoke` statements and every keyset row that states one.

    A keyset counts from when it is in force: with `now`, one that still waits counts for nothing; one that was cancelled never
    counts. Pass the whole chain.
    """
    chain = list(keysets)
    begins = {od: moment for od, (moment, _) in _begin_places(chain).items()}
    stated = [
        Revocation(keyset.agency, row.kid, row.since, None, keyset.od, begins[keyset.od], keyset.log_index)
        for keyset in chain
        for row in keyset.rows
        if row.since is not None and keyset.od in begins and (now is None or begins[keyset.od] <= now)
    ]
    return (*revokes, *stated)


def newest_encryption_key(
    keyset: Keyset, suite: str, now: int, revoked: Collection[str] = ()
) -> KeyRow | None:
    """Return the key to seal to: current, valid now, greatest `nbf`, of equals the last; None if there is none."""
    return _newest(keyset, now, revoked, lambda row: row.use == ENC and suite in row.key.suites)


def newest_signing_keys(
    keyset: Keyset, suite: str, now: int, revoked: Collection[str] = ()
) -> tuple[KeyRow, ...]:
    """Return the keys to sign with, in the order of signatures; empty when the suite is not complete."""
    if suite == PQ1:
        rows = [
            _newest(keyset, now, revoked, lambda row, alg=alg: row.key.alg == alg)
            for alg in (ED25519, ML_DSA_65)
        ]
    else:
        rows = [_newest(keyset, now, revoked, lambda row: row.use == SIGN and suite in row.key.suites)]
    found = tuple(row for row in rows if row is not None)
    return found if len(found) == len(rows) else ()


def _newest(keyset: Keyset, now: int, revoked: Collection[str], wanted: Any) -> KeyRow | None:
    newest: KeyRow | None = None
    for row in keyset.rows:
        usable = row.st == "current" and row.nbf <= now < row.exp and row.kid not in revoked
        if usable and wanted(row) and (newest is None or row.nbf >= newest.nbf):
            newest = row
    return newest
