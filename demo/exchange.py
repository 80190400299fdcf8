# SPDX-License-Identifier: Apache-2.0
"""The exchange in the past: calls of a partner's client, answered by the services at a past moment.

Each call is answered at the exchange, whatever half the caller belongs to.
"""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from accord.calls.answers import (
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
    read_agencies,
)
from accord.calls.credentials import (
    CredentialAnswer,
    InstanceAnswer,
    IssuedKey,
    read_credential,
    read_credentials,
    read_instance,
)
from accord.calls.deliveries import (
    DeliveryChanges,
    ReminderAnswer,
    ReportAnswer,
    ReportedFact,
    SubmissionFacts,
    SubmissionPage,
    read_changes,
    read_deliveries,
)
from accord.calls.exchange import EnvelopeParts
from accord.calls.multipart import Moved
from accord.client.errors import AbsentError as ClientAbsentError
from accord.envelope.credentials import SealedCredential
from accord.envelope.encoding import canonical
from accord.envelope.tree.receipts import Receipt
from agencies import accession, credentials, directory, entries, entrykeys, instances
from agencies.api import AgencySerializer
from agencies.api_credentials import CredentialSerializer
from agencies.api_instances import InstanceSerializer
from agencies.apikeys import authenticate_key
from agencies.newer_keysets import newer_keysets
from agencies.selfrotation import rotate_own_key
from callers.actors import ApiClient
from callers.cursors import open_lasting, seal_lasting
from callers.errors import AbsentError, NotPermittedError
from demo.ownership import at_the_exchange
from demo.past import Past
from ledger import proofs
from ledger.handovers import handover_notes
from sharing import changes, deliveries, feed, intake, reminders, serializers, slices, statements, submissions
from sharing.agreement_facts import list_agreements, list_circles
from sharing.deliveries import Report
from sharing.models import FeedItem, Statement
from sharing.policy import Terms
from sharing.previews import preview_sending
from vault.exchangekeys import HeldExchangeKeys

LOOPBACK = "127.0.0.1"
Answers = TypeVar("Answers", bound="PastExchange")


def _answered_there(answers: type[Answers]) -> type[Answers]:
    """Return the class with each call answered at the exchange."""
    for name, call in list(vars(answers).items()):
        if inspect.isfunction(call) and not name.startswith("_"):
            setattr(answers, name, at_the_exchange()(call))
    return answers


