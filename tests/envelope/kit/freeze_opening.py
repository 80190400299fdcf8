# SPDX-License-Identifier: Apache-2.0
"""opening_rules.json: further rules by which a reader opens or refuses, in EC1 where the suite does not matter."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from accord.envelope.content import NamedOfficer
from accord.envelope.encoding import b64u, canonical
from accord.envelope.keys import EC1, PQ1
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import SubjectRef, make_statement
from accord.envelope.vocabulary import TYP_INNER, TYP_MANIFEST
from tests.envelope.kit.building import Body, document, flipped
from tests.envelope.kit.make_payloads import JTI, OTHER_ID, digest
from tests.envelope.kit.make_trees import checkpoint_text, note
from tests.envelope.kit.scene import kit_agency, kit_world
from tests.envelope.kit.seeds import ALPHA, BRAVO, CHARLIE, GOLF, SPARE, ledger_key
from tests.envelope.kit.slicing import (
    FILES,
    Slices,
    change_slice,
    met,
    opened,
    payload_of,
    refused,
    signer_of,
    usual,
)
from tests.envelope.tampering import manifest_of, read, signed_as, write
from tests.envelope.world import DAY, NOW, reference, terms, uuid7


def opening_rules() -> Body:
    return document(
        "Slices by the agencies of agencies.json: what a reader makes of each.",
        [*_opened(), *_marked(), *_outer(), *_signatures(), *_ledger()],
        now=NOW,
    )


def _opened() -> list[Body]:
    ec1, pq1 = usual(), usual(PQ1)
    golf, by_golf = Slices(EC1, (GOLF,)), Slices(EC1, (BRAVO,), GOLF)
    sealed = ec1.plain
    red = terms(jti=JTI, tlp="RED", ack_by=NOW + DAY, pri="flash")
    names = [NamedOfficer(BRAVO, "of-1"), NamedOfficer(CHARLIE, "of-7")]
    shuffled = _reversed(json.loads(ec1.slice(sealed)))
    reply = terms(jti=JTI, kind="reply", re=reference(7))
    given = ec1.given(sealed)
    long = {"schema": "accord-alert/1", "text": "x" * 3000}
    return [
        opened("two files, one empty, a name above ASCII", ec1.given(ec1.seal(attachments=FILES))),
        opened("the originator's own", ec1.given(sealed, ALPHA)),
        opened("spaces and another order of members", given | {"slice": json.dumps(shuffled, indent=1)}),
        opened("for a P-256 key", golf.given(golf.seal(), GOLF)),
        opened("signed by ES256", by_golf.given(by_golf.seal())),
        opened("RED, named officers", pq1.given(pq1.seal(terms=red, names=names))),
        opened("AMBER+STRICT, a reply", pq1.given(pq1.seal(terms=_with_tlp(reply)))),
        opened("content of the second size", ec1.given(ec1.seal(alert=long))),
        opened("met before with the same md", given | {"met": [met(sealed.md)]}),
    ]


def _with_tlp(given: Any) -> Any:
    return replace(given, tlp="AMBER+STRICT")


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _reversed(item) for name, item in reversed(value.items())}
    return value


def _marked() -> list[Body]:
    ec1 = usual()
    sealed = ec1.plain
    given = ec1.given(sealed)
    kid = ec1.world.alpha.signing[EC1].signers[0].kid

    def revoked(since: int, log_time: int) -> dict[str, Any]:
        return given | {"revocations": [_revoked(kid, since, log_time)]}

    golf = Slices(EC1, (BRAVO,), GOLF)
    theirs = golf.seal()
    said, early = _reaffirm(theirs, NOW + 200), _reaffirm(theirs, NOW + 99)
    other = _reaffirm(golf.seal(terms=terms(jti=OTHER_ID)), NOW + 200)
    word = _revoked(golf.world.alpha.signing[EC1].signers[0].kid, NOW - 100, NOW + 100) | {"agency": GOLF}
    golfs = golf.given(theirs) | {"revocations": [word]}
    return [
        opened("repudiated and reaffirmed", golfs | {"reaffirms": [said]}),
        opened("reaffirmed before the revocation, which answers nothing", golfs | {"reaffirms": [early]}),
        opened("another envelope reaffirmed", golfs | {"reaffirms": [other]}),
        opened("first opened after exp", given | {"now": NOW + 31 * DAY}),
        opened("its key revoked since later", revoked(NOW + 1, NOW + 100)),
        opened("repudiated", revoked(NOW - 100, NOW + 100)),
        refused("logged after the revocation", "key-revoked", revoked(NOW - 100, NOW)),
        refused(
            "logged before the key's nbf",
            "keyset-unknown",
            given | {"slice": _logged_at(ec1, sealed, NOW - 2 * DAY)},
        ),
        refused(
            "logged after the key's exp",
            "key-not-valid-then",
            given | {"slice": _logged_at(ec1, sealed, NOW + 365 * DAY)},
        ),
    ]


def _revoked(kid: str, since: int, log_time: int) -> dict[str, Any]:
    return {"agency": ALPHA, "kid": kid, "since": since, "log_time": log_time}


def _reaffirm(sealed: SealedEnvelope, log_time: int) -> dict[str, Any]:
    """Golf's reaffirm of the envelope under its second key."""
    jws = make_statement(
        "reaffirm", iss=GOLF, signer=kit_agency(GOLF).signing[SPARE], suite=EC1, id=uuid7(5), iat=NOW,
        nonce=bytes(range(16)), sub=SubjectRef("manifest", sealed.jti, sealed.md),
    )  # fmt: skip
    return {"statement": jws.decode(), "log_time": log_time}


