# SPDX-License-Identifier: Apache-2.0
"""intake.json: submissions that an exchange accepts or refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from accord.envelope.blobs import measure_blob
from accord.envelope.content import NamedOfficer
from accord.envelope.encoding import canonical
from accord.envelope.jwe import leaf_hashes, recipients_root
from accord.envelope.keys import EC1, PQ1
from accord.envelope.seal import SealedEnvelope
from tests.envelope.kit.building import Body, bad, document, flipped, good
from tests.envelope.kit.make_payloads import JTI, digest
from tests.envelope.kit.seeds import ALPHA, BRAVO, CHARLIE, DELTA, ECHO, GOLF
from tests.envelope.kit.slicing import FILES, Slices, usual
from tests.envelope.tampering import manifest_of, read, signed_again, signed_as, with_jwe, write
from tests.envelope.world import DAY, NOW, terms


def submission(sealed: SealedEnvelope, caller: str = ALPHA, **more: Any) -> dict[str, Any]:
    """The members of a case from a sealed envelope."""
    facts = [vars(measure_blob(blob)) for blob in sealed.blobs]
    given = {"manifest": sealed.manifest.decode(), "jwe": sealed.jwe.decode(), "caller": caller}
    return given | ({"blobs": facts} if facts else {}) | more


def _ok(name: str, given: dict[str, Any]) -> Body:
    return good(name, "intake", None, **given)


def _no(name: str, word: str, given: dict[str, Any]) -> Body:
    return bad(name, "intake", word, "intake", **given)


def intake() -> Body:
    return document(
        "Submissions as an exchange gets them, but for replay, `re` and policy, which it alone knows.",
        [*_taken(), *_times(), *_keys(), *_forms(), *_sealed_parts()],
        now=NOW,
    )


def _taken() -> list[Body]:
    ec1, pq1, golf = usual(), usual(PQ1), Slices(EC1, (BRAVO, GOLF))
    red = terms(jti=JTI, tlp="RED")
    names = [NamedOfficer(BRAVO, "of-1"), NamedOfficer(CHARLIE, "of-7")]
    return [
        _ok("EC1 with two files", submission(ec1.seal(attachments=FILES))),
        _ok("PQ1", submission(pq1.plain)),
        _ok("PQ1, RED", submission(pq1.seal(terms=red, names=names))),
        _ok("EC1, both curves", submission(golf.seal())),
    ]


def _times() -> list[Body]:
    sealed = usual().plain
    given = submission(sealed)
    iat, exp = NOW - 10, NOW + 30 * DAY
    return [
        _ok("signed 24 hours ago", given | {"now": iat + DAY}),
        _no("signed a second more than 24 hours ago", "iat-too-old", given | {"now": iat + DAY + 1}),
        _ok("signed 5 minutes ahead", given | {"now": iat - 300}),
        _no("signed a second more than 5 minutes ahead", "iat-in-the-future", given | {"now": iat - 301}),
        _no("at exp", "expired", submission(usual().seal(terms=terms(jti=JTI, exp=NOW + 5)), now=NOW + 5)),
        _no("the keyset has expired", "keyset-expired", given | {"now": NOW - DAY + 90 * DAY}),
        _no("exp long over, and the window too", "iat-too-old", given | {"now": exp}),
    ]


def _keys() -> list[Body]:
    ec1 = usual()
    given = submission(ec1.plain)
    world = ec1.world
    alphas = world.alpha.signing[EC1].signers[0].kid
    bravos = world.others[0].decryption[EC1].public.kid
    revoked = {"agency": ALPHA, "kid": alphas, "since": NOW - 100, "log_time": NOW - 50}
    lately = revoked | {"since": NOW + 50, "log_time": NOW + 50}
    return [
        _no("by another caller", "issuer-differs", given | {"caller": BRAVO}),
        _no("the issuer's key is suspended", "key-suspended", given | {"suspended": [alphas]}),
        _no("the issuer's key is revoked", "key-revoked", given | {"revocations": [revoked]}),
        _ok("the issuer's key is revoked from later on", given | {"revocations": [lately]}),
        _no("a recipient's key is suspended", "keyset-stale", given | {"suspended": [bravos]}),
        _no("an issuer nobody knows", "keyset-unknown", given | {"agencies": {}}),
        _no("EC1 to an agency of low PQ1", "keyset-stale", submission(_to_echo())),
        _no(
            "RED to an agency of custody hub-own-root",
            "red-needs-agency-held-keys",
            submission(_red_to_delta()),
        ),
    ]


def _to_echo() -> SealedEnvelope:
    """An envelope by a sender that ignores the recipient's `low`."""
    slices = Slices(EC1, (ECHO,))
    echo = slices.world.others[0]
    echo.keyset = replace(echo.keyset, low=EC1)
    return slices.seal()


