# SPDX-License-Identifier: Apache-2.0
"""Operations of the reference on signed or sealed objects: keysets, statements, submissions, slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from accord.envelope.blobs import BlobFacts, measure_blob
from accord.envelope.content import OpenedAlert
from accord.envelope.credentials import SealedCredential
from accord.envelope.encoding import MAX_MANIFEST_BYTES, b64u, unb64u
from accord.envelope.errors import EnvelopeError
from accord.envelope.intake import parse_submission, verify_submission
from accord.envelope.jws import parse_jws
from accord.envelope.keyrule import Reaffirmed, Repudiated, Standing, Valid
from accord.envelope.keys import SIGN, PublicKey
from accord.envelope.keysets import Keyset, newest_in_force, revocations_of, verify_keyset
from accord.envelope.manifest import read_manifest
from accord.envelope.reading import open_alert
from accord.envelope.release_intake import EnvelopeFacts, accept_release
from accord.envelope.reopening import read_reopening, verify_reopening
from accord.envelope.statements.checks import (
    VerifiedStatement,
    accept_statement,
    verify_logged_revoke,
    verify_pop,
    verify_statement,
)
from accord.envelope.statements.entitlement import SubjectFacts, check_entitled
from accord.envelope.statements.form import parse_statement
from accord.envelope.unseal import open_attachment, open_challenge, open_credential
from accord.envelope.verifying import verify_slice
from accord.envelope.vocabulary import TYP_MANIFEST
from tests.envelope.kit.directory import KitDirectory, ledger_of, private_keys
from tests.envelope.kit.seeds import decryption_key_from_jwk

Given = Mapping[str, Any]


class StageError(Exception):
    """A refusal at a later stage than the first of its operation."""

    def __init__(self, stage: str, cause: EnvelopeError) -> None:
        super().__init__(stage)
        self.stage = stage
        self.cause = cause


def _verified_chain(given: Given) -> list[Keyset]:
    """Check each keyset against the one in force when it came, as an exchange does."""
    chain: list[Keyset] = []
    for item in given["chain"]:
        jws, log_time = given["keysets"][item["keyset"]], item["log_time"]
        previous = newest_in_force(chain, log_time, index=item.get("index"))
        pinned = given["pinned"] if previous is None else previous.root_fingerprint
        verified = verify_keyset(
            jws.encode(), pinned=pinned, previous=previous, strict=True, log_time=log_time
        )
        chain.append(replace(verified, log_index=item.get("index")))
    return chain


def keyset_chain(given: Given) -> Any:
    chain = _verified_chain(given)
    newest = newest_in_force(chain, given["now"], index=given.get("index"))
    words = revocations_of(chain, now=given["now"])
    return {
        "in_force": None if newest is None else newest.version,
        "root": None if newest is None else newest.root_fingerprint,
        "succession": chain[-1].succession,
        "revoked": sorted({word.kid for word in words}),
    }


def revoke(given: Given) -> Any:
    chain = _verified_chain(given)
    statement = verify_logged_revoke(given["revoke"].encode(), chain, log_time=given["log_time"])
    return dict(statement.body)


def challenge(given: Given) -> Any:
    key = decryption_key_from_jwk(given["private"])
    return open_challenge(given["jwe"], agency=given["agency"], chal=given["chal"], key=key)


def credential(given: Given) -> Any:
    key = decryption_key_from_jwk(given["private"])
    sealed = SealedCredential(key.public.kid, given["jwe"])
    return open_credential(sealed, agency=given["agency"], od=given["od"], key=key)


def pop(given: Given) -> Any:
    statement = verify_pop(
        given["pop"].encode(),
        agency=given["agency"],
        signing=[PublicKey.from_jwk(jwk, SIGN) for jwk in given["keys"]],
        chal=given["chal"],
        nonce_digests=given["nonce_digests"],
        now=given["now"],
    )
    return {"od": statement.od, "suite": statement.suite}


def reopen(given: Given) -> Any:
    root = [PublicKey.from_jwk(jwk, SIGN) for jwk in given["root"]]
    said = verify_reopening(
        given["reopen"].encode(), agency=given["agency"], desk=given["desk"], root=root, now=given["now"]
    )
    return {"od": said.od, "role": said.role, "account": said.account, "name": said.name, "email": said.email}


def reopen_payload(given: Given) -> Any:
    return read_reopening(given["payload"].encode()).od


def statement(given: Given) -> Any:
    unverified = parse_statement(given["statement"].encode())
    facts = given.get("subject")
    if "caller" in given:
        accept_statement(unverified, caller=given["caller"], directory=KitDirectory(given), now=given["now"])
        standing: Any = "accepted"
    else:
        verified = verify_statement(unverified, KitDirectory(given), log_time=given["log_time"])
        standing = standing_of(verified.standing)
    if facts is not None or unverified.statement.sub is None:
        _check_entitled(unverified.statement, facts)
    return {"od": unverified.od, "k": unverified.statement.k, "standing": standing}


def _check_entitled(said: Any, facts: Mapping[str, Any] | None) -> None:
    try:
        check_entitled(said, None if facts is None else SubjectFacts(**facts))
    except EnvelopeError as refused:
        raise StageError("entitlement", refused) from refused


def standing_of(standing: Standing) -> Any:
    """A standing in the kit's form."""
    if isinstance(standing, Valid):
        return "valid"
    word = {"since": standing.since, "revoked_at": standing.revoked_at}
    if isinstance(standing, Reaffirmed):
        return {"reaffirmed": word | {"reaffirmed_at": standing.reaffirmed_at}}
    return {"repudiated": word}


