# SPDX-License-Identifier: Apache-2.0
"""Statements: acknowledged, retracted, confirmed; each is believed only from a party that may make it."""

import os
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accord.calls.answers import FeedEntry, FeedPage, StatementAnswer
from accord.calls.exchange import Exchange
from accord.cli import exits
from accord.cli.exits import code_of
from accord.cli.sentences import sentence_of
from accord.client.client import Client
from accord.client.errors import LedgerAlarmError, NotEntitledError, RefusedError, RequestError
from accord.client.inbox import list_entries
from accord.client.results import Sent
from accord.client.session import connect_http
from accord.envelope.errors import EnvelopeError, Failure, VerificationError
from accord.envelope.private import SignerSet, generate_decryption_key
from accord.envelope.statements.form import CheckpointRef, SubjectRef, make_statement, parse_statement
from accord.envelope.tree.receipts import Receipt
from accord.keyfile import KeyFile
from ledger.entries import append_entry
from ledger.proofs import receipt_for
from sharing.models import Statement
from tests.builders import new_uuid7
from tests.client.altered_answers import Instead
from tests.client.conftest import PASSPHRASE, PartnerWorld, alert_to


@pytest.fixture
def sent(world: PartnerWorld) -> Sent:
    return world.deliver("xa-alpha", "xb-bravo")


@pytest.fixture
def pair(world: PartnerWorld, sent: Sent) -> tuple[Client, Client]:
    """The sender and the recipient of the alert."""
    return world.client("xa-alpha"), world.client("xb-bravo")


def signed(world: PartnerWorld, agency: str, k: str, sub: SubjectRef, **more: Any) -> bytes:
    """Sign a statement by an agency's own keys, past its client."""
    ring = world.place(agency).unlock(PASSPHRASE)
    now = timezone.now()
    return make_statement(
        k,
        iss=agency,
        signer=SignerSet(ring.signing),
        suite="PQ1",
        id=new_uuid7(now),
        iat=int(now.timestamp()),
        nonce=os.urandom(16),
        sub=sub,
        **more,
    )


def logged(world: PartnerWorld, jws: bytes) -> StatementAnswer:
    """Log a statement that no intake has checked."""
    od = parse_statement(jws).od
    with transaction.atomic():
        append_entry(od, now=timezone.now())
    world.sequence()
    return StatementAnswer(jws, Receipt.parse(receipt_for(od)))


def feeding(answer: StatementAnswer, *before: FeedEntry) -> dict[str, Any]:
    """Lies by which the feed ends with this statement."""
    statement = parse_statement(answer.jws).statement
    last = FeedEntry(len(before) + 1, "statement", statement.od, statement.iss, statement.id, None)

    def inbox(*, after: str, limit: int) -> FeedPage:
        number = int(after.rpartition(".")[2])
        return FeedPage(tuple(item for item in (*before, last) if item.number > number), last.number)

    return {"inbox": Instead(inbox), "statement": Instead(lambda od: answer)}


def asked(client: Client) -> Exchange:
    """The honest hub over this client's API key."""
    state = client.state()
    return connect_http(state.hub, state.api_key)


def test_a_retraction_is_shown_wherever_the_alert_is(
    world: PartnerWorld, pair: tuple[Client, Client], sent: Sent
) -> None:
    alpha, bravo = pair
    assert bravo.open(sent.md).retraction is None
    stated = alpha.retract(sent.md, code="contaminated", officer="officer-1", wait_secs=10)

    assert bravo.inbox()[0].retracted, "known before the alert is opened again"
    opened = bravo.open(sent.md)
    assert "retracted" in opened.marks
    assert opened.retraction is not None
    assert opened.retraction.body == {"code": "contaminated", "by": None}
    alert, retraction = bravo.inbox()
    assert (alert.d, alert.retracted) == (sent.md, True)
    assert (retraction.d, retraction.statement and retraction.statement.k) == (stated.od, "retract")


