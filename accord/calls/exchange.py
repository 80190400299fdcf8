# SPDX-License-Identifier: Apache-2.0
"""The exchange as a client calls it: each call of the REST interface, typed.

`Exchange` is the protocol that clients are written against; `HttpExchange` implements it over HTTP. Only shapes and sizes are
guaranteed: nothing returned from here has been verified, and names say so where it matters. A refused call raises
`accord.calls.errors.RefusedError` or a subclass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from accord.calls.answers import (
    MAX_LIST_BYTES,
    MOST_REPORTED,
    MOST_SLICES,
    MOST_WANTED,
    AccessionAnswer,
    AgencyAnswer,
    CallerAnswer,
    ChallengeAnswer,
    EntryAnswer,
    FeedEntry,
    FeedPage,
    KeysetAnswer,
    KeysetsAnswer,
    KeysetTaken,
    ManifestAnswer,
    PreviewAnswer,
    SliceAnswer,
    StatementAnswer,
    SuspendedKey,
    parse_answer,
    read_accession,
    read_agencies,
    read_caller,
    read_checkpoint,
    read_entry,
    read_feed_entry,
    read_feed_page,
    read_handovers,
    read_keyset,
    read_keysets,
    read_manifest_answer,
    read_path,
    read_paths,
    read_previews,
    read_proof,
    read_slices,
    read_statement,
    read_suspended_key,
    read_taken,
    read_wanted,
    require_array,
    require_object,
    require_text,
)
from accord.calls.credentials import (
    CredentialAnswer,
    InstanceAnswer,
    IssuedKey,
    read_credential,
    read_credentials,
    read_instance,
    read_issued,
)
from accord.calls.deliveries import (
    DeliveryChanges,
    ReminderAnswer,
    ReportAnswer,
    ReportedFact,
    SubmissionFacts,
    SubmissionPage,
    read_changes,
    read_reminder,
    read_reported,
    read_submission,
    require_about,
)
from accord.calls.errors import AbsentError, RefusedError
from accord.calls.multipart import Moved, Part
from accord.calls.transport import Transport
from accord.envelope.encoding import MAX_SLICE_BYTES, canonical
from accord.envelope.tree.receipts import Receipt

_JSON = "application/json"
_JOSE = "application/jose+json"
_TEXT = "text/plain"
_BYTES = "application/octet-stream"
_MAX_TEXT_BYTES = 128 * 1024


@dataclass(frozen=True)
class EnvelopeParts:
    """The parts of an envelope as they go over the wire; blobs as octets, or as the files that hold them."""

    manifest: bytes
    jwe: bytes
    blobs: Sequence[bytes | Path]


class Exchange(Protocol):
    """The hub, for one agency. Every method may raise the errors of `accord.calls.errors`."""

    def keyset(self, agency: str, version: int | None = None) -> KeysetAnswer | None:
        """Return a keyset, the newest unless `version` is given; None when there is none."""
        ...

    def keysets(self, held: Mapping[str, int]) -> KeysetsAnswer:
        """Ask for anything newer than the held keyset version of each agency, 0 for none; at most 500 agencies."""
        ...

    def accession(self) -> AccessionAnswer | None:
        """Return the state of the own accession; None where the API key is not one for entering."""
        ...

    def caller(self) -> CallerAnswer:
        """Return the hub's facts about the calling API key."""
        ...

    def agencies(self) -> list[AgencyAnswer]:
        """Return the participating agencies, as the hub states them."""
        ...

    def agreements(self) -> list[Any]:
        """Return the own agreements, as the hub states them: a row each."""
        ...

    def circles(self) -> list[Any]:
        """Return the own agency's circles, as the hub states them: a row each."""
        ...

    def suspend_key(self, kid: str) -> SuspendedKey:
        """Suspend an own key at once; asking again is harmless."""
        ...

    def announce_instance(self, instance: str, *, software: str) -> InstanceAnswer:
        """Announce that this instance (a UUID that it keeps) holds the own identity; announcing again is harmless."""
        ...

    def release_instance(self, instance: str) -> None:
        """Give back the identity that an instance holds; it is no error if it was given back before."""
        ...

    def credentials(self) -> list[CredentialAnswer]:
        """Return the API keys of the own agency, newest first, ended ones included."""
        ...

    def issue_credential(self, statement_id: str, jws: bytes) -> CredentialAnswer:
        """Have a signed `apikey` issue a key; only the first answer to the same bytes has its text."""
        ...

    def end_credential(self, prefix: str, statement_id: str, jws: bytes) -> CredentialAnswer:
        """Have a signed `apikey` end a key and its successors; asking again is harmless."""
        ...

    def rotate_api_key(self) -> IssuedKey:
        """Ask for an API key that replaces this one; before the new one is used, asking again is harmless."""
        ...

    def challenge(self, agency: str, keys: Sequence[Mapping[str, Any]]) -> ChallengeAnswer:
        """Ask for a challenge over `{jwk, use}` rows."""
        ...

    def post_keyset(self, agency: str, *, pop: bytes | None, keyset: bytes) -> KeysetTaken:
        """Register a keyset, with the proof of possession of its new keys; the same bytes get the same answer."""
        ...

    def post_envelope(self, jti: str, parts: EnvelopeParts, *, moved: Moved | None = None) -> None:
        """Submit an envelope; sending the same bytes again is harmless.

        `moved` is called with the number of octets sent since the last call, negative where they are sent again.
        """
        ...

    def post_statement(self, statement_id: str, jws: bytes, entries: bytes | None = None) -> None:
        """Submit a statement; a release onward goes with its entries. Sending the same bytes again is harmless."""
        ...

    def entry(self, agency: str) -> EntryAnswer:
        """Return the own agency's contact details, as the hub has them."""
        ...

    def state_entry(self, agency: str, statement_id: str, jws: bytes) -> EntryAnswer:
        """State the own agency's contact details; the same bytes again change nothing."""
        ...

    def slice(self, md: str) -> bytes:
        """Return this agency's slice of an envelope."""
        ...

    def manifest(self, md: str) -> ManifestAnswer:
        """Return the signed manifest of an envelope, even while its content is withheld."""
        ...

    def slices(self, mds: Sequence[str]) -> list[SliceAnswer]:
        """Return this agency's slices of the first of these envelopes, at least one: as many as fit into one answer."""
        ...

    def previews(self, terms: Mapping[str, str], recipients: Sequence[str] | None) -> list[PreviewAnswer]:
        """Tell who would receive something with these terms if it were sent now; `None` asks about the whole directory."""
        ...

    def blob(self, md: str, n: int, size: int) -> Iterator[bytes]:
        """Yield blob `n` of an envelope in chunks, `size` octets in all."""
        ...

    def statements_about(self, md: str) -> list[StatementAnswer]:
        """Return the statements about an envelope that this agency may see."""
        ...

    def statement(self, od: str) -> StatementAnswer:
        """Return one statement."""
        ...

    def inbox(self, *, after: str, limit: int) -> FeedPage:
        """Return the feed after a position: a number, prefixed by the feed's epoch and a full stop where it has one."""
        ...

    def resolve(self, reference: str) -> FeedEntry | None:
        """Return the item a mail's reference names, or None."""
        ...

    def submissions(self, *, after: str | None, limit: int) -> SubmissionPage:
        """Return this agency's submissions, newest first."""
        ...

    def submission(self, d: str) -> SubmissionFacts:
        """Return one object that this agency submitted, by md or od."""
        ...

    def changed_deliveries(self, *, since: str) -> DeliveryChanges:
        """Return the changes of the own envelopes since a cursor, however old; all where it is empty."""
        ...

    def report_facts(self, reported: Sequence[ReportedFact]) -> list[ReportAnswer]:
        """Report when somebody was told of or opened received envelopes, a hundred at most."""
        ...

    def remind(self, md: str, *, key: str) -> ReminderAnswer:
        """Remind recipients that have not answered an own envelope; asking again under the same `key` is harmless."""
        ...

    def wanted(self, ds: Sequence[str]) -> list[str]:
        """Return those of the first fifty digests whose bytes a restored hub wants again."""
        ...

    def checkpoint(self) -> str:
        """Return the newest checkpoint of the ledger, a signed note, not verified."""
        ...

    def proof(self, index: int) -> Receipt:
        """Return the receipt of the leaf at an index, under the first checkpoint that covers it, not verified."""
        ...

    def consistency(self, first: int, second: int) -> list[bytes]:
        """Return the consistency proof between two sizes of the ledger."""
        ...

    def consistencies(self, pairs: Sequence[tuple[int, int]]) -> list[list[bytes] | None]:
        """Return the consistency proof for each of at most a hundred pairs of sizes, or None where there is none."""
        ...

    def handovers(self) -> list[str]:
        """Return the signed notes by which the ledger's key was replaced, not verified."""
        ...

    def hub_clock(self) -> int | None:
        """Return the hub's clock now, in seconds, or None if unknown; use it only as a hint."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...


class HttpExchange:
    """The hub over HTTP; an `Exchange`. `is_desk`: the first API key, with the first keyset, is to serve a desk."""

    def __init__(self, transport: Transport, *, is_desk: bool = False) -> None:
        self._transport = transport
        self._is_desk = is_desk

    def keyset(self, agency: str, version: int | None = None) -> KeysetAnswer | None:
        """Return a keyset, the newest unless `version` is given; None when there is none."""
        query = {} if version is None else {"version": version}
        with suppress(AbsentError):
            return read_keyset(self._json(f"/agencies/{agency}/keyset", query))
        return None

    def keysets(self, held: Mapping[str, int]) -> KeysetsAnswer:
        """Ask for anything newer than the held keyset version of each agency, 0 for none; at most 500 agencies."""
        answer = self._transport.post(
            "/keysets/query",
            body=canonical({"agencies": dict(held)}),
            media_type=_JSON,
            limit=MAX_LIST_BYTES,
            repeat=True,
        )
        return read_keysets(parse_answer(answer, "keysets"), held)

    def accession(self) -> AccessionAnswer | None:
        """Return the state of the own accession; None where the API key is not one for entering."""
        try:
            value = self._json("/accession")
        except RefusedError as refused:
            if refused.slug == "not-permitted":
                return None
            raise
        return read_accession(value)

    def caller(self) -> CallerAnswer:
        """Return the hub's facts about the calling API key."""
        return read_caller(self._json("/caller"))

    def agencies(self) -> list[AgencyAnswer]:
        """Return the participating agencies."""
        return read_agencies(self._json("/agencies"))

    def agreements(self) -> list[Any]:
        """Return the own agreements."""
        return self._rows("/agreements")

    def circles(self) -> list[Any]:
        """Return the own agency's circles."""
        return self._rows("/circles")

    def suspend_key(self, kid: str) -> SuspendedKey:
        """Suspend an own key at once; asking again is harmless."""
        answer = self._transport.post(
            f"/keys/{kid}/suspension", body=b"", media_type=_JSON, limit=_MAX_TEXT_BYTES, repeat=True
        )
        return read_suspended_key(parse_answer(answer, "suspension"), kid)

    def announce_instance(self, instance: str, *, software: str) -> InstanceAnswer:
        """Announce that this instance (a UUID that it keeps) holds the own identity; announcing again is harmless."""
        body = canonical({"id": instance, "software": software})
        answer = self._transport.post(
            "/instances", body=body, media_type=_JSON, limit=_MAX_TEXT_BYTES, repeat=True
        )
        return read_instance(parse_answer(answer, "instance"), instance)

    def release_instance(self, instance: str) -> None:
        """Give the identity back; it is no error if it was given back before."""
        with suppress(AbsentError):
            self._transport.delete(f"/instances/{quote(instance, safe='')}", limit=_MAX_TEXT_BYTES)

    def credentials(self) -> list[CredentialAnswer]:
        """Return the API keys of the own agency, ended ones included."""
        return read_credentials(self._json("/credentials"))

    def issue_credential(self, statement_id: str, jws: bytes) -> CredentialAnswer:
        """Have a signed `apikey` issue a key; only the first answer to the same bytes has its text."""
        answer = self._transport.post(
            "/credentials",
            body=jws,
            media_type=_JOSE,
            limit=_MAX_TEXT_BYTES,
            repeat=True,
            key=statement_id,
        )
        return read_credential(parse_answer(answer, "credential"))

    def end_credential(self, prefix: str, statement_id: str, jws: bytes) -> CredentialAnswer:
        """Have a signed `apikey` end a key and its successors; asking again is harmless."""
        answer = self._transport.post(
            f"/credentials/{quote(prefix, safe='')}/end",
            body=jws,
            media_type=_JOSE,
            limit=_MAX_TEXT_BYTES,
            repeat=True,
            key=statement_id,
        )
        return read_credential(parse_answer(answer, "credential"))

    def rotate_api_key(self) -> IssuedKey:
        """Return an API key that replaces this one."""
        answer = self._transport.post(
            "/caller/rotate", body=b"", media_type=_JSON, limit=_MAX_TEXT_BYTES, repeat=True
        )
        return read_issued(parse_answer(answer, "API key"))

    def challenge(self, agency: str, keys: Sequence[Mapping[str, Any]]) -> ChallengeAnswer:
        """Ask for a challenge over `{jwk, use}` rows."""
        body = canonical({"keys": [dict(key) for key in keys]})
        path = f"/agencies/{agency}/challenges"
        answer = self._transport.post(path, body=body, media_type=_JSON, limit=MAX_LIST_BYTES, repeat=False)
        value = require_object(parse_answer(answer, "challenge"), "challenge")
        rows = [require_object(row, "challenge") for row in require_array(value.get("sealed"), "challenge")]
        sealed = tuple(
            (require_text(row.get("kid"), "kid"), require_object(row.get("jwe"), "jwe")) for row in rows
        )
        return ChallengeAnswer(require_text(value.get("chal"), "chal"), sealed)

    def post_keyset(self, agency: str, *, pop: bytes | None, keyset: bytes) -> KeysetTaken:
        """Register a keyset; the hub answers the same bytes alike."""
        parts = [Part("keyset", "keyset.json", keyset, _JOSE)]
        if pop is not None:
            parts.insert(0, Part("pop", "pop.json", pop, _JOSE))
        path = f"/agencies/{agency}/keysets" + ("?desk=true" if self._is_desk else "")
        answer = self._transport.post_parts(path, parts, limit=MAX_LIST_BYTES, repeat=True)
        return read_taken(parse_answer(answer, "keyset"))

    def post_envelope(self, jti: str, parts: EnvelopeParts, *, moved: Moved | None = None) -> None:
        """Submit an envelope; sending the same bytes again is harmless."""
        named = [
            Part("manifest", "manifest.json", parts.manifest, _JOSE),
            Part("jwe", "jwe.json", parts.jwe, _JOSE),
            *(Part(f"blob-{n}", f"blob-{n}", blob, _BYTES) for n, blob in enumerate(parts.blobs)),
        ]
        self._transport.post_parts(
            "/envelopes", named, limit=_MAX_TEXT_BYTES, repeat=True, key=jti, moved=moved
        )

    def post_statement(self, statement_id: str, jws: bytes, entries: bytes | None = None) -> None:
        """Submit a statement; a release onward goes with its entries. Sending the same bytes again is harmless."""
        if entries is not None:
            parts = [
                Part("release", "release.json", jws, _JOSE),
                Part("entries", "entries.json", entries, _JSON),
            ]
            self._transport.post_parts(
                "/releases", parts, limit=_MAX_TEXT_BYTES, repeat=True, key=statement_id
            )
            return
        self._transport.post(
            "/statements", body=jws, media_type=_JOSE, limit=_MAX_TEXT_BYTES, repeat=True, key=statement_id
        )

    def entry(self, agency: str) -> EntryAnswer:
        """Return the own agency's contact details, as the hub has them."""
        return read_entry(self._json(f"/agencies/{agency}/entry"), agency)

    def state_entry(self, agency: str, statement_id: str, jws: bytes) -> EntryAnswer:
        """State the own agency's contact details; the same bytes again change nothing."""
        answer = self._transport.put(
            f"/agencies/{agency}/entry",
            body=jws,
            media_type=_JOSE,
            limit=_MAX_TEXT_BYTES,
            key=statement_id,
        )
        return read_entry(parse_answer(answer, "entry"), agency)

    def slice(self, md: str) -> bytes:
        """Return this agency's slice of an envelope, octet for octet."""
        return self._transport.get(f"/envelopes/{md}", accept=_JSON, limit=MAX_SLICE_BYTES).body

    def manifest(self, md: str) -> ManifestAnswer:
        """Return the signed manifest of an envelope, even while its content is withheld."""
        return read_manifest_answer(self._json(f"/envelopes/{md}/manifest"))

    def slices(self, mds: Sequence[str]) -> list[SliceAnswer]:
        """Return the slices of the first of these envelopes, of at most a hundred; asking again is harmless."""
        asked = mds[:MOST_SLICES]
        body = canonical({"mds": list(asked)})
        answer = self._transport.post(
            "/slices", body=body, media_type=_JSON, limit=MAX_LIST_BYTES, repeat=True
        )
        return read_slices(parse_answer(answer, "slices"), asked)

    def previews(self, terms: Mapping[str, str], recipients: Sequence[str] | None) -> list[PreviewAnswer]:
        """Tell who would receive something with these terms (lane, purpose, tlp, pri, status, suite) if it were sent now.

        `None` asks about the whole directory. This is the hub's word; sealing also needs the own pins and keysets.
        """
        named = None if recipients is None else list(recipients)
        body = canonical({**terms, "recipients": named})
        answer = self._transport.post(
            "/previews", body=body, media_type=_JSON, limit=MAX_LIST_BYTES, repeat=True
        )
        return read_previews(parse_answer(answer, "previews"), recipients)

    def blob(self, md: str, n: int, size: int) -> Iterator[bytes]:
        """Yield blob `n` in chunks; an answer of another length is refused while it is read."""
        return self._transport.download(f"/envelopes/{md}/blobs/{n}", size=size)

    def statements_about(self, md: str) -> list[StatementAnswer]:
        """Return the statements about an envelope that this agency may see."""
        return [read_statement(item) for item in self._rows(f"/envelopes/{md}/statements")]

    def statement(self, od: str) -> StatementAnswer:
        """Return one statement."""
        return read_statement(self._json(f"/statements/{od}"))

    def inbox(self, *, after: str, limit: int) -> FeedPage:
        """Return the feed after a position."""
        return read_feed_page(self._json("/inbox", {"after": after, "limit": limit}))

    def resolve(self, reference: str) -> FeedEntry | None:
        """Return the item a mail's reference names, or None."""
        try:
            items = self._rows("/inbox", {"ref": reference})
        except AbsentError:
            return None
        return read_feed_entry(items[0]) if items else None

    def submissions(self, *, after: str | None, limit: int) -> SubmissionPage:
        """Return this agency's submissions."""
        query: dict[str, object] = {"limit": limit} | ({} if after is None else {"after": after})
        value = require_object(self._json("/submissions", query), "submissions")
        items = tuple(read_submission(item) for item in require_array(value.get("items"), "submissions"))
        return SubmissionPage(items, None if (following := value.get("next")) is None else str(following))

    def submission(self, d: str) -> SubmissionFacts:
        """Return one object that this agency submitted, by md or od."""
        return require_about(d, read_submission(self._json(f"/submissions/{d}")))

    def changed_deliveries(self, *, since: str) -> DeliveryChanges:
        """Return the changes of the own envelopes since a cursor, however old; all where it is empty."""
        return read_changes(self._json("/deliveries", {"changed_since": since} if since else None))

    def report_facts(self, reported: Sequence[ReportedFact]) -> list[ReportAnswer]:
        """Report when somebody was told of or opened the first of these received envelopes, a hundred at most.

        The hub answers each separately; reporting again is harmless.
        """
        some = reported[:MOST_REPORTED]
        body = canonical({"items": [{"md": one.md, "fact": one.fact, "at": one.at} for one in some]})
        answer = self._transport.post(
            "/deliveries/facts", body=body, media_type=_JSON, limit=MAX_LIST_BYTES, repeat=True
        )
        return read_reported(parse_answer(answer, "facts"), some)

    def remind(self, md: str, *, key: str) -> ReminderAnswer:
        """Remind recipients that have not answered an own envelope; asking again under the same `key` is harmless."""
        answer = self._transport.post(
            f"/envelopes/{md}/reminders",
            body=b"",
            media_type=_JSON,
            limit=_MAX_TEXT_BYTES,
            repeat=True,
            key=key,
        )
        return read_reminder(parse_answer(answer, "reminder"), md)

    def wanted(self, ds: Sequence[str]) -> list[str]:
        """Return those of the first of these digests whose bytes a restored hub wants again."""
        asked = ds[:MOST_WANTED]
        return read_wanted(self._json("/submissions/wanted", {"digests": ",".join(asked)}), asked)

    def checkpoint(self) -> str:
        """Return the newest checkpoint of the ledger; raise AbsentError before the first."""
        return read_checkpoint(self._transport.get("/ledger/checkpoint", accept=_TEXT, limit=_MAX_TEXT_BYTES))

    def proof(self, index: int) -> Receipt:
        """Return the receipt of the leaf at an index; raise AbsentError where no checkpoint covers it."""
        return read_proof(self._transport.get(f"/ledger/proof/{index}", accept=_TEXT, limit=_MAX_TEXT_BYTES))

    def consistency(self, first: int, second: int) -> list[bytes]:
        """Return the consistency proof between two sizes of the ledger."""
        value = require_object(self._json(f"/ledger/consistency/{first}/{second}"), "consistency")
        return read_path(value.get("path"))

    def consistencies(self, pairs: Sequence[tuple[int, int]]) -> list[list[bytes] | None]:
        """Return the consistency proof for each pair of sizes, or None where the hub has none."""
        words = ",".join(f"{first}-{second}" for first, second in pairs)
        return read_paths(self._json("/ledger/consistency", {"pairs": words}), pairs)

    def handovers(self) -> list[str]:
        """Return the signed notes by which the ledger's key was replaced."""
        return read_handovers(self._json("/ledger/handovers"))

    def hub_clock(self) -> int | None:
        """Return the hub's clock now, going by its last answer."""
        return self._transport.hub_clock()

    def close(self) -> None:
        """Close idle connections."""
        self._transport.close()

    def _rows(self, path: str, query: Mapping[str, object] | None = None) -> list[Any]:
        return require_array(require_object(self._json(path, query), path).get("items"), path)

    def _json(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        answer = self._transport.get(path, query=query, accept=_JSON, limit=MAX_LIST_BYTES)
        return parse_answer(answer, path)
