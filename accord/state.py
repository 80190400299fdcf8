# SPDX-License-Identifier: Apache-2.0
"""The client's local state: what it has seen and pinned, so that nobody can make it forget.

- Only the holder of the key ring can have written the state file (AES-256-GCM under the ring's state key; one changed octet
  refuses it whole).
- It is replaced in one atomic step, and two programs of one agency change it one after the other.
- There is no protection against restoring an *older* copy of the whole file: keep the home folder out of shared disks and out
  of partial restores.

The file is the line `accord-state <version>`, a 12-byte IV, then the ciphertext of JSON; the line is the associated data. A
state of a newer version is refused, never half understood.

    >>> with state_file.change() as state:                      # doctest: +SKIP
    ...     state.pins["xb-health"] = Pin(fingerprint, pinned_at=now)
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accord.following.records import CheckpointRecord, KeysetRecord, RevocationRecord, StatementRecord
from accord.privatefiles import FileAbsentError, FileTakenError, PrivateFileError, read_private, write_private

VERSION: Final = 1

_IV_BYTES = 12
_HEAD = re.compile(rb"accord-state ([0-9]{1,4})\n")


class StateError(Exception):
    """Base: the local state cannot be used. The text is a sentence that names the remedy."""


class StateAbsentError(StateError):
    """There is no state yet: this home has not enrolled."""


class StateTakenError(StateError):
    """A state exists already and would be overwritten."""


class StateTamperedError(StateError):
    """The file is truncated, altered, or belongs to other keys."""


class StateVersionError(StateError):
    """A newer program wrote the file."""


@dataclass(frozen=True)
class Pin:
    """The fingerprint (64 hex digits) of an agency's root as pinned; times in seconds."""

    fingerprint: str
    pinned_at: int


@dataclass(frozen=True)
class InboxRecord:
    """One item of the feed as the hub lists it, under this home's number; `md` of an alert or `od` of a statement in `d`.

    `iss` and `id` are the hub's word until the object `d` was verified here: an alert's are then in `State.seen`, a statement's
    in `State.statements`. `acknowledged` is the od of our acknowledgement.
    """

    number: int
    what: str
    d: str
    iss: str
    id: str
    ref: str | None = None
    acknowledged: str | None = None


@dataclass(frozen=True)
class ManifestRecord:
    """The facts of a received envelope's manifest, verified here; times in seconds.

    `keep` and `ack_by`, by when its sender asks for an acknowledgement, are None in a record written before they were kept. `re` is the md of the envelope it names, `reply_by` when its sender asks for an answer. `code` is the code of an answer, "" of
    anything else, and None until it was opened here. `question_change` is what a next version changes in its question, "" until it
    was opened here, and `for_attention` that it owes no answer of this agency. `signers`, `suite` and `index` as in `StatementRecord`: each display judges
    by them again whether its signatures count. `lane` and `pri` are empty in a record written before they were kept.
    `resent` is the id of the alert that one sent after a suspension repeats, "" of any other, or before it was opened here.
    """

    md: str
    iss: str
    jti: str
    kind: str
    tlp: str
    log_time: int
    signers: tuple[str, ...]
    suite: str
    index: int | None = None
    re: str | None = None
    reply_by: int | None = None
    code: str | None = None
    keep: int | None = None
    question_change: str = ""
    for_attention: bool = False
    lane: str = ""
    pri: str = ""
    status: str = "actual"
    resent: str = ""
    ack_by: int | None = None


@dataclass(frozen=True)
class SubmissionRecord:
    """One envelope or statement of our own. `logged_at` is its log time, None until a receipt is verified.

    `accepted` says that the hub has answered 202; until then nothing is known about its fate. `reply_by` is when it asks for an
    answer, `code` what it answers itself, "" for anything but an answer. `question_change` as above; `for_attention` are recipients that owe no answer.
    `lane`, `pri`, `keep` and `ack_by`, by when it is to be acknowledged, are empty for a statement, and in a record written before they
    were kept. `withheld` are agencies that it
    was for and a suspended lane kept it from.
    """

    what: Literal["envelope", "statement"]
    kind: str
    id: str
    d: str
    iat: int
    to: tuple[str, ...] = ()
    about: str | None = None
    accepted: bool = False
    logged_at: int | None = None
    reply_by: int | None = None
    code: str = ""
    question_change: str = ""
    for_attention: tuple[str, ...] = ()
    status: str = "actual"
    lane: str = ""
    pri: str = ""
    keep: int | None = None
    withheld: tuple[str, ...] = ()
    ack_by: int | None = None


