# SPDX-License-Identifier: Apache-2.0
"""`keep`: from that moment the content is gone for everyone, before the sweep has come by and after."""

from datetime import datetime

import pytest

from accord.envelope.content import Attachment
from accord.envelope.seal import SealedEnvelope
from callers.actors import Actor
from callers.errors import AbsentError
from ledger.models import AuditEvent
from sharing.deliveries import delivery_facts_of
from sharing.errors import ContentDeletedError
from sharing.models import Blob, Delivery, Envelope
from sharing.slices import stored_blob
from sharing.statements import statements_about
from sharing.sweeping import sweep_deliveries
from sharing.tombstones import delete_contents
from tests.builders import Hub, seconds
from tests.sharing.callers import slug
from tests.sharing.conftest import Callers, Four


def blob_for(actor: Actor, md: str, n: int, *, now: datetime) -> bytes:
    """Return one whole blob."""
    return b"".join(stored_blob(actor, md, n, now=now).pieces())


FILE = Attachment("spectrum.msp", "text/plain", b"peaks" * 100)


@pytest.fixture
def short(hub: Hub, four: Four) -> SealedEnvelope:
    """An envelope to bravo and charlie, kept for 200 seconds; bravo has fetched it."""
    sealed = deliver_kept_for(hub, four, 200)
    hub.fetch(four.bravo, sealed)
    return sealed


def deliver_kept_for(hub: Hub, four: Four, keep_secs: int) -> SealedEnvelope:
    now = seconds(hub.now)
    return hub.deliver(
        four.alpha,
        four.bravo,
        four.charlie,
        attachments=[FILE],
        status="exercise",
        exp=now + 100,
        keep=now + keep_secs,
        ack_by=None,
    )


def contents() -> set[object]:
    """Return the values of every content column."""
    columns = Envelope.objects.values_list("manifest", "jwe_head", "origin_entry", "leaf_hashes")
    found = [value for row in columns for value in row]
    found += Delivery.objects.values_list("entry", flat=True)
    return {*found, *Blob.objects.values_list("content", flat=True)}


def test_from_keep_on_nobody_gets_slice_or_blob(hub: Hub, four: Four, short: SealedEnvelope) -> None:
    hub.later(seconds=199)
    assert hub.fetch(four.bravo, short) and blob_for(four.bravo.client, short.md, 0, now=hub.now)
    hub.later(seconds=1)
    for agency in (four.alpha, four.bravo, four.charlie):
        with pytest.raises(ContentDeletedError):
            hub.fetch(agency, short)
        with pytest.raises(ContentDeletedError):
            blob_for(agency.client, short.md, 0, now=hub.now)
    assert AuditEvent.objects.filter(act="slice.refused", reason="ContentDeleted").count() == 3
    assert AuditEvent.objects.filter(act="blob.refused", reason="ContentDeleted").count() == 3


def test_the_answer_is_the_same_once_the_sweep_has_come_by(
    hub: Hub, four: Four, short: SealedEnvelope
) -> None:
    sweep_deliveries(now=hub.later(seconds=200))
    for agency in (four.alpha, four.bravo, four.charlie):
        with pytest.raises(ContentDeletedError):
            hub.fetch(agency, short)
        with pytest.raises(ContentDeletedError):
            blob_for(agency.client, short.md, 0, now=hub.now)


def test_strangers_learn_nothing_of_it(hub: Hub, four: Four, short: SealedEnvelope) -> None:
    hub.later(seconds=200)
    for _ in range(2):
        with pytest.raises(AbsentError):
            hub.fetch(four.delta, short)
        with pytest.raises(AbsentError):
            blob_for(four.delta.client, short.md, 0, now=hub.now)
        sweep_deliveries(now=hub.now)


def test_the_sweep_empties_every_content_column_and_keeps_the_digests(
    hub: Hub, four: Four, short: SealedEnvelope
) -> None:
    digest = Blob.objects.get().sha256
    sweep_deliveries(now=hub.later(seconds=199))
    assert None not in contents()
    sweep_deliveries(now=hub.later(seconds=1))
    assert contents() == {None}
    row = Envelope.objects.get()
    assert (row.md, row.jti, row.iss_id, Blob.objects.get().sha256) == (
        short.md,
        short.jti,
        "xa-alpha",
        digest,
    )


def test_each_deletion_is_audited_once(hub: Hub, four: Four, short: SealedEnvelope) -> None:
    hub.later(seconds=200)
    assert [delete_contents(now=hub.now, limit=5) for _ in range(2)] == [1, 0]
    event = AuditEvent.objects.get(act="content.deleted")
    assert (event.actor, event.agency, event.subject) == ("system:exchange-worker", "xa-alpha", short.md)


def test_what_was_said_and_done_can_still_be_shown(hub: Hub, four: Four, short: SealedEnvelope) -> None:
    row = hub.submit(four.bravo, hub.acknowledgement(four.bravo, short))
    hub.sequence()
    sweep_deliveries(now=hub.later(seconds=200))
    assert statements_about(four.alpha.client, short.md) == [row]
    states = {
        fact.recipient: fact.state for fact in delivery_facts_of(four.alpha.client, [short.md])[short.md]
    }
    assert states == {"xb-bravo": "acknowledged", "xc-charlie": "available"}
    retract = hub.submit(four.alpha, hub.retraction(four.alpha, short))
    assert statements_about(four.alpha.client, short.md) == [row, retract]


def test_it_goes_in_bounded_batches_longest_overdue_first(hub: Hub, four: Four) -> None:
    later, sooner, kept = (deliver_kept_for(hub, four, secs) for secs in (300, 200, 9000))
    hub.later(seconds=400)
    gone = []
    for _ in range(3):
        delete_contents(now=hub.now, limit=1)
        gone.append(set(Envelope.objects.filter(manifest=None).values_list("md", flat=True)))
    assert gone == [{sooner.md}, {sooner.md, later.md}, {sooner.md, later.md}]
    assert hub.open(four.alpha, kept).alert["title"] == "Blue tablets"


def test_sending_the_same_bytes_again_still_answers_as_before(
    hub: Hub, four: Four, short: SealedEnvelope
) -> None:
    before = hub.carry(four.alpha, short)
    sweep_deliveries(now=hub.later(seconds=200))
    assert hub.carry(four.alpha, short) == before


def test_the_wire_says_that_it_is_gone(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = deliver_kept_for(hub, four, 200)
    Envelope.objects.update(keep=seconds(hub.now) - 1)
    for path in (f"envelopes/{sealed.md}", f"envelopes/{sealed.md}/blobs/0"):
        answer = callers.bravo.get(path)
        assert (answer.status_code, slug(answer)) == (410, "content-deleted")
        assert callers.delta.get(path).status_code == 404
