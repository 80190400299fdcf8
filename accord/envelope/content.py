# SPDX-License-Identifier: Apache-2.0
"""The inner payload: what the originator says, to whom, with which attachments.

It repeats every shared member of the manifest, so that neither can be moved to another. Its length is
one of six sizes: `pad` hides how much was written. Types only and pure functions; nothing here opens.
Source: docs/spec/envelope.md, "Inner payload".
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from accord.envelope.blobs import KEY_BYTES, blob_size
from accord.envelope.encoding import (
    agency_id,
    agency_ids,
    b64u,
    canonical,
    integer,
    members,
    officer_id,
    parse_object,
    text,
    unb64u,
)
from accord.envelope.errors import (
    Failure,
    MalformedError,
    SealingError,
    SealRefusal,
    VerificationError,
)
from accord.envelope.keyrule import Standing
from accord.envelope.manifest import (
    MAX_ATTACHMENTS,
    SHARED_MEMBERS,
    BlobRef,
    Manifest,
    Terms,
    check_blob_refs,
    read_blob_ref,
    read_shared,
    shared_members,
)
from accord.envelope.statements.form import Statement
from accord.envelope.vocabulary import MAX_RECIPIENTS, RED

PADDED_SIZES: Final = tuple(kib * 1024 for kib in (2, 4, 8, 16, 32, 64))
NONCE_BYTES: Final = 16
MAX_FILENAME_BYTES = 255
MAX_MEDIA_TYPE_CHARS = 127

_INNER_MEMBERS = SHARED_MEMBERS | {"aud", "names", "nonce", "alert", "att", "pad"}
_ATTACHMENT_MEMBERS = frozenset({"n", "sha256", "len", "size", "cty", "fn", "k"})
_SCHEMA = re.compile(r"accord-alert/[1-9][0-9]{0,5}")
_MEDIA_TYPE = re.compile(r"[!-~]+/[!-~](?:[ -~]*[!-~])?")


@dataclass(frozen=True, order=True)
class NamedOfficer:
    """An officer of a recipient agency, by the opaque id that agency gave; RED names at least one of each."""

    agency: str
    officer: str


@dataclass(frozen=True)
class Attachment:
    """A file to seal: its name, media type and octets in the clear."""

    filename: str = field(repr=False)
    media_type: str
    plain: bytes = field(repr=False)


@dataclass(frozen=True)
class AttachmentKey:
    """A sealed file as the inner payload names it, with the key that opens its blob."""

    n: int
    sha256: str
    len: int
    size: int
    cty: str
    fn: str = field(repr=False)
    k: bytes = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return the member of `att` in the inner payload."""
        return {**vars(self), "k": b64u(self.k)}


@dataclass(frozen=True)
class Inner:
    """A well-formed inner payload."""

    shared: Mapping[str, Any]
    aud: tuple[str, ...]
    names: tuple[NamedOfficer, ...]
    alert: Mapping[str, Any] = field(repr=False)
    attachments: tuple[AttachmentKey, ...]


@dataclass(frozen=True)
class OpenedAlert:
    """An alert whose checks all held. `standing` says whether its signatures were repudiated since.

    It is the worst of `standings`: the manifest's, then that of each release in `via`, for which its issuer answers. `log_time`
    in seconds is the ledger's word; `log_compared` False means that no consistency proof could be fetched yet; `late` means
    that it was first opened after `exp`.
    """

    manifest: Manifest
    audience: tuple[str, ...]
    names: tuple[NamedOfficer, ...]
    alert: Mapping[str, Any] = field(repr=False)
    attachments: tuple[AttachmentKey, ...]
    standing: Standing
    log_time: int
    log_compared: bool
    late: bool
    inner_jws: bytes = field(repr=False)
    standings: tuple[Standing, ...]
    via: tuple[Statement, ...]


def build_inner(
    terms: Terms,
    *,
    suite: str,
    iss: str,
    signers: tuple[str, ...],
    aud: Sequence[str],
    names: Iterable[NamedOfficer],
    nonce: bytes,
    alert: Mapping[str, Any],
    attachments: Sequence[AttachmentKey],
) -> bytes:
    """Return the canonical inner payload, padded; raise SealingError (too large) or MalformedError."""
    named = sorted(set(names))
    payload = shared_members(terms, suite, iss, len(named), signers) | {
        "aud": sorted(aud),
        "names": [{"a": name.agency, "o": name.officer} for name in named],
        "nonce": b64u(nonce),
        "alert": dict(alert),
        "att": [attachment.as_json() for attachment in attachments],
        "pad": "",
    }
    octets = _padded(payload)
    read_inner(octets)
    return octets


def _padded(payload: dict[str, Any]) -> bytes:
    bare = canonical(payload)
    size = next((size for size in PADDED_SIZES if size >= len(bare)), None)
    if size is None:
        raise SealingError(SealRefusal.CONTENT_TOO_LARGE, f"{len(bare)} of {PADDED_SIZES[-1]} octets")
    # Each ASCII zero adds one octet, wherever the member stands.
    return canonical(payload | {"pad": "0" * (size - len(bare))})


def read_inner(payload: bytes) -> Inner:
    """Read an inner payload and check every member; raise MalformedError or VerificationError."""
    return inner_of(parse_inner(payload))


