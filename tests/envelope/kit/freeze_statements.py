# SPDX-License-Identifier: Apache-2.0
"""statements.json and proofs.json: statements besides alerts, by each party; challenges and their answers."""

from __future__ import annotations

from typing import Any

from accord.envelope.challenges import issue_challenge
from accord.envelope.encoding import b64u
from accord.envelope.keys import EC1, PQ1, PublicKey
from accord.envelope.private import SignerSet
from accord.envelope.statements.form import SubjectRef, make_statement
from tests.envelope.kit import formulas
from tests.envelope.kit.building import Body, bad, document, flipped, good
from tests.envelope.kit.make_bodies import BODIES, OWN, payload_of
from tests.envelope.kit.make_payloads import OTHER_ID, digest
from tests.envelope.kit.scene import kit_agency
from tests.envelope.kit.seeds import (
    ALPHA,
    BRAVO,
    FOXTROT,
    GOLF,
    decryption_key,
    octets,
    private_jwk,
    signing_key,
)
from tests.envelope.tampering import read, write
from tests.envelope.world import DAY, NOW, uuid7

OWN_DOOR = ("keyset", "revoke", "pop")


def say(name: str, agency: str = GOLF, suite: str = EC1, signer: Any = None, **changes: Any) -> str:
    """Sign a statement of make_bodies by an agency."""
    kind, sub, body, more = (BODIES | OWN)[name]
    usual: dict[str, Any] = {
        "iss": agency, "signer": signer or kit_agency(agency).signing[suite], "suite": suite, "id": OTHER_ID,
        "iat": NOW, "nonce": octets(f"say {name}", 16), "sub": SubjectRef(**sub) if sub else None, "body": body,
    }  # fmt: skip
    return make_statement(kind, **(usual | more | changes)).decode()


def facts_of(name: str, **changes: Any) -> dict[str, Any] | None:
    """The facts about the subject of a statement of golf."""
    sub = BODIES[name][1]
    usual = {"iss": GOLF, "manifest_iss": GOLF, "holders": [ALPHA, GOLF], "parties": [ALPHA, GOLF]}
    return None if sub is None else sub | usual | changes


def _ok(name: str, **given: Any) -> Body:
    return good(name, "statement", None, **({"log_time": NOW} | given))


def _no(name: str, word: str, stage: str = "statement", **given: Any) -> Body:
    return bad(name, "statement", word, stage, **({"log_time": NOW} | given))


def statements() -> Body:
    about = (
        "Statements: with `caller` as an exchange takes them at `now`, else as a reader does at `log_time`."
    )
    return document(
        about, [*_every_kind(), *_hybrid(), *_refused(), *_not_entitled(), *_at_intake()], now=NOW
    )


def _agreement(agency: str, **changes: Any) -> dict[str, Any]:
    return BODIES["agreement"][2] | {"parties": sorted([ALPHA, agency])} | changes


def _every_kind() -> list[Body]:
    cases = []
    for name, (kind, _, _, _) in BODIES.items():
        if kind not in OWN_DOOR and kind not in ("agreement", *_SUSPENSIONS):
            cases.append(_ok(name, statement=say(name), subject=facts_of(name)))
    return cases


def _hybrid() -> list[Body]:
    said = say("retract", ALPHA, PQ1)
    facts = facts_of("retract", manifest_iss=ALPHA, iss=ALPHA)
    value = read(said.encode())
    changed, stripped, swapped = (dict(value) for _ in range(3))
    one, two = value["signatures"]
    changed["signatures"] = [one, two | {"signature": flipped(two["signature"], 11)}]
    stripped["signatures"] = [one]
    swapped["signatures"] = [two, one]
    kid = kit_agency(ALPHA).signing[PQ1].signers[1].kid
    word = {"agency": ALPHA, "kid": kid, "since": NOW - 5, "log_time": NOW + 5}
    return [
        _ok("PQ1: retract", statement=said, subject=facts),
        _ok("PQ1: repudiated by the second key", statement=said, subject=facts, revocations=[word]),
        _no("PQ1: a changed second signature", "bad-signature", statement=_text(changed), subject=facts),
        _no("PQ1: the second signature stripped", "signers-differ", statement=_text(stripped), subject=facts),
        _no("PQ1: the two in the other order", "signers-differ", statement=_text(swapped), subject=facts),
        _no("EC1 by an agency with PQ1 keys", "suites-mixed", statement=say("retract", ALPHA), subject=facts),
    ]


