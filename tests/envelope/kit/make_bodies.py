# SPDX-License-Identifier: Apache-2.0
"""Unsigned payloads of statements: the closed body of each kind."""

from __future__ import annotations

from typing import Any

from tests.envelope.kit import formulas
from tests.envelope.kit.building import Body, bad, document, good
from tests.envelope.kit.make_keys import public_jwk
from tests.envelope.kit.make_payloads import JTI, KID1, KID2, LAST_SECOND, OTHER_ID, UNSET, digest
from tests.envelope.kit.seeds import octets, root
from tests.envelope.world import DAY, NOW

MANIFEST = {"k": "manifest", "id": JTI, "d": digest("md")}
Changes = dict[str, Any]


def about(kind: str) -> dict[str, str]:
    """A subject of this kind."""
    return {"k": kind, "id": OTHER_ID, "d": digest(kind)}


RELEASE = {
    "parent": None, "aud": ["xd-delta", "xe-echo"], "rn": 2, "rr": digest("rr"), "rel": "none",
    "purpose": "prevent", "cond": ["no-court", "read-only"], "code": None,
}  # fmt: skip
AGREEMENT = {
    "ref": "AB 2027-1", "ver": 1, "prev": None, "parties": ["xa-alpha", "xb-bravo"], "lanes": ["science", "trade"],
    "tlp": "AMBER", "purposes": ["prevent"], "nbf": NOW, "clocks": "run", "emergency": False,
    "survive": {"lanes": ["science"], "flash": True}, "text": {"jti": OTHER_ID, "md": digest("text")},
}  # fmt: skip
CHAL = formulas.b64u(octets("chal"))
END = {"exp": NOW + DAY}


def row(**changes: Any) -> dict[str, Any]:
    usual = {"jwk": public_jwk("Ed25519"), "use": "sign", "nbf": NOW, "exp": NOW + DAY, "st": "current"}
    return usual | {"since": None} | changes


def keyset_body(**changes: Any) -> dict[str, Any]:
    """The body of a first keyset with one key."""
    return {
        "ver": 1, "prev": None, "root": [key.jwk for key in root("xa-alpha").public],
        "nroot": root("xa-alpha next").fingerprint, "custody": "agency", "low": "EC1", "keys": [row()],
    } | changes  # fmt: skip


def _keysets() -> dict[str, tuple[str, Any, dict[str, Any], Changes]]:
    return {"keyset": ("keyset", None, keyset_body(), END)}


