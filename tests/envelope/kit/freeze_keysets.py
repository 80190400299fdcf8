# SPDX-License-Identifier: Apache-2.0
"""keysets.json: chains of keysets, good and bad, and revocations of keys."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from accord.envelope.encoding import object_digest
from accord.envelope.keys import PQ1
from accord.envelope.keysets import KeyRow, build_keyset_body
from accord.envelope.private import SignerSet
from accord.envelope.statements.form import make_statement
from tests.envelope.kit import formulas
from tests.envelope.kit.building import Body, bad, document, flipped, good
from tests.envelope.kit.make_payloads import digest
from tests.envelope.kit.seeds import ALPHA, BRAVO, decryption_key, octets, root, signing_key
from tests.envelope.tampering import read, write
from tests.envelope.world import DAY, NOW, uuid7

HOUR = 3600
OLD, NEXT, AFTER, OTHER = root(ALPHA), root(f"{ALPHA} next"), root("alpha after"), root("mallory")
SIGN = KeyRow(signing_key("Ed25519", ALPHA).public, NOW - 10 * DAY, NOW + 300 * DAY)
OPEN = KeyRow(decryption_key("X25519", ALPHA).public, NOW - 10 * DAY, NOW + 300 * DAY)
FRESH = KeyRow(signing_key("Ed25519", "alpha 2").public, NOW, NOW + 300 * DAY)
ROWS = [SIGN, OPEN]


def ended(row: KeyRow, **changes: Any) -> KeyRow:
    """Change members of a keyset's row."""
    return replace(row, **changes)


REVOKED = ended(SIGN, st="revoked", since=NOW - 100)


def keyset(version: int, prev: str | None, **changes: Any) -> str:
    """Sign a keyset of alpha by its root, with changes to body and terms."""
    body: dict[str, Any] = {
        "version": version, "prev": prev, "root": OLD.public, "nroot": NEXT.fingerprint, "custody": "agency",
        "low": "EC1", "rows": ROWS,
    }  # fmt: skip
    body |= {name: changes.pop(name) for name in body if name in changes}
    usual: dict[str, Any] = {
        "iss": ALPHA, "signer": OLD.signer, "suite": PQ1, "id": uuid7(version), "iat": NOW + version,
        "exp": NOW + 60 * DAY, "nonce": octets(f"keyset {version}", 16), "body": build_keyset_body(**body),
    }  # fmt: skip
    return make_statement("keyset", **(usual | changes)).decode()


def od(jws: str) -> str:
    return object_digest("accord-keyset+jws", formulas.unb64u(read(jws.encode())["payload"]))


@dataclass
class Pool:
    """The keysets of a file, by name."""

    jws: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, version: int, after: str | None = None, **changes: Any) -> str:
        """Make a keyset that follows `after`; return its name."""
        self.jws[name] = keyset(version, None if after is None else od(self.jws[after]), **changes)
        return name


def _pool() -> Pool:
    pool = Pool()
    pool.add("first", 1)
    pool.add("second", 2, "first", rows=[*ROWS, FRESH])
    pool.add("another second", 2, "first", iat=NOW + 3)
    pool.add("third", 3, "second", rows=[*ROWS, FRESH])
    pool.add("revoking", 2, "first", rows=[REVOKED, OPEN, FRESH])
    pool.add(
        "changed root", 2, "first", root=NEXT.public, nroot=AFTER.fingerprint, signer=OLD.change_signer(NEXT)
    )
    pool.add(
        "recovered",
        2,
        "first",
        root=NEXT.public,
        nroot=AFTER.fingerprint,
        signer=NEXT.signer,
        rows=[REVOKED, OPEN],
    )
    pool.add(
        "after the recovery",
        3,
        "recovered",
        root=NEXT.public,
        nroot=AFTER.fingerprint,
        signer=NEXT.signer,
        rows=[REVOKED, OPEN, FRESH],
    )
    return pool


_WRONG: dict[str, tuple[str, int, dict[str, Any]]] = {
    "a key dropped": ("keyset-does-not-follow", 2, {"rows": [SIGN]}),
    "an end moved before iat": ("keyset-does-not-follow", 2, {"rows": [ended(SIGN, exp=NOW), OPEN]}),
    "another nroot under the same root": ("keyset-does-not-follow", 2, {"nroot": OTHER.fingerprint}),
    "a version left out": ("keyset-does-not-follow", 3, {}),
    "a root that nobody announced": (
        "keyset-not-of-the-pinned-root", 2,
        {"root": OTHER.public, "signer": SignerSet([*OLD._keys, *OTHER._keys])},
    ),
    "signed by another root": ("signers-differ", 2, {"signer": OTHER.signer}),
    "a key of the root in a row": (
        "key-refused", 2, {"rows": [*ROWS, KeyRow(OLD.public[0], NOW, NOW + DAY)]},
    ),
    "valid for over 90 days": ("keyset-does-not-follow", 2, {"exp": NOW + 2 + 90 * DAY + 1}),
    "a since after iat": (
        "keyset-does-not-follow", 2, {"rows": [ended(SIGN, st="revoked", since=NOW + 3), OPEN]},
    ),
}  # fmt: skip


