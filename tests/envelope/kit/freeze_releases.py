# SPDX-License-Identifier: Apache-2.0
"""releases.json: chains of releases as the exchange takes them and as readers open them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from accord.envelope.encoding import canonical
from accord.envelope.jwe import leaf_hashes, read_entries
from accord.envelope.keys import EC1, PQ1
from accord.envelope.keysets import newest_encryption_key
from accord.envelope.reseal import ResealedEntries, reseal
from accord.envelope.slices import build_slice
from accord.envelope.statements.form import SubjectRef, make_statement, parse_statement
from accord.envelope.tree import merkle
from accord.envelope.tree.receipts import Receipt
from tests.envelope.kit.building import Body, bad, document, good
from tests.envelope.kit.make_payloads import JTI, OTHER_ID, digest
from tests.envelope.kit.scene import kit_agency, kit_world
from tests.envelope.kit.seeds import ALPHA, BRAVO, CHARLIE, DELTA, FOXTROT, GOLF
from tests.envelope.world import DAY, NOW, terms, uuid7

_BODY = ("parent", "aud", "rn", "rr", "rel", "purpose", "cond", "code")


@dataclass(frozen=True)
class Made:
    """A release as submitted."""

    jws: bytes
    entries: ResealedEntries

    @property
    def od(self) -> str:
        return parse_statement(self.jws).od


class Onward:
    """An envelope by alpha to bravo and charlie, and releases of it."""

    def __init__(self, suite: str = EC1, rel: str = "recipients") -> None:
        self.world = kit_world(suite, (BRAVO, CHARLIE))
        self.suite = suite
        sealed = self.world.seal(terms=terms(jti=JTI, rel=rel))
        self.carried = self.world.intake(sealed)
        self.receipt = self.world.ledger.log(self.carried.md)
        self.receipts: dict[str, Receipt] = {}

    def held_by(self, agency: str, via: Sequence[Made] = ()) -> bytes:
        """The slice of an agency, by the manifest or by releases."""
        return self.slice(agency, via) if via else self.world.slice_of(self.carried, agency, [self.receipt])

    def release(self, issuer: str, to: Sequence[str], via: Sequence[Made] = (), **changes: Any) -> Made:
        """Release by `issuer` what it holds by `via`; `changes` go to body or terms."""
        agency = kit_agency(issuer)
        verified = self.world.verify(self.held_by(issuer, via), issuer)
        recipients = [kit_agency(name).recipient for name in to]
        resealed = reseal(verified, key=agency.decryption[self.suite], recipients=recipients, now=NOW)
        body = {
            "parent": via[-1].od if via else None, "aud": list(resealed.aud), "rn": resealed.rn,
            "rr": resealed.rr, "rel": "recipients", "purpose": "prevent", "cond": [], "code": None,
        }  # fmt: skip
        body |= {name: changes.pop(name) for name in _BODY if name in changes}
        usual: dict[str, Any] = {
            "iss": issuer,
            "signer": agency.signing[self.suite],
            "suite": self.suite,
            "id": uuid7(20),
            "iat": NOW,
            "exp": NOW + (10 - len(via)) * DAY,
            "nonce": bytes(range(16)),
            "sub": SubjectRef("manifest", JTI, self.carried.md),
            "body": body,
        }
        return Made(make_statement("release", **(usual | changes)), resealed)

    def slice(self, reader: str, via: Sequence[Made]) -> bytes:
        """The slice of an agency that has access by the last of these releases."""
        last = via[-1].entries
        texts = [entry.text for entry in read_entries(json.loads(last.entries), self.suite)]
        index = last.aud.index(reader) if reader in last.aud else 0
        receipts = [self.receipt, *map(self._receipt, via)]
        return build_slice(
            manifest=self.carried.manifest_bytes,
            jwe_head=self.carried.jwe_head,
            entry=texts[index],
            index=index,
            path=merkle.inclusion_path(leaf_hashes(last.aud, texts), index),
            receipts=[receipt.as_json() for receipt in receipts],
            via=[made.jws for made in via],
        )

    def _receipt(self, made: Made) -> Receipt:
        if made.od not in self.receipts:
            self.receipts[made.od] = self.world.ledger.log(made.od)
        return self.receipts[made.od]

    def reading(self, reader: str, via: Sequence[Made], **more: Any) -> dict[str, Any]:
        """The members of a reader's case."""
        given = {"suite": self.suite, "reader": reader, "slice": self.slice(reader, via).decode()}
        return given | {"blobs": []} | more

    def taking(self, made: Made, via: Sequence[Made] = (), **more: Any) -> dict[str, Any]:
        """The members of an exchange's case."""
        caller = parse_statement(made.jws).statement.iss
        return {
            "manifest": self.carried.manifest_bytes.decode(),
            "audience": [BRAVO, CHARLIE],
            "via": [item.jws.decode() for item in via],
            "release": made.jws.decode(),
            "entries": made.entries.entries.decode(),
            "caller": caller,
        } | more


