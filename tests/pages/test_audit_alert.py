# SPDX-License-Identifier: Apache-2.0
"""Timeline of one alert for the auditor: on one page, under any of its names, without content; and saved questions."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.models import Alert, ReceivedAlert
from alerts.receiving.acknowledgement import acknowledge_alert
from alerts.receiving.opening import open_alert
from callers.capabilities import Role
from desk.agency.audit.act_kinds import EXPORTS, KINDS
from desk.agency.audit.saved_questions import saved_questions
from desk.agency.audit.trail import events_for
from ledger.audit import Happening, record_events
from ledger.models import AuditEvent
from officers.models import AgencyPolicy, Officer
from tests.bound_rows import rewrite
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld


@pytest.fixture
def auditor(desk: DeskWorld) -> Officer:
    """An auditor of the health authority, to which the laboratory sends."""
    return desk.hub.make_officer(desk.health, Role.AUDITOR, name="Tane Oriwa")


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def cells_of(page: str) -> list[list[str]]:
    """Return the texts of the table's cells, row by row."""
    body = page.partition("<tbody")[2].partition("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    return [
        [text_of(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)] for row in rows
    ]


def open_by(desk: DeskWorld, officer: Officer, received: ReceivedAlert, case: str = "") -> None:
    reason = "case_number" if case else "on_duty"
    open_alert(officer, received, reason=reason, reference=case, now=desk.tick())


def read(client: Client, item: str) -> str:
    answer = client.get(f"/audit/alerts/{item}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_one_page_says_who_opened_exported_and_acknowledged_a_received_alert(
    desk: DeskWorld, as_officer: SignIn, auditor: Officer, sent: Alert
) -> None:
    received = desk.received(desk.aroha)
    open_by(desk, desk.casimir, received, "B 77/26")
    open_by(desk, desk.aroha, received)
    open_by(desk, desk.haitham, received)
    acknowledge_alert(desk.haitham, received, now=desk.tick())
    as_officer(desk.haitham).post("/export/", {"format": "csv", "box": "inbox"})
    page = read(as_officer(auditor), received.reference)
    said = text_of(page)
    assert "Opened by 3 people, first " in said
    assert f"; exported once; acknowledged by {desk.haitham.full_name} ." in said
    rows = [(who, act) for who, act, _when, _why in cells_of(page)]
    assert rows[-5:] == [
        ("Casimir Vellan", "opened an alert alert.opened"),
        (desk.aroha.full_name, "opened an alert alert.opened"),
        (desk.haitham.full_name, "opened an alert alert.opened"),
        (desk.haitham.full_name, "acknowledged an alert alert.acknowledged"),
        (desk.haitham.full_name, "exported a list of alerts alert.exported"),
    ]
    reasons = [why for who, _act, _when, why in cells_of(page) if who == "Casimir Vellan"]
    assert reasons == ["Case number: B 77/26"]
    assert received.reference in said and "TLP:GREEN" in said
    assert CONTENT not in page, "no content, and no title"


def test_it_is_found_under_each_name_that_the_log_has_for_it(
    desk: DeskWorld, as_officer: SignIn, auditor: Officer, sent: Alert
) -> None:
    received = desk.received(desk.aroha)
    open_by(desk, desk.aroha, received)
    client = as_officer(auditor)
    names = (received.reference, received.reference.lower(), str(received.pk), received.jti, received.md)
    assert len({tuple(map(tuple, cells_of(read(client, name)))) for name in names}) == 1
    own = as_officer(desk.edda)
    pages = {tuple(map(tuple, cells_of(read(own, name)))) for name in (str(sent.pk), sent.jti, sent.md)}
    assert len(pages) == 1
    acts = [row[1].rpartition(" ")[2] for row in pages.pop()]
    assert acts[:4] == ["alert.drafted", "alert.submitted", "alert.validated", "alert.released"]


