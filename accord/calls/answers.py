# SPDX-License-Identifier: Apache-2.0
"""The hub's answers: their shapes, parsed strictly and never trusted.

Every reader raises `AnswerError` for an unexpected shape. Nothing here verifies a signature or a proof.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from accord.calls.errors import AnswerError, BusyError, OtherVersionError, RefusedError
from accord.calls.transport import Answer, refusal_of
from accord.envelope.credentials import SealedCredential
from accord.envelope.encoding import MAX_SLICE_BYTES, MAX_STATEMENT_BYTES, canonical, parse_json, unb64u
from accord.envelope.encoding import digest as require_digest
from accord.envelope.errors import EnvelopeError, MalformedError
from accord.envelope.tree.receipts import MAX_RECEIPT_SIZE_BYTES, Receipt
from accord.envelope.vocabulary import VERSION as PROFILE_VERSION
from accord.version import API_VERSIONS

MAX_LIST_BYTES: Final = 8 * 1024 * 1024
MOST_KEYSETS: Final = 500
"""The most agencies in one question about newer keysets."""
MOST_SLICES: Final = 100
"""The most slices in one answer."""
MOST_WANTED: Final = 50
"""The most digests in one question about wanted objects."""
MOST_REPORTED: Final = 100
"""The most facts in one report."""

SliceAnswer = bytes | RefusedError | BusyError | AnswerError
"""A slice octet for octet, or the error that asking for it alone would have raised."""


@dataclass(frozen=True)
class StatementAnswer:
    """A statement as the hub returns it, and its receipt or None; neither is verified."""

    jws: bytes
    receipt: Receipt | None


@dataclass(frozen=True)
class ManifestAnswer:
    """The manifest of an envelope and its receipt; neither is verified."""

    manifest: bytes
    receipt: Receipt


@dataclass(frozen=True)
class KeysetAnswer:
    """One keyset, its receipt or None, and the revocations the hub knows; nothing is verified."""

    keyset: bytes
    receipt: Receipt | None
    revokes: tuple[StatementAnswer, ...]


@dataclass(frozen=True)
class KeysetsAnswer:
    """The news about keysets of many agencies; each agency asked about stands in one list. Nothing is verified.

    `rest` are agencies with something newer that did not fit into the answer.
    """

    newer: Mapping[str, KeysetAnswer]
    unchanged: tuple[str, ...]
    unknown: tuple[str, ...]
    rest: tuple[str, ...]


@dataclass(frozen=True)
class PreviewAnswer:
    """A recipient's preview. `code` is the reason of a refusal, else empty; `args` name whom or what it concerns."""

    agency: str
    allowed: bool
    code: str
    args: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True)
class AgencyAnswer:
    """An agency as the hub states it; nothing is verified. `root_fingerprint` is empty before there is a root."""

    id: str
    name: str
    kind: str
    country: str
    timezone: str
    language: str
    custody: str
    status: str
    root_fingerprint: str
    duty_phone: str


@dataclass(frozen=True)
class ChallengeAnswer:
    """A one-time challenge and the sealed nonces, by kid of the encryption key."""

    chal: str
    sealed: tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True)
class AccessionAnswer:
    """The agency as it was admitted, and its progress.

    `keyset` is the od of the accepted keyset, None before. `until`: when the key ends, in seconds. `checkpoint`: the newest
    signed note of the hub's log, not verified; None where the hub sent none. `exchange` as below.
    """

    entry: AgencyAnswer
    keyset: str | None
    until: int
    checkpoint: str | None = None
    exchange: str | None = None


@dataclass(frozen=True)
class SuspendedKey:
    """A key that the hub has suspended, and since when (seconds); with `until_keyset` a later keyset of the root lifts it."""

    kid: str
    since: int
    until_keyset: bool


@dataclass(frozen=True)
class EntryAnswer:
    """An agency's contact details as the hub has them; `statement` is the agency's own statement of them, not verified."""

    agency: str
    telephone: str
    timezone: str
    contacts: tuple[str, ...]
    statement: bytes | None


