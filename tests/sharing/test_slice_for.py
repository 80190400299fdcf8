# SPDX-License-Identifier: Apache-2.0
"""Slices and blobs: given to one recipient at the right time, and nothing revealed to others."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accord.envelope.content import Attachment
from accord.envelope.encoding import b64u, sha256
from accord.envelope.errors import Failure, OpeningError
from callers.actors import Actor, SystemActor
from callers.capabilities import Role
from callers.directory import AgencyStatus
from callers.errors import AbsentError
from ledger.models import AuditEvent
from sharing.blobs import PIECE_BYTES
from sharing.deliveries import find_delivery
from sharing.errors import ContentDeletedError, ExpiredError, FlowSuspendedError
from sharing.models import Blob, Delivery
from sharing.slices import slice_for, stored_blob
from tests.builders import HeldAgency, Hub, client_with, seconds
from tests.entries import change_entry
from tests.sharing.conftest import Four


def blob_for(actor: Actor, md: str, n: int, *, now: datetime) -> bytes:
    """Return one whole blob."""
    return b"".join(stored_blob(actor, md, n, now=now).pieces())


FILE = Attachment("spectrum.msp", "text/plain", b"peaks" * 100)


def delivery_to(agency: HeldAgency) -> Delivery:
    return Delivery.objects.get(recipient_id=agency.id)


def test_each_recipient_opens_its_own_slice(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, four.charlie, attachments=[FILE])
    for reader in (four.alpha, four.bravo, four.charlie):
        opened = hub.open(reader, sealed)
        assert opened.alert["title"] == "Blue tablets"
        assert opened.manifest.md == sealed.md


def test_a_slice_holds_the_manifest_as_received_and_one_entry(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, four.charlie)
    octets = hub.fetch(four.bravo, sealed)
    assert sealed.manifest in octets
    parsed = json.loads(octets)
    assert (parsed["v"], parsed["via"], len(parsed["jwe"]["recipients"])) == (1, [], 1)
    assert [receipt["leaf"]["d"] for receipt in parsed["receipts"]] == [sealed.md]
    assert parsed["index"] == delivery_to(four.bravo).index


def test_a_slice_is_of_no_use_to_another_recipient(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, four.charlie)
    stolen = replace(four.charlie, row=four.bravo.row)
    with pytest.raises(OpeningError) as refused:
        hub.open(stolen, sealed)
    assert refused.value.cause is Failure.KEY_MISSING


def test_the_first_fetch_is_kept_and_audited(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    hub.later(minutes=3)
    first = hub.now
    octets = hub.fetch(four.bravo, sealed)
    hub.later(hours=1)
    assert hub.fetch(four.bravo, sealed) == octets
    assert (delivery_to(four.bravo).state, delivery_to(four.bravo).fetched_at) == ("fetched", first)
    events = AuditEvent.objects.filter(act="slice.served")
    assert [(event.agency, event.subject) for event in events] == [("xb-bravo", sealed.md)] * 2


def test_without_a_receipt_there_is_nothing_not_even_for_the_originator(hub: Hub, four: Four) -> None:
    sealed = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, sealed)
    for reader in (four.alpha, four.bravo):
        with pytest.raises(AbsentError):
            hub.fetch(reader, sealed)


def test_the_originator_is_served_and_marks_nothing(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    assert hub.fetch(four.alpha, sealed)
    assert delivery_to(four.bravo).state == "available"


def test_strangers_and_those_without_the_scope_find_nothing(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, attachments=[FILE])
    scopeless = replace(four.bravo.client, scopes=frozenset())
    auditor = client_with(four.bravo.id, Role.AUDITOR)
    for actor in (four.delta.client, scopeless, auditor, SystemActor("operator")):
        with pytest.raises(AbsentError):
            slice_for(actor, sealed.md, now=hub.now)
        with pytest.raises(AbsentError):
            blob_for(actor, sealed.md, 0, now=hub.now)
    assert delivery_to(four.bravo).state == "available"


def test_an_agencys_own_process_reads_for_it(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    assert slice_for(SystemActor("desk-worker", "xb-bravo"), sealed.md, now=hub.now)
    assert delivery_to(four.bravo).state == "fetched"


def test_a_suspended_agency_reads_what_it_received_before(hub: Hub, four: Four) -> None:
    fetched, waiting = hub.deliver(four.alpha, four.bravo), hub.deliver(four.alpha, four.bravo)
    hub.fetch(four.bravo, fetched)
    change_entry(four.bravo.id, status=AgencyStatus.SUSPENDED)
    assert hub.fetch(four.bravo, fetched)
    with pytest.raises(FlowSuspendedError):
        hub.fetch(four.bravo, waiting)


def test_a_blob_is_served_through_its_envelope_only(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, attachments=[FILE])
    octets = blob_for(four.bravo.client, sealed.md, 0, now=hub.now)
    assert octets == sealed.blobs[0]
    digest = b64u(sha256(octets))
    for md, n in ((sealed.md, 1), (digest, 0)):
        with pytest.raises(AbsentError):
            blob_for(four.bravo.client, md, n, now=hub.now)


@pytest.mark.django_db(transaction=True)
def test_a_blob_is_read_in_pieces_and_no_connection_is_held_between_them(hub: Hub, four: Four) -> None:
    trace = replace(FILE, plain=b"\x5a" * (2 * PIECE_BYTES))
    sealed = hub.deliver(four.alpha, four.bravo, attachments=[trace])
    blob = stored_blob(four.bravo.client, sealed.md, 0, now=hub.now)
    octets = b""
    with CaptureQueriesContext(connection) as asked:
        for piece in blob.pieces():
            assert len(piece) <= PIECE_BYTES
            assert connection.connection is None
            octets += piece
    assert (octets, blob.size_bytes, len(asked)) == (sealed.blobs[0], len(octets), 3)


@pytest.mark.django_db(transaction=True)
def test_a_blob_that_goes_while_it_is_read_breaks_off(hub: Hub, four: Four) -> None:
    trace = replace(FILE, plain=b"\x5a" * PIECE_BYTES)
    sealed = hub.deliver(four.alpha, four.bravo, attachments=[trace])
    pieces = stored_blob(four.bravo.client, sealed.md, 0, now=hub.now).pieces()
    assert next(pieces)
    Blob.objects.update(content=None)
    with pytest.raises(ContentDeletedError):
        next(pieces)


def test_a_blob_follows_the_rule_of_its_slice(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, four.charlie, attachments=[FILE])
    hub.fetch(four.charlie, sealed)
    for agency in (four.bravo, four.charlie):
        hub.suspend(agency, "G1")
    with pytest.raises(FlowSuspendedError):
        blob_for(four.bravo.client, sealed.md, 0, now=hub.now)
    assert blob_for(four.charlie.client, sealed.md, 0, now=hub.now) == sealed.blobs[0]
    assert blob_for(four.alpha.client, sealed.md, 0, now=hub.now) == sealed.blobs[0]


def test_there_is_no_first_fetch_after_exp(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(
        four.alpha, four.bravo, four.charlie, attachments=[FILE], exp=seconds(hub.now) + 100, ack_by=None
    )
    hub.later(seconds=99)
    assert hub.fetch(four.charlie, sealed)
    hub.later(seconds=1)
    for _ in range(2):
        with pytest.raises(ExpiredError):
            hub.fetch(four.bravo, sealed)
        with pytest.raises(ExpiredError):
            blob_for(four.bravo.client, sealed.md, 0, now=hub.now)
    assert (delivery_to(four.bravo).state, delivery_to(four.bravo).fetched_at) == ("available", None)
    assert AuditEvent.objects.filter(act="slice.refused", reason="Expired").count() == 2


def test_what_was_fetched_before_exp_stays_readable_after_it(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo, attachments=[FILE], exp=seconds(hub.now) + 100, ack_by=None)
    hub.fetch(four.bravo, sealed)
    hub.later(seconds=100)
    assert hub.open(four.bravo, sealed).late
    assert blob_for(four.bravo.client, sealed.md, 0, now=hub.now) == sealed.blobs[0]
    assert hub.fetch(four.alpha, sealed)


def test_a_reference_leads_its_recipient_and_nobody_else(hub: Hub, four: Four) -> None:
    hub.deliver(four.alpha, four.bravo)
    delivery = delivery_to(four.bravo)
    reference = delivery.reference
    assert find_delivery(four.bravo.client, f" {reference.lower()} ") == delivery
    for actor in (four.alpha.client, four.charlie.client):
        with pytest.raises(AbsentError):
            find_delivery(actor, reference)
    for text in ("", "7QK4-M2XN", "' OR 1=1", reference[:-1]):
        with pytest.raises(AbsentError):
            find_delivery(four.bravo.client, text)