def _logged_at(slices: Slices, sealed: SealedEnvelope, log_time: int) -> str:
    world = kit_world(slices.suite)
    verified = world.intake(sealed)
    receipt = world.ledger.log(verified.md, log_time)
    return world.slice_of(verified, BRAVO, [receipt]).decode()


def _outer() -> list[Body]:
    ec1 = usual()
    sealed = ec1.plain
    given = ec1.given(sealed)
    first = json.loads(given["slice"])["path"]
    return [
        refused("another version", "malformed", change_slice(given, lambda v: v.update(v=2))),
        refused("a path of 17", "malformed", change_slice(given, lambda v: v.update(path=["A" * 43] * 17))),
        refused("two entries", "malformed", change_slice(given, _twice)),
        refused(
            "a shared unprotected header",
            "malformed",
            change_slice(given, lambda v: v["jwe"].update(unprotected={})),
        ),
        refused("zip in the protected header", "malformed", change_slice(given, _zipped)),
        refused("another content encryption", "malformed", change_slice(given, _other_enc)),
        refused(
            "an iv of 16 octets", "malformed", change_slice(given, lambda v: v["jwe"].update(iv="A" * 22))
        ),
        refused(
            "a tag of 12 octets", "malformed", change_slice(given, lambda v: v["jwe"].update(tag="A" * 16))
        ),
        refused("no aad", "malformed", change_slice(given, lambda v: v["jwe"].pop("aad") and None)),
        refused("an entry of the other suite", "malformed", change_slice(given, _other_suite)),
        refused("a fourth release", "malformed", change_slice(given, lambda v: v.update(via=[{}] * 4))),
        refused(
            "a manifest in the place of a release", "malformed", change_slice(given, _manifest_as_release)
        ),
        refused("another index", "not-a-recipient-by-path", change_slice(given, lambda v: v.update(index=0))),
        refused(
            "a hash too few",
            "not-a-recipient-by-path",
            change_slice(given, lambda v: v.update(path=first[:-1])),
        ),
        refused("an alert as a manifest", "wrong-typ", change_slice(given, _typ_of_alert(ec1, sealed))),
        refused(
            "a receipt that is null",
            "receipt-missing",
            change_slice(given, lambda v: v.update(receipts=[None])),
        ),
        refused("an issuer nobody knows", "keyset-unknown", given | {"agencies": {}}),
    ]


def _twice(value: dict[str, Any]) -> None:
    value["jwe"]["recipients"] *= 2


def _protected(value: dict[str, Any], **changes: Any) -> None:
    header = {"enc": "A256GCM", "typ": "accord-alert+jwe", "cty": "accord-alert+jws"} | changes
    value["jwe"]["protected"] = b64u(canonical(header))


def _zipped(value: dict[str, Any]) -> None:
    _protected(value, zip="DEF")


def _other_enc(value: dict[str, Any]) -> None:
    _protected(value, enc="A128GCM")


def _other_suite(value: dict[str, Any]) -> None:
    kid = value["jwe"]["recipients"][0]["header"]["kid"]
    value["jwe"]["recipients"] = [
        {"encrypted_key": "A" * 64, "header": {"alg": "HPKE-9-KE", "ek": "A" * 1494, "kid": kid}}
    ]


def _manifest_as_release(value: dict[str, Any]) -> None:
    value["via"] = [value["manifest"]]
    value["receipts"] *= 2


def _typ_of_alert(slices: Slices, sealed: SealedEnvelope) -> Callable[[dict[str, Any]], None]:
    signer = slices.world.alpha.signing[slices.suite]
    signed = signer.sign_jws(TYP_INNER, canonical(manifest_of(sealed)))
    return lambda value: value.update(manifest=read(signed))