Range = tuple[int, int]
"""The oldest and the newest version."""


@dataclass(frozen=True)
class CallerAnswer:
    """The end of the API key, in seconds. `exchange`: the address for systems, if it is not the one that was called.

    `agency` is whose key it is, `status` how that agency stands, `api` and `profile` versions that the hub speaks, `limits`
    of calls, `scopes` what the API key may do: None and empty where it does not say.
    """

    until: int
    exchange: str | None = None
    status: str | None = None
    api: Range | None = None
    profile: Range | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    agency: str | None = None
    scopes: frozenset[str] = frozenset()

    def require_common_versions(self) -> None:
        """Raise OtherVersionError, which names both sides, where hub and program have no version in common."""
        for what, theirs, ours in (
            ("interface", self.api, API_VERSIONS),
            ("profile", self.profile, (PROFILE_VERSION, PROFILE_VERSION)),
        ):
            if theirs is not None and (theirs[1] < ours[0] or ours[1] < theirs[0]):
                raise OtherVersionError(what, theirs, ours)


@dataclass(frozen=True)
class KeysetTaken:
    """The hub has accepted a keyset. `api_key` is the first API key, still sealed; `until` its end, in seconds."""

    api_key: SealedCredential | None = None
    until: int | None = None


@dataclass(frozen=True)
class FeedEntry:
    """One numbered item of the agency's feed: an envelope or a statement."""

    number: int
    what: str
    d: str
    iss: str
    id: str
    ref: str | None


@dataclass(frozen=True)
class FeedPage:
    """A page of the feed, the number of the newest item the hub has for this agency, and the epoch of both."""

    items: tuple[FeedEntry, ...]
    head: int
    epoch: str = ""


def parse_answer(answer: Answer, where: str) -> Any:
    """Parse the JSON value of an answer."""
    try:
        return parse_json(answer.body, limit=MAX_LIST_BYTES, where=where, most_values=None)
    except EnvelopeError as exc:
        raise AnswerError(f"The hub's answer ({where}) is not sound JSON.") from exc


def other_shape(where: str) -> AnswerError:
    """Return the error of an answer with an unexpected shape; `where` names the part."""
    return AnswerError(f"The hub's answer ({where}) has another shape than agreed.")


def require_object(value: object, where: str) -> dict[str, Any]:
    """Require an object."""
    if not isinstance(value, dict):
        raise other_shape(where)
    return value


def require_array(value: object, where: str) -> list[Any]:
    """Require an array."""
    if not isinstance(value, list):
        raise other_shape(where)
    return value


def require_text(value: object, where: str) -> str:
    """Require a text."""
    if not isinstance(value, str):
        raise other_shape(where)
    return value


def require_integer(value: object, where: str) -> int:
    """Require an integer, 0 or more."""
    if type(value) is not int or value < 0:
        raise other_shape(where)
    return value


def read_elsewhere(value: Mapping[str, Any], where: str) -> str | None:
    """Return the exchange's address, where the called address is the desk's."""
    return optional_text(value.get("exchange"), where)


def optional_text(value: object, where: str) -> str | None:
    """Return a text, or None."""
    return None if value is None else require_text(value, where)


def read_digest(value: object, where: str) -> str:
    """Return a digest; it becomes part of a URL, so any other text is refused."""
    try:
        return require_digest(value, where)
    except MalformedError as exc:
        raise other_shape(where) from exc


def read_jws(value: object) -> bytes:
    """Return the octets of a JWS, which an answer holds as text or as an object; its digest is over the decoded payload."""
    if isinstance(value, str):
        raw = value.encode("utf-8")
    else:
        raw = canonical(require_object(value, "signed object"))
    if len(raw) > MAX_STATEMENT_BYTES:
        raise AnswerError("The hub gave a signed object larger than the protocol allows.")
    return raw


