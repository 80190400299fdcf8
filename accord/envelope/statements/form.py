# SPDX-License-Identifier: Apache-2.0
"""The form of a statement: build, sign, read. Nothing here looks at a key.

Payload exactly `v, k, suite, iss, id, iat, exp, nonce, signers, sub, act, cp, body`; `typ` is
`accord-<k>+jws`. Example:

    jws = make_statement("ack", iss="xe-drugs", signer=signer, suite="PQ1", id=new_id, iat=now,
                         nonce=nonce, sub=SubjectRef("manifest", jti, md), act=officer,
                         body={"st": "opened", "code": None})

Source: docs/spec/envelope.md, "Statements".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accord.envelope.encoding import (
    MAX_RELEASE_BYTES,
    MAX_STATEMENT_BYTES,
    agency_id,
    b64u,
    canonical,
    digest,
    integer,
    members,
    object_digest,
    officer_id,
    one_of,
    parse_object,
    text,
    timestamp,
    unb64u,
    uuid7,
)
from accord.envelope.errors import Failure, MalformedError, TooLargeError, VerificationError
from accord.envelope.jws import JwsSigner, UnverifiedJws, parse_jws_object, refuse_spaces
from accord.envelope.keys import PQ1, SUITES
from accord.envelope.statements.bodies import KIND_RULES
from accord.envelope.vocabulary import VERSION, statement_typ

_MEMBERS = frozenset(
    {"v", "k", "suite", "iss", "id", "iat", "exp", "nonce", "signers", "sub", "act", "cp", "body"}
)
_NONCE_BYTES = 16
_ROOT_SIGNED = frozenset({"keyset", "revoke"})


@dataclass(frozen=True)
class SubjectRef:
    """The subject of a statement: "manifest" or a statement's k, its jti or id, its md or od."""

    k: str
    id: str
    d: str

    def as_json(self) -> dict[str, str]:
        """Return the member `sub`."""
        return {"k": self.k, "id": self.id, "d": self.d}


@dataclass(frozen=True)
class CheckpointRef:
    """The last checkpoint the issuer verified: size and root (base64url)."""

    n: int
    root: str

    def as_json(self) -> dict[str, Any]:
        """Return the member `cp`."""
        return {"n": self.n, "root": self.root}


@dataclass(frozen=True)
class Statement:
    """A well-formed statement; its signers are not checked."""

    k: str
    suite: str
    iss: str
    id: str
    iat: int
    exp: int | None
    nonce: str
    signers: tuple[str, ...]
    sub: SubjectRef | None
    act: str | None
    cp: CheckpointRef | None
    body: Mapping[str, Any]
    od: str

    @property
    def typ(self) -> str:
        """`accord-<k>+jws`."""
        return statement_typ(self.k)

    @property
    def ref(self) -> SubjectRef:
        """A reference to this statement as the subject of another."""
        return SubjectRef(self.k, self.id, self.od)


@dataclass(frozen=True)
class UnverifiedStatement:
    """A statement as received: its content, its signatures, its bytes."""

    statement: Statement
    jws: UnverifiedJws
    raw: bytes

    @property
    def od(self) -> str:
        """The object digest."""
        return self.statement.od


def build_statement(
    k: str,
    *,
    iss: str,
    signer: JwsSigner,
    suite: str,
    id: str,
    iat: int,
    nonce: bytes,
    body: Mapping[str, Any] | None = None,
    exp: int | None = None,
    sub: SubjectRef | None = None,
    act: str | None = None,
    cp: CheckpointRef | None = None,
) -> bytes:
    """Return the canonical payload to sign; `nonce` is 16 fresh random octets. Raises MalformedError."""
    payload = canonical(
        {
            "v": VERSION,
            "k": k,
            "suite": suite,
            "iss": iss,
            "id": id,
            "iat": iat,
            "exp": exp,
            "nonce": b64u(nonce),
            "signers": [key.kid for key in signer.signers],
            "sub": sub.as_json() if sub else None,
            "act": act,
            "cp": cp.as_json() if cp else None,
            "body": dict(body or {}),
        }
    )
    read_payload(payload, k)
    return payload


def sign_statement(payload: bytes, signer: JwsSigner) -> bytes:
    """Sign a built payload; return the bytes to submit. Raises MalformedError, TooLargeError."""
    k = text(parse_object(payload, limit=MAX_STATEMENT_BYTES).get("k"), "statement k")
    if list(read_payload(payload, k).signers) != [key.kid for key in signer.signers]:
        raise MalformedError("statement signers")
    signed = signer.sign_jws(statement_typ(k), payload)
    if len(signed) > MAX_STATEMENT_BYTES:
        raise TooLargeError("statement", MAX_STATEMENT_BYTES)
    return signed