def keysets() -> Body:
    pool = _pool()
    cases = [*_good_chains(), *_bad_chains(pool)]
    for name, (word, version, changes) in _WRONG.items():
        pool.add(name, version, "first", **changes)
        cases.append(_no(name, word, ("first", NOW), (name, NOW + HOUR)))
    pool.add("since loosened", 3, "revoking", rows=[ended(REVOKED, since=NOW - 99), OPEN, FRESH])
    name = "since loosened"
    cases.append(_no(name, "keyset-does-not-follow", ("first", NOW), ("revoking", NOW + 1), (name, NOW + 2)))
    cases += _revokes(pool)
    return document(
        "Keysets of xa-alpha in the order in which they were logged (`chain` names those of `keysets`), and words that revoke a key.",
        cases,
        pinned=OLD.fingerprint,
        now=NOW + 2 * DAY,
        keysets=pool.jws,
    )


def keysets_bounds() -> Body:
    begins, five_years = SIGN.nbf, 1827 * DAY
    pool = Pool()
    pool.add("five years", 1, rows=[ended(SIGN, exp=begins + five_years), OPEN])
    pool.add("a second more", 1, rows=[ended(SIGN, exp=begins + five_years + 1), OPEN])
    pool.add("first", 1)
    pool.add("a second more, moved later", 2, "first", rows=[ended(SIGN, exp=begins + five_years + 1), OPEN])
    cases = [
        _ok("a key of five years", ("five years", NOW)),
        _no("a key of five years and a second", "keyset-does-not-follow", ("a second more", NOW)),
        _no(
            "a key whose end moves beyond five years",
            "keyset-does-not-follow",
            ("first", NOW),
            ("a second more, moved later", NOW + HOUR),
        ),
    ]
    return document(
        "How long a key may be valid: keysets of xa-alpha, as in keysets.json.",
        cases,
        pinned=OLD.fingerprint,
        now=NOW + 2 * DAY,
        keysets=pool.jws,
    )


def keysets_leaves() -> Body:
    pool = Pool()
    pool.add("first", 1)
    pool.add("second", 2, "first", rows=[*ROWS, FRESH])
    at = NOW + HOUR
    chain = [
        {"keyset": "first", "log_time": NOW, "index": 2},
        {"keyset": "second", "log_time": at, "index": 5},
    ]
    asked: list[tuple[str, dict[str, int], int]] = [
        ("the same second: a leaf before", {"now": at, "index": 4}, 1),
        ("the same second: a leaf after", {"now": at, "index": 6}, 2),
        ("the same second: no leaf is known", {"now": at}, 2),
        ("a second before: a higher index, which no log has", {"now": at - 1, "index": 6}, 1),
        ("a second later: a lower index, which no log has", {"now": at + 1, "index": 4}, 2),
    ]
    cases = [
        good(name, "keyset", {"in_force": version}, chain=chain, **more) for name, more, version in asked
    ]
    return document(
        "Which keyset is in force for an object at log time `now` and leaf `index`; keysets of xa-alpha, as in keysets.json, each with its own leaf.",
        cases,
        pinned=OLD.fingerprint,
        keysets=pool.jws,
    )


def _chain(links: tuple[tuple[str, int], ...]) -> list[dict[str, Any]]:
    return [{"keyset": name, "log_time": log_time} for name, log_time in links]


def _ok(name: str, *links: tuple[str, int], **more: Any) -> Body:
    return good(name, "keyset", None, chain=_chain(links), **more)


def _no(name: str, word: str, *links: tuple[str, int], **more: Any) -> Body:
    return bad(name, "keyset", word, "keyset", chain=_chain(links), **more)


def _good_chains() -> list[Body]:
    first, recovered = ("first", NOW), ("recovered", NOW + HOUR)
    over = NOW + HOUR + 72 * HOUR
    return [
        _ok("a first keyset", first),
        _ok("three in a row", first, ("second", NOW + HOUR), ("third", NOW + 2 * HOUR)),
        _ok("asked before the second is logged", first, ("second", NOW + HOUR), now=NOW + HOUR - 1),
        _ok("a key revoked by a keyset", first, ("revoking", NOW + HOUR)),
        _ok("a root change", first, ("changed root", NOW + HOUR)),
        _ok("a recovery waits", first, recovered, now=over - 1),
        _ok("a recovery after 72 hours", first, recovered, now=over),
        _ok(
            "a recovery, cancelled in the last second", first, recovered, ("second", over - 1), now=over + DAY
        ),
        _ok("followed when its time has come", first, recovered, ("after the recovery", over), now=over),
    ]


