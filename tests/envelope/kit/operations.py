# SPDX-License-Identifier: Apache-2.0
"""Results of the reference for each case: one function for each `do`, and the words of refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from accord.envelope import encoding, manifest
from accord.envelope.blobs import blob_size
from accord.envelope.challenges import challenge_aad
from accord.envelope.content import AttachmentKey, read_inner
from accord.envelope.credentials import credential_aad
from accord.envelope.encoding import b64u, sha256, unb64u
from accord.envelope.errors import MalformedError, OpeningError, VerificationError
from accord.envelope.extracts import check_extract
from accord.envelope.jwe import ct_of, leaf_hashes, read_entries, recipients_root
from accord.envelope.jws import parse_jws, protected_header, verify_jws
from accord.envelope.keyrule import Repudiated, judge_key
from accord.envelope.keys import SIGN, PublicKey, root_fingerprint, show_fingerprint
from accord.envelope.keysets import KeyRow, Keyset, Revocation
from accord.envelope.statements.form import read_payload
from accord.envelope.suites.ec1 import wrapping_key
from accord.envelope.tree import merkle
from accord.envelope.tree.handovers import keys_after
from accord.envelope.tree.notes import VerifierKey, verify_checkpoint
from accord.envelope.tree.receipts import Receipt
from accord.envelope.unseal import open_attachment, unwrap
from accord.envelope.verifying import verify_receipt
from tests.envelope.kit import operations_signed
from tests.envelope.kit.cases import Case
from tests.envelope.kit.directory import ledger_of
from tests.envelope.kit.seeds import decryption_key_from_jwk, signing_key_from_jwk

Given = Mapping[str, Any]


def canonical(given: Given) -> Any:
    value = encoding.parse_json(given["json"].encode(), limit=encoding.MAX_STATEMENT_BYTES)
    return encoding.canonical(value).decode()


def parse(given: Given) -> Any:
    return encoding.parse_json(unb64u(given["octets"]), limit=given.get("limit", 1024))


def base64url(given: Given) -> Any:
    return unb64u(given["text"], size=given.get("size")).hex()


def identifier(given: Given) -> Any:
    readers: dict[str, Callable[[object], str]] = {
        "agency": encoding.agency_id,
        "uuid7": lambda text: encoding.uuid7(text, "id"),
        "officer": encoding.officer_id,
        "digest": lambda text: encoding.digest(text, "digest"),
    }
    return readers[given["kind"]](given["text"])


def public_key(given: Given) -> Any:
    key = PublicKey.from_jwk(given["jwk"], given["use"])
    return {"kid": key.kid, "alg": key.alg, "suites": sorted(key.suites)}


def seed(given: Given) -> Any:
    jwk = given["private"]
    key: Any = signing_key_from_jwk(jwk) if given["use"] == SIGN else decryption_key_from_jwk(jwk)
    return key.public.jwk


def fingerprint(given: Given) -> Any:
    found = root_fingerprint([PublicKey.from_jwk(jwk, SIGN) for jwk in given["root"]])
    return {"fingerprint": found, "shown": show_fingerprint(found)}


def object_digest(given: Given) -> Any:
    return encoding.object_digest(given["typ"], given["payload"].encode())


def inner_digest(given: Given) -> Any:
    return b64u(sha256(given["inner"].encode()))


def sealed_digest(given: Given) -> Any:
    parts = (unb64u(given[name]) for name in ("iv", "ciphertext", "tag"))
    return ct_of(given["protected"], given["aad"], *parts)


def entries_root(given: Given) -> Any:
    texts = [encoding.canonical(item["r"]).decode() for item in given["entries"]]
    leaves = leaf_hashes([item["a"] for item in given["entries"]], texts)
    paths = [[b64u(node) for node in path] for path in merkle.inclusion_paths(leaves)]
    return {"leaves": [b64u(leaf) for leaf in leaves], "rr": recipients_root(leaves), "paths": paths}


def envelope_aad(given: Given) -> Any:
    terms = manifest.read_terms(given["terms"])
    return manifest.aad_of(terms, given["iss"])


def credential_data(given: Given) -> Any:
    return credential_aad(given["agency"], given["od"], given["kid"])


def challenge_data(given: Given) -> Any:
    return challenge_aad(given["agency"], given["chal"], given["kid"])


def header(given: Given) -> Any:
    return protected_header(PublicKey.from_jwk(given["jwk"], SIGN), given["typ"])


def padme(given: Given) -> Any:
    return encoding.padme(given["length"])


def blob_length(given: Given) -> Any:
    return blob_size(given["size"])


def inner_payload(given: Given) -> Any:
    inner = read_inner(given["payload"].encode())
    return {"aud": len(inner.aud), "att": len(inner.attachments), "named": len(inner.names)}


def manifest_payload(given: Given) -> Any:
    return manifest.read_manifest(given["payload"].encode()).md


def statement_payload(given: Given) -> Any:
    return read_payload(given["payload"].encode(), given["k"]).od


def extract(given: Given) -> Any:
    one, original = (manifest.read_manifest(given[name].encode()) for name in ("extract", "original"))
    check_extract(one, original)
    return True


def derive_key(given: Given) -> Any:
    return wrapping_key(unb64u(given["z"])).hex()


def unwrap_entry(given: Given) -> Any:
    key = decryption_key_from_jwk(given["private"])
    (entry,) = read_entries([given["entry"]], given["suite"])
    return unwrap(entry, key).hex()


def open_blob(given: Given) -> Any:
    attachment = AttachmentKey(**(given["att"] | {"k": unb64u(given["att"]["k"])}))
    return b64u(open_attachment(attachment, given["jti"], unb64u(given["blob"])))


def signed(given: Given) -> Any:
    jws = parse_jws(given["jws"].encode(), given["typ"], limit=encoding.MAX_STATEMENT_BYTES)
    verify_jws(jws, [PublicKey.from_jwk(jwk, SIGN) for jwk in given["keys"]])
    return {"payload": jws.payload.decode(), "od": jws.od}


def inclusion(given: Given) -> Any:
    merkle.verify_inclusion(
        leaf=unb64u(given["leaf"]),
        index=given["index"],
        size=given["size"],
        path=[unb64u(node) for node in given["path"]],
        root=unb64u(given["root"]),
    )
    return True


def consistency(given: Given) -> Any:
    merkle.verify_consistency(
        first=given["first"],
        second=given["second"],
        path=[unb64u(node) for node in given["path"]],
        first_root=unb64u(given["first_root"]),
        second_root=unb64u(given["second_root"]),
    )
    return True


def tree_root(given: Given) -> Any:
    return b64u(merkle.root_of([merkle.leaf_hash(leaf.encode()) for leaf in given["leaves"]]))


def checkpoint(given: Given) -> Any:
    read = verify_checkpoint(given["note"], [VerifierKey.parse(vkey) for vkey in given["vkeys"]])
    return {"origin": read.origin, "size": read.size, "root": b64u(read.root)}


def handovers(given: Given) -> Any:
    keys = keys_after([VerifierKey.parse(vkey) for vkey in given["vkeys"]], given["notes"])
    return {key.text: key.last_size for key in keys}


def receipt(given: Given) -> Any:
    found = verify_receipt(
        Receipt.parse(given["receipt"]),
        given["od"],
        ledger_of(given),
        kind=given.get("kind", "x"),
        agency=given.get("agency"),
    )
    return {"log_time": found.log_time, "compared": found.compared}


def key_rule(given: Given) -> Any:
    jwk = given["jwk"]
    row = KeyRow(PublicKey.from_jwk(jwk, given["use"]), given["nbf"], given["exp"])
    keyset = Keyset(
        agency="xa-alpha", version=1, prev=None, od="", iat=0, exp=0, root=(row.key, row.key), nroot="",
        custody="agency", low="EC1", rows=(row,), signers=(), log_time=0,
    )  # fmt: skip
    words = [
        Revocation("xa-alpha", row.kid, word["since"], None, "", word["log_time"], word.get("index"))
        for word in given["revocations"]
    ]
    standing = judge_key(
        keyset, given.get("kid", row.kid), given["log_time"], words, index=given.get("index")
    )
    if isinstance(standing, Repudiated):
        return {"repudiated": {"since": standing.since, "revoked_at": standing.revoked_at}}
    return "valid"


OPERATIONS: Final[dict[str, tuple[str, Callable[[Given], Any]]]] = {
    "canonical": ("parsing", canonical),
    "parse": ("parsing", parse),
    "base64url": ("parsing", base64url),
    "identifier": ("parsing", identifier),
    "key": ("key", public_key),
    "seed": ("key", seed),
    "fingerprint": ("key", fingerprint),
    "od": ("parsing", object_digest),
    "pd": ("parsing", inner_digest),
    "ct": ("parsing", sealed_digest),
    "rr": ("parsing", entries_root),
    "aad": ("parsing", envelope_aad),
    "challenge-aad": ("parsing", challenge_data),
    "credential-aad": ("parsing", credential_data),
    "header": ("parsing", header),
    "padme": ("parsing", padme),
    "blob-length": ("parsing", blob_length),
    "inner": ("opening", inner_payload),
    "manifest": ("parsing", manifest_payload),
    "statement-payload": ("statement", statement_payload),
    "extract": ("intake", extract),
    "kdf": ("opening", derive_key),
    "unwrap": ("opening", unwrap_entry),
    "blob": ("blob", open_blob),
    "jws": ("signature", signed),
    "inclusion": ("receipt", inclusion),
    "consistency": ("receipt", consistency),
    "tree-root": ("receipt", tree_root),
    "checkpoint": ("receipt", checkpoint),
    "handovers": ("receipt", handovers),
    "receipt": ("receipt", receipt),
    "key-rule": ("key-rule", key_rule),
    **operations_signed.OPERATIONS,
}


def outcome(case: Case) -> dict[str, Any]:
    """Run a case through the reference; return the result in the form of its `expect`."""
    stage, operation = OPERATIONS[case.do]
    try:
        return {"ok": operation(case.given)}
    except operations_signed.StageError as refused:
        stage, cause = refused.stage, refused.cause
    except (OpeningError, VerificationError, MalformedError) as refused:
        cause = refused
    return {"stage": stage, "refused": word_of(cause)}


def word_of(cause: Exception) -> str:
    """The word of a refusal: the failure, or the code of a malformed input."""
    if isinstance(cause, OpeningError):
        return str(cause.cause)
    if isinstance(cause, VerificationError):
        return str(cause.failure)
    assert isinstance(cause, MalformedError)
    return cause.code