@dataclass(frozen=True)
class ResentRecord:
    """One withheld alert chosen to be sent after all: the id under which it goes out, and why it did not (`code`)."""

    jti: str
    chosen_at: int
    code: str = ""


@dataclass(frozen=True)
class CallRecord:
    """A telephone call about an alert, received or own, to `agency`, and when it was noted; times in seconds."""

    d: str
    agency: str
    at: int
    noted_at: int
    text: str = field(repr=False)


@dataclass(frozen=True)
class OpeningFailure:
    """The reason why an alert could not be opened, and when (seconds), for the agency's own audit only."""

    md: str
    at: int
    cause: str


@dataclass(frozen=True)
class OtherHolder:
    """Another desk or command that holds the own identity, as the hub names it; fields it did not give are empty.

    `free_at`, in the hub's format: when another one may take its place, if it stays silent.
    """

    holder: str
    software: str
    free_at: str = ""


@dataclass
class State:
    """The stored state. Digests base64url, times seconds. Change it only within `StateFile.change`.

    - `seen` maps issuer and jti of each alert that was verified and opened to its md, `opened` its md to the time of the first
      opening here.
    - `cursor` is the number up to which the feed was taken in, in the feed's `epoch` ("" where the hub never stated one). Items
      are numbered here by the hub's number plus `base`, which grows where the hub begins its feed anew, so that no number is
      used twice; up to `watched` a watch has delivered them.
    - `uncompared` are checkpoints (signed notes) under which something was opened offline: they are compared with the kept one
      at the next chance.
    - `repudiations` are the feed's items that say that an earlier one was signed with a key revoked since, by their number;
      `reminders` are those by which a sender asks again for an answer, by their own id.
    - `api_key_until` is the end of the API key, None where the hub has not stated it. `handovers` are the verified notes by
      which the ledger's key was replaced.
    - `manifests` are the verified manifests of received envelopes by md, None where the hub says that all of one was deleted;
      `due_told` the words of a watch on answers that are due, each of which is said once.
    - `resent` are withheld alerts that were chosen to be sent, by md and agency with a space between.
    - `instance` is the id by which this home holds the identity, `asked_at` when the hub last answered that, `elsewhere` the
      other holder that it named then; a home that has `given_back` the identity announces nothing.
    """

    agency: str
    hub: str
    ledger_keys: list[str]
    api_key: str = field(repr=False)
    enrolled: bool = False
    checkpoint: CheckpointRecord | None = None
    newest_log_time: int = 0
    cursor: int = 0
    pins: dict[str, Pin] = field(default_factory=dict)
    keysets: dict[str, list[KeysetRecord]] = field(default_factory=dict)
    revocations: dict[str, list[RevocationRecord]] = field(default_factory=dict)
    log_times: dict[str, int] = field(default_factory=dict)
    seen: dict[str, dict[str, str]] = field(default_factory=dict)
    opened: dict[str, int] = field(default_factory=dict)
    inbox: dict[str, InboxRecord] = field(default_factory=dict)
    statements: dict[str, StatementRecord] = field(default_factory=dict)
    submissions: dict[str, SubmissionRecord] = field(default_factory=dict)
    failures: list[OpeningFailure] = field(default_factory=list)
    watched: int = 0
    uncompared: list[str] = field(default_factory=list)
    repudiations: dict[str, InboxRecord] = field(default_factory=dict)
    api_key_until: int | None = None
    handovers: list[str] = field(default_factory=list)
    epoch: str = ""
    base: int = 0
    reminders: dict[str, InboxRecord] = field(default_factory=dict)
    manifests: dict[str, ManifestRecord | None] = field(default_factory=dict)
    due_told: list[str] = field(default_factory=list)
    instance: str = ""
    asked_at: int = 0
    elsewhere: OtherHolder | None = None
    given_back: bool = False
    calls: list[CallRecord] = field(default_factory=list)
    resent: dict[str, ResentRecord] = field(default_factory=dict)


