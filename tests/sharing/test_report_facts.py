# SPDX-License-Identifier: Apache-2.0
"""A recipient's desk reports that an officer was told or opened an alert: the first report counts and changes nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accord.moments import moment_of
from callers.capabilities import Capability
from callers.errors import AbsentError, InputError
from ledger.proofs import log_time
from sharing.deliveries import AHEAD, MOST_REPORTED, OPENED, TOLD, Report, report_facts
from sharing.errors import NotFetchedError
from sharing.models import Delivery
from tests.builders import HeldAgency, Hub, seconds
from tests.sharing.callers import Answer, Caller, slug
from tests.sharing.conftest import Callers, Four

NOTHING = "A" * 43
UNTOUCHED = ("state", "fetched_at", "acknowledged_at", "answer")


def report(hub: Hub, agency: HeldAgency, *reports: Report) -> list[Exception | None]:
    return report_facts(agency.client, reports, now=hub.now)


def test_the_first_report_of_each_fact_counts_and_moves_nothing_else(hub: Hub, four: Four) -> None:
    sealed = hub.deliver(four.alpha, four.bravo)
    hub.fetch(four.bravo, sealed)
    before = Delivery.objects.values(*UNTOUCHED).get()
    first = seconds(hub.now)
    late = seconds(hub.later(hours=1))
    for at in (first, late):
        told, opened = Report(sealed.md, TOLD, at), Report(sealed.md, OPENED, at + 1)
        assert report(hub, four.bravo, told, opened) == [None, None]
    row = Delivery.objects.get()
    assert (row.told_at, row.opened_at) == (moment_of(first), moment_of(first + 1))
    assert Delivery.objects.values(*UNTOUCHED).get() == before
    hub.submit(four.bravo, hub.acknowledgement(four.bravo, sealed))
    row.refresh_from_db()
    assert (row.state, row.opened_at) == ("acknowledged", moment_of(first + 1))


def test_each_is_taken_or_refused_by_itself(hub: Hub, four: Four) -> None:
    fetched, waiting = hub.deliver(four.alpha, four.bravo), hub.deliver(four.alpha, four.bravo)
    of_others = hub.deliver(four.alpha, four.charlie)
    unnumbered = hub.carry(four.alpha, hub.alert_to(four.bravo, sender=four.alpha))
    hub.fetch(four.bravo, fetched)
    now, logged = seconds(hub.now), log_time(fetched.md)
    assert logged is not None
    reports = {
        Report(fetched.md, OPENED, logged - 1): InputError,
        Report(fetched.md, OPENED, now + AHEAD // timedelta(seconds=1) + 1): InputError,
        Report(fetched.md, OPENED, logged): type(None),
        Report(waiting.md, OPENED, now): NotFetchedError,
        Report(waiting.md, TOLD, now + AHEAD // timedelta(seconds=1)): type(None),
        Report(of_others.md, TOLD, now): AbsentError,
        Report(unnumbered.md, TOLD, now): AbsentError,
        Report(NOTHING, TOLD, now): AbsentError,
    }
    answers = report(hub, four.bravo, *reports)
    assert [type(answer) for answer in answers] == list(reports.values())
    assert [answer.field for answer in answers if isinstance(answer, InputError)] == ["at", "at"]
    assert set(
        Delivery.objects.exclude(told_at=None, opened_at=None).values_list("envelope_id", flat=True)
    ) == {
        fetched.md,
        waiting.md,
    }


def test_the_number_of_queries_does_not_depend_on_the_number_of_reports(hub: Hub, four: Four) -> None:
    mds = [hub.deliver(four.alpha, four.bravo).md for _ in range(5)]
    counts = []
    for some in (mds[:1], mds[1:]):
        with CaptureQueriesContext(connection) as queries:
            report(hub, four.bravo, *(Report(md, TOLD, seconds(hub.now)) for md in some))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8, counts
    assert not Delivery.objects.filter(told_at=None).exists()


def post(caller: Caller, items: Any) -> Answer:
    return caller.post_json("deliveries/facts", {"items": items})


def test_over_http_each_item_is_answered_and_the_originator_learns_of_it(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    sealed = hub.deliver(four.alpha, four.bravo)
    at = seconds(hub.now)
    told = {"md": sealed.md, "fact": "told", "at": at}
    answer = post(callers.bravo, [told, told | {"at": 1}, told | {"md": NOTHING}])
    assert answer.status_code == 200, answer.content
    first, second, third = answer.json()["items"]
    assert first == {"md": sealed.md, "fact": "told"}
    assert (second["problem"]["type"], second["problem"]["field"]) == (
        "urn:accord:problem:input-refused",
        "at",
    )
    assert third["problem"] == callers.bravo.get(f"envelopes/{NOTHING}").json()
    assert post(callers.delta, [told]).json()["items"][0]["problem"] == third["problem"]
    (item,) = callers.alpha.get("deliveries").json()["items"]
    assert item["told_at"] == moment_of(at).strftime("%Y-%m-%dT%H:%M:%SZ")


GOOD = {"md": NOTHING, "fact": "told", "at": 1}


def test_a_body_of_another_form_is_refused_whole(callers: Callers, subtests: pytest.Subtests) -> None:
    for items in [
        [],
        [GOOD] * (MOST_REPORTED + 1),
        [GOOD | {"fact": "acknowledged"}],
        [GOOD | {"at": "1"}],
        [GOOD | {"at": -1}],
        [GOOD | {"md": "A" * 42}],
        [GOOD | {"state": "acknowledged"}],
        [NOTHING],
        GOOD,
        None,
    ]:
        with subtests.test(str(items)[:60]):
            answer = post(callers.bravo, items)
            assert (answer.status_code, slug(answer)) == (422, "input-refused")


def test_it_takes_the_scope_that_statements_take(callers: Callers) -> None:
    hub, four = callers.hub, callers.four
    hub.deliver(four.alpha, four.bravo)
    reader = Caller(hub.api_key(four.bravo, Capability.ENVELOPE_READ, Capability.FEED_READ))
    assert post(reader, [GOOD]).status_code == 403
    assert post(Caller("Api-Key nobody.nothing"), [GOOD]).status_code == 401
    assert post(Caller(hub.api_key(four.bravo, Capability.STATEMENT_SUBMIT)), [GOOD]).status_code == 200