def intake(given: Given) -> Any:
    blobs = [BlobFacts(**facts) for facts in given.get("blobs", ())]
    manifest, jwe = given["manifest"].encode(), given["jwe"].encode()
    unverified = parse_submission(manifest, jwe, blobs, caller=given["caller"])
    verified = verify_submission(unverified, directory=KitDirectory(given), now=given["now"])
    return {"md": verified.md, "recipients": list(verified.recipients)}


def release(given: Given) -> Any:
    directory, logged = KitDirectory(given), given["now"]
    standing: Standing = Repudiated(logged, logged, logged) if given.get("repudiated") else Valid()
    manifest = read_manifest(
        parse_jws(given["manifest"].encode(), TYP_MANIFEST, limit=MAX_MANIFEST_BYTES).payload
    )
    via = [
        VerifiedStatement(parse_statement(jws.encode()).statement, standing, logged) for jws in given["via"]
    ]
    facts = EnvelopeFacts(
        manifest,
        audience=given["audience"],
        retracted=given.get("retracted", False),
        withdrawn=given.get("withdrawn", ()),
    )
    accepted = accept_release(
        parse_statement(given["release"].encode()),
        given["entries"].encode(),
        envelope=facts,
        via=via,
        caller=given["caller"],
        directory=directory,
        now=given["now"],
    )
    return {"od": accepted.od, "agencies": [entry.agency for entry in accepted.entries]}


def open_slice(given: Given) -> Any:
    """Verify a slice, open it, and open each attachment, as a reader does."""
    octets = given["slice"].encode()
    verified = verify_slice(
        octets,
        reader=given["reader"],
        directory=KitDirectory(given),
        ledger=ledger_of(given),
        now=given["now"],
        unreleased=given.get("unreleased", ()),
        reaffirms=[_said(item, given) for item in given.get("reaffirms", ())],
    )
    blobs = [unb64u(blob) for blob in given.get("blobs", ())]
    opened = _open(verified, given, blobs)
    return {
        "md": opened.manifest.md,
        "alert": opened.alert,
        "files": _files(opened, blobs),
        "standing": standing_of(opened.standing),
        "log_time": opened.log_time,
        "log_compared": opened.log_compared,
        "late": opened.late,
    }


def _said(item: Given, given: Given) -> VerifiedStatement:
    statement = parse_statement(item["statement"].encode())
    return verify_statement(statement, KitDirectory(given), log_time=item["log_time"])


def _open(verified: Any, given: Given, blobs: list[bytes]) -> OpenedAlert:
    met = {(item["iss"], item["jti"]): item["md"] for item in given.get("met", ())}
    try:
        return open_alert(
            verified,
            keys=private_keys(given, given["reader"]),
            blobs=[measure_blob(blob) for blob in blobs],
            seen=lambda iss, jti: met.get((iss, jti)),
            now=given["now"],
        )
    except EnvelopeError as refused:
        raise StageError("opening", refused) from refused


def _files(opened: OpenedAlert, blobs: list[bytes]) -> dict[str, str]:
    try:
        return {
            file.fn: b64u(open_attachment(file, opened.manifest.jti, blob))
            for file, blob in zip(opened.attachments, blobs, strict=True)
        }
    except EnvelopeError as refused:
        raise StageError("blob", refused) from refused


OPERATIONS: Final[dict[str, tuple[str, Callable[[Given], Any]]]] = {
    "keyset": ("keyset", keyset_chain),
    "revoke": ("revoke", revoke),
    "challenge": ("challenge", challenge),
    "credential": ("credential", credential),
    "pop": ("pop", pop),
    "reopen": ("reopen", reopen),
    "reopen-payload": ("reopen", reopen_payload),
    "statement": ("statement", statement),
    "intake": ("intake", intake),
    "release": ("release", release),
    "open": ("verifying", open_slice),
}
