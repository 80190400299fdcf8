# SPDX-License-Identifier: Apache-2.0
"""Structures of alerts are stored sealed, read by a process that may die, and deleted with the alert's card."""

from datetime import timedelta

from django.db import connection

from alerts.models import ReceivedAlert
from alerts.receiving.following import tidy_received
from alerts.sending.withdrawal import withdraw_alert
from science.rows.structures import Mark, StoredStructure
from science.structures.store import keep_received_structure, open_structures
from tests.law.lawful import CAFFEINE, METONITAZENE, LawDesk, rule_from


def test_both_sides_of_an_alert_keep_its_structure_and_nothing_in_clear(law: LawDesk) -> None:
    law.send(METONITAZENE)
    assert set(StoredStructure.objects.values_list("agency_id", "mark")) == {
        ("xa-lab", Mark.WAITING),
        ("xb-health", Mark.WAITING),
    }
    law.judge()
    for agency in ("xa-lab", "xb-health"):
        (opened,) = open_structures(agency)
        assert opened.kept.inchikey == "HNGZTLMRQTVPBH-UHFFFAOYSA-N"
        assert len(opened.kept.fingerprint_a) == len(opened.kept.fingerprint_b) == 256
        assert ("UK-NITA", "in") in opened.kept.verdicts.values()
        assert opened.kept.listed and opened.row.judged_at is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM science_storedstructure t")
        dumped = cursor.fetchone()[0]
    for word in ("nitazene", "HNGZTLMRQTVPBH", "CCN(CC)", METONITAZENE[1].encode().hex()):
        assert word not in dumped


def test_what_cannot_be_read_is_marked_and_stops_nothing(law: LawDesk) -> None:
    law.send(METONITAZENE)
    received = law.desk.received(law.desk.aroha)
    StoredStructure.objects.filter(received=received).delete()
    keep_received_structure(received, {"structure": "C1CC(this is none"})
    law.judge()
    row = StoredStructure.objects.get(received=received)
    assert row.mark == Mark.UNREADABLE
    assert not list(open_structures("xb-health")) and len(list(open_structures("xa-lab"))) == 1


def test_a_text_without_end_is_marked_at_once_and_not_kept(law: LawDesk) -> None:
    law.send(METONITAZENE)
    received = law.desk.received(law.desk.aroha)
    StoredStructure.objects.filter(received=received).delete()
    keep_received_structure(received, {"structure": "C" * 100_000})
    row = StoredStructure.objects.get(received=received)
    assert row.mark == Mark.UNREADABLE and len(bytes(row.sealed)) < 1_000


def test_an_alert_without_a_structure_keeps_its_name_and_nothing_that_could_be_alike(law: LawDesk) -> None:
    law.send(METONITAZENE, structure=None)
    law.judge()
    assert set(StoredStructure.objects.values_list("mark", flat=True)) == {Mark.NAMED}
    assert not list(open_structures("xa-lab")) and not list(open_structures("xb-health"))
    (opened,) = open_structures("xa-lab", with_named=True)
    assert opened.kept.name == "metonitazene" and opened.kept.listed and not opened.kept.verdicts


def test_a_change_of_the_law_is_no_report_of_what_it_names(law: LawDesk) -> None:
    law.publish(rule_from("2026-01-01"), day="2026-01-01")
    assert not StoredStructure.objects.exists()


def test_it_goes_with_the_card_when_the_alert_s_time_is_over(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.judge()
    row = law.desk.received(law.desk.aroha)
    tidy_received(now=row.keep - timedelta(seconds=1))
    assert StoredStructure.objects.filter(received=row).exists()
    tidy_received(now=row.keep + timedelta(seconds=1))
    assert ReceivedAlert.objects.get(pk=row.pk).card is None
    assert not StoredStructure.objects.filter(received=row).exists()


def test_nothing_follows_from_an_alert_that_was_withdrawn(law: LawDesk) -> None:
    alert = law.send(METONITAZENE)
    law.send(CAFFEINE)
    law.judge()
    assert len(list(open_structures("xb-health"))) == 2
    withdraw_alert(law.desk.benno, alert, code="contaminated", now=law.desk.tick())
    law.desk.settle()
    for agency in ("xa-lab", "xb-health"):
        assert [one.kept.name for one in open_structures(agency)] == ["caffeine"]


def test_one_agency_never_opens_another_s(law: LawDesk) -> None:
    law.send(METONITAZENE)
    law.judge()
    own = StoredStructure.objects.visible_to(law.desk.ilka)
    assert {row.agency_id for row in own} == {"xa-lab"}
    assert not StoredStructure.objects.visible_to(law.desk.edda).exists(), "an auditor asks no science"
    assert not StoredStructure.objects.visible_to(law.desk.noor).exists(), "nor does the operator"
    assert not list(open_structures("xb-health", actor=law.desk.ilka))
