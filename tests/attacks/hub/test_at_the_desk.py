# SPDX-License-Identifier: Apache-2.0
"""Attacks on the desk's worker, which opens alerts for hosted agencies without an officer."""

from __future__ import annotations

import json
from dataclasses import replace

from accord.envelope.encoding import canonical
from accord.envelope.jwe import leaf_hashes, recipients_root, wrap_for
from accord.envelope.keys import PQ1
from accord.envelope.keysets import newest_encryption_key
from accord.envelope.seal import SealedEnvelope
from agencies.directory import DatabaseKeyDirectory
from alerts.models import ReceivedAlert
from ledger.models import AuditEvent
from sharing.models import Statement
from tests.alerts.conftest import Desks
from tests.builders import seconds
from tests.envelope.tampering import read, signed_again, write
from tests.stolen_vault_keys import as_recipient


def wrapping_another_key(desks: Desks) -> SealedEnvelope:
    """Return a partner's validly signed alert whose entry for the health authority wraps a wrong key."""
    health = as_recipient(desks.health.agency)
    sealed = desks.hub.alert_to(health, sender=desks.own)
    keyset = DatabaseKeyDirectory(desks.hub.now).keyset(desks.health.id)
    assert keyset is not None
    newest = newest_encryption_key(keyset, PQ1, seconds(desks.hub.now))
    assert newest is not None
    jwe = read(sealed.jwe)
    jwe["recipients"][0] = json.loads(wrap_for(PQ1, newest.key, bytes(32)))
    texts = [canonical(entry).decode() for entry in jwe["recipients"]]
    rr = recipients_root(leaf_hashes([desks.health.id, desks.own.id], texts))
    return signed_again(replace(sealed, jwe=write(jwe)), desks.own.signing[PQ1], rr=rr)


def test_sending_what_never_opens(desks: Desks) -> None:
    """A partner sends alerts that cost an unwrapping and never open: each is tried once, and the sender is told."""
    sent = [wrapping_another_key(desks) for _ in range(3)]
    for sealed in sent:
        desks.hub.carry(desks.own, sealed)
    desks.hub.sequence()
    for _ in range(3):
        desks.follow()
    rows = ReceivedAlert.objects.filter(agency=desks.health.agency)
    assert {(row.unopenable, row.card) for row in rows} == {(True, None)}
    refused = AuditEvent.objects.filter(act="alert.refused", subject__in=[sealed.md for sealed in sent])
    assert refused.count() == len(sent) == rows.count()
    told = Statement.objects.filter(k="ack", sub_d__in=[sealed.md for sealed in sent])
    assert [ack.body for ack in told] == [{"st": "unopenable", "code": "check-failed"}] * len(sent)
