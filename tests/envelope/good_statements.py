# SPDX-License-Identifier: Apache-2.0
"""One good statement of every kind, by its name in the tests."""

from __future__ import annotations

from typing import Any

from accord.envelope.keys import PQ1
from accord.envelope.statements.form import SubjectRef, make_statement
from tests.envelope.world import DAY, NOW, Agency, uuid7

DIGEST = "A" * 43
MANIFEST = SubjectRef("manifest", uuid7(1), DIGEST)


def about(kind: str) -> SubjectRef:
    return SubjectRef(kind, uuid7(2), DIGEST)


RELEASE = {
    "parent": None, "aud": ["xd-delta", "xe-echo"], "rn": 2, "rr": DIGEST, "rel": "none",
    "purpose": "prevent", "cond": ["no-court", "read-only"], "code": None,
}  # fmt: skip
AGREEMENT = {
    "ref": "AB 2027-1", "ver": 1, "prev": None, "parties": ["xa-alpha", "xb-bravo"], "lanes": ["science", "trade"],
    "tlp": "AMBER", "purposes": ["prevent"], "nbf": NOW, "clocks": "run", "emergency": False,
    "survive": {"lanes": ["science"], "flash": True}, "text": {"jti": uuid7(3), "md": DIGEST},
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
GOOD: dict[str, tuple[SubjectRef | None, dict[str, Any], dict[str, Any]]] = {
    "ack opened": (MANIFEST, {"st": "opened", "code": None}, {"act": "of-1"}),
    "ack refused": (MANIFEST, {"st": "refused", "code": "policy"}, {"act": "of-1"}),
    "ack unopenable": (MANIFEST, {"st": "unopenable", "code": "check-failed"}, {}),
    "retract": (MANIFEST, {"code": "contaminated", "by": None}, {"act": "of-1"}),
    "retract corrected": (MANIFEST, {"code": "error", "by": uuid7(9)}, {}),
    "confirm": (about("retract"), {"st": "stopped"}, {}),
    "ask": (MANIFEST, {"aud": ["xd-delta"], "part": [1, 3], "purpose": "prevent", "due": NOW + 60}, {}),
    "ask for all": (MANIFEST, {"aud": ["xd-delta"], "part": None, "purpose": "prevent", "due": None}, {}),
    "answer": (about("ask"), {"st": "refuse", "code": "source", "ref": None}, {}),
    "release": (MANIFEST, RELEASE, {"exp": NOW + DAY}),
    "answer granted": (about("ask"), {"st": "grant", "code": None, "ref": DIGEST}, {}),
    "unrelease": (about("release"), {"code": "condition"}, {}),
    "reaffirm": (MANIFEST, {}, {}),
    "reaffirm a statement": (about("retract"), {}, {}),
    "agreement": (None, AGREEMENT, {"exp": NOW + DAY}),
    "accept": (about("agreement"), {"st": "accept"}, {}),
    "leave": (about("agreement"), {}, {}),
    "suspend": (None, {"lanes": ["enforcement"], "with": ["xb-bravo"], "why": None}, {}),
    "resume": (None, {"lanes": ["enforcement", "trade"], "with": ["xb-bravo"]}, {}),
    "apikey": (None, APIKEY, {}),
    "apikey that ends one": (None, APIKEY_END, {}),
    "entry": (None, ENTRY, {}),
    "entry without a telephone": (None, {"telephone": None, "zone": "UTC", "contacts": []}, {}),
}


def good_statement(agency: Agency, kind: str, keys: str = PQ1, **changes: Any) -> bytes:
    """Make a statement of this kind by the keys of a suite, with changes to the arguments of `make_statement`."""
    name = kind if kind in GOOD else next(name for name in GOOD if name.split()[0] == kind)
    sub, body, more = GOOD[name]
    arguments: dict[str, Any] = {
        "iss": agency.id,
        "signer": agency.signing[keys],
        "suite": keys,
        "id": uuid7(4),
        "iat": NOW,
        "nonce": bytes(16),
        "sub": sub,
        "body": body,
    } | more
    return make_statement(name.split()[0], **(arguments | changes))
