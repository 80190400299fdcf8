# SPDX-License-Identifier: Apache-2.0
"""Every route of the exchange answers the same octets for another agency's object as for one that does not exist."""

from collections.abc import Callable
from typing import Any

import pytest

from accord.envelope.content import Attachment
from accord.envelope.seal import SealedEnvelope
from accord.envelope.statements.form import SubjectRef, parse_statement
from sharing import api
from sharing.models import Delivery
from tests.builders import about, new_uuid7, reference_to, seconds
from tests.sharing.callers import Answer, Caller
from tests.sharing.conftest import Callers

NOTHING = "A" * 43
VOLATILE = {"X-Request-Id", "Date"}
FILE = Attachment("spectrum.msp", "text/plain", b"peaks")


def shown(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in answer.items() if name not in VOLATILE}
    return answer.status_code, answer.content, headers


def statement_od(callers: Callers, sealed: SealedEnvelope) -> str:
    """Bravo's acknowledgement, which only alpha and bravo may see."""
    hub, bravo = callers.hub, callers.four.bravo
    hub.fetch(bravo, sealed)
    row = hub.submit(bravo, hub.acknowledgement(bravo, sealed))
    hub.sequence()
    return row.od


def acknowledge(callers: Callers, caller: Caller, d: str, jti: str) -> Answer:
    jws = callers.hub.acknowledgement(
        callers.four.delta,
        SealedEnvelope("xa-alpha", jti, d, b"", b"", ()),
    )
    return caller.post_statement(jws)


def confirm(callers: Callers, caller: Caller, od: str) -> Answer:
    sub = SubjectRef("retract", new_uuid7(callers.hub.now), od)
    jws = callers.hub.statement(callers.four.delta, "confirm", sub, body={"st": "stopped"}, act="officer-1")
    return caller.post_statement(jws)


def reply(callers: Callers, caller: Caller, sealed: SealedEnvelope, md: str) -> Answer:
    hub, four = callers.hub, callers.four
    terms: dict[str, Any] = {
        "kind": "reply",
        "re": reference_to(SealedEnvelope("", sealed.jti, md, b"", b"", ())),
    }
    return caller.post_envelope(hub.alert_to(four.alpha, sender=four.delta, **terms))


def release_onward(callers: Callers, sealed: SealedEnvelope, md: str) -> Answer:
    """Delta releases what it has not, with the entries of an alert of its own."""
    hub, four = callers.hub, callers.four
    made = hub.made_release(four.delta, hub.deliver(four.delta, four.alpha, rel="recipients"), four.charlie)
    body = parse_statement(made.jws).statement.body
    named = about(SealedEnvelope("", sealed.jti, md, b"", b"", ()))
    jws = hub.statement(four.delta, "release", named, exp=seconds(hub.now) + 60, body=body)
    return callers.delta.post_release(jws, made.entries)


Ask = Callable[[Callers, SealedEnvelope, bool], Answer]
"""A request of delta: for an object that is there for others (True), or for an absent one (False)."""

ROUTES: dict[str, Ask] = {
    "envelope": lambda callers, sealed, there: callers.delta.get(
        f"envelopes/{sealed.md if there else NOTHING}"
    ),
    "envelope-blob": lambda callers, sealed, there: callers.delta.get(
        f"envelopes/{sealed.md if there else NOTHING}/blobs/0"
    ),
    "envelope-manifest": lambda callers, sealed, there: callers.delta.get(
        f"envelopes/{sealed.md if there else NOTHING}/manifest"
    ),
    "envelope-statements": lambda callers, sealed, there: callers.delta.get(
        f"envelopes/{sealed.md if there else NOTHING}/statements"
    ),
    "envelope-reminders": lambda callers, sealed, there: callers.delta.post_json(
        f"envelopes/{sealed.md if there else NOTHING}/reminders", {}
    ),
    "statement": lambda callers, sealed, there: callers.delta.get(
        f"statements/{statement_od(callers, sealed) if there else NOTHING}"
    ),
    "submission": lambda callers, sealed, there: callers.delta.get(
        f"submissions/{sealed.md if there else NOTHING}"
    ),
    "inbox": lambda callers, sealed, there: callers.delta.get(
        f"inbox?ref={Delivery.objects.get().reference if there else '7QK4-M2XN'}"
    ),
    "statements": lambda callers, sealed, there: acknowledge(
        callers, callers.delta, sealed.md if there else NOTHING, sealed.jti
    ),
    "releases": lambda callers, sealed, there: release_onward(
        callers, sealed, sealed.md if there else NOTHING
    ),
    "envelopes": lambda callers, sealed, there: reply(
        callers, callers.delta, sealed, sealed.md if there else NOTHING
    ),
}
OWN_ONLY = {"submissions", "agreements", "circles", "deliveries"}
"""Lists of the caller's own objects, whose addresses name nothing."""
EACH_BY_ITSELF = {"delivery-facts", "previews", "slices", "submissions-wanted"}
"""Routes with an answer for each item of a list: `test_report_facts.py`, `test_previews.py`, `test_slices_for.py`,
`test_restored_database.py` (a digest reveals its owner to nobody)."""