def test_a_recipient_confirms_and_the_sender_sees_it(
    world: PartnerWorld, pair: tuple[Client, Client], sent: Sent
) -> None:
    alpha, bravo = pair
    bravo.open(sent.md)
    retraction = alpha.retract(sent.md, code="mistaken", wait_secs=10)
    stated = bravo.confirm(sent.md, st="impossible", officer="officer-7", wait_secs=10)

    assert (stated.k, stated.about) == ("confirm", retraction.od)
    (delivery,) = alpha.submission(sent.md).deliveries
    assert delivery.recalled_at and delivery.recall_confirmed_at
    (news,) = alpha.inbox()
    assert news.statement is not None
    assert (news.statement.k, news.statement.body) == ("confirm", {"st": "impossible"})


def test_nothing_is_retracted_twice_nor_what_was_never_sent(pair: tuple[Client, Client], sent: Sent) -> None:
    alpha, bravo = pair
    alpha.retract(sent.md, code="error", wait_secs=10)
    with pytest.raises(RefusedError) as caught:
        alpha.retract(sent.md, code="error")
    assert caught.value.slug == "already-retracted"
    for client, md in ((bravo, sent.md), (alpha, "A" * 43)):
        with pytest.raises(RequestError):
            client.retract(md, code="error")
    with pytest.raises(RequestError):
        alpha.retract(sent.md, code="bored")
    with pytest.raises(RequestError):
        bravo.confirm("A" * 43)


def test_refused_is_an_answer_with_a_reason_and_other_words_are_not_signed(
    pair: tuple[Client, Client], sent: Sent
) -> None:
    alpha, bravo = pair
    wrong: list[dict[str, Any]] = [
        {"officer": None},
        {"officer": "not an id"},
        {"officer": "officer-7", "st": "read"},
        {"officer": "officer-7", "st": "opened", "code": "policy"},
        {"officer": "officer-7", "st": "refused", "code": "bored"},
        {"officer": None, "st": "unopenable"},
    ]
    for words in wrong:
        with pytest.raises(RequestError):
            bravo.acknowledge(sent.md, **words)
    with pytest.raises(NotEntitledError):
        alpha.acknowledge(sent.md, officer="officer-1")
    assert not Statement.objects.exists()
    stated = bravo.acknowledge(sent.md, officer="officer-7", st="refused", code="policy", wait_secs=10)
    (delivery,) = alpha.submission(sent.md).deliveries
    assert delivery.answer == "refused"
    statement = parse_statement(bytes(Statement.objects.get(pk=stated.od).jws)).statement
    assert statement.cp is not None and statement.cp.n > 0, "the ledger as its sender saw it"


def test_what_cannot_be_opened_is_said_in_one_word(world: PartnerWorld, sent: Sent) -> None:
    """Bravo's key ring has lost the key to which the alert was sealed."""
    place = world.place("xb-bravo")
    without = replace(place.unlock(PASSPHRASE), decryption=(generate_decryption_key("PQ1"),))
    KeyFile.open(place.key_file, PASSPHRASE).replace(without)
    stated = world.client("xb-bravo").acknowledge(sent.md, officer=None, st="unopenable", wait_secs=10)
    row = Statement.objects.get(pk=stated.od)
    assert (row.body, row.act) == ({"st": "unopenable", "code": "key-missing"}, "")


def test_a_retraction_by_somebody_else_is_not_believed(
    world: PartnerWorld, pair: tuple[Client, Client], sent: Sent
) -> None:
    """The lying exchange presents a third agency's statement as one about this alert."""
    alpha, bravo = pair
    bravo.open(sent.md)
    own = bravo.acknowledge(sent.md, officer="officer-7", wait_secs=10)
    foreign = asked(bravo).statement(own.od)
    liar = world.lied_to("xb-bravo", statements_about=lambda answer, md: [*answer, foreign])
    assert liar.open(sent.md).retraction is None

    retraction = alpha.retract(sent.md, code="error", wait_secs=10)
    honest = asked(alpha).statement(retraction.od)
    world.hub.now = timezone.now()
    other = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    moved = world.lied_to("xb-bravo", statements_about=lambda answer, md: [honest])
    assert moved.open(other.md).retraction is None


