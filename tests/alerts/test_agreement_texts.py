# SPDX-License-Identifier: Apache-2.0
"""The sealed text of an agreement at a desk: it follows its proposal, and without it nobody accepts."""

import json
from datetime import UTC
from typing import Any

import pytest
from django.utils.translation import override

from accord.agreement_texts import TextState, text_terms
from accord.commitments import read_commitments
from accord.document.agreement_texts import agreement_text
from accord.envelope.encoding import b64u
from alerts.agency.agreement_versions import (
    answer_version,
    propose_agreement,
    text_of_version,
    version_of,
    versions_of,
)
from alerts.agency.model_texts.filling import differing_terms, model_text
from alerts.agency.term_words import terms_in_words
from alerts.errors import AgreementRefusedError, NotTakenError
from alerts.models import AgreementText, ReceivedAlert
from alerts.sending.hand_in import send_waiting
from ledger.models import AuditEvent
from notices.models import Notification
from notices.states import Occasion
from officers.models import Officer
from peers.models import Outgoing, UnsentEnvelope
from sharing.models import Envelope
from tests.alerts.conftest import Desks
from tests.alerts.test_agreement_versions import health, lab, learn, terms
from tests.builders import ALERT, new_uuid7, seconds
from tests.desk_calls import the_exchange
from tests.role_logins import under_login_of
from tests.sharing.test_sign_agreements import proposal
from tests.stolen_vault_keys import as_recipient

pytestmark = pytest.mark.usefixtures("exchange_as_asked")

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


SAID: dict[str, Any] = {
    "parties": ["xa-lab", "xb-health"],
    "lanes": ["science"],
    "tlp": "AMBER",
    "purposes": ["prevent", "science"],
    "begins": "2027-01-01",
    "until": "2028-01-01",
    "survive_lanes": [],
    "survive_flash": False,
    "clocks": "freeze",
    "emergency": False,
}
OTHER = {
    "parties": ("parties", ["xa-lab", "xd-reg"]),
    "lanes": ("lanes", ["science", "trade"]),
    "tlp": ("tlp", "GREEN"),
    "purposes": ("purposes", ["science"]),
    "begins": ("begins", "2027-01-02"),
    "until": ("until", "2029-01-01"),
    "survive_lanes": ("survive", ["science"]),
    "survive_flash": ("survive", True),
    "clocks": ("clocks", "run"),
    "emergency": ("emergency", True),
}


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("model", ["two", "many"])
def test_a_model_names_each_term_that_changed_since_it_was_filled_in(model: str, language: str) -> None:
    with override(language):
        text = model_text(model, terms_in_words(SAID, {}))
    for name, (term, value) in OTHER.items():
        assert set(differing_terms(text, SAID | {name: value}, {})) == {term}, name
    assert differing_terms(text, SAID, {}) == {}
    turned = text.replace("xa-lab; xb-health", "xb-health; xa-lab")
    assert differing_terms(turned, SAID, {}) == {}, "the other side begins with its own name"
    assert differing_terms(TEXT["text"], SAID, {}) == {}, "what somebody wrote is not judged"


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


def work(desks: Desks) -> None:
    with under_login_of("desk-worker"):
        send_waiting(now=desks.hub.later(minutes=2))


def refusing(ending: str) -> None:
    refusal = json.dumps({"type": "urn:accord:problem:policy-denied", "title": "No.", "status": 422}).encode()
    the_exchange.answers = lambda path: (422, refusal) if path.endswith(ending) else None


def test_a_proposal_that_waits_goes_before_its_text(desks: Desks, lab: Officer, health: Officer) -> None:
    the_exchange.is_away = True
    od = proposed(desks, lab)
    the_exchange.behave()
    trouble = json.dumps({"type": "about:blank", "title": "Busy.", "status": 503}).encode()
    the_exchange.answers = lambda path: (503, trouble) if path.endswith("/statements") else None
    work(desks)
    assert [row.k for row in Outgoing.objects.filter(state="queued")] == ["agreement", "text"]
    the_exchange.behave()
    work(desks)
    learn(desks, lab, health)
    assert text_state(health, od, desks) == TextState.HERE