def _text(value: Any) -> str:
    return write(value).decode()


def _refused() -> list[Body]:
    said = say("retract")
    value = read(said.encode())
    kid = kit_agency(GOLF).signing[EC1].signers[0].kid
    word = {"agency": GOLF, "kid": kid, "since": NOW - 5, "log_time": NOW}
    signature = value["signatures"][0]
    changed = value | {"signatures": [signature | {"signature": flipped(signature["signature"], 3)}]}
    ack_as_retract = value | {"signatures": read(say("ack opened").encode())["signatures"]}
    by_bravo = say("retract", signer=kit_agency(BRAVO).signing[EC1])
    return [
        _no("a changed signature", "bad-signature", statement=_text(changed)),
        _no("the signature of an ack", "wrong-typ", statement=_text(ack_as_retract)),
        _no("signed by another agency's key", "key-unknown", statement=by_bravo),
        _no("signed by a key of nobody", "key-unknown", statement=say("retract", signer=_nobody())),
        _no("of an agency nobody knows", "keyset-unknown", statement=said, agencies={}),
        _no("logged before there is a keyset", "keyset-unknown", statement=said, log_time=NOW - 2 * DAY),
        _no("logged when its key had ended", "key-not-valid-then", statement=said, log_time=NOW + 365 * DAY),
        _no("logged after the revocation", "key-revoked", statement=said, revocations=[word]),
        _no("a revoke by an operational key", "malformed", statement=_revoke()),
    ]


def _nobody() -> SignerSet:
    return SignerSet([signing_key("ES256", "nobody")])


def _revoke() -> str:
    signer = kit_agency(GOLF).signing[EC1]
    _, payload = payload_of(
        "revoke", changes={"suite": "EC1", "iss": GOLF, "signers": [signer.signers[0].kid]}
    )
    return signer.sign_jws("accord-revoke+jws", payload.encode()).decode()


_SUBJECT_CHANGES = {"k": "ack", "id": uuid7(77), "d": digest("else")}
_STRANGERS: dict[str, dict[str, Any]] = {
    "retract": {"manifest_iss": ALPHA, "iss": ALPHA},
    "answer": {"manifest_iss": ALPHA},
    "reaffirm a manifest": {"manifest_iss": ALPHA, "iss": ALPHA},
    "reaffirm a statement": {"iss": ALPHA},
    "ack opened": {"holders": [ALPHA]},
    "confirm": {"holders": [ALPHA]},
    "ask": {"holders": [ALPHA]},
    "release": {"holders": [ALPHA], "manifest_iss": ALPHA},
    "unrelease": {"iss": ALPHA, "manifest_iss": ALPHA},
    "accept": {"parties": [ALPHA, BRAVO]},
    "leave": {"parties": [ALPHA, BRAVO]},
}


def _not_entitled() -> list[Body]:
    cases = [
        _no(f"{name} by an agency that may not", "issuer-not-entitled", "entitlement",
            statement=say(name), subject=facts_of(name, **changes))
        for name, changes in _STRANGERS.items()
    ]  # fmt: skip
    cases += [
        _no(f"another {member} of the subject", "subject-differs", "entitlement",
            statement=say("retract"), subject=facts_of("retract", **{member: other}))
        for member, other in _SUBJECT_CHANGES.items()
    ]  # fmt: skip
    return cases


