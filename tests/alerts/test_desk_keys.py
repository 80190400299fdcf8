# SPDX-License-Identifier: Apache-2.0
"""Keys for the desk: issued by an agency's admin alone, for the desk's API alone, and useless if the row was changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import serializers
from django.test import Client
from django.utils import timezone

from agencies.apikeys import authenticate_key as authenticate_at_exchange
from callers.capabilities import Capability, Role
from callers.errors import (
    AbsentError,
    CredentialError,
    InputError,
    NotPermittedError,
    RotationRefusedError,
)
from callers.systemkeys import LAST_DAYS, LONGEST_OVERLAP
from ledger.models import AuditEvent
from officers.deskkeys import (
    authenticate_key,
    issue_key,
    issuers_of,
    keys_of,
    revoke_key,
    rotate_key,
    rotate_own_key,
)
from officers.models import DeskKey, Officer
from peers.models import Agency
from tests.alerts.conftest import Desks
from tests.bound_rows import rewrite
from tests.exchange_keys import give_api_key

DAY = timedelta(days=1)
PEER = "192.0.2.7"
SCIENCE = [Capability.SCIENCE_QUERY]


@pytest.fixture
def admin(desks: Desks) -> Officer:
    return desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)


def issued(desks: Desks, by: Officer, **terms: Any) -> tuple[DeskKey, str]:
    usual: dict[str, Any] = {"client": "lims", "scopes": SCIENCE, "lifetime": 90 * DAY, "now": desks.hub.now}
    return issue_key(by, desks.lab.agency, **(usual | terms))


def signs_in(text: str, desks: Desks, *, now: Any = None) -> bool:
    try:
        authenticate_key(text, PEER, now=now or desks.hub.now)
    except CredentialError:
        return False
    return True


def test_it_signs_its_system_in_at_the_desk_alone(desks: Desks, admin: Officer) -> None:
    key, text = issued(desks, admin)
    client = authenticate_key(text, PEER, now=desks.hub.now)
    assert (client.agency_id, client.capabilities) == (desks.lab.id, frozenset(SCIENCE))
    with pytest.raises(CredentialError):
        authenticate_at_exchange(text, PEER, now=desks.hub.now)
    _, foreign = give_api_key(desks.lab.id, now=desks.hub.now)
    assert not signs_in(foreign, desks)
    _, text = issued(desks, admin, now=timezone.now())
    for keyword, of_desk in (("Desk-Key", True), ("Api-Key", False)):
        answer = Client().get("/api/v1/caller", headers={"authorization": f"{keyword} {text}"})
        assert (answer.status_code == 200) is of_desk
    acts = AuditEvent.objects.filter(subject=f"deskkey:{key.prefix}").values_list("act", flat=True)
    assert list(acts) == ["deskkey.issued"]


def test_a_scope_that_the_desk_does_not_serve_is_refused(desks: Desks, admin: Officer) -> None:
    for scopes in [[], ["feed:read"], ["draft:write", "envelope:submit"], ["alert:release"], ["key:enrol"]]:
        with pytest.raises(InputError) as refused:
            issued(desks, admin, scopes=scopes)
        assert refused.value.field == "scopes"


@pytest.mark.parametrize(
    "change",
    [
        {"agency_id": "xb-health"},
        {"scopes": ["draft:write", "science:query"]},
        {"networks": ["192.0.2.0/24"]},
        {"expires_at": "later"},
        {"created_by": "somebody"},
    ],
    ids=["made over", "widened", "of another network", "prolonged", "of another issuer"],
)
def test_a_row_changed_past_the_program_serves_nobody(
    desks: Desks, admin: Officer, change: dict[str, Any]
) -> None:
    key, text = issued(desks, admin, lifetime=30 * DAY)
    if "expires_at" in change:
        change = {"expires_at": key.expires_at + DAY}
    DeskKey.objects.filter(pk=key.pk).update(**change)
    assert not signs_in(text, desks)


def test_a_revoked_key_that_is_put_back_by_sql_serves_nobody(desks: Desks, admin: Officer) -> None:
    key, text = issued(desks, admin)
    revoke_key(admin, key, now=desks.hub.now)
    assert not signs_in(text, desks)
    DeskKey.objects.filter(pk=key.pk).update(revoked_at=None)
    assert not signs_in(text, desks)
    dump = serializers.serialize("json", [*DeskKey.objects.all(), *AuditEvent.objects.all()])
    assert text.partition(".")[2] not in dump


def test_of_an_agency_whose_keys_are_not_here_none_serves(desks: Desks, admin: Officer) -> None:
    _, text = issued(desks, admin)
    rewrite(Agency.objects.filter(pk=desks.lab.id), is_hosted=False)
    assert authenticate_key(text, PEER, now=desks.hub.now).capabilities == frozenset()


def test_of_officers_who_give_no_audit_only_an_admin_issues_and_sees_keys(
    desks: Desks, admin: Officer
) -> None:
    key, _ = issued(desks, admin)
    for role in [role for role in Role if role not in {Role.AGENCY_ADMIN, Role.AUDITOR, Role.KEEPER}]:
        other = desks.hub.make_officer(desks.lab.agency, role)
        with pytest.raises(NotPermittedError):
            issued(desks, other)
        with pytest.raises(NotPermittedError):
            revoke_key(other, key, now=desks.hub.now)
        assert not keys_of(other).exists()
        assert list(keys_of(admin)) == [key]


def test_another_agencys_admin_finds_nothing(desks: Desks, admin: Officer) -> None:
    key, _ = issued(desks, admin)
    stranger = desks.hub.make_officer(desks.health.agency, Role.AGENCY_ADMIN)
    for act in (
        lambda: issued(desks, stranger),
        lambda: revoke_key(stranger, key, now=desks.hub.now),
        lambda: rotate_key(stranger, key, overlap=DAY, now=desks.hub.now),
    ):
        with pytest.raises(AbsentError):
            act()
    assert not keys_of(stranger).exists()


def test_the_chain_is_known_by_those_who_made_it_and_ends_together(desks: Desks, admin: Officer) -> None:
    second = desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN, name="Bea Second")
    key, _ = issued(desks, admin)
    successor, text = rotate_key(second, key, overlap=LONGEST_OVERLAP, now=desks.hub.now)
    client = authenticate_key(text, PEER, now=desks.hub.now)
    assert client.line == successor.line == key.prefix
    assert issuers_of(client.audit_name) == {admin.audit_name, second.audit_name}
    revoke_key(admin, key, now=desks.hub.now)
    assert not signs_in(text, desks)


def test_it_replaces_itself_once_in_its_last_days(desks: Desks, admin: Officer) -> None:
    key, text = issued(desks, admin)
    early, late = desks.hub.now, key.expires_at - LAST_DAYS
    with pytest.raises(RotationRefusedError):
        rotate_own_key(authenticate_key(text, PEER, now=early), now=early)
    new, new_text = rotate_own_key(authenticate_key(text, PEER, now=late), now=late)
    assert (new.line, list(new.scopes), new.follows) == (key.prefix, SCIENCE, key)
    assert signs_in(new_text, desks, now=late)
    with pytest.raises(RotationRefusedError):
        rotate_own_key(authenticate_key(text, PEER, now=late), now=late)
    assert not signs_in(text, desks, now=late + LONGEST_OVERLAP)


def test_over_the_wire_its_text_is_in_one_answer(desks: Desks, admin: Officer) -> None:
    _, text = issued(desks, admin, lifetime=10 * DAY, now=timezone.now())
    headers = {"authorization": f"Desk-Key {text}", "Idempotency-Key": "once"}
    answers = [
        Client().post("/api/v1/api-keys/self/rotate", content_type="application/json", headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].content
    first, again = (answer.json() for answer in answers)
    assert again == first | {"key": None} and first["key"]
    session = Client()
    session.force_login(admin, "officers.login.backends.EmailBackend")
    assert session.post("/api/v1/api-keys/self/rotate").status_code == 403
