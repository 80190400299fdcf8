# SPDX-License-Identifier: Apache-2.0
"""The operator's acts and an agency's keys in JSON: accession to the first keyset, suspension, health, changes of keys."""

import secrets
from typing import Any

import pytest
from django.test import Client

from alerts.pages.operator.forms import HEARD, group_of
from alerts.taking import FEED
from callers.capabilities import Role
from ledger.set_aside import Item, begin_round
from officers.accounts import enrol_operator
from officers.models import Officer
from peers.models import Agency
from tests.alerts.conftest import Desks
from tests.api.sessions import Session
from tests.builders import OPERATOR
from tests.outside_world import OutsideWorld

FINGERPRINT = secrets.token_hex(32)
HEARD_WELL = [group_of(FINGERPRINT, n) for n in HEARD]
FACTS: dict[str, Any] = {
    "id": "xf-labs", "name": "Forensic Office, Ferrow", "kind": "laboratory", "country": "XF",
    "timezone": "America/Halifax", "custody": "agency", "root_fingerprint": FINGERPRINT, "heard": HEARD_WELL,
}  # fmt: skip


@pytest.fixture
def operator(desks: Desks) -> Session:
    password = "wendelgass im regen 7"
    return Session(
        enrol_operator(
            OPERATOR, email="noor@hub.example", full_name="Noor", password=password, now=desks.hub.now
        )
    )


def test_an_agency_comes_in_and_its_own_system_gets_the_key(
    operator: Session, client: Client, outside_world: OutsideWorld
) -> None:
    entry = operator("POST", "hub/agencies", FACTS)
    assert entry.status_code == 201, entry.content
    assert (entry.json()["agency"]["status"], entry.json()["has_keys"]) == ("entering", False)
    assert operator("POST", "hub/agencies", FACTS).status_code == 409
    invited = operator(
        "POST",
        "hub/agencies/xf-labs/admin",
        {"email": "head@xf-labs.example", "full_name": "Fay", "unit": "Board"},
    )
    assert invited.status_code == 201, invited.content
    assert invited.json()["invitation"]["mailed_at"] and not invited.json()["has_admin"]
    assert operator("POST", "hub/agencies/xf-labs/admin/again").status_code == 200
    assert len(outside_world.wait_for_count(2)) == 2
    key = operator("POST", "hub/agencies/xf-labs/entry-key", {"client": "entry"})
    assert key.status_code == 201, key.content
    who = client.get("/api/v1/accession", headers={"authorization": f"Api-Key {key.json()['key']}"}).json()
    assert (who["agency"], who["status"]) == ("xf-labs", "entering")
    assert operator("GET", "hub/agencies/xf-labs").json()["has_entry_key"] is True
    head = Officer.objects.get(invited_email="head@xf-labs.example")
    assert (head.roles, head.unit) == (["agency_admin"], "Board")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"heard": [*HEARD_WELL[:3], "0x0x", *HEARD_WELL[4:]]}, "heard"),
        ({"heard": []}, "heard"),
        ({"custody": "hub"}, "root_fingerprint"),
        ({"root_fingerprint": "ab" * 31}, "root_fingerprint"),
        ({"compared": True}, "compared"),
    ],
)
def test_nobody_is_admitted_on_what_was_not_compared(
    operator: Session, changes: dict[str, Any], field: str
) -> None:
    refused = operator("POST", "hub/agencies", FACTS | changes)
    assert (refused.status_code, refused.json()["field"]) == (422, field), refused.content
    assert not Agency.objects.filter(pk="xf-labs").exists()


def test_keys_of_a_hosted_agency_are_made_once(operator: Session) -> None:
    hosted = {"custody": "hub", "root_fingerprint": "", "heard": []}
    assert operator("POST", "hub/agencies", FACTS | hosted).status_code == 201
    made = operator("POST", "hub/agencies/xf-labs/keys")
    assert made.status_code == 200, made.content
    assert operator("POST", "hub/agencies/xf-labs/keys").status_code == 409
    assert operator("POST", "hub/agencies/xa-lab/entry-key", {"client": "x"}).status_code == 409


def test_the_hub_suspends_and_resumes_and_tells_how_it_is(operator: Session, desks: Desks) -> None:
    stopped = operator("POST", "hub/agencies/xb-health/suspend")
    assert stopped.json()["agency"]["status"] == "suspended", stopped.content
    assert "xb-health" in [
        row["id"] for row in operator("GET", "hub/agencies?status=suspended").json()["items"]
    ]
    assert operator("POST", "hub/agencies/xb-health/resume").json()["agency"]["status"] == "active"
    assert operator("POST", "hub/agencies/xz-nowhere/suspend").status_code == 404
    signs = operator("GET", "hub/health").json()["items"]
    assert {"Sequencer", "Queues", "Mail", "Keysets"} <= {row["label"] for row in signs}
    admin = Session(desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN))
    assert admin("GET", "hub/health").status_code == admin("GET", "hub/agencies").status_code == 403
    assert operator("GET", "officers").status_code == operator("GET", "policy").status_code == 403


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
    # What this desk sent is withdrawn as an alert, so here it is not found.
    assert releaser("POST", f"doubts/envelopes/{alert.md}/withdraw", {"code": "error"}).status_code == 404


def test_what_is_set_aside_is_listed_and_tried_again(desks: Desks, operator: Session) -> None:
    begin_round(FEED, agency=desks.health.id, now=desks.hub.now).take(Item("7", "A" * 43), lambda: 1 / 0)
    (item,) = operator("GET", "set-aside").json()["items"]
    assert (item["loop"], item["agency"], item["key"], item["tries"]) == (
        "desk.feed",
        desks.health.id,
        "7",
        1,
    )
    assert item["reason"].startswith("ZeroDivisionError")
    again = operator("POST", f"hub/set-aside/{item['id']}/retry")
    assert again.status_code == 200 and again.json()["items"][0]["retry_asked_at"]
    assert operator("POST", "hub/set-aside/999999/retry").status_code == 404
    assert operator("POST", "hub/loops/999999/resume").status_code == 404