def make_statement(k: str, *, signer: JwsSigner, **terms: Any) -> bytes:
    """Build and sign in one step; `terms` as of `build_statement`."""
    return sign_statement(build_statement(k, signer=signer, **terms), signer)


def parse_statement(data: bytes) -> UnverifiedStatement:
    """Read a statement from the wire; raise MalformedError, or VerificationError (typ, signers)."""
    value = parse_object(data, limit=MAX_STATEMENT_BYTES, where="statement")
    refuse_spaces(data, "statement")
    unverified = parse_statement_object(value, data)
    if unverified.statement.k == "release" and len(data) > MAX_RELEASE_BYTES:
        raise TooLargeError("release", MAX_RELEASE_BYTES)
    return unverified


def parse_statement_object(value: object, raw: bytes) -> UnverifiedStatement:
    """Read a statement that was a member of a larger, already parsed JSON text."""
    payload = value.get("payload") if isinstance(value, dict) else None
    octets = unb64u(payload, where="statement payload")
    k = parse_object(octets, limit=MAX_STATEMENT_BYTES, where="statement").get("k")
    kind = one_of(k, frozenset(KIND_RULES), "statement k")
    jws = parse_jws_object(value, statement_typ(kind))
    statement = read_payload(jws.payload, kind)
    if statement.signers != jws.kids:
        raise VerificationError(Failure.SIGNERS)
    return UnverifiedStatement(statement, jws, raw)


def read_payload(payload: bytes, kind: str) -> Statement:
    """Check every member of a payload of this kind; raise MalformedError."""
    value = members(
        parse_object(payload, limit=MAX_STATEMENT_BYTES, where="statement"), _MEMBERS, "statement"
    )
    integer(value["v"], "statement v", least=VERSION, most=VERSION)
    if kind not in KIND_RULES:
        raise MalformedError("statement k")
    unb64u(value["nonce"], size=_NONCE_BYTES, where="statement nonce")
    if not isinstance(value["body"], dict):
        raise MalformedError("statement body")
    KIND_RULES[kind].check_body(value["body"])
    statement = Statement(
        k=kind,
        suite=one_of(value["suite"], SUITES, "statement suite"),
        iss=agency_id(value["iss"], "statement iss"),
        id=uuid7(value["id"], "statement id"),
        iat=timestamp(value["iat"], "statement iat"),
        exp=_end(value["exp"], kind, value["iat"]),
        nonce=value["nonce"],
        signers=_signers(value["signers"]),
        sub=_subject(value["sub"], kind),
        act=None if value["act"] is None else officer_id(value["act"], "statement act"),
        cp=_checkpoint(value["cp"]),
        body=value["body"],
        od=object_digest(statement_typ(kind), payload),
    )
    _check_across(statement)
    return statement


def _end(value: object, kind: str, iat: int) -> int | None:
    if not KIND_RULES[kind].ends:
        if value is not None:
            raise MalformedError("statement exp")
        return None
    return timestamp(value, "statement exp", least=iat + 1)


def _signers(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
        raise MalformedError("statement signers")
    return tuple(digest(kid, "statement signers") for kid in value)


def _subject(value: object, kind: str) -> SubjectRef | None:
    allowed = KIND_RULES[kind].subjects
    if not allowed:
        if value is not None:
            raise MalformedError("statement sub")
        return None
    sub = members(value, frozenset({"k", "id", "d"}), "statement sub")
    return SubjectRef(
        k=one_of(sub["k"], allowed, "statement sub"),
        id=uuid7(sub["id"], "statement sub"),
        d=digest(sub["d"], "statement sub"),
    )


def _checkpoint(value: object) -> CheckpointRef | None:
    if value is None:
        return None
    cp = members(value, frozenset({"n", "root"}), "statement cp")
    return CheckpointRef(integer(cp["n"], "statement cp"), digest(cp["root"], "statement cp"))


def _check_across(statement: Statement) -> None:
    """Check the rules that join a member of the body with one outside it."""
    body = statement.body
    if statement.k in _ROOT_SIGNED and statement.suite != PQ1:
        raise MalformedError("statement suite")
    if statement.k == "revoke" and body["since"] > statement.iat:
        raise MalformedError("revoke since")
    if statement.k == "ack" and body["st"] == "opened" and statement.act is None:
        raise MalformedError("ack opened without act")
    if statement.k == "ack" and body["st"] == "unopenable" and statement.act is not None:
        raise MalformedError("ack unopenable with act")
    if statement.k == "agreement" and statement.exp is not None and body["nbf"] >= statement.exp:
        raise MalformedError("agreement nbf")
