# SPDX-License-Identifier: Apache-2.0
"""Sections 3.3 to 3.5: keysets and the one in force, revocations, and the key rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tests.examples.independent import jws
from tests.examples.independent.keys import PublicKey, fingerprint_of, register, root_keys
from tests.examples.independent.refusal import Refused, need
from tests.examples.independent.statements import payload_form, typ_of

DAY = 86_400
NINETY_DAYS = 7_776_000
FIVE_YEARS = 157_852_800
WAIT = 259_200


@dataclass(frozen=True)
class Row:
    """A row of a keyset with its key."""

    key: PublicKey
    use: str
    nbf: int
    exp: int
    st: str
    since: int | None


@dataclass(frozen=True)
class Keyset:
    """A keyset whose form is right; its signatures are not verified yet."""

    od: str
    iss: str
    iat: int
    exp: int
    ver: int
    prev: str | None
    root: list[PublicKey]
    fingerprint: str
    nroot: str
    custody: str
    low: str
    rows: list[Row]
    signed: jws.Signed
    signers: list[str]

    def row(self, kid: str) -> Row | None:
        return next((row for row in self.rows if row.key.kid == kid), None)


@lru_cache(maxsize=256)
def read_keyset(text: str) -> Keyset:
    """Read a keyset by its form and its own rules; `follow` verifies its signatures."""
    signed = jws.text_submitted(text, jws.STATEMENT_LIMIT)
    said = payload_form(signed.payload, "keyset")
    signed.require_typ(typ_of("keyset"))
    body = said["body"]
    rows = [
        Row(register(row["jwk"], row["use"]), *(row[name] for name in ("use", "nbf", "exp", "st", "since")))
        for row in body["keys"]
    ]
    root = root_keys(body["root"])
    keyset = Keyset(
        od=signed.od(typ_of("keyset")),
        **{name: said[name] for name in ("iss", "iat", "exp", "signers")},
        **{name: body[name] for name in ("ver", "prev", "nroot", "custody", "low")},
        root=root,
        fingerprint=fingerprint_of(root),
        rows=rows,
        signed=signed,
    )
    need(said["exp"] - said["iat"] <= NINETY_DAYS, "keyset-does-not-follow")
    need(all(row.exp - row.nbf <= FIVE_YEARS for row in rows), "keyset-does-not-follow")
    need(all(row.since is None or row.since <= keyset.iat for row in rows), "keyset-does-not-follow")
    kids = [row.key.kid for row in rows]
    need(len(set(kids)) == len(kids), "key-refused")
    need(not {key.kid for key in root} & set(kids), "key-refused")
    return keyset


def follow(keyset: Keyset, before: Keyset | None, pinned: str) -> str:
    """Check that the keyset follows `before`, as an exchange does; return the succession: same, changed or recovered."""
    if before is None:
        need(keyset.fingerprint == pinned, "keyset-not-of-the-pinned-root")
        need(keyset.ver == 1, "keyset-does-not-follow")
        _signed_by(keyset, keyset.root)
        return "same"
    need(keyset.iss == before.iss, "issuer-differs")
    succession = _succession(keyset, before)
    _check_rows(keyset, before)
    return succession


def _succession(keyset: Keyset, before: Keyset) -> str:
    word = "keyset-does-not-follow"
    same = keyset.fingerprint == before.fingerprint
    need(same or keyset.fingerprint == before.nroot, "keyset-not-of-the-pinned-root")
    need(keyset.ver == before.ver + 1 and keyset.prev == before.od and keyset.iat >= before.iat, word)
    if same:
        need(keyset.nroot == before.nroot, word)
        _signed_by(keyset, before.root)
        return "same"
    changed = len(keyset.signers) == 4
    _signed_by(keyset, before.root + keyset.root if changed else keyset.root)
    return "changed" if changed else "recovered"


def _signed_by(keyset: Keyset, keys: list[PublicKey]) -> None:
    need(keyset.signers == [key.kid for key in keys], "signers-differ")
    jws.verify(keyset.signed, keys)


def _check_rows(keyset: Keyset, before: Keyset) -> None:
    word = "keyset-does-not-follow"
    need(not {key.kid for key in before.root} & {row.key.kid for row in keyset.rows}, "key-refused")
    for old in before.rows:
        new = keyset.row(old.key.kid)
        if new is None:
            raise Refused(word)
        need((new.use, new.nbf) == (old.use, old.nbf), word)
        need(new.exp == old.exp or new.exp >= keyset.iat, word)
        if old.since is not None:
            need(new.since is not None and new.since <= old.since, word)


NO_LEAF, FIRST = 2**53, -1
"""The index of an object that is not logged yet, and of a keyset or revocation whose leaf is not known (3.5)."""


@dataclass
class Held:
    """An accepted keyset, its log time and its succession."""

    keyset: Keyset
    log_time: int
    succession: str
    leaf: int | None = None


@dataclass
class Agency:
    """A verifier's knowledge of an agency: accepted keysets and logged revokes."""

    pinned: str
    held: list[Held] = field(default_factory=list)
    revokes: list[tuple[str, int, int]] = field(default_factory=list)

    def accept(self, text: str, log_time: int, leaf: int | None = None) -> Held:
        """Accept a keyset as an exchange does: it must follow the one in force at its log time."""
        keyset = read_keyset(text)
        before = self.in_force(log_time, NO_LEAF if leaf is None else leaf)
        waiting = [item for item in self.held if self._waits(item, log_time)]
        succession = follow(keyset, before, self.pinned)
        need(not (succession == "recovered" and waiting), "keyset-does-not-follow")
        self.held.append(Held(keyset, log_time, succession, leaf))
        return self.held[-1]

    def _waits(self, item: Held, now: int) -> bool:
        start = self.starts(item)
        return item.succession == "recovered" and start is not None and start > now

    def starts(self, item: Held) -> int | None:
        """The moment from which a keyset is in force; None if it never is."""
        siblings = [
            other for other in self.held if other is not item and other.keyset.prev == item.keyset.prev
        ]
        start = item.log_time
        if item.succession == "recovered":
            start += WAIT
            if any(other.succession != "recovered" and other.log_time < start for other in siblings):
                return None
            if any(other.succession == "recovered" and other.log_time <= item.log_time for other in siblings):
                return None
        else:
            ends = [other.log_time + WAIT for other in siblings if other.succession == "recovered"]
            if any(item.log_time >= end for end in ends):
                return None
        older = [other for other in self.held if other.keyset.ver < item.keyset.ver]
        before = [other for other in older if other.keyset.od == item.keyset.prev]
        if not older:
            return start
        begun = [self.starts(other) for other in (before or older)]
        known = [moment for moment in begun if moment is not None]
        return max(start, min(known)) if known else None

    def spans(self) -> list[tuple[int, Keyset]]:
        """Pairs (moment, keyset) of all keysets that ever come into force, by moment."""
        pairs = [(self.starts(item), item.keyset) for item in self.held]
        return sorted(
            ((moment, one) for moment, one in pairs if moment is not None), key=lambda pair: pair[0]
        )

    def in_force(self, moment: int, leaf: int = NO_LEAF) -> Keyset | None:
        """The keyset in force at a moment; within the second in which one was logged, for an object of this leaf."""
        pairs = [(self.starts(item), item) for item in self.held]
        begun = [
            item.keyset
            for start, item in pairs
            if start is not None and (start, _first_leaf(item, start)) <= (moment, leaf)
        ]
        return max(begun, key=lambda keyset: keyset.ver, default=None)

    def roots_within(self, start: int, end: int) -> list[list[PublicKey]]:
        """The roots in force at any moment from `start` to `end`."""
        moments = [start, *(moment for moment, _ in self.spans() if start < moment <= end), end]
        found = [self.in_force(moment) for moment in moments]
        return [keyset.root for keyset in found if keyset is not None]

    def revocations(self, kid: str) -> list[tuple[int, int]]:
        """Pairs (since, moment) of each object that revokes a kid."""
        words = [(since, moment) for named, since, moment in self.revokes if named == kid]
        for moment, keyset in self.spans():
            row = keyset.row(kid)
            if row is not None and row.since is not None:
                words.append((row.since, moment))
        return words