def _red_to_delta() -> SealedEnvelope:
    slices = Slices(PQ1, (DELTA,))
    delta = slices.world.others[0]
    delta.keyset = replace(delta.keyset, custody="agency")
    return slices.seal(terms=terms(jti=JTI, tlp="RED"), names=[NamedOfficer(DELTA, "of-1")])


def _forms() -> list[Body]:
    ec1, pq1 = usual(), usual(PQ1)
    sealed, hybrid = ec1.plain, pq1.plain
    given, both = submission(sealed), submission(hybrid)
    value = read(hybrid.manifest)
    value["signatures"][1]["signature"] = flipped(value["signatures"][1]["signature"], 9)
    stripped = read(hybrid.manifest)
    stripped["signatures"].pop()
    return [
        _no(
            "white space in the manifest",
            "malformed",
            given | {"manifest": given["manifest"].replace(":", ": ", 1)},
        ),
        _no("PQ1: a changed second signature", "bad-signature", both | {"manifest": write(value).decode()}),
        _no(
            "PQ1: the second signature stripped",
            "signers-differ",
            both | {"manifest": write(stripped).decode()},
        ),
        _no("a JWE of the other suite", "malformed", given | {"jwe": both["jwe"]}),
        _no(
            "a JWE without recipients",
            "malformed",
            submission(with_jwe(sealed, lambda jwe: jwe.update(recipients=[]))),
        ),
    ]


def _sealed_parts() -> list[Body]:
    ec1 = usual()
    signer = ec1.world.alpha.signing[EC1]
    sealed = ec1.plain
    members = manifest_of(sealed)
    other = ec1.seal()

    def again(**changes: Any) -> dict[str, Any]:
        return submission(signed_again(sealed, signer, **changes))

    def jwe(change: Any) -> dict[str, Any]:
        return submission(with_jwe(sealed, change))

    files = ec1.seal(attachments=FILES)
    facts = submission(files)["blobs"]
    shorter = [facts[0] | {"len": facts[0]["len"] - 1}, facts[1]]
    swapped = signed_as(sealed, signer, canonical(members))
    return [
        _no("another aad", "aad-differs", again(tlp="CLEAR")),
        _no("another ct", "ct-differs", again(ct=digest("ct"))),
        _no("another ciphertext", "ct-differs", jwe(lambda value: value.update(_sealed_of(other)))),
        _no("another rr", "recipients-differ", again(rr=digest("rr"))),
        _no("another rn", "recipients-differ", again(rn=4)),
        _no("an entry taken out", "recipients-differ", jwe(lambda value: value["recipients"].pop())),
        _no("two entries swapped", "recipients-differ", jwe(lambda value: value["recipients"].reverse())),
        _no("an entry of another envelope", "recipients-differ", jwe(lambda value: _put_last(value, other))),
        _no("an entry for a key of nobody", "recipients-differ", jwe(_strangers_kid)),
        _no("without the originator", "recipients-differ", submission(_without_originator(ec1, swapped))),
        _no("a blob missing", "blob-differs", submission(files) | {"blobs": facts[:1]}),
        _no("a blob of another length", "blob-differs", submission(files) | {"blobs": shorter}),
        _no("a blob that nobody announced", "blob-differs", submission(sealed) | {"blobs": facts[:1]}),
    ]


def _sealed_of(other: SealedEnvelope) -> dict[str, str]:
    jwe = read(other.jwe)
    return {name: jwe[name] for name in ("iv", "ciphertext", "tag")}


def _put_last(value: dict[str, Any], other: SealedEnvelope) -> None:
    value["recipients"][-1] = read(other.jwe)["recipients"][-1]


def _strangers_kid(value: dict[str, Any]) -> None:
    value["recipients"][-1]["header"]["kid"] = digest("stranger")


def _without_originator(slices: Slices, sealed: SealedEnvelope) -> SealedEnvelope:
    """Two entries, neither for alpha, with `rr` and `rn` over them."""
    jwe = read(sealed.jwe)
    jwe["recipients"] = jwe["recipients"][1:]
    texts = [canonical(entry).decode() for entry in jwe["recipients"]]
    rr = recipients_root(leaf_hashes([BRAVO, CHARLIE], texts))
    signed = signed_again(sealed, slices.world.alpha.signing[EC1], rr=rr, rn=2)
    return replace(signed, jwe=write(jwe))
