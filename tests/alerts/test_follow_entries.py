# SPDX-License-Identifier: Apache-2.0
"""The desk's own table of agencies, which follows the exchange's directory over the API."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from accord.calls.answers import read_agencies
from accord.calls.errors import AnswerError, UnreachableError
from agencies.api import AgencySerializer
from agencies.models import Agency as Entry
from alerts.models import AwaitedEnvelope, ReceivedAlert
from alerts.peers import entries as following
from alerts.peers.entries import follow_agencies
from callers.errors import NotBoundError
from ledger.models import AuditEvent, SetAside
from notices.models import Notification
from officers.powers import must_wait
from peers.entries import FOLLOWED_EVERY, altered_agencies, begin_entry, follow_entries
from peers.models import Agency, PeerKeyset
from tests.alerts.conftest import Desks
from tests.alerts.test_follow_keys import from_newcomer
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.role_logins import under_login_of

Row = dict[str, Any]


def said(change: Callable[[list[Row]], object]) -> Callable[[str, bytes], bytes]:
    """Change the rows of the directory's answer."""

    def lie(path: str, octets: bytes) -> bytes:
        if path != "/api/v1/agencies":
            return octets
        answer = json.loads(octets)
        change(answer["items"])
        return json.dumps(answer).encode()

    return lie


def row_of(rows: list[Row], agency_id: str) -> Row:
    return next(row for row in rows if row["id"] == agency_id)


def follow(desks: Desks) -> Any:
    return follow_entries(desks.health.id, now=desks.hub.later(minutes=1))


@pytest.fixture
def listed(desks: Desks) -> Desks:
    """Desks that have asked for the directory once."""
    follow(desks)
    return desks