class StateFile:
    """The state of one home, under `key` (32 octets, from the key ring)."""

    def __init__(self, path: Path, key: bytes) -> None:
        self.path = path
        self._cipher = AESGCM(key)

    @classmethod
    def of_octets(cls, key: bytes) -> Self:
        """Make one for `decode` alone, of a state that lies elsewhere."""
        return cls(Path("state.accord"), key)

    def create(self, state: State) -> None:
        """Write the first state; raise StateTakenError where one exists."""
        with _locked(self.path):
            self._write(state, overwrite=False)

    def read(self) -> State:
        """Return the present state; raise StateAbsentError, StateTamperedError, StateVersionError."""
        try:
            content = read_private(self.path)
        except FileAbsentError as exc:
            raise StateAbsentError("This home has not enrolled yet. Run: accord enrol") from exc
        except PrivateFileError as exc:
            raise StateError(str(exc)) from exc
        return self.decode(content)

    def decode(self, content: bytes) -> State:
        """Return the state in the octets of such a file; raise StateTamperedError, StateVersionError."""
        return _decode(self._open(content))

    @contextmanager
    def change(self) -> Iterator[State]:
        """Lock, read afresh, yield the state to be changed, write it; write nothing when the block raises.

        Keep network calls out of the block: other programs of the agency wait for it.
        """
        with _locked(self.path):
            state = self.read()
            yield state
            self._write(state, overwrite=True)

    def _open(self, content: bytes) -> bytes:
        head = _HEAD.match(content)
        tampered = StateTamperedError(
            f"{self.path} was altered, is incomplete or belongs to other keys. "
            "Restore the whole home folder from its backup."
        )
        if head is None:
            raise tampered
        if int(head[1]) > VERSION:
            raise StateVersionError(f"{self.path} was written by a newer accord. Update accord.")
        iv, sealed = content[head.end() : head.end() + _IV_BYTES], content[head.end() + _IV_BYTES :]
        try:
            return self._cipher.decrypt(iv, sealed, head[0])
        except (InvalidTag, ValueError):
            raise tampered from None

    def _write(self, state: State, *, overwrite: bool) -> None:
        head, iv = b"accord-state %d\n" % VERSION, os.urandom(_IV_BYTES)
        content = head + iv + self._cipher.encrypt(iv, _encode(state), head)
        try:
            write_private(self.path, content, overwrite=overwrite)
        except FileTakenError as exc:
            raise StateTakenError("This home has enrolled already; one home serves one agency.") from exc
        except PrivateFileError as exc:
            raise StateError(str(exc)) from exc


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the home's lock; it is released when the process ends, however it ends."""
    try:
        lock = open(path.with_name("lock"), "ab")  # noqa: SIM115 (closed below, in every case)
    except OSError as exc:
        raise StateError(f"The home folder {path.parent} cannot be used: {exc.strerror}.") from exc
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _encode(state: State) -> bytes:
    # Several times faster than `dataclasses.asdict`, which copies every record first; a state has thousands.
    return json.dumps(vars(state), default=vars, separators=(",", ":")).encode()


def _decode(plain: bytes) -> State:
    """Decode without checks: the octets are authenticated, hence written by `_encode`; only record types are rebuilt."""
    value: dict[str, Any] = json.loads(plain)
    checkpoint, elsewhere = value["checkpoint"], value.get("elsewhere")
    value |= {
        "checkpoint": CheckpointRecord(**checkpoint) if checkpoint else None,
        "elsewhere": OtherHolder(**elsewhere) if elsewhere else None,
        "pins": {agency: Pin(**pin) for agency, pin in value["pins"].items()},
        "keysets": {
            agency: [KeysetRecord(**record) for record in records]
            for agency, records in value["keysets"].items()
        },
        "revocations": {
            agency: [RevocationRecord(**record) for record in records]
            for agency, records in value["revocations"].items()
        },
        "inbox": {d: InboxRecord(**record) for d, record in value["inbox"].items()},
        "repudiations": {n: InboxRecord(**record) for n, record in value.get("repudiations", {}).items()},
        "reminders": {one: InboxRecord(**record) for one, record in value.get("reminders", {}).items()},
        "manifests": {md: _manifest(record) for md, record in value.get("manifests", {}).items()},
        "statements": {od: _statement(record) for od, record in value["statements"].items()},
        "failures": [OpeningFailure(**record) for record in value["failures"]],
        "calls": [CallRecord(**record) for record in value.get("calls", ())],
        "resent": {key: ResentRecord(**record) for key, record in value.get("resent", {}).items()},
        "submissions": {d: _submission(record) for d, record in value["submissions"].items()},
    }
    return State(**value)


def _statement(record: dict[str, Any]) -> StatementRecord:
    return StatementRecord(**(record | {"signers": tuple(record.get("signers", ()))}))


def _manifest(record: dict[str, Any] | None) -> ManifestRecord | None:
    return None if record is None else ManifestRecord(**(record | {"signers": tuple(record["signers"])}))


def _submission(record: dict[str, Any]) -> SubmissionRecord:
    lists = {name: tuple(record.get(name, ())) for name in ("to", "for_attention", "withheld")}
    return SubmissionRecord(**(record | lists))
