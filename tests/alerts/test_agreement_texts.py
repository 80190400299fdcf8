# SPDX-License-Identifier: Apache-2.0
"""The sealed text of an agreement at a desk: it follows its proposal, and without it nobody accepts."""

from typing import Any

import pytest

from accord.agreement_texts import TextState
from accord.commitments import read_commitments
from accord.document.agreement_texts import agreement_text
from alerts.agency.agreement_versions import (
    answer_version,
    propose_agreement,
    text_of_version,
    version_of,
)
from alerts.errors import AgreementRefusedError
from alerts.models import AgreementText, ReceivedAlert
from officers.models import Officer
from peers.models import Outgoing, UnsentEnvelope
from tests.alerts.conftest import Desks
from tests.alerts.test_agreement_versions import health, lab, learn, terms

__all__ = ["health", "lab"]
ROW = {
    "by": "xa-lab",
    "to": "xb-health",
    "what": "spectra",
    "every": {"n": 1, "unit": "quarter"},
    "zone": "Europe/Vienna",
    "from": "2027-01-01",
}
TEXT = agreement_text("Exchange of spectra", "1. Purpose\n\nThe parties share.", [ROW])


def proposed(desks: Desks, lab: Officer, text: Any = TEXT, **changes: Any) -> str:
    asked = terms(desks.hub.now, desks.health.id, text=text, **changes)
    return propose_agreement(lab, asked, now=desks.hub.now)


def text_state(officer: Officer, od: str, desks: Desks) -> TextState:
    return text_of_version(officer, version_of(officer, od, now=desks.hub.now)).state


def test_both_sides_read_the_text_and_it_is_no_alert(desks: Desks, lab: Officer, health: Officer) -> None:
    od = proposed(desks, lab)
    learn(desks, lab, health)
    for officer in (lab, health):
        read = text_of_version(officer, version_of(officer, od, now=desks.hub.now))
        assert (read.state, read.document) == (TextState.HERE, TEXT)
        assert read.document and [one.what for one in read_commitments(read.document)] == ["spectra"]
    assert not ReceivedAlert.objects.exists() and not UnsentEnvelope.objects.exists()
    answer_version(health, od, "accept", now=desks.hub.now)