def test_a_feed_that_names_another_sender_withdraws_nothing(world: PartnerWorld) -> None:
    """The hub lists alpha's alert as mallory's, and mallory, whose root is pinned, retracts it."""
    alpha, bravo, _ = world.partners("xa-alpha", "xb-bravo", "xm-mallory")
    sent = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    word = signed(
        world,
        "xm-mallory",
        "retract",
        SubjectRef("manifest", sent.jti, sent.md),
        body={"code": "mistaken", "by": None},
    )
    listed = FeedEntry(1, "envelope", sent.md, "xm-mallory", sent.jti, None)
    alert, statement = world.lied_to("xb-bravo", **feeding(logged(world, word), listed)).inbox()
    assert (alert.retracted, alert.retraction_in_doubt) == (False, True)
    assert statement.iss == "xm-mallory"

    opened = bravo.open(sent.md)
    assert (opened.manifest.iss, opened.retraction, opened.marks) == ("xa-alpha", None, ())
    alert, _ = list_entries(bravo._session.begin(online=False), after=None, limit=10)
    assert (alert.iss, alert.retracted, alert.retraction_in_doubt) == ("xa-alpha", False, False)
    honest_feed = world.lied_to("xb-bravo", inbox=Instead(lambda after, limit: FeedPage((), after)))
    with pytest.raises(RequestError, match="No retraction"):
        honest_feed.confirm(sent.md)


def test_a_feed_that_lists_the_own_alert_as_anothers_withdraws_nothing(world: PartnerWorld) -> None:
    alpha, _, _ = world.partners("xa-alpha", "xb-bravo", "xm-mallory")
    sent = alpha.submit(alert_to("xb-bravo"), wait_secs=10)
    subject = SubjectRef("manifest", sent.jti, sent.md)
    word = signed(world, "xm-mallory", "retract", subject, body={"code": "mistaken", "by": None})
    listed = FeedEntry(1, "envelope", sent.md, "xm-mallory", sent.jti, None)
    liar = world.lied_to("xa-alpha", **feeding(logged(world, word), listed))
    (alert, statement), (doubt,) = liar.inbox_with_doubts()
    assert (alert.iss, alert.retracted, statement.statement) == ("xa-alpha", False, None)
    assert str(Failure.NOT_ENTITLED) in doubt.problem


def test_a_retraction_of_what_was_never_opened_is_in_doubt_and_can_be_confirmed(
    pair: tuple[Client, Client], sent: Sent
) -> None:
    alpha, bravo = pair
    stated = alpha.retract(sent.md, code="error", wait_secs=10)
    with pytest.raises(RefusedError) as caught:
        bravo.open(sent.md)
    assert caught.value.slug == "recalled"
    alert, retraction = bravo.inbox()
    assert (alert.retracted, alert.retraction_in_doubt) == (False, True)
    assert (retraction.iss, retraction.d) == ("xa-alpha", stated.od)
    assert bravo.confirm(sent.md, wait_secs=10).about == stated.od


def test_another_statement_than_the_one_listed_is_doubted(
    world: PartnerWorld, pair: tuple[Client, Client], sent: Sent
) -> None:
    alpha, bravo = pair
    own = bravo.acknowledge(sent.md, officer="officer-7", wait_secs=10)
    other = asked(bravo).statement(own.od)
    alpha.retract(sent.md, code="error", wait_secs=10)
    (_, entry), (doubt,) = world.lied_to("xb-bravo", statement=Instead(lambda od: other)).inbox_with_doubts()
    assert entry.statement is None
    assert str(Failure.SUBJECT) in doubt.problem