def test_where_the_proposal_is_refused_its_text_goes_nowhere(desks: Desks, lab: Officer) -> None:
    refusing("/statements")
    with pytest.raises(NotTakenError):
        proposed(desks, lab)
    assert [row.state for row in Outgoing.objects.order_by("pk")] == ["refused", "cancelled"]
    assert not AgreementText.objects.exists() and not Envelope.objects.exists()


def test_where_the_text_is_refused_it_is_said_and_nobody_can_accept(
    desks: Desks, lab: Officer, health: Officer
) -> None:
    refusing("/envelopes")
    with pytest.raises(AgreementRefusedError, match="nobody can accept"):
        proposed(desks, lab)
    the_exchange.behave()
    learn(desks, lab, health)
    (version,) = versions_of(health, now=desks.hub.now)
    assert text_state(lab, version.od, desks) == text_state(health, version.od, desks) == TextState.MISSING
    with pytest.raises(AgreementRefusedError, match="not accepted"):
        answer_version(health, version.od, "accept", now=desks.hub.now)
    answer_version(health, version.od, "refuse", now=desks.hub.now)


def test_an_officer_is_told_of_a_text_that_is_refused_later(desks: Desks, lab: Officer) -> None:
    the_exchange.is_away = True
    od = proposed(desks, lab)
    the_exchange.behave()
    refusing("/envelopes")
    work(desks)
    assert text_state(lab, od, desks) == TextState.MISSING
    assert Notification.objects.filter(officer=lab, occasion=Occasion.CAME_BACK).count() == 1


def handed_in(desks: Desks, document: dict[str, Any], *, wrong: str = "", delivers: bool = True) -> str:
    """Have the agency with its own keys propose to the health authority and send a text; return the proposal's digest.

    `wrong` is the member of `text` that names something else.
    """
    hub, health = desks.hub, as_recipient(desks.health.agency)
    body = {"lanes": ["science"], "purposes": ["prevent"]}
    ends = {"until": seconds(hub.now) + 10**7, "now": seconds(hub.now)}
    sent = vars(text_terms(body, jti=new_uuid7(hub.now), **ends))
    text = hub.alert_to(health, sender=desks.own, alert=document, **sent)
    named = {"jti": text.jti, "md": text.md}
    other = {"jti": new_uuid7(hub.now), "md": b64u(bytes(32))}
    named |= {wrong: other[wrong]} if wrong else {}
    said = hub.submit(desks.own, proposal(hub, desks.own, desks.health.id, text=named))
    if delivers:
        hub.carry(desks.own, text)
    desks.settle()
    return said.od


HANDED = ROW | {"by": "xe-drugs"}
FROM_OWN = agreement_text("Exchange of spectra", "1. Purpose", [HANDED])
WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], TextState]] = {
    "it is not there": (FROM_OWN, {"delivers": False}, TextState.MISSING),
    "its digest differs": (FROM_OWN, {"wrong": "md"}, TextState.DIFFERS),
    "its id differs": (FROM_OWN, {"wrong": "jti"}, TextState.DIFFERS),
    "it is no text of an agreement": (ALERT, {}, TextState.UNREADABLE),
    "a commitment is of a stranger": (
        agreement_text("Exchange", "1. Purpose", [HANDED | {"to": "xd-stranger"}]),
        {},
        TextState.UNREADABLE,
    ),
}


@pytest.mark.parametrize("way", WRONG)
def test_nobody_accepts_where(desks: Desks, health: Officer, way: str) -> None:
    document, how, expected = WRONG[way]
    od = handed_in(desks, document, **how)
    assert text_state(health, od, desks) == expected
    with pytest.raises(AgreementRefusedError, match="not accepted"):
        answer_version(health, od, "accept", now=desks.hub.now)
    assert not ReceivedAlert.objects.exists()