@dataclass(frozen=True)
class InnerPayload:
    """An inner payload as JSON, no member of which was checked, and its octets."""

    value: Mapping[str, Any] = field(repr=False)
    size: int


def parse_inner(payload: bytes) -> InnerPayload:
    """Read the JSON of an inner payload of an allowed size; raise MalformedError."""
    if len(payload) not in PADDED_SIZES:
        raise MalformedError("inner payload size")
    return InnerPayload(parse_object(payload, limit=PADDED_SIZES[-1], where="inner"), len(payload))


def inner_of(payload: InnerPayload) -> Inner:
    """Check every member; raise MalformedError or VerificationError."""
    value = members(payload.value, _INNER_MEMBERS, "inner")
    terms, _, named = read_shared(value)
    unb64u(value["nonce"], size=NONCE_BYTES, where="inner nonce")
    _check_padding(text(value["pad"], "pad"), payload.size)
    aud = _read_audience(value["aud"], value["iss"])
    names = _read_names(value["names"], aud)
    if len(names) != named:
        raise MalformedError("named")
    if terms.tlp == RED and {name.agency for name in names} != set(aud):
        raise VerificationError(Failure.RED, "one named officer at least per agency")
    return Inner(
        shared={name: value[name] for name in SHARED_MEMBERS},
        aud=aud,
        names=names,
        alert=_read_alert(value["alert"]),
        attachments=_read_attachments(value["att"]),
    )


def _check_padding(pad: str, size: int) -> None:
    """Check that the padding is zeros, no more than fill the smallest size that holds the rest."""
    if pad.count("0") != len(pad) or any(size - len(pad) <= smaller < size for smaller in PADDED_SIZES):
        raise MalformedError("pad")


def _read_audience(value: object, iss: str) -> tuple[str, ...]:
    aud = tuple(agency_ids(value, "aud"))
    if not 1 <= len(aud) <= MAX_RECIPIENTS or holds(aud, iss):
        raise MalformedError("aud")
    return aud


def holds(aud: Sequence[str], agency: str) -> bool:
    """Tell whether `agency` is in this sorted audience."""
    place = bisect.bisect_left(aud, agency)
    return place < len(aud) and aud[place] == agency


def _read_names(value: object, aud: tuple[str, ...]) -> tuple[NamedOfficer, ...]:
    if not isinstance(value, list):
        raise MalformedError("names")
    if not value:
        return ()
    names = []
    for item in value:
        members(item, frozenset({"a", "o"}), "names")
        names.append(NamedOfficer(agency_id(item["a"], "names"), officer_id(item["o"], "names")))
    if names != sorted(set(names)) or not {name.agency for name in names} <= set(aud):
        raise MalformedError("names")
    return tuple(names)


def _read_alert(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or not _SCHEMA.fullmatch(text(value.get("schema"), "alert schema")):
        raise MalformedError("alert schema")
    return value


def _read_attachments(value: object) -> tuple[AttachmentKey, ...]:
    if not isinstance(value, list) or len(value) > MAX_ATTACHMENTS:
        raise MalformedError("att")
    attachments = tuple(_read_attachment(item) for item in value)
    check_blob_refs(tuple(common_of(attachment) for attachment in attachments))
    return attachments


def _read_attachment(value: object) -> AttachmentKey:
    item = members(value, _ATTACHMENT_MEMBERS, "att")
    common = read_blob_ref(item)
    attachment = AttachmentKey(
        n=common.n,
        sha256=common.sha256,
        len=common.len,
        size=integer(item["size"], "att size"),
        cty=media_type(item["cty"]),
        fn=filename(item["fn"]),
        k=unb64u(item["k"], size=KEY_BYTES, where="att k"),
    )
    if attachment.len != blob_size(attachment.size):
        raise MalformedError("att len")
    return attachment


def common_of(attachment: AttachmentKey) -> BlobRef:
    """Return the members that the manifest repeats."""
    return BlobRef(attachment.n, attachment.sha256, attachment.len)


def media_type(value: object) -> str:
    """Demand a media type: 3 to 127 printable ASCII characters with a slash."""
    word = text(value, "att cty")
    if len(word) > MAX_MEDIA_TYPE_CHARS or not _MEDIA_TYPE.fullmatch(word):
        raise MalformedError("att cty")
    return word


def filename(value: object) -> str:
    """Demand a file name: 1 to 255 octets of UTF-8 without controls, slash or backslash."""
    name = text(value, "att fn")
    if not 1 <= len(name.encode("utf-8", "surrogatepass")) <= MAX_FILENAME_BYTES:
        raise MalformedError("att fn")
    if any(char in "/\\" or unicodedata.category(char) == "Cc" for char in name):
        raise MalformedError("att fn")
    return name


def check_inner_matches(inner: Inner, manifest: Manifest) -> None:
    """Require equality of every shared member and `rn` = audience and originator; raise VerificationError."""
    if dict(inner.shared) != manifest.shared():
        raise VerificationError(Failure.INNER_DIFFERS)
    if tuple(map(common_of, inner.attachments)) != manifest.att:
        raise VerificationError(Failure.INNER_DIFFERS, "att")
    if manifest.rn != len(inner.aud) + 1:
        raise VerificationError(Failure.RECIPIENTS, "rn")
