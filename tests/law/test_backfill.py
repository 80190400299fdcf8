# SPDX-License-Identifier: Apache-2.0
"""Alerts from before the science core get what newer ones have: once, resumably, and never those of another's keys."""

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F, Func, Value
from django.test import Client

from alerts import tasks
from alerts.drafts import attach_file
from alerts.models import Alert, ReceivedAlert
from alerts.science import backfilling
from alerts.science.backfilling import backfill_of, fill_in, waits_for_filling
from alerts.science.library_received import read_received_files
from alerts.science.stored import open_structures
from alerts.science_library import LibrarySpectrum
from alerts.stored import Backfill, StoredStructure
from callers.doorbell import QUEUES
from ledger.models import AuditEvent, SetAside
from peers.models import Agency
from sharing.models import Envelope
from tests.alerts.test_open_alert import drop_held
from tests.api.sessions import Session
from tests.law.lawful import CAFFEINE, FLUOROFENTANYL, METONITAZENE, LawDesk
from tests.pages.science_files import record


def fill(law: LawDesk) -> None:
    """As the desk-worker does, until nothing is left."""
    while fill_in(now=law.desk.tick()):
        pass


def as_before_the_upgrade() -> None:
    StoredStructure.objects.all().delete()
    LibrarySpectrum.objects.all().delete()


def kept() -> set[tuple[str, str, bool]]:
    """Agency, substance and whether the alert was received, of everything that can be compared."""
    agencies = Agency.objects.values_list("pk", flat=True)
    found = (one for agency in agencies for one in open_structures(agency))
    return {(one.row.agency_id, one.kept.name, one.is_received) for one in found}


def with_spectrum(law: LawDesk) -> Alert:
    desk, (name, smiles) = law.desk, METONITAZENE
    draft = desk.draft(preferred_name=name, structure=smiles, recipients=["xb-health"])
    data = record("carisoprodol").encode()
    attach_file(desk.ilka, draft, base=draft.current, filename="a.msp", data=data, now=desk.tick())
    draft.refresh_from_db()
    return desk.send(draft)


def screened() -> int:
    return AuditEvent.objects.filter(act="alert.screened", reason=backfilling.REASON).count()


def test_an_alert_stored_without_its_rows_gets_them_and_twice_changes_nothing(law: LawDesk) -> None:
    with_spectrum(law)
    as_before_the_upgrade()
    assert waits_for_filling()
    fill(law)
    assert not waits_for_filling()
    read_received_files(now=law.desk.tick())
    law.judge()
    assert kept() == {("xa-lab", "metonitazene", False), ("xb-health", "metonitazene", True)}
    assert {row.agency_id for row in LibrarySpectrum.objects.all()} == {"xb-health"}
    run = backfill_of("xb-health")
    assert run is not None and (run.total, run.done, run.kept, run.unopened) == (1, 1, 1, 0)
    before = list(StoredStructure.objects.order_by("pk").values_list("pk", "sealed", "judged_at"))
    assert screened() == 1, "what the agency sent itself is read from its own revision"
    Backfill.objects.all().delete()
    fill(law)
    assert screened() == 1, "nothing lacks anything"
    assert list(StoredStructure.objects.order_by("pk").values_list("pk", "sealed", "judged_at")) == before
    event = AuditEvent.objects.get(act="science.backfilled", agency="xb-health")
    assert event.detail == {"alerts": 1, "kept": 1, "unopened": 0}
    assert "metonitazene" not in str(event.detail) + event.reason


