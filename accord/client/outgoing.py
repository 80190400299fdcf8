# SPDX-License-Identifier: Apache-2.0
"""An alert as its sender requests it: the document, the recipients, the marking, the files.

`AlertToSend` is the one input of `Client.submit`. Its JSON form is an object with the member names of the dataclass, closed: an
unknown member is refused, because a misspelt marking must not become a default. The hub decides whether it may be sent;
`Client.plan` tells whether it can be sealed.
"""

from __future__ import annotations

import io
import mimetypes
import re
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from accord.client.errors import RequestError
from accord.document.places import Places, places_of, unreadable
from accord.envelope.content import Attachment, NamedOfficer
from accord.envelope.encoding import agency_id, digest, officer_id, parse_object, uuid7
from accord.envelope.errors import MalformedError
from accord.envelope.keys import SUITES
from accord.envelope.manifest import LEAST_KEEP_SECS, Reference, Terms
from accord.envelope.vocabulary import (
    ACKNOWLEDGE_WITHIN_SECS,
    KINDS,
    LANES,
    PRIORITIES,
    PURPOSES,
    RED,
    RELS,
    STATUSES,
    TLPS,
)

MAX_DOCUMENT_BYTES: Final = 64 * 1024
DAY_SECS: Final = 24 * 3600
EXPIRES_AFTER_SECS: Final = 90 * DAY_SECS
KEPT_FOR_SECS: Final = 3 * 365 * DAY_SECS

_UNITS = {"m": 60, "h": 3600, "d": DAY_SECS}
_DURATION = re.compile(r"\+?([1-9][0-9]{0,4})([mhd])")
_BINARY = "application/octet-stream"
WORDS: Final[Mapping[str, Collection[str]]] = {
    "kind": KINDS,
    "status": STATUSES,
    "tlp": TLPS,
    "rel": RELS,
    "lane": LANES,
    "purpose": PURPOSES,
    "pri": PRIORITIES,
    "suite": SUITES,
}


@dataclass(frozen=True)
class FileToAttach:
    """A file to attach on this disk, `size` octets: read piece by piece while it is sealed."""

    path: Path
    filename: str
    media_type: str
    size: int


