# SPDX-License-Identifier: Apache-2.0
"""May I send this to them: the answer is the preview's and intake's, with what is open beside it, and of nobody else's affairs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.agency.lanes import suspend_lanes
from alerts.errors import AlertsError
from alerts.peers.pins import Pin, change_book
from alerts.peers.withheld_recipients import KEYS_FAILED
from alerts.receiving.following import follow_peers
from alerts.review.may_send import Answer, may_send
from alerts.review.preview import for_display, preview_recipients_of
from alerts.sending.release import release_alert
from callers.capabilities import Role
from callers.directory import AgencyStatus
from ledger.models import AuditEvent
from sharing.models import Envelope
from tests.agreements import record_circle
from tests.alerts.conftest import GOOD, Desks
from tests.alerts.test_follow_keys import alter_newest_keys_on_their_way
from tests.builders import OPERATOR
from tests.desk_calls import the_exchange
from tests.entries import change_entry

pytestmark = pytest.mark.usefixtures("exchange_as_asked")

TERMS = {"lane": "science", "purpose": "prevent", "tlp": "GREEN", "pri": "routine"}
PREVIEWS = "/api/v1/previews"


def ask(desks: Desks, agency: str = "xb-health", **changes: str) -> Answer:
    (answer,) = may_send(desks.lab.reader, {**TERMS, **changes}, [agency], now=desks.hub.now).rows
    return answer


def previewed(desks: Desks, agency: str = "xb-health", **changes: str) -> Any:
    data = {**GOOD, **TERMS, "status": "actual", "recipients": [agency], **changes}
    preview = preview_recipients_of(desks.lab.author, data, now=desks.hub.now)
    (row,) = for_display(desks.lab.id, preview).rows
    return row


def agree(desks: Desks, **changes: Any) -> None:
    desks.hub.make_agreement("G1", desks.lab.id, desks.health.id, **changes)


def suspend(desks: Desks) -> None:
    desks.hub.submit(desks.own, desks.hub.suspension(desks.own, "xa-lab"))
    desks.settle()


SITUATIONS: dict[str, tuple[Callable[[Desks], object], str]] = {
    "agency-suspended": (lambda desks: change_entry("xb-health", status=AgencyStatus.SUSPENDED), "xb-health"),
    "no-agreement": (lambda desks: desks.hub.make_agreement("G1", "xa-lab", "xe-drugs"), "xb-health"),
    "agreement-ended": (lambda desks: agree(desks, until=desks.hub.now), "xb-health"),
    "lane-not-covered": (lambda desks: agree(desks, lanes=["trade"]), "xb-health"),
    "purpose-not-covered": (lambda desks: agree(desks, purposes=["investigate"]), "xb-health"),
    "tlp-above-ceiling": (lambda desks: agree(desks, ceiling="CLEAR"), "xb-health"),
    "lane-suspended": (suspend, "xe-drugs"),
}


@pytest.mark.parametrize("code", SITUATIONS)
def test_the_answer_is_that_of_preview_and_of_intake(desks: Desks, code: str) -> None:
    change, agency = SITUATIONS[code]
    alert = desks.validated(**TERMS, recipients=[agency])
    kept: list[bytes] = []

    def keep(path: str, octets: bytes) -> bytes:
        if path == PREVIEWS:
            kept.append(octets)
        return octets

    the_exchange.lies = keep
    assert ask(desks, agency).verdict.will
    change(desks)
    the_exchange.lies = None
    answer = ask(desks, agency)
    assert (answer.verdict.will, answer.verdict.code) == (False, code)
    assert answer.verdict == previewed(desks, agency)
    # The exchange goes on answering previews as before, so that intake alone is left to decide.
    the_exchange.lies = lambda path, octets: kept[0] if path == PREVIEWS else octets
    with pytest.raises(AlertsError):
        release_alert(desks.lab.releaser, alert, revision=1, now=desks.hub.later(minutes=1))
    assert not Envelope.objects.exists()
    refused = AuditEvent.objects.get(act="envelope.refused")
    assert code in refused.reason


def test_a_peer_whose_keys_fail_a_check_is_answered_no_until_they_hold(desks: Desks) -> None:
    before = previewed(desks, desks.own.id)
    alter_newest_keys_on_their_way(desks)
    follow_peers(desks.lab.agency, now=desks.hub.now)
    assert (ask(desks, desks.own.id).verdict.code, ask(desks).verdict.will) == (KEYS_FAILED, True)
    everybody = may_send(desks.lab.reader, TERMS, now=desks.hub.now).rows
    assert {one.verdict.agency for one in everybody if one.verdict.code == KEYS_FAILED} == {desks.own.id}
    shown = previewed(desks, desks.own.id)
    assert "failed a check" in shown.text and replace(shown, text="") == before, (
        "a preview says so in words alone"
    )
    the_exchange.behave()
    follow_peers(desks.lab.agency, now=desks.hub.now)
    assert ask(desks, desks.own.id).verdict.will and previewed(desks, desks.own.id) == before


def join(desks: Desks, **changes: Any) -> None:
    desks.hub.make_agreement("G2", "xa-lab", desks.hub.make_agency("xf-new", **changes).id)


def own_suspension(desks: Desks) -> None:
    admin = desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)
    suspend_lanes(admin, ["xb-health"], ["science"], now=desks.hub.now)


def forget(desks: Desks) -> None:
    change_book("xa-lab", lambda book: book.with_pin("xb-health", Pin()), now=desks.hub.now)


def encircle(desks: Desks) -> None:
    members = ["xa-lab", "xb-health"]
    record_circle(OPERATOR, name="Early Look", agreement="G1", members=members, now=desks.hub.now)


OTHERS: dict[str, tuple[Callable[[Desks], object], str, dict[str, str]]] = {
    "issuer-suspended": (
        lambda desks: change_entry("xa-lab", status=AgencyStatus.SUSPENDED),
        "xb-health",
        {},
    ),
    "agency-unknown": (lambda desks: None, "xz-none", {}),
    "own-agency": (lambda desks: None, "xa-lab", {}),
    "red-custody": (lambda desks: None, "xb-health", {"tlp": "RED"}),
    "no-key-of-suite": (lambda desks: join(desks, suites=["EC1"]), "xf-new", {}),
    "own-suite": (lambda desks: desks.hub.later(days=91), "xe-drugs", {}),
    "lane-suspended": (own_suspension, "xb-health", {}),
    "fingerprint-not-compared": (forget, "xb-health", {}),
    "new-in-circle": (encircle, "xb-health", {}),
}


@pytest.mark.parametrize("code", OTHERS)
def test_what_stops_it_before_intake_is_the_previews_answer_too(desks: Desks, code: str) -> None:
    change, agency, terms = OTHERS[code]
    change(desks)
    answer = ask(desks, agency, **terms)
    assert (answer.verdict.will, answer.verdict.code) == (False, code)
    assert answer.verdict == previewed(desks, agency, **terms)
    assert answer.verdict.text


def test_it_names_the_agreement_and_what_is_open_beside_it(desks: Desks) -> None:
    answer = ask(desks)
    assert (answer.verdict.will, answer.ref, answer.ceiling) == (True, "G1", "AMBER+STRICT")
    assert answer.open_lanes == ("enforcement", "science", "public_health", "trade")
    assert not answer.life_passes
    agree(desks, lanes=["science", "public_health", "trade"], survive_flash=True)
    own_suspension(desks)
    stopped = ask(desks)
    assert (stopped.ref, stopped.open_lanes, stopped.is_own_stop) == ("G1", ("public_health", "trade"), True)
    narrow = ask(desks, lane="enforcement")
    assert (narrow.verdict.code, narrow.ref, narrow.is_own_stop) == ("lane-not-covered", "G1", False)


def test_flash_on_public_health_passes_where_that_was_agreed(desks: Desks) -> None:
    desks.hub.make_agreement("G1", "xa-lab", "xe-drugs", survive_flash=True)
    desks.hub.submit(desks.own, desks.hub.suspension(desks.own, "xa-lab", lanes=["public_health"]))
    desks.settle()
    stopped = ask(desks, "xe-drugs", lane="public_health", purpose="public_health")
    assert (stopped.verdict.code, stopped.life_passes) == ("lane-suspended", True)
    day = f"{desks.hub.now:%-d %b %Y}"
    assert (
        f"{stopped.verdict.name} suspended Public health with your agency on {day}." in stopped.verdict.text
    )
    assert ask(desks, "xe-drugs", lane="public_health", purpose="public_health", pri="flash").verdict.will


def test_without_an_agency_the_whole_directory_answers_in_as_many_questions(desks: Desks) -> None:
    def asked() -> tuple[set[str], int]:
        with CaptureQueriesContext(connection) as queries:
            rows = may_send(desks.lab.reader, TERMS, now=desks.hub.now).rows
        return {row.verdict.agency for row in rows}, len(queries)

    asked()
    few, cost = asked()
    assert few == {"xb-health", "xd-stranger", "xe-drugs"}
    for number in range(3):
        desks.hub.make_agreement(f"M{number}", "xa-lab", desks.hub.make_agency(f"xm-more{number}").id)
    many, later = asked()
    assert (len(many), later) == (6, cost)


def test_the_exchanges_last_answer_serves_while_it_is_away(desks: Desks) -> None:
    desks.validated(**TERMS)
    the_exchange.is_away = True
    found = may_send(desks.lab.reader, TERMS, ["xb-health"], now=desks.hub.later(hours=1))
    assert found.rows[0].verdict.will and found.as_of is not None
