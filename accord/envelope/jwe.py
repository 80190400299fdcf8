# SPDX-License-Identifier: Apache-2.0
"""The sealed part: a JWE in General JSON, with one entry per recipient agency.

Members exactly `protected, aad, iv, ciphertext, tag, recipients`; the protected header holds exactly
`enc, typ, cty`, so that nothing but A256GCM exists and `zip` is refused before any key is used.
Entries are kept as canonical JSON, the form that `rr` covers. Source: RFC 7516, RFC 9162.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from accord.envelope.encoding import (
    MAX_INNER_JWS_BYTES,
    b64u,
    canonical,
    members,
    parse_object,
    text,
    unb64u,
)
from accord.envelope.errors import MalformedError, TooLargeError
from accord.envelope.keys import EC1, PQ1
from accord.envelope.suites import ec1, pq1
from accord.envelope.tree import merkle
from accord.envelope.vocabulary import MAX_RECIPIENTS, TYP_CHALLENGE, TYP_CREDENTIAL, TYP_INNER, TYP_JWE

IV_BYTES: Final = 12
TAG_BYTES: Final = 16

_MEMBERS = frozenset({"protected", "aad", "iv", "ciphertext", "tag", "recipients"})
_ENTRY_MEMBERS = frozenset({"header", "encrypted_key"})
_READERS: Mapping[str, Callable[[dict[str, Any], object], tuple[str, str | None, str]]] = {
    PQ1: pq1.read_entry,
    EC1: ec1.read_entry,
}
_WRAPPERS = {PQ1: pq1.wrap, EC1: ec1.wrap}


def _orders_of(header: Mapping[str, str]) -> frozenset[str]:
    """Return every allowed spelling of a protected header: any order, no white space, no escapes."""
    return frozenset(
        b64u(("{" + ",".join(f'"{name}":"{value}"' for name, value in order) + "}").encode("ascii"))
        for order in itertools.permutations(header.items())
    )


_CONTENT_HEADER = {"enc": "A256GCM", "typ": TYP_JWE, "cty": TYP_INNER}
_HEADERS = {TYP_JWE: _CONTENT_HEADER} | {
    typ: {"enc": "A256GCM", "typ": typ} for typ in (TYP_CHALLENGE, TYP_CREDENTIAL)
}
_SPELLINGS = {typ: _orders_of(header) for typ, header in _HEADERS.items()}
PROTECTED: Final = {typ: b64u(canonical(header)) for typ, header in _HEADERS.items()}


@dataclass(frozen=True)
class Entry:
    """One recipient's entry as received: kid, curve of the epk (EC1), canonical JSON."""

    kid: str
    curve: str | None
    text: str


@dataclass(frozen=True)
class UnverifiedJwe:
    """A well-formed JWE that nobody has opened or compared with a manifest."""

    protected: str
    aad: str
    iv: bytes
    ciphertext: bytes = field(repr=False)
    tag: bytes
    entries: tuple[Entry, ...]

    @property
    def head(self) -> str:
        """The JWE without its recipients, as JSON."""
        iv, ciphertext, tag = b64u(self.iv), b64u(self.ciphertext), b64u(self.tag)
        return head_of(self.protected, self.aad, iv, ciphertext, tag)

    @property
    def ct(self) -> str:
        """The required value of the manifest's `ct`."""
        return ct_of(self.protected, self.aad, self.iv, self.ciphertext, self.tag)

    @property
    def gcm_aad(self) -> bytes:
        """The associated data of the content encryption, RFC 7516 section 5.1."""
        return f"{self.protected}.{self.aad}".encode("ascii")


def ct_of(protected: str, aad: str, iv: bytes, ciphertext: bytes, tag: bytes) -> str:
    """SHA-256(protected "." aad "." iv ciphertext tag), base64url."""
    whole = hashlib.sha256(f"{protected}.{aad}.".encode("ascii"))
    for part in (iv, ciphertext, tag):
        whole.update(part)
    return b64u(whole.digest())


def parse_jwe(data: bytes, suite: str, *, limit: int, typ: str = TYP_JWE) -> UnverifiedJwe:
    """Read a JWE of this suite from the wire; raise MalformedError."""
    return parse_jwe_object(parse_object(data, limit=limit, where="jwe"), suite, typ)


def parse_jwe_object(value: object, suite: str, typ: str = TYP_JWE) -> UnverifiedJwe:
    """Read a JWE that was a member of a larger, already parsed JSON text."""
    jwe = members(value, _MEMBERS, "jwe")
    protected = text(jwe["protected"], "jwe protected")
    if protected not in _SPELLINGS[typ]:
        raise MalformedError("jwe protected")
    aad = text(jwe["aad"], "jwe aad")
    unb64u(aad, where="jwe aad")
    return UnverifiedJwe(
        protected=protected,
        aad=aad,
        iv=unb64u(jwe["iv"], size=IV_BYTES, where="jwe iv"),
        ciphertext=_read_ciphertext(jwe["ciphertext"]),
        tag=unb64u(jwe["tag"], size=TAG_BYTES, where="jwe tag"),
        entries=read_entries(jwe["recipients"], suite),
    )


def _read_ciphertext(value: object) -> bytes:
    """Read a ciphertext as long as what it hides, which is at most an inner JWS."""
    ciphertext = unb64u(value, where="jwe ciphertext")
    if len(ciphertext) > MAX_INNER_JWS_BYTES:
        raise TooLargeError("jwe ciphertext", MAX_INNER_JWS_BYTES)
    return ciphertext


def read_entries(value: object, suite: str) -> tuple[Entry, ...]:
    """Check an array of entries of one suite, without any key; raise MalformedError."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_RECIPIENTS + 1:
        raise MalformedError("recipients")
    read = _READERS[suite]
    entries = []
    for item in value:
        members(item, _ENTRY_MEMBERS, "entry")
        if not isinstance(item["header"], dict):
            raise MalformedError("entry header")
        entries.append(Entry(*read(item["header"], item["encrypted_key"])))
    return tuple(entries)


def wrap_for(suite: str, key: Any, content_key: bytes) -> str:
    """Return the canonical JSON of one entry."""
    return _WRAPPERS[suite](key, content_key)


def head_of(protected: str, aad: str, iv: str, ciphertext: str, tag: str) -> str:
    """Return the JWE without its recipients, as JSON; all texts are base64url."""
    return (
        f'{{"protected":"{protected}","aad":"{aad}","iv":"{iv}","ciphertext":"{ciphertext}","tag":"{tag}"}}'
    )


def join_jwe(head: str, entries: Sequence[str]) -> str:
    """Return a JWE from its head and the JSON of its entries."""
    return f'{head[:-1]},"recipients":[{",".join(entries)}]}}'


def leaf_hashes(agencies: Sequence[str], entries: Sequence[str]) -> list[bytes]:
    """RFC 9162 leaf hashes over canonical {a, r}, in the order given."""
    return [
        merkle.leaf_hash(f'{{"a":"{agency}","r":{entry}}}'.encode("ascii"))
        for agency, entry in zip(agencies, entries, strict=True)
    ]


def recipients_root(leaves: Sequence[bytes]) -> str:
    """`rr`, base64url."""
    return b64u(merkle.root_of(leaves))