def test_interrupted_it_goes_on_where_it_was(law: LawDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    for substance in (METONITAZENE, CAFFEINE, FLUOROFENTANYL):
        law.send(substance, recipients=["xb-health"])
    as_before_the_upgrade()
    moved, calls = backfilling._move, itertools.count()

    def killed(*args: object, **kwargs: object) -> None:
        if next(calls) == 4:
            raise KeyboardInterrupt
        moved(*args, **kwargs)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(backfilling, "_move", killed)
        with pytest.raises(KeyboardInterrupt):
            fill(law)
    run = backfill_of("xb-health")
    assert run is not None and (run.total, run.done, run.finished_at) == (3, 1, None)
    assert StoredStructure.objects.filter(agency_id="xb-health").count() == 1, "rows move with the cursor"
    assert waits_for_filling()
    fill(law)
    law.judge()
    assert {name for agency, name, _ in kept() if agency == "xb-health"} == {
        "metonitazene",
        "caffeine",
        "para-fluorofentanyl",
    }
    run.refresh_from_db()
    assert (run.done, run.kept) == (3, 3) and run.finished_at is not None
    assert screened() == 4, "one opening was repeated, none more"


def test_it_works_for_a_while_and_says_that_something_is_left(law: LawDesk) -> None:
    for substance in (METONITAZENE, CAFFEINE):
        law.send(substance, recipients=["xb-health"])
    as_before_the_upgrade()
    ticks = itertools.count()
    assert fill_in(now=law.desk.tick(), secs=2.0, clock=lambda: float(next(ticks)))
    assert 0 < StoredStructure.objects.count() < 4
    tasks.backfill()
    assert StoredStructure.objects.count() == 4


def test_the_look_at_the_feeds_rings_while_any_run_has_not_ended(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    law.send(METONITAZENE, recipients=["xb-health"])
    rung: list[str] = []
    monkeypatch.setattr(tasks, "ring", rung.append)
    tasks.follow_feed()
    assert tasks.BACKFILL in rung and QUEUES[tasks.BACKFILL] == "desk"
    fill(law)
    rung.clear()
    tasks.follow_feed()
    assert tasks.BACKFILL not in rung


def test_pages_and_json_show_how_far_it_is_and_what_did_not_open(
    law: LawDesk, signed: Callable[[str], Client]
) -> None:
    run = {
        "agency_id": "xa-lab",
        "total": 7,
        "done": 3,
        "kept": 2,
        "unopened": 1,
        "started_at": law.desk.tick(),
    }
    Backfill.objects.create(**run)
    browser, api = signed("ilka"), Session(law.desk.ilka)
    for address in ("/science/rules/", "/science/caught/"):
        page = browser.get(address).content.decode()
        assert "Older alerts are being looked at for their substances: 3 of 7." in page
    Backfill.objects.update(done=7, finished_at=law.desk.tick())
    page = browser.get("/science/caught/").content.decode()
    assert "One older alert did not open" in page
    shown = api("GET", "substances/rules").json()["backfill"]
    assert (shown["total"], shown["done"], shown["unopened"]) == (7, 7, 1)


def test_what_does_not_open_is_counted_and_told_and_not_tried_again(law: LawDesk) -> None:
    for substance in (METONITAZENE, CAFFEINE):
        law.send(substance, recipients=["xb-health"])
    as_before_the_upgrade()
    first = ReceivedAlert.objects.filter(agency_id="xb-health").earliest("number")
    iv = Value('"iv":"AAAAAAAAAAAAAAAA"')
    changed = Func(F("jwe_head"), Value('"iv":"[^"]*"'), iv, function="regexp_replace")
    Envelope.objects.filter(pk=first.md).update(jwe_head=changed)
    drop_held()
    fill(law)
    run = backfill_of("xb-health")
    assert run is not None and (run.total, run.done, run.kept, run.unopened) == (2, 2, 1, 1)
    tried = AuditEvent.objects.filter(subject=first.md, agency="xb-health").count()
    fill(law)
    assert not waits_for_filling()
    assert AuditEvent.objects.filter(subject=first.md, agency="xb-health").count() == tried


def test_an_alert_that_makes_it_fail_is_set_aside_and_keeps_no_other_waiting(
    law: LawDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    law.send(METONITAZENE, recipients=["xb-health"])
    as_before_the_upgrade()

    def broken(*_args: object) -> None:
        raise ValueError

    with monkeypatch.context() as patch:
        patch.setattr(backfilling, "_fill_sent", broken)
        fill_in(now=law.desk.tick())
    assert set(StoredStructure.objects.values_list("agency_id", flat=True)) == {"xb-health"}
    assert not waits_for_filling()
    SetAside.objects.filter(loop="desk.backfill").update(retry_asked_at=law.desk.hub.now)
    assert waits_for_filling()
    fill(law)
    assert not SetAside.objects.exists()
    assert StoredStructure.objects.count() == 2


def test_while_the_vault_is_closed_nothing_moves(law: LawDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    law.send(METONITAZENE, recipients=["xb-health"])
    as_before_the_upgrade()
    with monkeypatch.context() as patch:
        patch.delenv("ACCORD_KEK", raising=False)
        patch.setattr("vault.keeping.held_ring", closed)
        assert not fill_in(now=law.desk.tick()), "no ring at once: it would come to the same"
    assert not StoredStructure.objects.exists() and waits_for_filling()
    fill(law)
    assert StoredStructure.objects.count() == 2


def closed() -> None:
    from vault.errors import VaultClosedError

    raise VaultClosedError


def test_what_was_forgotten_stays_forgotten(law: LawDesk) -> None:
    law.send(METONITAZENE, recipients=["xb-health"])
    as_before_the_upgrade()
    received = law.desk.received(law.desk.aroha)
    ReceivedAlert.objects.filter(pk=received.pk).update(card=None, keep=received.keep - timedelta(days=9000))
    fill(law)
    assert not StoredStructure.objects.filter(agency_id="xb-health").exists()
