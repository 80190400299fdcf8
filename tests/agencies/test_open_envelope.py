# SPDX-License-Identifier: Apache-2.0
"""Opening for a hosted agency: every check, a reason, an audit event before the content is shown."""

import logging
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from accord.envelope.errors import EnvelopeError, Failure, OpeningError
from accord.envelope.verifying import Ledger
from agencies.directory import DatabaseKeyDirectory
from callers.actors import SystemActor
from callers.errors import AbsentError, InputError, NotPermittedError
from ledger.models import AuditEvent
from ledger.pins import pinned_keys
from officers.models import Officer
from peers.models import Agency
from tests.agencies.sealing import DOCUMENT, Carried, carry, seal
from tests.agencies.world import NOW, enrol, logged_agencies
from vault import services
from vault.models import VaultKey

pytestmark = pytest.mark.django_db
WORKER = SystemActor("desk-worker", "xb-health")


def test_an_opening_is_audited_with_its_reason(carried: Carried, reader: Officer) -> None:
    open_for(reader, carried, reason=" assigned to me ")
    event = AuditEvent.objects.get(act="alert.opened")
    assert (event.agency, event.actor, event.subject, event.reason) == (
        "xb-health",
        reader.audit_name,
        carried.envelope.md,
        "assigned to me",
    )


def test_the_desk_workers_opening_is_a_screening(carried: Carried) -> None:
    open_for(WORKER, carried, reason="intake")
    assert AuditEvent.objects.get(act="alert.screened").actor == "system:desk-worker"
    assert not AuditEvent.objects.filter(act="alert.opened").exists()


def test_nothing_opens_without_a_reason(carried: Carried, reader: Officer, subtests: pytest.Subtests) -> None:
    for reason in ["", "   ", "x" * 501, "a\x00b"]:
        with subtests.test(str(reason)[:60]):
            with pytest.raises(InputError) as refused:
                open_for(reader, carried, reason=reason)
            assert refused.value.field == "reason"


def test_the_auditor_opens_nothing(carried: Carried) -> None:
    auditor = enrol(Agency.objects.get(pk="xb-health"), "auditor")
    with pytest.raises(NotPermittedError):
        open_for(auditor, carried)


def test_another_agencys_slice_does_not_open(carried: Carried, reader: Officer) -> None:
    with pytest.raises(EnvelopeError):
        services.open_envelope(
            reader,
            carried.slice_for("xd-reg"),
            reason="on duty",
            peers=DatabaseKeyDirectory(NOW),
            ledger=Ledger(pinned_keys()),
            now=NOW,
        )
    event = AuditEvent.objects.get(act="alert.unopenable")
    assert (event.agency, event.subject) == ("xb-health", carried.envelope.md)


CHANGED: dict[str, Any] = {
    "the ciphertext": b'"ciphertext":"',
    "the tag": b'"tag":"',
    "the wrapped key": b'"encrypted_key":"',
    "a signature": b'"signature":"',
}


def test_one_changed_character_opens_nothing_and_is_audited(
    carried: Carried, reader: Officer, subtests: pytest.Subtests
) -> None:
    whole = carried.slice_for("xb-health")
    for sentence, member in CHANGED.items():
        at = whole.index(member) + len(member) + 3
        changed = whole[:at] + (b"A" if whole[at : at + 1] != b"A" else b"B") + whole[at + 1 :]
        with subtests.test(sentence):
            with pytest.raises(EnvelopeError):
                services.open_envelope(
                    reader,
                    changed,
                    reason="on duty",
                    blobs=carried.envelope.blobs,
                    peers=DatabaseKeyDirectory(NOW),
                    ledger=Ledger(pinned_keys()),
                    now=NOW,
                )
            assert AuditEvent.objects.filter(act="alert.unopenable").latest("seq").detail["cause"]
    assert AuditEvent.objects.filter(act="alert.unopenable").count() == len(CHANGED)
    assert not AuditEvent.objects.filter(act="alert.opened").exists()