def test_an_act_that_is_repeated_for_one_reason_is_one_row(
    desk: DeskWorld, as_officer: SignIn, auditor: Officer, sent: Alert
) -> None:
    received = desk.received(desk.aroha)
    for case in ("", "", "C 1", ""):
        open_by(desk, desk.aroha, received, case)
    rows = [
        row for row in cells_of(read(as_officer(auditor), received.reference)) if "alert.opened" in row[1]
    ]
    assert [(row[0], row[3], "3 times, last" in row[2]) for row in rows] == [
        (desk.aroha.full_name, "On duty", True),
        (desk.aroha.full_name, "Case number: C 1", False),
    ]


def test_only_the_own_agencys_auditor_reads_it(
    desk: DeskWorld, as_officer: SignIn, auditor: Officer, sent: Alert
) -> None:
    received = desk.received(desk.aroha)
    for officer, item, status in (
        (auditor, received.reference, 200),
        (auditor, str(sent.pk), 404),
        (desk.edda, received.reference, 404),
        (desk.edda, str(sent.pk), 200),
        (desk.edda, "7QK4-M2XN", 404),
        (desk.edda, "no such thing", 404),
        (desk.noor, str(sent.pk), 404),
        (desk.haitham, received.reference, 403),
    ):
        assert as_officer(officer).get(f"/audit/alerts/{item}/").status_code == status, (officer, item)


def test_the_alerts_page_leads_to_it_only_for_whom_may_read_the_audit(
    desk: DeskWorld, as_officer: SignIn, auditor: Officer, sent: Alert
) -> None:
    received, link = desk.received(desk.aroha), "/audit/alerts/"
    both = desk.hub.make_officer(desk.health, Role.AUDITOR, Role.READER, name="Both Roles")
    at = f"/inbox/{received.pk}/"
    assert f'href="{link}{received.pk}/"' in as_officer(both).get(at).content.decode()
    assert link not in as_officer(desk.casimir).get(at).content.decode()
    assert f'href="{at}"' in read(as_officer(both), received.reference)
    assert f'href="{at}"' not in read(as_officer(auditor), received.reference), "who may not read the alert"
    sender = desk.hub.make_officer(desk.lab, Role.AUDITOR, Role.READER, name="Sender Both")
    sent_page = as_officer(sender).get(f"/outbox/{sent.pk}/").content.decode()
    assert f'href="{link}{sent.pk}/"' in sent_page
    assert f'href="/outbox/{sent.pk}/"' in read(as_officer(sender), sent.md)