@pytest.mark.parametrize("ahead", [0, 1_000_000], ids=["of a size it kept", "beyond the ledger"])
def test_a_partners_other_view_of_the_ledger_is_an_alarm(
    world: PartnerWorld, pair: tuple[Client, Client], sent: Sent, ahead: int
) -> None:
    """Bravo signs for another tree than the one alpha has kept."""
    alpha = pair[0]
    checkpoint = alpha.state().checkpoint
    assert checkpoint is not None
    view = CheckpointRef(checkpoint.size + ahead, "A" * 43)
    subject = SubjectRef("manifest", sent.jti, sent.md)
    body = {"st": "opened", "code": None}
    answer = logged(world, signed(world, "xb-bravo", "ack", subject, body=body, act="officer-7", cp=view))

    with pytest.raises(LedgerAlarmError) as caught:
        world.lied_to("xa-alpha", **feeding(answer)).inbox()
    assert caught.value.agency == "xb-bravo"
    assert "xb-bravo has signed for a ledger" in sentence_of(caught.value)
    assert code_of(caught.value) == exits.NOT_VERIFIED
    (entry,), (doubt,) = world.lied_to("xa-alpha", **feeding(answer)).inbox_with_doubts()
    assert (entry.statement, doubt.alarm) == (None, "xb-bravo")
    assert alpha.state().checkpoint is not None


def test_a_sender_with_another_view_of_the_ledger_opens_nothing(
    world: PartnerWorld, pair: tuple[Client, Client], sent: Sent
) -> None:
    bravo = pair[1]
    subject = SubjectRef("manifest", sent.jti, sent.md)
    word = signed(world, "xa-alpha", "reaffirm", subject, body={}, cp=CheckpointRef(1, "A" * 43))
    answer = logged(world, word)
    liar = world.lied_to("xb-bravo", statements_about=Instead(lambda md: [answer]))
    with pytest.raises(LedgerAlarmError):
        liar.open(sent.md)
    assert bravo.state().seen == {}


def test_an_altered_statement_stops_the_opening(
    world: PartnerWorld, pair: tuple[Client, Client], sent: Sent
) -> None:
    alpha, bravo = pair
    bravo.open(sent.md)
    alpha.retract(sent.md, code="error", wait_secs=10)

    def alter(answers: list[StatementAnswer], md: str) -> list[StatementAnswer]:
        return [
            replace(answer, jws=answer.jws.replace(b'"signature":"', b'"signature":"A', 1))
            for answer in answers
        ]

    with pytest.raises(EnvelopeError):
        world.lied_to("xb-bravo", statements_about=alter).open(sent.md)


def test_a_statement_that_does_not_hold_is_doubted_not_believed(
    world: PartnerWorld, pair: tuple[Client, Client], sent: Sent
) -> None:
    alpha, bravo = pair
    bravo.acknowledge(sent.md, officer="officer-7", wait_secs=10)
    liar = world.lied_to("xa-alpha", statement=lambda answer, od: replace(answer, receipt=None))
    (entry,), (doubt,) = liar.inbox_with_doubts()
    assert (entry.statement, doubt.d) == (None, entry.d)
    assert str(Failure.RECEIPT_MISSING) in doubt.problem

    (entry,), doubts = alpha.inbox_with_doubts()
    assert (entry.statement is not None, doubts) == (True, [])


def test_an_acknowledgement_of_an_agency_that_received_nothing_is_not_believed(
    world: PartnerWorld, pair: tuple[Client, Client], sent: Sent
) -> None:
    alpha, bravo = pair
    bravo.acknowledge(sent.md, officer="officer-7", wait_secs=10)
    with world.place("xa-alpha").state(world.place("xa-alpha").unlock(PASSPHRASE)).change() as state:
        state.submissions[sent.md] = replace(state.submissions[sent.md], to=("xc-charlie",))
    (entry,), (doubt,) = alpha.inbox_with_doubts()
    assert entry.statement is None
    assert str(Failure.NOT_ENTITLED) in doubt.problem


def test_a_bad_receipt_of_an_own_statement_is_an_alarm(
    world: PartnerWorld, pair: tuple[Client, Client], sent: Sent
) -> None:
    alpha, bravo = pair
    stated = bravo.acknowledge(sent.md, officer="officer-7")
    world.sequence()
    other = asked(alpha).submission(sent.md).receipt
    liar = world.lied_to("xb-bravo", submission=lambda facts, d: replace(facts, receipt=other))
    with pytest.raises(VerificationError) as caught:
        liar.submission(stated.od)
    assert caught.value.failure is Failure.RECEIPT
    assert bravo.state().submissions[stated.od].logged_at is None