def _at_intake() -> list[Body]:
    said = say("retract")
    kid = kit_agency(GOLF).signing[EC1].signers[0].kid
    return [
        _ok("intake: retract", statement=said, caller=GOLF),
        _no("intake: by another caller", "issuer-differs", statement=said, caller=ALPHA),
        _no("intake: too old", "iat-too-old", statement=said, caller=GOLF, now=NOW + DAY + 1),
        _no("intake: in the future", "iat-in-the-future", statement=said, caller=GOLF, now=NOW - 301),
        _no("intake: suspended", "key-suspended", statement=said, caller=GOLF, suspended=[kid]),
        _no("intake: a keyset expired", "keyset-expired", statement=said, caller=GOLF, now=NOW + 89 * DAY),
    ]


def agreements() -> Body:
    """The statement that proposes an agreement."""
    own, outside = say("agreement", body=_agreement(GOLF)), say("agreement", body=_agreement(FOXTROT))
    cases = [
        _ok("agreement", statement=own),
        _ok("an agreement without a text", statement=say("agreement", body=_agreement(GOLF, text=None))),
        _no("an agreement of others", "issuer-not-entitled", "entitlement", statement=outside),
        _ok("intake: agreement", statement=own, caller=GOLF),
        _no("intake: at its end", "expired", statement=own, caller=GOLF, now=NOW + DAY),
    ]
    return document("Agreements as one of their parties proposes them.", cases, now=NOW)


_SUSPENSIONS = ("suspend", "resume")


def suspensions() -> Body:
    """The statements by which an agency suspends lanes with others, and resumes them."""
    cases = [_ok(kind, statement=say(kind)) for kind in _SUSPENSIONS]
    cases += [
        _no(f"{kind} with itself", "issuer-not-entitled", "entitlement",
            statement=say(kind, body=BODIES[kind][2] | {"with": [GOLF]}))
        for kind in _SUSPENSIONS
    ]  # fmt: skip
    return document("Suspensions of lanes, as a reader takes them at `log_time`.", cases, now=NOW)


def apikeys() -> Body:
    said = say("apikey")
    return document(
        "API keys that an agency issues and ends by its own word.",
        [
            _ok("apikey", statement=said, caller=GOLF),
            _ok("apikey that ends one", statement=say("apikey that ends one"), caller=GOLF),
            _no("apikey of another agency", "issuer-differs", statement=said, caller=ALPHA),
        ],
        now=NOW,
    )


def entries() -> Body:
    said, by_bravo = say("entry"), say("entry", signer=kit_agency(BRAVO).signing[EC1])
    return document(
        "How an agency is reached, as it states it itself.",
        [
            _ok("entry", statement=said),
            _ok("intake: entry", statement=said, caller=GOLF),
            _no("entry of another agency", "issuer-differs", statement=said, caller=ALPHA),
            _no("entry signed by another agency's key", "key-unknown", statement=by_bravo),
        ],
        now=NOW,
    )


CHAL = b64u(octets("challenge"))


def proofs() -> Body:
    about = "`challenge`: a one-time challenge, to be opened with `private`; `pop`: what answers it, by the keys `keys`."
    return document(about, [*_challenges(), *_pops()], now=NOW)


def sealed_challenge(alg: str, agency: str = ALPHA) -> dict[str, Any]:
    """A challenge to the coming key of this algorithm, with the private key that opens it."""
    key = decryption_key(alg, "coming")
    made = issue_challenge(
        agency, [key.public], challenge=octets("challenge"), nonces=[octets(f"nonce {alg}")]
    )
    return {"agency": ALPHA, "chal": CHAL, "private": private_jwk(key), "jwe": made.sealed[0]["jwe"]}