def test_garbage_is_refused_and_audited_without_a_subject(reader: Officer) -> None:
    with pytest.raises(EnvelopeError):
        services.open_envelope(
            reader,
            b"{",
            reason="on duty",
            peers=DatabaseKeyDirectory(NOW),
            ledger=Ledger(pinned_keys()),
            now=NOW,
        )
    assert AuditEvent.objects.get(act="alert.unopenable").subject == ""


def test_a_blob_that_differs_opens_nothing(carried: Carried, reader: Officer) -> None:
    blob = carried.envelope.blobs[0]
    changed = blob[:-1] + bytes([blob[-1] ^ 1])
    with pytest.raises(OpeningError):
        services.open_envelope(
            reader,
            carried.slice_for("xb-health"),
            reason="on duty",
            blobs=[changed],
            peers=DatabaseKeyDirectory(NOW),
            ledger=Ledger(pinned_keys()),
            now=NOW,
        )


def test_the_same_id_with_another_content_is_a_replay(carried: Carried, reader: Officer) -> None:
    with pytest.raises(OpeningError) as refused:
        services.open_envelope(
            reader,
            carried.slice_for("xb-health"),
            reason="on duty",
            blobs=carried.envelope.blobs,
            seen=lambda iss, jti: "A" * 43,
            peers=DatabaseKeyDirectory(NOW),
            ledger=Ledger(pinned_keys()),
            now=NOW,
        )
    assert refused.value.cause == Failure.REPLAY


def test_a_lost_private_key_is_reported_as_missing(carried: Carried) -> None:
    VaultKey.objects.filter(agency_id="xb-health", use="enc").delete()
    with pytest.raises(OpeningError) as refused:
        open_for(WORKER, carried)
    assert refused.value.ack_code == "key-missing"
    assert AuditEvent.objects.get(act="alert.unopenable").detail == {"cause": "no-private-key-for-the-entry"}


def test_every_failure_to_open_reads_alike(carried: Carried, reader: Officer) -> None:
    assert len({str(OpeningError(cause)) for cause in (Failure.KEY_MISSING, Failure.DECRYPT)}) == 1


def test_an_attachment_that_is_not_there_is_absent(carried: Carried, reader: Officer) -> None:
    opened = open_for(reader, carried)
    with pytest.raises(AbsentError):
        services.open_attachment(opened, 1, carried.envelope.blobs[0])


@pytest.mark.django_db(transaction=True)
def test_an_opening_inside_a_transaction_is_refused_so_that_its_audit_stands(
    tmp_path: Path,
) -> None:
    agency = logged_agencies(tmp_path, "xa-lab", "xb-health")
    carried = carry(seal(enrol(agency, "releaser"), ["xb-health"]), tmp_path)
    reader = enrol(Agency.objects.get(pk="xb-health"), "reader")
    with pytest.raises(RuntimeError), transaction.atomic():
        open_for(reader, carried)


def test_content_and_keys_reach_no_log_and_no_audit_row(
    carried: Carried, reader: Officer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        opened = open_for(reader, carried)
        with pytest.raises(EnvelopeError):
            services.open_envelope(
                reader,
                b"{",
                reason="on duty",
                peers=DatabaseKeyDirectory(NOW),
                ledger=Ledger(pinned_keys()),
                now=NOW,
            )
    said = caplog.text + str(list(AuditEvent.objects.values())) + repr(opened)
    assert DOCUMENT["title"] not in said
    assert opened.attachments[0].k.hex() not in said
    assert repr(opened.attachments[0].k) not in said


def open_for(actor: Any, carried: Carried, *, reason: str = "on duty") -> Any:
    return services.open_envelope(
        actor,
        carried.slice_for("xb-health"),
        reason=reason,
        blobs=carried.envelope.blobs,
        peers=DatabaseKeyDirectory(NOW),
        ledger=Ledger(pinned_keys()),
        now=NOW,
    )