def test_who_is_listed_first_is_taken_in_as_the_exchange_says(
    listed: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    newcomer = {"id": "xn-new", "name": "Newcomer", "custody": "hub", "duty_phone": "+00 1"}
    exchange_as_asked.lies = said(lambda rows: rows.append(row_of(rows, "xb-health") | newcomer))
    follow(listed)
    row = Agency.objects.get(pk="xn-new")
    assert (row.name, row.duty_phone, row.phone_said) == ("Newcomer", "+00 1", "+00 1")
    assert row.admitted_at == row.heard_at == listed.hub.now
    assert row.is_bound and not row.is_hosted, "its keys are not in this vault, whatever the exchange says"
    assert Agency.objects.get(pk="xb-health").is_hosted


def test_a_change_is_taken_but_not_who_holds_keys_that_are_here(
    listed: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    changed = {"name": "Renamed", "status": "suspended", "custody": "agency"}
    exchange_as_asked.lies = said(lambda rows: row_of(rows, "xa-lab").update(changed))
    follow(listed)
    row = Agency.objects.get(pk="xa-lab")
    assert (row.name, row.status, row.custody, row.is_hosted) == ("Renamed", "suspended", "hub", True)
    assert row.is_bound


def test_who_comes_to_this_desk_has_the_custody_that_was_admitted_and_never_its_own(listed: Desks) -> None:
    before = Agency.objects.get(pk=listed.own.id)
    assert (before.custody, before.is_hosted) == ("agency", False)
    facts = dict(AgencySerializer(Entry.objects.get(pk=listed.own.id)).data)
    (elsewhere,), (here,) = (
        read_agencies({"items": [facts | {"custody": one}]}) for one in ("agency", "hub")
    )
    with pytest.raises(AnswerError):
        begin_entry(elsewhere, is_hosted=True, now=listed.hub.now)
    row = begin_entry(here, is_hosted=True, now=listed.hub.now)
    assert (row.custody, row.is_hosted, row.is_bound) == ("hub", True, True)


def test_who_is_listed_no_more_is_kept_and_marked_until_listed_again(
    listed: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.lies = said(lambda rows: rows.remove(row_of(rows, "xa-lab")))
    follow(listed)
    gone = listed.hub.now
    follow(listed)
    row = Agency.objects.get(pk="xa-lab")
    assert row.gone_at == gone and row.heard_at is not None and row.heard_at < gone and row.is_bound
    exchange_as_asked.behave()
    follow(listed)
    assert Agency.objects.get(pk="xa-lab").gone_at is None


def test_who_was_taken_in_here_and_is_not_listed_yet_is_not_gone(listed: Desks) -> None:
    Entry.objects.create(
        id="xe-coming", name="Coming", kind="police", country="XE", custody="agency", root_fingerprint="ab" * 32,
        admitted_at=listed.hub.now,
    )  # fmt: skip
    follow(listed)
    row = Agency.objects.get(pk="xe-coming")
    assert (row.status, row.heard_at, row.gone_at) == ("entering", None, None)


@pytest.mark.parametrize("other", ["+00 99", ""])
def test_another_telephone_is_shown_and_not_taken(
    listed: Desks, exchange_as_asked: ViewsInPlaceOfSockets, other: str
) -> None:
    before = Agency.objects.get(pk="xa-lab").duty_phone or "+00 12"
    exchange_as_asked.lies = said(lambda rows: row_of(rows, "xa-lab").update(duty_phone=before))
    row = Agency.objects.get(pk="xa-lab")
    row.duty_phone = row.phone_said = before
    row.save()
    exchange_as_asked.lies = said(lambda rows: row_of(rows, "xa-lab").update(duty_phone=other))
    assert follow(listed).telephones == ("xa-lab",)
    row = Agency.objects.get(pk="xa-lab")
    assert (row.duty_phone, row.phone_said, row.is_other_phone_said) == (before, other, True)
    assert follow(listed).telephones == (), "said once"
    exchange_as_asked.lies = said(lambda rows: row_of(rows, "xa-lab").update(duty_phone=before))
    assert follow(listed).telephones == ()
    assert not Agency.objects.get(pk="xa-lab").is_other_phone_said


def test_a_row_that_was_changed_past_the_program_is_named_refused_and_left_as_it_is(
    listed: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    Agency.objects.filter(pk="xa-lab").update(duty_phone="+666")
    assert [row.pk for row in altered_agencies()] == ["xa-lab"]
    exchange_as_asked.lies = said(lambda rows: row_of(rows, "xb-health").update(name="Renamed"))
    assert follow(listed).altered == ("xa-lab",)
    row = Agency.objects.get(pk="xa-lab")
    assert row.duty_phone == "+666" and not row.is_bound
    assert Agency.objects.get(pk="xb-health").name == "Renamed", "the others are followed"
    with pytest.raises(NotBoundError):
        must_wait(row)
    out = StringIO()
    call_command("bind_rows", "--entry", "xa-lab", stdout=out)
    assert "xa-lab: entry with name" in out.getvalue() and "duty_phone +666" in out.getvalue()
    assert altered_agencies() == []
    assert AuditEvent.objects.get(act="agency.bound").detail["duty_phone"] == "+666"


def test_while_the_exchange_is_away_what_it_said_counts(
    listed: Desks, exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    before = list(Agency.objects.values())
    exchange_as_asked.is_away = True
    with pytest.raises(UnreachableError):
        follow(listed)
    assert list(Agency.objects.values()) == before


LIES: dict[str, Callable[[list[Row]], object]] = {
    "one id twice": lambda rows: rows.append(dict(rows[0])),
    "a field missing": lambda rows: rows[-1].pop("timezone"),
    "a number for a text": lambda rows: rows[-1].update(name=7),
    "an unknown custody": lambda rows: rows[-1].update(custody="nobody"),
    "an unknown status": lambda rows: rows[-1].update(status="merry"),
    "no time zone": lambda rows: rows[-1].update(timezone="Nowhere/None"),
    "an id of another form": lambda rows: rows[-1].update(id="XX"),
    "a name that breaks the line": lambda rows: rows[-1].update(name="a\u202eb"),
    "not even the agency that asks": lambda rows: rows.remove(row_of(rows, "xb-health")),
    "nobody": lambda rows: rows.clear(),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_of_another_shape_is_refused_whole(
    listed: Desks, exchange_as_asked: ViewsInPlaceOfSockets, lie: str
) -> None:
    before = list(Agency.objects.values())

    def change(rows: list[Row]) -> None:
        row_of(rows, "xa-lab").update(name="Renamed")
        LIES[lie](rows)

    exchange_as_asked.lies = said(change)
    with pytest.raises(AnswerError):
        follow(listed)
    assert list(Agency.objects.values()) == before


def test_five_hundred_agencies_cost_no_more_statements_than_five(
    listed: Desks,
    exchange_as_asked: ViewsInPlaceOfSockets,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    def add(rows: list[Row]) -> None:
        rows.extend(rows[0] | {"id": f"xz-n{n}", "name": f"N {n}"} for n in range(500))

    exchange_as_asked.lies = said(add)
    for _ in range(2):
        with django_assert_max_num_queries(7):
            follow(listed)
    assert Agency.objects.filter(pk__startswith="xz-n", gone_at=None).count() == 500


def test_the_worker_asks_as_one_agency_and_not_more_often_than_it_should(
    listed: Desks, exchange_as_asked: ViewsInPlaceOfSockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "calling_agencies", lambda: ["xa-lab", "xb-health"])
    hub, path = listed.hub, "/api/v1/agencies"
    follow_agencies(now=hub.now)
    assert exchange_as_asked.asked.count(path) == 0, "the fixture has asked just now"
    follow_agencies(now=hub.later(seconds=FOLLOWED_EVERY.total_seconds()))
    assert exchange_as_asked.asked.count(path) == 1
    exchange_as_asked.is_away = True
    follow_agencies(now=hub.now + timedelta(minutes=1))


def test_key_officers_are_told_of_another_telephone(
    listed: Desks, exchange_as_asked: ViewsInPlaceOfSockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = listed.hub.make_officer(listed.lab.agency, "key_officer")
    monkeypatch.setattr(following, "calling_agencies", lambda: ["xb-health"])
    exchange_as_asked.lies = said(lambda rows: row_of(rows, "xb-health").update(duty_phone="+00 99"))
    with under_login_of("desk-worker"):
        follow_agencies(now=listed.hub.later(minutes=1))
    told = AuditEvent.objects.filter(act="peer.telephone_said", subject="xb-health")
    assert (
        set(told.values_list("agency", flat=True)) == {"xa-lab", "xb-health", "xc-reg"} or told.count() == 3
    )
    assert Notification.objects.get(occasion="peer-telephone").officer == keeper


def test_the_first_actual_alert_is_noted_once_and_an_exercise_is_none(desks: Desks) -> None:
    def noted(agency_id: str) -> object:
        return Agency.objects.get(pk=agency_id).first_release_at

    desks.received(status="exercise")
    assert noted("xa-lab") is None
    desks.released()
    first = noted("xa-lab")
    assert first == desks.hub.now
    desks.hub.later(hours=1)
    desks.released()
    assert noted("xa-lab") == first and noted("xb-health") is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Agency.objects.filter(pk="xa-lab").update(first_release_at=None)


def test_of_one_that_releases_elsewhere_the_first_that_comes_in_is_noted(desks: Desks) -> None:
    from_newcomer(desks)
    assert Agency.objects.get(pk="xn-new").first_release_at is None
    desks.follow()
    row = Agency.objects.get(pk="xn-new")
    assert row.first_release_at == desks.hub.now and must_wait(row)


def test_an_alert_of_one_admitted_since_waits_for_the_directory(desks: Desks) -> None:
    md = from_newcomer(desks)
    PeerKeyset.objects.filter(peer="xn-new").delete()
    Agency.objects.filter(pk="xn-new").delete()
    desks.follow()
    assert AwaitedEnvelope.objects.get().md == md and not SetAside.objects.exists()
    follow(desks)
    desks.follow()
    assert ReceivedAlert.objects.get(md=md).issuer_id == "xn-new" and not AwaitedEnvelope.objects.exists()