BODIES: dict[str, tuple[str, Any, dict[str, Any], Changes]] = {
    "ack opened": ("ack", MANIFEST, {"st": "opened", "code": None}, {"act": "of-1"}),
    "ack refused": ("ack", MANIFEST, {"st": "refused", "code": "policy"}, {"act": "of-1"}),
    "ack unopenable": ("ack", MANIFEST, {"st": "unopenable", "code": "check-failed"}, {}),
    "retract": ("retract", MANIFEST, {"code": "contaminated", "by": None}, {"act": "of-1"}),
    "retract with its correction": ("retract", MANIFEST, {"code": "error", "by": OTHER_ID}, {}),
    "confirm": ("confirm", about("retract"), {"st": "stopped"}, {}),
    "ask": ("ask", MANIFEST, {"aud": ["xd-delta"], "part": [1, 3], "purpose": "prevent", "due": NOW}, {}),
    "ask for all": (
        "ask", MANIFEST, {"aud": ["xd-delta"], "part": None, "purpose": "prevent", "due": None}, {},
    ),
    "answer": ("answer", about("ask"), {"st": "refuse", "code": "source", "ref": None}, {}),
    "answer granted": ("answer", about("ask"), {"st": "grant", "code": None, "ref": digest("ref")}, {}),
    "release": ("release", MANIFEST, RELEASE, END),
    "unrelease": ("unrelease", about("release"), {"code": "condition"}, {}),
    "reaffirm a manifest": ("reaffirm", MANIFEST, {}, {}),
    "reaffirm a statement": ("reaffirm", about("retract"), {}, {}),
    "agreement": ("agreement", None, AGREEMENT, END),
    "accept": ("accept", about("agreement"), {"st": "accept"}, {}),
    "leave": ("leave", about("agreement"), {}, {}),
    "suspend": ("suspend", None, {"lanes": ["enforcement"], "with": ["xb-bravo"], "why": "political"}, {}),
    "resume": ("resume", None, {"lanes": ["enforcement", "trade"], "with": ["xb-bravo", "xd-delta"]}, {}),
    "revoke": ("revoke", None, {"kid": KID1, "since": NOW - 5, "code": "stolen"}, {}),
    "pop": ("pop", None, {"chal": CHAL, "enc": [{"kid": KID1, "nonce": formulas.b64u(octets("n"))}]}, {}),
}  # fmt: skip
ENTRY = {
    "telephone": "+000 5 5550 102", "zone": "Europe/Vienna",
    "contacts": ["duty@xa-alpha.example", "lab.desk@mail.xa-alpha.example"],
}  # fmt: skip
APIKEY = {
    "st": "issue", "client": "case system", "scopes": ["directory:read", "feed:read"], "networks": ["192.0.2.0/24"],
    "days": 30, "prefix": None,
}  # fmt: skip
APIKEY_END: dict[str, Any] = {
    "st": "end",
    "client": None,
    "scopes": [],
    "networks": [],
    "days": None,
    "prefix": "4f0b7c19d2e8",
}
OWN: dict[str, tuple[str, Any, dict[str, Any], Changes]] = {
    "entry": ("entry", None, ENTRY, {}),
    "apikey": ("apikey", None, APIKEY, {}),
    "apikey that ends one": ("apikey", None, APIKEY_END, {}),
    "entry with a zone alone": ("entry", None, {"telephone": None, "zone": "UTC", "contacts": []}, {}),
}
_OWN_REFUSED: dict[str, tuple[str, Changes, Changes]] = {
    "apikey of no scope": ("apikey", {"scopes": []}, {}),
    "apikey for 91 days": ("apikey", {"days": 91}, {}),
    "apikey of another state": ("apikey", {"st": "renew"}, {}),
    "apikey issued and ended": ("apikey", {"prefix": "4f0b7c19d2e8"}, {}),
    "apikey that ends one and names a client": ("apikey that ends one", {"client": "case system"}, {}),
    "entry about something": ("entry", {}, {"sub": MANIFEST}),
    "entry with an end": ("entry", {}, END),
    "entry with a text for a telephone": ("entry", {"telephone": "by day only"}, {}),
    "entry without a zone": ("entry", {"zone": None}, {}),
    "entry with six contacts": ("entry", {"contacts": [f"{n}@xa.example" for n in range(6)]}, {}),
    "entry with contacts out of order": ("entry", {"contacts": ["b@xa.example", "a@xa.example"]}, {}),
    "entry with a name for an address": ("entry", {"contacts": ["duty desk"]}, {}),
}
# The kind of case to change, changes to the body, changes to the payload.
_REFUSED: dict[str, tuple[str, Changes, Changes]] = {
    "an additional member": ("retract", {}, {"x": 1}),
    "a missing member": ("retract", {}, {"act": UNSET}),
    "another version": ("retract", {}, {"v": 2}),
    "text in a body": ("retract", {"why": "x"}, {}),
    "a nonce of 15 octets": ("retract", {}, {"nonce": formulas.b64u(bytes(15))}),
    "no signer": ("retract", {}, {"signers": []}),
    "a signer twice": ("retract", {}, {"signers": [KID1, KID1]}),
    "an officer's name": ("retract", {}, {"act": "Of Ficer"}),
    "cp with another member": ("retract", {}, {"cp": {"n": 1, "root": digest("r"), "t": 1}}),
    "an end where none belongs": ("retract", {}, END),
    "no end where one belongs": ("release", {}, {"exp": None}),
    "an end in the year 10000": ("release", {}, {"exp": LAST_SECOND + 1}),
    "iat in the year 10000": ("retract", {}, {"iat": LAST_SECOND + 1}),
    "ask due in the year 10000": ("ask", {"due": LAST_SECOND + 1}, {}),
    "agreement that begins in the year 10000": ("agreement", {"nbf": LAST_SECOND + 1}, {"exp": 2**53 - 1}),
    "an end at iat": ("release", {}, {"exp": NOW}),
    "no subject": ("retract", {}, {"sub": None}),
    "a subject of another kind": ("retract", {}, {"sub": about("ask")}),
    "a subject where none belongs": ("agreement", {}, {"sub": MANIFEST}),
    "reaffirm of a reaffirm": ("reaffirm a statement", {}, {"sub": about("reaffirm")}),
    "ack opened by nobody": ("ack opened", {}, {"act": None}),
    "ack opened with a code": ("ack opened", {"code": "policy"}, {}),
    "ack unopenable by an officer": ("ack unopenable", {}, {"act": "of-1"}),
    "ack unopenable with a precise cause": ("ack unopenable", {"code": "malformed"}, {}),
    "ack of another state": ("ack opened", {"st": "seen"}, {}),
    "retract with another code": ("retract", {"code": "other"}, {}),
    "confirm of another state": ("confirm", {"st": "done"}, {}),
    "ask for no part": ("ask", {"part": []}, {}),
    "ask for parts out of order": ("ask", {"part": [3, 1]}, {}),
    "ask for nobody": ("ask", {"aud": []}, {}),
    "answer of another state": ("answer", {"st": "maybe"}, {}),
    "answer with a jti for ref": ("answer", {"ref": OTHER_ID}, {}),
    "release without audience": ("release", {"aud": [], "rn": 0}, {}),
    "release whose rn is not that of aud": ("release", {"rn": 3}, {}),
    "release under another condition": ("release", {"cond": ["never"]}, {}),
    "release with conditions out of order": ("release", {"cond": ["read-only", "no-court"]}, {}),
    "unrelease with another code": ("unrelease", {"code": "other"}, {}),
    "agreement with a ref of two lines": ("agreement", {"ref": "AB\n1"}, {}),
    "agreement of one": ("agreement", {"parties": ["xa-alpha"]}, {}),
    "agreement 2 without prev": ("agreement", {"ver": 2}, {}),
    "agreement 1 with prev": ("agreement", {"prev": digest("p")}, {}),
    "agreement that begins at its end": ("agreement", {"nbf": NOW + DAY}, {}),
    "agreement with a number for a flag": ("agreement", {"emergency": 0}, {}),
    "agreement with a text of another form": ("agreement", {"text": {"jti": OTHER_ID, "md": OTHER_ID}}, {}),
    "agreement with a text without md": ("agreement", {"text": {"jti": OTHER_ID}}, {}),
    "suspend of no lane": ("suspend", {"lanes": []}, {}),
    "suspend of another lane": ("suspend", {"lanes": ["all"]}, {}),
    "suspend with nobody": ("suspend", {"with": []}, {}),
    "suspend for another reason": ("suspend", {"why": "weather"}, {}),
    "resume for a reason": ("resume", {"why": "political"}, {}),
    "revoke with a since in the future": ("revoke", {"since": NOW + 1}, {}),
    "revoke in EC1": ("revoke", {}, {"suite": "EC1"}),
    "pop with a nonce of 31 octets": ("pop", {"enc": [{"kid": KID1, "nonce": "A" * 42}]}, {}),
    "keyset in EC1": ("keyset", {}, {"suite": "EC1"}),
    "keyset with one root key": ("keyset", {"root": [public_jwk("Ed25519")]}, {}),
    "keyset with nroot in capitals": ("keyset", {"nroot": "A" * 64}, {}),
    "keyset of another custody": ("keyset", {"custody": "cloud"}, {}),
    "keyset without keys": ("keyset", {"keys": []}, {}),
    "keyset row that ends when it begins": ("keyset", {"keys": [row(exp=NOW)]}, {}),
    "keyset row that ends in the year 10000": (
        "keyset",
        {"keys": [row(nbf=LAST_SECOND - DAY, exp=LAST_SECOND + 1)]},
        {},
    ),
    "keyset that ends in the year 10000": ("keyset", {}, {"exp": LAST_SECOND + 1}),
    "revoke since the year 10000": ("revoke", {"since": LAST_SECOND + 1}, {"iat": LAST_SECOND + 1}),
    "keyset row revoked without since": ("keyset", {"keys": [row(st="revoked")]}, {}),
    "keyset row current with since": ("keyset", {"keys": [row(since=NOW)]}, {}),
    "keyset row with a kid": ("keyset", {"keys": [row(kid=KID1)]}, {}),
}