def _bad_chains(pool: Pool) -> list[Body]:
    first, second = ("first", NOW), ("second", NOW + HOUR)
    stripped = read(pool.jws["second"].encode())
    stripped["signatures"].pop()
    pool.jws["second, one signature"] = write(stripped).decode()
    over = NOW + HOUR + 72 * HOUR
    return [
        _no("another root than the pinned one", "keyset-not-of-the-pinned-root", first, pinned=OTHER.fingerprint),
        _no("a second one first", "keyset-does-not-follow", ("second", NOW)),
        _no("rolled back", "keyset-does-not-follow", first, second, ("first", NOW + 2 * HOUR)),
        _no("forked", "keyset-does-not-follow", first, second, ("another second", NOW + 2 * HOUR)),
        _no("one signature alone", "signers-differ", first, ("second, one signature", NOW + HOUR)),
        _no("a recovery hurried by another", "keyset-does-not-follow", first, ("recovered", NOW + HOUR), ("after the recovery", NOW + 2 * HOUR)),
        _no("the old root after 72 hours", "keyset-not-of-the-pinned-root", first, ("recovered", NOW + HOUR), ("second", over)),
    ]  # fmt: skip


def _revokes(pool: Pool) -> list[Body]:
    """Logged revocations of a key of alpha, judged by the keysets of its chain."""
    word, by_new = _revoke(), _revoke(signer=NEXT.signer)
    one = _chain((("first", NOW),))
    both = _chain((("first", NOW), ("changed root", NOW + HOUR)))
    body = {"kid": SIGN.kid, "since": NOW - 50, "code": "stolen"}
    cases = [
        good("by the root", "revoke", body, chain=one, revoke=word, log_time=NOW + 60),
        good(
            "by the old root before its change",
            "revoke",
            body,
            chain=both,
            revoke=word,
            log_time=NOW + HOUR - 1,
        ),
        good(
            "by the old root within a day of it",
            "revoke",
            body,
            chain=both,
            revoke=word,
            log_time=NOW + HOUR + DAY - 1,
        ),
        good("by the new root", "revoke", body, chain=both, revoke=by_new, log_time=NOW + 2 * HOUR),
    ]
    refused: dict[str, tuple[str, list[Any], str, int]] = {
        "by the old root a day after its change": ("signers-differ", both, word, NOW + HOUR + DAY),
        "by the new root before its time": ("signers-differ", both, by_new, NOW + 1),
        "by an operational key": ("malformed", one, _by_key(), NOW + 60),
        "of a key that is in no row": (
            "key-unknown",
            one,
            _revoke(body=body | {"kid": digest("kid")}),
            NOW + 60,
        ),
        "of another agency": ("issuer-differs", one, _revoke(iss=BRAVO), NOW + 60),
        "before there is a keyset": ("keyset-unknown", one, word, NOW - 1),
        "a changed signature": ("bad-signature", one, _changed(word), NOW + 60),
        "a keyset in its place": ("wrong-typ", one, pool.jws["first"], NOW + 60),
    }
    cases += [
        bad(name, "revoke", item[0], "revoke", chain=item[1], revoke=item[2], log_time=item[3])
        for name, item in refused.items()
    ]
    return [case | {"name": f"revoke: {case['name']}"} for case in cases]


def _revoke(**changes: Any) -> str:
    usual: dict[str, Any] = {
        "iss": ALPHA, "signer": OLD.signer, "suite": PQ1, "id": uuid7(9), "iat": NOW,
        "nonce": octets("revoke", 16), "body": {"kid": SIGN.kid, "since": NOW - 50, "code": "stolen"},
    }  # fmt: skip
    return make_statement("revoke", **(usual | changes)).decode()


def _by_key() -> str:
    """A revoke with one EC1 signature of an operational key; keyset and revoke must be PQ1."""
    signer = SignerSet([signing_key("Ed25519", ALPHA)])
    value = read(formulas.unb64u(read(_revoke().encode())["payload"]))
    payload = formulas.compact(value | {"suite": "EC1", "signers": [SIGN.kid]}).encode()
    return signer.sign_jws("accord-revoke+jws", payload).decode()


def _changed(jws: str) -> str:
    value = read(jws.encode())
    value["signatures"][1]["signature"] = flipped(value["signatures"][1]["signature"], 7)
    return write(value).decode()
