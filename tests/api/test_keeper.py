# SPDX-License-Identifier: Apache-2.0
"""The keeper's acts and an agency's keys in JSON: from entry to the first keyset, health, changes of keys."""

from typing import Any

import pytest
from django.utils import timezone

from alerts.receiving.taking import FEED
from callers.capabilities import Role
from ledger.set_aside import Item, begin_round
from officers.accounts import enrol_keeper
from officers.models import Officer
from peers.models import Agency
from tests.alerts.conftest import Desks
from tests.api.sessions import Session
from tests.builders import OPERATOR
from tests.desk_calls import ViewsInPlaceOfSockets
from tests.entries import admit_elsewhere
from tests.mail_server import MailServer

NAME = "Forensic Office, Ferrow"


@pytest.fixture
def keeper(desks: Desks) -> Session:
    password = "wendelgass im regen 7"
    return Session(
        enrol_keeper(
            OPERATOR, email="noor@hub.example", full_name="Noor", password=password, now=desks.hub.now
        )
    )


@pytest.fixture
def facts(keeper: Session) -> dict[str, Any]:
    """The facts as a keeper sends them who has compared them with the exchange's admission."""
    entry_key = admit_elsewhere("xf-labs", name=NAME, now=timezone.now())
    return {"id": "xf-labs", "entry_key": entry_key, "name": NAME, "custody": "hub"}


def test_an_agency_comes_in_and_gets_its_admin_and_its_keys(
    keeper: Session, facts: dict[str, Any], mail_server: MailServer
) -> None:
    shown = keeper("POST", "desk/agencies/admitted", {name: facts[name] for name in ("id", "entry_key")})
    assert shown.status_code == 200, shown.content
    assert {name: shown.json()["agency"][name] for name in ("name", "custody", "root_fingerprint")} == {
        "name": NAME,
        "custody": "hub",
        "root_fingerprint": "",
    }
    assert not Agency.objects.filter(pk="xf-labs").exists()
    entry = keeper("POST", "desk/agencies", facts)
    assert entry.status_code == 201, entry.content
    assert entry.json()["agency"]["status"] == "entering"
    assert (entry.json()["has_keys"], entry.json()["entry_key_until"] is None) == (False, False)
    assert facts["entry_key"] not in entry.content.decode()
    again = keeper("POST", "desk/agencies", facts)
    assert (again.status_code, again.json()["type"]) == (409, "urn:accord:problem:taken-in")
    admin = {"email": "head@xf-labs.example", "full_name": "Fay", "unit": "Board"}
    invited = keeper("POST", "desk/agencies/xf-labs/admin", admin)
    assert invited.status_code == 201, invited.content
    assert invited.json()["invitation"]["mailed_at"] and not invited.json()["has_admin"]
    assert keeper("POST", "desk/agencies/xf-labs/admin", admin).status_code == 409
    assert keeper("POST", "desk/agencies/xf-labs/admin/again").status_code == 200
    assert len(mail_server.wait_for_count(2)) == 2
    head = Officer.objects.get(invited_email="head@xf-labs.example")
    assert (head.roles, head.unit) == (["agency_admin"], "Board")
    made = keeper("POST", "desk/agencies/xf-labs/keys")
    assert (made.status_code, made.json()["has_keys"]) == (200, True), made.content
    assert keeper("POST", "desk/agencies/xf-labs/keys").status_code == 409
    assert (
        keeper("POST", "desk/agencies/xf-labs/entry-key", {"entry_key": facts["entry_key"]}).status_code
        == 409
    )


def test_nobody_is_taken_in_otherwise_than_was_admitted(keeper: Session, facts: dict[str, Any]) -> None:
    for changes, field in (
        ({"name": "Forensic Office, Farrow"}, "name"),
        ({"custody": "hub-own-root"}, "custody"),
        ({"root_fingerprint": "ab" * 32}, "root_fingerprint"),
        ({"id": "xf-labz"}, "entry_key"),
        ({"entry_key": "0" * 12 + "." + "x" * 43}, "entry_key"),
        ({"entry_key": "no key"}, "entry_key"),
    ):
        refused = keeper("POST", "desk/agencies", facts | changes)
        assert (refused.status_code, refused.json()["field"]) == (422, field), refused.content
    assert not Agency.objects.filter(pk__in=["xf-labs", "xf-labz"]).exists()


def test_another_key_for_entering_takes_the_place_of_the_first(
    keeper: Session, facts: dict[str, Any]
) -> None:
    assert keeper("POST", "desk/agencies", facts).status_code == 201
    other = {"entry_key": admit_elsewhere("xh-host", now=timezone.now())}
    refused = keeper("POST", "desk/agencies/xf-labs/entry-key", other)
    assert (refused.status_code, refused.json()["field"]) == (422, "entry_key")
    assert (
        keeper("POST", "desk/agencies/xf-labs/entry-key", {"entry_key": facts["entry_key"]}).status_code
        == 200
    )
    assert keeper("POST", "desk/agencies/xh-host/entry-key", other).status_code == 404


