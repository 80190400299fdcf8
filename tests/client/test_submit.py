# SPDX-License-Identifier: Apache-2.0
"""Sending: no recipient is left out silently, nothing is lost or sent twice, a refusal names its cause."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from accord.calls.exchange import HttpExchange
from accord.calls.transport import HttpTransport, Patience
from accord.client.client import Client
from accord.client.errors import (
    AnswerError,
    DocumentError,
    NotLoggedYetError,
    RefusedError,
    RequestError,
    SpoolError,
    UnpinnedError,
    UnreachableError,
)
from accord.client.outgoing import AlertToSend
from accord.client.session import connect_http
from accord.envelope.content import Attachment, NamedOfficer
from accord.envelope.errors import SealingError, SealRefusal
from sharing.models import Delivery, Envelope
from tests.client.altered_answers import Instead, cut_off, lying_connection
from tests.client.conftest import DOCUMENT, PASSPHRASE, PartnerWorld, alert_to

CLOSED_PORT = "http://127.0.0.1:9"


def without_hub(world: PartnerWorld, agency: str) -> Client:
    """A client that cannot reach its hub."""
    patience = Patience(connect_secs=1, tries=1)

    def connect(hub: str, api_key: str) -> HttpExchange:
        return HttpExchange(HttpTransport(CLOSED_PORT, api_key=api_key, patience=patience))

    return Client(world.home(agency), PASSPHRASE, connect=connect)


def denials(refused: RefusedError) -> list[tuple[str, str]]:
    return [(row["agency"], row["code"]) for row in refused.members["denials"]]


def test_the_plan_names_who_can_be_sealed_to(world: PartnerWorld) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    world.hub.now = timezone.now()
    charlie = world.hub.make_agency("xc-charlie", suites=("EC1",))
    alpha.pin("xc-charlie", charlie.root.fingerprint)

    plan = alpha.plan(alert_to("xb-bravo", "xc-charlie"))

    assert plan.will == ("xb-bravo",)
    assert [(item.agency, item.reason) for item in plan.left_out] == [("xc-charlie", SealRefusal.NO_KEY)]
    assert not Envelope.objects.exists()


def test_nobody_is_left_out_unless_the_sender_says_so(world: PartnerWorld) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    world.hub.now = timezone.now()
    charlie = world.hub.make_agency("xc-charlie", suites=("EC1",))
    alpha.pin("xc-charlie", charlie.root.fingerprint)
    order = alert_to("xb-bravo", "xc-charlie")

    with pytest.raises(SealingError) as caught:
        alpha.submit(order)
    assert (caught.value.reason, caught.value.agencies) == (SealRefusal.NO_KEY, ("xc-charlie",))
    assert not Envelope.objects.exists()

    sent = alpha.submit(order, leave_out=True, wait_secs=10)
    assert sent.to == ("xb-bravo",)
    assert [item.agency for item in sent.left_out] == ["xc-charlie"]


def test_everyone_without_a_pin_is_named_at_once(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")
    with pytest.raises(UnpinnedError) as caught:
        alpha.submit(alert_to("xc-charlie", "xb-bravo"))
    assert caught.value.agencies == ("xb-bravo", "xc-charlie")
    assert "accord pin xb-bravo" in str(caught.value)


def test_the_own_agency_is_no_recipient(world: PartnerWorld) -> None:
    alpha = world.enrol("xa-alpha")
    with pytest.raises(RequestError, match="your own agency"):
        alpha.submit(alert_to("xa-alpha"))


def test_without_an_agreement_the_hub_refuses_and_says_why(world: PartnerWorld) -> None:
    alpha, bravo = world.enrol("xa-alpha"), world.enrol("xb-bravo")
    alpha.pin("xb-bravo", bravo.fingerprint)
    with pytest.raises(RefusedError) as caught:
        alpha.submit(alert_to("xb-bravo"))
    assert caught.value.slug == "policy-denied"
    assert denials(caught.value) == [("xb-bravo", "no-agreement")]
    assert world.place("xa-alpha").spool.ids() == []
    assert alpha.submissions() == []


LONGEST = {"narrative": 10_000, "opinion_text": 4000, "question": 2000, "health_measures": 2000}
"""The most characters that each member may have: each alone fits, together they have too many octets."""
UNSEALABLE: dict[SealRefusal, dict[str, object]] = {
    SealRefusal.EC1_UNCONFIRMED: {"suite": "EC1"},
    SealRefusal.STRICT_SUITE: {"suite": "EC1", "confirm_ec1": True, "tlp": "AMBER+STRICT"},
    SealRefusal.RED_NAMES: {"tlp": "RED"},
    SealRefusal.RED_SUITE: {"tlp": "RED", "suite": "EC1", "confirm_ec1": True},
    SealRefusal.TERMS: {"exp": 1},
    SealRefusal.ATTACHMENT: {"attachments": (Attachment("../x", "text/plain", b"x"),)},
    SealRefusal.CONTENT_TOO_LARGE: {
        "alert": DOCUMENT | {name: "\U0001f48a" * size for name, size in LONGEST.items()}
    },
}


def test_a_document_that_does_not_fit_is_refused_before_anything_is_sealed(
    world: PartnerWorld, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    empty = alert_to("xb-bravo", alert={"schema": "accord-alert/1"})
    ways: dict[str, Callable[[AlertToSend], object]] = {
        "submit": alpha.submit,
        "plan": alpha.plan,
        "seal": lambda order: alpha.seal(order, tmp_path / "sealed"),
    }
    for name, send in ways.items():
        with subtests.test(name), pytest.raises(DocumentError, match="/alert_type: it is missing"):
            send(empty)
    assert world.place("xa-alpha").spool.ids() == [] and not Envelope.objects.exists()


def test_what_must_not_be_sealed_is_not(world: PartnerWorld, subtests: pytest.Subtests) -> None:
    alpha, bravo = world.enrol("xa-alpha", "PQ1", "EC1"), world.enrol("xb-bravo", "PQ1", "EC1")
    alpha.pin("xb-bravo", bravo.fingerprint)
    for reason, changes in UNSEALABLE.items():
        with subtests.test(str(reason)):
            with pytest.raises(SealingError) as caught:
                alpha.submit(alert_to("xb-bravo", **changes))
            assert caught.value.reason is reason
    assert world.place("xa-alpha").spool.ids() == []


def test_ec1_goes_out_when_the_sender_says_so(world: PartnerWorld) -> None:
    alpha, bravo = world.enrol("xa-alpha", "PQ1", "EC1"), world.enrol("xb-bravo", "PQ1", "EC1")
    alpha.pin("xb-bravo", bravo.fingerprint)
    bravo.pin("xa-alpha", alpha.fingerprint)
    world.hub.now = timezone.now()
    world.hub.make_agreement("G1", "xa-alpha", "xb-bravo")
    sent = alpha.submit(alert_to("xb-bravo", suite="EC1", confirm_ec1=True), wait_secs=10)
    assert bravo.open(sent.md).marks == ("not-post-quantum",)


def test_red_names_officers_and_is_never_released_onward(world: PartnerWorld) -> None:
    alpha, bravo = world.enrol("xa-alpha"), world.enrol("xb-bravo")
    alpha.pin("xb-bravo", bravo.fingerprint)
    world.hub.now = timezone.now()
    world.hub.make_agreement("G1", "xa-alpha", "xb-bravo", ceiling="RED")
    names = (NamedOfficer("xb-bravo", "officer-7"),)
    sent = alpha.submit(alert_to("xb-bravo", tlp="RED", names=names, rel="recipients"), wait_secs=10)
    envelope = Envelope.objects.get(pk=sent.md)
    assert (envelope.tlp, envelope.rel, envelope.named) == ("RED", "none", 1)


def test_an_unreachable_hub_loses_nothing(world: PartnerWorld) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    with pytest.raises(UnreachableError):
        world.lied_to("xa-alpha", post_envelope=Instead(cut_off)).submit(alert_to("xb-bravo"))

    (waiting,) = alpha.submissions()
    assert (waiting.here, waiting.log_time) == (True, None)
    assert world.place("xa-alpha").spool.ids() == [waiting.id]

    (sent,) = alpha.resend()
    assert (sent.md, sent.log_time) == (waiting.d, None)
    world.sequence()
    (status,) = alpha.submissions()
    assert status.log_time is not None
    assert world.place("xa-alpha").spool.ids() == []
    assert alpha.resend() == []


def test_a_hub_that_is_down_before_the_keys_are_fetched_leaves_nothing_behind(world: PartnerWorld) -> None:
    world.partners("xa-alpha", "xb-bravo")
    alpha = without_hub(world, "xa-alpha")
    with pytest.raises(UnreachableError, match="refuses connections"):
        alpha.submit(alert_to("xb-bravo"))
    assert world.place("xa-alpha").spool.ids() == []
    assert alpha.state().submissions == {}


def test_sending_again_is_harmless(world: PartnerWorld) -> None:
    alpha, bravo = world.partners("xa-alpha", "xb-bravo")
    sent = alpha.submit(alert_to("xb-bravo"))
    parts = world.place("xa-alpha").spool.envelope(sent.jti)
    state = alpha.state()
    exchange = connect_http(state.hub, state.api_key)
    for _ in range(3):
        exchange.post_envelope(sent.jti, parts)
    exchange.close()
    world.sequence()
    assert Delivery.objects.filter(envelope_id=sent.md).count() == 1
    assert [entry.d for entry in bravo.inbox()] == [sent.md]


def test_what_was_altered_in_the_spool_is_not_sent(world: PartnerWorld) -> None:
    first = world.deliver("xa-alpha", "xb-bravo")
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    with pytest.raises(UnreachableError):
        world.lied_to("xa-alpha", post_envelope=Instead(cut_off)).submit(alert_to("xb-bravo"))
    (jti,) = world.place("xa-alpha").spool.ids()
    foreign = bytes(Envelope.objects.get(pk=first.md).manifest or b"")
    (world.home("xa-alpha") / "spool" / jti / "manifest").write_bytes(foreign)

    with pytest.raises(SpoolError, match="altered"):
        alpha.resend()
    assert list(Envelope.objects.values_list("md", flat=True)) == [first.md]


def test_a_spool_that_cannot_be_written_sends_nothing(world: PartnerWorld) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    # A file in the folder's place refuses every writer, root included; a full disk fails in the same call.
    (world.home("xa-alpha") / "spool").write_bytes(b"")
    with pytest.raises(SpoolError, match="Nothing was sent"):
        alpha.submit(alert_to("xb-bravo"))
    assert not Envelope.objects.exists()
    assert alpha.state().submissions == {}


def test_octets_of_a_sending_that_broke_off_are_cleared_away(world: PartnerWorld) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    orphan = "019b2f7a-0000-7000-8000-000000000000"
    world.place("xa-alpha").spool.keep_envelope(orphan, b"{}", b"{}", [])
    assert alpha.resend() == []
    assert world.place("xa-alpha").spool.ids() == []
    assert not Envelope.objects.exists()


def test_waiting_in_vain_for_a_receipt_says_so_and_keeps_it(world: PartnerWorld) -> None:
    world.partners("xa-alpha", "xb-bravo")
    patient = world.client_with("xa-alpha", sleep=lambda seconds: None)
    with pytest.raises(NotLoggedYetError) as caught:
        patient.submit(alert_to("xb-bravo"), wait_secs=3)
    (record,) = patient.state().submissions.values()
    assert (record.d, record.accepted, record.logged_at) == (caught.value.d, True, None)


def test_another_alerts_receipt_makes_nothing_carried(world: PartnerWorld) -> None:
    """The hub drops the second alert and answers with its record of the first."""
    first = world.deliver("xa-alpha", "xb-bravo")
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    state = alpha.state()
    exchange = connect_http(state.hub, state.api_key)
    facts = exchange.submission(first.md)
    exchange.close()
    swallowing = lying_connection(
        post_envelope=Instead(lambda *parts, **more: None), submission=Instead(lambda d: facts)
    )
    liar = world.client_with("xa-alpha", connect=swallowing, sleep=lambda seconds: None)

    with pytest.raises(AnswerError, match="another object"):
        liar.submit(alert_to("xb-bravo"), wait_secs=10)
    (second,) = [record for record in liar.state().submissions.values() if record.d != first.md]
    for ask in (lambda: liar.submission(second.d), liar.resend):
        with pytest.raises(AnswerError):
            ask()
    assert liar.state().submissions[second.d].logged_at is None
    assert world.place("xa-alpha").spool.ids() == [second.id]


def test_keys_that_changed_while_it_was_sealed_are_taken_afresh(world: PartnerWorld) -> None:
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    world.hub.now = timezone.now()
    charlie = world.hub.make_agency("xc-charlie")
    alpha.pin("xc-charlie", charlie.root.fingerprint)
    world.hub.make_agreement("G2", "xa-alpha", "xc-charlie")
    asked: list[str] = []

    def publish_once(answer: object, agency: str, *more: object) -> object:
        """Let the recipient publish a new encryption key right after the sender has fetched its keyset."""
        asked.append(agency)
        if asked.count("xc-charlie") == 1 and agency == "xc-charlie":
            world.hub.now = timezone.now()
            world.rotate(charlie)
        return answer

    sender = world.lied_to("xa-alpha", keyset=publish_once)
    sent = sender.submit(alert_to("xc-charlie"), wait_secs=10)
    assert sent.log_time is not None
    assert asked.count("xc-charlie") >= 2
    assert Envelope.objects.count() == 1


def test_submissions_of_a_thief_are_marked(world: PartnerWorld) -> None:
    sent = world.deliver("xa-alpha", "xb-bravo")
    alpha, _ = world.partners("xa-alpha", "xb-bravo")
    with world.place("xa-alpha").state(world.place("xa-alpha").unlock(PASSPHRASE)).change() as state:
        state.submissions.clear()
    (status,) = alpha.submissions()
    assert (status.d, status.here) == (sent.md, False)


def test_times_are_spans_or_iso_8601(tmp_path: os.PathLike[str]) -> None:
    now = 1_800_000_000
    document = {
        "alert": {"schema": "accord-alert/1"},
        "to": ["xb-bravo", "xa-alpha", "xb-bravo"],
        "lane": "trade",
        "purpose": "prevent",
        "pri": "urgent",
        "exp": "90d",
        "keep": "2030-01-31T12:00:00+01:00",
    }
    order = AlertToSend.from_json(document, now=now, folder=tmp_path)  # type: ignore[arg-type]
    terms = order.terms("jti", now=now)
    assert order.to == ("xa-alpha", "xb-bravo")
    assert terms.exp == now + 90 * 86_400
    assert terms.keep == int(datetime.fromisoformat("2030-01-31T11:00:00+00:00").timestamp())
    assert terms.ack_by == now + 86_400


@pytest.mark.parametrize(
    "changes",
    [
        {"tpl": "RED"},
        {"tlp": "PURPLE"},
        {"tlp": ["RED"]},
        {"to": []},
        {"to": "xb-bravo"},
        {"to": ["B"]},
        {"exp": "soon"},
        {"exp": "2030-01-31T12:00:00"},
        {"exp": 1.5},
        {"re": {"jti": "x"}},
        {"kind": "update"},
        {"names": ["xb-bravo"]},
        {"attachments": ["absent.pdf"]},
        {"attachments": [{"path": "x"}]},
        {"alert": []},
        {"alert": {"title": "no schema"}},
        {"confirm_ec1": "yes"},
    ],
    ids=str,
)
def test_a_misspelt_document_is_refused(tmp_path: os.PathLike[str], changes: dict[str, object]) -> None:
    document = {
        "alert": {"schema": "accord-alert/1"},
        "to": ["xb-bravo"],
        "lane": "trade",
        "purpose": "prevent",
    }
    with pytest.raises(RequestError):
        AlertToSend.from_json(document | changes, now=0, folder=tmp_path)  # type: ignore[arg-type]