@_answered_there
class PastExchange:
    """An `accord.calls.exchange.Exchange` for one agency, at the moment of `past`."""

    def __init__(self, past: Past, api_key: str) -> None:
        self._past = past
        self._api_key = api_key

    @property
    def _caller(self) -> ApiClient:
        return authenticate_key(self._api_key, LOOPBACK, now=self._past.now)

    def agencies(self) -> list[AgencyAnswer]:
        found = directory.list_agencies_now(self._caller, now=self._past.now)
        return read_agencies({"items": AgencySerializer(found, many=True).data})

    def keyset(self, agency: str, version: int | None = None) -> KeysetAnswer | None:
        try:
            found = directory.published_keyset(self._caller, agency, version=version, now=self._past.now)
        except AbsentError:
            return None
        return _keyset(found)

    def keysets(self, held: Mapping[str, int]) -> KeysetsAnswer:
        found = newer_keysets(self._caller, held, now=self._past.now)
        newer = {agency: _keyset(one) for agency, one in found.newer.items()}
        return KeysetsAnswer(newer, tuple(found.unchanged), tuple(found.unknown), tuple(found.rest))

    def accession(self) -> AccessionAnswer | None:
        try:
            found = entrykeys.accession_of(self._caller, now=self._past.now)
        except NotPermittedError:
            return None
        (entry,) = read_agencies({"items": [AgencySerializer(found.agency).data]})
        until = int(found.key_until.timestamp())
        return AccessionAnswer(entry, found.keyset.od if found.keyset else None, until)

    def agreements(self) -> list[Any]:
        return list(
            serializers.AgreementSerializer(list_agreements(self._caller, now=self._past.now), many=True).data
        )

    def circles(self) -> list[Any]:
        found = list_circles(self._caller, now=self._past.now)
        return list(serializers.CircleSerializer(found, many=True).data)

    def previews(self, terms: Mapping[str, Any], recipients: Sequence[str] | None) -> list[PreviewAnswer]:
        found = preview_sending(self._caller, recipients, Terms(**terms), now=self._past.now)
        return [PreviewAnswer(one.agency, one.allowed, one.code, dict(one.args)) for one in found]  # type: ignore[arg-type]

    def caller(self) -> CallerAnswer:
        expires_at = self._caller.expires_at
        assert expires_at is not None
        return CallerAnswer(int(expires_at.timestamp()))

    def suspend_key(self, kid: str) -> SuspendedKey:
        key = accession.suspend_key(self._caller, kid, now=self._past.now)
        assert key.suspended_at is not None
        return SuspendedKey(kid, int(key.suspended_at.timestamp()), key.until_keyset)

    def announce_instance(self, instance: str, *, software: str) -> InstanceAnswer:
        row = instances.announce_instance(self._caller, instance, software=software, now=self._past.now)
        return read_instance(InstanceSerializer(row).data, instance)

    def release_instance(self, instance: str) -> None:
        with suppress(AbsentError):
            instances.release_instance(self._caller, instance, now=self._past.now)

    def credentials(self) -> list[CredentialAnswer]:
        rows = credentials.list_credentials(self._caller)
        return read_credentials({"items": CredentialSerializer(rows, many=True).data})

    def issue_credential(self, statement_id: str, jws: bytes) -> CredentialAnswer:
        row, text = credentials.issue_credential(self._caller, jws, now=self._past.now)
        return read_credential({**CredentialSerializer(row).data, "key": text})

    def end_credential(self, prefix: str, statement_id: str, jws: bytes) -> CredentialAnswer:
        row = credentials.end_credential(self._caller, prefix, jws, now=self._past.now)
        return read_credential(CredentialSerializer(row).data)

    def rotate_api_key(self) -> IssuedKey:
        key, text = rotate_own_key(self._caller, now=self._past.now)
        return IssuedKey(text, int(key.expires_at.timestamp()))

    def challenge(self, agency: str, keys: Sequence[Mapping[str, Any]]) -> ChallengeAnswer:
        issued = accession.issue_challenge(self._caller, agency, keys, now=self._past.now)
        return ChallengeAnswer(issued.chal, tuple((row["kid"], row["jwe"]) for row in issued.sealed))

    def post_keyset(self, agency: str, *, pop: bytes | None, keyset: bytes) -> KeysetTaken:
        now = self._past.now
        taken = accession.accept_keyset(self._caller, agency, pop=pop, keyset=keyset, now=now)
        first = entrykeys.first_key_of(taken, now=now)
        if first is None:
            return KeysetTaken()
        until = int(first.api_key.expires_at.timestamp())
        return KeysetTaken(SealedCredential(first.kid, first.jwe), until)

    def post_envelope(self, jti: str, parts: EnvelopeParts, *, moved: Moved | None = None) -> None:
        blobs = [blob if isinstance(blob, bytes) else blob.read_bytes() for blob in parts.blobs]
        intake.submit_envelope(
            self._caller, manifest=parts.manifest, jwe=parts.jwe, blobs=blobs, now=self._past.now
        )

    def post_statement(self, statement_id: str, jws: bytes, entries: bytes | None = None) -> None:
        statements.submit_statement(self._caller, jws, entries=entries, now=self._past.now)

    def entry(self, agency: str) -> EntryAnswer:
        found = entries.published_entry(self._caller, agency)
        statement = None if found.statement is None else canonical(found.statement)
        return EntryAnswer(agency, found.telephone, found.timezone, tuple(found.contacts), statement)

    def state_entry(self, agency: str, statement_id: str, jws: bytes) -> EntryAnswer:
        entries.state_entry(self._caller, agency, jws, now=self._past.now)
        return self.entry(agency)

    def slice(self, md: str) -> bytes:
        try:
            return slices.slice_for(self._caller, md, now=self._past.now)
        except AbsentError:
            raise _absent() from None

    def manifest(self, md: str) -> ManifestAnswer:
        try:
            manifest, receipt = slices.manifest_of(self._caller, md)
        except AbsentError:
            raise _absent() from None
        return ManifestAnswer(manifest, Receipt.parse(json.loads(json.dumps(receipt))))

    def slices(self, mds: Sequence[str]) -> list[SliceAnswer]:
        return [self.slice(mds[0])]

    def blob(self, md: str, n: int, size: int) -> Iterator[bytes]:
        return iter(list(slices.stored_blob(self._caller, md, n, now=self._past.now).pieces()))

    def statements_about(self, md: str) -> list[StatementAnswer]:
        return [_answer(row) for row in statements.statements_about(self._caller, md)]

    def statement(self, od: str) -> StatementAnswer:
        return _answer(statements.find_statement(self._caller, od))

    def inbox(self, *, after: str, limit: int) -> FeedPage:
        epoch, number = feed.parse_place(after)
        page = feed.read_feed(self._caller, epoch=epoch, after=number, limit=limit)
        return FeedPage(tuple(_entry(item) for item in page.items), page.head, page.epoch)

    def resolve(self, reference: str) -> FeedEntry | None:
        try:
            return _entry(feed.resolve_reference(self._caller, reference))
        except AbsentError:
            return None

    def submissions(self, *, after: str | None, limit: int) -> SubmissionPage:
        page = submissions.list_submissions(self._caller, after=after or "", limit=limit)
        return SubmissionPage(tuple(_submission(facts) for facts in page.items), page.next)

    def submission(self, d: str) -> SubmissionFacts:
        return _submission(submissions.find_submission(self._caller, d))

    def changed_deliveries(self, *, since: str) -> DeliveryChanges:
        caller = self._caller
        found = changes.read_changes(caller, since=open_lasting(caller, "deliveries", since))
        place = seal_lasting(caller, "deliveries", found.next) if found.next else ""
        answer = {"items": found.items, "next": place, "more": found.more}
        return read_changes(serializers.ChangesSerializer(answer).data)

    def checkpoint(self) -> str:
        newest = proofs.latest_checkpoint()
        if newest is None:
            raise _absent()
        return newest.note

    def proof(self, index: int) -> Receipt:
        found = proofs.receipt_at(index)
        if found is None:
            raise _absent()
        return found

    def report_facts(self, reported: Sequence[ReportedFact]) -> list[ReportAnswer]:
        reports = [Report(one.md, one.fact, one.at) for one in reported]
        deliveries.report_facts(self._caller, reports, now=self._past.now)
        return [None for _ in reported]

    def remind(self, md: str, *, key: str) -> ReminderAnswer:
        reminders.remind_recipients(self._caller, md, now=self._past.now)
        newest = reminders.newest_reminder(self._caller, md)
        return ReminderAnswer(tuple(newest.recipients), int(self._past.now.timestamp()), None)

    def wanted(self, ds: Sequence[str]) -> list[str]:
        return proofs.wanted_of(ds)

    def consistency(self, first: int, second: int) -> list[bytes]:
        path = proofs.consistency(first, second)
        if path is None:
            raise _absent()
        return path

    def consistencies(self, pairs: Sequence[tuple[int, int]]) -> list[list[bytes] | None]:
        return proofs.consistencies(pairs)

    def handovers(self) -> list[str]:
        return handover_notes()

    def hub_clock(self) -> int | None:
        """Return None: the past reports no time of its own."""
        return None

    def close(self) -> None:
        """Do nothing: there is no connection."""