@dataclass(frozen=True)
class AlertToSend:
    """The content, recipients and marking to send. Times in seconds; None takes the default stated beside it.

    `exp`: no first delivery afterwards (90 days); `keep`: the hub deletes the content then (3 years);
    `ack_by`: flash 1 hour, others 24 hours, an exercise none. `re` is the envelope answered or
    updated, for every kind but `alert`. `names` are officers of the recipients, for RED only.
    """

    alert: Mapping[str, Any] = field(repr=False)
    to: tuple[str, ...]
    lane: str
    purpose: str
    tlp: str = "AMBER"
    pri: str = "routine"
    rel: str = "originator"
    kind: str = "alert"
    status: str = "actual"
    suite: str = "PQ1"
    confirm_ec1: bool = False
    exp: int | None = None
    keep: int | None = None
    ack_by: int | None = None
    reply_by: int | None = None
    re: Reference | None = None
    names: tuple[NamedOfficer, ...] = ()
    attachments: tuple[Attachment | FileToAttach, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an order that no hub could accept; raise RequestError."""
        for member, words in WORDS.items():
            value = getattr(self, member)
            if not (isinstance(value, str) and value in words):
                raise RequestError(f"{member}: choose one of {', '.join(sorted(words))}.")
        document: object = self.alert
        if not (isinstance(document, Mapping) and isinstance(document.get("schema"), str)):
            raise RequestError("alert: the document is an object whose `schema` is like accord-alert/1.")
        if type(self.confirm_ec1) is not bool:
            raise RequestError("confirm_ec1: write true or false.")
        if not self.to:
            raise RequestError("to: name at least one agency that shall receive this.")
        if (self.re is None) != (self.kind == "alert"):
            raise RequestError("re: name the envelope answered or updated; an alert has none.")

    @classmethod
    def from_json(cls, document: Mapping[str, Any], *, now: int, folder: Path) -> AlertToSend:
        """Read the JSON form; times as seconds, ISO 8601 or a span (`90d`), files relative to `folder`.

        Raises RequestError.
        """
        unknown = document.keys() - {member.name for member in fields(cls)}
        missing = {"alert", "to", "lane", "purpose"} - document.keys()
        if unknown or missing:
            raise RequestError(_member_sentence(unknown, missing))
        members = dict(document)
        for name in ("exp", "keep", "ack_by", "reply_by"):
            members[name] = (
                None if members.get(name) is None else read_time(members[name], now=now, where=name)
            )
        members["to"] = tuple(read_agencies(document["to"]))
        members["re"] = read_reference(document.get("re"))
        members["names"] = tuple(read_name(name) for name in _list(document.get("names"), "names"))
        files = _list(document.get("attachments"), "attachments")
        members["attachments"] = tuple(read_file_member(file, folder) for file in files)
        return cls(**members)

    def terms(self, jti: str, *, now: int) -> Terms:
        """Return the manifest's terms of this sending. Raises RequestError for terms that no exchange would accept."""
        clock = now + ACKNOWLEDGE_WITHIN_SECS[self.pri] if self.status == "actual" else None
        if self.status == "actual" and self.keep is not None and self.keep < now + LEAST_KEEP_SECS:
            raise RequestError("keep: a real alert is kept 30 days at least; name a later time or none.")
        return Terms(
            kind=self.kind,
            status=self.status,
            jti=jti,
            iat=now,
            exp=self.exp if self.exp is not None else now + EXPIRES_AFTER_SECS,
            keep=self.keep if self.keep is not None else now + KEPT_FOR_SECS,
            tlp=self.tlp,
            rel="none" if self.tlp == RED else self.rel,
            lane=self.lane,
            purpose=self.purpose,
            pri=self.pri,
            ack_by=self.ack_by if self.ack_by is not None else clock,
            reply_by=self.reply_by,
            re=self.re,
        )

    def without(self, agencies: Sequence[str]) -> AlertToSend:
        """Return this order without these agencies and their named officers."""
        left = set(agencies)
        return replace(
            self,
            to=tuple(agency for agency in self.to if agency not in left),
            names=tuple(name for name in self.names if name.agency not in left),
        )


def read_document(path: Path) -> tuple[dict[str, Any], Places]:
    """Read a JSON file strictly, with the line of each member; raise RequestError that names member and line."""
    content = read_file(path, limit=MAX_DOCUMENT_BYTES * 4)
    try:
        return parse_object(content, limit=MAX_DOCUMENT_BYTES * 4, where=path.name), places_of(content)
    except MalformedError as exc:
        reasons = "".join(f"\n  {reason}" for reason in unreadable(content)) or f" {exc}."
        raise RequestError(f"{path} is not the JSON that is needed:{reasons}") from exc


def describe_file(path: Path, *, filename: str | None = None, media_type: str | None = None) -> FileToAttach:
    """Describe a file to attach without reading it; its name is the last part of the path unless given. Raises RequestError."""
    with read_errors(path):
        facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise RequestError(f"{path} is not a file.")
    guessed = mimetypes.guess_type(path.name)[0]
    return FileToAttach(path, filename or path.name, media_type or guessed or _BINARY, facts.st_size)


def size_of(item: Attachment | FileToAttach) -> int:
    """Return the octets of an attachment, in the clear."""
    return item.size if isinstance(item, FileToAttach) else len(item.plain)


def open_to_seal(item: Attachment | FileToAttach) -> BinaryIO:
    """Open an attachment for reading; raise RequestError."""
    if isinstance(item, Attachment):
        return io.BytesIO(item.plain)
    with read_errors(item.path):
        return item.path.open("rb", buffering=0)


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turn errors of reading the caller's file into a RequestError that names it."""
    try:
        yield
    except OSError as exc:
        raise RequestError(f"{path} cannot be read: {exc.strerror}.") from exc


def read_file(path: Path, *, limit: int) -> bytes:
    """Read a file of at most `limit` octets; raise RequestError."""
    with read_errors(path), path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise RequestError(f"{path} is over {limit // 1024} KiB; split it.")
    return content


def read_time(value: object, *, now: int, where: str) -> int:
    """Parse seconds, ISO 8601 with an offset, or a span from now (`45m`, `24h`, `90d`), to seconds."""
    if type(value) is int:
        return value
    span = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if span:
        return now + int(span[1]) * _UNITS[span[2]]
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise RequestError(f"{where}: write a span like 90d or a time like 2027-01-31T12:00+01:00.")
    return int(moment.timestamp())


def read_agencies(value: object) -> list[str]:
    """Parse agency ids, each once; raise RequestError."""
    try:
        agencies = [agency_id(item) for item in _list(value, "to")]
    except MalformedError as exc:
        raise RequestError("to: an agency id looks like xb-health.") from exc
    return sorted(set(agencies))


def read_reference(value: object) -> Reference | None:
    """Parse `{jti, md}` of another envelope, or None; raise RequestError."""
    if value is None:
        return None
    try:
        if not isinstance(value, Mapping) or value.keys() != {"jti", "md"}:
            raise MalformedError("re")
        return Reference(uuid7(value["jti"], "re"), digest(value["md"], "re"))
    except MalformedError as exc:
        raise RequestError("re: give the jti and the md of the envelope, as its opening shows them.") from exc


def read_name(value: object) -> NamedOfficer:
    """Parse a named officer, `agency:officer`; raise RequestError."""
    agency, _, officer = value.partition(":") if isinstance(value, str) else ("", "", "")
    try:
        return NamedOfficer(agency_id(agency), officer_id(officer))
    except MalformedError as exc:
        raise RequestError("names: write each as AGENCY:OFFICER with the id that agency gave you.") from exc


def read_file_member(value: object, folder: Path) -> FileToAttach:
    """Parse `"path"`, or `{"file": path, "filename": ..., "media_type": ...}` with the last two optional."""
    member = {"file": value} if isinstance(value, str) else value
    if not isinstance(member, Mapping) or not member.keys() <= {"file", "filename", "media_type"}:
        raise RequestError("attachments: write a path, or an object with file, filename, media_type.")
    if not all(isinstance(text, str) for text in member.values()) or "file" not in member:
        raise RequestError("attachments: write a path, or an object with file, filename, media_type.")
    path = folder / member["file"]
    return describe_file(path, filename=member.get("filename"), media_type=member.get("media_type"))


def _list(value: object, where: str) -> Sequence[Any]:
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):
        return value
    raise RequestError(f"{where}: write a list.")


def _member_sentence(unknown: set[str], missing: set[str]) -> str:
    parts = []
    if unknown:
        parts.append(f"unknown: {', '.join(sorted(unknown))}")
    if missing:
        parts.append(f"missing: {', '.join(sorted(missing))}")
    return f"The document's members are not right ({'; '.join(parts)})."