def read_receipt(value: object) -> Receipt | None:
    """Return a receipt, or None where the hub has none yet."""
    if value is None:
        return None
    try:
        if len(canonical(value)) > MAX_RECEIPT_SIZE_BYTES:
            raise AnswerError("The hub gave a receipt larger than the protocol allows.")
        return Receipt.parse(value)
    except EnvelopeError as exc:
        raise AnswerError("The hub gave a malformed receipt.") from exc


def read_statement(value: object) -> StatementAnswer:
    """Parse a `{statement, receipt}` pair."""
    answer = require_object(value, "statement")
    return StatementAnswer(read_jws(answer.get("statement")), read_receipt(answer.get("receipt")))


def read_manifest_answer(value: object) -> ManifestAnswer:
    """Parse a `{manifest, receipt}` pair; an agency that may ask gets it only with its receipt."""
    answer = require_object(value, "manifest")
    receipt = read_receipt(answer.get("receipt"))
    if receipt is None:
        raise other_shape("manifest")
    return ManifestAnswer(read_jws(answer.get("manifest")), receipt)


def read_caller(value: object) -> CallerAnswer:
    """Parse the hub's facts about the calling API key."""
    answer = require_object(value, "caller")
    versions = require_object(answer.get("versions", {}), "versions")
    limits = require_object(answer.get("limits", {}), "limits")
    return CallerAnswer(
        read_moment(answer.get("expires_at"), "caller"),
        read_elsewhere(answer, "caller"),
        status=optional_text(answer.get("status"), "caller"),
        api=_read_range(versions.get("api")),
        profile=_read_range(versions.get("profile")),
        limits={name: require_integer(limit, "limits") for name, limit in limits.items()},
        agency=optional_text(answer.get("agency"), "caller"),
        scopes=frozenset(
            require_text(one, "capabilities")
            for one in require_array(answer.get("capabilities", []), "capabilities")
        ),
    )


def _read_range(value: object) -> Range | None:
    if value is None:
        return None
    said = require_object(value, "versions")
    return require_integer(said.get("oldest"), "versions"), require_integer(said.get("newest"), "versions")


def read_taken(value: object) -> KeysetTaken:
    """Parse the answer to a keyset that was handed in."""
    sealed = require_object(value, "keyset").get("api_key")
    if sealed is None:
        return KeysetTaken()
    answer = require_object(sealed, "API key")
    credential = SealedCredential(
        require_text(answer.get("kid"), "kid"), require_object(answer.get("jwe"), "jwe")
    )
    return KeysetTaken(credential, read_moment(answer.get("expires_at"), "API key"))


def read_moment(value: object, where: str) -> int:
    """Parse a time as the hub writes it (RFC 3339 with a zone), in seconds since 1970."""
    try:
        moment = datetime.fromisoformat(require_text(value, where))
    except ValueError as exc:
        raise other_shape(where) from exc
    if moment.tzinfo is None:
        raise other_shape(where)
    return int(moment.timestamp())


def read_slices(value: object, mds: Sequence[str]) -> list[SliceAnswer]:
    """Parse the slices of the first of these envelopes, at least one and in their order."""
    items = require_array(require_object(value, "slices").get("items"), "slices")
    rows = [require_object(item, "slices") for item in items]
    if not rows or [row.get("md") for row in rows] != list(mds[: len(rows)]):
        raise AnswerError("The hub gave other slices than those asked for.")
    return [_read_slice(row) for row in rows]


def _read_slice(row: Mapping[str, Any]) -> SliceAnswer:
    """Parse one slice; an error in it concerns it alone."""
    problem, text = row.get("problem"), row.get("slice")
    if isinstance(problem, dict) and text is None:
        return read_problem(problem)
    if not isinstance(text, str) or problem is not None:
        return other_shape("slices")
    octets = text.encode("utf-8")
    return octets if len(octets) <= MAX_SLICE_BYTES else _too_large_slice()