def _first_leaf(item: Held, start: int) -> int:
    """The leaf from which a keyset counts within the second of its start; a wait ends for the whole second (3.5)."""
    logged_then = item.succession != "recovered" and start == item.log_time
    return item.leaf if item.leaf is not None and logged_then else FIRST


def judge_key(
    row: Row | None, moment: int, revocations: Sequence[tuple[int, ...]], leaf: int = NO_LEAF
) -> Any:
    """Apply the key rule to one signature: "valid", or since and R if it is repudiated."""
    if row is None:
        raise Refused("key-unknown")
    need(row.use == "sign", "key-of-other-use")
    need(row.nbf <= moment < row.exp, "key-not-valid-then")
    if not revocations:
        return "valid"
    since = min(word[0] for word in revocations)
    revoked_at, first = min((word[1], word[2] if len(word) > 2 else FIRST) for word in revocations)
    need((moment, leaf) < (revoked_at, first), "key-revoked")
    if moment < since:
        return "valid"
    return {"repudiated": {"since": since, "revoked_at": revoked_at}}


def check_revoke(agency: Agency, text: str, log_time: int, iss: str) -> dict[str, Any]:
    """Check a revoke at its log time, as a reader does (3.4); return its body."""
    signed = jws.text_submitted(text, jws.STATEMENT_LIMIT)
    said = payload_form(signed.payload, "revoke")
    signed.require_typ(typ_of("revoke"))
    need(said["iss"] == iss, "issuer-differs")
    keyset = agency.in_force(log_time)
    if keyset is None:
        raise Refused("keyset-unknown")
    roots = [keyset.root, *agency.roots_within(log_time - DAY, log_time)]
    chosen = next((root for root in roots if [key.kid for key in root] == said["signers"]), None)
    if chosen is None:
        raise Refused("signers-differ")
    jws.verify(signed, chosen)
    need(keyset.row(said["body"]["kid"]) is not None, "key-unknown")
    return dict(said["body"])


def newest_key(agency: Agency, suite: str, now: int, blocked: set[str]) -> PublicKey | None:
    """The key to which an entry of a suite must be sealed (3.3), or None."""
    keyset = agency.in_force(now)
    if keyset is None or (keyset.low == "PQ1" and suite == "EC1"):
        return None
    best: Row | None = None
    for row in keyset.rows:
        fits = row.use == "enc" and suite in row.key.suites and row.st == "current"
        revoked = any(moment <= now for _, moment in agency.revocations(row.key.kid))
        if fits and not revoked and row.nbf <= now < row.exp and (best is None or row.nbf >= best.nbf):
            best = row
    return None if best is None or best.key.kid in blocked else best.key