def _logged(slices: Slices, sealed: SealedEnvelope) -> Callable[[dict[str, Any]], None]:
    """Put the manifest of `sealed`, with its own receipt, in place of the slice's."""
    receipt = slices.world.ledger.log(sealed.md).as_json()
    return lambda value: value.update(manifest=read(sealed.manifest), receipts=[receipt])


def _signatures() -> list[Body]:
    ec1, pq1 = usual(), usual(PQ1)
    sealed, hybrid = ec1.plain, pq1.plain
    given, both = ec1.given(sealed), pq1.given(hybrid)
    members = manifest_of(sealed)
    bravo = kit_agency(BRAVO).signing[EC1]
    other = signer_of("ES256", "nobody")
    return [
        refused("one bit of the signature", "bad-signature", change_slice(given, _signature_flipped(0))),
        refused("PQ1: one bit of the first signature", "bad-signature", change_slice(both, _signature_flipped(0))),
        refused("PQ1: one bit of the second signature", "bad-signature", change_slice(both, _signature_flipped(1))),
        refused("PQ1: the two in the other order", "signers-differ", change_slice(both, _signatures_swapped)),
        refused("another member of the manifest", "receipt-refused", change_slice(given, _payload_changed)),
        refused(
            "signed by another agency", "key-unknown",
            change_slice(given, _logged(ec1, signed_as(sealed, bravo, canonical(members | {"signers": [bravo.signers[0].kid]})))),
        ),
        refused(
            "signed by a key of nobody", "key-unknown",
            change_slice(given, _logged(ec1, signed_as(sealed, other, canonical(members | {"signers": [other.signers[0].kid]})))),
        ),
        refused(
            "an entry's key claimed as signer", "key-of-other-use",
            change_slice(given, _logged(ec1, _claiming(ec1, sealed, kit_agency(ALPHA).decryption[EC1].public.kid))),
        ),
    ]  # fmt: skip


def _claiming(slices: Slices, sealed: SealedEnvelope, kid: str) -> SealedEnvelope:
    """A manifest whose header and `signers` name another kid than that of the signing key."""
    payload = canonical(manifest_of(sealed) | {"signers": [kid]})
    protected = b64u(canonical({"alg": "Ed25519", "kid": kid, "typ": TYP_MANIFEST}))
    signed = signed_as(sealed, slices.world.alpha.signing[EC1], payload)
    value = read(signed.manifest)
    value["signatures"][0]["protected"] = protected
    return SealedEnvelope(signed.iss, signed.jti, signed.md, write(value), signed.jwe, ())


def _signature_flipped(index: int) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        signature = value["manifest"]["signatures"][index]
        signature["signature"] = flipped(signature["signature"], 5)

    return change


def _signatures_swapped(value: dict[str, Any]) -> None:
    value["manifest"]["signatures"].reverse()


def _payload_changed(value: dict[str, Any]) -> None:
    payload = read(payload_of(write(value["manifest"])))
    value["manifest"]["payload"] = b64u(canonical(payload | {"pri": "flash"}))


def _ledger() -> list[Body]:
    ec1 = usual()
    sealed = ec1.plain
    ec1.world.ledger.log(digest("before"))
    given = ec1.given(sealed)
    receipt = json.loads(given["slice"])["receipts"][0]
    forged = note(checkpoint_text(1, bytes(32)), ledger_key("stranger.example"))
    unsigned = receipt["checkpoint"].split("\n\n")[0] + "\n\n"
    size = int(receipt["checkpoint"].split("\n")[1])
    kept = {"origin": ledger_key().name, "size": size, "root": digest("fork"), "kept_at": NOW}
    late = {"origin": ledger_key().name, "size": receipt["index"], "root": digest("x"), "kept_at": NOW + 301}
    return [
        refused("a checkpoint by a stranger", "note-refused", change_slice(given, _checkpoint(forged))),
        refused("a checkpoint without signature", "note-refused", change_slice(given, _checkpoint(unsigned))),
        refused("a leaf of another time", "proof-refused", change_slice(given, _leaf_time)),
        refused("a checkpoint that contradicts the kept one", "ledger-forked", given | {"kept": kept}),
        refused("a time older than the kept checkpoint", "ledger-time-refused", given | {"kept": late}),
        refused("another ledger", "note-refused", given | {"ledger": [ledger_key("other.example").vkey]}),
    ]


def _checkpoint(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["receipts"][0].update(checkpoint=text)


def _leaf_time(value: dict[str, Any]) -> None:
    value["receipts"][0]["leaf"]["t"] -= 1