def payload_of(name: str, body: Changes | None = None, changes: Changes | None = None) -> tuple[str, str]:
    """Kind and payload of a case, with changes to body and members."""
    kind, sub, own, more = (BODIES | _keysets() | OWN)[name]
    value = {
        "v": 1, "k": kind, "suite": "PQ1", "iss": "xa-alpha", "id": OTHER_ID, "iat": NOW, "exp": None,
        "nonce": formulas.b64u(octets("nonce", 16)), "signers": [KID1, KID2], "sub": sub, "act": None,
        "cp": None, "body": own | (body or {}),
    } | more | (changes or {})  # fmt: skip
    return kind, formulas.compact({name: item for name, item in value.items() if item is not UNSET})


def statement_payloads() -> Body:
    cases = []
    for name in BODIES | _keysets():
        kind, payload = payload_of(name)
        od = formulas.object_digest(f"accord-{kind}+jws", payload.encode())
        cases.append(good(name, "statement-payload", od, k=kind, payload=payload))
    further: dict[str, tuple[str, Changes, Changes]] = {
        "a checkpoint that its issuer has seen": ("retract", {}, {"cp": {"n": 7, "root": digest("root")}}),
        "ask due in the last second of 9999": ("ask", {"due": LAST_SECOND}, {}),
    }
    for name, (base, body, changes) in further.items():
        kind, payload = payload_of(base, body, changes)
        od = formulas.object_digest(f"accord-{kind}+jws", payload.encode())
        cases.append(good(name, "statement-payload", od, k=kind, payload=payload))
    for name, (base, body, changes) in _REFUSED.items():
        kind, payload = payload_of(base, body, changes)
        cases.append(bad(name, "statement-payload", "malformed", "statement", k=kind, payload=payload))
    return document(
        "The payload of a statement of kind `k`, before any signature: its od, or the refusal.", cases
    )


def own_statements() -> Body:
    cases = []
    for name in OWN:
        kind, payload = payload_of(name)
        od = formulas.object_digest(f"accord-{kind}+jws", payload.encode())
        cases.append(good(name, "statement-payload", od, k=kind, payload=payload))
    for name, (base, body, changes) in _OWN_REFUSED.items():
        kind, payload = payload_of(base, body, changes)
        cases.append(bad(name, "statement-payload", "malformed", "statement", k=kind, payload=payload))
    return document(
        "What an agency states about itself, each as the payload of a statement of kind `k`.", cases
    )