def _challenges() -> list[Body]:
    algs = ("X25519", "P-256", "HPKE-9-KE")
    cases = [good(alg, "challenge", b64u(octets(f"nonce {alg}")), **sealed_challenge(alg)) for alg in algs]
    given = sealed_challenge("X25519")
    jwe = given["jwe"]
    envelope = b64u(b'{"cty":"accord-alert+jws","enc":"A256GCM","typ":"accord-alert+jwe"}')
    other = private_jwk(decryption_key("X25519", "other"))
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "for another agency": ("aad-differs", sealed_challenge("X25519", BRAVO)),
        "of another challenge": ("aad-differs", given | {"chal": b64u(octets("other"))}),
        "for another key": ("aad-differs", given | {"private": other}),
        "an envelope in its place": ("malformed", given | {"jwe": jwe | {"protected": envelope}}),
        "with two entries": ("aad-differs", given | {"jwe": jwe | {"recipients": jwe["recipients"] * 2}}),
        "a changed tag": ("content-not-decrypted", given | {"jwe": jwe | {"tag": flipped(jwe["tag"], 2)}}),
        "of another suite": (
            "malformed",
            given | {"private": private_jwk(decryption_key("HPKE-9-KE", "coming"))},
        ),
    }
    return [
        *cases,
        *(bad(name, "challenge", word, "challenge", **item) for name, (word, item) in wrong.items()),
    ]


def _pops() -> list[Body]:
    classical, lattice = signing_key("Ed25519", "coming"), signing_key("ML-DSA-65", "coming")
    enc = [decryption_key(alg, "coming").public for alg in ("X25519", "P-256")]
    nonces = {key.kid: b64u(octets(f"nonce {key.curve}")) for key in enc}
    digests = {kid: _digest(nonce) for kid, nonce in nonces.items()}
    body: dict[str, Any] = {
        "chal": CHAL,
        "enc": [{"kid": kid, "nonce": nonce} for kid, nonce in nonces.items()],
    }

    def pop(*keys: Any, suite: str = EC1, **changes: Any) -> dict[str, Any]:
        usual: dict[str, Any] = {
            "iss": ALPHA, "signer": SignerSet(keys), "suite": suite, "id": OTHER_ID, "iat": NOW,
            "nonce": octets("pop", 16), "body": body,
        }  # fmt: skip
        jws = make_statement("pop", **(usual | changes)).decode()
        public = [_jwk(key.public) for key in keys]
        return {"agency": ALPHA, "keys": public, "chal": CHAL, "nonce_digests": digests, "pop": jws}

    one = pop(classical)
    first, second = body["enc"]
    other = {"kid": first["kid"], "nonce": b64u(octets("other nonce"))}
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "of another agency": ("issuer-differs", one | {"agency": BRAVO}),
        "of another challenge": ("challenge-not-met", one | {"chal": b64u(octets("other"))}),
        "with another nonce": ("challenge-not-met", pop(classical, body=body | {"enc": [other, second]})),
        "with a nonce missing": ("challenge-not-met", pop(classical, body=body | {"enc": [first]})),
        "with a nonce twice": (
            "challenge-not-met",
            pop(classical, body=body | {"enc": [first, second, first]}),
        ),
        "by one key of two": ("suites-mixed", one | {"keys": [*one["keys"], _jwk(lattice.public)]}),
        "by another key": ("signers-differ", one | {"keys": [_jwk(signing_key("Ed25519", "other").public)]}),
        "in EC1 with an ML-DSA-65 key": ("suites-mixed", pop(classical, lattice)),
        "too old": ("iat-too-old", one | {"now": NOW + DAY + 1}),
        "a retract in its place": ("wrong-typ", one | {"pop": say("retract")}),
    }
    cases = [
        good("pop: EC1", "pop", None, **one),
        good("pop: both, PQ1", "pop", None, **pop(classical, lattice, suite=PQ1)),
        good("pop: several classical keys", "pop", None, **pop(classical, signing_key("ES256", "coming"))),
    ]
    return [
        *cases,
        *(bad(f"pop: {name}", "pop", word, "pop", **item) for name, (word, item) in wrong.items()),
    ]


def _jwk(key: PublicKey) -> dict[str, str]:
    return key.jwk


def _digest(nonce: str) -> str:
    return formulas.b64u(formulas.h(nonce.encode()))