def test_above_the_ceiling_the_page_leads_to_no_alert(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    both = desk.hub.make_officer(desk.health, Role.AUDITOR, Role.READER, name="Both Roles")
    received = desk.received(desk.aroha)
    policy, at = AgencyPolicy.objects.filter(pk="xb-health"), f'href="/inbox/{received.pk}/"'
    for ceiling, leads in (("GREEN", True), ("CLEAR", False)):
        rewrite(policy, role_ceilings=dict.fromkeys((Role.AUDITOR, Role.READER), ceiling))
        page = read(as_officer(both), received.reference)
        assert (at in page) == leads
        assert CONTENT not in page


def test_a_long_timeline_is_read_in_pages_with_as_many_queries(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    client, counts = as_officer(desk.edda), []
    for acts in (1, 120):
        with transaction.atomic():
            happenings = [Happening("alert.opened", sent.md, f"reason {n} of {acts}") for n in range(acts)]
            record_events(happenings, actor=desk.ilka.audit_name, agency="xa-lab", now=timezone.now())
        with CaptureQueriesContext(connection) as asked:
            page = read(client, sent.md)
        counts.append(len(asked))
    assert counts[1] <= counts[0] <= 16
    assert len(cells_of(page)) == 50
    seen, more = cells_of(page), re.search(r'href="(\?after=\d+)" rel="next"', page)
    while more:
        page = client.get(f"/audit/alerts/{sent.md}/{more[1]}").content.decode()
        seen += cells_of(page)
        more = re.search(r'href="(\?after=\d+)" rel="next"', page)
    assert [row[3] for row in seen][-121:] == ["reason 0 of 1", *(f"reason {n} of 120" for n in range(120))]


def test_the_list_names_people_agencies_and_alerts_and_keeps_the_raw_name_beside(
    desk: DeskWorld, as_officer: SignIn, auditor: Officer, sent: Alert
) -> None:
    received = desk.received(desk.aroha)
    open_by(desk, desk.aroha, received)
    with transaction.atomic():
        record_events(
            [Happening("peer.first_compared", "xa-lab")],
            actor=desk.haitham.audit_name,
            agency="xb-health",
            now=timezone.now(),
        )
    page = as_officer(auditor).get("/audit/").content.decode()
    compared, opened = cells_of(page)[:2]
    assert compared[2].endswith("peer.first_compared") and compared[3] == desk.lab.name
    assert opened[3] == received.reference
    assert f'href="/audit/alerts/{received.reference}/"' in page
    own = as_officer(desk.edda).get("/audit/?act=alert.released").content.decode()
    assert cells_of(own)[0][3] == f"{sent.md[:8]}…{sent.md[-4:]}", (
        "as its own page names it, where the log has the id"
    )
    assert f'title="{sent.pk}"' in own


def test_saved_questions_are_links_that_set_the_filters(
    desk: DeskWorld, as_officer: SignIn, auditor: Officer, sent: Alert
) -> None:
    received = desk.received(desk.aroha)
    open_by(desk, desk.casimir, received)
    ReceivedAlert.objects.filter(pk=received.pk).update(tlp="RED")
    desk.send(desk.draft())
    other = desk.received(desk.aroha)
    open_by(desk, desk.aroha, other)
    client = as_officer(auditor)
    page = client.get("/audit/").content.decode()
    links = dict(re.findall(r'<li><a href="(\?[^"]+)">([^<]+)</a></li>', page))
    at = {name: unescape(address) for address, name in links.items()}
    assert len(at) == 5
    red = client.get(f"/audit/{at['Who opened RED this month']}").content.decode()
    assert [(row[1], row[3]) for row in cells_of(red)] == [("Casimir Vellan", received.reference)]
    assert 'aria-current="true">Who opened RED' in red
    for address in at.values():
        assert client.get(f"/audit/{address}").status_code == 200
    keeper = as_officer(desk.noor).get("/audit/").content.decode()
    assert "All exports last month" in keeper and "RED" not in keeper


def test_saved_questions_mean_whole_days_of_the_calendar() -> None:
    asked = {str(one.name): one.question for one in saved_questions(date(2026, 3, 1), has_alerts=True)}
    exports = asked["All exports last month"]
    assert exports.days == {"since": date(2026, 2, 1), "until": date(2026, 2, 28)}
    assert asked["Refusals this week"].days == {"since": date(2026, 2, 23), "until": None}
    assert asked["Who opened RED this month"].days["since"] == date(2026, 3, 1)
    assert exports.as_pairs() == {"kind": "exports", "since": "2026-02-01", "until": "2026-02-28"}


def test_a_kind_finds_each_of_its_acts_and_no_other(desk: DeskWorld) -> None:
    now, acts = timezone.now(), sorted(set().union(*KINDS.values()))
    with transaction.atomic():
        happenings = [Happening(act, "kinds") for act in acts]
        record_events(happenings, actor=desk.ilka.audit_name, agency="xa-lab", now=now - timedelta(seconds=1))
    questions = {
        str(one.name): one.question for one in saved_questions(timezone.localdate(), has_alerts=True)
    }
    found = events_for(desk.edda, questions["Changes of roles"]).filter(subject="kinds")
    assert set(found.values_list("act", flat=True)) == KINDS["roles"]
    assert not AuditEvent.objects.visible_to(desk.haitham).filter(act__in=KINDS[EXPORTS]).exists()


def test_what_was_sent_says_to_whom_by_name_and_no_other_name_of_the_alert(
    desk: DeskWorld, as_officer: SignIn, sent: Alert
) -> None:
    (row,) = (
        row for row in cells_of(read(as_officer(desk.edda), str(sent.pk))) if "alert.released" in row[1]
    )
    assert desk.health.name in row[3] and "xb-health" not in row[3]
    assert sent.md not in row[3]