def read_problem(problem: Mapping[str, Any], where: str = "slices") -> RefusedError | BusyError | AnswerError:
    """Return the error that a problem in one row of an answer stands for."""
    status = problem.get("status")
    if type(status) is not int or not 400 <= status <= 599:
        return other_shape(where)
    return refusal_of(status, problem)


def _too_large_slice() -> AnswerError:
    return AnswerError(f"The hub's slice is larger than the protocol allows ({MAX_SLICE_BYTES} octets).")


def read_entry(value: object, agency: str) -> EntryAnswer:
    """Parse this agency's contact details."""
    answer = require_object(value, "entry")
    if answer.get("agency") != agency:
        raise AnswerError("The hub answered about another agency than the one asked about.")
    contacts = require_array(answer.get("contacts"), "contacts")
    statement = answer.get("statement")
    return EntryAnswer(
        agency,
        require_text(answer.get("telephone"), "telephone"),
        require_text(answer.get("timezone"), "timezone"),
        tuple(require_text(address, "contacts") for address in contacts),
        None if statement is None else read_jws(statement),
    )


def read_keyset(value: object) -> KeysetAnswer:
    """Parse a keyset as the directory shows it."""
    answer = require_object(value, "keyset")
    return KeysetAnswer(
        keyset=read_jws(answer.get("keyset")),
        receipt=read_receipt(answer.get("receipt")),
        revokes=tuple(read_statement(item) for item in require_array(answer.get("revokes") or [], "revokes")),
    )


def read_keysets(value: object, asked: Iterable[str]) -> KeysetsAnswer:
    """Parse newer keysets of these agencies; each must stand in one list and no other agency in any."""
    answer = require_object(value, "keysets")
    items = [require_object(item, "keysets") for item in require_array(answer.get("items"), "keysets")]
    agencies = [require_text(item.get("agency"), "keysets") for item in items]
    lists = [
        tuple(require_text(one, "keysets") for one in require_array(answer.get(name), "keysets"))
        for name in ("unchanged", "unknown", "rest")
    ]
    if sorted([*agencies, *itertools.chain(*lists)]) != sorted(asked):
        raise AnswerError("The hub answered about other agencies than those asked about.")
    return KeysetsAnswer(dict(zip(agencies, map(read_keyset, items), strict=True)), *lists)


def read_agencies(value: object) -> list[AgencyAnswer]:
    """Parse the participating agencies, each once."""
    items = require_array(require_object(value, "agencies").get("items"), "agencies")
    found = [_read_agency(require_object(item, "agencies")) for item in items]
    if len({one.id for one in found}) != len(found):
        raise AnswerError("The hub listed an agency twice.")
    return found


def read_accession(value: object) -> AccessionAnswer:
    """Parse the state of the caller's accession."""
    answer = require_object(value, "accession")
    keyset = answer.get("keyset")
    return AccessionAnswer(
        _read_agency({**answer, "id": answer.get("agency")}),
        None if keyset is None else require_text(keyset, "accession"),
        read_moment(answer.get("until"), "accession"),
        None if answer.get("checkpoint") is None else require_text(answer["checkpoint"], "accession"),
        read_elsewhere(answer, "accession"),
    )


def _read_agency(row: Mapping[str, Any]) -> AgencyAnswer:
    return AgencyAnswer(
        **{one.name: require_text(row.get(one.name), "agencies") for one in fields(AgencyAnswer)}
    )


def read_previews(value: object, asked: Sequence[str] | None) -> list[PreviewAnswer]:
    """Parse a verdict for each agency asked about, by id, and for no other; for all listed ones where None was asked."""
    items = require_array(require_object(value, "previews").get("items"), "previews")
    found = [_read_preview(require_object(item, "previews")) for item in items]
    agencies = [one.agency for one in found]
    wanted = agencies if asked is None else asked
    if agencies != sorted(set(wanted)):
        raise AnswerError("The hub judged other recipients than those asked about.")
    return found