@cache
def usual() -> Onward:
    """One envelope for all cases that need no other, which keeps the file small."""
    return Onward()


def _opened(name: str, given: dict[str, Any]) -> Body:
    return good(name, "open", None, **given)


def _closed(name: str, word: str, given: dict[str, Any], stage: str = "verifying") -> Body:
    return bad(name, "open", word, stage, **given)


def _taken(name: str, given: dict[str, Any]) -> Body:
    return good(name, "release", None, **given)


def _refused(name: str, word: str, given: dict[str, Any]) -> Body:
    return bad(name, "release", word, "release", **given)


def releases() -> Body:
    return document(
        "Releases: `release` as an exchange takes them (`via`: those by which its issuer has access), `open` by a reader.",
        [*_chains(), *_by_originator(), *_rights(), *_broken(), *_entries(), *_rekeys()],
        now=NOW,
    )


def _three(scene: Onward) -> tuple[Made, Made, Made]:
    one = scene.release(BRAVO, [DELTA])
    two = scene.release(DELTA, [FOXTROT], [one])
    three = scene.release(FOXTROT, [GOLF] if scene.suite == EC1 else ["xe-echo"], [one, two], rel="none")
    return one, two, three


def _chains() -> list[Body]:
    scene, hybrid = usual(), Onward(PQ1)
    one, two, three = _three(scene)
    one_pq1 = hybrid.release(BRAVO, [DELTA])
    return [
        _opened("one release", scene.reading(DELTA, [one])),
        _opened("two releases", scene.reading(FOXTROT, [one, two])),
        _opened("three releases", scene.reading(GOLF, [one, two, three])),
        _opened("PQ1: one release", hybrid.reading(DELTA, [one_pq1])),
        _taken("intake: one release", scene.taking(one)),
        _taken("intake: two releases", scene.taking(two, [one])),
        _taken("intake: three releases", scene.taking(three, [one, two])),
        _taken("intake, PQ1: one release", hybrid.taking(one_pq1)),
        _closed("a release has expired", "release-refused", scene.reading(FOXTROT, [one, two], now=NOW + 9 * DAY)),
        _closed("a release was withdrawn", "access-withdrawn", scene.reading(FOXTROT, [one, two], unreleased=[two.od])),
        _closed("the first was withdrawn", "access-withdrawn", scene.reading(FOXTROT, [one, two], unreleased=[one.od])),
        _closed("the first left out", "release-refused", scene.reading(FOXTROT, [two])),
        _closed("the two in the other order", "release-refused", scene.reading(DELTA, [two, one])),
        _closed("by another reader", "not-a-recipient-by-path", scene.reading(CHARLIE, [one])),
        _refused("intake: of a withdrawn one", "access-withdrawn", scene.taking(two, [one], withdrawn=[one.od])),
        _refused("intake: by another caller", "issuer-differs", scene.taking(one, caller=CHARLIE)),
        _refused("intake: of a retracted alert", "retracted", scene.taking(one, retracted=True)),
        _refused("intake: from the manifest's exp on", "expired", scene.taking(_long(scene), now=NOW + 30 * DAY)),
    ]  # fmt: skip


def _long(scene: Onward) -> Made:
    return scene.release(BRAVO, [DELTA], iat=NOW + 30 * DAY - 60, exp=NOW + 60 * DAY)


def _by_originator() -> list[Body]:
    scene = Onward(rel="originator")
    made = scene.release(ALPHA, [DELTA])
    by_bravo = scene.release(BRAVO, [DELTA])
    silent = Onward(rel="none")
    return [
        _opened("rel originator: by the originator", scene.reading(DELTA, [made])),
        _closed("rel originator: by a recipient", "release-refused", scene.reading(DELTA, [by_bravo])),
        _closed("rel none", "release-refused", silent.reading(DELTA, [silent.release(ALPHA, [DELTA])])),
        _refused("intake: rel originator, by a recipient", "release-refused", scene.taking(by_bravo)),
    ]


def _rights() -> list[Body]:
    scene = usual()
    closed = scene.release(BRAVO, [DELTA], rel="none")
    open_one = scene.release(BRAVO, [DELTA])
    cases = {
        "the release before allows no further one": [closed, scene.release(DELTA, [FOXTROT], [closed])],
        "longer than the release before": [
            open_one, scene.release(DELTA, [FOXTROT], [open_one], exp=NOW + 11 * DAY),
        ],
        "with another parent": [open_one, scene.release(DELTA, [FOXTROT], [open_one], parent=digest("p"))],
        "by the originator below another": [open_one, scene.release(ALPHA, [FOXTROT], parent=open_one.od)],
        "longer than keep": [scene.release(BRAVO, [FOXTROT], exp=NOW + 366 * DAY)],
        "about another envelope": [
            scene.release(BRAVO, [FOXTROT], sub=SubjectRef("manifest", OTHER_ID, scene.carried.md)),
        ],
        "with a parent and nothing before it": [scene.release(BRAVO, [FOXTROT], parent=digest("p"))],
    }  # fmt: skip
    words = {"about another envelope": "subject-differs"}
    found = []
    for name, via in cases.items():
        reader = via[-1].entries.aud[0]
        found.append(_closed(name, words.get(name, "release-refused"), scene.reading(reader, via)))
    outsider = _by_outsider(scene)
    found.append(
        _closed("by an agency without access", "release-refused", scene.reading(DELTA, [outsider]), "opening")
    )
    again = scene.release(ALPHA, [CHARLIE])
    found.append(
        _closed("to an agency that has access", "release-refused", scene.reading(CHARLIE, [again]), "opening")
    )
    found.append(_refused("intake: to an agency that has access", "release-refused", scene.taking(again)))
    return found


