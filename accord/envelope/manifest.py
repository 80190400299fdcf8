# SPDX-License-Identifier: Apache-2.0
"""The manifest: the part of an envelope that the exchange reads, signed by the originator.

Every member is listed and checked; rules that join members (clocks, `re`, RED) are checked here too, so that a manifest that
parses is one the profile allows. `md`, its object digest, is the envelope's address. Source: docs/spec/envelope.md, "Manifest".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accord.envelope.encoding import (
    MAX_MANIFEST_BYTES,
    agency_id,
    b64u,
    canonical,
    digest,
    integer,
    members,
    object_digest,
    one_of,
    parse_object,
    timestamp,
    uuid7,
)
from accord.envelope.errors import Failure, MalformedError, VerificationError
from accord.envelope.keys import PQ1, SUITES
from accord.envelope.vocabulary import (
    AMBER_STRICT,
    KINDS,
    LANES,
    MAX_KEEP_SECS,
    MAX_RECIPIENTS,
    MAX_RED_AGENCIES,
    PRIORITIES,
    PURPOSES,
    RED,
    RELS,
    STATUSES,
    TLPS,
    TYP_MANIFEST,
    VERSION,
)

MAX_ATTACHMENTS = 32
MAX_BLOB_BYTES = 64 * 1024 * 1024
MAX_BLOBS_BYTES = 256 * 1024 * 1024
# IV, tag and the 8-octet length that every blob carries.
MIN_BLOB_BYTES = 12 + 16 + 8
MAX_NAMED = 500 * 64
LEAST_KEEP_SECS = 30 * 24 * 3600
"""The least `keep` of a new envelope of status `actual`; earlier envelopes stay valid."""

TERM_MEMBERS = frozenset(
    {
        "kind", "status", "jti", "iat", "exp", "keep", "tlp", "rel", "lane", "purpose",
        "pri", "ack_by", "reply_by", "re",
    }
)  # fmt: skip
SHARED_MEMBERS = TERM_MEMBERS | {"v", "suite", "iss", "named", "signers"}
MANIFEST_MEMBERS = SHARED_MEMBERS | {"pd", "ct", "rn", "rr", "att"}


@dataclass(frozen=True)
class Reference:
    """Another envelope: its jti and md."""

    jti: str
    md: str

    def as_json(self) -> dict[str, str]:
        """Return the member `re`."""
        return {"jti": self.jti, "md": self.md}


@dataclass(frozen=True)
class BlobRef:
    """A blob as the manifest names it: number, digest (base64url) and length in octets."""

    n: int
    sha256: str
    len: int


@dataclass(frozen=True)
class Terms:
    """The sender's part of a manifest. Times in seconds; `None` means none."""

    kind: str
    status: str
    jti: str
    iat: int
    exp: int
    keep: int
    tlp: str
    rel: str
    lane: str
    purpose: str
    pri: str
    ack_by: int | None = None
    reply_by: int | None = None
    re: Reference | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the members as they stand in manifest and inner payload."""
        terms = dict(vars(self))
        terms["re"] = self.re.as_json() if self.re else None
        return terms


@dataclass(frozen=True)
class Manifest:
    """A manifest whose members are allowed; says nothing about its signatures."""

    terms: Terms
    suite: str
    iss: str
    named: int
    signers: tuple[str, ...]
    pd: str
    ct: str
    rn: int
    rr: str
    att: tuple[BlobRef, ...]
    md: str

    @property
    def jti(self) -> str:
        """The envelope's id, unique for its issuer."""
        return self.terms.jti

    @property
    def is_red(self) -> bool:
        """TLP:RED."""
        return self.terms.tlp == RED

    def shared(self) -> dict[str, Any]:
        """Return the members that the inner payload repeats, `att` excepted."""
        return shared_members(self.terms, self.suite, self.iss, self.named, self.signers)


def shared_members(
    terms: Terms, suite: str, iss: str, named: int, signers: tuple[str, ...]
) -> dict[str, Any]:
    """Members that stand alike in manifest and inner payload, `att` excepted."""
    own = {"v": VERSION, "suite": suite, "iss": iss, "named": named, "signers": list(signers)}
    return terms.as_json() | own


def aad_of(terms: Terms, iss: str) -> str:
    """Return the JWE member `aad`: base64url of canonical {iss, jti, tlp, v}. It binds entries to their envelope."""
    return b64u(canonical({"iss": iss, "jti": terms.jti, "tlp": terms.tlp, "v": VERSION}))


