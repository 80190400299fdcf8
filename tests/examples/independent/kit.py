# SPDX-License-Identifier: Apache-2.0
"""The test kit through this reader: cases as its README defines them, and an operation for each `do`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.examples.independent import (
    directory,
    encoding,
    forms,
    intake,
    judging,
    jws,
    keys,
    ledger,
    opening,
    proofs,
    sealing,
)
from tests.examples.independent.refusal import at, need, said_as
from tests.examples.independent.statements import check_entitled, payload_form, typ_of

Given = dict[str, Any]


@dataclass(frozen=True)
class Case:
    file: str
    name: str
    do: str
    given: Given
    expect: dict[str, Any]


def _whole(text: Given, base: str) -> str:
    for start, end, put in reversed(text["edits"]):
        base = base[:start] + put + base[end:]
    return base


def cases_of(path: Path, shared: Given) -> Iterator[Case]:
    """Yield the cases of a file; `shared` holds the members of agencies.json."""
    content = json.loads(path.read_text("utf-8"))
    common = {name: value for name, value in content.items() if name not in ("profile", "about", "cases")}
    before: dict[str, Given] = {}
    for case in content.get("cases", []):
        own = {
            name: _whole(value, before[value["like"]][name])
            if isinstance(value, dict) and set(value) == {"like", "edits"}
            else value
            for name, value in case["in"].items()
        }
        before[case["name"]] = own
        yield Case(path.stem, case["name"], case["do"], {**shared, **common, **own}, case["expect"])


def all_cases(folder: Path) -> list[Case]:
    content = json.loads((folder / "agencies.json").read_text("utf-8"))
    shared = {name: content[name] for name in ("ledger", "agencies")}
    return [case for path in sorted(folder.glob("*.json")) for case in cases_of(path, shared)]


def run(case: Case) -> Any:
    """The result of a case, or a refusal."""
    stage, operation = OPERATIONS[case.do]
    with at(stage):
        return operation(case.given)


# The inputs of a case as objects of this reader.


def _world(given: Given) -> judging.World:
    known: dict[str, directory.Agency] = {}
    for name, facts in given["agencies"].items():
        agency = directory.Agency(facts["root"])
        agency.accept(facts["keyset"], facts["keyset_logged_at"])
        known[name] = agency
    for word in given.get("revocations", []):
        known[word["agency"]].revokes.append((word["kid"], word["since"], word["log_time"]))
    return judging.World(known, given["now"], set(given.get("suspended", [])))


def _chain(given: Given) -> directory.Agency:
    agency = directory.Agency(given["pinned"])
    for link in given["chain"]:
        agency.accept(given["keysets"][link["keyset"]], link["log_time"], link.get("index"))
    return agency


def _hashes(path: list[str]) -> list[bytes]:
    with said_as("proof-refused"):
        return [encoding.unbase64(step, 32) for step in path]


def _kept(given: Given) -> ledger.Kept | None:
    kept, proof = given.get("kept"), given.get("consistency")
    if kept is None:
        return None
    path = None if proof is None else _hashes(proof)
    return ledger.Kept(
        kept["origin"], kept["size"], encoding.unbase64(kept["root"], 32), kept["kept_at"], path
    )


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


# Operations.


def _key(given: Given) -> Any:
    key = keys.register(given["jwk"], given["use"])
    return {"kid": key.kid, "alg": key.alg, "suites": list(key.suites)}


def _fingerprint(given: Given) -> Any:
    text = keys.fingerprint(given["root"])
    return {"fingerprint": text, "shown": keys.shown(text)}


def _key_rule(given: Given) -> Any:
    key = keys.register(given["jwk"], given["use"])
    row = directory.Row(key, given["use"], given["nbf"], given["exp"], "current", None)
    words = [
        (word["since"], word["log_time"], word.get("index", directory.FIRST)) for word in given["revocations"]
    ]
    named = given.get("kid", key.kid)
    leaf = given.get("index", directory.NO_LEAF)
    return directory.judge_key(row if named == key.kid else None, given["log_time"], words, leaf)


def _rr(given: Given) -> Any:
    leaves = [ledger.leaf_hash(sealing.entry_leaf(entry["a"], entry["r"])) for entry in given["entries"]]
    paths = [ledger.path_of(leaves, index) for index in range(len(leaves))]
    return {
        "leaves": [encoding.tobase64(leaf) for leaf in leaves],
        "rr": encoding.tobase64(ledger.root_of(leaves)),
        "paths": [[encoding.tobase64(step) for step in path] for path in paths],
    }


def _header(given: Given) -> Any:
    key = keys.register(given["jwk"], "sign")
    return encoding.tobase64(encoding.canonical({"alg": key.alg, "kid": key.kid, "typ": given["typ"]}))


def _manifest(given: Given) -> Any:
    payload = _octets(given["payload"])
    forms.manifest(payload)
    return encoding.object_digest(opening.MANIFEST, payload)


def _inner(given: Given) -> Any:
    said = forms.inner(_octets(given["payload"]))
    return {"aud": len(said["aud"]), "att": len(said["att"]), "named": said["named"]}


def _statement_payload(given: Given) -> Any:
    payload = _octets(given["payload"])
    payload_form(payload, given["k"])
    return encoding.object_digest(typ_of(given["k"]), payload)


def _extract(given: Given) -> Any:
    extract, original = (_octets(given[name]) for name in ("extract", "original"))
    md = encoding.object_digest(opening.MANIFEST, original)
    forms.check_extract(forms.manifest(extract), forms.manifest(original), md)
    return True


def _unwrap(given: Given) -> Any:
    entry = sealing.entry_form(given["entry"], given["suite"])
    private = sealing.private_for(entry, [given["private"]])
    return sealing.content_key(given["suite"], private, entry).hex()


def _blob(given: Given) -> Any:
    att = forms.attachment(given["att"])
    return encoding.tobase64(sealing.open_blob(given["jti"], att, encoding.unbase64(given["blob"])))


def _jws(given: Given) -> Any:
    signed = jws.text_submitted(given["jws"], jws.STATEMENT_LIMIT)
    signed.require_typ(given["typ"])
    jws.verify(signed, [keys.register(jwk, "sign") for jwk in given["keys"]])
    return {"payload": signed.payload.decode("utf-8"), "od": signed.od(given["typ"])}


def _tree_root(given: Given) -> Any:
    leaves = [ledger.leaf_hash(_octets(leaf)) for leaf in given["leaves"]]
    return encoding.tobase64(ledger.root_of(leaves))


def _inclusion(given: Given) -> Any:
    leaf, root = (encoding.unbase64(given[name], 32) for name in ("leaf", "root"))
    with_path = ledger.includes(leaf, given["index"], given["size"], _hashes(given["path"]), root)
    need(with_path, "proof-refused")
    return True


def _consistency(given: Given) -> Any:
    old, new = (encoding.unbase64(given[name], 32) for name in ("first_root", "second_root"))
    holds = ledger.consistent(given["first"], given["second"], _hashes(given["path"]), old, new)
    need(holds, "proof-refused")
    return True


def _checkpoint(given: Given) -> Any:
    said = ledger.checkpoint(given["note"], given["vkeys"])
    return {"origin": said.origin, "size": said.size, "root": encoding.tobase64(said.root)}


def _handovers(given: Given) -> Any:
    return ledger.handed_over(given["notes"], given["vkeys"])


def _receipt(given: Given) -> Any:
    about = given.get("kind", "x"), given.get("agency")
    moment, compared = ledger.log_time(given["receipt"], given["od"], given["ledger"], _kept(given), about)
    known = given.get("known_log_times", {}).get(given["od"], moment)
    return {"log_time": min(moment, known), "compared": compared}


def _keyset(given: Given) -> Any:
    agency = _chain(given)
    keyset = agency.in_force(given["now"], given.get("index", directory.NO_LEAF))
    need(keyset, "keyset-unknown")
    assert keyset is not None
    revoked = [row.key.kid for row in keyset.rows if row.st == "revoked"]
    last = agency.held[-1].succession
    return {"in_force": keyset.ver, "root": keyset.fingerprint, "succession": last, "revoked": revoked}


def _revoke(given: Given) -> Any:
    agency = _chain(given)
    iss = agency.held[0].keyset.iss
    return directory.check_revoke(agency, given["revoke"], given["log_time"], iss)


def _pop(given: Given) -> Any:
    signing = [keys.register(jwk, "sign") for jwk in given["keys"]]
    return proofs.check_pop(
        given["pop"], given["agency"], signing, given["chal"], given["nonce_digests"], given["now"]
    )


def _statement(given: Given) -> Any:
    world, text, subject = _world(given), given["statement"], given.get("subject")
    if "caller" in given:
        said, od = judging.take_statement(world, text, given["caller"])
        standing = "accepted"
    else:
        said, od, standing = judging.read_statement(world, text, given["log_time"])
    with at("entitlement"):
        check_entitled(said, subject)
    return {"od": od, "k": said["k"], "standing": standing}


def _intake(given: Given) -> Any:
    blobs = given.get("blobs", [])
    return intake.submission(_world(given), given["manifest"], given["jwe"], blobs, given["caller"])


def _open(given: Given) -> Any:
    privates = [] if given.get("keyless") else _privates(given)
    reader = opening.Reader(
        given["reader"],
        privates,
        _world(given),
        given["ledger"],
        _kept(given),
        given.get("met", []),
        set(given.get("unreleased", [])),
        [(word["statement"], word["log_time"]) for word in given.get("reaffirms", [])],
    )
    return opening.open_slice(reader, given["slice"], [encoding.unbase64(blob) for blob in given["blobs"]])


def _privates(given: Given) -> list[dict[str, Any]]:
    facts = given["agencies"].get(given["reader"], {})
    return list(facts.get("decryption", []))


def _ct(given: Given) -> Any:
    return sealing.sealed_digest(given)


OPERATIONS: dict[str, tuple[str, Callable[[Given], Any]]] = {
    "canonical": (
        "parsing",
        lambda g: encoding.canonical(encoding.parse_text(g["json"], 65_536)).decode("utf-8"),
    ),
    "parse": ("parsing", lambda g: encoding.parse(encoding.unbase64(g["octets"]), g.get("limit", 1024))),
    "base64url": ("parsing", lambda g: encoding.unbase64(g["text"], g.get("size")).hex()),
    "identifier": ("parsing", lambda g: encoding.identifier(g["kind"], g["text"])),
    "key": ("key", _key),
    "seed": ("key", lambda g: keys.public_of(g["private"])),
    "fingerprint": ("key", _fingerprint),
    "key-rule": ("key-rule", _key_rule),
    "od": ("parsing", lambda g: encoding.object_digest(g["typ"], _octets(g["payload"]))),
    "pd": ("parsing", lambda g: encoding.digest(_octets(g["inner"]))),
    "ct": ("parsing", _ct),
    "rr": ("parsing", _rr),
    "aad": ("parsing", lambda g: sealing.associated({**g["terms"], "iss": g["iss"]})),
    "challenge-aad": ("parsing", lambda g: proofs.challenge_aad(g["agency"], g["chal"], g["kid"])),
    "credential-aad": ("parsing", lambda g: proofs.credential_aad(g["agency"], g["od"], g["kid"])),
    "header": ("parsing", _header),
    "padme": ("parsing", lambda g: sealing.padme(g["length"])),
    "blob-length": ("parsing", lambda g: sealing.blob_length(g["size"])),
    "manifest": ("parsing", _manifest),
    "inner": ("opening", _inner),
    "statement-payload": ("statement", _statement_payload),
    "extract": ("intake", _extract),
    "kdf": ("opening", lambda g: sealing.wrapping_key(encoding.unbase64(g["z"])).hex()),
    "unwrap": ("opening", _unwrap),
    "blob": ("blob", _blob),
    "jws": ("signature", _jws),
    "tree-root": ("receipt", _tree_root),
    "inclusion": ("receipt", _inclusion),
    "consistency": ("receipt", _consistency),
    "checkpoint": ("receipt", _checkpoint),
    "handovers": ("receipt", _handovers),
    "receipt": ("receipt", _receipt),
    "keyset": ("keyset", _keyset),
    "revoke": ("revoke", _revoke),
    "challenge": ("challenge", lambda g: proofs.answer(g["agency"], g["chal"], g["private"], g["jwe"])),
    "credential": ("credential", lambda g: proofs.first_key(g["agency"], g["od"], g["private"], g["jwe"])),
    "pop": ("pop", _pop),
    "statement": ("statement", _statement),
    "intake": ("intake", _intake),
    "release": ("release", lambda g: intake.release(_world(g), g)),
    "open": ("opening", _open),
}