def test_a_commitment_with_a_zone_that_was_abolished_is_read_in_utc_and_not_written(
    desks: Desks, lab: Officer, health: Officer
) -> None:
    abolished = {"zone": "Europe/Abolished"}
    od = handed_in(desks, agreement_text("Exchange", "1. Purpose", [HANDED | abolished]))
    read = text_of_version(health, version_of(health, od, now=desks.hub.now))
    assert read.document is not None
    (commitment,) = read_commitments(read.document)
    assert (commitment.zone, commitment.is_zone_known, commitment.tz) == ("Europe/Abolished", False, UTC)
    answer_version(health, od, "accept", now=desks.hub.now)
    with pytest.raises(AgreementRefusedError, match="/commitments/0/zone: no such time zone"):
        proposed(desks, lab, agreement_text("Exchange", "1. Purpose", [ROW | abolished]))


@pytest.mark.parametrize("zone", ["localtime", "Factory", "posixrules", "right/Europe/Vienna"])
def test_a_zone_that_each_machine_reads_for_itself_is_read_in_utc_and_not_written(
    zone: str, desks: Desks, lab: Officer
) -> None:
    (commitment,) = read_commitments({"commitments": [ROW | {"zone": zone}]})
    assert not commitment.is_zone_known and commitment.tz == UTC
    with pytest.raises(AgreementRefusedError, match="/commitments/0/zone: no such time zone"):
        proposed(desks, lab, agreement_text("Exchange", "1. Purpose", [ROW | {"zone": zone}]))


def test_the_text_lies_sealed_and_no_log_has_it(
    desks: Desks, lab: Officer, caplog: pytest.LogCaptureFixture
) -> None:
    proposed(desks, lab)
    (row,) = AgreementText.objects.all()
    assert b"Exchange of spectra" not in bytes(row.sealed)
    events = AuditEvent.objects.values_list("detail", flat=True)
    assert "Exchange of spectra" not in caplog.text + repr(list(events))


def test_a_text_that_fits_no_envelope_is_refused(desks: Desks, lab: Officer) -> None:
    with pytest.raises(AgreementRefusedError, match="too long to be sealed"):
        proposed(desks, lab, agreement_text("Обмен", "я" * 40_000))
    assert not Outgoing.objects.exists()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"to": "xa-lab"}, "/commitments/0/to"),
        ({"by": "xe-drugs"}, "/commitments/0/by"),
        ({"what": "samples"}, "/commitments/0/what"),
        ({"what": "answers"}, "/commitments/0/within"),
        ({"within": {"n": 1, "unit": "day"}}, "/commitments/0/within"),
        ({"every": None}, "/commitments/0/every"),
        ({"every": {"n": 0, "unit": "week"}}, "/commitments/0/every/n"),
        ({"from": "2027-02-30"}, "/commitments/0/from"),
    ],
)
def test_a_commitment_that_says_nothing_clear_is_not_written(
    desks: Desks, lab: Officer, change: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(AgreementRefusedError, match=pointer):
        proposed(desks, lab, agreement_text("Exchange", "1. Purpose", [ROW | change]))


def test_a_row_that_was_given_another_address_is_no_other_versions_text(
    desks: Desks, lab: Officer, health: Officer
) -> None:
    first, second = proposed(desks, lab), proposed(desks, lab, ref="LH 2")
    learn(desks, lab, health)
    md = version_of(health, second, now=desks.hub.now).body["text"]["md"]
    AgreementText.objects.filter(agency="xb-health", md=md).delete()
    AgreementText.objects.filter(agency="xb-health").update(md=md)
    assert text_state(health, second, desks) == TextState.MISSING
    assert text_state(health, first, desks) == TextState.HERE