class DeskInThePast(PastExchange):
    """The past exchange as the hub's desk calls it for one of its agencies, before any process runs."""

    def __init__(self, past: Past, agency_id: str) -> None:
        super().__init__(past, HeldExchangeKeys().api_key_of(agency_id))


def _absent() -> ClientAbsentError:
    return ClientAbsentError(404, "absent", "There is nothing here for you.", "", {})


def _receipt(receipt: Mapping[str, Any] | None) -> Receipt | None:
    return Receipt.parse(json.loads(json.dumps(receipt))) if receipt else None


def _keyset(found: directory.PublishedKeyset) -> KeysetAnswer:
    return KeysetAnswer(
        bytes(found.row.jws),
        _receipt(found.receipt),
        tuple(StatementAnswer(jws, _receipt(receipt)) for jws, receipt in found.revokes),
    )


def _answer(row: Statement) -> StatementAnswer:
    return StatementAnswer(bytes(row.jws), _receipt(proofs.receipt_for(row.pk)))


def _submission(facts: submissions.SubmissionFacts) -> SubmissionFacts:
    return SubmissionFacts(
        facts.what,
        facts.d,
        facts.id,
        facts.iat,
        _receipt(facts.receipt),
        read_deliveries(serializers.DeliverySerializer(facts.deliveries, many=True).data),
    )


def _entry(item: FeedItem) -> FeedEntry:
    return FeedEntry(item.number, item.what, item.d, item.iss, item.item_id, item.ref or None)
