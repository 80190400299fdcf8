# SPDX-License-Identifier: Apache-2.0
"""The files *_further.json: rules without a case in the first files, each broken alone."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

from accord.envelope.encoding import b64u
from accord.envelope.jwe import leaf_hashes, read_entries, recipients_root
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import KeyRow
from accord.envelope.private import SignerSet
from accord.envelope.statements.form import SubjectRef, make_statement, parse_statement
from tests.envelope.kit.building import Body, bad, document, flipped, good
from tests.envelope.kit.freeze_keysets import AFTER, HOUR, NEXT, OLD, OPEN, OTHER, ROWS, SIGN, Pool, keyset
from tests.envelope.kit.freeze_releases import Made, Onward
from tests.envelope.kit.freeze_statements import facts_of, say
from tests.envelope.kit.make_payloads import OTHER_ID
from tests.envelope.kit.scene import kit_agency, unsigned_agency
from tests.envelope.kit.seeds import (
    ALPHA,
    BRAVO,
    CHARLIE,
    DELTA,
    FOXTROT,
    GOLF,
    SPARE,
    decryption_key,
    ledger_key,
    octets,
    signing_key,
)
from tests.envelope.tampering import read, write
from tests.envelope.world import DAY, NOW, MemoryLedger, uuid7

# One P-256 key that may be registered for either use.
EITHER = KeyRow(decryption_key("P-256", ALPHA).public, NOW - 10 * DAY, NOW + 300 * DAY)
AS_SIGNING = KeyRow(signing_key("ES256", ALPHA).public, EITHER.nbf, EITHER.exp)
CHANGE: dict[str, Any] = {
    "root": NEXT.public, "nroot": AFTER.fingerprint, "signer": OLD.change_signer(NEXT),
}  # fmt: skip
RECOVERY: dict[str, Any] = CHANGE | {"signer": NEXT.signer}


def forged(jws: str, index: int) -> str:
    """Change one bit of one signature."""
    value = read(jws.encode())
    signature = value["signatures"][index]
    signature["signature"] = flipped(signature["signature"], 7)
    return write(value).decode()


def signed_otherwise(jws: str, signer: Any) -> str:
    """Sign the payload by other keys and leave its `signers` as they are."""
    statement = parse_statement(jws.encode())
    return str(signer.sign_jws(statement.statement.typ, statement.jws.payload).decode())


def keysets_further() -> Body:
    pool = _pool()
    first = {"keyset": "first", "log_time": NOW}
    bare = {"keyset": "first with one key", "log_time": NOW}

    def no(name: str, word: str, after: Body | None = first) -> Body:
        chain = ([after] if after else []) + [{"keyset": name, "log_time": NOW + HOUR}]
        return bad(name, "keyset", word, "keyset", chain=chain)

    waiting = [first, {"keyset": "recovered", "log_time": NOW + HOUR}]
    cancelled = [*waiting, {"keyset": "changed root", "log_time": NOW + 2 * HOUR}]
    cases = [
        good("a recovery, cancelled by a root change", "keyset", None, chain=cancelled),
        no("first, its signature forged", "bad-signature", None),
        no("first, signers name the root alone", "signers-differ", None),
        no("changed root, the old Ed25519 forged", "bad-signature"),
        no("changed root, the old ML-DSA-65 forged", "bad-signature"),
        no("changed root, a new signature forged", "bad-signature"),
        no("recovered, its signature forged", "bad-signature"),
        no("a changed use", "keyset-does-not-follow", bare),
        no("a changed nbf", "keyset-does-not-follow", bare),
        no("a key of the root before in a row", "key-refused"),
        no("a kid in two rows", "key-refused"),
        no("of another agency", "issuer-differs"),
    ]
    about = "Chains of keysets that break one rule each which keysets.json leaves out."
    return document(about, cases, pinned=OLD.fingerprint, now=NOW + 4 * DAY, keysets=pool.jws)


def _pool() -> Pool:
    pool = Pool()
    pool.add("first", 1)
    pool.add("changed root", 2, "first", **CHANGE)
    pool.add("recovered", 2, "first", **RECOVERY)
    changed, recovered = pool.jws["changed root"], pool.jws["recovered"]
    pool.jws |= {
        "first, its signature forged": forged(pool.jws["first"], 1),
        "first, signers name the root alone": signed_otherwise(pool.jws["first"], OTHER.signer),
        "changed root, the old Ed25519 forged": forged(changed, 0),
        "changed root, the old ML-DSA-65 forged": forged(changed, 1),
        "changed root, a new signature forged": forged(changed, 3),
        "recovered, its signature forged": forged(recovered, 1),
    }
    pool.jws["first with one key"] = keyset(1, None, rows=[EITHER])
    pool.add("a changed use", 2, "first with one key", rows=[_same_key_to_sign()])
    pool.add("a changed nbf", 2, "first with one key", rows=[replace(EITHER, nbf=EITHER.nbf + 1)])
    of_root = KeyRow(OLD.public[0], NOW, NOW + DAY)
    pool.add("a key of the root before in a row", 2, "first", **CHANGE, rows=[*ROWS, of_root])
    pool.add("a kid in two rows", 2, "first", rows=[SIGN, OPEN, replace(OPEN, nbf=OPEN.nbf + 1)])
    pool.add("of another agency", 2, "first", iss=BRAVO)
    return pool


def _same_key_to_sign() -> KeyRow:
    return replace(EITHER, key=type(EITHER.key)(EITHER.key.jwk, "sign"))


@cache
def two_keyed() -> Any:
    """Alpha with a second Ed25519 key."""
    agency = unsigned_agency(ALPHA)
    spare = signing_key("Ed25519", "alpha spare")
    agency.rows.append(KeyRow(spare.public, NOW - 10 * DAY, NOW + 365 * DAY))
    return agency.publish(), spare


def statements_further() -> Body:
    agency, _ = two_keyed()
    golf = kit_agency(GOLF)
    agencies = {
        one.id: {
            "root": one.root.fingerprint, "keyset": one.keyset_jws.decode(), "keyset_logged_at": NOW - DAY,
        }
        for one in (agency, golf)
    }  # fmt: skip
    about = "Statements that break one rule each which statements.json leaves out; its agencies are its own."
    cases = [*_two_keys(), *_other_signers(), *_own_doors(), *_two_words()]
    return document(about, cases, now=NOW, agencies=agencies)


def _alphas(suite: str, *keys: Any) -> str:
    return say("retract", ALPHA, suite, SignerSet(keys))


def _no(name: str, word: str, said: str, **more: Any) -> Body:
    return bad(name, "statement", word, "statement", statement=said, **({"log_time": NOW} | more))


def _two_keys() -> list[Body]:
    agency, spare = two_keyed()
    classical, lattice = agency.signing[PQ1]._keys
    both = _alphas(PQ1, classical, spare)
    ec1 = _alphas(EC1, spare)
    return [
        _no("PQ1 by two Ed25519 keys", "suites-mixed", both),
        _no("intake: PQ1 by two Ed25519 keys", "suites-mixed", both, caller=ALPHA),
        _no("PQ1 by an Ed25519 key alone", "suites-mixed", _alphas(PQ1, classical)),
        _no("PQ1 by three keys", "suites-mixed", _alphas(PQ1, classical, lattice, spare)),
        _no("EC1 by two keys", "suites-mixed", _alphas(EC1, classical, spare)),
        _no("intake: EC1 by an agency with PQ1 keys", "suites-mixed", ec1, caller=ALPHA),
    ]


def _other_signers() -> list[Body]:
    agency, spare = two_keyed()
    classical, lattice = agency.signing[PQ1]._keys
    by_golf = signed_otherwise(say("retract"), kit_agency(GOLF).signing[SPARE])
    by_alpha = signed_otherwise(_alphas(PQ1, classical, lattice), SignerSet([spare, lattice]))
    return [
        _no("EC1: signers name another key of the issuer", "signers-differ", by_golf),
        _no("PQ1: signers name another key of the issuer", "signers-differ", by_alpha),
        _no("intake: signers name another key of the issuer", "signers-differ", by_golf, caller=GOLF),
        _no("intake: a good first signature, a forged second", "bad-signature",
            forged(_alphas(PQ1, classical, lattice), 1), caller=ALPHA),
    ]  # fmt: skip


def _own_doors() -> list[Body]:
    agency, _ = two_keyed()
    signer = agency.signing[PQ1]
    terms: dict[str, Any] = {
        "iss": ALPHA,
        "suite": PQ1,
        "id": OTHER_ID,
        "iat": NOW,
        "nonce": octets("door", 16),
    }
    body = {"kid": signer.signers[0].kid, "since": NOW - 1, "code": "stolen"}
    revoke = make_statement("revoke", signer=agency.root.signer, body=body, **terms)
    pop = make_statement("pop", signer=signer, body={"chal": b64u(octets("challenge")), "enc": []}, **terms)
    doors = {"a keyset": agency.keyset_jws, "a revoke": revoke, "a pop": pop}
    return [
        _no(f"{name}, which has a door of its own", "wrong-typ", jws.decode()) for name, jws in doors.items()
    ]


def _two_words() -> list[Body]:
    agency, _ = two_keyed()
    said = _alphas(PQ1, *agency.signing[PQ1]._keys)
    one, two = (key.kid for key in agency.signing[PQ1].signers)

    def words(first: tuple[int, int], second: tuple[int, int]) -> list[dict[str, Any]]:
        pairs = ((one, first), (two, second))
        return [
            {"agency": ALPHA, "kid": kid, "since": NOW + since, "log_time": NOW + logged}
            for kid, (since, logged) in pairs
        ]

    facts = facts_of("retract", manifest_iss=ALPHA, iss=ALPHA)
    given: dict[str, Any] = {"statement": said, "log_time": NOW, "subject": facts}
    return [
        good("two repudiated signatures", "statement", None, **given, revocations=words((-5, 50), (-20, 5))),
        good("one repudiated, one revoked from later on", "statement", None, **given,
             revocations=words((-5, 50), (1, 5))),
        _no("one repudiated, one refused", "key-revoked", said, revocations=words((-5, 50), (-20, 0))),
    ]  # fmt: skip


@cache
def scene() -> Onward:
    """One envelope for all cases in EC1."""
    return Onward()


def _closed(name: str, word: str, given: dict[str, Any], stage: str = "verifying") -> Body:
    return bad(name, "open", word, stage, **given)


def _refused(name: str, word: str, given: dict[str, Any]) -> Body:
    return bad(f"intake: {name}", "release", word, "release", **given)


def releases_further() -> Body:
    about = "Releases that break one rule each which releases.json leaves out; what releasers say of their own later."
    return document(about, [*_chains(), *_rr(), *_doors(), *_standings(), *_forks()], now=NOW)


def _chains() -> list[Body]:
    both = scene()
    one, wide = both.release(BRAVO, [DELTA]), both.release(BRAVO, [DELTA, FOXTROT])
    rekey: dict[str, Any] = {"code": "rekey", "rel": "recipients"}
    again = both.release(ALPHA, [CHARLIE], **rekey)
    chains: dict[str, list[Made]] = {
        "to its own issuer": [both.release(BRAVO, [BRAVO, DELTA])],
        "to the originator": [both.release(BRAVO, [ALPHA, DELTA])],
        "an agency in two aud": [wide, both.release(DELTA, [FOXTROT, GOLF], [wide])],
        "below a rekey": [again, both.release(CHARLIE, [DELTA], [again])],
        "a rekey longer than the release before": [one, both.release(ALPHA, [DELTA], exp=NOW + 11 * DAY, **rekey)],
    }  # fmt: skip
    cases = []
    for name, via in chains.items():
        cases.append(_closed(name, "release-refused", both.reading(via[-1].entries.aud[-1], via)))
        cases.append(_refused(name, "release-refused", both.taking(via[-1], via[:-1])))
    hybrid = Onward(PQ1)
    mixed = hybrid.release(BRAVO, [DELTA], suite=EC1, signer=kit_agency(BRAVO).signing[EC1])
    cases.append(_closed("PQ1: a release in EC1", "suites-mixed", hybrid.reading(DELTA, [mixed])))
    cases.append(_refused("PQ1: a release in EC1", "suites-mixed", hybrid.taking(mixed)))
    return cases


def _rr() -> list[Body]:
    both = scene()
    unnamed = both.release(BRAVO, [DELTA, FOXTROT], aud=[DELTA, GOLF])
    made = both.release(BRAVO, [FOXTROT])
    (entry,) = read_entries(json.loads(made.entries.entries), EC1)
    rr = recipients_root(leaf_hashes([DELTA], [entry.text]))
    claimed = both.release(BRAVO, [FOXTROT], aud=[DELTA], rr=rr)
    swapped = both.taking(claimed) | {"entries": made.entries.entries.decode()}
    return [
        _closed("rr over an agency that aud does not name", "not-in-the-audience",
                both.reading(FOXTROT, [unnamed]), "opening"),
        _refused("rr over an agency that aud does not name", "recipients-differ", both.taking(unnamed)),
        _refused("an entry for another agency's key, rr fits", "recipients-differ", swapped),
    ]  # fmt: skip


def _doors() -> list[Body]:
    both = scene()
    one = both.release(BRAVO, [DELTA])
    two = both.release(DELTA, [FOXTROT], [one])
    three = both.release(FOXTROT, [GOLF], [one, two])
    fourth = both.release(ALPHA, [GOLF], code="rekey", rel="none", exp=NOW + DAY)
    retract = say("retract", BRAVO, PQ1, sub=SubjectRef("manifest", OTHER_ID, both.carried.md))
    return [
        _refused("a rekey after three releases", "release-refused", both.taking(fourth, [one, two, three])),
        _refused("another statement in its place", "wrong-typ", both.taking(one) | {"release": retract}),
    ]


def _standings() -> list[Body]:
    both = scene()
    one = both.release(BRAVO, [GOLF])
    two = both.release(GOLF, [DELTA], [one])
    golf = kit_agency(GOLF)
    signing, spare = (golf.signing[suite].signers[0].kid for suite in (EC1, SPARE))
    word = {"agency": GOLF, "kid": signing, "since": NOW - 100, "log_time": NOW + 100}
    later = {"agency": GOLF, "kid": spare, "since": NOW + 150, "log_time": NOW + 300}
    alphas = {
        "agency": ALPHA, "kid": kit_agency(ALPHA).signing[EC1].signers[0].kid, "since": NOW - 50, "log_time": NOW + 60,
    }  # fmt: skip
    said = {"statement": _reaffirm(two), "log_time": NOW + 200}
    given = both.reading(DELTA, [one, two])
    cases = {
        "a release repudiated": {"revocations": [word]},
        "a release reaffirmed": {"revocations": [word], "reaffirms": [said]},
        "a release reaffirmed in the second of R": {
            "revocations": [word], "reaffirms": [said | {"log_time": NOW + 100}],
        },
        "a release whose reaffirm is repudiated": {"revocations": [word, later], "reaffirms": [said]},
        "a release reaffirmed by another agency": {
            "revocations": [word], "reaffirms": [said | {"statement": _reaffirm(two, BRAVO)}],
        },
        "another release reaffirmed": {"revocations": [word], "reaffirms": [said | {"statement": _reaffirm(one)}]},
        "alert and release both repudiated": {"revocations": [alphas, word]},
        "the alert repudiated, the release reaffirmed": {"revocations": [alphas, word], "reaffirms": [said]},
    }  # fmt: skip
    return [good(name, "open", None, **(given | more)) for name, more in cases.items()]


def _reaffirm(made: Made, by: str = GOLF) -> str:
    suite = EC1 if by == GOLF else PQ1
    signer = kit_agency(by).signing[SPARE if by == GOLF else PQ1]
    subject = parse_statement(made.jws).statement.ref
    jws = make_statement(
        "reaffirm", iss=by, signer=signer, suite=suite, id=uuid7(33), iat=NOW, nonce=octets("stand by", 16), sub=subject,
    )  # fmt: skip
    return jws.decode()


def _forks() -> list[Body]:
    both = scene()
    made = both.release(BRAVO, [DELTA])
    given = both.reading(DELTA, [made])
    one, other, strange = MemoryLedger(), MemoryLedger(), MemoryLedger()
    one.key = other.key = ledger_key()
    strange.key = ledger_key("other.example")
    first = one.log(both.carried.md).as_json()
    logs = [ledger_key().vkey, ledger_key("other.example").vkey]

    def with_receipt(receipt: Any) -> dict[str, Any]:
        value = json.loads(given["slice"]) | {"receipts": [first, receipt.as_json()]}
        return given | {"slice": json.dumps(value, separators=(",", ":"))}

    fork, stranger = with_receipt(other.log(made.od)), with_receipt(strange.log(made.od))
    return [
        _closed("two checkpoints of one size and two roots", "ledger-forked", fork),
        _closed("receipts of two ledgers, both pinned", "ledger-forked", stranger | {"ledger": logs}),
    ]