def read_manifest(payload: bytes) -> Manifest:
    """Check a manifest payload; raise MalformedError, TooLargeError, or VerificationError for RED rules."""
    value = parse_object(payload, limit=MAX_MANIFEST_BYTES, where="manifest")
    members(value, MANIFEST_MEMBERS, "manifest")
    terms, suite, named = read_shared(value)
    manifest = Manifest(
        terms=terms,
        suite=suite,
        iss=value["iss"],
        named=named,
        signers=tuple(value["signers"]),
        pd=digest(value["pd"], "manifest pd"),
        ct=digest(value["ct"], "manifest ct"),
        rn=integer(value["rn"], "manifest rn", least=2, most=MAX_RECIPIENTS + 1),
        rr=digest(value["rr"], "manifest rr"),
        att=_read_attachments(value["att"]),
        md=object_digest(TYP_MANIFEST, payload),
    )
    if manifest.is_red and manifest.rn > MAX_RED_AGENCIES + 1:
        raise VerificationError(Failure.RED, "over 100 agencies")
    return manifest


def read_shared(value: Mapping[str, Any]) -> tuple[Terms, str, int]:
    """Check the members that manifest and inner payload share: terms, suite, `named`."""
    integer(value["v"], "v", least=VERSION, most=VERSION)
    agency_id(value["iss"], "iss")
    suite = one_of(value["suite"], SUITES, "suite")
    signers = value["signers"]
    if not isinstance(signers, list) or len(signers) != (2 if suite == PQ1 else 1):
        raise MalformedError("signers")
    for kid in signers:
        digest(kid, "signers")
    terms = read_terms(value)
    named = integer(value["named"], "named", most=MAX_NAMED)
    _check_marking(terms, suite, named)
    return terms, suite, named


def read_terms(value: Mapping[str, Any]) -> Terms:
    """Check each of the sender's terms and the rules that join them; raise MalformedError."""
    iat = timestamp(value["iat"], "iat")
    exp = timestamp(value["exp"], "exp", least=iat + 1)
    keep = timestamp(value["keep"], "keep", least=exp, most=iat + MAX_KEEP_SECS)
    kind = one_of(value["kind"], KINDS, "kind")
    return Terms(
        kind=kind,
        status=one_of(value["status"], STATUSES, "status"),
        jti=uuid7(value["jti"], "jti"),
        iat=iat,
        exp=exp,
        keep=keep,
        tlp=one_of(value["tlp"], TLPS, "tlp"),
        rel=one_of(value["rel"], RELS, "rel"),
        lane=one_of(value["lane"], LANES, "lane"),
        purpose=one_of(value["purpose"], PURPOSES, "purpose"),
        pri=one_of(value["pri"], PRIORITIES, "pri"),
        ack_by=_read_clock(value["ack_by"], "ack_by", iat, keep),
        reply_by=_read_clock(value["reply_by"], "reply_by", iat, keep),
        re=_read_reference(value["re"], kind),
    )


def _read_clock(value: object, where: str, iat: int, keep: int) -> int | None:
    return None if value is None else timestamp(value, where, least=iat + 1, most=keep)


def _read_reference(value: object, kind: str) -> Reference | None:
    if (value is None) != (kind == "alert"):
        raise MalformedError("re")
    if value is None:
        return None
    re = members(value, frozenset({"jti", "md"}), "re")
    return Reference(uuid7(re["jti"], "re jti"), digest(re["md"], "re md"))


def _check_marking(terms: Terms, suite: str, named: int) -> None:
    if terms.tlp in (RED, AMBER_STRICT) and suite != PQ1:
        raise VerificationError(Failure.SUITE, f"{terms.tlp} needs PQ1")
    if terms.tlp == RED and (named == 0 or terms.rel != "none"):
        raise VerificationError(Failure.RED, "named officers, rel none")
    if terms.tlp != RED and named:
        raise MalformedError("named")


def _read_attachments(value: object) -> tuple[BlobRef, ...]:
    if not isinstance(value, list) or len(value) > MAX_ATTACHMENTS:
        raise MalformedError("att")
    blobs = tuple(read_blob_ref(members(item, frozenset({"n", "sha256", "len"}), "att")) for item in value)
    check_blob_refs(blobs)
    return blobs


def read_blob_ref(item: Mapping[str, Any]) -> BlobRef:
    """Return the three members that manifest and inner payload share."""
    return BlobRef(
        n=integer(item["n"], "att n"),
        sha256=digest(item["sha256"], "att sha256"),
        len=integer(item["len"], "att len", least=MIN_BLOB_BYTES, most=MAX_BLOB_BYTES),
    )


def check_blob_refs(blobs: tuple[BlobRef, ...]) -> None:
    """Check that blobs are numbered 0, 1, 2 ... and within an envelope's size together; raise MalformedError."""
    if [blob.n for blob in blobs] != list(range(len(blobs))):
        raise MalformedError("att n")
    if sum(blob.len for blob in blobs) > MAX_BLOBS_BYTES:
        raise MalformedError("att total")