def _by_outsider(scene: Onward) -> Made:
    """Alpha's entries under a release that foxtrot signed."""
    made = scene.release(ALPHA, [DELTA])
    said = parse_statement(made.jws).statement
    signer = kit_agency(FOXTROT).signing[EC1]
    jws = make_statement(
        "release", iss=FOXTROT, signer=signer, suite=EC1, id=uuid7(21), iat=NOW, exp=NOW + DAY,
        nonce=bytes(16), sub=said.sub, body=said.body,
    )  # fmt: skip
    return Made(jws, made.entries)


def _broken() -> list[Body]:
    scene = usual()
    made = scene.release(BRAVO, [DELTA])
    given = scene.reading(DELTA, [made])
    value = json.loads(given["slice"])
    first, second = value["receipts"]
    kid = kit_agency(BRAVO).signing[EC1].signers[0].kid
    word = {"agency": BRAVO, "kid": kid, "since": NOW - 100, "log_time": NOW + 100}
    return [
        _closed("the release is not logged", "receipt-missing", _with(given, receipts=[first, None])),
        _closed("the receipts swapped", "receipt-refused", _with(given, receipts=[second, first])),
        _closed("the release left out", "not-a-recipient-by-path", _with(given, via=[], receipts=[first])),
        _closed("the releaser's key was revoked before", "key-revoked", given | {"revocations": [word | {"log_time": NOW}]}),
        _opened("the releaser's word is repudiated", given | {"revocations": [word]}),
        _refused("intake: below a repudiated release", "repudiated",
                 scene.taking(scene.release(DELTA, [FOXTROT], [made]), [made], repudiated=True)),
    ]  # fmt: skip


def _with(given: dict[str, Any], **changes: Any) -> dict[str, Any]:
    value = json.loads(given["slice"]) | changes
    return given | {"slice": json.dumps(value, separators=(",", ":"))}


def _entries() -> list[Body]:
    scene = usual()
    made = scene.release(BRAVO, [DELTA, FOXTROT])
    given = scene.taking(made)
    one, two = json.loads(given["entries"])
    kid = newest_encryption_key(kit_agency(FOXTROT).keyset, EC1, NOW)
    stale = {"suspended": [kid.kid if kid else ""]}
    changes: dict[str, tuple[str, dict[str, Any]]] = {
        "an entry missing": ("recipients-differ", {"entries": [one]}),
        "the entries swapped": ("recipients-differ", {"entries": [two, one]}),
        "a changed entry": (
            "recipients-differ",
            {"entries": [one, two | {"encrypted_key": one["encrypted_key"]}]},
        ),
        "an object": ("malformed", {"entries": {}}),
        "an entry with another member": ("malformed", {"entries": [one, two | {"x": 1}]}),
    }
    found = [
        _refused(f"entries: {name}", word, given | {"entries": canonical(item["entries"]).decode()})
        for name, (word, item) in changes.items()
    ]
    return [*found, _refused("entries: for a key that is blocked", "keyset-stale", given | stale)]


def _rekeys() -> list[Body]:
    scene = Onward(rel="none")
    made = scene.release(ALPHA, [CHARLIE], code="rekey", rel="none")
    wider = scene.release(ALPHA, [DELTA], code="rekey", rel="none")
    other = scene.release(BRAVO, [CHARLIE], code="rekey", rel="none")
    onward = usual()
    one = onward.release(BRAVO, [DELTA])
    again = onward.release(ALPHA, [DELTA], code="rekey", rel="none", exp=NOW + 9 * DAY)
    return [
        _opened("rekey under rel none", scene.reading(CHARLIE, [made])),
        _opened("rekey after a release", onward.reading(DELTA, [one, again])),
        _taken("intake: rekey", scene.taking(made)),
        _taken("intake: rekey after a release", onward.taking(again, [one])),
        _closed(
            "rekey to an agency without access", "release-refused", scene.reading(DELTA, [wider]), "opening"
        ),
        _refused("intake: rekey to an agency without access", "release-refused", scene.taking(wider)),
        _closed("rekey by a recipient", "release-refused", scene.reading(CHARLIE, [other])),
    ]
