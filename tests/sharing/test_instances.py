# SPDX-License-Identifier: Apache-2.0
"""One holder of an identity: a second one is refused, with the holder's name, until the first has gone."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accord.version import VERSION
from agencies.errors import HeldElsewhereError
from agencies.instances import SILENT_FOR, announce_instance, release_instance
from agencies.models import Instance
from callers.errors import AbsentError
from ledger.models import AuditEvent
from tests.builders import HeldAgency, Hub
from tests.sharing.callers import slug
from tests.sharing.conftest import Callers, Four

FIRST, SECOND = str(uuid4()), str(uuid4())


def announce(hub: Hub, agency: HeldAgency, instance: str, software: str = "accord 1.0.0") -> Instance:
    return announce_instance(agency.client, instance, software=software, now=hub.now)


def test_the_same_id_is_the_same_holder_over_restarts_and_updates(hub: Hub, four: Four) -> None:
    begun = hub.now
    announce(hub, four.alpha, FIRST)
    hub.later(days=30)
    row = announce(hub, four.alpha, FIRST, software="accord 1.1.0")
    assert (row.since, row.seen_at, row.software) == (begun, hub.now, "accord 1.1.0")
    assert AuditEvent.objects.filter(act="instance.announced").count() == 1


def test_a_second_one_waits_until_the_first_has_given_it_back(hub: Hub, four: Four) -> None:
    announce(hub, four.alpha, FIRST)
    with pytest.raises(HeldElsewhereError) as refused:
        announce(hub, four.alpha, SECOND)
    assert (refused.value.holder, refused.value.software) == (FIRST, "accord 1.0.0")
    announce(hub, four.bravo, SECOND)
    with pytest.raises(AbsentError):
        release_instance(four.alpha.client, SECOND, now=hub.now)
    release_instance(four.alpha.client, FIRST, now=hub.now)
    with pytest.raises(AbsentError):
        release_instance(four.alpha.client, FIRST, now=hub.now)
    assert announce(hub, four.alpha, SECOND).since == hub.now


def test_one_that_was_lost_with_its_machine_holds_nothing_for_ever(hub: Hub, four: Four) -> None:
    announce(hub, four.alpha, FIRST)
    hub.later(seconds=(SILENT_FOR - timedelta(seconds=1)).total_seconds())
    with pytest.raises(HeldElsewhereError):
        announce(hub, four.alpha, SECOND)
    hub.later(seconds=1)
    assert announce(hub, four.alpha, SECOND).since == hub.now


def test_over_http_it_is_refused_by_name(callers: Callers) -> None:
    said = {"id": FIRST, "software": f"accord {VERSION}"}
    answer = callers.alpha.post_json("instances", said)
    assert (answer.status_code, answer.json()["id"]) == (200, FIRST)
    second = callers.alpha.post_json("instances", said | {"id": SECOND})
    assert (second.status_code, slug(second)) == (409, "held-elsewhere")
    assert second.json()["holder"] == FIRST and second.json()["software"] == f"accord {VERSION}"
    assert callers.alpha.delete(f"instances/{FIRST}").status_code == 204
    assert callers.alpha.delete(f"instances/{FIRST}").status_code == 404
    for wrong in ({"id": "one"}, {"software": ""}, {"software": "<b>"}):
        assert slug(callers.alpha.post_json("instances", said | wrong)) == "input-refused"
