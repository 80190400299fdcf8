# SPDX-License-Identifier: Apache-2.0
"""reopenings.json: a root lets a person in at its agency's desk."""

from __future__ import annotations

import json
from typing import Any

from accord.envelope.encoding import canonical
from accord.envelope.jws import protected_header
from accord.envelope.reopening import build_reopening, sign_reopening
from accord.envelope.vocabulary import MAX_CLOCK_AHEAD_SECS, MAX_IAT_AGE_SECS, TYP_REOPEN
from tests.envelope.kit import formulas
from tests.envelope.kit.building import Body, bad, document, good
from tests.envelope.kit.seeds import ALPHA, BRAVO, octets, root
from tests.envelope.world import NOW, uuid7

DESK = "9b2f6c1e-5a77-4d0e-8f31-2c6d7e8f9a01"
OTHER_DESK = "0c3a7d2f-6b88-4e1f-9042-3d7e8f9a0b12"
OWN = root(ALPHA)


def reopenings() -> Body:
    about = (
        "`reopen`: what an agency's root has signed for its desk, by which one person is let in there; "
        "`reopen-payload`: what a root may be asked to sign."
    )
    shared = {"agency": ALPHA, "desk": DESK, "root": [key.jwk for key in OWN.public], "now": NOW}
    return document(about, [*_signed_cases(), *_payload_cases()], **shared)


def _payload(**changed: Any) -> bytes:
    usual: dict[str, Any] = {
        "iss": ALPHA,
        "root": OWN.public,
        "id": uuid7(1),
        "iat": NOW,
        "nonce": octets("nonce of a reopening", 16),
        "desk": DESK,
        "role": "agency_admin",
        "name": "Ilse Morrow",
        "email": "ilse@alpha.example",
        "account": "new",
    }
    return build_reopening(**usual | changed)


def _signed_cases() -> list[Body]:
    payload = _payload()
    signed = sign_reopening(payload, OWN.signer).decode()
    changed = payload.replace(b"ilse@", b"evie@")
    forged = signed.replace(formulas.b64u(payload), formulas.b64u(changed))
    renamed = signed
    for key in OWN.public:
        own, other = (protected_header(key, typ) for typ in (TYP_REOPEN, "accord-keyset+jws"))
        renamed = renamed.replace(own, other)
    allowed: dict[str, dict[str, Any]] = {
        "by the root of its agency": {},
        "a day old": {"now": NOW + MAX_IAT_AGE_SECS},
        "five minutes ahead": {"now": NOW - MAX_CLOCK_AHEAD_SECS},
    }
    refused: dict[str, tuple[str, dict[str, Any]]] = {
        "of another agency": ("issuer-differs", {"agency": BRAVO}),
        "of another desk": ("subject-differs", {"desk": OTHER_DESK}),
        "by another root": ("signers-differ", {"root": [key.jwk for key in root(BRAVO).public]}),
        "changed after it was signed": ("bad-signature", {"reopen": forged}),
        "older than a day": ("iat-too-old", {"now": NOW + MAX_IAT_AGE_SECS + 1}),
        "of the future": ("iat-in-the-future", {"now": NOW - MAX_CLOCK_AHEAD_SECS - 1}),
        "signed as a keyset": ("wrong-typ", {"reopen": renamed}),
    }
    return [
        *(good(name, "reopen", None, **{"reopen": signed} | given) for name, given in allowed.items()),
        *(
            bad(name, "reopen", word, "reopen", **{"reopen": signed} | given)
            for name, (word, given) in refused.items()
        ),
    ]


def _payload_cases() -> list[Body]:
    allowed = {
        "an admin": {},
        "an account begins again": {"account": "again"},
        "a key officer": {"role": "key_officer"},
        "a keeper": {"role": "keeper"},
        "a name with a joiner": {"name": "\u0645\u06cc\u200c\u0646\u0627"},
    }
    wrong: dict[str, dict[str, Any]] = {
        "another kind": {"k": "keyset"},
        "of EC1": {"suite": "EC1"},
        "a member more": {"exp": NOW + 600},
        "another role": {"role": "releaser"},
        "an account of neither kind": {"account": ""},
        "a desk that is none": {"desk": "desk.alpha.example"},
        "no name": {"name": ""},
        "a name of joiners": {"name": "\u200c\u200d"},
        "a name too long": {"name": "I" * 121},
        "a name that turns the line": {"name": "Ilse\u202e worroM"},
        "a space before the name": {"name": " Ilse Morrow"},
        "no address": {"email": "ilse"},
        "an address too long": {"email": "i" * 250 + "@a.example"},
        "one signer": {"signers": [OWN.public[0].kid]},
        "signers that are no list": {"signers": OWN.public[0].kid},
        "a nonce too short": {"nonce": formulas.b64u(octets("short", 15))},
    }
    texts = {name: canonical(json.loads(_payload()) | changed).decode() for name, changed in wrong.items()}
    texts["not canonical"] = _payload().decode().replace('":"', '": "', 1)
    return [
        *(
            good(name, "reopen-payload", None, payload=_payload(**given).decode())
            for name, given in allowed.items()
        ),
        *(bad(name, "reopen-payload", "malformed", "reopen", payload=text) for name, text in texts.items()),
    ]