@pytest.fixture
def sealed(callers: Callers) -> SealedEnvelope:
    hub, four = callers.hub, callers.four
    hub.make_agreement("G4", four.alpha, four.delta, lanes=["science"])
    return hub.deliver(four.alpha, four.bravo, attachments=[FILE])


def test_a_stranger_gets_the_answer_of_what_never_was(
    callers: Callers, sealed: SealedEnvelope, subtests: pytest.Subtests
) -> None:
    for sentence, ask in ROUTES.items():
        with subtests.test(sentence):
            absent, foreign = ask(callers, sealed, False), ask(callers, sealed, True)
            assert absent.status_code == 404
            assert shown(foreign) == shown(absent)


def test_every_route_of_the_exchange_is_in_the_table() -> None:
    named = {pattern.name for pattern in api.urlpatterns}
    assert named == ROUTES.keys() | OWN_ONLY | EACH_BY_ITSELF


def test_a_reference_to_a_retraction_of_others_is_absent_too(
    callers: Callers, sealed: SealedEnvelope
) -> None:
    hub, four = callers.hub, callers.four
    retract = hub.submit(four.alpha, hub.retraction(four.alpha, sealed))
    hub.sequence()
    assert shown(confirm(callers, callers.delta, retract.od)) == shown(
        confirm(callers, callers.delta, NOTHING)
    )


def test_what_is_not_logged_yet_is_absent_to_its_recipient(callers: Callers, sealed: SealedEnvelope) -> None:
    hub, four = callers.hub, callers.four
    waiting = hub.alert_to(four.bravo, sender=four.alpha)
    hub.carry(four.alpha, waiting)
    reference = Delivery.objects.get(envelope_id=waiting.md).reference
    pairs = [
        (f"envelopes/{waiting.md}", f"envelopes/{NOTHING}"),
        (f"envelopes/{waiting.md}/statements", f"envelopes/{NOTHING}/statements"),
        (f"inbox?ref={reference}", "inbox?ref=7QK4-M2XN"),
    ]
    for there, nowhere in pairs:
        assert shown(callers.bravo.get(there)) == shown(callers.bravo.get(nowhere))


def test_a_list_holds_ones_own_only(callers: Callers, sealed: SealedEnvelope) -> None:
    assert callers.delta.get("submissions").json() == {"items": [], "next": None}
    assert callers.delta.get("inbox").json() == {"items": [], "head": 0, "next": "0.0"}


def test_the_body_decides_nothing_about_who_the_caller_is(callers: Callers, sealed: SealedEnvelope) -> None:
    """An envelope and a statement of bravo, sent by delta, are absent: the API key decides who calls."""
    hub, four = callers.hub, callers.four
    envelope = callers.delta.post_envelope(hub.alert_to(four.alpha, sender=four.bravo))
    statement = callers.delta.post_statement(hub.acknowledgement(four.bravo, sealed))
    nothing = callers.delta.get(f"envelopes/{NOTHING}")
    assert shown(envelope)[:2] == shown(statement)[:2] == shown(nothing)[:2]