def _read_preview(row: Mapping[str, Any]) -> PreviewAnswer:
    allowed, code = row.get("allowed"), require_text(row.get("code"), "previews")
    if allowed is not (code == ""):
        raise other_shape("previews")
    args = {
        name: tuple(require_text(one, "previews") for one in value)
        if isinstance(value, list)
        else require_text(value, "previews")
        for name, value in require_object(row.get("args"), "previews").items()
    }
    return PreviewAnswer(require_text(row.get("agency"), "previews"), code == "", code, args)


def read_suspended_key(value: object, kid: str) -> SuspendedKey:
    """Parse the suspension of this key."""
    answer = require_object(value, "suspension")
    until_keyset = answer.get("until_keyset")
    if answer.get("kid") != kid or type(until_keyset) is not bool:
        raise other_shape("suspension")
    return SuspendedKey(kid, read_moment(answer.get("suspended_at"), "suspension"), until_keyset)


def read_checkpoint(answer: Answer) -> str:
    """Return a signed note, as it is signed."""
    try:
        return answer.body.decode()
    except UnicodeDecodeError as exc:
        raise AnswerError("The hub's checkpoint is malformed.") from exc


def read_proof(answer: Answer) -> Receipt:
    """Parse the receipt of a leaf, in the form of C2SP."""
    try:
        return Receipt.parse_tlog_proof(answer.body.decode())
    except (UnicodeDecodeError, EnvelopeError) as exc:
        raise AnswerError("The hub's proof of a leaf is malformed.") from exc


def read_path(value: object) -> list[bytes]:
    """Parse a consistency proof."""
    try:
        return [unb64u(item, size=32) for item in require_array(value, "consistency")]
    except EnvelopeError as exc:
        raise AnswerError("The hub's consistency proof is malformed.") from exc


def read_paths(value: object, pairs: Sequence[tuple[int, int]]) -> list[list[bytes] | None]:
    """Parse the consistency proofs for these pairs of sizes; None where the hub has none."""
    items = require_array(require_object(value, "consistency").get("items"), "consistency")
    rows = [require_object(item, "consistency") for item in items]
    if [(row.get("first"), row.get("second")) for row in rows] != list(pairs):
        raise AnswerError("The hub gave other consistency proofs than those asked for.")
    return [None if row.get("path") is None else read_path(row["path"]) for row in rows]


def read_feed_page(value: object) -> FeedPage:
    """Parse a page of the feed; `next` is its epoch, a full stop and a number."""
    page = require_object(value, "inbox")
    items = tuple(read_feed_entry(item) for item in require_array(page.get("items"), "inbox"))
    epoch, _stop, _number = require_text(page.get("next"), "inbox next").rpartition(".")
    return FeedPage(items, require_integer(page.get("head"), "inbox head"), epoch)


def read_wanted(value: object, asked: Sequence[str]) -> list[str]:
    """Return those of the requested digests that the hub wants again, in their order."""
    items = set(map(str, require_array(require_object(value, "wanted").get("items"), "wanted")))
    return [d for d in asked if d in items]


def read_handovers(value: object) -> list[str]:
    """Parse the notes by which the ledger's key was replaced."""
    notes = require_array(require_object(value, "handovers").get("items"), "handovers")
    if not all(isinstance(note, str) for note in notes):
        raise AnswerError("The hub's hand-overs are malformed.")
    return [str(note) for note in notes]


def read_feed_entry(value: object) -> FeedEntry:
    """Parse an item of the feed."""
    item = require_object(value, "inbox")
    return FeedEntry(
        number=require_integer(item.get("number"), "number"),
        what=require_text(item.get("what"), "what"),
        d=read_digest(item.get("digest"), "digest"),
        iss=require_text(item.get("iss"), "iss"),
        id=require_text(item.get("id"), "id"),
        ref=optional_text(item.get("ref"), "ref"),
    )