def test_while_the_exchange_is_away_nobody_is_taken_in(
    keeper: Session, facts: dict[str, Any], exchange_as_asked: ViewsInPlaceOfSockets
) -> None:
    exchange_as_asked.is_away = True
    away = keeper("POST", "desk/agencies", facts)
    assert (away.status_code, away.json()["type"]) == (503, "urn:accord:problem:exchange-away")
    assert not Agency.objects.filter(pk="xf-labs").exists()


def test_the_desk_tells_how_it_is_and_whom_it_has_taken_in(keeper: Session, desks: Desks) -> None:
    listed = keeper("GET", "desk/agencies").json()["items"]
    assert {row["agency"]["id"] for row in listed} == set(
        Agency.objects.filter(is_hosted=True).values_list("pk", flat=True)
    )
    assert keeper("GET", "desk/agencies?status=suspended").json()["items"] == []
    assert keeper("GET", "desk/agencies/xz-nowhere").status_code == 404
    signs = keeper("GET", "desk/health").json()["items"]
    assert {"Queues", "Feeds", "Mail", "Keysets"} <= {row["label"] for row in signs}
    assert "Sequencer" not in {row["label"] for row in signs}
    admin = Session(desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN))
    assert admin("GET", "desk/health").status_code == admin("GET", "desk/agencies").status_code == 403
    assert keeper("GET", "officers").status_code == keeper("GET", "policy").status_code == 403


def test_no_act_of_the_exchange_is_left_at_the_desk(keeper: Session) -> None:
    for path in ("hub/agencies", "hub/health", "desk/agencies/xb-health/suspend"):
        assert keeper("POST", path, {}).status_code == 404, path


def test_keys_are_changed_from_the_version_that_was_seen(desks: Desks) -> None:
    officer = Session(desks.hub.make_officer(desks.lab.agency, Role.KEY_OFFICER))
    seen = officer("GET", "keys").json()
    version = seen["keyset"]["version"]
    signing = next(row["kid"] for row in seen["keys"] if row["use"] == "sign")
    assert {"renew", "rotate", "revoke"} <= set(seen["verbs"])
    renewed = officer("POST", "keys/changes", {"verb": "renew", "version": version})
    assert (renewed.status_code, renewed.json()["keyset"]["version"]) == (200, version + 1), renewed.content
    stale = officer("POST", "keys/changes", {"verb": "renew", "version": version})
    assert (stale.status_code, stale.json()["type"]) == (409, "urn:accord:problem:keys-moved-on")
    revoke = {"verb": "revoke", "version": version + 1, "kid": signing, "code": "stolen"}
    revoke["since"] = desks.hub.now.isoformat()
    assert officer("POST", "keys/changes", revoke).json()["field"] == "typed"
    counted = officer("GET", f"keys/{signing}/impact?since={desks.hub.now:%Y-%m-%dT%H:%M:%SZ}")
    assert counted.json() == {"alerts": 0, "statements": 0}
    done = officer("POST", "keys/changes", revoke | {"typed": signing[-4:]})
    assert done.status_code == 200, done.content
    assert {row["kid"]: row["state"] for row in done.json()["keys"]}[signing] == "revoked"
    reader = Session(desks.lab.reader)
    assert reader("GET", "keys").json()["verbs"] == []
    assert reader("POST", "keys/changes", {"verb": "renew", "version": 1}).status_code == 403


def test_what_is_not_in_doubt_is_not_reaffirmed(desks: Desks) -> None:
    alert = desks.received()
    releaser = Session(desks.lab.releaser)
    assert releaser("GET", "doubts").json() == {"envelopes": [], "statements": []}
    assert releaser("POST", f"doubts/statements/{'A' * 43}/reaffirm").status_code == 404
    assert releaser("POST", f"doubts/envelopes/{'A' * 43}/withdraw", {"code": "error"}).status_code == 404
    # A submission of this desk is withdrawn as an alert, so this address does not find it.
    assert releaser("POST", f"doubts/envelopes/{alert.md}/withdraw", {"code": "error"}).status_code == 404


def test_what_is_set_aside_is_listed_and_tried_again(desks: Desks, keeper: Session) -> None:
    begin_round(FEED, agency=desks.health.id, now=desks.hub.now).take(Item("7", "A" * 43), lambda: 1 / 0)
    (item,) = keeper("GET", "set-aside").json()["items"]
    assert (item["loop"], item["agency"], item["key"], item["tries"]) == (
        "desk.feed",
        desks.health.id,
        "7",
        1,
    )
    assert item["reason"].startswith("ZeroDivisionError")
    again = keeper("POST", f"desk/set-aside/{item['id']}/retry")
    assert again.status_code == 200 and again.json()["items"][0]["retry_asked_at"]
    assert keeper("POST", "desk/set-aside/999999/retry").status_code == 404
    assert keeper("POST", "desk/loops/999999/resume").status_code == 404
